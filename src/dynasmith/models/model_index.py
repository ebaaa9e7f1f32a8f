"""`ModelIndex`: what `gsi()` and `lsi()` say about an index of the table of a class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, eq=False)
class ModelIndex:
    """A secondary index, by the names of fields and templates. ``name`` is by default that of the class attribute."""

    partition: tuple[str, ...]
    sort: tuple[str, ...]
    name: str
    projection: str | tuple[str, ...]
    is_local: bool

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name


def gsi(
    partition: str | tuple[str, ...], *, sort: str | tuple[str, ...] = (), name: str = "", projection: Any = "all"
) -> ModelIndex:
    """A global secondary index by fields or templates, up to four for each part of its key.

    ``projection`` is ``"all"``, ``"keys"``, or the fields that the index holds beside the keys.
    """
    return ModelIndex(_names(partition), _names(sort), name, _projection(projection), is_local=False)


def lsi(sort: str, *, name: str = "", projection: Any = "all") -> ModelIndex:
    """A local secondary index: the table's partition key with another sort key. It can only be made with the table."""
    return ModelIndex((), _names(sort), name, _projection(projection), is_local=True)


def _names(given: str | tuple[str, ...]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _projection(given: str | Iterable[str]) -> str | tuple[str, ...]:
    return given if isinstance(given, str) else tuple(given)
