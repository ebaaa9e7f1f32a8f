"""Capacity: buckets of read and write units for tables, indexes and key ranges, and who is throttled by which.

A bucket refills by its rate on ``clock.flow()`` and holds unused units for some seconds (the service: up to 300 s for
provisioned ones). A call is let through while there is anything in every bucket that it draws on, and may overdraw
one: what it took too much must flow back before the next one passes. Whether an index throttles its base table follows
from that: a write draws on every index that it changes.
"""

import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dynasmith.strict.state.refusal import Refusal
from dynasmith.strict.state.state import StrictTable

Side = Literal["read", "write"]
# The texts of partition keys by index; the table is "".
Keys = Mapping[str, str]
# Developer guide, burst capacity: "currently up to 5 minutes (300 seconds) of unused read and write capacity".
BURST_SECONDS = 300.0
# Developer guide, ServiceQuotas: the initial quota of an on-demand table or index, read and write.
ACCOUNT_UNITS_PER_SECOND = 40_000.0
# Developer guide, bp-partition-key-design: what one partition serves.
KEY_RANGE_READ_UNITS, KEY_RANGE_WRITE_UNITS = 3000.0, 1000.0

PROVISIONED = "ProvisionedThroughputExceeded"
ACCOUNT = "AccountLimitExceeded"
KEY_RANGE = "KeyRangeThroughputExceeded"
MAXIMUM = "MaxOnDemandThroughputExceeded"
ThrottleCause = Literal["provisioned", "maximum", "key-range", "account"]
CAUSES: Mapping[ThrottleCause, str] = {
    "provisioned": PROVISIONED,
    "maximum": MAXIMUM,
    "key-range": KEY_RANGE,
    "account": ACCOUNT,
}
_EXCEEDED = (
    "The level of configured provisioned throughput for {what} was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
_THROUGHPUT = "Throughput exceeds the current throughput limit for your table or index. Please try again shortly."


@dataclass(slots=True)
class CapacityBucket:
    """Units that refill by ``rate`` a second up to ``rate * burst_seconds``."""

    rate: float
    burst_seconds: float
    level: float
    at: float

    def refill(self, flow: float, rate: float) -> None:
        """Let time pass until ``flow``; the rate may have changed meanwhile."""
        self.rate = rate
        self.level = min(self.level + (flow - self.at) * rate, max(rate * self.burst_seconds, 1.0))
        self.at = flow


@dataclass(slots=True, eq=False)
class Limit:
    """A limit that a test asked for; ``table`` None is every table, each with its own, ``index`` None the table,
    ``key`` the text of one partition key. ``cause`` is the limit that a refusal names ("": by the billing mode)."""

    table: str | None = None
    index: str | None = None
    read_units: float | None = None
    write_units: float | None = None
    burst_seconds: float = 1.0
    key: str | None = None
    cause: str = ""
    removed: bool = False
    release: Callable[["Limit"], None] | None = None

    def remove(self) -> None:
        """The limit holds no longer."""
        self.removed = True
        if self.release is not None:
            self.release(self)

    def holds(self, table: StrictTable, resource: str) -> bool:
        """Whether it is about this table (resource "") or this index of it."""
        return self.table in {None, table.name} and (self.index or "") == resource

    def units(self, side: Side) -> float | None:
        """Units a second of that side."""
        return self.read_units if side == "read" else self.write_units


@dataclass(slots=True)
class HotPartitions:
    """Key ranges of their own speed: ``ranges`` by the partition key's hash (None: each key value is its own)."""

    ranges: int | None
    read_units: float
    write_units: float


@dataclass(slots=True)
class CapacityModel:
    """All buckets of a server. ``enforced``: the tables' own capacity holds, beside the limits of tests."""

    enforced: bool = False
    limits: list[Limit] = field(default_factory=list)
    hot: HotPartitions | None = None
    buckets: dict[tuple[str, str, str, Side], CapacityBucket] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def idle(self) -> bool:
        """Whether nothing is limited at all."""
        return not (self.enforced or self.limits or self.hot)

    def add(self, limit: Limit) -> Limit:
        """Hold a limit from now on; the newest of one target holds."""
        limit.release = self._release
        with self.lock:
            self.limits = [limit, *self.limits]
            self.buckets.clear()
        return limit

    def _release(self, limit: Limit) -> None:
        with self.lock:
            self.limits = [one for one in self.limits if one is not limit]


def rate_of(capacity: CapacityModel, table: StrictTable, resource: str, side: Side) -> tuple[float, float, str] | None:
    """(units a second, seconds of burst, reason) of a table or index; None when it is not limited."""
    billing = MAXIMUM if table.on_demand_billing else PROVISIONED
    for one in capacity.limits:
        units = one.units(side)
        if units is not None and one.key is None and one.holds(table, resource):
            return units, one.burst_seconds, one.cause or billing
    if not capacity.enforced:
        return None
    holder = table.gsis.get(resource) if resource else table
    if holder is None:
        return None  # a local index draws on its table
    if not table.on_demand_billing:
        units = holder.capacity.read if side == "read" else holder.capacity.write
        return float(units), BURST_SECONDS, PROVISIONED
    member = "MaxReadRequestUnits" if side == "read" else "MaxWriteRequestUnits"
    maximum = (holder.on_demand or {}).get(member)
    if maximum is not None:
        return float(maximum), 1.0, MAXIMUM
    return ACCOUNT_UNITS_PER_SECOND, 1.0, ACCOUNT


@dataclass(frozen=True, slots=True)
class ThrottleSetting:
    """Why a call does not pass: which resource, which side, which limit."""

    table: StrictTable
    resource: str
    side: Side
    limit: str

    def reason(self) -> dict[str, str]:
        """One entry of ThrottlingReasons."""
        kind = "Index" if self.resource else "Table"
        arn = f"{self.table.arn}/index/{self.resource}" if self.resource else self.table.arn
        return {"reason": f"{kind}{self.side.capitalize()}{self.limit}", "resource": arn}

    def refusal(self) -> Refusal:
        """The service's error: provisioned and key-range limits have one exception, on-demand limits the other."""
        reasons: list[Any] = [self.reason()]
        if self.limit in {MAXIMUM, ACCOUNT}:
            return Refusal("ThrottlingException", _THROUGHPUT, parts={"throttlingReasons": reasons})
        what = f"one or more global secondary indexes of the table ({self.resource})" if self.resource else "the table"
        return Refusal(
            "ProvisionedThroughputExceededException", _EXCEEDED.format(what=what), parts={"ThrottlingReasons": reasons}
        )


def _buckets(
    capacity: CapacityModel, table: StrictTable, resource: str, side: Side, keys: Keys, flow: float
) -> Iterator[tuple[CapacityBucket, str]]:
    found = rate_of(capacity, table, resource, side)
    if found is not None:
        rate, burst, reason = found
        yield _bucket(capacity, (table.arn, resource, "", side), rate, burst, flow), reason
    key = keys.get(resource)
    for one in capacity.limits if key is not None else ():
        units = one.units(side)
        if units is not None and one.key == key and one.holds(table, resource):
            name = (table.arn, resource, f"limit of key {key}", side)
            yield _bucket(capacity, name, units, one.burst_seconds, flow), one.cause or KEY_RANGE
            break
    hot = capacity.hot
    if hot is not None and key is not None and not resource:
        rate = hot.read_units if side == "read" else hot.write_units
        place = key if hot.ranges is None else str(zlib.crc32(key.encode()) % hot.ranges)
        yield _bucket(capacity, (table.arn, resource, "key " + place, side), rate, 1.0, flow), KEY_RANGE


def _bucket(
    capacity: CapacityModel, name: tuple[str, str, str, Side], rate: float, burst: float, flow: float
) -> CapacityBucket:
    bucket = capacity.buckets.get(name)
    if bucket is None:
        # A second's worth to begin with: what was not used before the first call was never there.
        bucket = capacity.buckets[name] = CapacityBucket(rate, burst, rate, flow)
    bucket.refill(flow, rate)
    return bucket


def throttle_of(
    capacity: CapacityModel,
    table: StrictTable,
    resources: Iterable[str],
    side: Side,
    keys: Mapping[str, str],
    flow: float,
) -> ThrottleSetting | None:
    """The first of the resources (the table is "") that has nothing left; None when all have."""
    for resource in resources:
        for bucket, reason in _buckets(capacity, table, resource, side, keys, flow):
            if bucket.level <= 0:
                return ThrottleSetting(table, resource, side, reason)
    return None


def take(
    capacity: CapacityModel,
    table: StrictTable,
    consumed: Mapping[str, float],
    side: Side,
    keys: Mapping[str, str],
    flow: float,
) -> None:
    """Take units out of the buckets of each resource; a bucket may go below nothing."""
    for resource, units in consumed.items():
        for bucket, _ in _buckets(capacity, table, resource, side, keys, flow):
            bucket.level -= units


def left(capacity: CapacityModel, table: StrictTable, resource: str, side: Side, flow: float) -> float | None:
    """The units that a call may still take before it overdraws; None when nothing limits."""
    levels = [bucket.level for bucket, _ in _buckets(capacity, table, resource, side, {}, flow)]
    return min(levels, default=None)
