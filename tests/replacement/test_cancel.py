"""jobs cancel of a replacement: what it did to the table that it replaces is taken back, or it is refused."""

import random
from pathlib import Path
from typing import Any

import pytest

from cli.story import client_of
from dynasmith import Project
from dynasmith.engine.replacement.replacement import _Run
from item_stories.kit import ItemStory
from replacement.kit import with_users
from replacement.test_cutover import hook, replaced, state


def has_stream(story: ItemStory) -> bool:
    """Whether the old table has a stream."""
    client = client_of(story.endpoint, story.account)
    found = client.describe_table(TableName="users")["Table"].get("StreamSpecification", {}).get("StreamEnabled")
    client.close()
    return bool(found)


def cancel_at(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else cancels the job once it has entered a state."""
    real = _Run.enter

    def enter(run: _Run, state: Any) -> None:
        real(run, state)
        if state == moment:
            with Project.load() as project:
                project.jobs.cancel(run.claim.job.id)

    monkeypatch.setattr(_Run, "enter", enter)


def test_a_replacement_that_runs_is_ended_by_the_process_that_runs_it(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_users(story, 20, key="mail")
    cancel_at(random.choice(("capturing", "copying", "draining", "following")), monkeypatch)
    answer = story("replace", "users", "--yes", "--json", "--transform", "moves:by_mail")
    assert (answer.code, answer.json["state"], answer.json["reached"]) == (1, "cancelled", False), answer.err
    assert state(story)["state"] == "aborted"
    assert not has_stream(story)
    over = story("jobs", "cancel", answer.json["id"])
    assert over.code != 0
    assert "cancelled" in over.error


def test_a_cut_over_that_is_cancelled_lets_writes_go_on(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    job = replaced(story, 10)
    cancel_at("cutover", monkeypatch)
    answer = story("replace", "cutover", job, "--pointer", "file:table.txt", "--fence", hook(), "--yes", "--json")
    assert (answer.code, answer.json["state"]) == (1, "cancelled"), answer.err
    assert Path("hooks.log").read_text().splitlines()[-1] == "off users"
    assert Path("table.txt").read_text() == "users\n"
    assert not has_stream(story)


def test_one_that_nobody_runs_is_ended_by_abort_or_by_finish(story: ItemStory) -> None:
    job = replaced(story, 10)
    refused = story("jobs", "cancel", job)
    assert (refused.code, refused.error) == (
        1,
        f"Job {job} cannot be cancelled as it is: it has turned on the stream of users.",
    )
    assert refused.hint == f"dynasmith replace abort {job} takes that back and ends it; both tables stay"
    assert state(story)["state"] == "following"
    assert story("replace", "cutover", job, "--pointer", "file:table.txt", "--no-fence", "--yes").code == 0
    refused = story("jobs", "cancel", job)
    assert refused.code == 1
    assert refused.error.startswith("users-v2 is in use in place of users")
    assert f"dynasmith replace finish {job}" in refused.hint
    assert state(story)["state"] == "following back"


def test_one_that_has_changed_nothing_is_just_cancelled(story: ItemStory) -> None:
    with_users(story, 5, key="mail")
    client = client_of(story.endpoint, story.account)
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    client.update_table(TableName="users", StreamSpecification=stream)
    client.close()
    story.served.clock.advance(60)
    answer = story("replace", "users", "--yes", "--json", "--transform", "moves:by_mail", "--until", "following")
    assert answer.code == 0, answer.err
    assert story("jobs", "cancel", answer.json["id"], "--json").json["state"] == "cancelled"
    assert has_stream(story)
