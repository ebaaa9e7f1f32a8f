"""`dynasmith report`: one file that shows what the pages show, opens anywhere and asks nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.story import Story, table
from console.browser import words_of
from dynasmith.console.standalone import standalone
from page_commands.page import commands

BYTES_MAX = 1_000_000


class References(HTMLParser):
    """What a document would fetch, or send somewhere."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        names = ("src", "href", "action", "srcset", "data", "style", "background")
        self.found += [f"{tag} {name}={value}" for name, value in attrs if name in names or name.startswith("on")]


def test_one_file_says_what_differs(story: Story) -> None:
    story.define(table("orders"), table("customers"))
    assert story("ensure", "orders").code == 0
    answer = story("report", "--html", "out/report.html")
    assert (answer.code, answer.out) == (3, "")
    assert "Wrote out/report.html." in answer.err
    html = Path("out/report.html").read_text(encoding="utf-8")
    words = words_of(html.partition("</style>")[2])
    for sentence in (
        "2 tables",
        "1 differs from the definition",
        "customers",
        "create the table",
        "No migrations",
    ):
        assert sentence in words
    assert len(html.encode()) < BYTES_MAX
    references = References(html)
    assert all(re.fullmatch(r"a href=#[a-z]+", each) for each in references.found), references.found
    assert references.tags.isdisjoint({"script", "form", "button", "input", "link", "img", "iframe"})
    assert not re.search(r"@import|url\(", html)
    again = story("report", "--html", "out/report.html")
    assert (again.code, again.error) == (2, "The file out/report.html exists already.")


def test_exit_codes_and_the_document(story: Story) -> None:
    story.define(table("orders", deletion_protection=True, point_in_time_recovery={"enabled": True}))
    assert story("ensure").code == 0
    answer = story("report", "--html", "-")
    assert answer.out.startswith("<!doctype html>")
    assert answer.out.endswith("</html>\n")
    document = story("report", "--html", "report.html", "--json").json
    assert document["bytes"] == Path("report.html").stat().st_size
    assert (document["tables"], document["differing"], document["failures"]) == (1, [], [])
    assert answer.code == (3 if document["critical"] else 0)
    answer = story("report", "--html", "-", "--json")
    assert (answer.code, answer.json["error"]["message"]) == (2, "--html - and --json both write to stdout.")


def test_what_cannot_be_read_is_said_in_its_place(story: Story) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    story.write("tables_config.json", "{")
    answer = story("report", "--html", "report.html")
    assert answer.code == 1
    assert "tables_config.json:1: is not JSON" in answer.err
    words = words_of(Path("report.html").read_text(encoding="utf-8"))
    assert "could not be read" in words
    assert "orders" in words


def test_the_commands_of_the_page(story: Story) -> None:
    story.define(table("orders"))
    for command in commands("docs/guide/report.md"):
        if command.program == "dynasmith":
            assert story(*command.words[1:]).code == 3
    assert Path("report.html").exists()
    assert Path("tables.html").exists()


def test_no_value_is_in_the_report_of_a_protected_environment(story: Story) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    story.define(table("orders", items=[{"pk": "Zora", "age": 4}]))
    story.write(
        "dynasmith.toml",
        f'definitions = ["tables_config.json"]\n[environments.prod]\nendpoint = "{story.endpoint}"\nprotected = true\n',
    )
    assert "Zora" not in story("report", "--html", "-", "--env", "prod").out
    assert "Zora" in story("report", "--html", "-", "--env", "prod", "--no-redact").out


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ('<p>a <a class="name" href="/tables/x">x &amp; y</a> b</p>', '<p>a <span class="name">x &amp; y</span> b</p>'),
        (
            '<a href="#plan">Plan</a> <a href="https://example.org">e</a>',
            '<a href="#plan">Plan</a> <a href="https://example.org">e</a>',
        ),
        ("<div><form><input><p>x<br>y</p><button>go</button></form>z</div>", "<div>z</div>"),
        ("<noscript><button>a</button></noscript>b<input>c", "bc"),
        ('<svg viewBox="0 0 1 1"><path d="M1 1"/></svg>&#34;', '<svg viewBox="0 0 1 1"><path d="M1 1"/></svg>&#34;'),
    ],
    ids=range(5),
)
def test_what_asks_a_console_is_left_out(html: str, kept: str) -> None:
    assert standalone(html) == kept
