"""`Table` -> the document that says the same: what `parse` reads back as that very `Table`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType, to_builtins

from dynasmith.tables.settings import SETTINGS
from dynasmith.tables.settings.contributor_insights import ContributorInsightsSetting
from dynasmith.tables.table import (
    Autoscaling,
    Index,
    Key,
    LocalIndex,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Replica,
    Scaling,
    Table,
)

T = TypeVar("T")
Document = dict[str, Any]
_OFF: Document = {"enabled": False}


def document_of(table: Table, name: str | None = None) -> Document:
    """The definition of one table, in the order of the reference; ``name`` where it is not the physical one."""
    document: Document = {
        "name": name or table.name,
        "description": table.description,
        "attributes": [{"name": each.name, "type": each.type} for each in table.key_attributes()],
        "key_schema": _key(table.key),
        "billing_mode": table.billing,
        **_throughput(table),
        "global_secondary_indexes": _many(table.indexes, _index),
        "local_secondary_indexes": _many(table.local_indexes, _local_index),
        **{s.key.name: _set(s.of(table), s.render) for s in SETTINGS},
        "tags": table.tags,
        "replicas": _many(table.replicas, _replica),
        "access_patterns": table.access_patterns,
        "personal": table.personal,
        "suppress": _many(table.suppress, to_builtins),
        "multi_region_consistency": table.consistency,
        "witness_region": table.witness_region,
        "items": table.items,
    }
    plain: Document = _lists(to_builtins({key: value for key, value in document.items() if value is not UNSET}))
    return plain


def _lists(value: Any) -> Any:
    """The value with lists for tuples, as a document has them."""
    if isinstance(value, dict):
        return {key: _lists(inner) for key, inner in value.items()}
    return [_lists(inner) for inner in value] if isinstance(value, list | tuple) else value


def _set(value: T | UnsetType, each: Callable[[T], Any]) -> Any:
    return UNSET if isinstance(value, UnsetType) else each(value)


def _off_or(value: T | UnsetType | None, each: Callable[[T], Document]) -> Document | UnsetType:
    return _OFF if value is None else _set(value, each)


def _many(value: tuple[T, ...] | UnsetType, each: Callable[[T], Document]) -> list[Document] | UnsetType:
    return UNSET if isinstance(value, UnsetType) else [each(member) for member in value]


def _known(**entries: Any) -> Document:
    return {name: value for name, value in entries.items() if value is not UNSET}


def _key(key: Key) -> list[Document]:
    return [
        *({"attribute_name": attribute.name, "key_type": "HASH"} for attribute in key.partition),
        *({"attribute_name": attribute.name, "key_type": "RANGE"} for attribute in key.sort),
    ]


def _throughput(owner: Table | Index) -> Document:
    return _known(
        provisioned_throughput=_set(owner.capacity, to_builtins),
        on_demand_throughput=_set(owner.on_demand_maximum, _on_demand),
        warm_throughput=_set(owner.warm, to_builtins),
        autoscaling=_set(owner.autoscaling, _autoscaling),
    )


def _on_demand(maximum: OnDemandMaximum) -> Document:
    if maximum == OnDemandMaximum():
        return _OFF
    said = {"max_read": maximum.read, "max_write": maximum.write}
    return {name: -1 if units is None else units for name, units in said.items() if not isinstance(units, UnsetType)}


def _autoscaling(scaling: Autoscaling) -> Document:
    if scaling.read is None and scaling.write is None:
        return _OFF
    return _known(read=_off_or(scaling.read, _scaling), write=_off_or(scaling.write, _scaling))


def _scaling(scaling: Scaling) -> Document:
    target = scaling.target
    return _known(
        min=scaling.min,
        max=scaling.max,
        target=int(target) if not isinstance(target, UnsetType) and target == int(target) else target,
        scale_in_cooldown_seconds=scaling.scale_in_cooldown_seconds,
        scale_out_cooldown_seconds=scaling.scale_out_cooldown_seconds,
        disable_scale_in=scaling.disable_scale_in,
    )


def _projection(projection: Projection) -> Document | UnsetType:
    if projection.kind is ProjectionKind.ALL:
        return UNSET
    names = list(projection.attributes) if projection.attributes else UNSET
    return _known(type=projection.kind, attributes=names)


def _index(index: Index) -> Document:
    projection = _projection(index.projection)
    said = index.contributor_insights
    insights = UNSET if isinstance(said, UnsetType) else ContributorInsightsSetting().render(said)
    return {
        **_known(name=index.name, key_schema=_key(index.key), projection=projection),
        **_throughput(index),
        **_known(contributor_insights=insights),
    }


def _local_index(index: LocalIndex) -> Document:
    return _known(name=index.name, key_schema=_key(index.key), projection=_projection(index.projection))


def _replica(replica: Replica) -> Document:
    return _known(
        region=replica.region,
        point_in_time_recovery=replica.recovery,
        deletion_protection=replica.deletion_protection,
        table_class=replica.table_class,
        key=replica.key,
        tags=replica.tags,
    )
