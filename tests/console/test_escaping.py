"""No text becomes a part of a page: not one of the service, of a definition, of an item, of an address or of a form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dynasmith.console
from console.browser import Browser, served
from console.conftest import Define
from console.demo_shop import drifted_shop
from console.test_jobs import kept_course
from console.test_pages import plan_id
from console.test_replacements import JOB, VERIFIED, kept_replacement
from dynasmith.console.markup import render, surroundings, templates
from dynasmith.console.page import ConsolePage, PageRequest
from dynasmith.console.pages import PAGES
from dynasmith.strict import StrictServer
from example_counts import examples

HERE = Path(dynasmith.console.__file__).parent
HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "</title><b>", "]]><svg>",
    "{{ 7 * 7 }}", "{% raw %}", "&lt;i&gt;", "<!--", "\x00", "\u2028", "javascript:alert(1)", "</script", "`${1}`",
)  # fmt: skip
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40)).filter(lambda text: "\r" not in text)


class Shape(HTMLParser):
    """What a page is made of: its elements, with the names of their attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "wbr":  # where an id may be broken
            self.elements.append((tag, tuple(name for name, _ in attrs)))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a page has a comment: {data[:80]}")


def shape_of(html: str) -> Shape:
    shape = Shape()
    shape.feed(html)
    shape.close()
    return shape


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """Plain data with every text changed, but for empty ones and names of symbols, which templates look up."""
    if isinstance(value, str):
        return value if value in ICONS or not value else change(value)
    if isinstance(value, Mapping):
        return {name: changed(each, change) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(changed(each, change) for each in value)
    assert value is None or isinstance(value, int | float), f"a view returned a {type(value).__name__}"
    return value


ICONS = frozenset(templates().get_template("macros.html").module.ICONS)  # type: ignore[attr-defined]


class Seen(dict[str, tuple[ConsolePage, Any]]):
    """What views returned, by the path of their page."""

    def __repr__(self) -> str:
        return f"<data of {', '.join(self)}>"


@pytest.fixture(scope="module")
def seen(ministack_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What the views of every page returned, in a project that has something on each."""
    found = Seen()

    def watched(page: ConsolePage) -> ConsolePage:
        def view(request: PageRequest) -> Any:
            data = page.view(request)
            if isinstance(data, Mapping):
                found[page.path] = page, {**surroundings(request.console, page, PAGES), "live": False, **data}
            return data

        return replace(page, view=view)

    folder = tmp_path_factory.mktemp("shop")
    kept_replacement(folder / ".dynasmith" / "jobs", VERIFIED)
    copied = kept_course(folder / ".dynasmith" / "jobs")
    with (
        StrictServer(ministack_endpoint, auto_advance=True) as strict,
        drifted_shop(folder, strict.endpoint) as shop,
        served(shop, pages=tuple(map(watched, PAGES))) as browser,
    ):
        browser.open().wait_for("/tables", lambda html: "difference" in html and "<progress" not in html)
        plan = browser.wait_for("/plan", lambda html: 'name="plan"' in html)
        kept = found["/plan"]
        begun = browser.act("/plan", "apply", plan=plan_id(plan), yes="yes").outcome["go"]
        browser.get(begun)
        found["/plan"] = kept
        job = begun.rpartition("/")[2]
        jobs = {"/jobs/{job}": copied, "/replacements/{job}": JOB}
        for page in PAGES:
            if "{item}" not in page.path and page.path not in ("/plan", "/plan/{job}"):
                browser.get(page.path.replace("{table}", "orders").replace("{job}", jobs.get(page.path, job)))
    return found


@pytest.fixture(scope="module")
def plain(seen: Seen) -> Mapping[str, object]:
    """What the pages are made of where every text is harmless."""
    return {
        path: shape_of(render(page.template, changed(data, lambda value: f"x{value}"))).elements
        for path, (page, data) in seen.items()
    }


def test_every_page_was_seen(seen: Seen) -> None:
    assert {page.path for page in PAGES} - set(seen) <= {"/tables/{table}/items/{item}"}


@examples(15)
@given(text=TEXTS)
def test_no_text_of_a_view_becomes_a_part_of_its_page(seen: Seen, plain: Mapping[str, object], text: str) -> None:
    for path, (page, data) in seen.items():
        hostile = shape_of(render(page.template, changed(data, lambda value: f"x{text}{value}")))
        assert hostile.elements == plain[path], path


@pytest.fixture
def console(project: Any, define: Define) -> Any:
    with served(project) as browser:
        yield browser.open()


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_an_address_or_a_form_becomes_a_part_of_a_page(console: Browser, text: str) -> None:
    part = quote(text, safe="")
    paths = (f"/tables/{part}", f"/plan/{part}", f"/jobs/{part}", f"/tables?filter={part}&state={part}", f"/{part}")
    for path in (*paths, f"/plan?table={part}", f"/plan?{part}={part}", f"/tables/{part}/items", f"/items?{part}"):
        html = console.get(path).text
        shape = shape_of(html)
        tags = {tag for tag, _ in shape.elements}
        assert not tags & {"img", "b", "i"}, path
        assert sum(tag == "script" for tag, _ in shape.elements) <= 1, path
        assert not any(name.startswith("on") for _, names in shape.elements for name in names), path
    answer = console.act("/plan", "apply", plan=text, yes=text, confirm=text)
    assert answer.headers["content-type"].startswith("application/json")
    assert "alert(1)" not in answer.text
    assert console.act("/tables", text).status == 404


def test_nothing_is_marked_as_safe() -> None:
    sources = [*HERE.rglob("*.py"), *HERE.rglob("*.html"), *HERE.rglob("*.js")]
    assert len(sources) > 20
    for source in sources:
        text = source.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|Markup\(|autoescape\s*=\s*False|{%\s*autoescape", text), source.name
    for template in HERE.rglob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/static/)|https?://(?!www\.w3\.org)", text), (
            template
        )


def test_a_get_changes_nothing(console: Browser, define: Define, project: Any) -> None:
    from cli.story import table

    define(table("orders"))
    plan = console.wait_for("/plan", lambda html: 'name="plan"' in html)
    for path in ("/plan", "/tables", "/history"):
        for query in (f"do=apply&plan={plan_id(plan)}&yes=yes", "do=refresh", "do=again"):
            console.get(f"{path}?{query}")
            console.send("HEAD", f"{path}?{query}")
    assert list(project.names()) == []
    assert project.jobs.list() == []
