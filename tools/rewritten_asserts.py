"""Let pytest rewrite the asserts of all tests once, before its workers begin: else each of them rewrites every file.

Two processes import a half of the tests each, and keep the rewritten bytecode where the workers find it, also where
PYTHONDONTWRITEBYTECODE is set. An error of an import is not shown here: the run of the tests shows it.
"""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"


def main() -> None:
    """Run pytest twice, side by side, without running a test."""
    files = sorted(TESTS.rglob("test_*.py"), key=lambda path: (path.stat().st_size, path))
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    halves = [
        subprocess.Popen([*command, *map(str, half)], cwd=TESTS.parent, env=environment, stdout=subprocess.DEVNULL)
        for half in (files[::2], files[1::2])
    ]
    for half in halves:
        half.wait()


if __name__ == "__main__":
    main()
