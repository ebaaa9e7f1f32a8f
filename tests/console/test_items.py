"""The pages Items and Item: what is asked and found, what an edit changes, what another writer did; and what neither an
address nor a page may hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from cli.story import new_account
from console.browser import Browser, served
from console.browser import words_of as escaped_words_of
from dynasmith import Project, connect
from dynasmith.console.item_query import key_words
from dynasmith.console.page import FormFields
from dynasmith.tables.table import Index, Key, KeyAttribute, Table

CUSTOMER, ORDER, STATUS = (KeyAttribute(name=name, type="S") for name in ("customer", "order", "status"))
TOTAL, NUMBER = (KeyAttribute(name=name, type="N") for name in ("total", "n"))
ORDERS = Table(
    name="orders",
    key=Key(partition=(CUSTOMER,), sort=(ORDER,)),
    indexes=(Index(name="by_total", key=Key(partition=(STATUS,), sort=(TOTAL,))),),
)
BLOBS = Table(name="blobs", key=Key(partition=(KeyAttribute(name="b", type="B"),), sort=(NUMBER,)))
HOSTILE = "<script>alert('x')</script>&\"'`{{7*7}}\u202e"
pytestmark = pytest.mark.engine


def words_of(html: str) -> str:
    """What a reader reads."""
    return unescape(escaped_words_of(html))


def order(number: int) -> dict[str, Any]:
    return {
        "customer": {"S": f"c{number % 3}"},
        "order": {"S": f"2026-{number:03}"},
        "status": {"S": "open" if number % 2 else "paid"},
        "total": {"N": str(number)},
        "address": {"M": {"city": {"S": "Bern"}}},
    }


@pytest.fixture(scope="module")
def shop(ministack_endpoint: str) -> Iterator[Project]:
    """Orders and an index of them, and a table whose key is binary."""
    with connect(
        endpoint=ministack_endpoint, region="us-east-1", credentials=(new_account(), "secret"), tables=[ORDERS, BLOBS]
    ) as project:
        project.ensure()
        for number in range(30):
            project.put("orders", order(number))
        project.put("blobs", {"b": {"B": "AP8="}, "n": {"N": "1"}, "text": {"S": HOSTILE}})
        yield project


@pytest.fixture(scope="module")
def console(shop: Project) -> Iterator[Browser]:
    with served(shop) as browser:
        yield browser.open()


def asked(browser: Browser, table: str, **fields: str) -> str:
    """The address that leads to what a form asks."""
    outcome = browser.act(f"/tables/{table}/items", "ask", **fields).outcome
    assert "go" in outcome, outcome
    return str(outcome["go"])


def found(browser: Browser, table: str, **fields: str) -> str:
    return words_of(browser.get(asked(browser, table, **fields)).text)


def test_a_key_an_index_and_a_filter(console: Browser) -> None:
    assert "10 shown 10 read" in found(console, "orders", v0="c1")
    words = found(console, "orders", v0="c1", o1="between", v1="2026-004", w1="2026-010", reverse="on")
    assert "3 shown 3 read" in words
    assert words.index("2026-010") < words.index("2026-007") < words.index("2026-004")
    assert "dynasmith query orders customer=c1" in words
    assert "order BETWEEN" in words
    words = found(console, "orders", index="by_total", v0="open", o1=">=", v1="25", filter="order <> '2026-029'")
    assert "Query 2 shown 3 read" in words
    assert "--index by_total" in words
    words = found(console, "orders", filter="total < 3", limit="2")
    assert "Scan 2 shown" in words
    assert re.search(r"[\d.]+ RCU", words)


def test_the_next_page_and_no_page_before(console: Browser) -> None:
    seen: list[str] = []
    path: str | None = asked(console, "orders", limit="10")
    for _ in range(3):
        assert path
        page = console.get(path).text
        seen += re.findall(r"2026-\d{3}", page)
        following = re.search(r'href="([^"]*)">Next page', page)
        path = unescape(following[1]) if following else None
    assert path is None
    assert sorted(set(seen)) == [f"2026-{number:03}" for number in range(30)]


def told(address: str) -> str:
    """An address without the random word that stands for what was asked, which may hold any letters."""
    return re.sub(r"/items/[\w-]{12}", "/items", address)


def test_no_address_holds_a_value(console: Browser) -> None:
    for fields in ({"v0": "c1"}, {"v0": "c1", "v1": "2026-001"}, {"filter": "customer = 'c1'"}):
        assert "c1" not in told(asked(console, "orders", **fields))
    page = console.get(asked(console, "orders", v0="c1")).text
    addresses = [told(address) for address in re.findall(r'(?:href|action)="([^"]*)"', page)]
    assert not [address for address in addresses if "c1" in address or "2026" in address]
    reply = console.get("/tables/orders/items?do=ask&index=&v0=c1&limit=10")  # a form without the script
    assert reply.status == 303
    assert "c1" not in told(reply.headers["location"])
    assert "10 shown" in words_of(console.get(reply.headers["location"]).text)
    words = words_of(console.get("/tables/orders/items?q=forgotten").text)
    assert "This address belongs to a console that has ended" in words
    assert console.get("/tables/orders/items/forgotten").status == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"index": "by_total", "v0": "open", "v1": "many"}, "total is a number in a key"),
        ({"index": "gone", "v0": "open"}, "There is no index gone"),
        ({"v0": "c1", "o1": "between", "v1": "b"}, "the second is empty"),
        ({"v0": "c1", "o1": "between", "v1": "b", "w1": "a"}, "The lower bound of order is above"),
        ({"v0": "c1", "filter": "total >"}, "The condition cannot be read"),
        (
            {"v0": "c1", "filter": "order = 'x' OR order = 'y'"},
            "order is in a condition that a query of its key cannot",
        ),
        ({"v0": "c1", "limit": "501"}, "A page shows 1 to 500 items"),
        ({"v0": "c1", "o1": "<script>"}, "There is no such comparison"),
        ({"index": "by_total", "v0": "open", "o1": "begins_with", "v1": "1"}, "only texts and binary begin"),
    ],
    ids=range(9),
)
def test_what_cannot_be_asked(console: Browser, fields: dict[str, str], sentence: str) -> None:
    assert sentence in console.act("/tables/orders/items", "ask", **fields).outcome["error"]


def test_a_binary_key_and_hostile_text(console: Browser) -> None:
    path = asked(console, "blobs", v0="AP8=", v1="1")
    page = console.get(path).text
    assert "AP8=" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "49" not in words_of(page).replace("{{7*7}}", "")
    assert "dynasmith get blobs b=AP8= n=1" in unescape(page)
    assert "is binary, and 'no' is not base64" in console.act("/tables/blobs/items", "ask", v0="no").outcome["error"]


def draft_of(page: str) -> str:
    found = re.search(r'name="draft" value="([^"]+)"', page)
    assert found, words_of(page)
    return found[1]


def text_of(page: str) -> dict[str, Any]:
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found
    read: dict[str, Any] = json.loads(unescape(found[1]))
    return read


def reviewed(browser: Browser, path: str, change: dict[str, Any]) -> tuple[str, str]:
    """The draft of an edit, and the page that shows what it changes."""
    page = browser.get(f"{path}?edit=typed").text
    text = {name: value for name, value in (text_of(page) | change).items() if value is not None}
    outcome = browser.act(path, "review", draft=draft_of(page), text=json.dumps(text)).outcome
    assert "go" in outcome, outcome
    shown = browser.get(outcome["go"]).text
    return draft_of(shown), words_of(shown)


def test_an_edit_is_shown_before_it_is_written(console: Browser, shop: Project) -> None:
    shop.put("orders", order(100))
    path = asked(console, "orders", v0="c1", v1="2026-100")
    change = {
        "total": {"N": "12.50"},
        "status": None,
        "tags": {"SS": ["b", "a"]},
        "address": {"M": {"city": {"S": ""}}},
    }
    draft, words = reviewed(console, path, change)
    for line in (
        'address.city changed S "Bern" S ""',
        'status removed S "paid" –',
        'tags added – SS "a", "b"',
        "total changed N 100 N 12.50",
        "2 attributes stay",
        "about 1 WCU",
    ):
        assert line in words
    assert shop.get("orders", {"customer": {"S": "c1"}, "order": {"S": "2026-100"}}) == order(100)
    outcome = console.act(path, "put", draft=draft).outcome
    assert (outcome["go"], outcome["say"]) == (path, "The item is written.")
    written = shop.get("orders", {"customer": {"S": "c1"}, "order": {"S": "2026-100"}})
    assert written["total"] == {"N": "12.5"}
    assert "status" not in written
    assert sorted(written["tags"]["SS"]) == ["a", "b"]


def test_another_writer_comes_first(console: Browser, shop: Project) -> None:
    key = {"customer": {"S": "c2"}, "order": {"S": "2026-101"}}
    shop.put("orders", order(101))
    path = asked(console, "orders", v0="c2", v1="2026-101")
    draft, _ = reviewed(console, path, {"total": {"N": "7"}})
    shop.put("orders", order(101) | {"status": {"S": "shipped"}, "note": {"S": "theirs"}})
    conflict = console.get(console.act(path, "put", draft=draft).outcome["go"]).text
    words = words_of(conflict)
    assert "Nothing was written: the item has changed since it was read." in words
    assert 'status changed S "open" S "shipped"' in words
    assert "total changed N 101 N 7" in words
    assert shop.get("orders", key)["total"] == {"N": "101"}
    merged = console.get(console.act(path, "rebase", draft=draft_of(conflict)).outcome["go"]).text
    assert "total changed N 101 N 7" in words_of(merged)
    assert "status changed" not in words_of(merged)
    console.act(path, "put", draft=draft_of(merged))
    now = shop.get("orders", key)
    assert (now["total"], now["status"], now["note"]) == ({"N": "7"}, {"S": "shipped"}, {"S": "theirs"})
    draft, _ = reviewed(console, path, {"total": {"N": "8"}})
    shop.put("orders", now | {"added": {"BOOL": True}})
    assert "somebody added since it was read" in console.act(path, "put", draft=draft).outcome["say"]
    draft, _ = reviewed(console, path, {"total": {"N": "9"}})
    shop.delete_item("orders", key)
    gone = console.get(console.act(path, "put", draft=draft).outcome["go"]).text
    assert "the item was deleted since it was read" in words_of(gone)


def test_a_new_item_replaces_none(console: Browser, shop: Project) -> None:
    path = "/tables/orders/items/new"
    page = console.get(path).text
    assert text_of(page) == {"customer": "", "order": ""}
    text = json.dumps({"customer": "new", "order": "1", "total": 12345678901234567890123456789012345678})
    go = console.act(path, "review", draft=draft_of(page), text=text).outcome["go"]
    words = words_of(console.get(go).text)
    assert "total added – N 12345678901234567890123456789012345678" in words
    draft = draft_of(console.get(go).text)
    assert console.act(path, "put", draft=draft).outcome["say"] == "The item is written."
    conflict = words_of(console.get(console.act(path, "put", draft=draft).outcome["go"]).text)
    assert "there is an item of that key already" in conflict
    assert shop.get("orders", {"customer": {"S": "new"}, "order": {"S": "1"}})["total"]["N"].startswith("1234567890")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "there is nothing to write"),
        ({"order": {"S": "other"}}, "The key of an item cannot be changed: order differs"),
        ({"order": None}, "The item lacks its key: order"),
        ({"total": 3}, "Attribute total has no type"),
        ({"total": {"N": "1" * 39}}, "39 significant digits"),
        ({"tags": {"SS": []}}, "tags"),
    ],
    ids=range(6),
)
def test_what_cannot_be_written(console: Browser, change: dict[str, Any], sentence: str) -> None:
    path = asked(console, "orders", v0="c0", v1="2026-000")
    page = console.get(f"{path}?edit=typed").text
    text = {name: value for name, value in (text_of(page) | change).items() if value is not None}
    outcome = console.act(path, "review", draft=draft_of(page), text=json.dumps(text)).outcome
    assert sentence in outcome["error"]


def test_the_other_form_of_the_editor(console: Browser) -> None:
    path = asked(console, "orders", v0="c0", v1="2026-000")
    page = console.get(f"{path}?edit=plain").text
    assert text_of(page)["total"] == 0
    typed = console.get(
        console.act(path, "form", draft=draft_of(page), text=json.dumps(text_of(page))).outcome["go"]
    ).text
    assert text_of(typed)["total"] == {"N": "0"}
    with_set = text_of(typed) | {"tags": {"SS": ["x"]}}
    refused = console.act(path, "form", draft=draft_of(typed), text=json.dumps(with_set)).outcome
    assert "Plain JSON cannot hold a set" in refused["error"]


def test_the_key_of_what_is_deleted_is_typed(console: Browser, shop: Project) -> None:
    shop.put("orders", order(102))
    path = asked(console, "orders", v0="c0", v1="2026-102")
    assert "Type the customer: c0" in words_of(console.act(path, "ask-delete").outcome["dialog"])
    wrong = console.act(path, "delete", key=["c0", "2026-10"]).outcome
    assert "The key was not typed as it is shown" in words_of(wrong["dialog"])
    assert console.act(path, "delete", key=["c0", "2026-102"]).outcome["say"] == "The item is deleted."
    assert console.get(path).status == 404


def test_a_read_only_console_writes_nothing(shop: Project) -> None:
    with served(shop, changes=False) as browser:
        browser.open()
        path = asked(browser, "orders", v0="c0", v1="2026-000")
        page = browser.get(path).text
        assert "read only" in words_of(page)
        assert ">Edit<" not in page
        assert "<textarea" not in browser.get(f"{path}?edit=typed").text
        assert "New item" not in browser.get("/tables/orders/items").text
        for do in ("review", "put", "delete", "ask-delete", "rebase"):
            assert browser.act(path, do).status == 403


def test_values_are_hidden_where_that_was_asked_for(shop: Project) -> None:
    with served(shop, redact=True) as browser:
        browser.open()
        path = asked(browser, "orders", v0="c0", v1="2026-000")
        for address in (path, f"{path}?edit=typed", asked(browser, "orders", v0="c0"), asked(browser, "orders")):
            page = browser.get(address).text
            assert "2026-000" not in page
            assert "Bern" not in page
            assert "***" in page
            assert "customer" in page
        assert "values hidden" in words_of(browser.get(path).text)
        for do in ("ask-delete", "delete"):
            reply = browser.act(path, do, key=["c0", "2026-001"])
            assert reply.status == 400
            assert "2026-000" not in reply.text
            assert "Values are hidden" in reply.text


def test_the_fields_of_a_form_are_words_of_a_command() -> None:
    assert key_words({"a": {"S": "x y"}, "n": {"N": "1"}}, ["a", "n"]) == ("a=x y", "n=1")
    assert FormFields.of("v0=%00").text("v0") == "\0"
