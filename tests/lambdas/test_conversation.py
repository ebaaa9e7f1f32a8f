"""The client of a function: what it makes of replies, lost connections, failures, questions and locks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from dynasmith.errors import ConsentNeed, ConsentRequired, DynasmithError, Interrupted, Locked, RunError, Unreachable
from dynasmith.plans.consent import Consent, granted
from dynasmith.plans.where import Where
from dynasmith.ports.functions import InvocationOutcome
from dynasmith.project.verbs.remote.conversation import Conversation, RemoteCommand
from dynasmith.remote.protocol import RemoteProgress, RemoteQuestion
from lambdas.conftest import FakeContext, InProcess
from lambdas.test_handler import COUNTED, counter

Script = Callable[[dict[str, Any]], InvocationOutcome]


@dataclass
class FakeClock:
    """A clock that only sleeping moves."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 29, 11, 7, 15, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class ScriptedFunction:
    """A function that does what the test says, invocation after invocation; the last thing again and again."""

    script: list[Script]
    requests: list[dict[str, Any]] = field(default_factory=list)
    name: str = "migrations"

    def invoke(self, body: bytes) -> InvocationOutcome:
        request = json.loads(body)
        self.requests.append(request)
        return self.script[min(len(self.requests), len(self.script)) - 1](request)


def answer(**parts: Any) -> Script:
    """A reply to whatever is asked."""

    def script(request: dict[str, Any]) -> InvocationOutcome:
        echoed = {name: request[name] for name in ("v", "request_id", "invocation", "dry_run", "environment")}
        return InvocationOutcome(kind="answered", body=json.dumps({**echoed, "tool": "0.2.0", **parts}).encode())

    return script


def lost(_: dict[str, Any]) -> InvocationOutcome:
    return InvocationOutcome(kind="lost", reason="reset")


def failed(_: dict[str, Any]) -> InvocationOutcome:
    return InvocationOutcome(kind="failed", reason="Task timed out after 3.00 seconds")


def progress(**parts: Any) -> Script:
    return answer(status="continue", progress={"version": "0.0.3", "name": "step 2 (backfill of users)", **parts})


DONE = answer(status="done", result=[1])


def converse(
    *script: Script, clock: FakeClock | None = None, consent: Consent | None = None, **more: Any
) -> tuple[ScriptedFunction, Callable[[], Any]]:
    function = ScriptedFunction(list(script))
    command = RemoteCommand(
        **{
            "name": "migrate.up", "arguments": {"count": 1}, "environment": "prod", "dry_run": False, "run": "run-1",
            "look": "migrate.progress", "again": "dynasmith migrate up --continue run-1", **more,
        }
    )  # fmt: skip
    given = consent or Consent(yes=True)

    def agree(_: RemoteQuestion, needs: list[ConsentNeed]) -> Consent:
        return granted(given, needs, lambda: Where(environment="prod", region="eu-west-1"))

    return function, Conversation(function, command, clock or FakeClock(), consent=given, agree=agree).result


def refused(result: Callable[[], Any], kind: type[DynasmithError] = RunError) -> DynasmithError:
    with pytest.raises(kind) as error:
        result()
    return error.value


def test_one_invocation_that_does_it_all() -> None:
    function, result = converse(DONE)
    assert result() == [1]
    [request] = function.requests
    assert request | {"invocation": ""} == {
        "v": 1, "request_id": "run-1", "invocation": "", "command": "migrate.up", "arguments": {"count": 1},
        "environment": "prod", "dry_run": False,
        "consent": {"yes": True, "confirm": [], "accept_changed": [], "plan": None},
        "files": None, "continued": False, "over": None, "watched": None, "reserve_ms": 10000,
    }  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [{"request_id": "run-2"}, {"invocation": "x"}, {"dry_run": True}, {"environment": "staging"}, {"v": 2}],
)
def test_a_reply_to_another_request_is_no_reply(other: dict[str, Any]) -> None:
    _, result = converse(answer(**{"status": "done", "result": [], **other}))
    error = refused(result)
    assert error.exit == 1
    assert f"{next(iter(other))} is {next(iter(other.values()))!r}" in error.message


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'"ok"', b'{"statusCode": 200}'])
def test_what_is_no_reply_is_said(body: bytes) -> None:
    _, result = converse(lambda _: InvocationOutcome(kind="answered", body=body))
    assert "not one of dynasmith" in refused(result).message


def test_an_error_keeps_its_exit_code() -> None:
    said = {"code": "usage", "message": "There is no migration 9.", "hint": "migrate list", "exit": 2}
    _, result = converse(answer(status="error", error=said))
    error = refused(result)
    assert (error.code, error.exit, error.message, error.hint) == ("usage", 2, said["message"], "migrate list")


def test_it_goes_on_while_there_is_progress() -> None:
    function, result = converse(progress(step=1), progress(step=2), progress(step=2, read=10), DONE)
    assert result() == [1]
    assert [request["continued"] for request in function.requests] == [False, True, True, True]
    assert len({request["invocation"] for request in function.requests}) == 4
    assert {request["request_id"] for request in function.requests} == {"run-1"}


