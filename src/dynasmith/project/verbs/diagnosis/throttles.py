"""diagnose TABLE throttling, wired: what was throttled, by which limit, and what ends it.

The causes are those of CloudWatch's own metrics ("DynamoDB metrics and dimensions" and "Resolving throttling issues",
Developer Guide), never guesses from the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, NamedTuple

from msgspec.structs import replace

from dynasmith.aws.control.metrics import CloudWatchMetrics
from dynasmith.aws.errors.refusal import unread_access
from dynasmith.engine.metrics.catalog import throttle_queries
from dynasmith.engine.metrics.table_metrics import NO_METRICS, listing, read_series, unpublished
from dynasmith.engine.metrics.throttle_causes import ThrottledResource, throttled_resources
from dynasmith.engine.metrics.window import metric_window
from dynasmith.errors import NotOffered
from dynasmith.limits import PARTITION_MAX_READ_UNITS_PER_SECOND, PARTITION_MAX_WRITE_UNITS_PER_SECOND
from dynasmith.plans.consent import Consent, question
from dynasmith.plans.diff import billing_of
from dynasmith.ports.metrics import MetricSeries
from dynasmith.project.verbs.diagnosis.finding import DiagnosisFinding, PartFindings
from dynasmith.project.verbs.diagnosis.throttle_remedies import Remedy, apply_remedies, remedy_of
from dynasmith.project.verbs.metrics import index_names
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Autoscaling, Billing, Index, Scaling, Table, known

SINCE: Final = timedelta(days=1)
_MINUTES: Final = timedelta(days=1)
"""Windows up to this long are read by the minute, so that a peak is the peak of a minute."""


def diagnose_throttling(
    world: World,
    name: TableName,
    *,
    since: timedelta | None = None,
    fix: bool = False,
    consent: Consent | None = None,
) -> PartFindings:
    """See `Project.diagnose`."""
    described = world.control.describe(world.name_of(name), ("autoscaling",))
    series, unknown = _series(world, described, SINCE if since is None else since)
    causes = throttled_resources(series)
    remedies = [remedy_of(described.table, each) for each in causes]
    found = [_finding(described, each, remedy) for each, remedy in zip(causes, remedies, strict=True)]
    wanted = [remedy for remedy in remedies if remedy is not None]
    if not fix or not wanted:
        return PartFindings(tuple(found), unknown)
    table = described.table.name
    words = "; ".join(dict.fromkeys(remedy.words for remedy in wanted))
    world.granted(consent, [table], question(f"{words[0].upper()}{words[1:]}, in {{where}}?"))
    apply_remedies(world, described.table, wanted, consent)
    fixed = tuple(
        each if remedy is None else replace(each, fixed=True, fix=_kept(world, table, each, remedy))
        for each, remedy in zip(found, remedies, strict=True)
    )
    return PartFindings(fixed, unknown)


def throttle_series(world: World, described: TableDescription, since: timedelta) -> tuple[list[MetricSeries], str]:
    """Throttle events and consumption of a table and its indexes up to now, as far as they are known, and why
    something of them is not ("": all is). Costs a ListMetrics and a GetMetricData."""
    source, table = CloudWatchMetrics(world.session), described.table.name
    listed, why = listing(source, table)
    if not why and not listed.found:
        why = unpublished(source)
        if why == NO_METRICS:
            return [], NO_METRICS
    period = timedelta(minutes=1) if since <= _MINUTES else None
    window = metric_window(listed.now or world.clock.now(), since=since, period=period)
    series, unknown = read_series(source, throttle_queries(table, index_names(described)), window)
    return series, unknown[0].why if unknown else why


def _series(world: World, described: TableDescription, since: timedelta) -> tuple[list[MetricSeries], str]:
    """The same. Raises NotOffered, AccessError where nothing of it is known at all."""
    series, why = throttle_series(world, described, since)
    if why == NO_METRICS:
        raise NotOffered(
            f"Nothing is known of throttling of {described.table.name}: {why}.",
            hint="AWS has them, and the strict endpoint measures them: local start --strict",
        )
    if why and not any(each.points for each in series):
        table = described.table.name
        raise unread_access(why, table, world.session.access, f"Throttling of {table} could not be looked at: {why}.")
    return series, f"some metrics may be unknown: {why}" if why else ""


def _kept(world: World, table: str, finding: DiagnosisFinding, remedy: Remedy) -> str:
    """What is left to do after a fix: a definition that manages the setting would take it back."""
    defined = [each for each in world.defined_tables((table,)) if each.name == table]
    if any(remedy.is_managed(each) for each in defined):
        return f"write {remedy.definition} into the definition of {table}, else the next apply takes it back"
    return finding.fix


# --- the causes


class _Cause(NamedTuple):
    code: str
    why: str
    fix: str


def _finding(described: TableDescription, seen: ThrottledResource, remedy: Remedy | None) -> DiagnosisFinding:
    table = described.table
    cause = _CAUSES[seen.cause](table, seen)
    if seen.index and seen.side == "Write" and seen.cause in ("ProvisionedThroughput", "MaxOnDemandThroughput"):
        why = f"The index {seen.index} cannot take the writes of {table.name}, and holds them back. {cause.why}"
        cause = _Cause("DG202", why, cause.fix)
    fix = cause.fix
    if remedy is not None:
        fix = f"dynasmith diagnose {table.name} throttling --fix ({remedy.words}); or {fix}"
    return DiagnosisFinding(
        code=cause.code, why=cause.why, fix=fix, evidence=_evidence(table, seen), fixable=remedy is not None
    )


def _hot_key(table: Table, seen: ThrottledResource) -> _Cause:
    side = seen.side.lower()
    served = PARTITION_MAX_WRITE_UNITS_PER_SECOND if side == "write" else PARTITION_MAX_READ_UNITS_PER_SECOND
    why = (
        f"One key range of {_place(table, seen)} gets more {side}s than a partition serves, which is {served:,} units "
        "a second whatever the whole may take."
    )
    fix = (
        "spread the partition key that is hot (a suffix, a cache). To have it named: contributor_insights: true in the "
        f"definition, then dynasmith apply {table.name} --only contributor_insights"
    )
    return _Cause("DG201", why, fix)


def _provisioned(table: Table, seen: ThrottledResource) -> _Cause:
    side, scaling = seen.side.lower(), _scaling(table, seen)
    why = f"The provisioned {side} capacity of {_place(table, seen)} is too small."
    if scaling is not None:
        why = f"Autoscaling of {_place(table, seen)} ends at {scaling.max} {side} units, or follows too slowly."
    fix = f"set autoscaling or provisioned_throughput in the definition, then dynasmith apply {table.name}"
    return _Cause("DG203", why, fix)


def _maximum(table: Table, seen: ThrottledResource) -> _Cause:
    why = f"The on-demand maximum of {_place(table, seen)} holds back {seen.side.lower()}s."
    fix = f"raise on_demand_throughput in the definition, then dynasmith apply {table.name}"
    return _Cause("DG204", why, fix)


def _account(table: Table, seen: ThrottledResource) -> _Cause:
    place = _place(table, seen)
    why = f"{place[0].upper()}{place[1:]} has reached the account's quota of {seen.side.lower()} units for one table."
    fix = (
        "ask for more: aws service-quotas list-service-quotas --service-code dynamodb names the code of the quota of "
        "tables, aws service-quotas request-service-quota-increase asks"
    )
    return _Cause("DG205", why, fix)


def _unnamed(table: Table, seen: ThrottledResource) -> _Cause:
    why = f"{seen.side}s of {_place(table, seen)} are throttled, and no metric says by which limit."
    fix = f"look at the ThrottlingReasons of the errors, and at the limits: dynasmith describe {table.name}"
    return _Cause("DG206", why, fix)


_CAUSES: Final[dict[str, Callable[[Table, ThrottledResource], _Cause]]] = {
    "KeyRangeThroughput": _hot_key,
    "ProvisionedThroughput": _provisioned,
    "MaxOnDemandThroughput": _maximum,
    "AccountLimit": _account,
    "": _unnamed,
}


# --- words


def _place(table: Table, seen: ThrottledResource) -> str:
    return f"the index {seen.index} of {table.name}" if seen.index else f"the table {table.name}"


def _evidence(table: Table, seen: ThrottledResource) -> str:
    side = seen.side.lower()
    window = f"{seen.first.strftime('%Y-%m-%d %H:%M')} to {seen.last.strftime('%Y-%m-%d %H:%M')} UTC"
    limit = _limit(table, seen)
    of = f" of {limit:g}" if limit is not None else ""
    consumed = f"up to {seen.peak:,.1f}{of} {side} units a second were consumed"
    return f"{seen.events:,.0f} {seen.metric} from {window}; {consumed}"


def _limit(table: Table, seen: ThrottledResource) -> float | None:
    """The units a second that the resource may take by its settings; None where nothing says so."""
    holder = _holder(table, seen.index)
    if holder is None or seen.cause not in ("ProvisionedThroughput", "MaxOnDemandThroughput"):
        return None
    side = seen.side.lower()
    if billing_of(table) is Billing.PROVISIONED:
        capacity = known(holder.capacity, None)
        return None if capacity is None else float(getattr(capacity, side))
    maximum = known(holder.on_demand_maximum, None)
    value = None if maximum is None else getattr(maximum, side)
    return float(value) if isinstance(value, int) else None


def _scaling(table: Table, seen: ThrottledResource) -> Scaling | None:
    holder = _holder(table, seen.index)
    autoscaling = None if holder is None else known(holder.autoscaling, None)
    found = getattr(autoscaling, seen.side.lower()) if isinstance(autoscaling, Autoscaling) else None
    return found if isinstance(found, Scaling) else None


def _holder(table: Table, index: str) -> Table | Index | None:
    return table if not index else table.index(index)
