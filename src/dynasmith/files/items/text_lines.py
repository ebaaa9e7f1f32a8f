"""The lines of a stream, cut at ``\\n``, ``\\r\\n`` and a bare ``\\r`` (universal newlines), and at nothing else."""

from collections.abc import Iterator

from dynasmith.errors import FileFormatError
from dynasmith.files.items.streams import BUFFER_BYTES, ItemStream, translated

RECORD_BYTES_MAX = 32 * 1024 * 1024
"""The longest record: an item of 400 KB, escaped as ``\\u0000`` throughout, is 2.4 MB."""
CHUNK_BYTES = BUFFER_BYTES // 4


def text_lines(opened: ItemStream, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Each line with its end; the last one may have none. ``bytes.splitlines`` knows these three ends only.

    Holds one chunk and one line. Raises FileFormatError for a line above ``RECORD_BYTES_MAX``.
    """
    rest: list[bytes] = []  # parts of a line whose end is not known yet: its last byte may be the \r of a \r\n
    held = 0
    while chunk := _read(opened, chunk_bytes):
        lines = chunk.splitlines(keepends=True)
        if rest:
            if rest[-1].endswith(b"\r") and lines[0] != b"\n":
                yield b"".join(rest)
                rest, held = [], 0
            else:
                rest.append(lines.pop(0))
                held += len(rest[-1])
                if not lines and not rest[-1].endswith(b"\n"):
                    check_length(opened.path, held)
                    continue
                lines.insert(0, b"".join(rest))
                rest, held = [], 0
        if not lines[-1].endswith(b"\n"):
            rest = [lines.pop()]
            held = len(rest[0])
        yield from lines
    if rest:
        yield b"".join(rest)


def check_length(path: str, length: int, line: int | None = None) -> None:
    """Raise FileFormatError where a record is longer than any item can be."""
    if length > RECORD_BYTES_MAX:
        place = path if line is None else f"{path}:{line}"
        raise FileFormatError(
            f"{place}: one record is longer than {RECORD_BYTES_MAX // 2**20} MB.",
            hint="write one item a line; a JSON array begins with [, and a quoted value of CSV must be closed",
        )


def _read(opened: ItemStream, count: int) -> bytes:
    with translated(opened.path):
        return opened.stream.read1(count)
