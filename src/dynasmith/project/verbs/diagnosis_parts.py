"""diagnose, wired: one part, or every part that there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

from msgspec import Struct

from dynasmith.errors import AccessDenied, RunError, TableNotFound, UsageError
from dynasmith.plans.consent import Consent
from dynasmith.project.verbs.backups.diagnosis import NOT_SCHEDULED, diagnose_backup
from dynasmith.project.verbs.diagnosis.finding import DiagnosisFinding
from dynasmith.project.verbs.diagnosis.throttles import diagnose_throttling
from dynasmith.project.verbs.diagnosis.triggers import NO_TRIGGER, diagnose_trigger
from dynasmith.project.world import TableName, World

Part = Literal["throttling", "trigger", "backup"]


class DiagnosisOptions(Struct, frozen=True, kw_only=True):
    """How a part is diagnosed: over which time, of which function, and whether causes are
    fixed."""

    since: timedelta | None = None
    function: str | None = None
    fix: bool = False
    consent: Consent | None = None


class Diagnosis(Struct, frozen=True, kw_only=True):
    """What was found about a table, and by part what could not be looked at."""

    table: str
    findings: tuple[DiagnosisFinding, ...] = ()
    unknown: dict[str, str] = {}


def _throttling(world: World, name: TableName, options: DiagnosisOptions) -> tuple[DiagnosisFinding, ...]:
    return diagnose_throttling(world, name, since=options.since, fix=options.fix, consent=options.consent)


def _trigger(world: World, name: TableName, options: DiagnosisOptions) -> tuple[DiagnosisFinding, ...]:
    return diagnose_trigger(world, name, options.function, fix=options.fix, consent=options.consent)


def _backup(world: World, name: TableName, options: DiagnosisOptions) -> tuple[DiagnosisFinding, ...]:
    return diagnose_backup(world, name, fix=options.fix, consent=options.consent)


PARTS: Final[dict[Part, Callable[[World, TableName, DiagnosisOptions], tuple[DiagnosisFinding, ...]]]] = {
    "throttling": _throttling,
    "trigger": _trigger,
    "backup": _backup,
}


def diagnose(world: World, name: TableName, part: Part | None, options: DiagnosisOptions) -> Diagnosis:
    """See `Project.diagnose`."""
    table = world.name_of(name)
    if options.since is not None and part not in (None, "throttling"):
        raise UsageError(f"--since does nothing for {part}.", hint="remove --since")
    if options.function is not None and part != "trigger":
        raise UsageError("A function belongs to the part trigger.", hint=f"dynasmith diagnose {table} trigger FUNCTION")
    if part is not None:
        return Diagnosis(table=table, findings=PARTS[part](world, name, options))
    found: list[DiagnosisFinding] = []
    unknown: dict[str, str] = {}
    refused: RunError | None = None
    for word, look in PARTS.items():
        try:
            # A table without triggers or scheduled backups lacks nothing, unless somebody asks for them.
            found += [each for each in look(world, name, options) if each.code not in (NOT_SCHEDULED, NO_TRIGGER)]
        except TableNotFound:
            raise
        except RunError as error:
            unknown[word] = f"{error} To allow it: {error.hint}" if isinstance(error, AccessDenied) else str(error)
            refused = error
    if len(unknown) == len(PARTS):
        if isinstance(refused, AccessDenied):
            raise refused
        words = " ".join(dict.fromkeys(unknown.values()))
        raise RunError(f"Nothing could be looked at: {words}", hint="dynasmith doctor says more")
    return Diagnosis(table=table, findings=tuple(found), unknown=unknown)
