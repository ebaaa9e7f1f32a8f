"""diagnose TABLE trigger [FUNCTION], wired: why the changes of a table do not call a function, every cause at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from dynasmith.aws.control.dead_letters import dead_letters
from dynasmith.aws.control.function_logs import FunctionLogs
from dynasmith.aws.control.trigger_roles import trigger_role
from dynasmith.errors import DynasmithError, RunError
from dynasmith.plans.consent import Consent
from dynasmith.project.verbs.diagnosis.finding import DiagnosisFinding, PartFindings
from dynasmith.project.verbs.table_access import AccessTerms, grant
from dynasmith.project.verbs.table_triggers import (
    attach,
    declared_triggers,
    described_triggers,
    iterator_ages,
    state_of,
)
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import TableDescription, TriggerState
from dynasmith.tables.settings.trigger_parts import function_key
from dynasmith.tables.table import Trigger, known
from dynasmith.validate.checks.triggers import AGE_MS_MAX

NO_TRIGGER: Final = "DG302"
LOGS_SINCE: Final = timedelta(hours=1)
_GOOD_RESULTS: Final = ("", "OK", "No records processed")
_STREAM_ACTIONS: Final = "dynamodb:"

Fix = Callable[[], None]
Cause = tuple[DiagnosisFinding, Fix | None]


def diagnose_trigger(
    world: World, name: TableName, function: str | None = None, *, fix: bool = False, consent: Consent | None = None
) -> PartFindings:
    """See `Project.diagnose`."""
    described = described_triggers(world, name)
    unknown: list[str] = []
    causes = list(_causes(world, described, function, consent, unknown))
    found: list[DiagnosisFinding] = []
    for finding, remedy in causes:
        if fix and remedy is not None:
            remedy()
            finding = replace(finding, fixed=True)
        found.append(finding)
    return PartFindings(tuple(found), "; ".join(unknown))


def _causes(
    world: World, described: TableDescription, function: str | None, consent: Consent | None, unknown: list[str]
) -> Iterator[Cause]:
    """Each cause; what could not be looked at is added to ``unknown``."""
    table = described.table.name
    declared = {function_key(each.function): each for each in declared_triggers(world, table)}
    live = {function_key(each.function): each for each in known(described.table.triggers, ())}
    names = [function_key(function)] if function is not None else list({**declared, **live})
    if known(described.table.stream, None) is None and (names or function):
        yield _plain(
            "DG301",
            "The table has no stream, which calls the functions.",
            "set stream: {view_type: NEW_AND_OLD_IMAGES} in the definition, apply it, and attach the functions again",
            f"the stream of {table} is off",
        )
    if not names:
        is_off = known(described.table.stream, None) is None
        yield _plain(
            NO_TRIGGER,
            "No function is called with the changes of the table.",
            ("set stream: {view_type: NEW_AND_OLD_IMAGES} in the definition, apply it, then " if is_off else "")
            + f"dynasmith lambda attach {table} FUNCTION",
            "Lambda has no mapping of its streams, and the definition lists none"
            + ("; its stream is off" if is_off else ""),
        )
    ages, why = iterator_ages(world, table, names)
    if why:
        unknown.append(f"how old changes were is unknown: {why}")
    for each in names:
        trigger = live.get(each) or declared.get(each) or Trigger(function=function or each)
        yield from _of_trigger(world, described, trigger, declared.get(each), ages.get(each), consent)


def _of_trigger(
    world: World,
    described: TableDescription,
    trigger: Trigger,
    declared: Trigger | None,
    age_ms: int | None,
    consent: Consent | None,
) -> Iterator[Cause]:
    table, name = described.table.name, function_key(trigger.function)
    yield from _of_role(world, described, trigger, consent)
    state = state_of(described, name)
    if state is None:
        yield _plain(
            NO_TRIGGER,
            f"No mapping lets the changes of the table call {name}.",
            f"dynasmith lambda attach {table} {name}",
            f"Lambda has no mapping of the streams of {table} to {name}",
        )
        return

    def again() -> None:
        attach(world, table, declared or trigger.function, consent=consent)

    if not state.on_current_stream:
        finding = _finding(
            "DG304",
            f"The mapping of {name} is on an old stream, and calls nothing.",
            f"dynasmith lambda attach {table} {name}, which moves it",
            f"mapping {state.uuid} is {state.state} on {state.stream_arn}; the stream that is on is "
            f"{described.stream_arn or 'none'}",
        )
        has_stream = known(described.table.stream, None) is not None
        yield (replace(finding, fixable=has_stream), again if has_stream else None)
        return
    if state.state in ("Disabled", "Disabling") and (declared is None or declared.enabled):
        finding = _finding(
            "DG303",
            f"The mapping of {name} is off.",
            f"dynasmith lambda attach {table} {name}, which turns it on",
            f"mapping {state.uuid} is {state.state}",
        )
        yield (replace(finding, fixable=True), again)
    yield from _of_calls(world, trigger, state, age_ms)


def _of_role(world: World, described: TableDescription, trigger: Trigger, consent: Consent | None) -> Iterator[Cause]:
    table, name = described.table.name, function_key(trigger.function)
    role = trigger_role(world.session, described, trigger)
    if role.function_missing:
        yield _plain(
            "DG305",
            f"The function {name} does not exist.",
            "deploy it, or correct its name, alias or version",
            f"Lambda has no function {name} in this account and Region",
        )
        return
    reads = tuple(each for each in role.lacking if each.startswith(_STREAM_ACTIONS))
    if reads:

        def allow() -> None:
            terms = AccessTerms(functions=(name.partition(":")[0],), allow=("stream",))
            for each in grant(world, table, terms, consent=consent):
                if each.state == "failed":
                    raise RunError(each.why, hint=f"dynasmith lambda grant {table} {name} --allow stream")

        finding = _finding(
            "DG306",
            f"The role of {name} may not read the stream.",
            f"dynasmith lambda grant {table} {name} --allow stream",
            f"{role.arn} may not {', '.join(reads)}",
        )
        yield (replace(finding, fixable=True), allow)
    sends = tuple(each for each in role.lacking if each not in reads)
    if sends:
        yield _plain(
            "DG307",
            f"The role of {name} may not send what fails to its destination.",
            f"allow {', '.join(sends)} on {trigger.on_failure_destination} in a policy of the role",
            f"{role.arn} may not {', '.join(sends)}",
        )


def _of_calls(world: World, trigger: Trigger, state: TriggerState, age_ms: int | None) -> Iterator[Cause]:
    name = function_key(trigger.function)
    if state.last_result not in _GOOD_RESULTS and not state.last_result.startswith("OK"):
        said = _last_error(world, name)
        yield _plain(
            "DG308",
            f"The last call of {name} failed.",
            f"dynasmith lambda logs {name} --errors shows why; correct the function, or let it give up with "
            "--maximum-retry-attempts and --bisect-batch-on-function-error",
            f"the last result is {state.last_result!r}" + (f"; it wrote: {said}" if said else ""),
        )
    if age_ms is not None and age_ms > AGE_MS_MAX:
        yield _plain(
            "DG309",
            f"{name} gets changes late.",
            "a failing batch holds up those behind it; else raise --batch-size or --parallelization-factor, or make "
            "the function faster",
            f"changes were up to {age_ms / 1000:,.0f} s old in the last 15 minutes",
        )
    waiting = dead_letters(world.session, known(trigger.on_failure_destination, None))
    if waiting:
        yield _plain(
            "DG310",
            f"{name} gave batches up.",
            "read the messages of the queue: each names the stream, the shard and the first and last change of a batch",
            f"{trigger.on_failure_destination} has {waiting} {'message' if waiting == 1 else 'messages'}",
        )


def _last_error(world: World, function: str) -> str:
    """The last line of an error that a function wrote within the hour; empty where there is none, or it cannot be
    read."""
    try:
        lines = FunctionLogs(world.session, function).lines(world.clock.now() - LOGS_SINCE)
        return next((each.text.strip()[:200] for each in reversed([*lines]) if each.is_error), "")
    except DynasmithError:
        return ""


def _finding(code: str, why: str, fix: str, evidence: str) -> DiagnosisFinding:
    return DiagnosisFinding(code=code, why=why, fix=fix, evidence=evidence)


def _plain(code: str, why: str, fix: str, evidence: str) -> Cause:
    return _finding(code, why, fix, evidence), None
