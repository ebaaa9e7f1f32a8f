"""The commands of pages are run; tests/test_pages.py says that no page and no command is left out."""

import pytest

from item_stories.kit import ItemStory
from page_commands.elsewhere import RUN_ELSEWHERE, why_not_here
from page_commands.page import ROOT, PageRun, commands
from page_commands.stories import STORIES


@pytest.mark.parametrize(("page", "test"), RUN_ELSEWHERE.items())
def test_a_page_that_is_run_elsewhere_is_read_there(page: str, test: str) -> None:
    assert page not in STORIES
    assert commands(page)
    folder, _, name = page.rpartition("/")
    told = (ROOT / test).read_text(encoding="utf-8")
    assert name.removesuffix(".md") in told, f"{test} reads {page}"
    assert name != "README.md" or folder.rpartition("/")[2] in told, f"{test} reads {page}"


@pytest.mark.parametrize("page", STORIES)
def test_the_commands_of_a_page(story: ItemStory, page: str) -> None:
    run = PageRun(page, story)
    assert run.left
    STORIES[page](story, run)
    assert [each.text for each in run.left] == []
    assert [each.text for each in run.skipped if why_not_here(page, each) is None] == []
