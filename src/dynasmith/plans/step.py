"""The closed vocabulary of steps: one call of the service, or one wait.

`arrange` makes them, `simulate` says what each leaves behind, `aws` sends the calls, `engine` does the waiting: a wait
is over when `reached` says so of a fresh description.
"""

from typing import TYPE_CHECKING, Any, Union

from msgspec import UNSET, UnsetType, field

from dynasmith.plans.change import Dimension
from dynasmith.tables.settings import types_of
from dynasmith.tables.settings.base import SettingCall, SettingWait, StepBase, WaitTable
from dynasmith.tables.table import (
    Billing,
    Capacity,
    Consistency,
    Index,
    KeyAttribute,
    OnDemandMaximum,
    Replica,
    Scaling,
    Table,
    TableClass,
    Warm,
)


class CallCreateTable(StepBase, frozen=True, kw_only=True, tag="create-table"):
    """CreateTable with all that it takes: keys, indexes, billing, capacity, maximum, warm, stream, encryption, class,
    protection, tags. The rest of ``table`` follows in steps of its own."""

    table: Table


class CallBilling(StepBase, frozen=True, kw_only=True, tag="update-billing"):
    """UpdateTable: billing mode, with the capacity of the table and of every index where it becomes provisioned."""

    billing: Billing
    capacity: Capacity | UnsetType = UNSET
    index_capacities: dict[str, Capacity] = field(default_factory=dict)


class CallCapacity(StepBase, frozen=True, kw_only=True, tag="update-capacity"):
    """UpdateTable: provisioned capacity of the table, of indexes, or both, in one call."""

    table: Capacity | None = None
    indexes: dict[str, Capacity] = field(default_factory=dict)


class CallOnDemandMaximum(StepBase, frozen=True, kw_only=True, tag="update-on-demand-maximum"):
    """UpdateTable: ceilings of on-demand throughput, in one call."""

    table: OnDemandMaximum | None = None
    indexes: dict[str, OnDemandMaximum] = field(default_factory=dict)


class CallWarm(StepBase, frozen=True, kw_only=True, tag="update-warm-throughput"):
    """UpdateTable: warm throughput, in one call."""

    table: Warm | None = None
    indexes: dict[str, Warm] = field(default_factory=dict)


class CallCreateIndex(StepBase, frozen=True, kw_only=True, tag="create-index"):
    """UpdateTable: one global index. ``attributes`` are all key attributes that the request must define."""

    index: Index
    attributes: tuple[KeyAttribute, ...]


class CallDeleteIndex(StepBase, frozen=True, kw_only=True, tag="delete-index"):
    """UpdateTable: delete one global index."""

    name: str


class CallTag(StepBase, frozen=True, kw_only=True, tag="tag"):
    """TagResource; of the replica in ``region``, where one is said."""

    tags: dict[str, str]
    region: str | UnsetType = UNSET


class CallUntag(StepBase, frozen=True, kw_only=True, tag="untag"):
    """UntagResource; of the replica in ``region``, where one is said."""

    keys: tuple[str, ...]
    region: str | UnsetType = UNSET


class CallRegisterScaling(StepBase, frozen=True, kw_only=True, tag="register-scalable-target"):
    """RegisterScalableTarget: the range of one dimension. Without a policy nothing scales."""

    dimension: Dimension
    scaling: Scaling
    index: str | None = None


class CallScalingPolicy(StepBase, frozen=True, kw_only=True, tag="put-scaling-policy"):
    """PutScalingPolicy: target tracking of one dimension."""

    dimension: Dimension
    scaling: Scaling
    index: str | None = None


class CallDeregisterScaling(StepBase, frozen=True, kw_only=True, tag="deregister-scalable-target"):
    """DeregisterScalableTarget: autoscaling off; the policies go with it."""

    dimension: Dimension
    index: str | None = None


class CallCreateReplica(StepBase, frozen=True, kw_only=True, tag="create-replica"):
    """UpdateTable: one replica; with STRONG consistency all of them, in the one call that the service wants.

    Their recovery and protection follow in steps of their own."""

    replicas: tuple[Replica, ...]
    consistency: Consistency | UnsetType = UNSET
    witness_region: str | UnsetType = UNSET


class CallUpdateReplica(StepBase, frozen=True, kw_only=True, tag="update-replica"):
    """One setting of a replica, in its Region: class (UpdateTable), recovery, protection. One of them is set."""

    region: str
    table_class: TableClass | UnsetType = UNSET
    recovery: bool | UnsetType = UNSET
    deletion_protection: bool | UnsetType = UNSET


class CallDeleteReplica(StepBase, frozen=True, kw_only=True, tag="delete-replica"):
    """UpdateTable: remove one replica; with ``others`` and the witness, which ``retire`` alone sets, all in one call,
    as a strongly consistent table needs."""

    region: str
    others: tuple[str, ...] | UnsetType = UNSET
    witness_region: str | UnsetType = UNSET


class CallPutItem(StepBase, frozen=True, kw_only=True, tag="put-item"):
    """PutItem of an item that the definition has; conditional on ``before`` (None: on its absence)."""

    item: dict[str, Any]
    before: dict[str, Any] | None


class CallDeleteItem(StepBase, frozen=True, kw_only=True, tag="delete-item"):
    """DeleteItem of an item that the definition no longer has; conditional on ``before``."""

    key: dict[str, Any]
    before: dict[str, Any]


class WaitIndex(StepBase, frozen=True, kw_only=True, tag="wait-index"):
    """Until that index is ACTIVE: the table is ACTIVE again long before."""

    name: str


class WaitIndexGone(StepBase, frozen=True, kw_only=True, tag="wait-index-gone"):
    """Until that index is no longer described and the table is ACTIVE."""

    name: str


class WaitReplica(StepBase, frozen=True, kw_only=True, tag="wait-replica"):
    """Until the replica in that Region is ACTIVE, and the table too."""

    region: str


class WaitReplicaGone(StepBase, frozen=True, kw_only=True, tag="wait-replica-gone"):
    """Until the replica in that Region is no longer described, and the table is ACTIVE."""

    region: str


_Wait = WaitTable | WaitIndex | WaitIndexGone | WaitReplica | WaitReplicaGone
_Call = (
    CallCreateTable
    | CallBilling
    | CallCapacity
    | CallOnDemandMaximum
    | CallWarm
    | CallCreateIndex
    | CallDeleteIndex
    | CallTag
    | CallUntag
    | CallRegisterScaling
    | CallScalingPolicy
    | CallDeregisterScaling
    | CallCreateReplica
    | CallUpdateReplica
    | CallDeleteReplica
    | CallPutItem
    | CallDeleteItem
)

if TYPE_CHECKING:
    Wait = _Wait | SettingWait
    Call = _Call | SettingCall
else:
    Wait = Union[(_Wait, *types_of(SettingWait))]
    Call = Union[(_Call, *types_of(SettingCall))]

Step = Call | Wait
