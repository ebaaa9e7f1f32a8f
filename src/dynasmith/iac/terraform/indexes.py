"""The indexes of a table: blocks in its resource, or from version 6 of the provider on resources of their own.

A set of blocks can be left alone only as a whole. So where something moves the capacity of an index (autoscaling, or
warm throughput, which grows), version 5 leaves all indexes alone, and version 6 has a resource for each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UnsetType

from dynasmith.errors import UsageError
from dynasmith.iac.hcl import HclBlock, HclExpression, Value
from dynasmith.iac.labels import part_label
from dynasmith.iac.terraform.part import ImportBlock, TerraformPart, TerraformSubject
from dynasmith.iac.terraform.throughput import WARM, on_demand, warm_units
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Index,
    LocalIndex,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Scaling,
    known,
)


def indexes(subject: TerraformSubject) -> TerraformPart:
    """`global_secondary_index` blocks, or an `aws_dynamodb_global_secondary_index` for each."""
    wanted = subject.table.indexes
    if isinstance(wanted, UnsetType):
        return TerraformPart(ignored=("global_secondary_index",))
    if indexes_are_resources(subject):
        return _resources(subject, wanted)
    unsaid = []
    for index in wanted if subject.provider < 6 else ():
        if len(index.key.partition) > 1 or len(index.key.sort) > 1:
            raise UsageError(
                f"Index {index.name} of {subject.table.name} has a key of several attributes, which version 5 of "
                "Terraform's AWS provider cannot express.",
                hint="write the files for version 6: --provider 6",
            )
        if not isinstance(index.warm, UnsetType):
            unsaid.append(subject.unsaid(f"global_secondary_indexes.{index.name}.warm_throughput", WARM))
    others = unlisted_indexes(subject)
    why = "it is there and not in the definition: indexes are left alone, because Terraform would delete it"
    unsaid += [subject.unsaid(f"global_secondary_indexes.{name}", why) for name in others]
    loose = bool(others) or any(_is_moved(subject, index) for index in wanted)
    return TerraformPart(
        body=tuple(_block(subject, index) for index in wanted),
        ignored=("global_secondary_index",) if loose else (),
        unsaid=tuple(unsaid),
    )


def indexes_are_resources(subject: TerraformSubject) -> bool:
    """Whether each index is a resource of its own."""
    wanted = known(subject.table.indexes, ())
    moved = any(_is_moved(subject, index) or not isinstance(index.warm, UnsetType) for index in wanted)
    return subject.provider >= 6 and (moved or bool(wanted and unlisted_indexes(subject)))


def unlisted_indexes(subject: TerraformSubject) -> list[str]:
    """The indexes that are there and that a definition with indexes does not list."""
    listed = {index.name for index in known(subject.table.indexes, ())}
    there = () if subject.live is None else known(subject.live.table.indexes, ())
    return [index.name for index in there if index.name not in listed]


def local_indexes(subject: TerraformSubject) -> TerraformPart:
    """`local_secondary_index` blocks."""
    if isinstance(subject.table.local_indexes, UnsetType):
        return TerraformPart(ignored=("local_secondary_index",))
    return TerraformPart(body=tuple(_local_index(index) for index in subject.table.local_indexes))


def _is_moved(subject: TerraformSubject, index: Index) -> bool:
    """Whether something else than the definition moves the capacity of an index."""
    scaling = known(index.autoscaling, Autoscaling())
    scaled = any(isinstance(each, Scaling) for each in (scaling.read, scaling.write))
    return subject.billing is Billing.PROVISIONED and (scaled or isinstance(index.capacity, UnsetType))


def _there(subject: TerraformSubject, name: str) -> Index | None:
    return None if subject.live is None else subject.live.table.index(name)


def _block(subject: TerraformSubject, index: Index) -> HclBlock:
    body: list[tuple[str, Value] | HclBlock] = [("name", index.name)]
    keys: tuple[HclBlock, ...] = ()
    if subject.provider < 6:
        body += [("hash_key", index.key.partition[0].name)]
        body += [("range_key", each.name) for each in index.key.sort]
    else:
        keys = tuple(_key_schema(index, typed=False))
    body += [*_projection(index.projection), *keys]
    if subject.billing is Billing.PROVISIONED:
        units = _capacity(subject, index)
        body += [("read_capacity", units.read), ("write_capacity", units.write)]
    elif block := _ceiling(subject, index):
        body.append(block)
    return HclBlock(("global_secondary_index",), tuple(body))


def _resources(subject: TerraformSubject, wanted: Sequence[Index]) -> TerraformPart:
    blocks = [_resource(subject, index) for index in wanted]
    imports = [
        ImportBlock(to=block.address, id=f"{subject.table.name},{index.name}")
        for block, index in zip(blocks, wanted, strict=True)
        if _there(subject, index.name) is not None
    ]
    # The table's own blocks are those of the state: none of a new table, all of an imported one.
    return TerraformPart(ignored=("global_secondary_index",), resources=tuple(blocks), imports=tuple(imports))


def _resource(subject: TerraformSubject, index: Index) -> HclBlock:
    body: list[tuple[str, Value] | HclBlock] = [
        ("table_name", subject.reference("name")),
        ("index_name", index.name),
    ]
    there = _there(subject, index.name)
    units = warm_units(index.warm)
    if any(each is not None for each in units.values()):
        # An object has all its attributes; what is not managed is what is there.
        known_ = warm_units(there.warm) if there is not None else dict.fromkeys(units)
        filled = {name: known_[name] if each is None else each for name, each in units.items()}
        body.append(
            (
                "warm_throughput",
                {name: HclExpression("null") if each is None else each for name, each in filled.items()},
            )
        )
    body += [*_key_schema(index, typed=True), HclBlock(("projection",), tuple(_projection(index.projection)))]
    ignored = ["warm_throughput"]
    if subject.billing is Billing.PROVISIONED:
        capacity = _capacity(subject, index)
        said = (("read_capacity_units", capacity.read), ("write_capacity_units", capacity.write))
        body.append(HclBlock(("provisioned_throughput",), said))
        ignored += ["provisioned_throughput"] if _is_moved(subject, index) else []
    elif block := _ceiling(subject, index):
        body.append(block)
    body.append(HclBlock(("lifecycle",), (("ignore_changes", [HclExpression(name) for name in ignored]),)))
    label = part_label(subject.label, index.name)
    return HclBlock(("resource", "aws_dynamodb_global_secondary_index", label), tuple(body))


def _key_schema(index: Index, *, typed: bool) -> Iterator[HclBlock]:
    for kind, attributes in (("HASH", index.key.partition), ("RANGE", index.key.sort)):
        for each in attributes:
            of_type: tuple[tuple[str, Value], ...] = (("attribute_type", each.type),) if typed else ()
            yield HclBlock(("key_schema",), (("attribute_name", each.name), *of_type, ("key_type", kind)))


def _projection(projection: Projection) -> Iterator[tuple[str, Value]]:
    yield "projection_type", str(projection.kind)
    if projection.kind is ProjectionKind.INCLUDE:
        yield "non_key_attributes", list(projection.attributes)


def _local_index(index: LocalIndex) -> HclBlock:
    body = (("name", index.name), ("range_key", index.key.sort[0].name), *_projection(index.projection))
    return HclBlock(("local_secondary_index",), body)


def _capacity(subject: TerraformSubject, index: Index) -> Capacity:
    """What is said, what is there, the least of autoscaling, or the least there is."""
    there = _there(subject, index.name)
    for each in (index.capacity, None if there is None else there.capacity):
        if isinstance(each, Capacity):
            return each
    scaling = known(index.autoscaling, Autoscaling())
    least = {
        name: scaled.min if isinstance(scaled, Scaling) else 1
        for name, scaled in (("read", scaling.read), ("write", scaling.write))
    }
    return Capacity(read=least["read"], write=least["write"])


def _ceiling(subject: TerraformSubject, index: Index) -> HclBlock | None:
    """The ceiling of an index; what is not managed of it is what is there, since a block cannot leave it alone."""
    there = _there(subject, index.name)
    live = OnDemandMaximum() if there is None else known(there.on_demand_maximum, OnDemandMaximum())
    said = known(index.on_demand_maximum, live)
    filled = OnDemandMaximum(read=known(said.read, live.read), write=known(said.write, live.write))
    return None if filled == OnDemandMaximum() else on_demand(filled)
