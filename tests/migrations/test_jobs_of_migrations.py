"""Jobs that a migration began: its lock holds them, and `jobs` leaves them to it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from item_stories.kit import ItemStory
from migrations.killing import Killer, remove_tables

SLOW = """
def up(m):
    m.table("users").backfill(stamp, max_write_units=1)


def stamp(item):
    item["a"] = 1
    return item
"""
UP = ("migrate", "up", "--yes")
SECONDS_MAX = 120.0


@pytest.fixture(params=["", "table:jobs"], ids=["folder", "table"])
def users(story: ItemStory, request: pytest.FixtureRequest) -> ItemStory:
    """Forty users, and jobs in a folder or a table."""
    remove_tables(story)
    story.people("users", 40)
    story.write("migrations/0.0.1_stamp.py", SLOW)
    if request.param:
        story.write("dynasmith.toml", f'[jobs]\nledger = "{request.param}"\n')
    return story


def until(holds: Callable[[], Any]) -> None:
    """Wait for it."""
    end = time.monotonic() + SECONDS_MAX
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def running(story: ItemStory, killer: Killer) -> str:
    """A migration whose job runs at a unit a second; the id of the job."""
    killer.begin(story, *UP)
    until(lambda: json.loads(story("jobs", "list", "--json").out))
    (job,) = json.loads(story("jobs", "list", "--json").out)
    assert job["state"] == "running"
    return str(job["id"])


def test_a_job_of_a_migration_that_runs_is_left_to_it(users: ItemStory, killer: Killer) -> None:
    story = users
    job = running(story, killer)
    said = f"Job {job} belongs to migration 0.0.1, which is running."
    for words in (("resume", job), ("undo", job, "--yes"), ("prune", job, "--yes")):
        answer = story("jobs", *words)
        assert (answer.code, answer.error) == (5, said), words
        assert answer.hint == "`dynasmith migrate up` goes on with it, and with its jobs"
    assert story("jobs", "pause", job).code == 0
    assert story("jobs", "proceed", job).code == 0
    assert story("jobs", "pace", job, "--max-write-units", "10000").code == 0
    done = killer.end()
    assert done.code == 0, done.err
    (found,) = json.loads(story("jobs", "list", "--json").out)
    assert (found["id"], found["state"], found["written"]) == (job, "done", 40)
    answer = story("jobs", "undo", job, "--yes")
    assert (answer.code, answer.hint) == (1, "`dynasmith migrate down` takes it back")
    assert "belongs to migration 0.0.1, which is applied" in answer.error
    done = killer(story, "migrate", "down", "--yes")
    assert done.code == 0, done.err
    assert story("jobs", "prune", job, "--yes").code == 0


def test_a_job_that_is_cancelled_fails_its_migration(users: ItemStory, killer: Killer) -> None:
    story = users
    job = running(story, killer)
    assert story("jobs", "cancel", job).code == 0
    ended = killer.end()
    assert ended.code == 1
    assert f"Job {job} of this step was cancelled" in ended.err
    answer = story("migrate", "up", "--yes")
    assert (answer.code, f"Job {job} of this step was cancelled" in answer.error) == (1, True)
    assert story("migrate", "up", "--restart-step", "1", "--yes").code == 0
    states = sorted(found["state"] for found in json.loads(story("jobs", "list", "--json").out))
    assert states == ["cancelled", "done"]


def test_a_job_whose_migration_was_killed_goes_on_with_it_and_waits_for_no_lease_of_its_own(
    users: ItemStory, killer: Killer
) -> None:
    story = users
    job = running(story, killer)
    killer.kill()
    answer = story("jobs", "resume", job)
    assert (answer.code, "belongs to migration 0.0.1" in answer.error) == (5, True)
    assert story("jobs", "pace", job, "--max-write-units", "10000").code == 0
    done = killer(story, *UP)
    assert done.code == 0, done.err
    assert f"Job {job} is held by" not in done.err
    (found,) = json.loads(story("jobs", "list", "--json").out)
    assert (found["id"], found["state"], found["read"]) == (job, "done", 40)
