"""A table that is deleted, or deleted and recreated, while a verb reads or writes it: never a claim of success."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from dynasmith.strict.state.journal import Call
from item_stories.killing import job_of, running, until_written
from item_stories.kit import ItemStory

SHAPE = """
version: 1
operations:
  - {add: country, value: CH}
"""
SLOWLY = ("--batch-size", "25", "--segments", "1")
COPY = ("copy", "users", "users_v2", "--yes", *SLOWLY)
EXPORT = ("export", "users", "out", *SLOWLY)
POPULATE = ("populate", "users_v2", "people.jsonl", "--batch-size", "25", "--yes")
BACKFILL = ("backfill", "users", "--transform", "shape.yaml", "--yes", *SLOWLY)
CHECK = ("backfill", "users", "--transform", "shape.yaml", "--check")
VERIFY = ("verify", "users", "users_v2")
WAIT_SECONDS_MAX = 300.0

When = Callable[..., None]


@pytest.fixture
def two(story: ItemStory) -> ItemStory:
    """200 users, a second table, a file of users, an operations file."""
    story.write("shape.yaml", SHAPE)
    story.write("people.jsonl", "".join(f'{{"pk":"p{number}"}}\n' for number in range(200)))
    story.people("users", 200)
    story.make("users_v2")
    return story


@pytest.fixture
def when(two: ItemStory, monkeypatch: pytest.MonkeyPatch) -> When:
    """``when(operation, number, do)``: do something after the strict endpoint passed on that call, before its reply."""

    def told(operation: str, number: int, do: Callable[[], None]) -> None:
        add, lock, seen = two.served.journal.add, threading.Lock(), 0

        def added(call: Call) -> None:
            nonlocal seen
            add(call)
            with lock:
                seen += call.operation == operation and not call.error
                if call.operation == operation and seen == number:
                    seen += 1  # once
                    do()

        monkeypatch.setattr(two.served.journal, "add", added)

    return told


def anew(story: ItemStory, name: str) -> None:
    """The table deleted and recreated, with the same items."""
    held = story.items(name)
    story.direct.delete_table(TableName=name)
    story.make(name)
    story.put(name, *held)


@pytest.mark.parametrize(
    ("words", "operation", "name"),
    [
        (COPY, "BatchWriteItem", "users_v2"),
        (COPY, "Scan", "users"),
        ((*COPY[:-1], "4", "--processes", "2"), "BatchWriteItem", "users_v2"),
        (EXPORT, "Scan", "users"),
        (POPULATE, "BatchWriteItem", "users_v2"),
        (BACKFILL, "BatchExecuteStatement", "users"),
    ],
)
def test_a_job_whose_table_is_made_anew_while_it_runs_does_not_end_well(
    two: ItemStory, when: When, words: tuple[str, ...], operation: str, name: str
) -> None:
    when(operation, 3, lambda: anew(two, name))
    ended = two(*words)
    assert ended.code == 1, ended.out + ended.err
    job = str(two("jobs", "list", "--json").json[-1]["id"])
    assert f"Table {name} was deleted and recreated since job {job} began" in ended.error
    assert ended.hint == f"dynasmith jobs cancel {job}, then start a new job"
    assert two("jobs", "show", job, "--json").json["state"] == "failed"
    again = two("jobs", "resume", job)
    assert (again.code, f"Table {name} was deleted and recreated" in again.error) == (1, True), again.err


def test_an_undo_whose_table_is_made_anew_while_it_runs_does_not_end_well(two: ItemStory, when: When) -> None:
    assert two(*BACKFILL).code == 0
    job = str(two("jobs", "list", "--json").json[-1]["id"])
    when("BatchExecuteStatement", 3, lambda: anew(two, "users"))
    ended = two("jobs", "undo", job, "--yes")
    assert (ended.code, "Table users was deleted and recreated since job undo-" in ended.error) == (1, True), ended.err


@pytest.mark.parametrize("words", [VERIFY, CHECK])
def test_what_was_read_of_a_table_that_is_made_anew_proves_nothing(
    two: ItemStory, when: When, words: tuple[str, ...]
) -> None:
    assert two("copy", "users", "users_v2", "--yes").code == 0
    when("Scan", 2, lambda: anew(two, "users"))
    ended = two(*words)
    assert (ended.code, ended.out) == (1, ""), ended.out
    assert "Table users was deleted and recreated while it was read" in ended.error


@pytest.mark.parametrize("words", [COPY, POPULATE])
def test_a_table_that_vanishes_is_named(two: ItemStory, when: When, words: tuple[str, ...]) -> None:
    when("BatchWriteItem", 3, lambda: two.direct.delete_table(TableName="users_v2"))
    ended = two(*words)
    job = str(two("jobs", "list", "--json").json[-1]["id"])
    assert ended.code == 1, ended.err
    assert f"Table users_v2 was deleted since job {job} began" in ended.error
    assert ended.hint == f"dynasmith jobs cancel {job}, then start a new job"


@pytest.mark.parametrize("processes", [(), ("--processes", "2")])
def test_after_a_lost_connection_the_table_is_compared_before_anything_is_sent_again(
    two: ItemStory, when: When, processes: tuple[str, ...]
) -> None:
    def lost() -> None:
        anew(two, "users_v2")
        standing.append(len(two.items("users_v2")))
        two.served.fault("BatchWriteItem", kind="reset-before", times=1)

    standing: list[int] = []
    when("BatchWriteItem", 3, lost)
    ended = two(*COPY, *processes, "--max-write-units", "25")  # one batch a second: one request at a time
    assert (ended.code, "Table users_v2 was deleted and recreated" in ended.error) == (1, True), ended.err
    assert len(two.items("users_v2")) == standing[0]


def test_the_table_that_is_deleted_is_the_one_that_was_exported(two: ItemStory, when: When) -> None:
    when("Scan", 2, lambda: anew(two, "users"))
    ended = two("retire", "users", "--export", "last", "--confirm", "users")
    assert (ended.code, "Table users was deleted and recreated" in ended.error) == (1, True), ended.err
    assert "users" in two.live()


def test_a_table_that_is_made_anew_between_its_last_export_and_its_end_stays(
    two: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dynasmith.engine import retire as engine_retire

    retire = engine_retire.retire

    def late(*given: Any) -> Any:
        anew(two, "users")
        return retire(*given)

    monkeypatch.setattr(engine_retire, "retire", late)
    ended = two("retire", "users", "--export", "last", "--confirm", "users")
    assert (ended.code, ended.error) == (
        1,
        "Table users was deleted and recreated meanwhile; nothing was deleted.",
    ), ended.err
    assert "users" in two.live()


def test_a_job_that_was_paused_compares_its_tables_before_it_goes_on(two: ItemStory) -> None:
    with running(two.folder, *COPY, "--max-write-units", "25") as process:
        job = job_of(process)
        until_written(two.folder, job, 25, process)
        assert two("jobs", "pause", job).code == 0
        control = two.folder / ".dynasmith" / "jobs" / job / "job.json"
        until(lambda: json.loads(control.read_text())["state"] == "paused")
        anew(two, "users_v2")
        standing = len(two.items("users_v2"))
        assert two("jobs", "proceed", job).code == 0
        _, said = process.communicate(timeout=WAIT_SECONDS_MAX)
    assert (process.returncode, f"deleted and recreated since job {job} began" in said) == (1, True), said
    assert len(two.items("users_v2")) <= standing + 25  # a batch may have been on its way when the job paused


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)
