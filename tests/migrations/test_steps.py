"""Replay: which step is done, begun or new, and what is refused."""

from __future__ import annotations

import pytest

from dynasmith.errors import RunError
from dynasmith.migrations.event import StepRecord
from dynasmith.migrations.steps import STEPS_MAX, Replay

DONE = StepRecord(ordinal=1, operation="backfill", table="users", arguments="a", function="f", state="done", result=1)
BEGUN = StepRecord(ordinal=2, operation="once", arguments="b", state="begun")


def test_a_finished_step_answers_and_a_begun_one_goes_on_and_a_new_one_runs() -> None:
    replay = Replay("It", [DONE, BEGUN])
    assert [replay.finished_ahead] == [True]
    first = replay.next("backfill", "users", "a", "f")
    assert (first.answer, first.record.result, first.is_changed) == ("answer", 1, False)
    assert [replay.finished_ahead] == [False]
    assert replay.next("once", "", "b").answer == "resume"
    assert replay.next("once", "", "c").answer == "run"
    replay.end()


def test_another_function_is_said_of_a_finished_and_of_a_begun_step() -> None:
    assert Replay("It", [DONE]).next("backfill", "users", "a", "g").is_changed
    begun = Replay("It", [StepRecord(ordinal=1, operation="backfill", table="users", arguments="a", function="f")])
    assert begun.next("backfill", "users", "a", "g").is_changed


@pytest.mark.parametrize("asked", [("copy_to", "users", "a"), ("backfill", "orders", "a"), ("backfill", "users", "z")])
def test_another_step_at_its_place_is_refused_and_both_are_named(asked: tuple[str, str, str]) -> None:
    with pytest.raises(RunError, match=r"Step 1 of It is .*, and when it began it was backfill of users"):
        Replay("It", [DONE]).next(*asked)


def test_an_up_that_ends_before_the_last_recorded_step_is_refused() -> None:
    replay = Replay("It", [DONE, BEGUN])
    replay.next("backfill", "users", "a", "f")
    with pytest.raises(RunError, match=r"It ended after step 1, and step 2 \(once\) was begun before"):
        replay.end()


def test_a_step_that_is_restarted_is_new() -> None:
    replay = Replay("It", [DONE, BEGUN], restart=2)
    replay.next("backfill", "users", "a", "f")
    assert replay.next("once", "", "other").answer == "run"


def test_there_are_at_most_a_thousand_steps() -> None:
    replay = Replay("It", [])
    for number in range(STEPS_MAX):
        replay.next("once", "", str(number))
    with pytest.raises(RunError, match="more than 1000 steps"):
        replay.next("once", "", "one more")
