"""The log of the embedded engine: its last lines, and those that come."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dynasmith.errors import RunError

LOG_NAME = "engine.log"
TAIL_BYTES_MAX = 1_000_000
POLL_SECONDS = 0.2


def log_lines(folder: Path, *, last: int, follow: bool, pause: Callable[[float], None] = time.sleep) -> Iterator[str]:
    """The ``last`` lines of the log in an engine's folder; with ``follow`` also those that come, without an end.

    A log that begins anew, because its file was replaced or cut, is followed from its beginning. Raises RunError where
    there is none.
    """
    path = folder / LOG_NAME
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - TAIL_BYTES_MAX))
            tail = file.read(min(size, TAIL_BYTES_MAX)) if size else b""
    except FileNotFoundError as error:
        raise RunError(f"There is no log {path}.", hint="dynasmith local start, or name --port or --folder") from error
    yield from tail.decode("utf-8", "replace").splitlines()[-last:]
    if follow:
        yield from _coming(path, size, pause)


def _coming(path: Path, at: int, pause: Callable[[float], None]) -> Iterator[str]:
    rest = b""
    while True:
        size = path.stat().st_size if path.exists() else 0
        if size < at:
            at, rest = 0, b""
        if size == at:
            pause(POLL_SECONDS)
            continue
        with path.open("rb") as file:
            file.seek(at)
            found = file.read(TAIL_BYTES_MAX)
        at += len(found)
        *lines, rest = (rest + found).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in lines)
