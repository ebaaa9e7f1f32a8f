"""What preflight asks CloudWatch: who is alarmed, and whether now is a quiet hour. What cannot be had is said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from msgspec import UnsetType

from dynasmith.aws.control.metrics import CloudWatchMetrics
from dynasmith.aws.control.settings_reads import reason_of
from dynasmith.aws.errors.refusal import unread_access
from dynasmith.errors import DynasmithError, Interrupted, TableNotFound, UsageError
from dynasmith.migrations.report import PreflightAnswer
from dynasmith.ports.metrics import MetricPoint, MetricQuery
from dynasmith.project.world import World
from dynasmith.tables.table import AlarmKind, known

ALARMED: Final = "Somebody is alarmed when something is wrong"
QUIET: Final = "It runs when there is little traffic"
HOUR_SECONDS: Final = 3_600
DAY_HOURS: Final = 24
_CONSUMED: Final = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")


def alarmed(world: World, tables: Sequence[str]) -> PreflightAnswer:
    """Whether each table that is there has an alarm on throttled writes that notifies somebody. Costs a table one
    DescribeTable, and one DescribeAlarms for each 100 alarms of the Region."""
    lacking, silent, unread, absent = [], [], [], []
    for name in tables:
        try:
            described = world.control.describe(world.physical(name), ("alarms",))
        except TableNotFound:
            absent.append(name)
            continue
        if isinstance(described.table.alarms, UnsetType):
            unread.append(f"{name}: {described.unread.get('alarms', 'its alarms are not known')}")
            continue
        found = [each for each in described.table.alarms if each.kind is AlarmKind.WRITE_THROTTLED]
        if not found:
            lacking.append(name)
        elif not any(known(each.notify, ()) for each in found):
            silent.append(name)
    said = [f"no alarm on throttled writes: {', '.join(lacking)}"] if lacking else []
    said += [f"an alarm without an action to notify: {', '.join(silent)}"] if silent else []
    if said:
        return PreflightAnswer(code="alarms", point=ALARMED, answer="no", why="; ".join(said))
    if len(absent) == len(tables):
        unread += [f"not there yet: {', '.join(absent)}"] if absent else []
    if unread or not tables:
        return PreflightAnswer(code="alarms", point=ALARMED, answer="only you know", why="; ".join(unread))
    return PreflightAnswer(
        code="alarms", point=ALARMED, answer="yes", why="every table has an alarm on throttled writes"
    )


def quiet(world: World, tables: Iterable[str]) -> PreflightAnswer:
    """Whether each table consumed less in the last hour than in the average hour of the last day; no more than that is
    known of a daily course. Costs one GetMetricData a table ($0.01 for 1,000 metrics, us-east-1)."""
    busy: list[str] = []
    calm: list[str] = []
    reasons: list[str] = []
    for name in tables:
        table = world.physical(name)
        try:
            hours = _hours(world, table)
        except (Interrupted, UsageError):
            raise
        except DynasmithError as error:
            reasons.append(f"{name}: {reason_of(error)}")
            continue
        if not hours:
            reasons.append(f"{name}: CloudWatch has no figures of the last day")
            continue
        average = sum(hours) / DAY_HOURS
        said = f"{name}: {hours[-1]:,.0f} units in the last hour, {average:,.0f} in an average hour of the last day"
        (busy if hours[-1] > average else calm).append(said)
    if busy:
        return PreflightAnswer(code="traffic", point=QUIET, answer="no", why="; ".join(busy))
    if reasons or not calm:
        return PreflightAnswer(code="traffic", point=QUIET, answer="only you know", why="; ".join(reasons))
    return PreflightAnswer(code="traffic", point=QUIET, answer="yes", why="; ".join(calm))


def _hours(world: World, table: str) -> list[float]:
    """The units of each hour of the last day, the last one at the end; none where there is no figure at all. Raises
    AccessError where figures may not be read."""
    source = CloudWatchMetrics(world.session)
    end = source.listed(table).now or world.clock.now()
    queries = [
        MetricQuery(metric=name, dimensions=(("TableName", table),), statistic="Sum", unit="Count")
        for name in _CONSUMED
    ]
    series, refused = source.read(queries, end - timedelta(hours=DAY_HOURS), end, HOUR_SECONDS // 12)
    for why in refused.values():
        raise unread_access(why, table, world.session.access)
    points: list[MetricPoint] = [point for each in series for point in each]
    if not points:
        return []
    hours = [0.0] * DAY_HOURS
    for point in points:
        age = (end - point.at).total_seconds()
        hours[max(0, DAY_HOURS - 1 - int(age // HOUR_SECONDS))] += point.value
    return hours
