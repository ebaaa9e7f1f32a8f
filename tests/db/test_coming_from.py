"""The pages for those who come from another library: each line of dynasmith in their blocks and tables runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Model, connect
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
FOLDER = Path(__file__).parents[2] / "docs/guide/coming-from"
README = (FOLDER / "README.md").read_text("utf-8")
PAGES = sorted(re.findall(r"^- \[[^\]]+\]\(([\w-]+\.md)\)", README, re.MULTILINE))
"""The pages about libraries: the bullets of the README."""
REGIONS = ("ap-south-1", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2", "ca-central-1")
"""A Region for each page: they have tables of the same names."""


def lines_of(text: str) -> list[str]:
    """The code in the last cells of the table of old and new queries."""
    found = []
    (table,) = re.findall(r"^\|[^|\n]* \| dynasmith \|\n\|---\|---\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    for row in table.splitlines():
        *_, cell, _ = re.split(r"(?<!\\)\|", row)
        found += [code.replace("\\|", "|") for code in re.findall(r"`([^`]+)`", cell)]
    return found


@pytest.mark.parametrize(("page", "region"), list(zip(PAGES, REGIONS, strict=True)))
def test_every_line_of_the_page_runs(page: str, region: str, endpoint: StrictServer) -> None:
    text = (FOLDER / page).read_text("utf-8")
    names: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(block, page, "exec", dont_inherit=True), names)
    assert any(isinstance(each, type) and issubclass(each, Model) and each is not Model for each in names.values())
    lines = lines_of(text)
    assert len(lines) >= 20
    with connect(endpoint=endpoint.endpoint, region=region, clock=endpoint.clock) as project:
        names |= {"project": project, "db": project.db()}
        for line in lines:
            exec(compile(line, f"{page}: {line}", "exec", dont_inherit=True), names)


def test_every_page_is_in_the_list() -> None:
    """A page without code of dynasmith is named below the bullets."""
    listed = re.findall(r"\]\(([\w-]+\.md)\)", README)
    assert sorted(listed) == sorted(page.name for page in FOLDER.glob("*.md") if page.name != "README.md")
    with_code = {page.name for page in FOLDER.glob("*.md") if " | dynasmith |\n" in page.read_text("utf-8")}
    assert with_code == set(PAGES)
