"""A command that a function does, invocation after invocation, until it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dynasmith.errors import ConsentNeed, Interrupted, RemoteFailure, RunError, Unreachable
from dynasmith.plans.consent import Consent
from dynasmith.ports.clock import Clock
from dynasmith.ports.functions import RemoteFunction
from dynasmith.project.verbs.remote.watched_lock import LockObserver
from dynasmith.remote.protocol import VERSION, RemoteProgress, RemoteQuestion, Reply, Request, RequestConsent

LOOK_SECONDS: Final = 2.0
"""How long a client waits before it asks again for a lock that another run has."""
LOST_MAX: Final = 5
"""Connections that are lost one after the other."""
STALLS_MAX: Final = 2
"""Invocations one after the other that get no further."""
QUESTIONS_MAX: Final = 5
OWN_RUN_SECONDS: Final = 960.0
"""How long an invocation of the same run may be under way whose connection was lost: a function's longest time."""


class RemoteCommand(Struct, frozen=True, kw_only=True):
    """A command, its run, and how a person goes on with it. ``look`` is a command that says how far the run is."""

    name: str
    arguments: Mapping[str, Any]
    environment: str
    dry_run: bool
    run: str
    files: Mapping[str, str] | None = None
    accept_changed: tuple[str, ...] = ()
    goes_on: bool = False
    look: str = ""
    again: str = "run the same command again"
    lock_wait: float = 60.0


