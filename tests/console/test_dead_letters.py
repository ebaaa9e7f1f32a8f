"""Dead letters: counted on the page of a job, shown where somebody asks, fetched by `jobs show --dead` and loaded."""

from __future__ import annotations

import json
from pathlib import Path

from cli.story import Story, table
from console.browser import served, words_of
from dynasmith import Project

LINES = '{"pk": "good"}\n{"pk": ""}\n{"pk": 5}\nnot an item\n'


def test_they_are_fetched_from_the_ledger_and_loaded_again(story: Story) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    story.write("items.jsonl", LINES)
    assert story("populate", "orders", "items.jsonl", "--on-error", "dead", "--yes").code == 3
    assert story("jobs", "show", "last").code == 0
    found = story("jobs", "show", "last", "--dead", "--json").json
    assert len(found) == story("jobs", "show", "last", "--json").json["dead"] > 0
    assert all(each["reason"] and ("item" in each or "line" in each) for each in found)
    lines = story("jobs", "show", "last", "--dead").out.splitlines()
    assert [json.loads(line)["reason"] for line in lines] == [each["reason"] for each in found]
    hidden = story("jobs", "show", "last", "--dead", "--redact").out
    assert "not an item" not in hidden
    assert "***" in hidden
    fixed = [{"Item": {"pk": {"S": f"fixed-{number}"}}, "reason": "", "code": ""} for number in range(len(lines))]
    Path("dead.jsonl").write_text("".join(json.dumps(line) + "\n" for line in fixed))
    assert story("populate", "orders", "dead.jsonl", "--yes").code == 0
    assert story("count", "orders", "--json").json["count"] == 1 + len(fixed)
    assert story("jobs", "show", "last", "--dead").err.strip() == "The job has no dead letters."


def test_the_page_shows_them_where_somebody_asks(story: Story) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    story.write("items.jsonl", LINES)
    assert story("populate", "orders", "items.jsonl", "--on-error", "dead", "--yes").code == 3
    with Project.load() as project:
        job = project.jobs.find("last")
        with served(project, changes=False) as browser:
            text = browser.open().get(f"/jobs/{job}").text
            assert "not an item" not in text
            assert f"dynasmith jobs show {job} --dead" in words_of(text)
            dialog = words_of(browser.act(f"/jobs/{job}", "dead").outcome["dialog"])
    assert "not an item" in dialog
    assert "dynasmith populate orders dead.jsonl" in dialog
