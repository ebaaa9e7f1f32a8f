"""Small tables with one setting each, and how any table is cut to what an engine keeps."""

from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Consistency,
    Index,
    Key,
    KeyAttribute,
    OnDemandMaximum,
    Recovery,
    Replica,
    Scaling,
    StreamView,
    Table,
    TableClass,
)

KEY = Key(partition=(KeyAttribute(name="pk", type="S"),))
_REPLICATED: dict[str, Any] = {
    "billing": Billing.ON_DEMAND,
    "stream": StreamView.NEW_AND_OLD_IMAGES,
}
_SCALED: dict[str, Any] = {
    "billing": Billing.PROVISIONED,
    "capacity": Capacity(read=5, write=5),
    "autoscaling": Autoscaling(read=Scaling(min=5, max=50, target=70.0)),
}

WISHES: dict[str, dict[str, Any]] = {
    "autoscaling": _SCALED,
    "contributor_insights": {"contributor_insights": True},
    "multi_region_consistency": {
        "consistency": Consistency.STRONG,
        "replicas": (Replica(region="eu-west-1"), Replica(region="eu-central-1")),
    },
    "on_demand_throughput": {
        "billing": Billing.ON_DEMAND,
        "on_demand_maximum": OnDemandMaximum(read=100, write=50),
    },
    "point_in_time_recovery.recovery_days": {"recovery": Recovery(days=7)},
    "replicas": {**_REPLICATED, "replicas": (Replica(region="eu-west-1"),)},
    "replicas.table_class": {
        **_REPLICATED,
        "replicas": (Replica(region="eu-west-1", table_class=TableClass.INFREQUENT_ACCESS),),
    },
    "table_class": {"table_class": TableClass.INFREQUENT_ACCESS},
}
"""For each setting that some engine does not keep, the settings of a table that asks for it."""


def wish(name: str, setting: str) -> Table:
    """A table that asks for that setting."""
    return Table(name=name, key=KEY, **WISHES[setting])


def cut(table: Table, unkept: frozenset[str]) -> Table:
    """The table without what an engine does not keep, and without what points at things that are not there: streams
    of Kinesis, functions, roles, vaults."""
    without: dict[str, Any] = dict.fromkeys(("items", "access", "backup_plan", "triggers"), UNSET)
    if table.kinesis_stream is not None:
        without["kinesis_stream"] = UNSET
    if "point_in_time_recovery.recovery_days" in unkept and isinstance(table.recovery, Recovery):
        without["recovery"] = Recovery()
    for setting, field in (("table_class", "table_class"), ("contributor_insights", "contributor_insights")):
        if setting in unkept:
            without[field] = UNSET
    if "multi_region_consistency" in unkept:
        without |= {"consistency": UNSET, "witness_region": UNSET}
    without["replicas"] = _replicas(table, unkept)
    if "on_demand_throughput" in unkept:
        without["on_demand_maximum"] = UNSET
        if isinstance(table.indexes, tuple):
            without["indexes"] = tuple(_without_maximum(index) for index in table.indexes)
    return replace(table, **without)


def _replicas(table: Table, unkept: frozenset[str]) -> Any:
    if isinstance(table.replicas, UnsetType):
        return UNSET
    if "replicas" in unkept or table.consistency is Consistency.STRONG:
        return UNSET
    if "replicas.table_class" in unkept:
        return tuple(replace(each, table_class=UNSET) for each in table.replicas)
    return table.replicas


def _without_maximum(index: Index) -> Index:
    return replace(index, on_demand_maximum=UNSET)
