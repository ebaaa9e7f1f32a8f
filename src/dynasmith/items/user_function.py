"""Functions of the user's as transforms: of an item alone or with ``ctx``, and those that a job remembers by parts."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from dynasmith.errors import UsageError
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Function


class ComposedTransform(ABC):
    """A transform that is made of a function and classes, by whose names a job remembers it."""

    runs_user_code: ClassVar[bool] = True
    """Whether it calls anything of the user's."""

    @abstractmethod
    def __call__(self, item: Any, ctx: Context) -> Any:
        """What it makes of an item."""

    @abstractmethod
    def text(self, name_of: Callable[[object], str]) -> str:
        """How a job remembers it, with what ``name_of`` says of its function and its classes."""

    @property
    @abstractmethod
    def parts(self) -> tuple[object, ...]:
        """Its function, where it has one, and its classes."""


def with_ctx(function: Callable[..., Any]) -> Function:
    """A transform of ``(item, ctx)``; one that takes the item alone is wrapped. Raises UsageError for another one."""
    if inspect.iscoroutinefunction(function):
        name = getattr(function, "__name__", "The transform")
        raise UsageError(f"{name} is async, and a transform is a plain function.", hint="write def, not async def")
    try:
        signature = inspect.signature(function)
        signature.bind(object(), object())
    except TypeError:
        pass
    except ValueError:
        return function
    else:
        return function
    try:
        signature.bind(object())
    except TypeError as error:
        name = getattr(function, "__name__", "The transform")
        raise UsageError(f"{name} does not take an item: {error}.", hint="def transform(item, ctx): ...") from error

    return ItemFunction(function)


@dataclass(frozen=True, slots=True)
class ItemFunction:
    """A function of an item as a transform. Not a closure, so that a process of its own can be given it."""

    function: Callable[[Any], Any]

    def __call__(self, item: Any, ctx: Context) -> Any:
        """What the function makes of the item; it asks for nothing else."""
        del ctx
        return self.function(item)
