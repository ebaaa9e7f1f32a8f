"""What a person does to get to a page: typed, clicked, waited for."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page


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
