"""A temporary folder for customers' data, which is removed even where the process that made it was killed: the next one
that makes such a folder removes those whose process is gone.
"""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from types import TracebackType

from dynasmith.errors import Locked
from dynasmith.files.ledger.lock import ProcessLock, is_locked

PREFIX = "dynasmith-objects-"
LOCK = "lock"
_YOUNG_SECONDS = 60.0
"""A folder without a lock may be that of a process that makes it right now."""


class ScratchFolder:
    """A new folder of its own, readable by its owner alone; ``path`` is the place for files in it."""

    def __init__(self) -> None:
        _remove_left()
        self._root = Path(mkdtemp(prefix=PREFIX))
        self._lock = ProcessLock(self._root / LOCK, "")
        self.path = self._root / "files"
        self.path.mkdir(mode=0o700)

    def close(self) -> None:
        """Remove it with all that is in it; twice is allowed."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._lock.release()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _remove_left() -> None:
    """Remove the folders of this user whose process is gone. One that cannot be looked at is left."""
    with suppress(OSError):
        for folder in sorted(Path(gettempdir()).glob(f"{PREFIX}*")):
            with suppress(OSError, Locked):
                if _is_left(folder):
                    shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    found = folder.lstat()
    if folder.is_symlink() or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        return False
    if not (folder / LOCK).exists():
        return time.time() - found.st_mtime > _YOUNG_SECONDS
    return not is_locked(folder / LOCK)
