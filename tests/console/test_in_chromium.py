"""The console in Chromium: what a person does on its pages, on the strict endpoint, and how every page looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page

from console.browser import Browser, served
from console.chromium import ABSENT, WIDTHS, ConsoleWindow, chromium, keep_picture
from console.demo_shop import LONG, drifted_shop
from console.page_checks import faults, focus_faults
from dynasmith import Project
from dynasmith.strict import StrictServer

pytestmark = [pytest.mark.engine, pytest.mark.skipif(bool(ABSENT), reason=ABSENT)]


@pytest.fixture(scope="module")
def strict(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint on the real clock: a transition takes at most a second."""
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        yield server


@pytest.fixture(scope="module")
def shop(strict: StrictServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with drifted_shop(tmp_path_factory.mktemp("shop"), strict.endpoint) as project:
        yield project


@pytest.fixture(scope="module")
def console(shop: Project) -> Iterator[Browser]:
    with served(shop) as browser:
        yield browser.open()


@pytest.fixture(scope="module")
def window(console: Browser) -> Iterator[ConsoleWindow]:
    with chromium() as launched:
        found = ConsoleWindow(launched, console)
        yield found


@pytest.fixture(autouse=True)
def no_error_of_the_script(window: ConsoleWindow) -> Iterator[None]:
    yield
    errors, window.errors[:] = list(window.errors), []
    assert errors == []


def show_items(page: Page, table: str = "orders", **fields: str) -> None:
    """Ask for items as a person does."""
    page.goto(f"/tables/{table}/items")
    for name, text in fields.items():
        page.fill(f"[name={name}]", text)
    page.click("text=Show items")
    page.wait_for_selector(".cost")


def edit(page: Page) -> None:
    """The editor of an order, with a change that is looked at."""
    show_items(page, v0="c1", v1="2026-001")
    page.click("text=Edit")
    text = page.input_value("#text")
    for before, after in (('"1.5"', '"99.5"'), ('"Bern"', '"Biel"'), ('["gift", "new"]', '["new"]')):
        text = text.replace(before, after)
    page.fill("#text", text)
    page.click("text=Show what changes")
    page.wait_for_selector(".diff")


def open_item(page: Page) -> None:
    show_items(page, v0="c1", v1="2026-001")


def open_editor(page: Page) -> None:
    open_item(page)
    page.click("text=Edit")
    page.wait_for_selector("#text")


def opened(path: str, selector: str) -> Callable[[Page], object]:
    """Open this address, and wait for what is shown there."""

    def open_page(page: Page) -> None:
        page.goto(path)
        page.wait_for_selector(selector)

    return open_page


SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKS: dict[str, Callable[[Page], object]] = {
    "tables": opened("/tables", "text=difference"),
    "items-tables": opened("/items", ".grid"),
    "items": show_items,
    "items-wide": lambda page: show_items(page, LONG),
    "items-error": opened("/tables/nowhere/items", ".notice"),
    "item": open_item,
    "item-editor": open_editor,
    "item-changes": edit,
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
        page.emulate_media(media="screen")
        found[0, "focus"] = focus_faults(page)
        assert {place: wrong for place, wrong in found.items() if wrong} == {}


def test_an_item_is_edited_and_the_difference_was_right(window: ConsoleWindow, shop: Project) -> None:
    key = {"customer": {"S": "c1"}, "order": {"S": "2026-001"}}
    with window.page() as page:
        edit(page)
        rows = [row.inner_text().split() for row in page.query_selector_all(".diff tbody tr")]
        assert rows == [
            ["address.city", "changed", "S", '"Bern"', "S", '"Biel"'],
            ["tags", "removed", "SS", '"gift"', "–"],
            ["total", "changed", "N", "1.5", "N", "99.5"],
        ]
        assert shop.get("orders", key)["total"] == {"N": "1.5"}
        page.click("text=Write the item")
        page.wait_for_selector(".toast >> text=The item is written.")
        assert "99.5" in page.inner_text("main")
        assert "c1" not in page.url
    assert shop.get("orders", key)["total"] == {"N": "99.5"}
    assert shop.get("orders", key)["tags"] == {"SS": ["new"]}


def test_items_by_keyboard_alone(window: ConsoleWindow) -> None:
    with window.page() as page:
        page.goto("/tables/orders/items")
        page.focus("#v0")
        page.keyboard.type("c2")
        page.keyboard.press("Enter")
        page.wait_for_selector(".cost >> text=20 shown")
        page.keyboard.press("Control+k")
        page.wait_for_selector("#palette-list li")
        page.keyboard.type("items")
        page.keyboard.press("Enter")
        page.wait_for_url("**/items")


def test_items_without_the_script(window: ConsoleWindow) -> None:
    with window.page(script=False) as page:
        page.goto("/tables/orders/items")
        page.fill("#v0", "c2")
        page.click("text=Show items")
        page.wait_for_selector(".cost >> text=20 shown")
        assert "c2" not in page.url
        page.goto("/tables")
        page.wait_for_selector("h1 >> text=Tables")
