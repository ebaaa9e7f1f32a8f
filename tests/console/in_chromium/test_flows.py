"""What a person does on the pages of the console, in Chromium, and what became of it on the strict endpoint."""

from __future__ import annotations

import pytest

from console.chromium import ABSENT, ConsoleWindow
from console.visits import edit
from dynasmith import Project

pytestmark = [pytest.mark.engine, pytest.mark.skipif(bool(ABSENT), reason=ABSENT)]


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
