"""A lock on a file that the system lets go of when its holder ends, however it ends."""

import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_POLL_SECONDS = 0.05


class FileLock:
    """An exclusive lock on ``path`` (made when absent, never removed). ``with`` waits for it; ``try_now`` does not."""

    def __init__(self, path: Path, *, wait_seconds_max: float = 0.0) -> None:
        self._path = path
        self._wait_seconds_max = wait_seconds_max
        self._file = -1

    def try_now(self) -> bool:
        """Take the lock if nobody holds it; whether it is taken."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if _locked(file):
            self._file = file
            return True
        os.close(file)
        return False

    def release(self) -> None:
        """Let go of it; calling it twice is allowed."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        deadline = time.monotonic() + self._wait_seconds_max
        while not self.try_now():
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(_POLL_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _locked(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
