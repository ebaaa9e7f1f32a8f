"""Each page on the strict endpoint, as a browser reads it: what it shows, and what becomes of what is asked there."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from cli.story import gsi, new_account, table
from console.browser import Browser, PageReply, served, words_of
from console.conftest import Define
from dynasmith.console.page import NextPage, PageAction, PageRequest
from dynasmith.console.pages import PAGES, history
from dynasmith.console.reader import CachedTable, TableReader
from dynasmith.errors import DataError
from dynasmith.plans.consent import Consent
from dynasmith.project.project import Project
from dynasmith.strict import StrictServer

LONG = "n" * 255


def rows_of(html: str) -> dict[str, str]:
    """The rows of the page Tables by their name."""
    found = re.findall(r'<tr data-name="([^"]+)">(.*?)</tr>', html, re.DOTALL)
    return {name: words_of(row) for name, row in found}


def whole(html: str) -> bool:
    """Whether every table was read."""
    return not any(words in html for words in ("<progress", "are being read", "Reading again"))


def plan_id(html: str) -> str:
    found = re.search(r'name="plan" value="(\w+)"', html)
    assert found is not None, words_of(html)
    return found[1]


def applied(browser: Browser, reply: PageReply) -> str:
    """The page of the apply that an action began, once it is over."""
    path = reply.outcome["go"]
    assert path.startswith("/plan/apply-"), reply.text
    return browser.wait_for(path, lambda html: "Every table is as planned" in html)


def test_tables_differ_arrive_and_match(project: Project, define: Define) -> None:
    define(table("orders"), table("old"), table(LONG))
    project.ensure()
    project.delete("old", consent=Consent(confirm="old"))
    define(table("orders", tags={"team": "shop"}), table("old"), table(LONG), table("fresh", deletion_protection=True))
    with served(project, options=("--env", "dev")) as browser:
        page = browser.open().wait_for("/tables", whole)
        rows = rows_of(page)
        assert set(rows) == {"orders", "old", "fresh", LONG}
        assert "1 difference" in rows["orders"]
        assert "ACTIVE" in rows["orders"]
        assert "on demand" in rows["orders"]
        assert "missing" in rows["old"]
        assert "matches" in rows[LONG]
        assert "$ dynasmith list --env dev" not in page, "the dollar is drawn, not copied"
        assert "dynasmith list --env dev" in page
        assert set(rows_of(browser.get("/tables?filter=OR").text)) == {"orders"}
        assert set(rows_of(browser.get("/tables?state=missing").text)) == {"old", "fresh"}
        assert "No table fits the filter" in browser.get("/tables?filter=zzz").text

        plan = browser.wait_for("/plan", lambda html: 'name="plan"' in html)
        assert "2 to create" in words_of(plan)
        assert "tags" in plan
        asked = browser.act("/plan", "apply", plan=plan_id(plan))
        assert "Apply the plan to environment" in asked.outcome["dialog"]
        page = applied(browser, browser.act("/plan", "apply", plan=plan_id(plan), yes="yes"))
        assert page.count('class="node call done"') >= 3
        assert "planned" not in re.findall(r'class="node \w+ (\w+)"', page)
        browser.act("/tables", "refresh")
        rows = rows_of(browser.wait_for("/tables", lambda html: whole(html) and "missing" not in words_of(html)))
        assert all("matches" in row for row in rows.values()), rows
        assert "Deletion protection on" in rows["fresh"]
        history = browser.get("/history").text
        assert "done" in words_of(history)
        assert "No migrations." in history
        assert "Nothing to change." in browser.wait_for("/plan", lambda html: "being made" not in html)


def test_a_table_shows_its_definition_beside_what_is_live(project: Project, define: Define) -> None:
    kept = {"global_secondary_indexes": [gsi("by_day", "day")], "point_in_time_recovery": {"enabled": True}}
    define(table("orders", **kept), table("gone"))
    project.ensure(["orders"])
    define(table("orders", tags={"team": "shop"}, **kept), table("gone"))
    with served(project) as browser:
        page = browser.open().get("/tables/orders").text
        words = words_of(page)
        assert "1 difference" in words
        assert "team: none -&gt; shop" in page
        assert page.count('class="differs"') == 1, "recovery is on, with the service's own number of days"
        assert "by_day" in words
        assert "arn:aws:dynamodb:us-east-1" in words
        for command in ("describe orders", "outputs orders", "plan orders", "apply orders"):
            assert f"dynasmith {command}" in words
        missing = words_of(browser.get("/tables/gone").text)
        assert "missing" in missing
        assert "new table" in missing
        none = browser.get("/tables/nothing")
        assert none.status == 404
        assert "nothing" in none.text
        assert browser.get("/nowhere").status == 404


def test_a_second_apply_of_a_table_is_refused_as_the_library_refuses_it(project: Project, define: Define) -> None:
    define(table("orders"), table("other"))
    project.ensure()
    define(table("orders", global_secondary_indexes=[gsi("by_day", "day")]), table("other", tags={"a": "b"}))
    with served(project) as browser:
        browser.open()
        first = browser.wait_for("/plan?table=orders", lambda html: 'name="plan"' in html)
        both = browser.wait_for("/plan", lambda html: 'name="plan"' in html)
        begun = browser.act("/plan?table=orders", "apply", plan=plan_id(first), yes="yes")
        assert begun.outcome["go"].startswith("/plan/apply-")
        refused = browser.act("/plan", "apply", plan=plan_id(both), yes="yes")
        assert refused.status != 200
        assert "orders" in refused.outcome["error"]
        applied(browser, begun)
        assert (
            browser.act("/plan", "apply", plan="0" * 16, yes="yes").outcome["error"] == "This plan is no longer kept."
        )


def test_a_hazard_needs_its_flag_and_the_name_typed(project: Project, define: Define) -> None:
    define(table("orders", global_secondary_indexes=[gsi("by_day", "day")]))
    project.ensure()
    projection = {"projection": {"type": "KEYS_ONLY"}}
    define(table("orders", global_secondary_indexes=[gsi("by_day", "day", **projection)]))
    with served(project) as browser:
        plan = browser.open().wait_for("/plan", lambda html: 'name="plan"' in html)
        assert 'class="node hazard hazard"' in plan
        assert "--rebuild-index by_day" in plan
        without = browser.act("/plan", "apply", plan=plan_id(plan), yes="yes").outcome["dialog"]
        assert "--rebuild-index by_day" in without
        assert 'value="yes"' not in without, "there is nothing to confirm"
        applied(browser, browser.act("/plan", "apply", plan=plan_id(plan), rebuild="by_day", yes="yes"))
    define(table("orders", global_secondary_indexes=[]))
    with served(project) as browser:
        browser.open()
        plan = browser.wait_for("/plan", lambda html: "being made" not in html)
        assert "--prune" in words_of(plan), "the index that the definition lacks is a note"
        assert 'name="plan"' not in plan
        plan = browser.wait_for("/plan?prune=on", lambda html: 'name="plan"' in html)
        applied(browser, browser.act("/plan?prune=on", "apply", plan=plan_id(plan), yes="yes"))
    assert project.describe("orders").indexes == ()


def test_a_protected_environment_is_read_only_until_told_otherwise(
    strict: StrictServer, home: Path, define: Define
) -> None:
    define(table("orders"))
    (home / "dynasmith.toml").write_text(
        f'definitions = ["tables.json"]\n[environments.prod]\nprotected = true\nregion = "us-east-1"\n'
        f'endpoint = "{strict.endpoint}"\n',
        encoding="utf-8",
    )
    with Project.load(
        home, env="prod", access_key=new_account(), clock=strict.clock, secret_key="secret", variables={}
    ) as prod:
        with served(prod, changes=False) as browser:
            plan = browser.open().wait_for("/plan", lambda html: "1 to create" in words_of(html))
            assert "read only" in plan
            assert 'id="apply"' not in plan
            refused = browser.act("/plan", "apply", plan="0" * 16, yes="yes", confirm="prod")
            assert refused.status == 403
            assert "--allow-changes" in refused.outcome["error"]
        with served(prod, changes=True) as browser:
            plan = browser.open().wait_for("/plan", lambda html: 'name="plan"' in html)
            asked = browser.act("/plan", "apply", plan=plan_id(plan), yes="yes").outcome["dialog"]
            assert "Environment prod is protected" in asked
            wrong = browser.act("/plan", "apply", plan=plan_id(plan), yes="yes", confirm="dev").outcome["dialog"]
            assert "not typed as it is shown" in wrong
            assert not prod.exists("orders")
            applied(browser, browser.act("/plan", "apply", plan=plan_id(plan), yes="yes", confirm="prod"))
        assert prod.exists("orders")


def test_a_broken_definition_and_a_dead_endpoint_are_said(project: Project, define: Define, home: Path) -> None:
    define(table("orders"))
    project.ensure()
    with served(project) as browser:
        browser.open().wait_for("/tables", lambda html: whole(html) and "matches" in rows_of(html)["orders"])
        (home / "tables.json").write_text(json.dumps({"tables": [{"name": "orders", "nonsense": 1}]}), encoding="utf-8")
        browser.act("/tables", "refresh")
        page = browser.wait_for("/tables", lambda html: whole(html) and "cannot be read" in rows_of(html)["orders"])
        assert "nonsense" in page
        assert browser.get("/plan").status == 400
        assert "nonsense" in browser.get("/plan").text
    with (
        Project.load(home, endpoint="http://127.0.0.1:9", region="us-east-1", variables={}) as dead,
        served(dead) as browser,
    ):
        page = browser.open().wait_for("/tables", lambda html: 'class="notice bad"' in html)
        assert "127.0.0.1:9" in words_of(page)


def test_what_is_live_arrives_in_events(project: Project, define: Define) -> None:
    define(table("orders"))
    with served(project) as browser:
        text = browser.open().events("/tables", lambda sent: "missing" in sent)
        assert text.startswith("event: block\ndata: {")
        blocks = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
        assert {"summary", "list"} <= {block["id"] for block in blocks}


def test_five_hundred_tables_are_known_one_after_the_other(project: Project) -> None:
    with served(project) as browser:
        reader = browser.server.console.kept(TableReader)
        names = [f"t{number:03}" for number in range(500)]
        reader._tables = {name: CachedTable(name, False) for name in names}
        reader._read_at = monotonic()
        reader._keep(CachedTable("t007", False, read=True, failure="it is away"))
        page = browser.open().get("/tables").text
        assert len(rows_of(page)) == 500
        assert "1 of 500 read" in words_of(page)
        assert "cannot be read" in rows_of(page)["t007"]
        assert "reading" in rows_of(page)["t008"]


def test_no_page_waits_for_another_and_a_fault_says_nothing(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    for logger in ("dynasmith.console", "aiohttp"):
        caplog.set_level(logging.DEBUG, logger)
    held = threading.Event()

    def waits(request: PageRequest) -> Mapping[str, Any]:
        assert held.wait(60)
        raise ValueError("a secret of an item")

    def fails(request: PageRequest) -> NextPage:
        raise ValueError("a secret of an item")

    slow = replace(history.page, path="/slow", view=waits, actions={"fail": PageAction(fails)})
    with served(project, pages=(*PAGES, slow)) as browser, ThreadPoolExecutor(8) as readers:
        link = browser.guard.link
        browser.open()
        waiting = [readers.submit(browser.get, "/slow") for _ in range(8)]
        assert browser.get("/history").status == 200
        held.set()
        for reply in (*(each.result() for each in waiting), browser.act("/slow", "fail")):
            assert reply.status == 500
            assert "secret" not in reply.text
        browser.get("/tables/secret")
        browser.cookie = f"{browser.cookie}x"
        assert browser.get("/tables").status == 401
    loggers = ("dynasmith.console", "aiohttp")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(loggers)]
    assert any("ValueError" in message for message in ours)
    for hidden in ("secret", link.rpartition("/")[2], browser.cookie.partition("=")[2][:-1]):
        assert not any(hidden in message for message in ours)


@pytest.mark.parametrize(("under", "shown"), [("/jobs", False), ("/items", True)])
def test_an_error_repeats_no_value_where_values_are_hidden(project: Project, under: str, *, shown: bool) -> None:
    def quotes(request: PageRequest) -> NextPage:
        raise DataError("Attribute name: Zora is no number.")

    page = replace(history.page, path="/quotes", under=under, view=quotes, actions={"quote": PageAction(quotes)})
    for redact, visible in ((False, shown), (True, False)):
        with served(project, pages=(*PAGES, page), redact=redact, hides=True) as browser:
            browser.open()
            for reply in (browser.get("/quotes"), browser.act("/quotes", "quote")):
                assert reply.status >= 400
                assert ("Zora" in reply.text) == visible


def test_an_apply_outlives_its_console(project: Project, define: Define, strict: StrictServer) -> None:
    define(table("orders"))
    project.ensure()
    define(table("orders", global_secondary_indexes=[gsi("by_day", "day")]))
    strict.auto_advance = False
    with served(project) as browser:
        plan = browser.open().wait_for("/plan", lambda html: 'name="plan"' in html)
        begun = browser.act("/plan", "apply", plan=plan_id(plan), yes="yes").outcome["go"]
        assert "1 of 2" in words_of(browser.get(begun).text)
    strict.auto_advance = True
    with served(project) as browser:
        page = browser.open().get(begun).text
        assert "Go on" in words_of(page)
        assert "is being changed" in words_of(browser.get("/tables/orders").text)
        assert "jobs resume" in page
        assert browser.act(begun, "go_on").status == 200
        assert "jobs resume" not in browser.wait_for(begun, lambda html: "Every table is as planned" in html)
        for do in ("go_on", "cancel"):
            assert browser.act(begun, do).status != 200, "it is over"


def test_history_has_migrations(project: Project, define: Define, home: Path) -> None:
    define(table("orders"))
    project.migrations.generate("split names")
    project.migrations.mark("0.0.1", consent=Consent(yes=True))
    with served(project) as browser:
        words = words_of(browser.open().get("/history").text)
    assert "marked" in words
    assert "split names" in words
