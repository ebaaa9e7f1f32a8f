"""Which alarms a definition means: one for each operation, Region or function that it watches."""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.plans.change import Conflict
from dynasmith.tables.alarms import ALARM_METRICS, PART_WORDS, alarm_name, function_name
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Alarm, AlarmKind, Table, known


def alarm_parts(desired: Table, description: TableDescription | None) -> Table:
    """``desired`` with an alarm for each part that is watched. Regions and functions are those of ``desired``, or else
    of the live table; an alarm of which none is known is left out, and `alarm_conflicts` says so."""
    if isinstance(desired.alarms, UnsetType):
        return desired
    live = None if description is None else description.table
    found = (each for alarm in desired.alarms for each in _singles(alarm, desired, live))
    return replace(desired, alarms=tuple(_with_short_name(desired.name, alarm) for alarm in found))


def alarm_conflicts(desired: Table, description: TableDescription | None) -> tuple[Conflict, ...]:
    """Alarms on replicas or functions of a table that has none."""
    live = None if description is None else description.table
    without = (alarm for alarm in known(desired.alarms, ()) if not tuple(_singles(alarm, desired, live)))
    return tuple(
        Conflict(
            path="alarms",
            before=f"no {PART_WORDS[ALARM_METRICS[alarm.kind].part]}",
            after=alarm.kind.value,
            reason="the table has no replica" if alarm.kind is AlarmKind.REPLICATION_LAG else "it has no trigger",
            way_out=f"name what it watches (only: [...]), or take the alarm {alarm.kind.value} out of the definition",
        )
        for alarm in without
    )


def gathered(live: Table) -> tuple[Alarm, ...] | UnsetType:
    """The alarms of a live table as a definition says them: those that differ in the part alone are one entry, which
    does not name the parts where they are the usual ones. UNSET where there are none."""
    groups: dict[Alarm, list[str]] = {}
    for alarm in known(live.alarms, ()):
        groups.setdefault(replace(alarm, only=UNSET), []).extend(known(alarm.only, ()))
    found = []
    for alarm, parts in groups.items():
        usual = ALARM_METRICS[alarm.kind].parts or tuple(map(function_name, _parts(alarm.kind, live, None)))
        found.append(alarm if sorted(parts) == sorted(usual) else replace(alarm, only=tuple(parts) or UNSET))
    return tuple(found) or UNSET


def _singles(alarm: Alarm, desired: Table, live: Table | None) -> Iterator[Alarm]:
    metric = ALARM_METRICS[alarm.kind]
    if not metric.part:
        yield alarm
        return
    parts = known(alarm.only, metric.parts) or _parts(alarm.kind, desired, live)
    if metric.part == "FunctionName":
        parts = tuple(map(function_name, parts))
    for part in dict.fromkeys(parts):
        yield replace(alarm, only=(part,))


def _parts(kind: AlarmKind, desired: Table, live: Table | None) -> tuple[str, ...]:
    if kind is AlarmKind.REPLICATION_LAG:
        there = () if live is None else known(live.replicas, ())
        return tuple(replica.region for replica in known(desired.replicas, there))
    triggers = () if live is None else known(live.triggers, ())
    return tuple(trigger.function for trigger in known(desired.triggers, triggers))


def _with_short_name(table: str, alarm: Alarm) -> Alarm:
    """Without a name that follows from the table anyway, so that a live alarm reads the same."""
    derived = replace(alarm, name=UNSET)
    return derived if known(alarm.name, "") == alarm_name(table, derived) else alarm
