"""Whether a step has nothing to do any more: asked of a fresh description after the service refused the step.

The service refuses what is already so ("Table already has an enabled stream", "TimeToLive is already enabled") in
words that differ from engine to engine; reading again says it for all of them.
"""

from msgspec import UnsetType

from dynasmith.aws.settings import service_setting_of
from dynasmith.plans.step import (
    Call,
    CallBilling,
    CallCapacity,
    CallCreateIndex,
    CallCreateReplica,
    CallDeleteIndex,
    CallDeleteReplica,
    CallDeregisterScaling,
    CallOnDemandMaximum,
    CallUpdateReplica,
)
from dynasmith.tables.description import TableDescription
from dynasmith.tables.projection import same_index
from dynasmith.tables.settings.base import SettingCall
from dynasmith.tables.table import Autoscaling, Capacity, OnDemandMaximum, Table, known


def setting_of(step: Call) -> str | None:
    """The setting to read again to learn whether a step is already so; None where that is never asked."""
    match step:
        case CallDeregisterScaling():
            return "autoscaling"
        case CallUpdateReplica() | CallCreateReplica() | CallDeleteReplica():
            return "replicas"
        case CallBilling() | CallCapacity() | CallOnDemandMaximum() | CallCreateIndex() | CallDeleteIndex():
            return "key"
        case SettingCall():
            return service_setting_of(step).read_again
        case _:
            return None


def is_already(step: Call, described: TableDescription) -> bool:
    """Whether the table is already as the step would make it."""
    table = described.table
    match step:
        case CallDeregisterScaling():
            return _scales_not(step, table)
        case CallUpdateReplica() | CallCreateReplica() | CallDeleteReplica():
            return _replica_already(step, table)
        case CallBilling():
            capacities = CallCapacity(
                table=None if isinstance(step.capacity, UnsetType) else step.capacity, indexes=step.index_capacities
            )
            return table.billing is step.billing and is_already(capacities, described)
        case CallCapacity() | CallOnDemandMaximum():
            return _throughput_already(step, table)
        case CallCreateIndex():
            found = table.index(step.index.name)
            return found is not None and same_index(found, step.index, table.key)
        case CallDeleteIndex():
            return table.index(step.name) is None
        case SettingCall():
            return service_setting_of(step).is_already(step, table)
        case _:
            return False


def _scales_not(step: CallDeregisterScaling, table: Table) -> bool:
    of = table if step.index is None else table.index(step.index)
    if of is None:
        return True
    return isinstance(of.autoscaling, Autoscaling) and getattr(of.autoscaling, step.dimension) is None


def _replica_already(step: CallUpdateReplica | CallCreateReplica | CallDeleteReplica, table: Table) -> bool:
    live = {replica.region: replica for replica in known(table.replicas, ())}
    if isinstance(step, CallCreateReplica):
        return all(replica.region in live for replica in step.replicas)
    found = live.get(step.region)
    if found is None or isinstance(step, CallDeleteReplica):
        return found is None and isinstance(step, CallDeleteReplica)
    wanted = (
        (step.table_class, found.table_class),
        (step.recovery, found.recovery),
        (step.deletion_protection, found.deletion_protection),
    )
    return all(isinstance(said, UnsetType) or said == live for said, live in wanted)


def _throughput_already(step: CallCapacity | CallOnDemandMaximum, table: Table) -> bool:
    def live(index: str | None) -> Capacity | OnDemandMaximum | UnsetType | None:
        of = table if index is None else table.index(index)
        if of is None:
            return None
        return of.capacity if isinstance(step, CallCapacity) else of.on_demand_maximum

    own = step.table is None or live(None) == step.table
    return own and all(live(name) == wanted for name, wanted in step.indexes.items())
