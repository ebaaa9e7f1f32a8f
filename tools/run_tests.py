"""`make test`: every test, side by side; a few that fail there are tried again by themselves, and both are said.

Thousands of tests beside one another, with processes that are killed and engines on few processors, find two kinds of
failure: what is wrong, and what goes wrong only by load or by the order of tests. The first fails again by itself. The
second is a fault too, in a test or in the product, and is printed by name, but does not hide whether the rest holds.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

FEW = 10  # more failures than this are no accident of load
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
TESTS_FAILED = 1  # pytest's exit code: the tests ran, some failed


def run(*arguments: str) -> int:
    """The exit code of pytest with these arguments, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environment, check=False).returncode


def failed() -> list[str]:
    """The names of the tests that failed in the run just made."""
    return sorted(json.loads(LAST_FAILED.read_text(encoding="utf-8"))) if LAST_FAILED.exists() else []


def main(arguments: list[str]) -> int:
    """Runs all tests with `arguments`, then the few that failed by themselves; the exit code of the last run."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it runs in the background ignore it
    code = run("--cache-clear", *arguments)
    names = failed()
    if code != TESTS_FAILED or not 0 < len(names) <= FEW:
        return code
    print(f"\nTried again, one after the other, in a process of their own: {len(names)}\n", flush=True)
    code = run("--last-failed", "-p", "no:xdist")
    if code == 0:
        print("\nFailed beside other tests and passed by themselves (a fault of load or order; please mend):")
        print("\n".join(f"  {name}" for name in names), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
