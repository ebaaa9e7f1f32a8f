"""diagnose, wired: one part, or every part that there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

from msgspec import Struct

from dynasmith.aws.errors.refusal import unread_access
from dynasmith.errors import AccessDenied, RunError, TableNotFound, UsageError
from dynasmith.plans.consent import Consent
from dynasmith.project.verbs.backups.diagnosis import NOT_SCHEDULED, diagnose_backup
from dynasmith.project.verbs.diagnosis.finding import DiagnosisFinding, PartFindings
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
    """What was found about a table, and by part what could not be looked at ("trigger, in part": some of it could)."""

    table: str
    findings: tuple[DiagnosisFinding, ...] = ()
    unknown: dict[str, str] = {}


def _throttling(world: World, name: TableName, options: DiagnosisOptions) -> PartFindings:
    return diagnose_throttling(world, name, since=options.since, fix=options.fix, consent=options.consent)


def _trigger(world: World, name: TableName, options: DiagnosisOptions) -> PartFindings:
    return diagnose_trigger(world, name, options.function, fix=options.fix, consent=options.consent)


def _backup(world: World, name: TableName, options: DiagnosisOptions) -> PartFindings:
    return PartFindings(diagnose_backup(world, name, fix=options.fix, consent=options.consent))


PARTS: Final[dict[Part, Callable[[World, TableName, DiagnosisOptions], PartFindings]]] = {
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
        looked = PARTS[part](world, name, options)
        return Diagnosis(table=table, findings=looked.findings, unknown=_in_part(world, table, part, looked))
    found: list[DiagnosisFinding] = []
    unknown: dict[str, str] = {}
    refused: list[RunError] = []
    for word, look in PARTS.items():
        try:
            # A table without triggers or scheduled backups lacks nothing, unless somebody asks for them.
            looked = look(world, name, options)
            found += [each for each in looked.findings if each.code not in (NOT_SCHEDULED, NO_TRIGGER)]
            unknown |= _in_part(world, table, word, looked)
        except TableNotFound:
            raise
        except RunError as error:
            unknown[word] = _with_statement(error)
            refused.append(error)
    if len(refused) == len(PARTS):
        if isinstance(refused[-1], AccessDenied):
            raise refused[-1]
        words = " ".join(dict.fromkeys(unknown.values()))
        raise RunError(f"Nothing could be looked at: {words}", hint="dynasmith doctor says more")
    return Diagnosis(table=table, findings=tuple(found), unknown=unknown)


def _in_part(world: World, table: str, word: str, looked: PartFindings) -> dict[str, str]:
    """What of a part could not be looked at though the rest was, with the statement that allows it."""
    why = looked.unknown
    if not why:
        return {}
    sentence = f"{why[:1].upper()}{why[1:]}."
    return {f"{word}, in part": _with_statement(unread_access(why, table, world.session.access, sentence))}


def _with_statement(error: RunError) -> str:
    return f"{error} To allow it: {error.hint}" if isinstance(error, AccessDenied) else str(error)