class Conversation:
    """Invokes ``function`` until the command is done. ``agree`` gets what the function asks, and gives the consent or
    raises; ``told`` hears of progress and of the lines of replies."""

    def __init__(
        self,
        function: RemoteFunction,
        command: RemoteCommand,
        clock: Clock,
        *,
        consent: Consent,
        agree: Callable[[RemoteQuestion, list[ConsentNeed]], Consent],
        told: Callable[[RemoteProgress | str], None] = lambda _: None,
    ) -> None:
        self._function, self._command, self._clock = function, command, clock
        self._agree, self._told = agree, told
        self._consent = RequestConsent(
            yes=consent.yes, confirm=tuple(sorted(consent.confirm)), accept_changed=command.accept_changed
        )
        self._lock = LockObserver(clock.monotonic)
        self._best: RemoteProgress | None = None
        self._stalls = self._lost = self._questions = 0
        self._begun = command.goes_on
        self._over: str | None = None

    def result(self) -> object:
        """What the command gave. Raises RemoteFailure with the function's error; RunError where it gets no further or
        its replies are not to this request; Locked; ConsentRequired; Interrupted (Ctrl-C: the function goes on to the
        end of its invocation)."""
        try:
            while True:
                reply = self._invoked(self._command.name, self._command.arguments)
                if reply is not None and (done := self._heard(reply)):
                    return done.result
        except KeyboardInterrupt as stopped:
            raise Interrupted(
                f"Interrupted; the function ends its invocation, and run {self._command.run} waits.",
                hint=self._command.again,
            ) from stopped

    # --- one invocation

    def _invoked(self, name: str, arguments: Mapping[str, Any]) -> Reply | None:
        """The reply; None where there was none, and the next invocation has to find out what became of it."""
        request = Request(
            v=VERSION,
            request_id=self._command.run,
            invocation=uuid4().hex[:8],
            command=name,
            arguments=dict(arguments),
            environment=self._command.environment,
            dry_run=self._command.dry_run,
            consent=self._consent,
            files=None if self._command.files is None else dict(self._command.files),
            continued=self._begun,
            over=self._over,
            watched=self._lock.watch,
        )
        outcome = self._function.invoke(msgspec.json.encode(request))
        if outcome.kind == "answered":
            self._lost, self._over = 0, None
            return self._checked(request, outcome.body)
        self._begun = True
        if outcome.kind == "lost":
            self._over = None
            self._lost += 1
            if self._lost > LOST_MAX:
                raise Unreachable(
                    f"The connection to function {self._function.name} was lost {self._lost} times: {outcome.reason}",
                    hint=self._command.again,
                )
            self._told(f"The connection was lost ({outcome.reason}): asking again.")
            self._clock.sleep(LOOK_SECONDS)
        else:
            self._failed(request.invocation, outcome.reason, name)
        return None

    def _checked(self, request: Request, body: bytes) -> Reply:
        try:
            reply = msgspec.json.decode(body, type=Reply)
        except msgspec.MsgspecError as error:
            raise RunError(
                f"Function {self._function.name} gave an answer that is not one of dynasmith: {error}.",
                hint="its handler must be dynasmith.lambdas.handler; see the page on Lambda",
            ) from error
        for name in ("v", "request_id", "invocation", "dry_run", "environment"):
            if getattr(reply, name) != getattr(request, name):
                raise RunError(
                    f"The answer of function {self._function.name} is not to this request: {name} is "
                    f"{getattr(reply, name)!r}, not {getattr(request, name)!r}.",
                    hint=f"it may be of another version of dynasmith ({reply.tool}); look at what it did with "
                    "`dynasmith migrate status`",
                )
        return reply

    def _failed(self, invocation: str, reason: str, name: str) -> None:
        """The function's error proves that the invocation is over, and not how far it came: that is asked."""
        if not self._command.look or name == self._command.look:
            raise RunError(
                f"Function {self._function.name} failed: {reason}.".replace("..", "."),
                hint="was it bundled for the Python and the architecture of the function?"
                if "No module named" in reason
                else "the log of the function says why",
            )
        self._told(f"The function failed ({reason}): going on.")
        self._over = None
        reply = self._invoked(self._command.look, {})
        self._over = invocation
        if reply is not None and reply.progress is not None:
            self._progressed(reply.progress, reason)

    # --- what it says

    def _heard(self, reply: Reply) -> Reply | None:
        for line in reply.log:
            self._told(line)
        match reply.status:
            case "done":
                return reply
            case "continue":
                self._begun = True
                self._lock.forget()
                self._progressed(reply.progress or RemoteProgress(), "")
            case "ask":
                self._asked(reply.ask or RemoteQuestion(question=""))
            case "locked" | "running":
                self._wait(reply)
            case "error":
                error = reply.error
                assert error is not None
                raise RemoteFailure(error.code, error.message, error.hint, error.exit)
        return None

    def _progressed(self, progress: RemoteProgress, reason: str) -> None:
        if progress.is_beyond(self._best):
            self._best, self._stalls = progress, 0
            self._told(progress)
            return
        self._stalls += 1
        if self._stalls < STALLS_MAX:
            return
        where = f"migration {progress.version}" if progress.version else "the command"
        at = f" at {progress.name}" if progress.name else ""
        raise RunError(
            f"Two invocations of function {self._function.name} got no further with {where}{at}"
            f"{f': {reason}' if reason else '.'}",
            hint=f"one step, or one page, takes longer than the function may run: give it more time, then "
            f"{self._command.again}",
        )

    def _asked(self, ask: RemoteQuestion) -> None:
        self._questions += 1
        if self._questions > QUESTIONS_MAX:
            raise RunError("The function asks again and again.", hint="its migrations change while it asks")
        needs = [ConsentNeed("yes", ask.question, "--yes")]
        names = ask.names or ([ask.confirm] if ask.confirm else [])
        needs += [ConsentNeed("name", ask.question, f"--confirm {name}", name) for name in names]
        given = self._agree(ask, needs)
        self._consent = replace(
            self._consent, yes=given.yes, confirm=tuple(sorted(given.confirm)), plan=ask.plan or None
        )

    def _wait(self, reply: Reply) -> None:
        self._lock.see(reply.lock or {})
        if self._lock.is_free:
            return
        self._lock.refuse_after(OWN_RUN_SECONDS if reply.status == "running" else self._command.lock_wait)
        self._clock.sleep(LOOK_SECONDS)
