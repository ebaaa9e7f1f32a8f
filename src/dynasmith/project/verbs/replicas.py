"""replicas, wired: how the replicas of a table are, how late, and in what they differ from it."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct, UnsetType, to_builtins
from msgspec.structs import replace

from dynasmith.aws.control.metrics import CloudWatchMetrics
from dynasmith.aws.control.replica_reads import item_there
from dynasmith.aws.control.settings_reads import reason_of
from dynasmith.aws.errors.refusal import unread_access
from dynasmith.engine.metrics.table_metrics import NO_METRICS
from dynasmith.errors import DynasmithError, Interrupted, UsageError
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.metrics import MetricQuery
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import ReplicaState, TableDescription
from dynasmith.tables.table import Key, Recovery, Replica, known

PROBE_SECONDS: Final = 60.0
"""How long a probe waits for its item in each other Region; replication usually takes about a second."""
PROBE_PAUSE_SECONDS: Final = 0.1
LAG_WINDOW: Final = timedelta(minutes=30)
LAG_PERIOD_SECONDS: Final = 300
"""ReplicationLatency has one figure in five minutes, and none while nothing is written."""


class ReplicaReport(Struct, frozen=True, kw_only=True):
    """A replica in another Region. ``status`` and ``reason`` are the service's. ``lag_ms`` is the average of
    ReplicationLatency in the last five minutes that have a figure, of the last half hour; None where there is none.

    ``settings_differ`` names what it has otherwise than the table; ``differences`` has both values, ``unread`` says why
    something could not be read. ``probe_ms`` is how long the item of a probe took to be read there; None without a
    probe and where it was not seen, and then ``probe_failure`` says why.
    """

    region: str
    status: str
    reason: str = ""
    lag_ms: float | None = None
    settings_differ: tuple[str, ...] = ()
    differences: dict[str, dict[str, Any]] = {}
    unread: str = ""
    probe_ms: int | None = None
    probe_failure: str = ""

    @property
    def is_well(self) -> bool:
        """Whether it is ACTIVE, and what was probed was seen there."""
        return self.status == "ACTIVE" and not self.probe_failure

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        plain: dict[str, Any] = to_builtins(self)
        return plain


def replicas(
    world: World,
    name: TableName,
    *,
    probe: bool = False,
    probe_seconds: float = PROBE_SECONDS,
    consent: Consent | None = None,
) -> tuple[ReplicaReport, ...]:
    """See `Project.replicas`."""
    described = world.control.describe(world.name_of(name), ("replicas", "recovery", "tags"))
    table = described.table.name
    regions = [state.region for state in described.replicas]
    if probe and not regions:
        raise UsageError(f"Table {table} has no replica to probe.", hint="add one to replicas in its definition")
    if probe:
        text = (
            f"Write one item to {table} in {{where}}, read it in {', '.join(regions)}, and delete it? Streams, "
            "triggers and Kinesis destinations see both."
        )
        world.granted(consent, [table], question(text))
    lags = replica_lags(world, table, regions) if regions else ReplicaLags()
    found = tuple(_report(described, state, lags) for state in described.replicas)
    return _probed(world, described, found, probe_seconds) if probe else found


class ReplicaLags(Struct, frozen=True):
    """The newest figure of ReplicationLatency in milliseconds by Region, and why none is known ("": all are)."""

    ms: dict[str, float] = {}
    unknown: str = ""


def replica_lags(world: World, table: str, regions: Sequence[str]) -> ReplicaLags:
    """How late each Region is, on the service's time. A ListMetrics and a GetMetricData; what they refuse is said."""
    source = CloudWatchMetrics(world.session)
    try:
        listed = source.listed(table)
        if not listed.found and not source.publishes():
            return ReplicaLags(unknown=NO_METRICS)
        queries = [
            MetricQuery(
                metric="ReplicationLatency",
                dimensions=(("TableName", table), ("ReceivingRegion", region)),
                statistic="Average",
                unit="Milliseconds",
            )
            for region in regions
        ]
        now = listed.now or world.clock.now()
        found, unknown = source.read(queries, now - LAG_WINDOW, now, LAG_PERIOD_SECONDS)
    except (Interrupted, UsageError):
        raise
    except DynasmithError as error:
        return ReplicaLags(unknown=reason_of(error))
    if unknown:
        # A denial of GetMetricData comes as a reason without the statement that would allow it.
        why = next(iter(unknown.values()))
        return ReplicaLags(unknown=unread_access(why, table, world.session.access).message.rstrip("."))
    return ReplicaLags({region: each[-1].value for region, each in zip(regions, found, strict=True) if each})


