"""What the endpoint knows of each table: the part of the service that engines lack. Mutable, since it is the world.

Times are seconds on the endpoint's clock. A transition is a due time and what happens then; nothing runs in the
background: ``settle`` applies what is due whenever somebody looks.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynasmith.strict.state.aws_backup import AwsBackup
from dynasmith.strict.state.mappings import StreamFeed, StreamMapping
from dynasmith.strict.state.metrics import MetricTally
from dynasmith.strict.state.policies import PolicyLog
from dynasmith.strict.state.stream_log import StreamLog

KeySchema = tuple[tuple[str, str], ...]  # (attribute, "HASH" | "RANGE")
STANDARD = "STANDARD"
# The account of callers whose access key is not 12 digits, in every engine.
DEFAULT_ACCOUNT = "000000000000"


@dataclass(slots=True)
class ProvisionedUnits:
    """Provisioned units and what was done to them. Zero units with on-demand billing."""

    read: int = 0
    write: int = 0
    increased_at: float | None = None
    decreased_at: float | None = None
    decreases: list[float] = field(default_factory=list)


@dataclass(slots=True)
class WarmUnits:
    """Warm throughput: units per second that the table serves at once."""

    read: int
    write: int
    status: str = "ACTIVE"


@dataclass(slots=True)
class StrictIndex:
    """One global secondary index."""

    name: str
    key_schema: KeySchema
    projection: Mapping[str, Any]
    status: str = "ACTIVE"
    backfilling: bool | None = None
    capacity: ProvisionedUnits = field(default_factory=ProvisionedUnits)
    on_demand: Mapping[str, int] | None = None
    warm: WarmUnits = field(default_factory=lambda: WarmUnits(0, 0))
    item_count: int = 0
    size_bytes: int = 0


@dataclass(slots=True)
class StrictLocalIndex:
    """One local secondary index; it never changes."""

    name: str
    key_schema: KeySchema
    projection: Mapping[str, Any]


@dataclass(slots=True)
class TimeToLive:
    """TTL of a table."""

    status: str = "DISABLED"
    attribute: str | None = None
    changed_at: float | None = None


@dataclass(slots=True)
class PointInTime:
    """Point-in-time recovery of a table. ``since`` is when the window began."""

    enabled: bool = False
    since: float | None = None
    days: int = 35


@dataclass(slots=True)
class Stream:
    """The stream of a table; the ARN of a disabled one stays visible. ``engine_arn`` is what the engine calls it."""

    view: str | None = None
    label: str | None = None
    arn: str | None = None
    engine_arn: str | None = None


@dataclass(frozen=True, slots=True)
class InsightsState:
    """Contributor insights of a table or an index; settled at ``due``."""

    on: bool = False
    mode: str = "ACCESSED_AND_THROTTLED_KEYS"
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class DestinationState:
    """One Kinesis destination, ``moving`` until ``due``."""

    on: bool
    precision: str
    due: float
    moving: str


@dataclass(slots=True)
class Transition:
    """A transition that is under way: at ``due``, ``what`` happens (to index ``name``, where it names one)."""

    due: float
    what: str
    name: str = ""


@dataclass(slots=True)
class StrictTable:
    """One table as the service would have it."""

    name: str
    arn: str
    created_at: float
    key_schema: KeySchema
    definitions: dict[str, str]
    status: str = "ACTIVE"
    billing: str = "PROVISIONED"
    billing_said: bool = False
    capacity: ProvisionedUnits = field(default_factory=ProvisionedUnits)
    on_demand: Mapping[str, int] | None = None
    warm: WarmUnits = field(default_factory=lambda: WarmUnits(0, 0))
    gsis: dict[str, StrictIndex] = field(default_factory=dict)
    lsis: dict[str, StrictLocalIndex] = field(default_factory=dict)
    stream: Stream = field(default_factory=Stream)
    ttl: TimeToLive = field(default_factory=TimeToLive)
    pitr: PointInTime = field(default_factory=PointInTime)
    pitr_ready_at: float = 0.0
    sse: Mapping[str, Any] | None = None
    sse_changes: list[float] = field(default_factory=list)
    table_class: str = STANDARD
    table_class_said: bool = False
    class_changes: list[float] = field(default_factory=list)
    protected: bool = False
    to_on_demand: list[float] = field(default_factory=list)
    restored: Mapping[str, Any] | None = None
    tags: dict[str, str] = field(default_factory=dict)
    item_count: int = 0
    size_bytes: int = 0
    counted_at: float = 0.0
    visible_at: float = 0.0
    seen_items: int = 0
    seen_bytes: int = 0
    replicas: dict[str, str] = field(default_factory=dict)
    # By index; "" is the table itself.
    insights: dict[str, InsightsState] = field(default_factory=dict)
    # By the ARN of the stream.
    destinations: dict[str, DestinationState] = field(default_factory=dict)
    pending: list[Transition] = field(default_factory=list)

    @property
    def partition_key(self) -> str:
        """The (first) partition key attribute."""
        return self.key_schema[0][0]

    @property
    def keys(self) -> tuple[str, ...]:
        """The key attributes of the table."""
        return tuple(name for name, _ in self.key_schema)

    @property
    def on_demand_billing(self) -> bool:
        """Whether the table is billed on demand."""
        return self.billing == "PAY_PER_REQUEST"

    def used_attributes(self) -> set[str]:
        """The attributes that a key of the table or of an index uses."""
        schemas = [
            self.key_schema,
            *(g.key_schema for g in self.gsis.values()),
            *(i.key_schema for i in self.lsis.values()),
        ]
        return {name for schema in schemas for name, _ in schema}

    def drop_unused_definitions(self) -> None:
        """Forget definitions that no key uses any more."""
        used = self.used_attributes()
        self.definitions = {name: kind for name, kind in self.definitions.items() if name in used}

    def next_due(self) -> float | None:
        """When the next transition is due."""
        return min((pending.due for pending in self.pending), default=None)

    def settle(self, now: float) -> bool:
        """Let everything happen that is due. True when the table is gone after it."""
        while self.pending:
            first = min(self.pending, key=lambda pending: pending.due)
            if first.due > now:
                return False
            self.pending.remove(first)
            if self._happen(first):
                return True
        return False

    def _happen(self, pending: Transition) -> bool:
        index = self.gsis.get(pending.name)
        match pending.what:
            case "gone":
                return True
            case "active":
                self.status = "ACTIVE"
                self.warm.status = "ACTIVE"
                if self.restored is not None:
                    self.restored = {**self.restored, "RestoreInProgress": False}
            case "backfill" if index is not None:
                index.backfilling = True
                self.status = "ACTIVE"
            case "index-active" if index is not None:
                index.status, index.backfilling = "ACTIVE", None
                index.warm.status = "ACTIVE"
            case "index-gone":
                self.gsis.pop(pending.name, None)
                self.insights.pop(pending.name, None)
                self.drop_unused_definitions()
            case "ttl-on":
                self.ttl.status = "ENABLED"
            case "ttl-off":
                self.ttl.status, self.ttl.attribute = "DISABLED", None
            case "sse" if self.sse is not None:
                self.sse = None if self.sse.get("Status") == "DISABLING" else {**self.sse, "Status": "ENABLED"}
            case "replica-active":
                self.replicas[pending.name] = "ACTIVE"
            case "replica-gone":
                self.replicas.pop(pending.name, None)
            case _:
                pass  # the index went away meanwhile
        return False


@dataclass(slots=True)
class BackupState:
    """One backup: its description as the engine made it, when it is there, and the table it was made of.

    ``kind`` is its BackupType. ``own``: AWS Backup manages it alone, and DynamoDB shows it to nobody.
    """

    arn: str
    name: str
    available_at: float
    source: StrictTable
    deleted: bool = False
    kind: str = "USER"
    created_at: float = 0.0
    expires_at: float | None = None
    own: bool = False


@dataclass(slots=True)
class Account:
    """The tables and backups of one account in one Region."""

    key: tuple[str, str]
    tables: dict[str, StrictTable] = field(default_factory=dict)
    backups: dict[str, BackupState] = field(default_factory=dict)
    # (resource id, scalable dimension) of the targets that were registered through the endpoint.
    scaled: set[tuple[str, str]] = field(default_factory=set)
    # Tags of scalable targets by ARN; the key says that there is, or was, such a target.
    scaling_tags: dict[str, dict[str, str]] = field(default_factory=dict)
    aws_backup: AwsBackup = field(default_factory=AwsBackup)
    metrics: MetricTally = field(default_factory=MetricTally)
    # When it is time to look for expired items.
    expiry_at: float = 0.0
    # Event source mappings of streams by UUID, and what their streams hold by ARN.
    mappings: dict[str, StreamMapping] = field(default_factory=dict)
    feeds: dict[str, StreamFeed] = field(default_factory=dict)
    # The streams of its tables by ARN, those that were turned off too.
    streams: dict[str, StreamLog] = field(default_factory=dict)
    # The policies of its tables and streams by ARN.
    policies: dict[str, PolicyLog] = field(default_factory=dict)
    # A table was found that the endpoint did not make; and whether mappings of the engine were taken over.
    found: bool = False
    adopted: bool = False
    adoption: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def number(self) -> str:
        """The account's number, as ARNs have it."""
        return self.key[0] or DEFAULT_ACCOUNT

    def settle(self, now: float) -> None:
        """Let everything happen that is due in every table."""
        for name in [name for name, table in self.tables.items() if table.pending and table.settle(now)]:
            del self.tables[name]

    def dues(self, names: Collection[str] = ()) -> list[float]:
        """When what is in transition in these tables (none named: in all, and the backups) will be over; TTL aside."""
        found: list[float] = []
        for name, table in self.tables.items():
            if not names or name in names:
                found += [pending.due for pending in table.pending if not pending.what.startswith("ttl")]
                found += [table.visible_at, table.pitr_ready_at]
        return found if names else found + [backup.available_at for backup in self.backups.values()]

    def changing(self) -> int:
        """How many tables are under way between two states."""
        return sum(
            table.status != "ACTIVE" or any(index.status != "ACTIVE" for index in table.gsis.values())
            for table in self.tables.values()
        )
