"""A table's document, sound in form and by the rules, as a `Table`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType, convert
from msgspec.structs import replace

from dynasmith.tables.document import Node
from dynasmith.tables.settings import SETTINGS
from dynasmith.tables.settings.contributor_insights import ContributorInsightsSetting
from dynasmith.tables.substitution import real
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Consistency,
    Index,
    Insights,
    Key,
    KeyAttribute,
    KeyType,
    LocalIndex,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Replica,
    Scaling,
    Suppression,
    Table,
    TableClass,
    Warm,
)

T = TypeVar("T")
_Values = dict[str, Any]


def build(node: Node, name: str) -> Table:
    """The `Table` of a sound document; ``name`` is the physical name. A document that is not sound raises KeyError."""
    said: _Values = real(node.plain())
    types = {attribute["name"]: attribute["type"] for attribute in said["attributes"]}
    return Table(
        name=name,
        key=_key(said["key_schema"], types),
        billing=UNSET if "billing_mode" not in said else Billing(said["billing_mode"]),
        capacity=_capacity(said),
        on_demand_maximum=_on_demand(said),
        warm=_warm(said),
        autoscaling=_autoscaling(said),
        indexes=_many(said, "global_secondary_indexes", lambda index: _index(index, types)),
        local_indexes=_many(said, "local_secondary_indexes", lambda index: _local_index(index, types)),
        **{s.field: s.parse(said[s.key.name]) for s in SETTINGS if s.key.name in said},
        tags=said.get("tags", UNSET),
        replicas=_many(said, "replicas", lambda replica: _replica(replica, said.get("tags", {}))),
        consistency=UNSET if "multi_region_consistency" not in said else Consistency(said["multi_region_consistency"]),
        witness_region=said.get("witness_region", UNSET),
        items=_many(said, "items", dict),
        description=said.get("description", UNSET),
        access_patterns=_many(said, "access_patterns", str),
        personal=_many(said, "personal", str),
        suppress=_many(said, "suppress", lambda block: convert(block, Suppression)),
    )


def _many(said: _Values, name: str, each: Callable[[Any], T]) -> tuple[T, ...] | UnsetType:
    return tuple(each(member) for member in said[name]) if name in said else UNSET


def _switched(said: _Values, name: str, on: Callable[[_Values], T]) -> T | UnsetType | None:
    if name not in said:
        return UNSET
    block = said[name]
    return None if block.get("enabled") is False else on(block)


def _key(entries: list[_Values], types: dict[str, KeyType]) -> Key:
    def attributes(key_type: str) -> tuple[KeyAttribute, ...]:
        names = [entry["attribute_name"] for entry in entries if entry["key_type"] == key_type]
        return tuple(KeyAttribute(name=name, type=types[name]) for name in names)

    return Key(partition=attributes("HASH"), sort=attributes("RANGE"))


def _projection(index: _Values) -> Projection:
    block = index.get("projection", {})
    kind = ProjectionKind(block.get("type", ProjectionKind.ALL))
    return Projection(kind=kind, attributes=tuple(sorted(set(block.get("attributes", ())))))


def _index(index: _Values, types: dict[str, KeyType]) -> Index:
    return Index(
        name=index["name"],
        key=_key(index["key_schema"], types),
        projection=_projection(index),
        capacity=_capacity(index),
        on_demand_maximum=_on_demand(index),
        warm=_warm(index),
        autoscaling=_autoscaling(index),
        contributor_insights=_insights(index),
    )


def _insights(index: _Values) -> bool | Insights | UnsetType:
    said = index.get("contributor_insights")
    return UNSET if said is None else ContributorInsightsSetting().parse(said)


def _local_index(index: _Values, types: dict[str, KeyType]) -> LocalIndex:
    return LocalIndex(name=index["name"], key=_key(index["key_schema"], types), projection=_projection(index))


def _capacity(said: _Values) -> Capacity | UnsetType:
    return convert(said["provisioned_throughput"], Capacity) if "provisioned_throughput" in said else UNSET


def _on_demand(said: _Values) -> OnDemandMaximum | UnsetType:
    if "on_demand_throughput" not in said:
        return UNSET
    block = said["on_demand_throughput"]
    if block.get("enabled") is False:
        return OnDemandMaximum()
    pairs = (("read", block.get("max_read")), ("write", block.get("max_write")))
    ceilings = {name: UNSET if units is None else None if units == -1 else units for name, units in pairs}
    return OnDemandMaximum(**ceilings)


def _warm(said: _Values) -> Warm | UnsetType:
    return convert(said["warm_throughput"], Warm) if "warm_throughput" in said else UNSET


def _autoscaling(said: _Values) -> Autoscaling | UnsetType:
    if "autoscaling" not in said:
        return UNSET
    block = said["autoscaling"]
    if block.get("enabled") is False:
        return Autoscaling(read=None, write=None)
    return Autoscaling(read=_switched(block, "read", _scaling), write=_switched(block, "write", _scaling))


def _scaling(block: _Values) -> Scaling:
    scaling = convert({name: value for name, value in block.items() if name != "enabled"}, Scaling)
    return scaling if "target" in block else replace(scaling, target=UNSET)


def _replica(block: _Values, of_table: dict[str, str]) -> Replica:
    tags = block.get("tags", UNSET)
    if block.get("propagate_tags"):
        tags = {**of_table, **block.get("tags", {})}
    return Replica(
        region=block["region"],
        recovery=block.get("point_in_time_recovery", UNSET),
        deletion_protection=block.get("deletion_protection", UNSET),
        table_class=UNSET if "table_class" not in block else TableClass(block["table_class"]),
        key=block.get("key", UNSET),
        tags=tags,
    )
