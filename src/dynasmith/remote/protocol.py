"""Requests and replies, version 1, as JSON. A request is answered by one reply; a long one takes many of both."""

from __future__ import annotations

import json
import re
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from dynasmith.errors import UsageError

VERSION: Final = 1
REPLY_BYTES_MAX: Final = 5_000_000
"""Lambda gives up on an answer above 6 MB: docs.aws.amazon.com/lambda, "Quotas", invocation payload."""

ID_LENGTH_MAX: Final = 200
"""Of a request and of an invocation: they are in keys of items, which have 1,024 bytes."""
_ID: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{ID_LENGTH_MAX}}}")

Status: TypeAlias = Literal["continue", "done", "running", "locked", "ask", "error"]


class RequestConsent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the person agreed to. ``plan`` is the hash of what was shown; empty agrees to whatever the path is."""

    yes: bool = False
    confirm: tuple[str, ...] = ()
    accept_changed: tuple[str, ...] = ()
    plan: str | None = None


class LockSnapshot(Struct, frozen=True, kw_only=True):
    """What says whether a lock has changed."""

    fence: int
    beat: int
    state: Literal["running", "parked", "free"]


class LockWatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lock that the client saw, and for how many seconds of its own clock it stood still."""

    lock: LockSnapshot
    seconds: float


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One invocation. ``request_id`` is the run and stays the same over all its invocations, each with its own
    ``invocation``.

    ``files`` are the checksums of the client's migrations. ``continued`` where the client was told to continue, or does
    not know how an invocation ended; ``over`` is one that is known to have ended. ``reserve_ms`` is how much of the
    function's time is kept for the end, beside that of the longest step.
    """

    v: int
    request_id: str
    invocation: str
    command: str
    environment: str
    dry_run: bool
    arguments: dict[str, Any] = {}
    consent: RequestConsent = RequestConsent()
    files: dict[str, str] | None = None
    continued: bool = False
    over: str | None = None
    watched: LockWatch | None = None
    reserve_ms: int = 10_000


class RemoteProgress(Struct, frozen=True, kw_only=True):
    """How far a run is. ``step`` counts from 1, ``steps`` is None where their number is not known, ``total`` the items
    of the table as the service last counted them.

    ``name`` says the step in words; ``done`` counts migrations that ended; ``waiting`` where the service is to finish
    something that takes its time, such as an index.
    """

    version: str = ""
    step: int = 0
    steps: int | None = None
    read: int = 0
    total: int | None = None
    write_units: float = 0.0
    name: str = ""
    done: int = 0
    waiting: bool = False

    def is_beyond(self, best: RemoteProgress | None) -> bool:
        """Whether more is done than at ``best``, or something is waited for that the service does."""
        return best is None or self.waiting or self.order > best.order

    @property
    def order(self) -> tuple[float, ...]:
        """What grows while something is done."""
        return self.done, self.step, self.read, self.write_units


class RemoteQuestion(Struct, frozen=True, kw_only=True):
    """What the function needs to be agreed to: what would be done, its hazards, what it costs at most.

    ``confirm`` is the name of a protected environment, else of a table that loses items, else empty; ``names`` are all
    that must be confirmed. ``plan`` goes into the consent.
    """

    question: str
    path: list[dict[str, Any]] = []
    hazards: list[str] = []
    estimate: dict[str, Any] = {}
    notes: list[str] = []
    confirm: str = ""
    names: list[str] = []
    plan: str = ""


class ReplyError(Struct, frozen=True, kw_only=True):
    """An error as a program reads it."""

    code: str
    message: str
    hint: str = ""
    exit: int = 1


class Reply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an invocation gives back: one of ``progress``, ``result``, ``lock``, ``ask`` and ``error``, by its status.

    ``log`` are the lines that migrations said in this invocation.
    """

    v: int
    request_id: str
    invocation: str
    dry_run: bool | None
    environment: str
    tool: str
    status: Status
    progress: RemoteProgress | None = None
    result: Any = None
    lock: dict[str, Any] | None = None
    ask: RemoteQuestion | None = None
    error: ReplyError | None = None
    log: list[str] = []


def decode_request(event: Any) -> Request:
    """The request in an event. Raises UsageError that names what is wrong with it."""
    hint = "invoke it with `dynasmith migrate up --remote FUNCTION`; the function takes no other events"
    if not _is_text(event):
        raise UsageError("The event has half of a surrogate pair in a text, or is nested too deeply.", hint=hint)
    if not isinstance(event, dict) or not event:
        raise UsageError(f"The event is {_kind(event)}, and this function takes requests of dynasmith.", hint=hint)
    if event.get("v") != VERSION:
        said = f"says version {event['v']!r}" if "v" in event else "has no version (v)"
        raise UsageError(
            f"The event {said}, and this function takes requests of version {VERSION}.",
            hint=hint if "v" not in event else "use the same version of dynasmith here and in the function",
        )
    try:
        request = msgspec.convert(event, Request)
    except msgspec.ValidationError as error:
        raise UsageError(f"The event is not a request of dynasmith: {error}.", hint=hint) from error
    for name in ("request_id", "invocation", "command", "environment"):
        if not getattr(request, name):
            raise UsageError(f"The event is not a request of dynasmith: {name} is empty.", hint=hint)
    for name in ("request_id", "invocation"):
        if not _ID.fullmatch(getattr(request, name)):
            raise UsageError(
                f"The event is not a request of dynasmith: {name} is not 1 to {ID_LENGTH_MAX} of letters, digits, `.`,"
                " `_` and `-`.",
                hint=hint,
            )
    return request


def _is_text(event: Any) -> bool:
    """Whether an event can be written as JSON again, as it is in replies: escapes can say halves of characters."""
    try:
        json.dumps(event, ensure_ascii=False, default=repr).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _kind(event: Any) -> str:
    if isinstance(event, dict):
        return "empty"
    return "null" if event is None else f"a {type(event).__name__}"
