"""Which templates a write has to make again: those of changed fields, and those beside them in the key of an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from dynasmith.errors import TemplateIncomplete
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.key_template import KeyTemplate
from dynasmith.models.schema import ModelSchema
from dynasmith.models.value_codec import Tree


@dataclass(frozen=True, slots=True)
class TemplateChanges:
    """``made``: what each template that is written again is stored as, None where it is removed. ``parts``: the fields
    that it was made of."""

    made: Mapping[str, Tree | None]
    parts: tuple[str, ...]


def template_changes(
    codec: ItemCodec, changed: AbstractSet[str], stamped: AbstractSet[str], known: Mapping[str, Any], hint: str
) -> TemplateChanges:
    """The templates to write again where these fields change; ``known`` are all values by field that are known.

    ``stamped`` fields change in every write and are never None, so that the rest of an index is not needed for them,
    unless it may be absent. Raises TemplateIncomplete where a part is not known.
    """
    schema = codec.schema
    own = {name: each for name, each in schema.templates.items() if not each.role}
    first = {name for name, each in own.items() if not changed.isdisjoint(each.fields)}
    first |= {name for name in own if not changed.isdisjoint(_optional_beside(schema, name))}
    by_stamp = {name for name, each in own.items() if not stamped.isdisjoint(each.fields)}
    first |= {name for name in by_stamp if _may_be_absent(schema, own, name)}
    group = _closure(schema, own, first)
    names = [name for name in own if name in group or name in by_stamp]
    parts = tuple(dict.fromkeys(part for name in names for part in own[name].fields))
    missing = [part for part in parts if part not in known]
    if missing:
        touched = ", ".join(name for name in own if name in first or name in by_stamp)
        raise TemplateIncomplete(
            f"The update changes a part of {schema.name}.{touched}, and {', '.join(missing)} is not known.", hint=hint
        )
    made = codec.rendered_of(known, names)
    return TemplateChanges({name: made.get(name) for name in names}, parts)


def _closure(schema: ModelSchema, own: Mapping[str, KeyTemplate], names: AbstractSet[str]) -> set[str]:
    """These templates and all that are written together with them."""
    found = set(names)
    while True:
        more = {name for name in own if same_index(schema, name, found)} | found
        if more == found:
            return found
        found = more


def same_index(schema: ModelSchema, name: str, others: Iterable[str]) -> bool:
    """Whether a template is in the key of an index with one of ``others``."""
    keys = [{*index.partition, *index.sort} for index in schema.indexes.values()]
    return any(name in key and key.intersection(others) for key in keys)


def _optional_beside(schema: ModelSchema, name: str) -> set[str]:
    """Plain fields that may be None and are in the key of an index with the template: without one, neither is there."""
    keys = [{*index.partition, *index.sort} for index in schema.indexes.values()]
    beside = {other for key in keys if name in key for other in key}
    return {
        each.name for each in schema.fields.values() if each.name in beside and each.nullable and not each.options.stamp
    }


def _may_be_absent(schema: ModelSchema, own: Mapping[str, KeyTemplate], name: str) -> bool:
    """Whether another part of an index of the template may be absent, and the template with it."""
    beside = [each for other, each in own.items() if other != name and same_index(schema, other, [name])]
    parts = {part for each in beside for part in each.fields} | _optional_beside(schema, name)
    return any(schema.fields[part].nullable and not schema.fields[part].options.stamp for part in parts)
