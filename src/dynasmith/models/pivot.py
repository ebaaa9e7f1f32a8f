"""The pairs of a `many_to_many` relation: items of the class between, and their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from dynasmith.errors import UsageError
from dynasmith.models.key_of import KeyOf, key_for
from dynasmith.models.model import Model
from dynasmith.models.relation import ManyToMany
from dynasmith.models.relation_link import RelationLink
from dynasmith.models.relation_resolution import link_of


class PivotPairs:
    """The pairs of one item by one relation.

    Making it raises UsageError for a relation of another class, DefinitionError for one whose pairs cannot be written:
    where a pair could be there twice, and where a write of one has conditions.
    """

    def __init__(self, item: Model, relation: Any) -> None:
        model = type(item)
        if not isinstance(item, Model):
            raise UsageError(
                f"Pairs are of an instance, not of a value of type {model.__name__}.",
                hint="read the item first: db.require(Model, ...)",
            )
        owner = getattr(relation, "model", None)
        is_owner = owner is not None and isinstance(item, owner)
        if not isinstance(relation, ManyToMany) or not is_owner:
            raise UsageError(
                f"{relation!r} is not a many_to_many relation of {model.__name__}.",
                hint=f"db.attach({model.__name__.lower()}, {model.__name__}.others, [...])",
            )
        self.link = link_of(relation)
        assert self.link.onward is not None
        self._onward: RelationLink = self.link.onward
        self._check()
        owned = self.link.values(item)
        if owned is None:
            raise UsageError(f"This {model.__name__} has no key, and nothing can be attached to it.")
        self.owned = owned

    @property
    def model(self) -> type[Model]:
        """The class between."""
        return cast("type[Model]", self.link.target.schema.model)

    def pair(self, other: Any, data: Mapping[str, Any]) -> Model:
        """The item that joins this one to ``other``: an instance, a key, or what `Db.get_many` takes for one."""
        values = self._values(other)
        for name in data:
            if name in values:
                raise UsageError(f"{name} is a part of the pair, and cannot be given beside it.")
        return self.model(**values, **data)

    def key(self, other: Any) -> KeyOf[Any]:
        """The key of that item."""
        values = self._values(other)
        return KeyOf(self.model, values, self.link.target.key_of(values))

    def _values(self, other: Any) -> dict[str, Any]:
        target: Any = self._onward.target.schema.model
        if isinstance(other, Model):
            if not isinstance(other, target):
                raise UsageError(f"{self.link.relation!r} takes items of {target.__name__}, not {other!r}.")
            given: Mapping[str, Any] = {
                each.other.name: getattr(other, each.other.name) for each in self._onward.fields
            }
        else:
            given = key_for(target, other).values
        values = dict(self.owned)
        for each in self._onward.fields:
            stored = each.other.encode(given[each.other.name])
            value = each.own.decode(stored)
            if values.setdefault(each.own.name, value) != value:
                one = values[each.own.name]
                raise UsageError(f"{self.link.relation!r}: {each.own.name} is {one!r} here and {value!r} there.")
        return values

    def _check(self) -> None:
        pivot, owner, name = self.link.target.schema, self.link.owner.schema, self.link.relation.name
        used = dict.fromkeys([each.other.name for each in self.link.fields])
        used |= dict.fromkeys([each.own.name for each in self._onward.fields])
        if set(used) != set(pivot.key_fields):
            raise owner.problem(
                name,
                f"goes through {pivot.name}, whose key is made of {', '.join(pivot.key_fields)}, and a pair is "
                f"{', '.join(used)}",
                "make the key of just these, so that a pair is there once; or write the pairs yourself",
            )
        conditions = [("a version", pivot.stamped("version")), ("a unique attribute", pivot.unique)]
        for what, fields in [*conditions, ("a time of deletion", [pivot.deleted] if pivot.deleted else [])]:
            if fields:
                raise owner.problem(
                    name,
                    f"goes through {pivot.name}, which has {what}, {fields[0].name}; pairs are written in batches",
                    "remove it, or write the pairs with create and delete",
                )


def listed(relation: Any, others: Iterable[Any]) -> Iterator[Any]:
    """The others, one by one. Raises UsageError for one of them without a list around it."""
    if isinstance(others, str | bytes | Mapping | KeyOf | Model):
        raise UsageError(f"{relation!r} takes several items.", hint="put it into a list: [...]")
    return iter(others)
