"""Two runs of migrations at once, and one that was stopped past its lease."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import Any

import pytest

from cli.story import client_of
from dynasmith.aws.stores.history.table import HistoryTable
from item_stories.kit import ItemStory
from migrations.killing import Killer
from migrations.test_jobs_of_migrations import SLOW, UP, running, until
from migrations.test_stories import migrate

APPLIED = {"up": "0.0.1\n", "down": "0.0.1\n"}
"""What is applied after two runs of a command, where there are three migrations and before a down two are applied."""


def started(story: ItemStory, *words: str) -> subprocess.Popen[str]:
    """A run that waits for the lock: its path is chosen and agreed to."""
    process = story.spawn("migrate", *words, "--yes")
    assert process.stderr is not None
    end = time.monotonic() + 120
    while "is held by" not in process.stderr.readline():
        assert process.poll() is None
        assert time.monotonic() < end
    return process


@pytest.mark.parametrize("command", APPLIED)
def test_of_two_that_agreed_to_the_same_one_does_it(migrated: ItemStory, command: str) -> None:
    """The other one waited, and finds nothing to do: it does not go on with what comes next."""
    story = migrated
    if command != "up":
        assert migrate(story, "up", "2", "--yes").code == 0
    name = "dynasmith-migrations"
    history = HistoryTable(client_of(story.endpoint, story.account), name, "local", guarded=False)
    with history.hold("r", "up", "ann", wait_seconds=0):
        both = [started(story, command) for _ in range(2)]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in both]
    assert [code for _, _, code in ended] == [0, 0], ended
    assert migrate(story, "list", "--quiet").out == APPLIED[command]
    kinds = [event.kind for event in history.read().events]
    assert kinds.count("applied") == (1 if command == "up" else 2)
    assert kinds.count("reverted") == (0 if command == "up" else 1)


def test_a_run_that_was_stopped_past_its_lease_writes_nothing_when_it_wakes(story: ItemStory, killer: Killer) -> None:
    """Another run waits for its lease (15 s), takes its job, and ends it; then the first one goes on."""
    story.people("users", 40)
    story.write("migrations/0.0.1_stamp.py", SLOW)
    story.write("dynasmith.toml", '[jobs]\nledger = "table:jobs"\n')
    job = running(story, killer)
    until(lambda: json.loads(story("jobs", "show", job, "--json").out)["written"])
    os.kill(killer.running, signal.SIGSTOP)
    assert story("jobs", "pace", job, "--max-write-units", "10000").code == 0
    story.write("migrations/0.0.1_stamp.py", SLOW)
    answer = story(*UP)
    assert answer.code == 0, answer.err
    items, history = story.digest("users"), _ordered(story.items("dynasmith-migrations"))
    os.kill(killer.running, signal.SIGCONT)
    woken = killer.end()
    assert woken.code == 5, woken.err
    assert "\nHint: run the command again: it goes on where this one was\n" in woken.err
    assert story.digest("users") == items
    assert _ordered(story.items("dynasmith-migrations")) == history
    assert json.loads(story("jobs", "show", job, "--json").out)["state"] == "done"


def _ordered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: str(item["sk"]["S"]))
