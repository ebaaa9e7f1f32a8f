"""A console that is killed while it applies a plan: its apply is in the ledger, and another console goes on with it."""

from __future__ import annotations

import json

from cli.story import Story, gsi, table
from console.browser import Browser, served, words_of
from dynasmith import Project
from dynasmith.strict import StrictServer


def test_an_apply_goes_on_in_another_console_where_its_own_was_killed(
    strict_story: Story, strict: StrictServer
) -> None:
    strict_story.define(table())
    assert strict_story("ensure").code == 0
    strict_story.define(table(global_secondary_indexes=[gsi("by_day", "day"), gsi("by_place", "place")]))
    strict.auto_advance = False  # a build lasts as long as the clock says
    with strict_story.spawn("console", "--json") as process:
        try:
            assert process.stdout is not None
            link = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["url"]
            browser = Browser.of_link(link)
            plan = browser.wait_for("/plan", lambda html: 'name="plan"' in html)
            number = plan.partition('name="plan" value="')[2].partition('"')[0]
            path = browser.act("/plan", "apply", plan=number, yes="yes").outcome["go"]
            browser.wait_for(path, lambda html: "index by_day is CREATING" in html)
        finally:
            process.kill()
    job = path.rpartition("/")[2]
    left = strict_story("jobs", "show", job, "--json").json["state"]
    assert left in ("waiting", "interrupted")  # between two looks, or in one
    assert f"{job} is {left}: 1 of 4 steps done." in strict_story("jobs", "show", job).out
    assert strict_story("check").code != 0
    strict.auto_advance = True
    with Project.load(clock=strict.clock) as project, served(project) as another:
        history = another.open().get("/history").text
        assert f'href="{path}"' in history
        assert f"{job} {left}" in words_of(history)
        assert "Go on" in another.get(path).text
        assert another.act(path, "go_on").outcome["go"] == ""
        another.wait_for(path, lambda html: "Every table is as planned" in html)
    assert strict_story("jobs", "show", job, "--json").json["state"] == "done"
    assert strict_story("check").code == 0
