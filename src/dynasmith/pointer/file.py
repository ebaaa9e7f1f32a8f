"""A pointer in a file that holds the name. It is replaced as a whole, under a lock that ends with its process."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dynasmith.errors import ChangeConflict, PointerError
from dynasmith.pointer.place import PointerValue, table_name


class FilePointer:
    """Keeps `dynasmith.pointer.Pointer`. Its readers see the old name or the new one, never a part of either."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def read(self) -> PointerValue:
        """See the protocol. A file that is not there says nothing."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return PointerValue(None)
        except (OSError, UnicodeDecodeError) as error:
            raise PointerError(f"The pointer {self._path} cannot be read: {error}") from error
        return PointerValue(table_name(text, f"The pointer {self._path}"))

    def switch(self, before: str | None, after: str) -> None:
        """See the protocol. The name is on the disk when it returns."""
        try:
            with self._locked():
                there = self.read().table
                if there == after:
                    return
                if there != before:
                    raise ChangeConflict(
                        f"The pointer {self._path} says {there or 'nothing'}, and not {before or 'nothing'}.",
                        hint="somebody else switched it: look who reads which table",
                    )
                self._write(after)
        except OSError as error:
            raise PointerError(f"The pointer {self._path} cannot be written: {error}") from error

    def _write(self, name: str) -> None:
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{name}\n")
                file.flush()
                os.fsync(file.fileno())
            # Whoever reads the name need not be who switches it.
            Path(temporary).chmod(self._path.stat().st_mode & 0o777 if self._path.exists() else 0o644)
            Path(temporary).replace(self._path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with (self._path.parent / f".{self._path.name}.lock").open("w") as lock:
            try:
                import fcntl
            except ImportError:  # Windows: the last of two that switch at once wins
                yield
                return
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
