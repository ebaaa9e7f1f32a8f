"""`Table`: one frozen type for the table that is wanted and for the table that is there.

Only the reader differs: `tables.parse` reads a definition, `aws` reads a live table. So drift is a difference of two
values of one type (`plans.diff`), and what has been created from a `Table` reads back as that `Table`.

Three states of a setting, never mixed:

* ``UNSET``: not mentioned. A wish leaves it as it is; a reading could not be had (no such service there, no right).
* ``None``, ``False``, ``()``: said to be off, or none wanted.
* a value.

Values that are the service's own words (``NEW_AND_OLD_IMAGES``, ``STANDARD``) are enums whose values are those words,
so that definitions, plans and the service spell them alike.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType

T = TypeVar("T")
KeyType = Literal["S", "N", "B"]


class Billing(StrEnum):
    """How a table is paid for: per request, or per hour for a capacity."""

    ON_DEMAND = "PAY_PER_REQUEST"
    PROVISIONED = "PROVISIONED"


class ProjectionKind(StrEnum):
    """Which attributes an index holds beside the keys."""

    ALL = "ALL"
    KEYS_ONLY = "KEYS_ONLY"
    INCLUDE = "INCLUDE"


class StreamView(StrEnum):
    """What a stream shows of a changed item."""

    KEYS_ONLY = "KEYS_ONLY"
    NEW_IMAGE = "NEW_IMAGE"
    OLD_IMAGE = "OLD_IMAGE"
    NEW_AND_OLD_IMAGES = "NEW_AND_OLD_IMAGES"


class EncryptionKind(StrEnum):
    """Whose key encrypts the table; the key that AWS owns costs nothing."""

    AWS_OWNED = "AWS_OWNED"
    AWS_MANAGED = "AWS_MANAGED"
    CUSTOMER = "CUSTOMER"


class TableClass(StrEnum):
    """What storage costs against what requests cost."""

    STANDARD = "STANDARD"
    INFREQUENT_ACCESS = "STANDARD_INFREQUENT_ACCESS"


class Consistency(StrEnum):
    """How the replicas of a global table agree."""

    EVENTUAL = "EVENTUAL"
    STRONG = "STRONG"


class InsightsMode(StrEnum):
    """Which keys contributor insights show."""

    ALL_KEYS = "ACCESSED_AND_THROTTLED_KEYS"
    THROTTLED_KEYS = "THROTTLED_KEYS"


class KinesisPrecision(StrEnum):
    """How exact the times of changes are that a Kinesis stream gets."""

    MILLISECOND = "MILLISECOND"
    MICROSECOND = "MICROSECOND"


class TablePart(
    Struct, frozen=True, kw_only=True, omit_defaults=True, repr_omit_defaults=True, forbid_unknown_fields=True
):
    """Base of the parts of a table: frozen, compared by value, sent as JSON without what is not set."""


class KeyAttribute(TablePart, frozen=True, kw_only=True):
    """One attribute of a key and its type."""

    name: str
    type: KeyType


class Key(TablePart, frozen=True, kw_only=True):
    """A key: one partition attribute and at most one sort attribute; for a GSI up to four of each."""

    partition: tuple[KeyAttribute, ...]
    sort: tuple[KeyAttribute, ...] = ()

    def __iter__(self) -> Iterator[KeyAttribute]:
        yield from self.partition
        yield from self.sort

    @property
    def names(self) -> tuple[str, ...]:
        """The attribute names, partition first."""
        return tuple(attribute.name for attribute in self)


class Projection(TablePart, frozen=True, kw_only=True):
    """What an index holds; ``attributes`` only with INCLUDE, sorted, since their order means nothing."""

    kind: ProjectionKind = ProjectionKind.ALL
    attributes: tuple[str, ...] = ()


class Capacity(TablePart, frozen=True, kw_only=True):
    """Provisioned capacity, in read and write units a second."""

    read: int
    write: int


class OnDemandMaximum(TablePart, frozen=True, kw_only=True):
    """The ceiling of an on-demand table or index, in request units a second; None is no ceiling.

    UNSET (in a definition that names only the other one) leaves it as it is; a plan has values only."""

    read: int | UnsetType | None = None
    write: int | UnsetType | None = None


class Warm(TablePart, frozen=True, kw_only=True):
    """Warm throughput, in units a second: what can be served at once. It can be raised only, and it costs."""

    read: int | UnsetType = UNSET
    write: int | UnsetType = UNSET


class Scaling(TablePart, frozen=True, kw_only=True):
    """Target tracking of one dimension: capacity between ``min`` and ``max`` so that ``target`` percent is used.

    A ``target`` of UNSET (in a definition that does not mention it) is the live one, 70 for a new policy; a plan has a
    value. With ``disable_scale_in`` capacity is raised and never lowered."""

    min: int
    max: int
    target: float | UnsetType = 70.0
    scale_in_cooldown_seconds: int | UnsetType = UNSET
    scale_out_cooldown_seconds: int | UnsetType = UNSET
    disable_scale_in: bool | UnsetType = UNSET


class Autoscaling(TablePart, frozen=True, kw_only=True):
    """Autoscaling of a table or an index; None is off for that dimension."""

    read: Scaling | UnsetType | None = UNSET
    write: Scaling | UnsetType | None = UNSET


class Insights(TablePart, frozen=True, kw_only=True):
    """Contributor insights that are on, in a mode that is mentioned or was read."""

    mode: InsightsMode


class KinesisDestination(TablePart, frozen=True, kw_only=True):
    """The Kinesis stream that gets the changes, with the precision of their times."""

    stream: str
    precision: KinesisPrecision


class Index(TablePart, frozen=True, kw_only=True):
    """A global secondary index."""

    name: str
    key: Key
    projection: Projection = Projection()
    capacity: Capacity | UnsetType = UNSET
    on_demand_maximum: OnDemandMaximum | UnsetType = UNSET
    warm: Warm | UnsetType = UNSET
    autoscaling: Autoscaling | UnsetType = UNSET
    contributor_insights: bool | Insights | UnsetType = UNSET


class LocalIndex(TablePart, frozen=True, kw_only=True):
    """A local secondary index: made with the table, never changed."""

    name: str
    key: Key
    projection: Projection = Projection()


class Recovery(TablePart, frozen=True, kw_only=True):
    """Point-in-time recovery: on, to any second of the last ``days`` (1 to 35)."""

    days: int | UnsetType = UNSET


class Encryption(TablePart, frozen=True, kw_only=True):
    """Encryption at rest. ``key`` is an ARN, an id or an alias and belongs to CUSTOMER only."""

    kind: EncryptionKind
    key: str | UnsetType = UNSET


class Replica(TablePart, frozen=True, kw_only=True):
    """A replica of a global table in another Region, with what each replica may have of its own. ``tags`` are all that
    it is to have there, those of the table too where the definition propagates them."""

    region: str
    recovery: bool | UnsetType = UNSET
    deletion_protection: bool | UnsetType = UNSET
    table_class: TableClass | UnsetType = UNSET
    key: str | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET


class Trigger(TablePart, frozen=True, kw_only=True):
    """A Lambda function that the table's stream calls. Options that are not set are as they are, or Lambda's own for a
    new trigger; an ``on_failure_destination`` of None is none. ``filter_pattern`` is one pattern (JSON text),
    ``filters`` are up to five. ``old_mappings`` is read, never wished: how many of the function are on old streams.
    """

    function: str
    starting_position: Literal["LATEST", "TRIM_HORIZON"] | UnsetType = UNSET
    batch_size: int | UnsetType = UNSET
    maximum_batching_window_seconds: int | UnsetType = UNSET
    parallelization_factor: int | UnsetType = UNSET
    maximum_retry_attempts: int | UnsetType = UNSET
    maximum_record_age_seconds: int | UnsetType = UNSET
    bisect_batch_on_function_error: bool | UnsetType = UNSET
    report_batch_item_failures: bool | UnsetType = UNSET
    tumbling_window_seconds: int | UnsetType = UNSET
    enabled: bool = True
    on_failure_destination: str | UnsetType | None = UNSET
    filter_pattern: str | UnsetType = UNSET
    filters: tuple[str, ...] | UnsetType = UNSET
    old_mappings: int | UnsetType = UNSET


class Access(TablePart, frozen=True, kw_only=True):
    """What a function's role, or a role by itself, may do with the table: one of ``function`` and ``role`` is set.

    ``allow`` are words and actions (`tables.access_actions`). ``indexes`` are names, or "all", which is meant where
    nothing is said and no ``leading_keys`` are: the only values of the partition key that may be read and written.
    Of a live table: ``held_by`` is the role that has it; ``state`` is "changed" where its statements are not those that
    dynasmith writes, and "left" where the function is gone or has another role now.
    """

    function: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    allow: tuple[str, ...] = ()
    indexes: tuple[str, ...] | str | UnsetType = UNSET
    leading_keys: tuple[str, ...] | UnsetType = UNSET
    held_by: str = ""
    state: Literal["", "changed", "left"] = ""

    def allowed(self) -> str:
        """What it allows, in a few words."""
        indexes = "" if isinstance(self.indexes, UnsetType) else f", {_indexes(self.indexes)}"
        keys = "" if isinstance(self.leading_keys, UnsetType) else f", keys {', '.join(self.leading_keys)} only"
        return f"{', '.join(self.allow)}{indexes}{keys}"

    def __str__(self) -> str:
        return f"{known(self.function, '') or known(self.role, '')}: {self.allowed()}"


class BackupRule(TablePart, frozen=True, kw_only=True):
    """One schedule of AWS Backup. Kept at least 90 days longer than the move to cold storage."""

    name: str
    schedule: str
    keep_days: int | None = None
    cold_storage_after_days: int | None = None
    start_window_minutes: int | UnsetType = UNSET
    completion_window_minutes: int | UnsetType = UNSET


class BackupPlan(TablePart, frozen=True, kw_only=True):
    """Scheduled backups of the table by AWS Backup."""

    rules: tuple[BackupRule, ...]
    vault: str | UnsetType = UNSET
    kms_key: str | UnsetType = UNSET
    role: str | UnsetType = UNSET


class AlarmKind(StrEnum):
    """What an alarm watches; the metric, its dimensions and its statistic follow (`tables.alarms`)."""

    WRITE_THROTTLED = "write_throttled"
    READ_THROTTLED = "read_throttled"
    SYSTEM_ERRORS = "system_errors"
    LATENCY = "latency"
    REPLICATION_LAG = "replication_lag"
    ITERATOR_AGE = "iterator_age"


class Alarm(TablePart, frozen=True, kw_only=True):
    """An alarm of CloudWatch: in ``minutes`` of the last ``of_minutes`` more than ``threshold`` (events in one minute,
    or milliseconds).

    ``only`` limits it to some operations, Regions or functions; a live alarm watches one. ``notify`` are ARNs; without
    it they are left as they are. ``name`` is unset where it is the one that follows from the table and the kind.
    """

    kind: AlarmKind
    threshold: float
    minutes: int
    of_minutes: int
    index: str | UnsetType = UNSET
    only: tuple[str, ...] | UnsetType = UNSET
    notify: tuple[str, ...] | UnsetType = UNSET
    name: str | UnsetType = UNSET


class Suppression(TablePart, frozen=True, kw_only=True):
    """A finding of ``validate`` that is accepted, and why."""

    code: str
    reason: str


class Table(TablePart, frozen=True, kw_only=True):
    """A table, wanted or live: its keys, its indexes and every setting around it.

    ``name`` is physical: prefix and suffix of the environment are in it. ``resource_policy`` is canonical JSON text.
    ``items`` are the definition's own, as they were written (plain or DynamoDB JSON). From ``description`` on, the
    fields say something to people, or belong to services around the table.
    """

    name: str
    key: Key
    billing: Billing | UnsetType = UNSET
    capacity: Capacity | UnsetType = UNSET
    on_demand_maximum: OnDemandMaximum | UnsetType = UNSET
    warm: Warm | UnsetType = UNSET
    autoscaling: Autoscaling | UnsetType = UNSET
    indexes: tuple[Index, ...] | UnsetType = UNSET
    local_indexes: tuple[LocalIndex, ...] | UnsetType = UNSET
    time_to_live: str | UnsetType | None = UNSET
    stream: StreamView | UnsetType | None = UNSET
    recovery: Recovery | UnsetType | None = UNSET
    encryption: Encryption | UnsetType = UNSET
    table_class: TableClass | UnsetType = UNSET
    deletion_protection: bool | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    replicas: tuple[Replica, ...] | UnsetType = UNSET
    consistency: Consistency | UnsetType = UNSET
    witness_region: str | UnsetType = UNSET
    contributor_insights: bool | Insights | UnsetType = UNSET
    kinesis_stream: str | KinesisDestination | UnsetType | None = UNSET
    resource_policy: str | UnsetType | None = UNSET
    items: tuple[dict[str, Any], ...] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    access_patterns: tuple[str, ...] | UnsetType = UNSET
    personal: tuple[str, ...] | UnsetType = UNSET
    suppress: tuple[Suppression, ...] | UnsetType = UNSET
    triggers: tuple[Trigger, ...] | UnsetType = UNSET
    access: tuple[Access, ...] | UnsetType = UNSET
    backup_plan: BackupPlan | UnsetType | None = UNSET
    alarms: tuple[Alarm, ...] | UnsetType = UNSET

    def index(self, name: str) -> Index | None:
        """The global index of that name, or None."""
        return next((index for index in known(self.indexes, ()) if index.name == name), None)

    def key_attributes(self) -> tuple[KeyAttribute, ...]:
        """Every attribute that a key of the table or of an index uses, once, sorted by name."""
        keys = [self.key]
        keys += [index.key for index in known(self.indexes, ())]
        keys += [index.key for index in known(self.local_indexes, ())]
        return tuple(
            sorted({(a.name, a.type): a for key in keys for a in key}.values(), key=lambda a: (a.name, a.type))
        )


def _indexes(indexes: tuple[str, ...] | str) -> str:
    if isinstance(indexes, str):
        return "every index"
    return f"indexes {', '.join(indexes)}" if indexes else "no index"


def known(value: T | UnsetType, otherwise: T) -> T:
    """``value``, or ``otherwise`` where it is not set."""
    return otherwise if isinstance(value, UnsetType) else value


# Settings that belong to services around the table and that a later step manages; `plan` names them.
UNMANAGED_YET: tuple[str, ...] = ()
# What a definition says to people only; it is never compared with a live table.
SAID_ONLY = ("description", "access_patterns", "personal", "suppress")
