"""Generated pages that are committed are what the code says today, and every page is in the contents of the site."""

import os
import re
from pathlib import PurePosixPath

import pytest

from page_commands.elsewhere import RUN_ELSEWHERE, why_not_here
from page_commands.page import commands, name_of
from page_commands.page import pages as pages_of_the_repository
from page_commands.stories import STORIES
from pages.registry import PAGES, REFERENCE
from pages.staging import ROOT, sources


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name](), "run make docs"


def test_every_page_is_in_the_contents() -> None:
    """Quicker than the build of the site (tests/test_site.py), which says it too."""
    pages = {source: place for source, place in sources().items() if place.endswith(".md")}
    named = {"index"}
    for source, place in pages.items():
        for tree in re.findall(
            r"^```\{toctree\}\n(.*?)^```", (ROOT / source).read_text("utf-8"), re.DOTALL | re.MULTILINE
        ):
            entries = [line for line in tree.splitlines() if line and not line.startswith(":")]
            named |= {os.path.normpath((PurePosixPath(place).parent / entry).as_posix()) for entry in entries}
    missing = [source for source, place in pages.items() if place.removesuffix(".md") not in named]
    assert missing == [], "name the page in a toctree: docs/guide/README.md has those of the how-to pages"


def test_every_command_of_every_page_is_run() -> None:
    """By its story in tests/page_commands, by a test that `elsewhere.RUN_ELSEWHERE` names, or there is a reason."""
    left_out = [
        f"{page}: {command.text}"
        for page in map(name_of, pages_of_the_repository())
        for command in commands(page)
        if not (page in STORIES and command.program == "dynasmith") and page not in RUN_ELSEWHERE
        if why_not_here(page, command) is None
    ]
    assert left_out == [], "CONTRIBUTING.md, How to add a page, says how"
