"""`RelationLink`: where a relation leads: which fields hold which, and the key that finds the other side.

It is made when a relation is first used, since its target may be a class that comes later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from dynasmith.errors import DefinitionError, ItemInvalid
from dynasmith.items.number import number_parts
from dynasmith.models.condition import Comparison, Junction, ModelCondition
from dynasmith.models.fields import FieldCodec
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.metaclass import ModelMeta, codec_of
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.query_plan import KeyCandidate, QueryPlan, filter_of, fit_key, key_candidates
from dynasmith.models.relation import Relation
from dynasmith.models.schema import KeyPlace, ModelSchema
from dynasmith.models.value_codec import StoredCodec, Tree
from dynasmith.tables.findings import did_you_mean

_LINKS: Final = "__dynasmith_links__"
_LAST_CHARACTER: Final = 0x10FFFF


@dataclass(frozen=True, slots=True)
class LinkedField:
    """A field of the class that has the relation, and the field of the target that holds the same."""

    own: FieldCodec
    other: FieldCodec


@dataclass(frozen=True, eq=False)
class RelationLink:
    """A relation of ``owner`` to ``target``. ``candidate`` is the key that a query uses; None where the whole key of
    the target is known, so that items are read by it."""

    relation: Relation[Any]
    owner: ItemCodec
    target: ItemCodec
    fields: tuple[LinkedField, ...]
    candidate: KeyCandidate | None
    is_descending: bool = False

    @cached_property
    def own_fields(self) -> tuple[str, ...]:
        """The fields of the owner that lead to the target."""
        return tuple(each.own.name for each in self.fields)

    @cached_property
    def _sort(self) -> KeyPlace | None:
        """The sort key of the table, where it begins with what the relation fixes."""
        if self.candidate is None or self.candidate.index is not None or not self.candidate.sort:
            return None
        place = self.candidate.sort[0]
        return place if {each.other.name for each in self.fields}.intersection(place.fields[:1]) else None

    @property
    def is_whole_partition(self) -> bool:
        """Whether the items of one owner are all of the target in a partition of the table."""
        return self.candidate is not None and self.candidate.index is None and self._sort is None

    @property
    def is_in_partition(self) -> bool:
        """Whether the items of all owners of a partition are in one partition, in the order of their owners."""
        owner, target = self.owner.schema, self.target.schema
        if self._sort is None or self._sort.template is None or owner.table != target.table:
            return False
        leading = {each.own.name for each in self.fields if each.other.name in target.partition.fields}
        return leading.issubset(owner.partition.fields)

    def identity(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Equal for values that DynamoDB takes for equal."""
        return tuple(_spelling(each.other.encode(values[each.other.name])) for each in self.fields)

    def identity_in(self, tree: Tree) -> tuple[str, ...]:
        """The same of an item of the target."""
        return tuple(_spelling(tree.get(each.other.attribute)) for each in self.fields)

    def values(self, instance: Any) -> dict[str, Any] | None:
        """What the fields of the target hold for this instance, by name; None where one has no value, or one that the
        target cannot have. Raises NotLoaded where a field of the instance was not read."""
        values = {}
        for each in self.fields:
            if each.own.name not in instance.__dict__:
                getattr(instance, each.own.name)  # raises NotLoaded
            value = instance.__dict__[each.own.name]
            if value is None:
                return None
            try:
                stored = each.own.encode(value)
                values[each.other.name] = None if stored is None else each.other.decode(stored)
            except ItemInvalid:
                return None
            if values[each.other.name] is None:
                return None
        return values

    def key(self, values: Mapping[str, Any]) -> Tree | None:
        """The key of the target with these values; None where no item can have it."""
        try:
            key = self.target.key_of(values)
        except ItemInvalid:
            return None
        return None if any(content in ("", b"") for tree in key.values() for content in tree.values()) else key

    def plan(self, values: Mapping[str, Any]) -> QueryPlan | None:
        """How the items with these values are found; None where there can be none. For a link with a candidate."""
        assert self.candidate is not None
        conditions: list[ModelCondition] = []
        for each in self.fields:
            stored = each.other.encode(values[each.other.name])
            if stored is None or "" in stored.values():
                return None
            path = ExprPath(self.target.schema.model, (each.other.attribute,))
            conditions.append(Comparison(path, "=", (StoredValue(stored),)))
        try:
            fitting = fit_key(self.target, self.candidate, conditions)
        except ItemInvalid:
            return None
        assert fitting is not None
        return fitting[1]

    def range_plan(self, plans: Sequence[QueryPlan]) -> QueryPlan:
        """One plan that finds what all of ``plans`` find, which are of one partition: from the first to the last of
        them. It finds what is between them too."""
        assert self._sort is not None
        terms = [_sort_term(plan) for plan in plans]
        texts = [(_text(term), term.operator) for term in terms]
        low = min((text for text, _ in texts), key=str.encode)
        high = max((_after(text) if operator == "begins_with" else text for text, operator in texts), key=str.encode)
        path = ExprPath(self.target.schema.model, (self._sort.attribute,))
        between = Comparison(path, "BETWEEN", (StoredValue({"S": low}), StoredValue({"S": high})))
        condition = Junction("AND", (_partition_term(plans[0]), between))
        return replace(plans[0], key_condition=condition, filter=filter_of(self.target.schema, ()))


