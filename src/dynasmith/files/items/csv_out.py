"""An export as CSV: read twice, once for which attributes of which types there are, once to write them.

A title is ``name:TYPE`` where every value has that type, else ``name:JSON`` with DynamoDB JSON in the cells, so that
``populate`` gets back exactly what was there. An empty cell is an absent attribute. What a reader of CSV could take for
the end of a record or a mark of encoding stands in quotes.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from dynasmith.items.wire import attributes

_CELL_TYPES = ("S", "N", "BOOL", "B")
_CHUNK_LINES = 1000
_MARK = "\ufeff"


def write_csv(
    items: Callable[[], Iterable[bytes]], key: tuple[tuple[str, str], ...], delimiter: str = ","
) -> Iterator[bytes]:
    """Pieces of a CSV file with a header. ``items`` gives the items again at each call; key fields come first.

    Memory grows with the number of different attributes, not of items.
    """
    types: dict[str, str] = {name: kind for name, kind in key}  # noqa: C416  # a dict() would hide that it is ordered
    for item in items():
        for name, raw in attributes(item).items():
            kind = _kind(bytes(raw))
            types[name] = kind if types.get(name, kind) == kind else "JSON"
    yield _lines([[f"{name}:{kind}" for name, kind in types.items()]], delimiter)
    pending: list[list[str]] = []
    for item in items():
        parts = attributes(item)
        pending.append([_cell(bytes(parts[name]), kind) if name in parts else "" for name, kind in types.items()])
        if len(pending) == _CHUNK_LINES:
            yield _lines(pending, delimiter)
            pending = []
    if pending:
        yield _lines(pending, delimiter)


def _kind(raw: bytes) -> str:
    """The type of a cell that can hold this value; JSON where plain text would lose something (an empty string)."""
    ((kind, value),) = msgspec.json.decode(raw).items()
    if kind not in _CELL_TYPES or value == "":
        return "JSON"
    return "JSON" if kind == "S" and "\0" in value else kind  # a NUL is not text to other programs


def _cell(raw: bytes, kind: str) -> str:
    if kind == "JSON":
        return raw.decode()
    ((_, value),) = msgspec.json.decode(raw).items()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _lines(lines: Sequence[list[str]], delimiter: str) -> bytes:
    text = _written(lines, delimiter, csv.QUOTE_MINIMAL)
    if "\r" in text or text.startswith(_MARK):  # the module quotes neither, and both mean something outside of quotes
        text = _written(lines, delimiter, csv.QUOTE_ALL)
    return text.encode()


def _written(lines: Sequence[list[str]], delimiter: str, quoting: Literal[0, 1]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerows(lines)
    return out.getvalue()
