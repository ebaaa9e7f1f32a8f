"""The relations that a class can have: `has_many`, `has_one`, `belongs_to`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dynasmith.models.model import Model
from dynasmith.models.relation import Many, One

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


def _names(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
