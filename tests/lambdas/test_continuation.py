"""A run over several invocations, and two of them at once: parked locks, what a client watched, progress."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from item_stories.kit import ItemStory
from lambdas.conftest import FakeContext, InProcess
from leftovers import threads_left

STEPS = '''"""Three steps, each of which counts, and ends when the function's time is over."""

import sys


def up(m):
    for number in range(3):
        m.once(f"step {number}", lambda: counted(m))


def counted(m):
    m.client().update_item(
        TableName="users", Key={"pk": {"S": "counter"}}, UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    sys.modules["lambdas_time"].over()
'''
HANGS = '''"""Waits for a word from the test."""

import words


def up(m):
    m.once("waits", words.wait)
    m.once("more", lambda: 1)
'''
WORDS = """
import sys


def wait():
    here = sys.modules["lambdas_hanging"]
    here.begun.set()
    assert here.go.wait(60)
"""


def counter(story: ItemStory) -> int:
    found = story.direct.get_item(TableName="users", Key={"pk": {"S": "counter"}}).get("Item")
    return int(found["n"]["N"]) if found else 0


class OneStep(FakeContext):
    """A context whose time is over as soon as a step was done."""

    def __init__(self) -> None:
        super().__init__()
        self._counted, self._heard, self._asked = threading.Event(), threading.Event(), 0

    def get_remaining_time_in_millis(self) -> int:
        """What is left. Asked a second time when nothing is, the run has been told to stop."""
        if not self._counted.is_set():
            return 3000
        self._asked += 1
        if self._asked > 1:
            self._heard.set()
        return 0

    def over(self) -> None:
        """Called at the end of a step."""
        self._counted.set()
        assert self._heard.wait(60)


@pytest.fixture
def one_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[], OneStep]:
    """Makes contexts for the steps of `STEPS`."""
    module: Any = ModuleType("lambdas_time")
    monkeypatch.setitem(sys.modules, "lambdas_time", module)

    def new() -> OneStep:
        context = OneStep()
        module.over = context.over
        return context

    return new


def lock(story: ItemStory) -> dict[str, Any]:
    key = {"pk": {"S": "migrations#local"}, "sk": {"S": "lock"}}
    item: dict[str, Any] = story.direct.get_item(TableName="dynasmith-migrations", Key=key)["Item"]
    return {name: next(iter(value.values())) for name, value in item.items()}


def test_a_run_goes_on_from_invocation_to_invocation(in_process: InProcess, one_step: Callable[[], OneStep]) -> None:
    story = in_process.story
    story.make("users")
    story.write("migrations/0.0.1_steps.py", STEPS)
    threads = threading.enumerate()
    seen = []
    for number in range(20):
        reply = in_process("migrate.up", context=one_step(), continued=number > 0)
        assert threads_left(threads) == []
        if reply["status"] == "done":
            break
        assert reply["status"] == "continue", reply
        assert lock(story)["state"] == "parked"
        seen.append(reply["progress"])
    assert reply["result"][0]["state"] == "applied"
    assert counter(story) == 3
    assert [(each["version"], each["step"]) for each in seen] == [("0.0.1", 1), ("0.0.1", 2)]
    assert seen[0]["name"].startswith("step 1 (once)")
    events = in_process("migrate.show", "look", arguments={"migration": "0.0.1"})["result"]
    kinds = [event["kind"] for event in events]
    assert kinds == ["started", "interrupted", "resumed", "interrupted", "resumed", "applied"]
    assert lock(story)["state"] == "free"


@pytest.fixture
def hanging(in_process: InProcess, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An invocation that is in the middle of a step until ``go`` is set."""
    module: Any = ModuleType("lambdas_hanging")
    module.begun, module.go = threading.Event(), threading.Event()
    monkeypatch.setitem(sys.modules, "lambdas_hanging", module)
    in_process.story.make("users")
    in_process.story.write("migrations/0.0.1_hangs.py", HANGS)
    in_process.story.write("migrations/words.py", WORDS)
    replies: list[Any] = []
    thread = threading.Thread(target=lambda: replies.append(in_process("migrate.up")))
    thread.start()
    assert module.begun.wait(60)
    module.thread, module.replies = thread, replies
    yield module
    module.go.set()
    thread.join(60)


def test_two_clients_at_once_work_once(in_process: InProcess, hanging: Any) -> None:
    story = in_process.story
    other = in_process("migrate.up", "run-2")
    assert other["status"] == "locked"
    assert (other["lock"]["run"], other["lock"]["state"]) == ("run-1", "running")
    same = in_process("migrate.up", continued=True)
    assert same["status"] == "running"
    # What a client says of another lock, or of too short a time, takes nothing.
    seen = {name: other["lock"][name] for name in ("fence", "beat", "state")}
    for watched in ({"lock": seen, "seconds": 1.0}, {"lock": {**seen, "fence": 99}, "seconds": 99.0}):
        assert in_process("migrate.up", "run-2", watched=watched)["status"] == "locked"
    assert in_process("migrate.up", continued=True, over="another")["status"] == "running"
    hanging.go.set()
    hanging.thread.join(60)
    [reply] = hanging.replies
    assert reply["result"][0]["state"] == "applied", reply
    assert in_process("migrate.up", continued=True)["result"] == reply["result"]
    assert in_process("migrate.up", "run-2")["result"] == []
    assert lock(story)["state"] == "free"


def test_an_invocation_that_is_over_leaves_its_lock_to_the_run(in_process: InProcess, hanging: Any) -> None:
    """The first invocation is killed, for all that the client knows; what it still writes does not count."""
    before = lock(in_process.story)
    hanging.begun.clear()
    second: list[Any] = []
    thread = threading.Thread(
        target=lambda: second.append(in_process("migrate.up", continued=True, over=before["invocation"]))
    )
    thread.start()
    assert hanging.begun.wait(60)  # it took the lock, and does the step again
    assert int(lock(in_process.story)["fence"]) == int(before["fence"]) + 1
    hanging.go.set()
    thread.join(60)
    hanging.thread.join(60)
    assert second[0]["result"][0]["state"] == "applied", second
    assert hanging.replies[0]["status"] == "error"
    assert hanging.replies[0]["error"]["exit"] == 5


def test_a_lock_that_stood_still_long_enough_is_taken(in_process: InProcess, one_step: Callable[[], OneStep]) -> None:
    story = in_process.story
    story.make("users")
    story.write("migrations/0.0.1_steps.py", STEPS)
    assert in_process("migrate.up", context=one_step())["status"] == "continue"
    parked = lock(story)
    seen = {"fence": int(parked["fence"]), "beat": int(parked["beat"]), "state": "parked"}
    assert in_process("migrate.up", "run-2")["status"] == "locked"
    assert in_process("migrate.up", "run-2", watched={"lock": seen, "seconds": 59.0})["status"] == "locked"
    reply = in_process("migrate.up", "run-2", watched={"lock": seen, "seconds": 60.5}, context=one_step())
    assert reply["status"] == "continue", reply
    assert lock(story)["run"] == "run-2"
    late = in_process("migrate.up", continued=True)
    assert late["status"] == "locked"  # the first run has lost it
    assert counter(story) == 2
