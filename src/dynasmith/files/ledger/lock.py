"""The lock of a job: held by a process as long as it lives, gone the instant that it is killed."""

import os
import sys
import time
from pathlib import Path

from dynasmith.errors import Locked

PAUSES_SECONDS = (0.005, 0.01, 0.02, 0.04, 0.0)


class ProcessLock:
    """An exclusive lock on a file, taken at once or not at all. The system frees it when the process ends, however.

    Looking whether it is held (`is_locked`) holds it for an instant, so a refusal is believed after the fifth try only.

    A second lock on the same file is refused in the same process too.
    """

    def __init__(self, path: Path, job_id: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        refused: OSError | None = None
        for pause in PAUSES_SECONDS:
            try:
                _lock(self._file)
            except OSError as error:
                refused = error
                time.sleep(pause)
            else:
                return
        os.close(self._file)
        raise Locked(
            f"Job {job_id} runs in another process.",
            hint=f"dynasmith jobs show {job_id} shows how far it is; dynasmith jobs cancel {job_id} ends it",
        ) from refused

    def release(self) -> None:
        """Free it; twice is allowed."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock now."""
    if not path.exists():
        return False
    try:
        ProcessLock(path, "").release()
    except Locked:
        return True
    return False


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
