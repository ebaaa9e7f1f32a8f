"""The page of engines is what the table of differences says."""

from contract.behaviours import BEHAVIOURS
from contract.page import PAGE, page


def test_the_page_is_what_the_flavors_say() -> None:
    how = "write it with: PYTHONPATH=tests python -m contract.page"
    assert PAGE.read_text(encoding="utf-8") == page(), how


def test_every_behaviour_is_on_the_page_once() -> None:
    text = page()
    assert [behaviour.name for behaviour in BEHAVIOURS.values() if text.count(f"| {behaviour.sentence} |") != 1] == []
