"""A few items as people and other programs read them: JSON lines, a table, CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from dynasmith.items.plain import plain_from_item
from dynasmith.items.wire import decode_item_tree
from dynasmith.project.redaction import HIDDEN, hidden_item

if TYPE_CHECKING:
    from rich.table import Table as Grid

FORMATS: Final = ("lines", "table", "csv")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def item_line(item: dict[str, Any], *, wire: bool, redact: bool) -> str:
    """One item as a JSON object: plain, or DynamoDB JSON with ``wire``."""
    if redact:
        return json.dumps(hidden_item(item, wire=wire), ensure_ascii=False)
    return json.dumps(item, ensure_ascii=False) if wire else plain_from_item(decode_item_tree(item)).decode()


def columns_of(items: Sequence[dict[str, Any]], first: Sequence[str]) -> list[str]:
    """The attributes of these items: those of the key first, the rest in alphabetical order."""
    names = {name for item in items for name in item}
    return [name for name in dict.fromkeys(first) if name in names] + sorted(names - set(first))


def csv_lines(items: Sequence[dict[str, Any]], columns: Sequence[str], *, redact: bool) -> str:
    """Items as CSV with a header. An absent attribute and null are an empty cell, a list, map or set is JSON."""
    rows = [columns, *([_cell(item.get(name), redact=redact) for name in columns] for item in items)]
    quoting: Literal[0, 1] = csv.QUOTE_MINIMAL
    if any(
        "\r" in cell for row in rows for cell in row
    ):  # the module leaves it outside of quotes, where it ends a line
        quoting = csv.QUOTE_ALL
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n", quoting=quoting).writerows(rows)
    return out.getvalue()


def items_grid(items: Sequence[dict[str, Any]], columns: Sequence[str], *, redact: bool, whole: bool) -> Grid:
    """Items as a table. What could move the cursor of a terminal is shown escaped. Not ``whole``: long cells are cut to
    the width of the terminal."""
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None, pad_edge=False, header_style="dim", show_edge=False)
    numbers = [name for name in columns if all("N" in item[name] for item in items if name in item)]
    for name in columns:
        grid.add_column(
            Text(_visible(name)),
            no_wrap=True,
            overflow="ignore" if whole else "ellipsis",
            justify="right" if name in numbers else "left",
        )
    for item in items:
        grid.add_row(*(Text(_visible(cell)) for cell in _cells(item, columns, redact=redact)))
    return grid


def _cells(item: dict[str, Any], columns: Sequence[str], *, redact: bool) -> Iterator[str]:
    for name in columns:
        value = item.get(name)
        if value is not None and "NULL" in value and not redact:
            yield "null"
        else:
            yield _cell(value, redact=redact)


def _cell(value: dict[str, Any] | None, *, redact: bool) -> str:
    """A value in DynamoDB JSON as one cell."""
    if value is None:
        return ""
    if redact:
        return HIDDEN
    ((kind, content),) = value.items()
    if kind in ("S", "N", "B"):
        return str(content)
    if kind == "BOOL":
        return "true" if content else "false"
    if kind == "NULL":
        return ""
    return plain_from_item(decode_item_tree({"v": value})).decode()[len('{"v":') : -1]


def _visible(text: str) -> str:
    return _CONTROL.sub(lambda found: json.dumps(found[0]).strip('"'), text)
