"""One reading of a database as a file of rows, from which a job goes on: it never meets two readings.

The file gets its name when it is whole; nothing is written into a table before. It holds customers' data: mode 0600.
"""

import os
import struct
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO, Final

import msgspec

from dynasmith.errors import CheckpointError, RunError
from dynasmith.files.databases.session import Cell, Column

PAGE_BYTES: Final = 4 * 1024 * 1024
_LENGTH: Final = struct.Struct(">I")
_MARK: Final = b"spool1:"


class SpoolHead(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to read the rows: their columns, and a ``reading`` that no other file has."""

    columns: list[Column]
    encoding: str
    labels: list[str]
    reading: str = ""


class _Place(msgspec.Struct, array_like=True):
    """A start: rows before it, and where it is in the file of that reading. Without one the file is not whole yet."""

    row: int
    at: int = 0
    reading: str = ""


def write_spool(
    path: Path, head: SpoolHead, rows: Iterable[Sequence[Cell]], count: Callable[[int], None], most: int = 0
) -> None:
    """Write all rows (at most ``most``, unless 0) into ``path``, which appears when they are all there.

    ``count`` is told after each row how many there are; what it raises ends the writing. Raises RunError for a disk
    that is full. Interrupted, it leaves nothing.
    """
    part = path.with_name(path.name + ".part")
    encode = msgspec.msgpack.Encoder().encode
    number = 0
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _write(file, encode(msgspec.structs.replace(head, reading=token_hex(8))))
            for number, row in enumerate(rows, 1):
                _write(file, encode(row))
                count(number)
                if number == most:
                    break
            _write(file, encode(number))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise RunError(
            f"The rows of the database could not be kept in {path}: {error.strerror}.",
            hint="make room or change the permissions, then resume the job; nothing is lost",
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


class Spool:
    """A file of rows that is whole. Raises CheckpointError where it is damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb")
        try:
            self.head: SpoolHead = self._next(SpoolHead)
            self._first = self._file.tell()
        except BaseException:
            self._file.close()
            raise

    def rows(self, start: bytes | None, most: int) -> tuple[list[list[Cell]], int, bytes | None]:
        """At most ``most`` rows, how many there are before them, and the start of those after them."""
        place = _Place(0) if start is None else _decode(start)
        if place.reading not in ("", self.head.reading):
            raise another_reading()
        row = place.row if place.reading else 0
        self._file.seek(place.at if place.reading else self._first)
        begin = self._file.tell()
        rows: list[list[Cell]] = []
        while len(rows) < most and self._file.tell() - begin < PAGE_BYTES:
            found = self._next(Any)
            if isinstance(found, int):
                if found != row + len(rows):
                    raise self._damaged(f"it holds {row + len(rows)} rows of {found}")
                return rows, row, None
            rows.append(found)
        following = _Place(row + len(rows), self._file.tell(), self.head.reading)
        return rows, row, _MARK + msgspec.msgpack.encode(following)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _next(self, type_: Any) -> Any:
        try:
            (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
            return msgspec.msgpack.decode(self._file.read(length), type=type_)
        except (struct.error, msgspec.DecodeError, ValueError, OSError) as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, why: str) -> CheckpointError:
        return CheckpointError(f"The rows of the database in {self._path} are damaged: {why}.", hint="start a new job")


def is_start(start: bytes | None) -> bool:
    """Whether a start belongs to this kind of reading, or is the first one."""
    return start is None or start.startswith(_MARK)


def is_before(start: bytes | None) -> bool:
    """Whether nothing was read from the file yet at ``start``."""
    return start is None or (is_start(start) and not _decode(start).reading)


def waiting(rows: int) -> bytes:
    """The start while the file is written and holds ``rows`` rows."""
    return _MARK + msgspec.msgpack.encode(_Place(rows))


def another_reading() -> CheckpointError:
    """The error for a job whose file of rows is gone."""
    return CheckpointError(
        "The rows that this job read from the database are not here any more, and another reading may differ.",
        hint="start a new job: items that exist already are recognised",
    )


def _write(file: BinaryIO, payload: bytes) -> None:
    file.write(_LENGTH.pack(len(payload)))
    file.write(payload)


def _decode(start: bytes) -> _Place:
    try:
        return msgspec.msgpack.decode(start[len(_MARK) :], type=_Place)
    except (msgspec.DecodeError, ValueError) as error:
        raise CheckpointError(f"A checkpoint of a database is damaged: {error}.", hint="start a new job") from error
