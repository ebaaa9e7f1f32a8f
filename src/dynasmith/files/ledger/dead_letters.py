"""The dead-letter file: one line an item that could not be moved, with its reason. ``populate`` takes it back.

An item stands as ``{"Item": {...}, "reason": ...}``; a line that is no item at all stands as it was, under ``line``.
It holds customers' data, so it is readable by its owner only.
"""

import base64
import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from dynasmith.errors import RunError
from dynasmith.ports.items import DeadLetter


class _Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    item: msgspec.Raw = msgspec.field(name="Item", default=msgspec.Raw(b""))
    line: str = ""
    code: str
    reason: str
    place: str = ""
    segment: int
    page: str = ""


def append_dead(path: Path, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
    """Append dead letters of one page. Raises RunError where the disk is full or the folder may not be written."""
    lines = b"".join(_written(segment, page, entry) for entry in dead)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if os.write(file, lines) != len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(file)
    except OSError as error:
        raise RunError(
            f"{path} could not be written: {error.strerror}.", hint="make room, then resume the job; nothing is lost"
        ) from error


def drop_dead(path: Path, gone: Mapping[int, set[str] | None]) -> None:
    """Take out dead letters by segment: those of some pages (``page_name``), or all of it where None is said.

    A line that a kill left half written goes too; one that somebody wrote into the file stays. One pass over the file,
    which is replaced whole.
    """
    if not path.exists():
        return
    temporary = path.with_name(f"{path.name}.new")
    with path.open("rb") as lines, open(temporary, "wb", opener=_for_the_owner) as out:
        for line in lines:
            ours = _line_of(line)
            if ours is None:
                # An editor may leave the last line without its end; only what is no whole JSON was cut by a kill.
                if line.endswith(b"\n") or _is_object(line):
                    out.write(line.removesuffix(b"\n") + b"\n")
            elif not _is_gone(ours, gone):
                out.write(line.removesuffix(b"\n") + b"\n")
    temporary.replace(path)


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def read_dead(path: Path) -> list[DeadLetter]:
    """The dead letters of a file; none where it does not exist. A line that is not ours is one too, and says so."""
    if not path.exists():
        return []
    return [_dead_of(line, path) for line in path.read_bytes().splitlines() if line.strip()]


def _dead_of(line: bytes, path: Path) -> DeadLetter:
    ours = _line_of(line)
    if ours is None:
        return DeadLetter(
            code="rejected", reason=f"{path} was edited: this line is not a dead letter that dynasmith wrote", item=line
        )
    return DeadLetter(code=ours.code, reason=ours.reason, item=bytes(ours.item) or ours.line.encode(), place=ours.place)


def _line_of(line: bytes) -> _Line | None:
    """The line as we write it; None where somebody else wrote it, or a kill cut it."""
    try:
        return msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _written(segment: int, page: bytes | None, dead: DeadLetter) -> bytes:
    line = _Line(code=dead.code, reason=dead.reason, place=dead.place, segment=segment, page=page_name(page))
    if _is_object(dead.item):
        line.item = msgspec.Raw(dead.item)
    else:
        line.line = dead.item.decode("utf-8", "replace")
    return msgspec.json.encode(line).replace(b"\n", b"") + b"\n"


def _is_object(item: bytes) -> bool:
    try:
        msgspec.json.decode(item, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _is_gone(line: _Line, gone: Mapping[int, set[str] | None]) -> bool:
    if line.segment not in gone:
        return False
    pages = gone[line.segment]
    return pages is None or line.page in pages


def page_name(page: bytes | None) -> str:
    """How a line says which page it is of; empty for the first one of its segment."""
    return "" if page is None else base64.b64encode(page).decode()
