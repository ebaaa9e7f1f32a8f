"""`retire`: what is around a table goes first, in every Region, then the table. Each step is safe to do again.

There is no record of how far it got: what is live says it. So it is looked at first, as a list, and a run that was
stopped is begun again with what is left.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.engine.call_retry import send
from dynasmith.engine.identity import check_same
from dynasmith.engine.waiter import StopFlag, delete_table, wait_for, wait_until_gone
from dynasmith.errors import AccessDenied, DynasmithError, RunError, TableNotFound, ValidationRefused
from dynasmith.plans.explain import step_text
from dynasmith.plans.retirement import (
    DELETING,
    LEFTOVERS,
    Leftover,
    RetirementStep,
    components,
    needed,
    replica_steps,
    table_steps,
)
from dynasmith.plans.step import CallDeleteReplica, Wait
from dynasmith.ports.clock import Clock
from dynasmith.ports.leftovers import LeftoverControl
from dynasmith.ports.tables import Tables
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings import SETTINGS

SOURCE_HOURS: Final = 24
"""For so long after a replica was made from a table the service refuses to delete that table, or that replica of it
(Developer Guide, "Global tables: how it works", note on deleting a replica)."""

RegionalTables = Callable[[str], Tables]
RegionalLeftovers = Callable[[str], LeftoverControl]
UnreadErrors = Callable[[str, Mapping[str, str]], DynasmithError]


class Retirement(Struct, frozen=True, kw_only=True):
    """What is to be done about one table. ``description`` is None where the table is gone and something of it is left;
    ``there`` has the replicas as their Regions describe them."""

    table: str
    region: str
    steps: tuple[RetirementStep, ...]
    description: TableDescription | None = None
    there: dict[str, TableDescription] = {}

    @property
    def regions(self) -> tuple[str, ...]:
        """Every Region in which something of the table is, its own first."""
        return (self.region, *sorted(self.there))

    @property
    def is_leaving(self) -> bool:
        """Whether the table is gone, or being deleted already: there is nothing to back up."""
        return self.description is None or self.description.status == DELETING

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do, nor anything that others may have stopped to need."""
        return all(step.state == "absent" or (step.state == "left" and not step.name) for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {"table": self.table, "steps": [step.to_json() for step in self.steps]}


class RetirementPlaces(Struct, frozen=True, kw_only=True):
    """What a retirement works with: the control plane of each Region, and what else dynasmith made there. ``unread`` is
    the error for settings of a table that could not be read, by the reasons that were kept, and says what allows it."""

    region: str
    tables: RegionalTables
    leftovers: RegionalLeftovers
    unread: UnreadErrors


# --- look


def look(name: str, places: RetirementPlaces, *, leave_unread: bool = False) -> Retirement:
    """What retiring a table does, in order; reads only. With ``leave_unread`` what cannot be read is left.

    Raises TableNotFound where there is neither a table nor anything left of it, AccessError or RunError where a Region
    or a service that may have something of it cannot be looked at: nothing is deleted without knowing. Costs about ten
    calls a Region.
    """
    here = places.tables(places.region)
    try:
        described = here.describe(name)
    except TableNotFound:
        left = tuple(_leftovers(name, places.region, places))
        if not left:
            raise
        return gone(name, places.region, left)
    if described.global_tables_2017:
        raise RunError(
            f"Table {name} is a global table of version 2017.11.29, which is not retired; nothing was deleted.",
            hint="upgrade it to 2019.11.21 first",
        )
    if described.status == DELETING:
        steps = (_deletion(places.region), *_leftovers(name, places.region, places))
        return Retirement(table=name, region=places.region, steps=steps, description=described)
    there = dict(_replicas(described, places))
    found: list[RetirementStep] = []
    for region, each in {places.region: described, **there}.items():
        unread = {setting: why for setting, why in each.unread.items() if setting in _NEEDED}
        absent = _unoffered(places.tables(region), unread)
        denied = {} if leave_unread else {one: why for one, why in unread.items() if one not in absent}
        if denied:
            words = " and the ".join(_WORDS[one] for one in denied)
            raise _not_looked_at(places.unread(name, denied), f"the {words} of {name} in {region}")
        found += components(each, region, absent, {each: why for each, why in unread.items() if each not in absent})
    plans = [region for region, each in {**there, places.region: described}.items() if "backup_plan" not in each.unread]
    around = _once([step for region in plans for step in _leftovers(name, region, places, plans)])
    # What is left in another Region goes before its replica, which says that there is something to look for.
    found += [step for step in around if step.region != places.region]
    found += replica_steps(described, places.region, there)
    found += table_steps(described, places.region)
    found += [step for step in around if step.region == places.region]
    return Retirement(table=name, region=places.region, steps=tuple(found), description=described, there=there)


def gone(name: str, region: str, left: tuple[RetirementStep, ...] = ()) -> Retirement:
    """The retirement of a table that is not there: what is left of it, if anything."""
    step = RetirementStep(step="table", region=region, what="delete the table", state="absent", why="the table is gone")
    return Retirement(table=name, region=region, steps=(step, *left))


def _once(steps: list[RetirementStep]) -> list[RetirementStep]:
    """A role is the same in every Region: it goes with the last one that has a plan for it."""
    last = {step.name: index for index, step in enumerate(steps) if step.step == "roles"}
    return [step for index, step in enumerate(steps) if last.get(step.name, index) == index or step.step != "roles"]


def _deletion(region: str) -> RetirementStep:
    return RetirementStep(step="table", region=region, what="wait until the table is deleted")


def _replicas(described: TableDescription, places: RetirementPlaces) -> Iterator[tuple[str, TableDescription]]:
    """Each replica as its own Region describes it; one that is gone by now is not there."""
    name = described.table.name
    for replica in described.replicas:
        try:
            found = places.tables(replica.region).describe(name)
        except TableNotFound:
            continue
        except DynasmithError as error:
            raise _not_looked_at(error, f"the replica of {name} in {replica.region}") from error
        if found.status != DELETING:
            yield replica.region, found


def _unoffered(tables: Tables, unread: Mapping[str, str]) -> dict[str, str]:
    """What the engine has no service for."""
    isolated = bool(tables.identity().endpoint)
    return dict(tables.unoffered(tuple(unread))) if unread and isolated else {}


_WORDS: Final = {"autoscaling": "autoscaling", **{each.field: each.label for each in SETTINGS}}
_NEEDED: Final = {"autoscaling", *(each.field for each in SETTINGS if needed(each))}


def _not_looked_at(error: DynasmithError, what: str) -> DynasmithError:
    message = f"{what[0].upper()}{what[1:]} cannot be read, so nothing was deleted: {error.message}"
    if isinstance(error, AccessDenied):
        return AccessDenied(message, hint=error.hint, action=error.action, statement=error.statement)
    return RunError(message, hint=error.hint or "run it again; dynasmith delete deletes the table alone")


def _leftovers(name: str, region: str, places: RetirementPlaces, going: Sequence[str] = ()) -> Iterator[RetirementStep]:
    control = places.leftovers(region)
    found = control.find(name)
    for leftover in LEFTOVERS:
        if leftover not in found:
            continue
        called = found[leftover]
        noun = {"roles": "role", "backup_vault": "backup vault", "backup_plan": "backup plan"}[leftover]
        reason = control.reason_to_stay(name, leftover, called, going)
        step = RetirementStep(step=leftover, region=region, what=f"delete the {noun} {called}", name=called)
        yield replace(step, state="left", why=reason, what=f"the {noun} {called} stays") if reason else step


# --- do


def retire(
    retirement: Retirement, places: RetirementPlaces, clock: Clock, stopped: StopFlag
) -> Iterator[RetirementStep]:
    """Do it; each step when it is done. The caller has the consent and the export.

    Raises RunError where another table than the one that was looked at has the name, in any Region: looked at first,
    and again right before the call that deletes it. Stopped halfway, looking and retiring again continues: what is gone
    is not asked for again.
    """
    for region, description in ({} if retirement.is_leaving else _described(retirement)).items():
        check_same(description, places.tables(region), "nothing was deleted")
    for step in retirement.steps:
        stopped.check()
        yield _done(step, retirement, places, clock, stopped)


def _described(retirement: Retirement) -> Mapping[str, TableDescription]:
    own = {} if retirement.description is None else {retirement.region: retirement.description}
    return {**own, **retirement.there}


def _done(
    step: RetirementStep, retirement: Retirement, places: RetirementPlaces, clock: Clock, stopped: StopFlag
) -> RetirementStep:
    name = retirement.table
    if step.step in LEFTOVERS:
        return _removed(step, name, places)  # others may have come to need it, or stopped, since it was looked at
    if step.state != "planned":
        return step
    try:
        if step.step == "table":
            _delete(retirement, places, clock, stopped)
        else:
            _send_all(step, name, places, clock, stopped)
    except ValidationRefused as error:
        raise _explained(error, step, retirement, clock.now()) from error
    return replace(step, state="done")


def _removed(step: RetirementStep, name: str, places: RetirementPlaces) -> RetirementStep:
    leftover: Leftover = next(each for each in LEFTOVERS if each == step.step)
    reason = places.leftovers(step.region).remove(name, leftover, step.name)
    return replace(step, state="left", why=reason) if reason else replace(step, state="done", why="")


def _send_all(step: RetirementStep, name: str, places: RetirementPlaces, clock: Clock, stopped: StopFlag) -> None:
    own = places.tables(places.region if step.step in ("replicas", "deletion_protection") else step.region)
    for each in step.calls:
        if isinstance(each, Wait):
            wait_for(each, name, own, clock, stopped, lambda _state, _waited: None)
        else:
            send(each, name, own, clock, stopped)


def _delete(retirement: Retirement, places: RetirementPlaces, clock: Clock, stopped: StopFlag) -> None:
    tables, described = places.tables(places.region), retirement.description
    assert described is not None  # there is no such step otherwise
    try:
        if described.status != DELETING:
            check_same(described, tables, "it was not deleted")
        if described.status == DELETING:
            wait_until_gone(retirement.table, tables, clock, stopped, table_id=described.table_id)
        else:
            delete_table(retirement.table, tables, clock, stopped)
    except TableNotFound:
        return


def _explained(error: ValidationRefused, step: RetirementStep, retirement: Retirement, now: datetime) -> DynasmithError:
    """A refusal to delete a table from which a replica was made within a day ends by itself: when, and what to do."""
    removes_replica = any(isinstance(each, CallDeleteReplica) for each in step.calls)
    if step.step != "table" and not removes_replica:
        return error
    others = [each for region, each in _described(retirement).items() if region != step.region]
    made = [time for each in others if (time := _time(each.created_at)) is not None]
    until = max(made, default=now) + timedelta(hours=SOURCE_HOURS)
    if not made or until <= now:
        return error
    what = step_text(step.calls[0]) if removes_replica else "delete the table"
    return ValidationRefused(
        f"DynamoDB refused to {what}: {error.message}",
        hint=f"a table from which a replica was made cannot be deleted for {SOURCE_HOURS} hours: run the same command "
        f"again after {until:%Y-%m-%dT%H:%M:%SZ}; what is done stays done",
        service_code=error.service_code,
        operation=error.operation,
        request_id=error.request_id,
    )


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
