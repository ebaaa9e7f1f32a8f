"""Transforms that are hard on the process that they run in."""

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any


def closes_its_output(item: Any, _ctx: Any) -> Any:
    """Prints, and closes what it printed to."""
    if not sys.stdout.closed:
        sys.stdout.write("so far\n")
        sys.stdout.close()
    return item


def closes_descriptors(item: Any, _ctx: Any) -> Any:
    """Leaves something printed, and closes 0, 1 and 2, as what wants to be a daemon does."""
    with suppress(OSError):
        os.fstat(1)
        sys.stdout.write("so far")
        for number in (0, 1, 2):
            os.close(number)
    return item


def takes_the_next(item: Any, _ctx: Any) -> Any:
    """Gives an item the key of the next one."""
    item["pk"] = f"item-{int(item['number']) + 1:05d}"
    return item


def says_arguments(item: Any, _ctx: Any) -> Any:
    """Says what the program was started with."""
    item["arguments"] = " ".join(sys.argv)
    return item


class Forks:
    """Leaves a fork of its process behind, as a pool of ``multiprocessing`` does, and ends without a word."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __call__(self, item: Any, _ctx: Any) -> Any:
        if item["number"] == 7 and not self.mark.exists():
            fork = os.fork()
            if not fork:
                time.sleep(600)
                os._exit(0)
            self.mark.write_text(str(fork))
            os._exit(9)
        return item


class LoadsLong:
    """Loads for ten minutes where it is sent to, and leaves the number of that process."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __call__(self, item: Any, _ctx: Any) -> Any:
        return item

    def __reduce__(self) -> tuple[Any, ...]:
        return _long_loaded, (self.mark,)


def _long_loaded(mark: Path) -> LoadsLong:
    mark.write_text(str(os.getpid()))
    time.sleep(600)
    return LoadsLong(mark)


class StandsStill:
    """Stops its process, as SIGSTOP from elsewhere does, the first time."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __call__(self, item: Any, _ctx: Any) -> Any:
        if not self.mark.exists():
            self.mark.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGSTOP)
        return item
