"""The Lambda functions that the changes of the table call: event source mappings of its stream."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import UNSET, UnsetType, convert, to_builtins
from msgspec.structs import replace

from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import Block, Boolean, Choice, DocumentKey, Integer, JsonText, ListOf, Text
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.base import (
    CostEstimate,
    Facts,
    Hazard,
    Phase,
    RetirementPhase,
    SettingCall,
    SettingChange,
    SettingStep,
    SettingWait,
    Symbol,
    WaitedSetting,
    WaitState,
)
from dynasmith.tables.settings.forms import is_set
from dynasmith.tables.settings.stream import SetStream
from dynasmith.tables.settings.trigger_parts import DEFAULTS, canonical_pattern, function_key, merged, pattern_value
from dynasmith.tables.table import Table, Trigger, known

NO_DESTINATION = "none"
"""What a definition says for no destination of failures."""

TRIGGER = Block(
    "a triggers entry",
    (
        DocumentKey("function", Text(), "Name or ARN of the Lambda function, `:alias` after it.", required=True),
        DocumentKey(
            "starting_position",
            Choice(("LATEST", "TRIM_HORIZON")),
            "Where reading starts; never changes.",
            default="`LATEST` for a new one",
        ),
        DocumentKey("batch_size", Integer(1, 10_000), "Changes a call gets at most.", default="100"),
        DocumentKey("maximum_batching_window_seconds", Integer(0, 300), "How long a batch may gather.", default="0"),
        DocumentKey("parallelization_factor", Integer(1, 10), "Calls at once for one shard.", default="1"),
        DocumentKey("maximum_retry_attempts", Integer(-1, 10_000), "-1 is until the change expires.", default="-1"),
        DocumentKey(
            "maximum_record_age_seconds", Integer(-1, 604_800), "-1 is without limit, else at least 60.", default="-1"
        ),
        DocumentKey("bisect_batch_on_function_error", Boolean(), "Halve a batch that fails.", default="false"),
        DocumentKey(
            "report_batch_item_failures", Boolean(), "The function names the changes that failed.", default="false"
        ),
        DocumentKey(
            "tumbling_window_seconds", Integer(0, 900), "Length of the windows that keep a state.", default="0"
        ),
        DocumentKey("enabled", Boolean(), "Is the trigger on?", default="true"),
        DocumentKey(
            "on_failure_destination",
            Text(),
            "ARN of the queue, topic or bucket for batches that failed; `none` for none.",
            default="none",
        ),
        DocumentKey("filter_pattern", JsonText(), "Which changes call the function, as Lambda's event filter."),
        DocumentKey("filters", ListOf(JsonText()), "Up to five such filters, of which one must match.", default="none"),
    ),
    synonyms={
        "function_name": "function",
        "maximum_batching_window": "maximum_batching_window_seconds",
        "maximum_record_age": "maximum_record_age_seconds",
        "filter_criteria": "filters",
        "function_response_types": "report_batch_item_failures: true",
        "tumbling_window": "tumbling_window_seconds",
    },
)


class SetTriggers(SettingChange, frozen=True, kw_only=True, tag="set-triggers"):
    """Triggers that are new, have other options, are on an old stream, or go away (with ``prune``)."""

    before: tuple[Trigger, ...]
    after: tuple[Trigger, ...]


class CallPutTrigger(SettingCall, frozen=True, kw_only=True, tag="put-trigger"):
    """CreateEventSourceMapping, or UpdateEventSourceMapping where the stream has the mapping."""

    trigger: Trigger


class CallRemoveTrigger(SettingCall, frozen=True, kw_only=True, tag="remove-trigger"):
    """DeleteEventSourceMapping of every mapping of a function; of those on old streams alone where ``old``."""

    function: str
    old: bool = False


class WaitTrigger(SettingWait, frozen=True, kw_only=True, tag="wait-trigger"):
    """Until the mapping of a function is Enabled or Disabled, or gone where ``gone`` (of an old stream: ``old``)."""

    usual_seconds = (5, 120)
    function: str
    gone: bool = False
    old: bool = False


Call = CallPutTrigger | CallRemoveTrigger


class TriggersSetting(WaitedSetting[tuple[Trigger, ...], SetTriggers, Call, WaitTrigger]):
    """The triggers, by function. What a trigger does not mention is not managed; the ones that are not listed stay
    until ``--prune``. A mapping on an old stream calls nothing: it is made again on the stream that is on."""

    field = "triggers"
    label = "triggers"
    types = (SetTriggers, CallPutTrigger, CallRemoveTrigger, WaitTrigger)
    off = ()
    in_create_table = False
    copied = False
    retirement = RetirementPhase.TRIGGERS
    key = DocumentKey("triggers", ListOf(TRIGGER, by="function"), "Lambda functions that the stream calls.")

    def of(self, table: Table) -> tuple[Trigger, ...] | UnsetType:
        return table.triggers

    def parse(self, written: object) -> tuple[Trigger, ...]:
        assert isinstance(written, Iterable)
        return tuple(map(_parsed, written))

    def render(self, value: tuple[Trigger, ...]) -> object:
        return [_rendered(each) for each in value]

    def difference(self, desired: tuple[Trigger, ...], current: tuple[Trigger, ...]) -> SetTriggers | None:
        there, wanted = _by_function(current), _by_function(desired)
        after = [merged(wanted[name], each) if name in wanted else each for name, each in there.items()]
        after += [merged(each, None) for name, each in wanted.items() if name not in there]
        same = all(_same(each, there.get(function_key(each.function))) for each in after)
        return None if same else SetTriggers(before=current, after=tuple(after))

    def removal(self, desired: tuple[Trigger, ...], current: tuple[Trigger, ...]) -> SetTriggers | None:
        wanted = _by_function(desired)
        left = tuple(each for name, each in _by_function(current).items() if name in wanted)
        return None if len(left) == len(current) else SetTriggers(before=current, after=left)

    def undefined(self, desired: tuple[Trigger, ...], current: tuple[Trigger, ...]) -> Iterator[tuple[str, str]]:
        wanted = _by_function(desired)
        for name in _by_function(current):
            if name not in wanted:
                yield f"triggers.{name}", f"trigger {name}"

    def left_alone(self, desired: tuple[Trigger, ...], current: tuple[Trigger, ...]) -> Iterator[tuple[str, str]]:
        there = _by_function(current)
        for name, each in _by_function(desired).items():
            live = there.get(name)
            if live is None or not is_set(each.starting_position) or not is_set(live.starting_position):
                continue
            if each.starting_position != live.starting_position:
                text = f"the starting position of trigger {name} stays {live.starting_position}: it never changes"
                yield f"triggers.{name}.starting_position", text

    def changed_with(self, current: tuple[Trigger, ...], changes: Sequence[SettingChange]) -> tuple[Trigger, ...]:
        recreated = any(isinstance(each, SetStream) and each.before is not None for each in changes)
        if not recreated:
            return current
        # The stream that they read is turned off: what comes after it is another one.
        return tuple(replace(each, old_mappings=known(each.old_mappings, 0) + 1) for each in current)

    def steps(self, change: SetTriggers) -> Iterator[tuple[Phase, SettingStep]]:
        there, after = _by_function(change.before), _by_function(change.after)
        for name, each in after.items():
            live = there.get(name)
            if live is not None and _same(each, live):
                continue
            yield Phase.SEND_CHANGES, CallPutTrigger(trigger=each)
            yield Phase.SEND_CHANGES, WaitTrigger(function=each.function)
            if live is not None and is_set(live.old_mappings):
                yield Phase.SEND_CHANGES, CallRemoveTrigger(function=each.function, old=True)
                yield Phase.SEND_CHANGES, WaitTrigger(function=each.function, gone=True, old=True)
        for name, each in there.items():
            if name not in after:
                yield Phase.SEND_CHANGES, CallRemoveTrigger(function=each.function)
                yield Phase.SEND_CHANGES, WaitTrigger(function=each.function, gone=True)

    def after(self, step: Call, table: Table) -> Table:
        there = _by_function(known(table.triggers, ()))
        if isinstance(step, CallPutTrigger):
            name = function_key(step.trigger.function)
            live = there.get(name)
            there[name] = step.trigger if live is None else replace(step.trigger, old_mappings=live.old_mappings)
        elif step.old and function_key(step.function) in there:
            name = function_key(step.function)
            there[name] = replace(there[name], old_mappings=UNSET)
        elif not step.old:
            there.pop(function_key(step.function), None)
        return replace(table, triggers=tuple(there.values()))

    def hazard(self, change: SetTriggers, table: str, facts: Facts) -> Hazard | None:
        gone = _by_function(change.before).keys() - _by_function(change.after).keys()
        if gone:
            why = f"no change of the table calls {', '.join(sorted(gone))} from then on"
            return Hazard(kind="drop-triggers", path=self.key.name, why=why, consent="prune", flag="--prune")
        there = _by_function(change.before)
        off = [n for n, each in _by_function(change.after).items() if n in there and there[n].enabled > each.enabled]
        if off:
            why = f"no change calls {', '.join(off)} while it is off, and what is older than 24 hours is lost to it"
            return Hazard(kind="trigger-off", path=self.key.name, why=why, consent="yes", flag="--yes")
        return None

    def price(self, change: SetTriggers, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        if not change.after:
            return None
        basis = "per call of the functions; reading the stream is free"
        return CostEstimate(path=self.key.name, basis=basis, monthly=None)

    def summary(self, change: SetTriggers) -> str:
        there, after = _by_function(change.before), _by_function(change.after)
        parts = [_summary(name, there.get(name), each) for name, each in after.items()]
        return "; ".join([*filter(None, parts), *(f"without {name}" for name in there if name not in after)])

    def symbol(self, change: SetTriggers) -> Symbol:
        there, after = _by_function(change.before).keys(), _by_function(change.after).keys()
        return "-" if there - after else "+" if not there else "~"

    def words(self, step: Call) -> str:
        if isinstance(step, CallPutTrigger):
            return f"let the stream call {step.trigger.function}, as the definition says"
        which = "the trigger on an old stream of" if step.old else "the trigger of"
        return f"delete {which} {step.function}"

    def reached(self, wait: WaitTrigger, description: TableDescription) -> WaitState:
        name = function_key(wait.function)
        states = [
            each.state
            for each in description.triggers
            if function_key(each.function) == name and not (each.on_current_stream and wait.old)
            if wait.gone or each.on_current_stream
        ]
        if wait.gone:
            return WaitState(over=not states, seen=f"the trigger of {name}: {', '.join(states) or 'gone'}")
        over = bool(states) and all(state in ("Enabled", "Disabled") for state in states)
        return WaitState(over=over, seen=f"the trigger of {name}: {', '.join(states) or 'absent'}", absent=not states)

    def wait_words(self, wait: WaitTrigger) -> str:
        return f"wait until the trigger of {wait.function} is " + ("gone" if wait.gone else "on")


def _parsed(written: Any) -> Trigger:
    said = dict(written)
    destination = said.pop("on_failure_destination", UNSET)
    if "filter_pattern" in said:
        said["filter_pattern"] = canonical_pattern(said["filter_pattern"])
    if "filters" in said:
        said["filters"] = [canonical_pattern(each) for each in said["filters"]]
    trigger = convert(said, Trigger)
    return replace(trigger, on_failure_destination=None if destination == NO_DESTINATION else destination)


def _rendered(trigger: Trigger) -> dict[str, Any]:
    said: dict[str, Any] = to_builtins(replace(trigger, old_mappings=UNSET))
    if trigger.on_failure_destination is None:
        said["on_failure_destination"] = NO_DESTINATION
    if is_set(trigger.filter_pattern):
        said["filter_pattern"] = pattern_value(trigger.filter_pattern)
    if is_set(trigger.filters):
        said["filters"] = [pattern_value(each) for each in trigger.filters]
    return said


def _by_function(triggers: Sequence[Trigger]) -> dict[str, Trigger]:
    return {function_key(each.function): each for each in triggers}


def _same(after: Trigger, live: Trigger | None) -> bool:
    return live is not None and replace(after, function=live.function) == live


def _summary(name: str, live: Trigger | None, after: Trigger) -> str:
    if live is None:
        return f"{name} is called"
    if _same(after, live):
        return ""
    names = (*DEFAULTS, "enabled")
    pairs = [(each, getattr(live, each), getattr(after, each)) for each in names]
    parts = [f"{each} {_shown(old)} -> {_shown(new)}" for each, old, new in pairs if old != new]
    if is_set(live.old_mappings):
        parts.append("moved to the stream that is on")
    return f"{name}: {', '.join(parts)}"


def _shown(value: object) -> str:
    if value in (None, ()):
        return "none"
    if isinstance(value, tuple):
        return " or ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
