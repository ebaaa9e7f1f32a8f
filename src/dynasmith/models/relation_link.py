"""`RelationLink`: where a relation leads: which fields hold which, and the key that finds the other side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from dynasmith.errors import ItemInvalid
from dynasmith.items.number import number_parts
from dynasmith.models.condition import Comparison, Junction, ModelCondition
from dynasmith.models.fields import FieldCodec
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.query_plan import KeyCandidate, QueryPlan, filter_of, fit_key
from dynasmith.models.relation import Relation
from dynasmith.models.schema import KeyPlace
from dynasmith.models.value_codec import Tree

_LAST_CHARACTER: Final = 0x10FFFF


@dataclass(frozen=True, slots=True)
class LinkedField:
    """A field of the class that has the relation, and the field of the target that holds the same."""

    own: FieldCodec
    other: FieldCodec


@dataclass(frozen=True, eq=False)
class RelationLink:
    """A relation of ``owner`` to ``target``. ``candidate`` is the key that a query uses; None where the whole key of
    the target is known, so that items are read by it. Where the relation goes through another class, ``target`` is that
    class, and ``onward`` leads from it to the other side."""

    relation: Relation[Any]
    owner: ItemCodec
    target: ItemCodec
    fields: tuple[LinkedField, ...]
    candidate: KeyCandidate | None
    is_descending: bool = False
    onward: RelationLink | None = None

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

    def identity_of(self, item: Any) -> tuple[str, ...]:
        """The same of an item of the target."""
        return tuple(_spelling(each.other.encode(item.__dict__[each.other.name])) for each in self.fields)

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
            fitting = fit_key(self.target, self.candidate, conditions, trusts_key=True)
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
