"""Lines over time: a rate with its limit, metrics of a table; a sparkline. Gaps stay gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from dynasmith.console.charts.scale import figure, round_ticks, time_ticks

WIDTH: Final = 1000
"""Units of the plot from left to right; it is stretched to the width of the page."""
HEIGHT: Final = 150
"""Pixels of the plot."""
POINTS_MAX: Final = 240
"""Points of a line: of more the largest of neighbours is shown."""
ROWS_MAX: Final = 60
"""Rows of the table beneath."""
SPARK_WIDTH: Final = 100
SPARK_HEIGHT: Final = 24

Point = tuple[float, float | None]
"""Seconds since 1970 (UTC), and a value; None where nothing is known since the point before: a gap."""


@dataclass(frozen=True)
class ChartLine:
    """One line: its name, the number of its colour in the style sheet (1 to 5), its points, oldest first.

    ``stepped`` is for what holds until it changes, such as a limit; it is drawn dashed. ``filled`` has an area below.
    """

    name: str
    colour: int
    points: Sequence[Point]
    stepped: bool = False
    filled: bool = False


def line_chart(
    title: str, unit: str, lines: Sequence[ChartLine], *, window: tuple[float, float] | None = None
) -> dict[str, Any]:
    """The chart of some lines in one unit, from 0 up. ``window`` is from when to when; else what the points cover.

    An empty one has no ``lines``. ``about`` says in words what is seen: the last value of each, and the largest.
    """
    shown = [ChartLine(each.name, each.colour, thinned(each.points), each.stepped, each.filled) for each in lines]
    shown = [each for each in shown if any(value is not None for _, value in each.points)]
    times = [at for each in shown for at, _ in each.points]
    if not times:
        return {"title": title, "unit": unit, "lines": [], "about": "Nothing is known yet.", "rows": [], "names": []}
    first, last = window or (min(times), max(times))
    last = max(last, first + 1.0)
    top = max(value for each in shown for _, value in each.points if value is not None)
    ticks = round_ticks(top)

    def across(at: float) -> float:
        return round(WIDTH * (at - first) / (last - first), 1)

    def up(value: float) -> float:
        return round(HEIGHT - HEIGHT * value / ticks[-1], 1)

    drawn = []
    for each in shown:
        places = [[(across(at), up(value)) for at, value in run] for run in _runs(each.points)]
        drawn.append(
            {
                "name": each.name,
                "colour": each.colour,
                "stepped": each.stepped,
                "path": " ".join(_path(run, stepped=each.stepped) for run in places if len(run) > 1),
                "dots": " ".join(f"M{run[0][0]:g} {run[0][1]:g}h0" for run in places if len(run) == 1),
                "area": " ".join(map(_area, (run for run in places if len(run) > 1))) if each.filled else "",
                "last": figure(_last(each)),
            }
        )
    return {
        "title": title,
        "unit": unit,
        "width": WIDTH,
        "height": HEIGHT,
        "lines": drawn,
        "levels": [(up(value), figure(value)) for value in ticks],
        "times": [(round(100 * (at - first) / (last - first), 2), text) for at, text in time_ticks(first, last)],
        "bands": _bands(shown, unit, first, last),
        "about": "; ".join(
            f"{each.name}: {figure(_last(each))} {unit} now, {figure(_top(each))} at most" for each in shown
        ),
        "names": [each.name for each in shown],
        "rows": _rows(shown),
    }


def sparkline(title: str, unit: str, points: Sequence[Point]) -> dict[str, Any]:
    """A line without axes, with words; ``path`` is empty where nothing is known."""
    shown = thinned(points, 50)
    known = [value for _, value in shown if value is not None]
    if len(shown) < 2 or not known:
        return {"title": title, "path": "", "about": ""}
    first, last, top = shown[0][0], shown[-1][0], max(known) or 1.0
    span = max(last - first, 1.0)
    places = [
        [
            (round(SPARK_WIDTH * (at - first) / span, 1), round(SPARK_HEIGHT - 1 - (SPARK_HEIGHT - 2) * value / top, 1))
            for at, value in run
        ]
        for run in _runs(shown)
    ]
    return {
        "title": title,
        "width": SPARK_WIDTH,
        "height": SPARK_HEIGHT,
        "path": " ".join(_path(run, stepped=False) for run in places),
        "about": f"{figure(known[-1])} {unit} now, {figure(max(known))} at most",
    }


def thinned(points: Sequence[Point], most: int = POINTS_MAX) -> list[Point]:
    """At most about ``most`` points: the largest value of neighbours, at the time of the last of them. A gap stays."""
    each = -(-len(points) // most)
    if each <= 1:
        return list(points)
    found: list[Point] = []
    for start in range(0, len(points), each):
        group = points[start : start + each]
        if any(value is None for _, value in group):
            found.append((group[0][0], None))
        known = [value for _, value in group if value is not None]
        if known:
            found.append((group[-1][0], max(known)))
    return found


def _runs(points: Sequence[Point]) -> Iterator[list[tuple[float, float]]]:
    """The stretches between gaps."""
    run: list[tuple[float, float]] = []
    for at, value in points:
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append((at, value))
    if run:
        yield run


def _path(places: Sequence[tuple[float, float]], *, stepped: bool) -> str:
    """A path through places; a lone one is a dot, drawn by the round ends of a line without length."""
    (x, y), rest = places[0], places[1:]
    if not rest:
        return f"M{x:g} {y:g}h0"
    steps = (f"H{x:g}V{y:g}" if stepped else f"L{x:g} {y:g}" for x, y in rest)
    return f"M{x:g} {y:g}{''.join(steps)}"


def _area(places: Sequence[tuple[float, float]]) -> str:
    return f"{_path(places, stepped=False)}V{HEIGHT}H{places[0][0]:g}z"


def _bands(lines: Sequence[ChartLine], unit: str, first: float, last: float) -> list[tuple[float, float, str]]:
    """Where the pointer may rest: x, width, and what the lines are there in words."""
    longest = max(lines, key=lambda each: len(each.points))
    values = [dict(each.points) for each in lines]
    found = []
    before = first
    for at, _ in longest.points:
        words = [
            f"{each.name} {figure(value)} {unit}"
            for each, known in zip(lines, values, strict=True)
            if (value := known.get(at)) is not None
        ]
        x, end = WIDTH * (before - first) / (last - first), WIDTH * (at - first) / (last - first)
        if words and end > x:
            found.append((round(x, 1), round(end - x, 1), f"{_clock(at)}: {', '.join(words)}"))
        before = at
    return found


def _rows(lines: Sequence[ChartLine]) -> list[tuple[str, list[str]]]:
    """Time and values, newest first; of many times every n-th."""
    times = sorted({at for each in lines for at, _ in each.points}, reverse=True)
    step = -(-len(times) // ROWS_MAX)
    values = [dict(each.points) for each in lines]
    return [
        (_clock(at), ["" if (value := known.get(at)) is None else figure(value) for known in values])
        for at in times[::step]
    ]


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def _last(line: ChartLine) -> float:
    return next(value for _, value in reversed(line.points) if value is not None)


def _top(line: ChartLine) -> float:
    return max(value for _, value in line.points if value is not None)
