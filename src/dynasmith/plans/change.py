"""The closed vocabulary of changes: what is to be different about one table.

`diff` emits them, migrations speak them, `arrange` orders them into steps, `explain` prints them. There is no second
spelling. A change says what; how it is done (which calls, which waits) is a `Step`.

Adding one: a struct here and in `Change`; mypy then names every ``match`` that must learn it.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from dynasmith.tables.table import (
    Billing,
    Capacity,
    Consistency,
    Encryption,
    Index,
    OnDemandMaximum,
    Recovery,
    Replica,
    Scaling,
    StreamView,
    Table,
    TableClass,
    Warm,
)

Dimension = Literal["read", "write"]


class ChangeBase(Struct, frozen=True, kw_only=True, repr_omit_defaults=True, forbid_unknown_fields=True):
    """Base of the changes. Before is what was described, after what the definition wants."""


class CreateTable(ChangeBase, frozen=True, kw_only=True, tag="create-table"):
    """The table does not exist yet."""

    table: Table


class ReplaceTable(ChangeBase, frozen=True, kw_only=True, tag="replace-table"):
    """Only a new table could have this (key, LSI, consistency). Explained and refused, never done."""

    path: str
    before: str
    after: str
    reason: str


class Conflict(ChangeBase, frozen=True, kw_only=True, tag="conflict"):
    """Something that stays, which the definition does not manage or lacks, forbids this. Explained and refused."""

    path: str
    before: str
    after: str
    reason: str


class SetBilling(ChangeBase, frozen=True, kw_only=True, tag="set-billing"):
    """Another billing mode; to provisioned, with the capacity of the table and of every index that stays."""

    before: Billing
    after: Billing
    capacity: Capacity | UnsetType = UNSET
    index_capacities: dict[str, Capacity] = {}


class SetCapacity(ChangeBase, frozen=True, kw_only=True, tag="set-capacity"):
    """Another provisioned capacity of the table, or of ``index``. ``after`` has the dimensions that stay too."""

    before: Capacity
    after: Capacity
    index: str | None = None


class SetOnDemandMaximum(ChangeBase, frozen=True, kw_only=True, tag="set-on-demand-maximum"):
    """Another ceiling of on-demand throughput."""

    before: OnDemandMaximum
    after: OnDemandMaximum
    index: str | None = None


class RaiseWarm(ChangeBase, frozen=True, kw_only=True, tag="raise-warm"):
    """More warm throughput: costs money once, and can never be lowered."""

    before: Warm
    after: Warm
    index: str | None = None


class SetAutoscaling(ChangeBase, frozen=True, kw_only=True, tag="set-autoscaling"):
    """Autoscaling of one dimension of the table or of ``index``; None is off."""

    dimension: Dimension
    before: Scaling | None
    after: Scaling | None
    index: str | None = None


class AddIndex(ChangeBase, frozen=True, kw_only=True, tag="add-index"):
    """A global index that is not there yet."""

    index: Index


class DropIndex(ChangeBase, frozen=True, kw_only=True, tag="drop-index"):
    """A global index that the definition no longer has; emitted with ``prune`` only."""

    index: Index


class RebuildIndex(ChangeBase, frozen=True, kw_only=True, tag="rebuild-index"):
    """A global index whose key or projection differs: deleted and created anew, away meanwhile."""

    before: Index
    after: Index


class SetTimeToLive(ChangeBase, frozen=True, kw_only=True, tag="set-time-to-live"):
    """TTL on an attribute, on another one, or off."""

    before: str | None
    after: str | None


class SetStream(ChangeBase, frozen=True, kw_only=True, tag="set-stream"):
    """A stream, another view of it (a new stream with a new ARN), or none."""

    before: StreamView | None
    after: StreamView | None


class SetRecovery(ChangeBase, frozen=True, kw_only=True, tag="set-recovery"):
    """Point-in-time recovery on, off, or with another period."""

    before: Recovery | None
    after: Recovery | None


class SetEncryption(ChangeBase, frozen=True, kw_only=True, tag="set-encryption"):
    """Another key that encrypts the table."""

    before: Encryption
    after: Encryption


class SetTableClass(ChangeBase, frozen=True, kw_only=True, tag="set-table-class"):
    """Another table class."""

    before: TableClass
    after: TableClass


class SetProtection(ChangeBase, frozen=True, kw_only=True, tag="set-protection"):
    """Deletion protection on or off."""

    before: bool
    after: bool


class SetTags(ChangeBase, frozen=True, kw_only=True, tag="set-tags"):
    """Tags that are new or have another value."""

    before: dict[str, str]
    after: dict[str, str]


class DropTags(ChangeBase, frozen=True, kw_only=True, tag="drop-tags"):
    """Tags that the definition no longer has; emitted with ``prune`` only."""

    before: dict[str, str]


class AddReplica(ChangeBase, frozen=True, kw_only=True, tag="add-replica"):
    """A replica in another Region. ``consistency`` is said with the first one."""

    replica: Replica
    consistency: Consistency | UnsetType = UNSET
    witness_region: str | UnsetType = UNSET


class DropReplica(ChangeBase, frozen=True, kw_only=True, tag="drop-replica"):
    """A replica that the definition no longer has; emitted with ``prune`` only."""

    replica: Replica


class SetReplica(ChangeBase, frozen=True, kw_only=True, tag="set-replica"):
    """A replica whose own settings differ. ``after`` has only what differs."""

    before: Replica
    after: Replica


class SetInsights(ChangeBase, frozen=True, kw_only=True, tag="set-contributor-insights"):
    """Contributor insights on or off."""

    before: bool
    after: bool


class SetKinesis(ChangeBase, frozen=True, kw_only=True, tag="set-kinesis-destination"):
    """Changes sent to a Kinesis stream, to another one, or to none."""

    before: str | None
    after: str | None


class SetPolicy(ChangeBase, frozen=True, kw_only=True, tag="set-resource-policy"):
    """The table's resource policy, as canonical JSON."""

    before: str | None
    after: str | None


class PutItem(ChangeBase, frozen=True, kw_only=True, tag="put-item"):
    """An item of the definition that is absent or differs. Items and key are DynamoDB JSON."""

    key: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any]


class DeleteItem(ChangeBase, frozen=True, kw_only=True, tag="delete-item"):
    """An item that the definition had and no longer has; emitted with ``prune`` and its own consent only."""

    key: dict[str, Any]
    before: dict[str, Any]


Change = (
    CreateTable
    | ReplaceTable
    | Conflict
    | SetBilling
    | SetCapacity
    | SetOnDemandMaximum
    | RaiseWarm
    | SetAutoscaling
    | AddIndex
    | DropIndex
    | RebuildIndex
    | SetTimeToLive
    | SetStream
    | SetRecovery
    | SetEncryption
    | SetTableClass
    | SetProtection
    | SetTags
    | DropTags
    | AddReplica
    | DropReplica
    | SetReplica
    | SetInsights
    | SetKinesis
    | SetPolicy
    | PutItem
    | DeleteItem
)


class Note(Struct, frozen=True, kw_only=True):
    """Something that differs and is left alone, and why; never a drift.

    ``kind``: ``undefined`` (the definition lacks it; ``--prune`` removes it), ``not-offered`` (the engine has no such
    service, or it could not be read), ``not-managed-yet``, ``reported`` (a feature that is named, never planned),
    ``unfinished`` (an earlier change is still under way in the service).
    """

    kind: Literal["undefined", "not-offered", "not-managed-yet", "reported", "unfinished"]
    path: str
    text: str
