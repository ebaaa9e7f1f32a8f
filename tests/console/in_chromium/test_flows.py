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


def test_a_table_that_drifted_is_planned_applied_and_the_picture_arrives(window: ConsoleWindow, shop: Project) -> None:
    with window.page() as page:
        page.goto("/tables")
        page.click("tr[data-name=orders] >> text=orders")
        page.wait_for_selector(".changes >> text=by_status")
        page.click("a.button >> text=Plan")
        page.wait_for_selector("svg.lane text >> text=create index by_status")
        assert page.query_selector_all("g.done") == []
        page.click("#apply >> text=Apply")
        page.wait_for_selector("dialog[open] >> text=Apply the plan to environment shop")
        page.click("dialog >> text=Cancel")
        assert page.query_selector("dialog[open]") is None
        page.click("#apply >> text=Apply")
        page.click("dialog >> text=Confirm")
        page.wait_for_url("**/plan/apply-*")
        page.wait_for_selector("text=Every table is as planned")
        nodes = page.query_selector_all("g.node")
        assert len(nodes) == len(page.query_selector_all("g.node.done")) > 1
        page.keyboard.press("Control+k")
        page.keyboard.type("orders")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=matches its definition")
    assert shop.plan(["orders"]).is_empty
