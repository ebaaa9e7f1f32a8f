"""A process and those that it started: found, signalled and ended together."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path


def children_of(parent: int) -> list[int]:
    """The processes that a process started, whatever group they are in."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def send_all(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """A signal to a process and to those that it started, to itself first: it starts no more meanwhile."""
    for pid in (process.pid, *children_of(process.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_all(process: "subprocess.Popen[str]") -> None:
    """End a process and those that it started, also where they are stopped, and read the rest of what it said."""
    for pid in (*children_of(process.pid), process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate()
