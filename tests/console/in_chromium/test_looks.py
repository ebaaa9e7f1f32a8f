"""How every page looks: measured in Chromium, and kept as pictures where a folder is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from console.chromium import ABSENT, WIDTHS, ConsoleWindow, keep_picture
from console.demo_shop import LONG
from console.page_checks import faults, focus_faults
from console.test_replacements import JOB, SWITCHED
from console.visits import edit, open_editor, open_item, opened, show_items
from dynasmith import Project
from dynasmith.console.report import report_of
from dynasmith.console.state import Console

pytestmark = [pytest.mark.engine, pytest.mark.skipif(bool(ABSENT), reason=ABSENT)]

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def open_way_back(page: Page) -> None:
    """The dialog of the way back."""
    page.goto(f"/replacements/{SWITCHED}")
    page.click("#actions >> text=Go back")
    page.wait_for_selector("#dialog >> text=Overwrite 21 keys")


LOOKS: dict[str, Callable[[Page], object]] = {
    "tables": opened("/tables", "text=difference"),
    "table": opened("/tables/orders", "text=Outputs"),
    "table-wide": opened(f"/tables/{LONG}", "text=Outputs"),
    "plan": opened("/plan", "svg.lane"),
    "history": opened("/history", "text=Applies"),
    "items-tables": opened("/items", ".grid"),
    "items": show_items,
    "items-wide": lambda page: show_items(page, LONG),
    "items-error": opened("/tables/nowhere/items", ".notice"),
    "item": open_item,
    "item-editor": open_editor,
    "item-changes": edit,
    "jobs": opened("/jobs", ".grid"),
    "metrics-tables": opened("/metrics", ".grid"),
    "metrics": opened("/tables/orders/metrics", "svg"),
    "replacements": opened("/replacements", ".grid"),
    "replacement": opened(f"/replacements/{JOB}", ".rail"),
    "replacement-switched": opened(f"/replacements/{SWITCHED}", ".rail"),
    "replacement-dialog": open_way_back,
}
"""Every page, opened as it is looked at."""


@pytest.mark.parametrize("name", LOOKS)
def test_every_page_is_readable_and_as_wide_as_its_window(window: ConsoleWindow, name: str) -> None:
    with window.page() as page:
        LOOKS[name](page)
        found: dict[tuple[int, str], list[str]] = {}
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                found[width, scheme] = faults(page)
                keep_picture(page, f"{name}-{width}-{scheme}")
        page.emulate_media(media="print", color_scheme="light")
        found[0, "print"] = faults(page)
        assert not page.is_visible("nav.side")
        assert page.text_content("header .may") == "changes allowed"  # no data of a page is taken for it
        page.emulate_media(media="screen")
        found[0, "focus"] = focus_faults(page)
        assert {place: wrong for place, wrong in found.items() if wrong} == {}


def test_a_report_is_as_readable_and_loads_nothing(window: ConsoleWindow, shop: Project, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report_of(Console(shop, changes=False)).html, encoding="utf-8")
    asked: list[str] = []
    with window.page(script=True) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        found = {}
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                found[width, scheme] = faults(page)
            keep_picture(page, f"report-{width}")
        assert page.locator("#plan svg.lane .node").count() > 2
    assert {place: wrong for place, wrong in found.items() if wrong} == {}
    assert asked == [file.as_uri()]
