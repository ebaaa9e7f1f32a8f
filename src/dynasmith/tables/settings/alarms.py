"""Alarms of CloudWatch on the table's metrics, each of a kind that fixes metric and dimensions."""

from collections.abc import Iterator, Mapping

from msgspec import UnsetType, convert, to_builtins
from msgspec.structs import replace

from dynasmith.limits import ALARM_MAX_MINUTES
from dynasmith.tables.alarms import AlarmKey, alarm_key, alarm_words
from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import Block, Choice, DocumentKey, Integer, ListOf, Number, Text
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.base import (
    CostEstimate,
    Facts,
    Hazard,
    Phase,
    RetirementPhase,
    Setting,
    SettingCall,
    SettingChange,
    SettingStep,
)
from dynasmith.tables.table import Alarm, AlarmKind, Table, known

MINUTES = 5
"""How long a threshold must be passed where a definition does not mention it: one period of the slowest metric."""

ALARM = Block(
    "an alarms entry",
    (
        DocumentKey("kind", Choice(tuple(AlarmKind)), "What it watches.", required=True),
        DocumentKey(
            "threshold",
            Number(0),
            "It alarms above this: events in one minute, or milliseconds. 0 is: at the first.",
            required=True,
        ),
        DocumentKey("index", Text(), "The global index that is watched, of throttling; the table without it."),
        DocumentKey(
            "only",
            ListOf(Text(), filled=True, alone=True),
            "Operations (`system_errors`, `latency`), Regions (`replication_lag`) or functions (`iterator_age`): one "
            "alarm for each.",
            default="the usual operations, every replica, every trigger",
        ),
        DocumentKey(
            "minutes", Integer(1, ALARM_MAX_MINUTES), "Minutes above the threshold that alarm.", default=str(MINUTES)
        ),
        DocumentKey(
            "of_minutes", Integer(1, ALARM_MAX_MINUTES), "Of how many minutes they are.", default="those of `minutes`"
        ),
        DocumentKey(
            "notify",
            ListOf(Text(), alone=True),
            "ARN of the SNS topic, or of another action, that is told.",
            default="none for a new alarm; those of another stay",
        ),
        DocumentKey("name", Text(), "The alarm's name.", default="`<table>-<kind>`, with index and part"),
    ),
    synonyms={"type": "kind", "metric": "kind", "alarm_actions": "notify", "index_name": "index"},
)


class SetAlarms(SettingChange, frozen=True, kw_only=True, tag="set-alarms"):
    """Other alarms: every one that there is, before and after."""

    before: tuple[Alarm, ...]
    after: tuple[Alarm, ...]


class CallPutAlarm(SettingCall, frozen=True, kw_only=True, tag="put-alarm"):
    """PutMetricAlarm: a new alarm, or another definition of one that is there."""

    alarm: Alarm


class CallDeleteAlarm(SettingCall, frozen=True, kw_only=True, tag="delete-alarm"):
    """DeleteAlarms of one alarm."""

    alarm: Alarm


Call = CallPutAlarm | CallDeleteAlarm
Alarms = tuple[Alarm, ...]


