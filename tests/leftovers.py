"""What is left in this process when something has ended: threads, and open files of a folder."""

import os
import threading
from collections.abc import Collection
from pathlib import Path

import pytest

JOIN_SECONDS = 60


def threads_left(before: Collection[threading.Thread]) -> list[threading.Thread]:
    """Threads that were not there ``before`` and do not end. Those that are ending are waited for; the idle threads of
    a loop that serves the test (a strict endpoint's) are not counted: it begins them when it likes."""
    new = [each for each in threading.enumerate() if each not in before and not each.name.startswith("asyncio_")]
    for each in new:
        each.join(JOIN_SECONDS)
    return [each for each in new if each.is_alive()]


def open_under(folder: Path) -> list[str]:
    """The files of ``folder`` that this process has open now, without a collection of garbage before."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("needs /proc to see which files are open")
    found = []
    for each in descriptors.iterdir():
        try:
            found.append(os.readlink(each))
        except OSError:  # what listed them
            continue
    home = f"{folder.resolve()}/"
    return sorted(path for path in found if path.startswith(home))
