"""Items as rows and as a list of attributes: what a page shows of values."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynasmith.items.item_difference import DifferenceLine, shown_value
from dynasmith.project.redaction import HIDDEN

COLUMNS_MAX: Final = 8
"""More attributes of a row are counted, not shown: the item has its own page."""
CELL_CHARACTERS_MAX: Final = 80
TYPES: Final[Mapping[str, str]] = {
    "S": "string",
    "N": "number",
    "B": "binary",
    "BOOL": "boolean",
    "NULL": "null",
    "L": "list",
    "M": "map",
    "SS": "set of strings",
    "NS": "set of numbers",
    "BS": "set of binary",
}


def columns_of(items: Sequence[Mapping[str, Any]], first: Sequence[str]) -> list[str]:
    """The attributes that are shown of these items: those of the key, then those that most of them have."""
    counts = Counter(name for item in items for name in item)
    rest = sorted((name for name in counts if name not in first), key=lambda name: (-counts[name], name))
    return [*first, *rest[: max(0, COLUMNS_MAX - len(first))]]


def row_of(item: Mapping[str, Any], columns: Sequence[str], *, redact: bool) -> dict[str, Any]:
    """The cells of an item, and how many attributes have none."""
    cells = [{"name": name, **_cell(item.get(name), redact=redact)} for name in columns]
    return {"cells": cells, "more": len(item.keys() - set(columns))}


def numeric_columns(items: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """Columns that hold numbers only; they are shown to the right."""
    return [name for name in columns if all("N" in item[name] for item in items if name in item)]


def attributes_of(item: Mapping[str, Any], first: Sequence[str], *, redact: bool) -> list[dict[str, Any]]:
    """Every attribute of an item with its type and its whole value."""
    names = [name for name in first if name in item]
    names += sorted(item.keys() - set(names))
    return [{"name": name, "key": name in first, **_attribute(item[name], redact=redact)} for name in names]


def readable_text(value: Mapping[str, Any]) -> str:
    """A value (DynamoDB JSON) as one reads it: a string as it is where it can be seen, else as JSON."""
    if "S" in value:
        text = str(value["S"])
        return text if text and text.isprintable() and text == text.strip() else json.dumps(text, ensure_ascii=False)
    return shown_value(value).text


def difference_rows(lines: Sequence[DifferenceLine]) -> list[dict[str, Any]]:
    """The lines of a difference for the template."""
    words = {"added": ("plus", "added"), "removed": ("minus", "removed"), "changed": ("delta", "changed")}
    return [
        {
            "path": line.path,
            "kind": line.kind,
            "icon": words[line.kind][0],
            "word": words[line.kind][1],
            "before": None if line.before is None else {"type": line.before.type, "text": line.before.text},
            "after": None if line.after is None else {"type": line.after.type, "text": line.after.text},
        }
        for line in lines
    ]


def _attribute(value: Mapping[str, Any], *, redact: bool) -> dict[str, Any]:
    (tag,) = value
    text = HIDDEN if redact else readable_text(value)
    return {"type": tag, "type_words": TYPES[tag], "text": text}


def _cell(value: Mapping[str, Any] | None, *, redact: bool) -> dict[str, Any]:
    if value is None:
        return {"text": "", "absent": True, "cut": False, "type": ""}
    text = HIDDEN if redact else readable_text(value)
    cut = len(text) > CELL_CHARACTERS_MAX
    (tag,) = value
    return {"text": text[:CELL_CHARACTERS_MAX], "absent": False, "cut": cut, "type": tag}
