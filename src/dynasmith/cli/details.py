"""Details of one thing as people read them: a line each, aligned, with sizes, times and counts in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from dynasmith.cli.drawings import size_text
from dynasmith.cli.flow_figures import left_text

BAR_CHARACTERS: Final = 24
_UNITS: Final = ("_bytes", "_at", "_seconds", "_estimate")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def detail_lines(values: Mapping[str, Any], now: datetime, *, indent: int = 0) -> list[str]:
    """``label: value`` lines, the values below each other. What is None, empty, or an empty list or map is left out.

    The name says the unit: ``..._at`` is a time in RFC 3339, ``..._bytes`` a size, ``..._seconds`` a length of time.
    """
    rows = list(_rows(values, now))
    width = max((len(label) for label, _ in rows), default=0) + 2
    margin = " " * indent
    lines: list[str] = []
    for label, value in rows:
        if isinstance(value, Mapping):
            lines += [f"{margin}{label}:", *detail_lines(value, now, indent=indent + 2)]
        else:
            lines.append(f"{margin}{label + ':':<{width}}{value}")
    return lines


def bar_text(done: int, total: int | None) -> str:
    """``[######------] 50 % of about 1,000 items``; without a bar where the total is unknown."""
    if not total or done > total:
        return ""
    share = done / total
    filled = int(share * BAR_CHARACTERS)
    return f"[{'#' * filled}{'-' * (BAR_CHARACTERS - filled)}] {100 * share:.0f} % of about {total:,} items"


def time_text(text: str, now: datetime) -> str:
    """``2026-11-30 05:12:03 UTC, 3 min 20 s ago``."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return text
    ago = (now - moment).total_seconds()
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" + (f", {left_text(ago)} ago" if ago >= 0 else "")


def _rows(values: Mapping[str, Any], now: datetime) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if value is None or value == "" or (isinstance(value, Mapping | Sequence) and not value):
            continue
        yield _label(name), value if isinstance(value, Mapping) else _value(name, value, now)


def _label(name: str) -> str:
    for unit in _UNITS:
        name = name.removesuffix(unit)
    return name.replace("_", " ")


def _value(name: str, value: Any, now: datetime) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_at") and isinstance(value, str):
        return time_text(value, now)
    if name.endswith("_bytes") and isinstance(value, int):
        return size_text(value)
    if name.endswith("_seconds") and isinstance(value, int | float):
        return left_text(value)
    if isinstance(value, int) and name not in ("port", "pid"):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, list | tuple):
        return ", ".join(_value("", each, now) if not isinstance(each, Mapping) else str(dict(each)) for each in value)
    return _CONTROL.sub("?", str(value))
