"""Migrations as ``--json`` prints them."""

from __future__ import annotations

from typing import Literal, TypedDict

from dynasmith.cli.json_types.values import Time

Direction = Literal["up", "down"]


class MigrationCountsDetails(TypedDict, total=False):
    """Items that the jobs of a migration read, wrote, found done already, and put among the dead letters; a count of 0
    is left out."""

    read: int
    written: int
    already: int
    dead: int


class MigrationEventDetails(TypedDict):
    """One thing that happened to a migration. ``number`` counts from 1 without a gap; ``started`` is the number of the
    event with which the migration began. Counts and units are of all attempts since then."""

    number: int
    kind: Literal[
        "started", "resumed", "interrupted", "failed", "applied", "reverting", "reverted", "revert_failed", "marked",
        "unmarked", "accepted", "unlocked",
    ]  # fmt: skip
    version: str
    name: str
    direction: Direction
    run: str
    fence: int
    at: Time
    started: int
    started_at: Time | None
    elapsed_ms: int
    attempts: int
    checksum: str
    imports: dict[str, str]
    who: str
    host: str
    where: Literal["local", "lambda"]
    tool: str
    account: str
    region: str
    counts: MigrationCountsDetails
    read_units: float
    write_units: float
    jobs: list[str]
    backup: str | None
    error: str | None
    log: list[str]
    accepted: list[str]
    covers: list[str]
    schema: int


class MigrationLockDetails(TypedDict):
    """Who runs migrations, and how many events the history has."""

    run: str
    command: str
    fence: int
    beat: int
    state: Literal["running", "parked", "free"]
    who: str
    host: str
    since: Time | None
    events: int
    invocation: str
    token: str
    schema: int


class MigrationDetails(TypedDict):
    """A migration. ``version`` is its name where it has no version; ``event`` is the last one of its history, null
    where it never ran; ``applied_at`` is null unless it is applied."""

    version: str
    name: str
    description: str
    state: Literal["outstanding", "running", "interrupted", "applied", "failed", "marked"]
    flags: list[Literal["changed", "missing", "out_of_order"]]
    started_at: Time | None
    applied_at: Time | None
    elapsed_ms: int
    event: MigrationEventDetails | None


class MigrationStatusDocument(TypedDict):
    """Where an environment is. ``current`` is 0.0.0 where nothing is applied; the lists are versions."""

    current: str
    outstanding: list[str]
    open: list[MigrationDetails]
    changed: list[str]
    missing: list[str]
    out_of_order: list[str]
    lock: MigrationLockDetails
    notes: list[str]


class RemoteMigrationDetails(TypedDict):
    """What became of one migration in a function; ``event`` is the number of the event that says so."""

    version: str
    state: str
    event: int
    name: str
    direction: Direction
    elapsed_ms: int
    counts: MigrationCountsDetails


class MigrationRunDocument(TypedDict):
    """What a run did, and the current version after it."""

    events: list[MigrationEventDetails]
    current: str


class RemoteRunDocument(TypedDict):
    """What a run in a function did, and the current version after it."""

    events: list[RemoteMigrationDetails]
    current: str


class RehearsedStepDetails(TypedDict):
    """One step, with estimates that are null where nothing is known; ``hazard`` is what it destroys or breaks."""

    operation: str
    table: str
    words: str
    items: int | None
    read_units: float | None
    write_units: float | None
    seconds: float | None
    cost_dollars: float | None
    hazard: str


class RehearsedMigrationDetails(TypedDict):
    """One migration of a path; ``stopped`` says why its later steps are not known."""

    version: str
    name: str
    description: str
    direction: Direction
    goes_on: bool
    steps: list[RehearsedStepDetails]
    stopped: str
    log: list[str]


class RehearsalDocument(TypedDict):
    """What a path of migrations would do. ``destroys`` are tables whose items a step destroys: each needs its name as a
    consent; ``called`` is what the code of the migrations called that was counted or refused."""

    migrations: list[RehearsedMigrationDetails]
    read_units: float
    write_units: float
    seconds: float | None
    cost_dollars: float | None
    notes: list[str]
    hazards: list[str]
    destroys: list[str]
    called: list[str]
    closing: str


class PreflightDetails(TypedDict):
    """One point of the list before a migration of production. ``code`` is rehearsal, way-back, alarms, traffic, people,
    backup or staging."""

    code: str
    point: str
    answer: Literal["yes", "no", "only you know"]
    why: str


class OneTableMarkDetails(TypedDict):
    """A version that OneTable Migrate applied."""

    version: str
    applied_at: Time | None
    description: str


class OneTableRemainderDetails(TypedDict):
    """What is not marked, and why."""

    key: str
    reason: str


class OneTableMarksDocument(TypedDict):
    """What was marked as applied, by the history of OneTable Migrate in ``table``."""

    table: str
    current: str
    marks: list[OneTableMarkDetails]
    left: list[OneTableRemainderDetails]
    events: list[MigrationEventDetails]