def _report(described: TableDescription, state: ReplicaState, lags: ReplicaLags) -> ReplicaReport:
    table, region = described.table, state.region
    there = next((each for each in known(table.replicas, ()) if each.region == region), None)
    parts = (f"replicas.{region}", f"replicas.{region}.tags", "recovery", "tags")
    unread = [described.unread[part] for part in parts if part in described.unread]
    differences = {} if there is None else _differences(described, there)
    unread += [f"the lag is not known: {lags.unknown}"] if lags.unknown else []
    return ReplicaReport(
        region=region,
        status=state.status,
        reason=state.reason or _REASONS.get(state.status, ""),
        lag_ms=lags.ms.get(region),
        settings_differ=tuple(differences),
        differences=differences,
        unread="; ".join(unread),
    )


_REASONS: Final[Mapping[str, str]] = {
    "REGION_DISABLED": "the Region is not enabled in the account",
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS": "its KMS key cannot be used",
    "REPLICATION_NOT_AUTHORIZED": "a policy does not allow the replication",
}
"""What a status means where the service gives no reason (API, ReplicaDescription, ReplicaStatus)."""


def _differences(described: TableDescription, there: Replica) -> dict[str, dict[str, Any]]:
    table = described.table
    recovery = table.recovery if isinstance(table.recovery, UnsetType) else isinstance(table.recovery, Recovery)
    pairs = {
        "point_in_time_recovery": (recovery, there.recovery),
        "deletion_protection": (table.deletion_protection, there.deletion_protection),
        "table_class": (table.table_class, there.table_class),
        "tags": (table.tags, there.tags),
    }
    return {
        name: {"table": own, "replica": other}
        for name, (own, other) in pairs.items()
        if not isinstance(own, UnsetType) and not isinstance(other, UnsetType) and own != other
    }


# --- the probe


def _probed(
    world: World, described: TableDescription, found: tuple[ReplicaReport, ...], seconds: float
) -> tuple[ReplicaReport, ...]:
    """The reports with what the probe measured. The item is deleted whatever happens."""
    table, key = described.table.name, probe_key(described.table.key)
    written = time.monotonic()
    world.few_items.put(table, key | {"dynasmith_probe": {"S": world.clock.now().isoformat()}}, only_new=True)
    try:
        waiting = {each.region: each for each in found}
        done: dict[str, ReplicaReport] = {}
        while waiting:
            for region, report in list(waiting.items()):
                result = _look(world, table, key, report, lambda: round((time.monotonic() - written) * 1000))
                if result is not None:
                    done[region] = result
                    del waiting[region]
            if waiting and time.monotonic() - written > seconds:
                failure = f"the item was not there after {seconds:g} s"
                done |= {region: replace(report, probe_failure=failure) for region, report in waiting.items()}
                break
            if waiting:
                world.clock.sleep(PROBE_PAUSE_SECONDS)
    finally:
        world.few_items.delete(table, key)
    return tuple(done[each.region] for each in found)


def _look(
    world: World, table: str, key: Mapping[str, Any], report: ReplicaReport, passed_ms: Callable[[], int]
) -> ReplicaReport | None:
    """The report where something is known; None while the item is not there yet."""
    try:
        there = item_there(world.session, table, key, report.region)
    except DynasmithError as error:
        return replace(report, probe_failure=reason_of(error))
    return replace(report, probe_ms=passed_ms()) if there else None


def probe_key(key: Key) -> dict[str, Any]:
    """A key that no item has, as DynamoDB JSON: a random one of the table's types."""
    drawn = uuid.uuid4()
    values = {
        "S": {"S": f"dynasmith-probe-{drawn}"},
        "N": {"N": str(drawn.int % 10**38)},
        "B": {"B": base64.b64encode(drawn.bytes).decode()},
    }
    return {attribute.name: values[attribute.type] for attribute in key}
