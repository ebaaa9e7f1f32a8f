"""The relations that a class can have: `has_many`, `has_one`, `belongs_to`, `many_to_many`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dynasmith.models.model import Model
from dynasmith.models.relation import Many, ManyToMany, One

M = TypeVar("M", bound=Model)


def has_many(target: Callable[[], type[M]], by: str | tuple[str, ...], *, order: str = "") -> Many[M]:
    """The items of ``target`` whose fields ``by`` hold the key of this item: ``has_many(lambda: Order, by="user_id")``.

    They are read by the table's key or by an index of ``target`` whose partition key ``by`` fixes, in the order of its
    sort key. ``order`` is the field that they are sorted by, ``"-placed"`` from the largest on, and so chooses the
    index. Where no key fits, using it raises DefinitionError.
    """
    return Many("has_many", target, _names(by), order)


def has_one(target: Callable[[], type[M]], by: str | tuple[str, ...]) -> One[M]:
    """The only item of ``target`` whose fields ``by`` hold the key of this item. Where there are several, reading it
    raises DataError."""
    return One("has_one", target, _names(by))


def belongs_to(target: Callable[[], type[M]], by: str | tuple[str, ...]) -> One[M]:
    """The item of ``target`` whose key the fields ``by`` of this class hold; None where one of them is None."""
    return One("belongs_to", target, _names(by))


def many_to_many(
    target: Callable[[], type[M]],
    through: type[Model] | Callable[[], type[Model]],
    *,
    by: str | tuple[str, ...] = (),
    to: str | tuple[str, ...] = (),
) -> ManyToMany[M]:
    """The items of ``target`` that items of ``through`` join to this one: ``many_to_many(lambda: Course, Enrollment)``.

    The fields ``by`` of ``through`` hold the key of this item, ``to`` that of the target; by default they are those of
    the `belongs_to` relations of ``through`` to the two classes. ``db.attach``, ``db.detach`` and ``db.sync`` change
    pairs; for them the key of ``through`` has to be made of just these fields, so that a pair is there once.
    """
    return ManyToMany("many_to_many", target, _names(by), through=through, to=_names(to))


def _names(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
