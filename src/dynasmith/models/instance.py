"""Instances that are made of what was read: pydantic's constructor and its validators do not run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from dynasmith.models.code_names import CodeNames

LOADED: Final = "__dynasmith_loaded__"
"""The slot of an instance with the item that it was read from, as DynamoDB JSON; not set where it was not read."""
RELATED: Final = "__dynasmith_related__"
"""The slot of an instance with what was read for its relations: by name, the fields that lead there, their values then,
and what was found. Not set where nothing was read."""
ASSIGNED: Final = "__dynasmith_assigned__"
"""The slot of an instance with the fields that were assigned since; not set where none was."""
UNKNOWN: Final = "__dynasmith_unknown__"
"""Where a nested instance keeps the members that its class does not know, in ``__pydantic_private__``."""

Maker = Callable[[dict[str, Any], Any], Any]
_SLOTS: Final = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")


def item_maker(kind: type[BaseModel]) -> Maker:
    """A function of the values by field and of the item that they were read from, that makes an instance."""
    make, fields = kind.__new__, set(kind.__pydantic_fields__)
    set_values, set_names, set_extra, set_private, set_loaded = slot_setters(kind)
    private = _private_defaults(kind)

    def made(values: dict[str, Any], loaded: Any) -> Any:
        item = make(kind)
        set_values(item, values)
        set_names(item, fields if len(values) == len(fields) else set(values))
        set_extra(item, None)
        set_private(item, private() if private else None)
        set_loaded(item, loaded)
        return item

    return made


def nested_maker(kind: type[BaseModel]) -> Maker:
    """A function of the values by field and of the members that the class does not know (or None)."""
    make, fields = kind.__new__, set(kind.__pydantic_fields__)
    set_values, set_names, set_extra, set_private = (slot_of(BaseModel, name).__set__ for name in _SLOTS)
    private = _private_defaults(kind)

    def made(values: dict[str, Any], unknown: Any) -> Any:
        item = make(kind)
        set_values(item, values)
        set_names(item, fields)
        set_extra(item, None)
        kept = private() if private else None
        set_private(item, {**(kept or {}), UNKNOWN: unknown} if unknown else kept)
        return item

    return made


def making_code(kind: type[BaseModel], names: CodeNames) -> list[str]:
    """Lines that make and return an instance of the values ``d`` and of what its class does not know, ``u`` (or None).

    What `nested_maker` does, without the calls.
    """
    if kind.__private_attributes__:
        return [f"return {names.add(nested_maker(kind))}(d, u)"]
    values = ("d", names.add(set(kind.__pydantic_fields__)), "None", f"{{{UNKNOWN!r}: u}} if u else None")
    lines = [f"i = {names.add(kind.__new__)}({names.add(kind)})"]
    setters = (slot_of(BaseModel, name).__set__ for name in _SLOTS)
    return [
        *lines,
        *(f"{names.add(each)}(i, {value})" for each, value in zip(setters, values, strict=True)),
        "return i",
    ]


def slot_setters(kind: type[BaseModel]) -> tuple[Callable[[Any, Any], None], ...]:
    """What sets values, names of the fields that are set, extra, private attributes and the item that was read.

    They go past pydantic's ``__setattr__``, which would validate.
    """
    return tuple(slot_of(kind, name).__set__ for name in (*_SLOTS, LOADED))


def loaded_tree(item: Any) -> dict[str, Any] | None:
    """The item that an instance was read from, or None for one that was not read."""
    try:
        loaded: dict[str, Any] | None = slot_of(type(item), LOADED).__get__(item)
    except AttributeError:
        return None
    return loaded


def related_values(item: Any) -> dict[str, tuple[tuple[str, ...], tuple[Any, ...], Any]]:
    """What was read for the relations of an instance, by their names."""
    slot = slot_of(type(item), RELATED)
    try:
        related: dict[str, tuple[tuple[str, ...], tuple[Any, ...], Any]] = slot.__get__(item)
    except AttributeError:
        return {}
    return related


def set_related(item: Any, name: str, fields: tuple[str, ...], value: Any) -> None:
    """Note what was read for the relation ``name`` of an instance, which ``fields`` of it lead to."""
    known = tuple(item.__dict__.get(field) for field in fields)
    slot_of(type(item), RELATED).__set__(item, {**related_values(item), name: (fields, known, value)})


def forget_related(item: Any, name: str) -> None:
    """Forget what was read for a relation of an instance: it is no longer so."""
    left = {each: entry for each, entry in related_values(item).items() if each != name}
    slot_of(type(item), RELATED).__set__(item, left)


def set_loaded(item: Any, tree: dict[str, Any] | None) -> None:
    """Make ``tree`` the item that an instance was read from; nothing is assigned since."""
    slot_of(type(item), LOADED).__set__(item, tree)
    if assigned_names(item):
        slot_of(type(item), ASSIGNED).__set__(item, frozenset())


def assigned_names(item: Any) -> frozenset[str]:
    """The fields that were assigned since the instance was read: what was assigned is saved, a default too."""
    try:
        names: frozenset[str] = slot_of(type(item), ASSIGNED).__get__(item)
    except AttributeError:
        return frozenset()
    return names


def mark_assigned(item: Any, names: Iterable[str]) -> None:
    """Note that these fields were assigned."""
    slot_of(type(item), ASSIGNED).__set__(item, assigned_names(item).union(names))


def slot_of(kind: type, name: str) -> Any:
    """The descriptor of a slot."""
    return next(base.__dict__[name] for base in kind.__mro__ if name in base.__dict__)


def _private_defaults(kind: type[BaseModel]) -> Callable[[], dict[str, Any]] | None:
    """A function that gives the private attributes of a new instance; None where the class has none."""
    private = kind.__private_attributes__
    if not private:
        return None

    def defaults() -> dict[str, Any]:
        values = {name: attribute.get_default() for name, attribute in private.items()}
        return {name: value for name, value in values.items() if value is not PydanticUndefined}

    return defaults
