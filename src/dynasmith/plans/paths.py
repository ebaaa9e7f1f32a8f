"""Where in a definition a change belongs: the path that people look up."""

from typing import assert_never

from msgspec import UnsetType

from dynasmith.plans import change as c
from dynasmith.tables.settings import setting_of
from dynasmith.tables.settings.base import SettingChange


def _part(index: str | None, setting: str) -> str:
    return setting if index is None else f"global_secondary_indexes.{index}.{setting}"


def path_of(change: c.Change) -> str:
    """The path inside the table's definition, in the definition's own words: ``global_secondary_indexes.by_status``."""
    match change:
        case c.CreateTable():
            return ""
        case c.ReplaceTable() | c.Conflict():
            return change.path
        case c.SetBilling():
            return "billing_mode"
        case c.SetCapacity():
            return _part(change.index, "provisioned_throughput")
        case c.SetOnDemandMaximum():
            return _part(change.index, "on_demand_throughput")
        case c.RaiseWarm():
            return _part(change.index, "warm_throughput")
        case c.SetAutoscaling():
            return _part(change.index, f"autoscaling.{change.dimension}")
        case c.AddIndex() | c.DropIndex():
            return f"global_secondary_indexes.{change.index.name}"
        case c.RebuildIndex():
            return f"global_secondary_indexes.{change.after.name}"
        case c.SetTags() | c.DropTags():
            return "tags" if isinstance(change.region, UnsetType) else f"replicas.{change.region}.tags"
        case c.AddReplica() | c.DropReplica():
            return f"replicas.{change.replica.region}"
        case c.SetReplica():
            return f"replicas.{change.after.region}"
        case c.PutItem() | c.DeleteItem():
            return "items"
        case SettingChange():
            return setting_of(change).path(change)
        case _:
            assert_never(change)
