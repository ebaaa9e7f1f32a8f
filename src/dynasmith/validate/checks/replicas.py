"""Global tables: the state of the replicas, and what each replica has to have of its own."""

from collections.abc import Iterator
from typing import Literal

from msgspec import UnsetType

from dynasmith.tables.table import Recovery, known
from dynasmith.validate.check import Check, Problem, Subject

_OWN = "Developer Guide, Global tables, Settings of a global table that belong to each replica"


def _states(subject: Subject) -> Iterator[Problem]:
    for state in () if subject.live is None else subject.live.replicas:
        if state.status == "ACTIVE":
            continue
        passing = state.status in ("CREATING", "UPDATING", "DELETING")
        reason = f" ({state.reason.rstrip('.')})" if state.reason else ""
        what = f"The replica in {state.region} is {state.status}{reason}."
        yield Problem(f"replicas.{state.region}", what, "warning" if passing else "critical")


def _recovery(subject: Subject) -> Iterator[Problem]:
    if isinstance(subject.table.recovery, Recovery):
        yield from _lacking(subject, "recovery", "point_in_time_recovery", "point-in-time recovery")


def _protection(subject: Subject) -> Iterator[Problem]:
    if subject.table.deletion_protection is True:
        yield from _lacking(subject, "deletion_protection", "deletion_protection", "deletion protection")


def _lacking(
    subject: Subject, field: Literal["recovery", "deletion_protection"], word: str, name: str
) -> Iterator[Problem]:
    for replica in known(subject.table.replicas, ()):
        value = replica.recovery if field == "recovery" else replica.deletion_protection
        path = f"replicas.{replica.region}.{word}"
        if value is False:
            yield Problem(path, f"The table has {name}, and its replica in {replica.region} does not.")
        elif isinstance(value, UnsetType) and subject.live is None:
            yield Problem(path, f"The table has {name}, and the definition does not set it for {replica.region}.")


CHECKS = (
    Check(
        code="DS060",
        title="Every replica is ACTIVE",
        why="The Region cannot be used, or does not get what is written elsewhere.",
        fix="wait where it is being changed; otherwise fix what the status names (key, Region, permissions)",
        source="API, ReplicaDescription, ReplicaStatus",
        severities=("critical", "warning"),
        when="warning while CREATING, UPDATING or DELETING",
        look=_states,
        live=True,
    ),
    Check(
        code="DS061",
        title="Replicas have point-in-time recovery where the table has it",
        why="It is set in each Region; where this Region is lost, the other one has no earlier state to restore.",
        fix="set point_in_time_recovery: true for the replica",
        source=_OWN,
        severities=("warning",),
        look=_recovery,
        reads=("recovery", "replicas"),
    ),
    Check(
        code="DS062",
        title="Replicas have deletion protection where the table has it",
        why="It is set in each Region; one call there deletes the replica.",
        fix="set deletion_protection: true for the replica",
        source=_OWN,
        severities=("warning",),
        look=_protection,
        reads=("deletion_protection", "replicas"),
    ),
)
