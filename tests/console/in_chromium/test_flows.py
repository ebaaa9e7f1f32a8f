"""What a person does on the pages of the console, in Chromium, and what became of it on the strict endpoint."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.story import new_account
from console.chromium import ABSENT, ConsoleWindow
from console.demo_shop import drifted_shop
from console.visits import edit
from dynasmith import Project
from dynasmith.strict import StrictServer

pytestmark = [pytest.mark.engine, pytest.mark.skipif(bool(ABSENT), reason=ABSENT)]


POST = """async (path) => {
  const headers = { "X-Dynasmith-Console": "1", "Content-Type": "application/x-www-form-urlencoded" };
  return (await fetch(path, { method: "POST", headers, body: "do=put" })).status;
}"""
"""What the script of a page would send, had the page a button for it."""


@contextmanager
def console_command(folder: Path, account: str, *words: str) -> Iterator[str]:
    """The link of ``dynasmith console`` in a process of its own; it ends with Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dynasmith", "console", "--env", "prod", "--json", *words],
        cwd=folder,
        env={**os.environ, "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "secret"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        document = "".join(iter(process.stdout.readline, "}\n")) + "}"
        yield json.loads(document)["url"]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert (process.returncode, "Traceback" in said) == (0, False), said
    finally:
        process.kill()
        process.wait()


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
        page.wait_for_selector("#palette-list li[aria-selected=true] >> text=orders")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=matches its definition")
    assert shop.plan(["orders"]).is_empty


def test_a_production_environment_is_read_only_until_it_is_told_otherwise(
    window: ConsoleWindow, strict: StrictServer, tmp_path: Path
) -> None:
    account = new_account()
    with drifted_shop(tmp_path, strict.endpoint, account=account, env="prod", protected=True) as project:
        with console_command(tmp_path, account) as link, window.opened(link) as page:
            page.wait_for_selector("header >> text=read only")
            page.goto("/plan")
            page.wait_for_selector("svg.lane")
            assert page.locator("#apply").count() == 0
            page.goto("/tables/orders/items")
            assert page.locator("text=New item").count() == 0
            assert page.evaluate(POST, "/tables/orders/items/new") == 403
        assert "missing" not in project.names()
        with console_command(tmp_path, account, "--allow-changes") as link, window.opened(link) as page:
            page.wait_for_selector("header >> text=changes allowed")
            page.goto("/plan")
            page.click("#apply >> text=Apply")
            page.fill("#dialog [name=confirm]", "shop")
            page.click("#dialog >> text=Confirm")
            page.wait_for_selector("#dialog >> text=A name was not typed as it is shown")
            assert "missing" not in project.names()
            page.fill("#dialog [name=confirm]", "prod")
            page.click("#dialog >> text=Confirm")
            page.wait_for_selector("section[aria-label=missing] .node.done")
        assert "missing" in project.names()
