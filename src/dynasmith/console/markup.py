"""Templates: plain data becomes HTML. Everything is escaped, always; nothing in this package marks a text as safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from dynasmith.console.page import ConsolePage, path_of
from dynasmith.console.state import Console

_SIZES: Final = ("B", "KB", "MB", "GB", "TB", "PB")


def number(value: float) -> str:
    """``1,234``; a fraction keeps two digits."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def size(value: float) -> str:
    """Bytes as ``1.2 MB``, in thousands."""
    unit = 0
    amount = float(value)
    while amount >= 1000 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.0f} B" if unit == 0 else f"{amount:.1f} {_SIZES[unit]}"


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for large, small, names in ((86_400, 3_600, ("d", "h")), (3_600, 60, ("h", "min")), (60, 1, ("min", "s"))):
        if whole >= large:
            rest = whole % large // small
            return f"{whole // large} {names[0]}" + (f" {rest} {names[1]}" if rest else "")
    return f"{whole} s"


def moment(value: str) -> str:
    """An RFC 3339 time as ``2026-11-30 11:29:40 UTC``; another text as it is."""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return value
    return f"{read.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if read.tzinfo else value


@cache
def templates() -> Environment:
    """The templates of the console: escaping always, and an error where data lacks a name."""
    made = Environment(
        loader=PackageLoader("dynasmith.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(number=number, size=size, duration=duration, moment=moment)
    made.globals.update(path_of=path_of)
    made.globals["ui"] = made.get_template("macros.html").module  # also in a block that is rendered alone
    return made


def surroundings(console: Console, page: ConsolePage | None, pages: Sequence[ConsolePage]) -> dict[str, Any]:
    """What every page shows beside its own data: where it looks, what it may, where one can go."""
    where = console.where
    place = where.endpoint or (f"account {where.account}" if where.account else "account unknown")
    shown = sorted((each for each in pages if each.label), key=lambda each: each.order)
    return {
        "environment": where.environment,
        "place": place,
        "region": where.region or "Region unknown",
        "changes": console.changes,
        "title": page.title if page else "",
        "here": (page.under or page.path) if page else "",
        "live": page is not None and page.live is not None,
        "navigation": [{"path": each.path, "label": each.label, "icon": each.icon} for each in shown],
    }


def render(template: str, data: Mapping[str, Any]) -> str:
    """A template with its data."""
    return templates().get_template(template).render(data)


def render_blocks(template: str, names: Sequence[str], data: Mapping[str, Any]) -> dict[str, str]:
    """Some blocks of a template, by name."""
    loaded = templates().get_template(template)
    context = loaded.new_context(dict(data))
    return {name: "".join(loaded.blocks[name](context)) for name in names}
