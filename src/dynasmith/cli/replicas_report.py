"""The replicas of a global table as people look at them: a row each, and what a row has no room for below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from dynasmith.cli.drawings import status_colour

if TYPE_CHECKING:
    from dynasmith import ReplicaReport


def draw_replicas(console: Console, found: Sequence[ReplicaReport]) -> None:
    """Region, status, lag, what a probe measured, and the settings that differ."""
    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("Region", "status", "lag", "probe", "differs in"):
        grid.add_column(title, no_wrap=True)
    for each in found:
        status = Text(each.status, status_colour(each.status))
        grid.add_row(each.region, status, _ms(each.lag_ms), _probe(each), ", ".join(each.settings_differ) or "-")
    console.print(grid)
    for line in (line for each in found for line in _lines(each)):
        console.print(Text(line))


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f} ms"


def _probe(each: ReplicaReport) -> str:
    return "not seen" if each.probe_failure else _ms(each.probe_ms)


def _lines(each: ReplicaReport) -> list[str]:
    found = [f"{each.region}: {each.reason}"] if each.reason else []
    found += [
        f"{each.region}: {name} is {pair['replica']}, and {pair['table']} in the table"
        for name, pair in each.differences.items()
    ]
    found += [f"{each.region}: some settings could not be read: {each.unread}"] if each.unread else []
    return found + ([f"{each.region}: the probe failed: {each.probe_failure}"] if each.probe_failure else [])
