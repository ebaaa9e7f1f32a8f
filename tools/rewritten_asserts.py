"""Let pytest rewrite the asserts of all tests once, before its workers begin: else each of them rewrites every file.

Two processes import a half of the files that changed each, and keep the rewritten bytecode where the workers find it,
also where PYTHONDONTWRITEBYTECODE is set. An error of an import is not shown here: the run of the tests shows it.
"""

import os
import subprocess
import sys
from importlib.util import source_hash
from pathlib import Path

from _pytest.assertion.rewrite import PYC_TAIL

TESTS = Path(__file__).parents[1] / "tests"


def is_rewritten(path: Path) -> bool:
    """Whether pytest's bytecode of a file is there, and of the file as it is: its head holds a hash of the source."""
    bytecode = path.parent / "__pycache__" / (path.stem + PYC_TAIL)
    return bytecode.exists() and bytecode.read_bytes()[8:16] == source_hash(path.read_bytes())


def main() -> None:
    """Run pytest twice, side by side, without running a test."""
    changed = [path for path in TESTS.rglob("test_*.py") if not is_rewritten(path)]
    files = sorted(changed, key=lambda path: (path.stat().st_size, path))
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    halves = [
        subprocess.Popen([*command, *map(str, half)], cwd=TESTS.parent, env=environment, stdout=subprocess.DEVNULL)
        for half in (files[::2], files[1::2])
        if half
    ]
    for half in halves:
        half.wait()


if __name__ == "__main__":
    main()
