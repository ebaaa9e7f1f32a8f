"""A run that several invocations of a function carry: the lock between them, what is known of it, and answers."""

from __future__ import annotations

import logging
import threading

import pytest

from dynasmith.aws.stores.history.table import PARKED_LEASES, HistoryTable
from dynasmith.errors import LeaseLost, Locked, RunError
from dynasmith.migrations.event import LockStateName, RunInvocation, WatchedLock
from item_stories.kit import ItemStory
from leftovers import threads_left
from migrations.test_history import STARTED, STEP, history, of

__all__ = ["history"]

SECOND = RunInvocation(id="b")


WAITED = 0.5
"""The lease of a history that waits for a lock of another; the one that holds it has the usual lease."""


@pytest.fixture
def waiting(story: ItemStory) -> HistoryTable:
    """The same history, which waits for half a second."""
    return of(story, lease_seconds=WAITED)


def parked(history: HistoryTable, run: str = "r1") -> int:
    """A lock that a run parked; its fence."""
    with history.hold(run, "up", "fn", wait_seconds=0, invocation=RunInvocation(id="a")) as hold:
        hold.append(STARTED)
        hold.park()
        return hold.fence


def refused(history: HistoryTable, run: str, invocation: RunInvocation | None) -> None:
    with pytest.raises(Locked, match="run in another process"):
        history.hold(run, "up", "fn", wait_seconds=0, invocation=invocation).__enter__()


def test_a_parked_lock_is_its_runs_at_once_and_not_anothers(history: HistoryTable) -> None:
    fence = parked(history)
    assert (history.lock().state, history.lock().invocation, history.lock().events) == ("parked", "a", 1)
    refused(history, "r2", SECOND)
    refused(history, "r2", None)  # it watches for a lease, which is less than a parked lock lasts
    with history.hold("r1", "up", "fn", wait_seconds=0, invocation=SECOND) as hold:
        assert hold.fence == fence + 1
        assert hold.append(STARTED).number == 2
    assert history.lock().state == "free"


def test_what_was_parked_writes_nothing_more(history: HistoryTable) -> None:
    threads = threading.enumerate()
    with history.hold("r1", "up", "fn", wait_seconds=0, invocation=RunInvocation(id="a")) as hold:
        event = hold.append(STARTED)
        hold.park()
        hold.park()  # twice is allowed
        assert not hold.held
        for write in (lambda: hold.append(STARTED), lambda: hold.keep_step(event, STEP), lambda: hold.steps(event)):
            with pytest.raises(LeaseLost):
                write()
    assert threads_left(threads) == []
    assert history.lock().state == "parked"  # the end of the block does not free it


def test_another_run_gets_a_parked_lock_after_its_time(
    history: HistoryTable, waiting: HistoryTable, caplog: pytest.LogCaptureFixture
) -> None:
    fence = parked(history)
    caplog.set_level(logging.WARNING)
    with waiting.hold("r2", "up", "ben", wait_seconds=WAITED * PARKED_LEASES) as hold:
        assert hold.fence == fence + 1
    assert "held by fn, run r1: waiting up to 2 s" in caplog.text
    with history.hold("r1", "up", "fn", wait_seconds=0, invocation=SECOND) as hold:  # the next run is free, not parked
        assert hold.fence == fence + 2


def test_a_park_of_a_lock_that_another_has_by_now_says_so(history: HistoryTable) -> None:
    with history.hold("r1", "up", "fn", wait_seconds=0, invocation=RunInvocation(id="a")) as hold:
        history.unlock("r2", "ben")
        with pytest.raises(LeaseLost):
            hold.park()
    assert history.lock().state == "free"


def test_a_running_lock_of_the_same_run_is_free_once_its_invocation_is_over(history: HistoryTable) -> None:
    with history.hold("r1", "up", "fn", wait_seconds=0, invocation=RunInvocation(id="a")) as first:
        event = first.append(STARTED)
        refused(history, "r1", SECOND)
        refused(history, "r1", RunInvocation(id="b", over="z"))
        refused(history, "r2", RunInvocation(id="b", over="a"))
        with history.hold("r1", "up", "fn", wait_seconds=0, invocation=RunInvocation(id="b", over="a")) as second:
            assert second.fence == first.fence + 1
            with pytest.raises(LeaseLost):
                first.append(STARTED)  # it was not over
            second.keep_step(event, STEP)
    assert history.lock().state == "free"


@pytest.mark.parametrize(("state", "seconds"), [("running", WAITED), ("parked", WAITED * PARKED_LEASES)])
def test_what_the_caller_watched_counts(
    history: HistoryTable, waiting: HistoryTable, state: LockStateName, seconds: float
) -> None:
    with history.hold("r1", "up", "fn", wait_seconds=0, invocation=RunInvocation(id="a")) as hold:
        if state == "parked":
            hold.park()
        else:
            assert hold._lease is not None
            hold._lease.end()  # as where its process was killed
            hold.release()
    lock = history.lock()
    assert lock.state == state

    def watched(fence: int, seconds: float) -> RunInvocation:
        seen = WatchedLock(fence=fence, beat=lock.beat, state=lock.state, seconds=seconds)
        return RunInvocation(id="b", watched=seen)

    refused(waiting, "r2", watched(lock.fence, seconds - 0.1))
    refused(waiting, "r2", watched(lock.fence + 1, seconds + 9))  # another lock than the one that is there
    with waiting.hold("r2", "up", "ben", wait_seconds=0, invocation=watched(lock.fence, seconds)) as second:
        assert second.fence == lock.fence + 1


def test_two_invocations_of_one_run_that_take_it_at_once_are_one_holder(history: HistoryTable) -> None:
    """As where a call is repeated on its way: the same run, the same id, and the same name of who it is."""
    parked(history)
    locks = [history._lock(history.lock(), SECOND) for _ in range(2)]
    assert [lock.read() for lock in locks] == [None, None]
    assert [lock.take(None, "fn") for lock in locks] == [True, False]


def test_an_answer_is_kept_once(story: ItemStory, history: HistoryTable) -> None:
    assert history.answer("q1") is None
    assert story.direct.list_tables()["TableNames"] == []  # reading makes no table
    answer = {"status": "done", "result": [{"version": "0.0.1", "event": 2, "n": 1.5, "none": None}], "empty": ""}
    assert history.keep_answer("q1", answer) == answer
    assert of(story).answer("q1") == answer
    assert history.keep_answer("q1", {"status": "error"}) == answer
    assert history.answer("q2") is None
    assert history.read().events == ()
    with pytest.raises(RunError, match=r"350,0\d\d bytes, and at most 350,000"):
        history.keep_answer("q3", "x" * 350_000)
