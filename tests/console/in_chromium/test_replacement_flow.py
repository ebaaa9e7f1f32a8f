"""A table that is cut over, and gone back to, from the page of its replacement in Chromium, on the strict endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from cli.story import client_of, new_account
from console.browser import served
from console.chromium import ABSENT, ConsoleWindow
from dynasmith import Consent, Project
from dynasmith.strict import StrictServer
from replacement.kit import definition, user

pytestmark = [pytest.mark.engine, pytest.mark.skipif(bool(ABSENT), reason=ABSENT)]
PROJECT = """
definitions = ["tables_config.json"]
[environments.prod]
endpoint = "{endpoint}"
region = "us-east-1"
protected = true
"""


@pytest.fixture
def endpoint(ministack_endpoint: str) -> Iterator[str]:
    """A strict endpoint on the real clock: writes are stopped for so many of its seconds at most."""
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        yield server.endpoint


def defined(folder: Path, **table: Any) -> None:
    (folder / "tables_config.json").write_text(json.dumps({"tables": [definition(**table)]}))


def switch(page: Page, sentence: str) -> None:
    """Agree in the dialog, and type the name that it asks for; wait for what the page says then."""
    page.check("#dialog [name=write]")
    page.click("#dialog button.danger")
    page.fill("#dialog [name=confirm]", "prod")
    page.click("#dialog >> text=Confirm")
    page.wait_for_selector(f"#figures >> text={sentence}")
    page.wait_for_selector("#state >> text=waiting")


def test_a_table_is_cut_over_and_gone_back_to(window: ConsoleWindow, endpoint: str, tmp_path: Path) -> None:
    """Each switch is agreed to by name, moves the pointer, and gives the definition the name of the table in use."""
    account, pointer, file = new_account(), tmp_path / "table.txt", tmp_path / "tables_config.json"
    (tmp_path / "dynasmith.toml").write_text(PROJECT.format(endpoint=endpoint))
    pointer.write_text("users\n")
    defined(tmp_path, key="id")
    yes = Consent(yes=True, confirm=frozenset({"prod"}))
    client = client_of(endpoint, account)
    with Project.load(tmp_path, env="prod", access_key=account, secret_key="secret") as project:
        project.ensure()
        for number in range(5):
            client.put_item(TableName="users", Item=user(number))
    defined(tmp_path, key="id")
    with Project.load(tmp_path, env="prod", access_key=account, secret_key="secret") as project:
        with ThreadPoolExecutor(1) as thread:  # playwright has an event loop in this one
            job = thread.submit(project.replace, "users", consent=yes).result().job.id
        with served(project) as browser, ConsoleWindow(window.chromium, browser.open()).page() as page:
            page.goto(f"/replacements/{job}")
            page.click("#actions >> text=Cut over")
            page.fill("#pointer", "file:table.txt")
            switch(page, "Ready to go back: yes.")
            assert (pointer.read_text(), '"name": "users-v2"' in file.read_text()) == ("users-v2\n", True)
            assert "writes denied by its policy" in page.inner_text(".ends section:first-child")
            client.put_item(TableName="users-v2", Item=user(7, "new"))
            page.click("#actions >> text=Go back")
            switch(page, "changes go to the new table")
        assert (pointer.read_text(), '"name": "users"' in file.read_text()) == ("users\n", True)
        assert client.get_item(TableName="users", Key={"id": {"S": "7"}})["Item"] == user(7, "new")
        assert project.replacements.status(job).progress.state == "following"
    client.close()
