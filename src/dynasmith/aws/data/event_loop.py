"""The flow's event loop: uvloop where the extra ``fast`` is installed (half the CPU of a request), else asyncio's."""

import asyncio
import errno
import os
from contextlib import suppress

from dynasmith.errors import RunError

DESCRIPTORS_MIN = 16
"""Open files that a loop, its connections and a job's files need at least; libuv aborts the process without its own."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop that nobody runs yet. Raises RunError where too few files may be open."""
    _check_descriptors()
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def too_many_files() -> RunError:
    """The error for a process that may not open one more file or connection."""
    return RunError(
        "Too many files and connections are open for the limit of this process.",
        hint="raise the limit (ulimit -n 1024), then run it again; jobs resume goes on with an interrupted job",
    )


def _check_descriptors() -> None:
    """Open as many as are needed, and close them again: about 20 us."""
    opened: list[int] = []
    try:
        for _ in range(DESCRIPTORS_MIN):
            opened.append(os.open(os.devnull, os.O_RDONLY))  # noqa: PERF401  # those before the failure must be closed
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise too_many_files() from error
    finally:
        for descriptor in opened:
            with suppress(OSError):
                os.close(descriptor)
