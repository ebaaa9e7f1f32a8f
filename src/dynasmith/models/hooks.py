"""Hooks: methods of a class that run before and after its items are written, where a call asks for them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType
from typing import Any, Final, Literal, TypeVar

from dynasmith.models.definition_problem import problem

HookEvent = Literal["create", "update", "delete"]
HookMoment = Literal["before", "after"]
ItemHook = TypeVar("ItemHook", bound=Callable[[Any], None])
UpdateHook = TypeVar("UpdateHook", bound=Callable[[Any, Mapping[str, Any]], None])
Method = TypeVar("Method")
_MARK: Final = "__dynasmith_hooks__"


def before_create(method: ItemHook) -> ItemHook:
    """Run the method before ``db.create(item, hooks=True)``. What it sets on the instance is written.

    Where it raises, nothing is sent. Raises DefinitionError for a function that is async or takes other arguments.
    """
    return _marked(method, "before", "create")


def after_create(method: ItemHook) -> ItemHook:
    """Run the method after ``db.create(item, hooks=True)``, in a transaction after all of it was written.

    Where it raises, the write stands, and HookFailed says so. Raises DefinitionError as `before_create` does.
    """
    return _marked(method, "after", "create")


def before_update(method: UpdateHook) -> UpdateHook:
    """Run the method with what changes before ``save``, ``update`` and ``restore`` with ``hooks=True``.

    What changes is a mapping of field names and new values, which cannot be changed itself; an action whose value only
    the service knows stands for it. What the method sets on the instance is written. Where it raises, nothing is sent.
    Raises DefinitionError as `before_create` does.
    """
    return _marked(method, "before", "update")


def after_update(method: UpdateHook) -> UpdateHook:
    """Run the method with what changed after ``save``, ``update`` and ``restore`` with ``hooks=True``.

    The values are those that are stored now. Where it raises, the write stands. See `after_create`.
    """
    return _marked(method, "after", "update")


def before_delete(method: ItemHook) -> ItemHook:
    """Run the method before ``db.delete(item, hooks=True)``.

    Where deleted items of the class stay, what it sets on the instance is written. Where it raises, nothing is sent.
    Raises DefinitionError as `before_create` does.
    """
    return _marked(method, "before", "delete")


def after_delete(method: ItemHook) -> ItemHook:
    """Run the method after ``db.delete(item, hooks=True)`` deleted an item. See `after_create`."""
    return _marked(method, "after", "delete")


@cache
def hook_names(model: type, moment: HookMoment, event: HookEvent) -> tuple[str, ...]:
    """The names of the hooks of a class in the order in which they are declared, those of its bases first.

    A method that a subclass overrides keeps its place, and is a hook with or without the decorator.
    """
    names: dict[str, None] = {}
    for base in reversed(model.__mro__):
        names.update({name: None for name, value in vars(base).items() if getattr(value, _MARK, None)})
    return tuple(name for name in names if (moment, event) in _marks(model, name) and callable(getattr(model, name)))


def _marks(model: type, name: str) -> tuple[tuple[HookMoment, HookEvent], ...]:
    """What the decorators say of a method, in the class that says it last."""
    definitions = (vars(base).get(name) for base in model.__mro__)
    return next(marks for each in definitions if (marks := getattr(each, _MARK, ())))


def _marked(method: Method, moment: HookMoment, event: HookEvent) -> Method:
    decorator = f"{moment}_{event}"
    if not isinstance(method, FunctionType):
        name = getattr(method, "__qualname__", type(method).__qualname__)
        raise problem(name, "", f"is not a method, and @{decorator} takes one", "put it right above def")
    place, _, name = f"{method.__module__}:{method.__qualname__}".rpartition(".")
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        raise problem(place, name, f"is async, and @{decorator} takes a plain method", "remove async")
    arguments: tuple[Any, ...] = (None, {}) if event == "update" else (None,)
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError:
        needed = "self and what changes" if event == "update" else "self only"
        raise problem(place, name, f"takes other arguments than @{decorator} gives: {needed}") from None
    setattr(method, _MARK, (*getattr(method, _MARK, ()), (moment, event)))
    return method
