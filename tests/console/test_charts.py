"""Charts are plain data: places that fit, gaps that stay, words for who hears them; drawn as SVG in which no text of a
user stands unescaped."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dynasmith.console.charts.bars import throttle_bars
from dynasmith.console.charts.heat import segments_map
from dynasmith.console.charts.lines import HEIGHT, POINTS_MAX, WIDTH, ChartLine, line_chart, sparkline, thinned
from dynasmith.console.charts.scale import figure, round_ticks, time_ticks
from dynasmith.console.markup import templates
from dynasmith.jobs.activity import PARTS_MAX, SegmentsPart, ranges

NOON = 1_796_040_000.0  # 2026-11-30 12:00 UTC


def drawn(macro: str, *given: object) -> str:
    """A chart as it is in a page, which must be well formed."""
    text: str = getattr(templates().get_template("charts.html").module, macro)(*given)
    ElementTree.fromstring(f"<div>{text}</div>")
    return text


@settings(max_examples=100, deadline=None)
@given(st.floats(1e-6, 1e12))
def test_an_axis_is_round_short_and_above_what_it_shows(top: float) -> None:
    ticks = round_ticks(top)
    assert ticks[0] == 0.0
    assert 2 <= len(ticks) <= 6
    assert ticks[-1] >= top * 0.999
    assert ticks[-1] <= 2.6 * top


def test_figures_and_times_of_axes() -> None:
    assert [figure(value) for value in (0, 0.0123, 9.54, 99.96, 1234.5, 1_000_000)] == [
        "0", "0.012", "9.5", "100.0", "1,234", "1,000,000"
    ]  # fmt: skip
    assert [text for _, text in time_ticks(NOON, NOON + 20)] == [
        "12:00:00",
        "12:00:05",
        "12:00:10",
        "12:00:15",
        "12:00:20",
    ]
    assert [text for _, text in time_ticks(NOON, NOON + 3600)][1] == "12:15"
    assert len(time_ticks(NOON, NOON + 90 * 86_400)) <= 5
    assert len(time_ticks(NOON, NOON + 4_000 * 86_400)) <= 6


def test_a_line_has_gaps_where_nothing_is_known_and_a_dot_where_one_value_is_alone() -> None:
    points = [(NOON, 10.0), (NOON + 1, 20.0), (NOON + 2, None), (NOON + 3, 5.0)]
    chart = line_chart("Rate", "items a second", [ChartLine("read", 1, points, filled=True)])
    (line,) = chart["lines"]
    assert line["path"] == "M0 75L333.3 0"
    assert line["dots"] == f"M{WIDTH} 112.5h0"
    assert line["area"] == f"M0 75L333.3 0V{HEIGHT}H0z"
    assert chart["about"] == "read: 5 items a second now, 20 at most"
    assert [values for _, values in chart["rows"]] == [["5"], [""], ["20"], ["10"]]
    text = drawn("lines", chart, "rate")
    assert "<desc" in text
    assert "Time (UTC)" in text


def test_a_limit_holds_until_it_changes() -> None:
    limit = [(NOON, 10.0), (NOON + 1, 5.0)]
    chart = line_chart("Rate", "units", [ChartLine("limit", 2, limit, stepped=True)])
    assert chart["lines"][0]["path"] == f"M0 0H{WIDTH}V75"


def test_a_chart_without_values_says_so() -> None:
    chart = line_chart("Rate", "units", [ChartLine("read", 1, [(NOON, None)])])
    assert chart["lines"] == []
    assert "Nothing is known yet." in drawn("lines", chart, "rate")
    assert sparkline("Rate", "units", [])["path"] == ""
    assert drawn("spark", sparkline("Rate", "units", [])) == ""
    assert "<svg" in drawn("spark", sparkline("Rate", "units", [(NOON, 0.0), (NOON + 1, 0.0)]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1e9)), max_size=2_000))
@example([5e-324])
@example([2e-323])
def test_of_many_points_the_largest_are_shown_and_no_place_is_outside(values: list[float | None]) -> None:
    points = [(NOON + number, value) for number, value in enumerate(values)]
    found = thinned(points)
    assert len(found) <= 2 * POINTS_MAX
    known = [value for value in values if value is not None]
    assert max((value for _, value in found if value is not None), default=None) == max(known, default=None)
    chart = line_chart("Rate", "units", [ChartLine("read", 1, points)])
    for x, width, _ in chart.get("bands", ()):
        assert -0.2 <= x <= WIDTH
        assert width <= WIDTH


def test_a_million_segments_are_some_cells_that_say_how_many_and_how_far() -> None:
    parts = [
        SegmentsPart(count, count, 10 * count, 0)
        if part < 100
        else SegmentsPart(7, 9, 80, 3)
        if part == 100
        else SegmentsPart()
        for part, (_, count) in enumerate(ranges(1_000_000))
    ]
    found = segments_map(1_000_000, parts, 10_000_000)
    assert len(found["cells"]) == PARTS_MAX
    assert (found["done"], found["under_way"], found["throttled"]) == (416_674, 2, 3)
    assert found["cells"][0]["words"] == "Segments 0 to 4,166: all 4,167 done, 41,670 items read"
    assert (
        found["cells"][100]["words"]
        == "Segments 416,667 to 420,833: 7 of 4,167 done, 2 under way, 80 items read, throttled 3 times"
    )
    assert found["cells"][-1]["words"].endswith("not begun, 0 items read")
    text = drawn("heat", found, "segments")
    assert text.count("<title>") == PARTS_MAX  # one a cell
    assert len(text) < 120_000


def test_few_segments_are_a_cell_each_and_one_that_is_under_way_is_never_full() -> None:
    found = segments_map(3, [SegmentsPart(1, 1, 50), SegmentsPart(0, 1, 500), SegmentsPart(0, 0, 0)], 150)
    assert [(cell["tone"], cell["full"]) for cell in found["cells"]] == [
        ("done", 1.0),
        ("under-way", 0.96),
        ("left", 0.0),
    ]
    assert segments_map(2, [SegmentsPart(0, 1), SegmentsPart()], None)["cells"][0]["full"] == 0.5


def test_throttles_are_said_in_words_the_most_first() -> None:
    rows = throttle_bars({"IndexWriteKeyRangeThroughputExceeded by_day": 3, "TableWrite": 30, "Odd": 1})
    assert [(row["what"], row["count"], row["width"]) for row in rows] == [
        ("Writes of the table", 30, 100.0), ("Writes of index by_day", 3, 10.0), ("Odd", 1, 3.3)
    ]  # fmt: skip
    assert rows[1]["cause"] == "in one partition (a hot range of keys)"
    assert "More capacity does not help" in drawn("bars", rows, "Throttled", "requests")


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["<b>", "&", '"', "'"]), st.text(max_size=255))
def test_a_name_is_never_unescaped(mark: str, name: str) -> None:
    hostile = f"{mark}{name}<script>"
    chart = line_chart(hostile, hostile, [ChartLine(hostile, 1, [(NOON, 1.0), (NOON + 1, 2.0)])])
    for text in (
        templates().get_template("charts.html").module.lines(chart, "id"),  # type: ignore[attr-defined]
        templates().get_template("charts.html").module.bars(throttle_bars({hostile: 1}), hostile, hostile),  # type: ignore[attr-defined]
    ):
        assert "<script>" not in text
        assert "<b>" not in text
