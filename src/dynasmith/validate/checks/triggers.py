"""What the triggers of a table are like at Lambda: there, on, on the stream that is on, succeeding, permitted."""

from collections.abc import Iterator
from typing import Final

from msgspec import UnsetType

from dynasmith.tables.description import TriggerState
from dynasmith.tables.settings.trigger_parts import function_key
from dynasmith.tables.table import Trigger, known
from dynasmith.validate.check import Check, Problem, Subject, not_known

_GOOD_RESULTS = ("", "OK", "No records processed")
_OFF = ("Disabled", "Disabling")
AGE_MS_MAX: Final = 60_000
"""Changes that were older when a function got them are a finding: calls usually follow within a second."""


def _declared(subject: Subject) -> dict[str, Trigger]:
    said = known(subject.desired.triggers, ()) if subject.desired is not None else ()
    return {function_key(each.function): each for each in said}


def _states(subject: Subject) -> tuple[TriggerState, ...]:
    return subject.live.triggers if subject.live is not None else ()


def _by_function(subject: Subject) -> dict[str, list[TriggerState]]:
    found: dict[str, list[TriggerState]] = {}
    for each in _states(subject):
        found.setdefault(function_key(each.function), []).append(each)
    return found


def _none_or_disabled(subject: Subject) -> Iterator[Problem]:
    if subject.live is None or isinstance(subject.live.table.triggers, UnsetType):
        return
    there, declared = _by_function(subject), _declared(subject)
    for name, trigger in declared.items():
        if trigger.enabled and name not in there:
            what = f"The definition lists the trigger {name}, and Lambda has no mapping of it."
            yield Problem(f"triggers.{name}", what)
    for name, states in there.items():
        off = all(each.state in _OFF for each in states)
        if off and (name not in declared or declared[name].enabled):
            what = f"The trigger {name} is {states[0].state}."
            yield Problem(f"triggers.{name}", what, "critical" if name in declared else "notice")


def _old_stream(subject: Subject) -> Iterator[Problem]:
    for name, states in _by_function(subject).items():
        old = [each for each in states if not each.on_current_stream]
        if old and len(old) == len(states):
            yield Problem(f"triggers.{name}", f"The trigger {name} is {old[0].state} on {old[0].stream_arn}.")
        elif old:
            what = f"The trigger {name} has a mapping on {old[0].stream_arn} too, which is left over."
            yield Problem(f"triggers.{name}", what, "notice")


def _last_result(subject: Subject) -> Iterator[Problem]:
    for each in _states(subject):
        if each.on_current_stream and each.last_result not in _GOOD_RESULTS and not each.last_result.startswith("OK"):
            what = f"The last result of the trigger {each.function} is {each.last_result!r}."
            yield Problem(f"triggers.{function_key(each.function)}", what)
    yield from _late(subject)


def _late(subject: Subject) -> Iterator[Problem]:
    facts, on = subject.around.trigger_ages, [each for each in _states(subject) if each.on_current_stream]
    if facts is None or not on:
        return
    if facts.unknown:
        yield not_known("triggers", f"how late triggers are: {facts.unknown}", "allow cloudwatch:GetMetricData")
        return
    for name in dict.fromkeys(function_key(each.function) for each in on):
        if (age := facts.ages_ms.get(name, 0)) > AGE_MS_MAX:
            what = (
                f"Changes were up to {age / 1000:,.0f} s old in the last 15 minutes when the trigger {name} got them."
            )
            yield Problem(f"triggers.{name}", what)


def _roles(subject: Subject) -> Iterator[Problem]:
    facts = subject.around.trigger_roles
    if facts is None or not _states(subject):
        return
    if facts.unknown:
        fix = "allow lambda:GetFunctionConfiguration and iam:SimulatePrincipalPolicy"
        yield not_known("triggers", facts.unknown, fix)
        return
    for function, role in facts.roles.items():
        path = f"triggers.{function_key(function)}"
        if role.function_missing:
            yield Problem(path, f"The function {function} does not exist.")
        elif role.lacking:
            yield Problem(path, f"The role {role.arn} of {function} may not {', '.join(role.lacking)}.")


CHECKS = (
    Check(
        code="DS056",
        title="The triggers of the definition are there and on",
        why="Changes do not call the function.",
        fix="run dynasmith apply --only triggers, or dynasmith lambda attach TABLE FUNCTION",
        source="Lambda API, EventSourceMappingConfiguration, State",
        severities=("critical", "notice"),
        when="notice where a trigger that the definition does not list is off",
        look=_none_or_disabled,
        live=True,
        reads=("triggers",),
    ),
    Check(
        code="DS057",
        title="Triggers read the stream that is on",
        why="A stream that is turned off and on, or a table that is made again, has another ARN; a mapping on the old "
        "one says Enabled and calls nothing.",
        fix="run dynasmith apply --only triggers, or dynasmith lambda attach TABLE FUNCTION, which moves it",
        source="Developer Guide, Change data capture for DynamoDB Streams; Lambda API, EventSourceArn",
        severities=("critical", "notice"),
        when="notice where the function has a mapping on the stream that is on too",
        look=_old_stream,
        live=True,
        reads=("triggers",),
    ),
    Check(
        code="DS058",
        title="The last call of a trigger succeeded, and changes reach it within a minute",
        why="A batch that fails is tried again, and everything behind it waits.",
        fix="run dynasmith diagnose TABLE trigger, and look at dynasmith lambda logs FUNCTION --errors",
        source="Lambda API, EventSourceMappingConfiguration, LastProcessingResult; Lambda Developer Guide, IteratorAge",
        severities=("warning", "notice"),
        when="notice where it cannot be known",
        look=_last_result,
        live=True,
        reads=("triggers",),
    ),
    Check(
        code="DS059",
        title="The role of a trigger's function may read the stream and use its destination",
        why="Lambda cannot read the stream, or loses what it gives up.",
        fix="run dynasmith diagnose TABLE trigger --fix",
        source="Lambda Developer Guide, Process DynamoDB records with Lambda, permissions of the execution role",
        severities=("critical", "notice"),
        when="notice where it cannot be known",
        look=_roles,
        live=True,
        reads=("triggers",),
    ),
)
