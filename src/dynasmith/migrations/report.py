"""What the verbs of migrations return: where an environment is, what a path would do."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from dynasmith.migrations.event import LockRecord, MigrationEvent


class MigrationRow(Struct, frozen=True, kw_only=True):
    """One migration as `Migrations.list` shows it: its file, if that is here, and what the history says.

    ``flags`` are changed, missing and out_of_order.
    """

    key: str
    name: str
    description: str
    state: str
    flags: tuple[str, ...] = ()
    at: datetime | None = None
    elapsed_ms: int = 0
    last: MigrationEvent | None = None


class MigrationStatus(Struct, frozen=True, kw_only=True):
    """Where an environment is. ``current`` is 0.0.0 where nothing is applied; ``lock`` says who runs migrations."""

    current: str
    outstanding: tuple[str, ...] = ()
    open: tuple[MigrationRow, ...] = ()
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    out_of_order: tuple[str, ...] = ()
    lock: LockRecord = LockRecord()
    notes: tuple[str, ...] = ()


class RehearsedStep(Struct, frozen=True, kw_only=True):
    """One step. ``items``, units, ``seconds`` and ``dollars`` are estimates, at most; None where nothing is known.

    ``hazard`` says what it destroys or breaks, empty where nothing.
    """

    operation: str
    table: str
    words: str
    items: int | None = None
    read_units: float | None = None
    write_units: float | None = None
    seconds: float | None = None
    dollars: float | None = None
    hazard: str = ""


class RehearsedMigration(Struct, frozen=True, kw_only=True):
    """One migration of a path. ``stopped`` says why its later steps are not known."""

    key: str
    name: str
    description: str
    direction: str
    goes_on: bool
    steps: tuple[RehearsedStep, ...]
    stopped: str = ""
    log: tuple[str, ...] = ()


class Rehearsal(Struct, frozen=True, kw_only=True):
    """A path that was rehearsed. Units, ``seconds`` and ``dollars`` (on demand) are sums over the steps of which they
    are known; ``seconds`` is None where no step has a pace, ``dollars`` where a price is unknown.

    ``destroys`` are the tables (physical names) whose items a step destroys: a run needs each as a consent by name.
    ``called`` says what the code of the migrations called that was counted or refused; ``hazards`` are those of the
    steps and ``called``.
    """

    migrations: tuple[RehearsedMigration, ...]
    read_units: float = 0.0
    write_units: float = 0.0
    seconds: float | None = None
    dollars: float | None = None
    notes: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    destroys: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    closing: str = ""


Known: TypeAlias = Literal["yes", "no", "only you know"]


class PreflightAnswer(Struct, frozen=True, kw_only=True):
    """One point of the list before a migration of production, as far as it can be known; ``why`` says how. ``code`` is
    rehearsal, way-back, alarms, traffic, people, backup or staging ("" from a function of an older version)."""

    code: str = ""
    point: str
    answer: Known
    why: str = ""