class AlarmsSetting(Setting[Alarms, SetAlarms, Call]):
    """The alarms that a kind can express. Of those that a definition lacks ``--prune`` removes the ones whose name
    follows from the table: others belong to others."""

    field = "alarms"
    label = "alarms"
    types = (SetAlarms, CallPutAlarm, CallDeleteAlarm)
    off = ()
    in_create_table = False
    copied = False
    retirement = RetirementPhase.ALARMS
    key = DocumentKey("alarms", ListOf(ALARM), "Alarms of CloudWatch.")

    def of(self, table: Table) -> Alarms | UnsetType:
        return table.alarms

    def parse(self, written: object) -> Alarms:
        assert isinstance(written, list | tuple)
        return tuple(map(_parsed, written))

    def render(self, value: Alarms) -> object:
        return [_rendered(alarm) for alarm in value]

    def difference(self, desired: Alarms, current: Alarms) -> SetAlarms | None:
        there = _by_key(current)
        wanted = {key: _merged(alarm, there.get(key)) for key, alarm in _by_key(desired).items()}
        after = there | wanted
        return None if after == there else SetAlarms(before=_sorted(there), after=_sorted(after))

    def removal(self, desired: Alarms, current: Alarms) -> SetAlarms | None:
        there, gone = _by_key(current), _unlisted(desired, current)
        left = {key: alarm for key, alarm in there.items() if key not in gone}
        return SetAlarms(before=_sorted(there), after=_sorted(left)) if gone else None

    def undefined(self, desired: Alarms, current: Alarms) -> Iterator[tuple[str, str]]:
        for key, alarm in _unlisted(desired, current).items():
            yield ".".join((self.key.name, *(word for word in key if word))), f"alarm {alarm_words(alarm)}"

    def steps(self, change: SetAlarms) -> Iterator[tuple[Phase, SettingStep]]:
        before, after = _by_key(change.before), _by_key(change.after)
        for key, alarm in after.items():
            if before.get(key) != alarm:
                yield Phase.MEASURE, CallPutAlarm(alarm=alarm)
        for key, alarm in before.items():
            if key not in after:
                yield Phase.MEASURE, CallDeleteAlarm(alarm=alarm)

    def after(self, step: Call, table: Table) -> Table:
        there = _by_key(known(table.alarms, ()))
        key = alarm_key(step.alarm)
        there.pop(key, None)
        if isinstance(step, CallPutAlarm):
            there[key] = step.alarm
        return replace(table, alarms=_sorted(there))

    def hazard(self, change: SetAlarms, table: str, facts: Facts) -> Hazard | None:
        gone = _by_key(change.before).keys() - _by_key(change.after).keys()
        if not gone:
            return None
        words = ", ".join(alarm_words(alarm) for key, alarm in _by_key(change.before).items() if key in gone)
        why = f"these alarms are no longer raised: {words}"
        return Hazard(kind="drop-alarms", path=self.key.name, why=why, consent="prune", flag="--prune")

    def summary(self, change: SetAlarms) -> str:
        before, after = _by_key(change.before), _by_key(change.after)
        differing = {key: alarm for key, alarm in (before | after).items() if before.get(key) != after.get(key)}
        return "; ".join(
            f"{alarm_words(alarm)}: {_state(before.get(key))} -> {_state(after.get(key))}"
            for key, alarm in differing.items()
        )

    def price(self, change: SetAlarms, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        more = _by_key(change.after).keys() - _by_key(change.before).keys()
        if not more:
            return None
        return CostEstimate(path=self.key.name, basis=f"per alarm and month, of {len(more)} more", monthly=None)

    def words(self, step: Call) -> str:
        if isinstance(step, CallDeleteAlarm):
            return f"delete the alarm {alarm_words(step.alarm)}"
        return f"put the alarm {alarm_words(step.alarm)}: {condition_words(step.alarm)}"


def condition_words(alarm: Alarm) -> str:
    """When an alarm alarms, in words."""
    of = "" if alarm.of_minutes == alarm.minutes else f" of {alarm.of_minutes}"
    return f"above {alarm.threshold:g} in {alarm.minutes}{of} minute" + ("" if alarm.of_minutes == 1 else "s")


def _state(alarm: Alarm | None) -> str:
    if alarm is None:
        return "none"
    told = known(alarm.notify, ())
    return condition_words(alarm) + (f", to {', '.join(told)}" if told else "")


def _parsed(said: Mapping[str, object]) -> Alarm:
    minutes = said.get("minutes", MINUTES)
    return convert({"minutes": minutes, "of_minutes": minutes, **said}, Alarm)


def _rendered(alarm: Alarm) -> Mapping[str, object]:
    said = to_builtins(alarm)
    if alarm.threshold.is_integer():
        said["threshold"] = int(alarm.threshold)
    if alarm.of_minutes == alarm.minutes:
        del said["of_minutes"]
    return {name: said[name] for name in (key.name for key in ALARM.keys) if name in said}


def _merged(desired: Alarm, current: Alarm | None) -> Alarm:
    """``desired`` with the actions that are there where it does not mention any."""
    if not isinstance(desired.notify, UnsetType):
        return desired
    return replace(desired, notify=() if current is None else current.notify)


def _unlisted(desired: Alarms, current: Alarms) -> Mapping[AlarmKey, Alarm]:
    wanted = _by_key(desired)
    return {
        key: alarm for key, alarm in _by_key(current).items() if key not in wanted and isinstance(alarm.name, UnsetType)
    }


def _by_key(alarms: Alarms) -> dict[AlarmKey, Alarm]:
    return {alarm_key(alarm): alarm for alarm in alarms}


def _sorted(alarms: Mapping[AlarmKey, Alarm]) -> Alarms:
    return tuple(alarms[key] for key in sorted(alarms))
