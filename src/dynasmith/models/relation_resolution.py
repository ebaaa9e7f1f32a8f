"""`link_of`: where a relation leads, checked against both classes.

It is made when a relation is first used, since its target may be a class that comes later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dynasmith.errors import DefinitionError
from dynasmith.models.fields import FieldCodec
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.key_terms import is_exact
from dynasmith.models.metaclass import ModelMeta, codec_of
from dynasmith.models.query_plan import KeyCandidate, held_by_index, key_candidates, lacks_items
from dynasmith.models.relation import Relation
from dynasmith.models.relation_link import LinkedField, RelationLink
from dynasmith.models.schema import KeyPlace, ModelSchema
from dynasmith.models.value_codec import StoredCodec
from dynasmith.tables.findings import did_you_mean

_LINKS: Final = "__dynasmith_links__"


def link_of(relation: Relation[Any]) -> RelationLink:
    """Where a relation leads. Raises DefinitionError, which names class and relation, for what it cannot be."""
    model = relation.model
    links: dict[str, RelationLink] = model.__dict__.get(_LINKS) or {}
    link = links.get(relation.name)
    if link is None:
        link = _made(relation)
        type.__setattr__(model, _LINKS, {**links, relation.name: link})
    return link


def _made(relation: Relation[Any]) -> RelationLink:
    owner = codec_of(relation.model)
    target = target_of(owner.schema, relation.name, relation.target, "the target")
    if relation.kind == "many_to_many":
        return _through(relation, owner, target)
    if relation.kind == "belongs_to":
        fields = referring(relation, owner.schema, target.schema, relation.by)
        linked = tuple(LinkedField(child, parent) for child, parent in fields)
        _require_key(relation, owner.schema, target.schema, linked)
        return RelationLink(relation, owner, target, linked, None)
    fields = referring(relation, target.schema, owner.schema, relation.by)
    linked = tuple(LinkedField(parent, child) for child, parent in fields)
    known = {each.other.name for each in linked}
    if relation.kind == "has_one" and known.issuperset(target.schema.key_fields):
        return RelationLink(relation, owner, target, linked, None)
    candidate = _candidate(relation, owner.schema, target, known)
    return RelationLink(relation, owner, target, linked, candidate, relation.order.startswith("-"))


def _through(relation: Relation[Any], owner: ItemCodec, target: ItemCodec) -> RelationLink:
    """From the owner to the class between, and on from there."""
    pivot = target_of(owner.schema, relation.name, relation.through, "the class of through")
    by = relation.by or _referring_by(relation, owner.schema, pivot, owner.schema, "by")
    to = relation.to or _referring_by(relation, owner.schema, pivot, target.schema, "to")
    first = tuple(LinkedField(parent, child) for child, parent in referring(relation, pivot.schema, owner.schema, by))
    second = tuple(LinkedField(child, other) for child, other in referring(relation, pivot.schema, target.schema, to))
    _require_key(relation, owner.schema, target.schema, second)
    candidate = _candidate(relation, owner.schema, pivot, {each.other.name for each in first})
    onward = RelationLink(relation, pivot, target, second, None)
    return RelationLink(relation, owner, pivot, first, candidate, onward=onward)


def _referring_by(
    relation: Relation[Any], owner: ModelSchema, pivot: ItemCodec, to: ModelSchema, option: str
) -> tuple[str, ...]:
    """The fields of the only `belongs_to` of ``pivot`` that leads to a class. Raises DefinitionError."""
    found = []
    for name, each in pivot.schema.relations.items():
        if each.kind == "belongs_to":
            target = target_of(pivot.schema, name, each.target, "the target").schema.model
            if issubclass(to.model, target):
                found.append(each)
    if len(found) != 1:
        many = " and ".join(each.name for each in found) or "no relation"
        raise owner.problem(
            relation.name,
            f"goes through {pivot.schema.name}, of which {many} belongs to {to.name}",
            f'say {option}="...": the fields of {pivot.schema.name} that hold the key of {to.name}',
        )
    return found[0].by


def target_of(schema: ModelSchema, name: str, given: Any, what: str) -> ItemCodec:
    """The codec of the class that is given, or that a function gives. Raises DefinitionError for anything else."""
    if not isinstance(given, ModelMeta):
        if not callable(given):
            raise schema.problem(name, f"has {given!r} for {what}", "write lambda: Order")
        try:
            given = given()
        except DefinitionError:
            raise
        except Exception as cause:
            raise schema.problem(name, f"cannot find {what}: {cause}", "the class must be there by now") from cause
    if not isinstance(given, ModelMeta):
        raise schema.problem(name, f"has {what} {given!r}, which is not a class of Model", "write lambda: Order")
    codec = codec_of(given)
    if codec.schema.table is None:
        raise schema.problem(name, f"has {what} {codec.schema.name}, which has no table", 'give it a table="..."')
    return codec


def referring(
    relation: Relation[Any], child: ModelSchema, parent: ModelSchema, by: Sequence[str]
) -> list[tuple[FieldCodec, FieldCodec]]:
    """Each field of ``by`` in the child with the field of the parent's key that it holds: that of the same name, the
    others in their order. Raises DefinitionError."""
    schema, name = codec_of(relation.model).schema, relation.name
    left = [field for field in parent.key_fields if field not in by]
    found = []
    if not by:
        raise schema.problem(name, "has an empty by", f"name the fields of {child.name} that hold the key")
    for each in by:
        field = child.fields.get(each)
        if field is None:
            near = did_you_mean(each, child.fields) or "by names a field, as the class has it"
            raise schema.problem(name, f"goes by {each}, which is not a field of {child.name}", near)
        if each in parent.key_fields:
            other = parent.fields[each]
        elif left:
            other = parent.fields[left.pop(0)]
        else:
            raise schema.problem(
                name, f"goes by {each}, and the key of {parent.name} is only {', '.join(parent.key_fields)}"
            )
        _require_one_type(relation, child, field, parent, other)
        found.append((field, other))
    if left and any(each not in parent.key_fields for each in by):
        raise schema.problem(
            name,
            f"goes by {', '.join(by)}, and the key of {parent.name} is {', '.join(parent.key_fields)}",
            f"by=(...) takes one field for each of them; {', '.join(left)} has none",
        )
    return found


def _require_one_type(
    relation: Relation[Any], child: ModelSchema, field: FieldCodec, parent: ModelSchema, other: FieldCodec
) -> None:
    if isinstance(field.codec, StoredCodec) or isinstance(other.codec, StoredCodec):
        return
    if field.codec.tags != other.codec.tags or len(field.codec.tags) != 1:
        kinds = f"{'/'.join(field.codec.tags[:3])} and {'/'.join(other.codec.tags[:3])}"
        raise codec_of(relation.model).schema.problem(
            relation.name,
            f"joins {child.name}.{field.name} to {parent.name}.{other.name}, which are stored as {kinds}",
            "both have to be of one type",
        )


def _require_key(
    relation: Relation[Any], owner: ModelSchema, target: ModelSchema, linked: Sequence[LinkedField]
) -> None:
    known = {each.other.name for each in linked}
    lacking = [name for name in target.key_fields if name not in known]
    if lacking:
        raise owner.problem(
            relation.name,
            f"goes by {', '.join(each.own.name for each in linked)}, and the key of {target.name} needs "
            f"{', '.join(lacking)} too",
            "by=(...) takes one field for each part of the key",
        )


def _candidate(relation: Relation[Any], owner: ModelSchema, codec: ItemCodec, known: set[str]) -> KeyCandidate:
    """The key of the target that a query uses: the one that ``by`` fixes most of, and that has the order."""
    target, order = codec.schema, relation.order.removeprefix("-")
    fitting = [each for each in key_candidates(target) if _fits(codec, each, known)]
    if not fitting:
        fields = ", ".join(sorted(known))
        raise owner.problem(
            relation.name,
            f"goes by {fields}, which is the partition key of neither the table of {target.name} nor an index",
            f'add by_{min(known)} = gsi("{min(known)}") to {target.name}',
        )
    if order:
        named = [each for each in fitting if order in _orders(each, known)]
        if not named:
            orders = ", ".join(dict.fromkeys(name for each in fitting for name in _orders(each, known)))
            raise owner.problem(
                relation.name,
                f"is ordered by {order}, and no key by {', '.join(relation.by)} has it for its sort key",
                f"it can be ordered by {orders}" if orders else f"add an index of {target.name} with that sort key",
            )
        fitting = named
    return max(fitting, key=lambda each: _worth(target, each, known))


def _is_fixed(place: KeyPlace, known: set[str]) -> bool:
    return known.issuperset(place.fields)


def _fits(codec: ItemCodec, candidate: KeyCandidate, known: set[str]) -> bool:
    """Whether the partition is fixed by ``known``, and the key or what an index holds tells each of them."""
    partition = candidate.partition
    if not all(_is_fixed(place, known) for place in partition) or not any(place.fields for place in partition):
        return False
    held = held_by_index(codec.schema, candidate)
    if held is None:
        return True
    templates = [place.template for place in (*partition, *candidate.sort) if place.template is not None]
    told = {name for each in templates for name in each.fields if is_exact(codec, each, name)}
    return all(name in told or codec.schema.fields[name].attribute in held for name in known)


def _worth(target: ModelSchema, candidate: KeyCandidate, known: set[str]) -> tuple[int, ...]:
    matched = len(candidate.partition)
    for place in candidate.sort:
        if not _is_fixed(place, known):
            break
        matched += 1
    index = candidate.index
    complete = not lacks_items(target, [place for place in candidate.sort if not _is_fixed(place, known)])
    return (
        matched,
        complete,
        index is None or index.projection == "all",
        index is None,
        index is not None and index.is_local,
    )


def _orders(candidate: KeyCandidate, known: set[str]) -> tuple[str, ...]:
    """What the items of the candidate are sorted by, when ``known`` is fixed: the sort key and its next field."""
    for place in candidate.sort:
        if _is_fixed(place, known):
            continue
        following = next((name for name in place.fields if name not in known), "")
        return tuple(dict.fromkeys(name for name in (following, place.attribute) if name))
    return ()
