"""The key of a table, the attributes that keys use, and its indexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UnsetType

from dynasmith.iac.hcl import HclBlock, Value
from dynasmith.iac.terraform.part import TerraformPart, TerraformSubject
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Index,
    KeyAttribute,
    LocalIndex,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Scaling,
    known,
)

MANY_ATTRIBUTES = "a key of several attributes needs version 6 of the provider"
WARM = "version 5 of the provider knows no warm throughput"


def key(subject: TerraformSubject) -> TerraformPart:
    """`hash_key`, `range_key`."""
    return TerraformPart(body=tuple(_key(subject.table.key.partition, subject.table.key.sort)))


def attributes(subject: TerraformSubject) -> TerraformPart:
    """`attribute` blocks; those of indexes that are not managed are left alone with these."""
    table = subject.table
    blocks = tuple(HclBlock(("attribute",), (("name", a.name), ("type", a.type))) for a in table.key_attributes())
    managed = not isinstance(table.indexes, UnsetType) and not isinstance(table.local_indexes, UnsetType)
    return TerraformPart(body=blocks, ignored=() if managed else ("attribute",))


def indexes(subject: TerraformSubject) -> TerraformPart:
    """`global_secondary_index` blocks."""
    table = subject.table
    if isinstance(table.indexes, UnsetType):
        return TerraformPart(ignored=("global_secondary_index",))
    provisioned = table.billing is Billing.PROVISIONED
    blocks, unsaid, loose = [], [], False
    for index in table.indexes:
        path = f"global_secondary_indexes.{index.name}"
        if len(index.key.partition) > 1 or len(index.key.sort) > 1:
            unsaid.append(subject.unsaid(f"{path}.key_schema", MANY_ATTRIBUTES))
            loose = True
            continue
        if not isinstance(index.warm, UnsetType):
            unsaid.append(subject.unsaid(f"{path}.warm_throughput", WARM))
        loose = loose or (provisioned and not _is_fixed(index))
        blocks.append(_index(index, provisioned))
    return TerraformPart(body=tuple(blocks), ignored=("global_secondary_index",) if loose else (), unsaid=tuple(unsaid))


def local_indexes(subject: TerraformSubject) -> TerraformPart:
    """`local_secondary_index` blocks."""
    if isinstance(subject.table.local_indexes, UnsetType):
        return TerraformPart(ignored=("local_secondary_index",))
    return TerraformPart(body=tuple(_local_index(index) for index in subject.table.local_indexes))


def _key(partition: Sequence[KeyAttribute], sort: Sequence[KeyAttribute]) -> Iterator[tuple[str, Value]]:
    yield "hash_key", partition[0].name
    if sort:
        yield "range_key", sort[0].name


def _is_fixed(index: Index) -> bool:
    """Whether the capacity of an index is what the definition says, and nothing else moves it."""
    scaling = known(index.autoscaling, Autoscaling())
    return not isinstance(index.capacity, UnsetType) and not any(
        isinstance(each, Scaling) for each in (scaling.read, scaling.write)
    )


def _projection(projection: Projection) -> Iterator[tuple[str, Value]]:
    yield "projection_type", str(projection.kind)
    if projection.kind is ProjectionKind.INCLUDE:
        yield "non_key_attributes", list(projection.attributes)


def _index(index: Index, provisioned: bool) -> HclBlock:
    body: list[tuple[str, Value] | HclBlock] = [("name", index.name), *_key(index.key.partition, index.key.sort)]
    body += _projection(index.projection)
    if provisioned:
        body += _capacity(index)
    elif not isinstance(index.on_demand_maximum, UnsetType) and (block := on_demand(index.on_demand_maximum)):
        body.append(block)
    return HclBlock(("global_secondary_index",), tuple(body))


def _local_index(index: LocalIndex) -> HclBlock:
    body = (("name", index.name), ("range_key", index.key.sort[0].name), *_projection(index.projection))
    return HclBlock(("local_secondary_index",), body)


def _capacity(index: Index) -> Iterator[tuple[str, Value]]:
    """What is said, the least of autoscaling, or the least there is."""
    scaling = known(index.autoscaling, Autoscaling())
    for name, scaled in (("read", scaling.read), ("write", scaling.write)):
        low = scaled.min if isinstance(scaled, Scaling) else 1
        yield f"{name}_capacity", low if isinstance(index.capacity, UnsetType) else getattr(index.capacity, name)


def on_demand(maximum: OnDemandMaximum) -> HclBlock | None:
    """The `on_demand_throughput` block; -1 is no ceiling. None where nothing is said."""
    body: list[tuple[str, Value]] = []
    for name, units in (("read", maximum.read), ("write", maximum.write)):
        if not isinstance(units, UnsetType):
            body.append((f"max_{name}_request_units", -1 if units is None else units))
    return HclBlock(("on_demand_throughput",), tuple(body)) if body else None
