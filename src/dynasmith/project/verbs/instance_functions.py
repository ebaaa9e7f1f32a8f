"""Functions of instances that were given where items are plain Python: recognised by their annotations."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from typing import Any

from dynasmith.errors import UsageError


def refuse_instances(function: Callable[..., Any], named: str = "", *, in_place: bool = False) -> None:
    """Raise UsageError for a function whose first parameter is annotated with a class of `Model`.

    ``named`` is how it was named, ``module:function``; in Python it has no name. Without annotations nothing is known.
    """
    models = sys.modules.get("dynasmith.models.model")
    if models is None:
        return
    try:
        hints = typing.get_type_hints(function)
        first = next(iter(inspect.signature(function).parameters), "")
    except (NameError, TypeError, ValueError, AttributeError):
        return
    sources = [each for each in _classes(hints.get(first)) if issubclass(each, models.Model)]
    if not sources:
        return
    targets = [each for each in _classes(hints.get("return")) if issubclass(each, models.Model)]
    what = named or getattr(function, "__name__", "The transform")
    raise UsageError(
        f"{what} takes instances of {sources[0].__name__}, and here a transform takes items as plain Python.",
        hint=_hint(named, sources[0], [] if in_place else targets),
    )


def _hint(named: str, source: type, targets: list[type]) -> str:
    if not named:
        classes = ", ".join(each.__name__ for each in (source, *targets[:1]))
        return f"give the classes instead of names, or model_transform(FUNCTION, {classes})"
    classes = " -> ".join(f"{each.__module__}:{each.__qualname__}" for each in (source, *targets[:1]))
    return f"name the classes: '{named}({classes})'"


def _classes(annotation: object) -> Iterator[type]:
    """The classes that an annotation names, those in unions and lists too."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _classes(part)
