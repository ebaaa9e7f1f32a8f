"""A copy in a process of its own, to be killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPT = Path(__file__).with_name("copying.py")


@contextmanager
def copying(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """The script as a process, gone at the end."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until_it_wrote(process: "subprocess.Popen[str]", more_than: int = 0) -> str:
    """Read the job's id, then wait until it says that it wrote something; gives the id."""
    assert process.stdout is not None
    job = process.stdout.readline().strip()
    for line in process.stdout:
        if int(line) > more_than:
            return job
    raise AssertionError("it ended before it wrote anything")
