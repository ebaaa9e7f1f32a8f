"""The closed vocabulary of steps: one call of the service, or one wait.

`arrange` makes them, `simulate` says what each leaves behind, `aws` sends the calls, `engine` does the waiting: a wait
is over when `reached` says so of a fresh description.
"""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from dynasmith.plans.change import Dimension
from dynasmith.tables.table import (
    Billing,
    Capacity,
    Consistency,
    Encryption,
    Index,
    KeyAttribute,
    OnDemandMaximum,
    Recovery,
    Replica,
    Scaling,
    StreamView,
    Table,
    TableClass,
    Warm,
)


class StepBase(Struct, frozen=True, kw_only=True, repr_omit_defaults=True, forbid_unknown_fields=True):
    """Base of the steps."""


class CallCreateTable(StepBase, frozen=True, kw_only=True, tag="create-table"):
    """CreateTable with all that it takes: keys, indexes, billing, capacity, maximum, warm, stream, encryption, class,
    protection, tags. The rest of ``table`` follows in steps of its own."""

    table: Table


class CallBilling(StepBase, frozen=True, kw_only=True, tag="update-billing"):
    """UpdateTable: billing mode, with the capacity of the table and of every index where it becomes provisioned."""

    billing: Billing
    capacity: Capacity | UnsetType = UNSET
    index_capacities: dict[str, Capacity] = {}


class CallCapacity(StepBase, frozen=True, kw_only=True, tag="update-capacity"):
    """UpdateTable: provisioned capacity of the table, of indexes, or both, in one call."""

    table: Capacity | None = None
    indexes: dict[str, Capacity] = {}


class CallOnDemandMaximum(StepBase, frozen=True, kw_only=True, tag="update-on-demand-maximum"):
    """UpdateTable: ceilings of on-demand throughput, in one call."""

    table: OnDemandMaximum | None = None
    indexes: dict[str, OnDemandMaximum] = {}


class CallWarm(StepBase, frozen=True, kw_only=True, tag="update-warm-throughput"):
    """UpdateTable: warm throughput, in one call."""

    table: Warm | None = None
    indexes: dict[str, Warm] = {}


class CallCreateIndex(StepBase, frozen=True, kw_only=True, tag="create-index"):
    """UpdateTable: one global index. ``attributes`` are all key attributes that the request must define."""

    index: Index
    attributes: tuple[KeyAttribute, ...]


class CallDeleteIndex(StepBase, frozen=True, kw_only=True, tag="delete-index"):
    """UpdateTable: delete one global index."""

    name: str


class CallStream(StepBase, frozen=True, kw_only=True, tag="update-stream"):
    """UpdateTable: turn the stream on with a view, or off (None)."""

    view: StreamView | None


class CallEncryption(StepBase, frozen=True, kw_only=True, tag="update-encryption"):
    """UpdateTable: which key encrypts."""

    encryption: Encryption


class CallTableClass(StepBase, frozen=True, kw_only=True, tag="update-table-class"):
    """UpdateTable: table class."""

    table_class: TableClass


class CallProtection(StepBase, frozen=True, kw_only=True, tag="update-protection"):
    """UpdateTable: deletion protection."""

    enabled: bool


class CallTimeToLive(StepBase, frozen=True, kw_only=True, tag="update-time-to-live"):
    """UpdateTimeToLive: on or off for one attribute. The service takes one change an hour."""

    attribute: str
    enabled: bool


class CallRecovery(StepBase, frozen=True, kw_only=True, tag="update-recovery"):
    """UpdateContinuousBackups: None is off."""

    recovery: Recovery | None


class CallTag(StepBase, frozen=True, kw_only=True, tag="tag"):
    """TagResource."""

    tags: dict[str, str]


class CallUntag(StepBase, frozen=True, kw_only=True, tag="untag"):
    """UntagResource."""

    keys: tuple[str, ...]


class CallPolicy(StepBase, frozen=True, kw_only=True, tag="update-resource-policy"):
    """PutResourcePolicy, or DeleteResourcePolicy where None."""

    policy: str | None


class CallInsights(StepBase, frozen=True, kw_only=True, tag="update-contributor-insights"):
    """UpdateContributorInsights."""

    enabled: bool


class CallKinesis(StepBase, frozen=True, kw_only=True, tag="update-kinesis-destination"):
    """EnableKinesisStreamingDestination or DisableKinesisStreamingDestination."""

    stream: str
    enabled: bool


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
    """UpdateTable: remove one replica."""

    region: str


class CallPutItem(StepBase, frozen=True, kw_only=True, tag="put-item"):
    """PutItem of an item that the definition has; conditional on ``before`` (None: on its absence)."""

    item: dict[str, Any]
    before: dict[str, Any] | None


class CallDeleteItem(StepBase, frozen=True, kw_only=True, tag="delete-item"):
    """DeleteItem of an item that the definition no longer has; conditional on ``before``."""

    key: dict[str, Any]
    before: dict[str, Any]


class WaitTable(StepBase, frozen=True, kw_only=True, tag="wait-table"):
    """Until the table is ACTIVE and its encryption is at rest."""


class WaitIndex(StepBase, frozen=True, kw_only=True, tag="wait-index"):
    """Until that index is ACTIVE: the table is ACTIVE again long before."""

    name: str


class WaitIndexGone(StepBase, frozen=True, kw_only=True, tag="wait-index-gone"):
    """Until that index is no longer described and the table is ACTIVE."""

    name: str


class WaitTimeToLive(StepBase, frozen=True, kw_only=True, tag="wait-time-to-live"):
    """Until TTL is ENABLED or DISABLED; up to an hour."""

    enabled: bool


class WaitInsights(StepBase, frozen=True, kw_only=True, tag="wait-contributor-insights"):
    """Until contributor insights are ENABLED or DISABLED."""

    enabled: bool


class WaitKinesis(StepBase, frozen=True, kw_only=True, tag="wait-kinesis-destination"):
    """Until the Kinesis destination is ACTIVE or DISABLED."""

    enabled: bool


class WaitReplica(StepBase, frozen=True, kw_only=True, tag="wait-replica"):
    """Until the replica in that Region is ACTIVE, and the table too."""

    region: str


class WaitReplicaGone(StepBase, frozen=True, kw_only=True, tag="wait-replica-gone"):
    """Until the replica in that Region is no longer described, and the table is ACTIVE."""

    region: str


Wait = (
    WaitTable | WaitIndex | WaitIndexGone | WaitTimeToLive | WaitInsights | WaitKinesis | WaitReplica | WaitReplicaGone
)

Call = (
    CallCreateTable
    | CallBilling
    | CallCapacity
    | CallOnDemandMaximum
    | CallWarm
    | CallCreateIndex
    | CallDeleteIndex
    | CallStream
    | CallEncryption
    | CallTableClass
    | CallProtection
    | CallTimeToLive
    | CallRecovery
    | CallTag
    | CallUntag
    | CallPolicy
    | CallInsights
    | CallKinesis
    | CallRegisterScaling
    | CallScalingPolicy
    | CallDeregisterScaling
    | CallCreateReplica
    | CallUpdateReplica
    | CallDeleteReplica
    | CallPutItem
    | CallDeleteItem
)

Step = Call | Wait
