"""Counts as people say them."""

from dynasmith.cli.counts import counted, either


def test_one_is_one_and_everything_else_is_several() -> None:
    assert [counted(count, "item") for count in (0, 1, 2, 1000)] == ["0 items", "1 item", "2 items", "1,000 items"]
    assert [counted(count, "unit") for count in (0.5, 0.9, 1.4)] == ["0.5 units", "0.9 units", "1.4 units"]
    assert [counted(count, "unit") for count in (0.04, 1.04, 9.96)] == ["0 units", "1 unit", "10 units"]
    assert counted(1234.5, "unit") == "1,234 units"
    assert [either(count, "is", "are") for count in (0, 1, 2000)] == ["0 are", "1 is", "2,000 are"]