def partition_of(plan: QueryPlan) -> str:
    """Equal for plans of one partition."""
    operand = _partition_term(plan).operands[0]
    assert isinstance(operand, StoredValue)
    return _spelling(operand.tree)


def _partition_term(plan: QueryPlan) -> Comparison:
    condition = plan.key_condition
    term = condition.parts[0] if isinstance(condition, Junction) else condition
    assert isinstance(term, Comparison)
    return term


def _sort_term(plan: QueryPlan) -> Comparison:
    assert isinstance(plan.key_condition, Junction)
    term = plan.key_condition.parts[1]
    assert isinstance(term, Comparison)
    return term


def _text(term: Comparison) -> str:
    operand = term.operands[0]
    assert isinstance(operand, StoredValue)
    text: str = operand.tree["S"]
    return text


def _after(prefix: str) -> str:
    """A text that comes after all that begin with ``prefix``."""
    last = ord(prefix[-1])
    if last == _LAST_CHARACTER:
        return prefix + prefix[-1]
    return prefix[:-1] + chr(0xE000 if last == 0xD7FF else last + 1)  # between them are no characters


def _spelling(tree: Tree | None) -> str:
    """One text for all spellings of a value."""
    if tree is None:
        return ""
    ((tag, content),) = tree.items()
    return f"{tag}{number_parts(content) if tag == 'N' else content}"


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
    candidate = _candidate(relation, owner.schema, target.schema, known)
    return RelationLink(relation, owner, target, linked, candidate, relation.order.startswith("-"))


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
            f"goes by {', '.join(relation.by)}, and the key of {target.name} needs {', '.join(lacking)} too",
            "by=(...) takes one field for each part of the key",
        )


def _candidate(relation: Relation[Any], owner: ModelSchema, target: ModelSchema, known: set[str]) -> KeyCandidate:
    """The key of the target that a query uses: the one that ``by`` fixes most of, and that has the order."""
    order = relation.order.removeprefix("-")
    fitting = [
        each
        for each in key_candidates(target)
        if all(_is_fixed(place, known) for place in each.partition) and any(place.fields for place in each.partition)
    ]
    if not fitting:
        fields = ", ".join(relation.by)
        raise owner.problem(
            relation.name,
            f"goes by {fields}, which is the partition key of neither the table of {target.name} nor an index",
            f'add by_{relation.by[0]} = gsi("{relation.by[0]}") to {target.name}',
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
    return max(fitting, key=lambda each: _worth(each, known))


def _is_fixed(place: KeyPlace, known: set[str]) -> bool:
    return known.issuperset(place.fields)


def _worth(candidate: KeyCandidate, known: set[str]) -> tuple[int, ...]:
    matched = len(candidate.partition)
    for place in candidate.sort:
        if not _is_fixed(place, known):
            break
        matched += 1
    index = candidate.index
    return (matched, index is None or index.projection == "all", index is None, index is not None and index.is_local)


def _orders(candidate: KeyCandidate, known: set[str]) -> tuple[str, ...]:
    """What the items of the candidate are sorted by, when ``known`` is fixed: the sort key and its next field."""
    for place in candidate.sort:
        if _is_fixed(place, known):
            continue
        following = next((name for name in place.fields if name not in known), "")
        return tuple(dict.fromkeys(name for name in (following, place.attribute) if name))
    return ()