@pytest.mark.parametrize(
    "stuck",
    [
        [progress(step=2, read=7)],
        [progress(step=2, read=7), progress(step=2, read=6), progress(step=2, read=7), progress(step=1, read=99)],
        [progress(step=2, read=7), failed, progress(step=2, read=7), failed, progress(step=2, read=7), failed],
    ],
)
def test_two_invocations_without_progress_end_it_and_name_the_step(stuck: list[Script]) -> None:
    _, result = converse(*stuck)
    error = refused(result)
    assert error.exit == 1
    assert "got no further with migration 0.0.3 at step 2 (backfill of users)" in error.message
    assert "dynasmith migrate up --continue run-1" in error.hint


def test_what_the_service_is_waited_for_is_no_lack_of_progress() -> None:
    _, result = converse(*[progress(step=2, waiting=True)] * 9, DONE)
    assert result() == [1]


def test_a_failed_invocation_is_over_and_a_lost_one_is_not() -> None:
    function, result = converse(failed, progress(step=1), lost, DONE)
    assert result() == [1]
    first, look, second, third = function.requests
    assert look["command"] == "migrate.progress"
    assert (second["over"], second["continued"]) == (first["invocation"], True)
    assert (third["over"], third["continued"]) == (None, True)


def test_a_function_that_cannot_even_look_is_broken() -> None:
    _, result = converse(failed)
    assert "Function migrations failed: Task timed out after 3.00 seconds." in refused(result).message


def test_connections_that_are_lost_again_and_again_end_it() -> None:
    _, result = converse(lost)
    error = refused(result, Unreachable)
    assert "--continue run-1" in error.hint


def test_ctrl_c_says_how_to_go_on() -> None:
    def pressed(_: dict[str, Any]) -> InvocationOutcome:
        raise KeyboardInterrupt

    _, result = converse(progress(step=1), pressed)
    error = refused(result, Interrupted)
    assert error.exit == 130
    assert error.hint == "dynasmith migrate up --continue run-1"


def test_a_question_is_answered_with_its_plan() -> None:
    function, result = converse(
        answer(status="ask", ask={"question": "Apply 0.0.3?", "plan": "sha256:a", "confirm": "prod"}),
        answer(status="ask", ask={"question": "Apply 0.0.3?", "plan": "sha256:b", "confirm": "prod"}),
        DONE,
        consent=Consent(yes=True, confirm={"prod"}),
    )
    assert result() == [1]
    assert [request["consent"]["plan"] for request in function.requests] == [None, "sha256:a", "sha256:b"]
    _, result = converse(answer(status="ask", ask={"question": "Apply?", "confirm": "prod"}))
    assert [need.name for need in refused(result, ConsentRequired).needs] == ["prod"]  # type: ignore[attr-defined]
    _, result = converse(answer(status="ask", ask={"question": "Apply?"}))
    assert "again and again" in refused(result).message


def lock(**parts: Any) -> dict[str, Any]:
    return {"run": "other", "who": "ci-7", "fence": 3, "beat": 1, "state": "running", **parts}


def test_the_client_carries_the_lock_and_for_how_long_it_saw_it() -> None:
    clock = FakeClock()
    still = answer(status="locked", lock=lock())
    function, result = converse(still, still, answer(status="locked", lock=lock(beat=2)), still, DONE, clock=clock)
    assert result() == [1]
    watched = [request["watched"] for request in function.requests]
    assert watched[0] is None
    assert watched[1] == {"lock": {"fence": 3, "beat": 1, "state": "running"}, "seconds": 2.0}
    assert watched[2]["seconds"] == 4.0
    assert watched[3] == {"lock": {"fence": 3, "beat": 2, "state": "running"}, "seconds": 2.0}  # it beat: anew
    assert watched[4]["seconds"] == 2.0


def test_a_lock_that_beats_is_waited_for_as_long_as_said() -> None:
    clock = FakeClock()
    beats = [answer(status="locked", lock=lock(beat=number)) for number in range(99)]
    function, result = converse(*beats, clock=clock, lock_wait=7.0)
    error = refused(result, Locked)
    assert error.exit == 5
    assert "ci-7" in error.message
    assert clock.seconds == 8.0
    assert len(function.requests) == 5


@dataclass
class HandlerFunction:
    """The handler itself, in this process, with what happens to its replies on the way."""

    in_process: InProcess
    happens: list[str]
    name: str = "migrations"

    def invoke(self, body: bytes) -> InvocationOutcome:
        from dynasmith.lambdas import handler

        reply = handler(json.loads(body), FakeContext())
        what = self.happens.pop(0) if self.happens else "answered"
        if what == "answered":
            return InvocationOutcome(kind="answered", body=msgspec.json.encode(reply))
        return InvocationOutcome(kind="lost" if what == "lost" else "failed", reason=what)


@pytest.mark.parametrize("happens", [["lost"], ["failed"], ["lost", "lost", "failed"]])
def test_replies_that_are_lost_do_nothing_twice(in_process: InProcess, happens: list[str]) -> None:
    story = in_process.story
    story.people("users", 3)
    for number in (1, 2):
        story.write(f"migrations/0.0.{number}_counted.py", COUNTED)
    function = HandlerFunction(in_process, list(happens))
    command = RemoteCommand(
        name="migrate.up", arguments={}, environment="local", dry_run=False, run="run-1", look="migrate.progress"
    )
    heard: list[RemoteProgress | str] = []
    result: Any = Conversation(
        function,
        command,
        FakeClock(),
        consent=Consent(yes=True),
        agree=lambda *_: Consent(yes=True),
        told=heard.append,
    ).result()
    assert [row["version"] for row in result] == ["0.0.1"]
    assert counter(story) == 1
