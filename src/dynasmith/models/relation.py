"""`Relation`: how the items of one class lead to those of another. On an instance it is what was read with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Literal, Self, TypeVar, overload

from pydantic import BaseModel

from dynasmith.errors import NotLoaded, UsageError
from dynasmith.models.instance import related_values

M = TypeVar("M", bound=BaseModel)
RelationKind = Literal["has_many", "has_one", "belongs_to", "many_to_many"]
_UNBOUND: Final[Any] = None


@dataclass(slots=True, eq=False)
class Relation(Generic[M]):
    """A relation of a class to ``target``, not a field: it is never stored and is not an argument of the constructor.

    ``by`` are fields of the class that refers to the other. ``model`` is the class that it was taken from, ``nested``
    are the relations of the target that are read with it. ``through`` is the class that refers to both, by ``by`` to
    this one and by ``to`` to the target.
    """

    kind: RelationKind
    target: Callable[[], type[M]]
    by: tuple[str, ...]
    order: str = ""
    name: str = ""
    model: type[BaseModel] = _UNBOUND
    nested: tuple[Relation[Any], ...] = ()
    through: Any = None
    to: tuple[str, ...] = ()

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def then(self, *nested: Relation[Any]) -> Self:
        """The same, with relations of the target read too: ``User.orders.then(Order.lines)``."""
        return replace(self, nested=(*self.nested, *nested))

    def of(self, model: type[BaseModel]) -> Self:
        """The relation as one of ``model``: of the class that has it, or of one that inherits it."""
        return replace(self, model=model)

    def __repr__(self) -> str:
        return f"{self.model.__name__}.{self.name}" if self.model else f"{self.kind}(by={self.by!r})"

    def _get(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            bind = getattr(owner, "__dynasmith_relation__", None)
            return self if bind is None else bind(self)
        values = related_values(instance)
        if self.name not in values:
            name = owner.__name__
            hint = f"nothing is read by itself: query(...).include({name}.{self.name}), get(..., include=[...])"
            raise NotLoaded(f"{name}.{self.name} was not read.", hint=hint)
        fields, known, value = values[self.name]
        if any(instance.__dict__.get(field) != before for field, before in zip(fields, known, strict=True)):
            shown = ", ".join(f"{field}={before!r}" for field, before in zip(fields, known, strict=True))
            raise NotLoaded(
                f"{owner.__name__}.{self.name} was read for {shown}, which has changed since.", hint="read it again"
            )
        return value


class Many(Relation[M]):
    """A relation to several items: on the class the relation, on an instance the list of them."""

    __slots__ = ()

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: Any) -> list[M]: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        return self._get(instance, owner)


class ManyToMany(Many[M]):
    """A relation to several items, each of which may be related to several: see `many_to_many`."""

    __slots__ = ()


class One(Relation[M]):
    """A relation to one item: on the class the relation, on an instance the item, or None where there is none."""

    __slots__ = ()

    @overload
    def __get__(self, instance: None, owner: Any) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: Any) -> M | None: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        return self._get(instance, owner)


def merged_relations(relations: Iterable[Relation[Any]] | Relation[Any]) -> tuple[Relation[Any], ...]:
    """Each relation once, with what any of them has nested. Raises UsageError for what is no relation of a class."""
    merged: dict[tuple[type, str], Relation[Any]] = {}
    for each in [relations] if isinstance(relations, Relation) else relations:
        if getattr(each, "model", None) is None:
            raise UsageError(f"{each!r} is not a relation.", hint="include(User.orders) takes relations of a class")
        first = merged.get((each.model, each.name))
        nested = (*first.nested, *each.nested) if first else each.nested
        merged[each.model, each.name] = replace(each, nested=merged_relations(nested))
    return tuple(merged.values())
