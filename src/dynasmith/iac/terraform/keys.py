"""The key of a table, and the attributes that keys use."""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.iac.hcl import HclBlock, Value
from dynasmith.iac.terraform.indexes import indexes_are_resources
from dynasmith.iac.terraform.part import TerraformPart, TerraformSubject


def key(subject: TerraformSubject) -> TerraformPart:
    """`hash_key`, `range_key`."""
    said = subject.table.key
    body: list[tuple[str, Value]] = [("hash_key", said.partition[0].name)]
    if said.sort:
        body.append(("range_key", said.sort[0].name))
    return TerraformPart(body=tuple(body))


def attributes(subject: TerraformSubject) -> TerraformPart:
    """`attribute` blocks; those of indexes that are not managed, or are resources of their own, are left alone."""
    table, apart = subject.table, indexes_are_resources(subject)
    used = replace(table, indexes=UNSET) if apart else table
    blocks = tuple(HclBlock(("attribute",), (("name", a.name), ("type", a.type))) for a in used.key_attributes())
    managed = not isinstance(used.indexes, UnsetType) and not isinstance(table.local_indexes, UnsetType)
    return TerraformPart(body=blocks, ignored=() if managed else ("attribute",))
