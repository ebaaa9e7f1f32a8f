"""lambda attach, detach and list, wired. A trigger is an entry of the setting ``triggers``, applied alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from msgspec import UNSET, Struct
from msgspec.structs import replace

from dynasmith.aws.control.metrics import CloudWatchMetrics
from dynasmith.aws.errors.refusal import unread_access
from dynasmith.engine.metrics.table_metrics import reason_of
from dynasmith.engine.waiter import StopFlag, deadline_of, wait_for
from dynasmith.errors import AccessError, ChangeConflict, NotOffered, RunError, UsageError
from dynasmith.plans.consent import Consent, question
from dynasmith.plans.explain import step_text
from dynasmith.plans.trigger_conflicts import STREAM_FIRST
from dynasmith.ports.listener import Listener, silent
from dynasmith.ports.metrics import MetricQuery
from dynasmith.project.verbs.plan import apply, make_plan
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import TableDescription, TriggerState
from dynasmith.tables.settings.forms import is_set
from dynasmith.tables.settings.trigger_check import trigger_problems
from dynasmith.tables.settings.trigger_parts import filters_of, function_key
from dynasmith.tables.settings.triggers import CallRemoveTrigger, WaitTrigger
from dynasmith.tables.table import Table, Trigger, known

SETTING: Final = "triggers"
LAMBDA: Final = "AWS/Lambda"
AGE_WINDOW: Final = timedelta(minutes=15)
_PERIOD_SECONDS: Final = 60


class AttachedTrigger(Struct, frozen=True, kw_only=True):
    """A trigger as Lambda has it, and what was changed. Empty texts for a trigger that is not there."""

    table: str
    function: str
    uuid: str = ""
    state: str = ""
    stream_arn: str = ""
    changed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        names = ("uuid", "state", "stream_arn")
        found = {name: getattr(self, name) or None for name in names}
        return {"table": self.table, "function": self.function, **found, "changed": [*self.changed]}


class TableTrigger(Struct, frozen=True, kw_only=True):
    """A trigger of a table. ``state`` and ``last_result`` are Lambda's words; one that is not ``on_current_stream``
    calls nothing. ``iterator_age_ms`` is how old changes were when the function got them, at most, in the last 15
    minutes; None where CloudWatch has no figure, or where ``age_unknown`` says why it could not be asked. ``declared``
    says whether the definition lists it."""

    uuid: str
    function: str
    state: str
    last_result: str
    on_current_stream: bool
    stream_arn: str
    declared: bool
    iterator_age_ms: int | None = None
    age_unknown: str = ""

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {"kind": "trigger", **{name: getattr(self, name) for name in self.__struct_fields__}}


def attach(
    world: World,
    name: TableName,
    trigger: str | Trigger,
    *,
    consent: Consent | None = None,
    listener: Listener = silent,
    dry_run: bool = False,
) -> AttachedTrigger:
    """See `Lambdas.attach`."""
    described = described_triggers(world, name)
    table = described.table.name
    wanted = _wanted(world, table, trigger)
    if known(described.table.stream, None) is None:
        raise ChangeConflict(
            f"Table {table} has no stream, which calls {wanted.function}.", hint=f"{STREAM_FIRST}, and apply it"
        )
    wish = Table(name=table, key=described.table.key, triggers=(wanted,))
    plan = make_plan(world, [wish], only=(SETTING,))
    for failure in plan.failures:
        raise AccessError(failure.message, hint=failure.hint)
    changed = tuple(step_text(step) for each in plan.tables for step in each.steps)
    if changed and not dry_run:
        report = apply(world, plan, consent=consent, listener=listener, fresh=True)
        for error in report.failures.values():
            raise error
        described = world.control.describe(table, (SETTING,))
    return replace(_found(described, wanted.function), changed=changed)


def detach(
    world: World,
    name: TableName,
    function: str,
    *,
    consent: Consent | None = None,
    stopped: StopFlag | None = None,
    dry_run: bool = False,
) -> AttachedTrigger:
    """See `Lambdas.detach`."""
    described = described_triggers(world, name)
    table, found = described.table.name, _found(described, function)
    if not found.uuid:
        return found
    step = CallRemoveTrigger(function=found.function)
    if not dry_run:
        world.granted(consent, [table], question(f"Detach {found.function} from {table}, in {{where}}?"))
        world.control.send(table, step)
        wait = WaitTrigger(function=found.function, gone=True)
        stop = stopped or StopFlag()
        wait_for(wait, table, world.control, world.clock, stop, lambda *_: None, deadline_of(wait))
        found = _found(world.control.describe(table, (SETTING,)), function)
    return replace(found, changed=(step_text(step),))


def list_triggers(world: World, name: TableName) -> tuple[TableTrigger, ...]:
    """See `Lambdas.triggers`."""
    described = described_triggers(world, name)
    declared = {function_key(each.function) for each in declared_triggers(world, described.table.name)}
    ages, why = iterator_ages(
        world, described.table.name, [each.function for each in described.triggers if each.on_current_stream]
    )
    return tuple(
        TableTrigger(
            uuid=each.uuid,
            function=each.function,
            state=each.state,
            last_result=each.last_result,
            on_current_stream=each.on_current_stream,
            stream_arn=each.stream_arn,
            declared=function_key(each.function) in declared,
            iterator_age_ms=ages.get(each.function) if each.on_current_stream else None,
            age_unknown=why if each.on_current_stream else "",
        )
        for each in sorted(described.triggers, key=lambda each: (each.function, not each.on_current_stream))
    )


def described_triggers(world: World, name: TableName) -> TableDescription:
    """The table with its triggers. Raises NotOffered where the engine has no Lambda, AccessError where they cannot be
    read."""
    table = world.name_of(name)
    described = world.control.describe(table, (SETTING,))
    reason = described.unread.get(SETTING)
    if reason is None:
        return described
    if world.control.unoffered((SETTING,)):
        raise NotOffered(f"{reason}.", hint="AWS has Lambda, and the embedded engine: dynasmith local start")
    raise unread_access(reason, table, world.session.access)


def iterator_ages(world: World, table: str, functions: list[str]) -> tuple[dict[str, int], str]:
    """How old changes were at most when each function got them, in the last 15 minutes, in milliseconds, without those
    that CloudWatch has no figure of; and why that is not known ("": it is). Two calls of CloudWatch."""
    try:
        return read_ages(world, table, functions), ""
    except RunError as error:
        return {}, reason_of(error)


def read_ages(world: World, table: str, functions: list[str]) -> dict[str, int]:
    """The same. Raises what CloudWatch answers, AccessError where figures may not be read."""
    if not functions:
        return {}
    names = list(dict.fromkeys(functions))
    queries = [
        MetricQuery(
            metric="IteratorAge",
            dimensions=(("FunctionName", function_key(each).partition(":")[0]),),
            statistic="Maximum",
            unit="Milliseconds",
            namespace=LAMBDA,
        )
        for each in names
    ]
    source = CloudWatchMetrics(world.session)
    end = source.listed(table).now or world.clock.now()
    found, refused = source.read(queries, end - AGE_WINDOW, end, _PERIOD_SECONDS)
    for why in refused.values():
        raise unread_access(why, table, world.session.access)
    return {
        name: int(max(point.value for point in points)) for name, points in zip(names, found, strict=True) if points
    }


def state_of(described: TableDescription, function: str) -> TriggerState | None:
    """The mapping of a function; the one on the stream that is on before another."""
    key = function_key(function)
    found = [each for each in described.triggers if function_key(each.function) == key]
    return min(found, key=lambda each: not each.on_current_stream, default=None)


def _found(described: TableDescription, function: str) -> AttachedTrigger:
    state = state_of(described, function)
    found = AttachedTrigger(table=described.table.name, function=function)
    if state is None:
        return found
    return replace(found, function=state.function, uuid=state.uuid, state=state.state, stream_arn=state.stream_arn)


def declared_triggers(world: World, table: str) -> tuple[Trigger, ...]:
    """The triggers of the table's definition, where it has one that says any."""
    for each in world.defined_tables((table,)):
        if each.name == table:
            return known(each.triggers, ())
    return ()


def _wanted(world: World, table: str, trigger: str | Trigger) -> Trigger:
    """What is asked for, over what the definition says of the function. Raises UsageError for options that Lambda does
    not take."""
    asked = Trigger(function=trigger) if isinstance(trigger, str) else trigger
    key = function_key(asked.function)
    for declared in declared_triggers(world, table):
        if function_key(declared.function) == key:
            said = {name: value for name in Trigger.__struct_fields__ if is_set(value := getattr(asked, name))}
            if is_set(filters_of(asked)):
                declared = replace(declared, filter_pattern=UNSET, filters=UNSET)
            asked = replace(declared, **said)
    problems = [*trigger_problems(asked)]
    if problems:
        raise UsageError(
            f"The trigger {asked.function}: {'; '.join(problems)}.",
            hint="the page Triggers lists the options and their ranges",
        )
    return asked
