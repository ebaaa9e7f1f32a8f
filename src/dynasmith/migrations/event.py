"""What the history of migrations keeps: events that are only ever added, and the lock."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from dynasmith.errors import CheckpointError

T = TypeVar("T")
SCHEMA: Final = 1
"""The version of what is kept. A newer one is refused."""
TEXT_BYTES_MAX: Final = 1024
"""How much of one text of an event is kept."""

Kind: TypeAlias = Literal[
    "started",
    "resumed",
    "interrupted",
    "failed",
    "applied",
    "reverting",
    "reverted",
    "revert_failed",
    "marked",
    "unmarked",
    "accepted",
    "unlocked",
]
Direction: TypeAlias = Literal["up", "down"]
LockStateName: TypeAlias = Literal["running", "parked", "free"]


class MigrationCounts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Items that the jobs of a migration read, wrote, found done already, and put among the dead letters."""

    read: int = 0
    written: int = 0
    already: int = 0
    dead: int = 0

    def __add__(self, other: MigrationCounts) -> MigrationCounts:
        """The sum of both."""
        return MigrationCounts(
            read=self.read + other.read,
            written=self.written + other.written,
            already=self.already + other.already,
            dead=self.dead + other.dead,
        )


class MigrationEvent(Struct, frozen=True, kw_only=True):
    """One thing that happened to a migration. ``number`` counts from 1 without a gap.

    ``started`` is the number of the event with which the migration began: its steps are kept under it. ``counts`` and
    units are of all attempts since then.
    """

    number: int
    kind: Kind
    version: str = ""
    name: str = ""
    direction: Direction = "up"
    run: str = ""
    fence: int = 0
    at: datetime
    started: int = 0
    started_at: datetime | None = None
    elapsed_ms: int = 0
    attempts: int = 1
    checksum: str = ""
    imports: dict[str, str] = {}
    who: str = ""
    host: str = ""
    where: Literal["local", "lambda"] = "local"
    tool: str = ""
    account: str = ""
    region: str = ""
    counts: MigrationCounts = MigrationCounts()
    read_units: float = 0.0
    write_units: float = 0.0
    jobs: tuple[str, ...] = ()
    backup: str | None = None
    error: str | None = None
    log: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    schema: int = SCHEMA


class LockRecord(Struct, frozen=True, kw_only=True):
    """Who runs migrations, and how many events there are. ``fence`` counts how often the lock was taken, and ``token``
    is of whoever took it last. ``parked`` is the lock of a run between two of its invocations.
    """

    run: str = ""
    command: str = ""
    fence: int = 0
    beat: int = 0
    state: LockStateName = "free"
    who: str = ""
    host: str = ""
    since: datetime | None = None
    events: int = 0
    invocation: str = ""
    token: str = ""
    schema: int = SCHEMA


class WatchedLock(Struct, frozen=True, kw_only=True):
    """A lock as somebody saw it for ``seconds`` by a clock of its own, without a change."""

    fence: int
    beat: int
    state: LockStateName
    seconds: float

    def is_of(self, lock: LockRecord) -> bool:
        """Whether the lock is still as it was seen."""
        return (self.fence, self.beat, self.state) == (lock.fence, lock.beat, lock.state)


class RunInvocation(Struct, frozen=True, kw_only=True):
    """One of the calls of a function that carry a run, one after the other.

    ``over`` is an earlier one that is known to have ended: its lock needs no waiting. ``watched`` is the lock as the
    caller saw it: a function is too short to watch a lease.
    """

    id: str
    over: str = ""
    watched: WatchedLock | None = None


StepState: TypeAlias = Literal["begun", "done"]


class StepRecord(Struct, frozen=True, kw_only=True):
    """One step of a migration that began or is done: an operation on ``m``. ``ordinal`` counts from 1.

    ``arguments`` is a digest of the canonical arguments without functions; ``function`` one of the functions; ``undo``
    where the step names a transform that takes it back. The ``result`` of one that began is what a reverse needs of the
    time before it. ``replaced`` are the jobs of earlier beginnings of the step: their undo journals count too.
    ``backup`` is what was made before a step that destroys items: an ARN, a folder.
    """

    ordinal: int
    operation: str
    table: str = ""
    arguments: str = ""
    function: str = ""
    state: StepState = "begun"
    job: str = ""
    replaced: tuple[str, ...] = ()
    backup: str = ""
    undo: bool = False
    result: Any = None


class RequestRecord(Struct, frozen=True, kw_only=True):
    """What was answered to a request, so that the same request again gets the same answer and does nothing."""

    answer: Any = None
    schema: int = SCHEMA


Record: TypeAlias = MigrationEvent | LockRecord | StepRecord | RequestRecord


def encode_record(record: Record) -> bytes:
    """A record as JSON."""
    return msgspec.json.encode(record)


def decode_event(content: bytes) -> MigrationEvent:
    """The event that `encode_record` wrote. Raises CheckpointError for a damaged one and for one of a newer schema."""
    return _decode(content, MigrationEvent, "event")


def decode_lock(content: bytes) -> LockRecord:
    """The lock that `encode_record` wrote. Raises CheckpointError."""
    return _decode(content, LockRecord, "lock")


def decode_step(content: bytes) -> StepRecord:
    """The step that `encode_record` wrote. Raises CheckpointError."""
    return _decode(content, StepRecord, "step")


def decode_request(content: bytes) -> RequestRecord:
    """The answer that `encode_record` wrote. Raises CheckpointError."""
    return _decode(content, RequestRecord, "answer to a request")


def cut_text(text: str) -> str:
    """A text as an event keeps it: at most 1 KB of UTF-8; what UTF-8 cannot say (half of a pair) is escaped."""
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) <= TEXT_BYTES_MAX:
        return encoded.decode()
    return encoded[: TEXT_BYTES_MAX - 3].decode("utf-8", "ignore") + "..."


class _Schema(Struct):
    schema: int = SCHEMA


def _decode(content: bytes, kind: type[T], word: str) -> T:
    try:
        schema = msgspec.json.decode(content, type=_Schema).schema
        if schema <= SCHEMA:
            return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as cause:
        raise CheckpointError(
            f"One {word} of the history of migrations is damaged: {cause}.",
            hint="look at the history table, and restore it from its point-in-time recovery",
        ) from cause
    raise CheckpointError(
        f"The history of migrations has schema {schema}, and this version reads {SCHEMA}.",
        hint="use the dynasmith that wrote it, or a newer one",
    )
