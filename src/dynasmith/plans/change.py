"""The closed vocabulary of changes: what is to be different about one table.

`diff` emits them, migrations speak them, `arrange` orders them into steps, `explain` prints them. There is no second
spelling. A change says what; how it is done (which calls, which waits) is a `Step`.

The changes of a setting that is one value are declared in its file (`tables.settings`). Adding another kind: a struct
here and in `_Structural`; mypy then names every ``match`` that must learn it.
"""

from typing import TYPE_CHECKING, Any, Literal, Union

from msgspec import UNSET, Struct, UnsetType, field

from dynasmith.tables.settings import types_of
from dynasmith.tables.settings.base import ChangeBase, SettingChange
from dynasmith.tables.table import (
    Billing,
    Capacity,
    Consistency,
    Index,
    OnDemandMaximum,
    Replica,
    Scaling,
    Table,
    Warm,
)

Dimension = Literal["read", "write"]


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
    """Something that stays, which the definition does not manage or lacks, forbids this. Explained and refused.

    ``way_out`` says what to do instead, where it is more than changing the definition (since format 2)."""

    path: str
    before: str
    after: str
    reason: str
    way_out: str | UnsetType = UNSET


class SetBilling(ChangeBase, frozen=True, kw_only=True, tag="set-billing"):
    """Another billing mode; to provisioned, with the capacity of the table and of every index that stays."""

    before: Billing
    after: Billing
    capacity: Capacity | UnsetType = UNSET
    index_capacities: dict[str, Capacity] = field(default_factory=dict)


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


class SetTags(ChangeBase, frozen=True, kw_only=True, tag="set-tags"):
    """Tags that are new or have another value; of the replica in ``region``, where one is said."""

    before: dict[str, str]
    after: dict[str, str]
    region: str | UnsetType = UNSET


class DropTags(ChangeBase, frozen=True, kw_only=True, tag="drop-tags"):
    """Tags that the definition no longer has; emitted with ``prune`` only. ``region`` as in `SetTags`."""

    before: dict[str, str]
    region: str | UnsetType = UNSET


class AddReplica(ChangeBase, frozen=True, kw_only=True, tag="add-replica"):
    """A replica in another Region. ``consistency`` is said with the first one."""

    replica: Replica
    consistency: Consistency | UnsetType = UNSET
    witness_region: str | UnsetType = UNSET


class DropReplica(ChangeBase, frozen=True, kw_only=True, tag="drop-replica"):
    """A replica that the definition no longer has; emitted with ``prune`` only."""

    replica: Replica


class SetReplica(ChangeBase, frozen=True, kw_only=True, tag="set-replica"):
    """A replica whose own settings differ, but its tags. ``after`` has only what differs."""

    before: Replica
    after: Replica


class PutItem(ChangeBase, frozen=True, kw_only=True, tag="put-item"):
    """An item of the definition that is absent or differs. Items and key are DynamoDB JSON."""

    key: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any]


class DeleteItem(ChangeBase, frozen=True, kw_only=True, tag="delete-item"):
    """An item that the definition had and no longer has; emitted with ``prune`` and its own consent only."""

    key: dict[str, Any]
    before: dict[str, Any]


_Structural = (
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
    | SetTags
    | DropTags
    | AddReplica
    | DropReplica
    | SetReplica
    | PutItem
    | DeleteItem
)

if TYPE_CHECKING:
    Change = _Structural | SettingChange
else:
    Change = Union[(_Structural, *types_of(SettingChange))]


class Note(Struct, frozen=True, kw_only=True):
    """Something that differs and is left alone, and why; never a drift.

    ``kind``: ``undefined`` (the definition lacks it; ``--prune`` removes it), ``not-offered`` (the engine has no such
    service, or it could not be read), ``not-managed-yet``, ``reported`` (a feature that is named, never planned),
    ``unfinished`` (an earlier change is still under way in the service), ``unknown`` (nothing here can tell whether it
    differs; since format 2).
    """

    kind: Literal["undefined", "not-offered", "not-managed-yet", "reported", "unfinished", "unknown"]
    path: str
    text: str
