"""A type of Python -> the source that says it, and the imports that the source needs."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from dynasmith.bridges.writer import literal

_BUILT_IN: Final = (str, int, float, bool, bytes, list, dict, set, frozenset, tuple)


class AnnotationSource:
    """Writes annotations; ``note`` is told of types that cannot be written, which are Any."""

    def __init__(self, imports: list[str], note: Callable[[str], None]) -> None:
        self._imports, self._note = imports, note

    def write(self, annotation: Any, where: str) -> tuple[str, bool]:
        """The annotation without None, and whether None was in it."""
        members = _members(annotation)
        rest = [member for member in members if member is not type(None)]
        text = " | ".join(dict.fromkeys(self._one(member, where) for member in rest)) or "Any"
        return text, len(rest) < len(members)

    def _one(self, annotation: Any, where: str) -> str:
        annotation = _bare(annotation)
        if annotation is Any or annotation is object:
            return "Any"
        if annotation is type(None):
            return "None"
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Literal:
            values = [self._choice(value) for value in arguments]
            return f"Literal[{', '.join(values)}]"
        if origin in (Union, types.UnionType):
            return " | ".join(dict.fromkeys(self._one(member, where) for member in arguments))
        if origin is not None and arguments:
            inner = ["..." if each is Ellipsis else self._one(each, where) for each in arguments]
            return f"{self._name(origin, where)}[{', '.join(inner)}]"
        if annotation in (list, set, frozenset):
            return f"{annotation.__name__}[Any]" if annotation is list else "Any"
        if annotation is dict:
            return "dict[str, Any]"
        if annotation is tuple:
            return "tuple[Any, ...]"
        return self._name(annotation, where)

    def _choice(self, value: Any) -> str:
        if isinstance(value, Enum):
            return f"{self._name(type(value), '')}.{value.name}"
        return literal(value)

    def _name(self, kind: Any, where: str) -> str:
        """The name of a class, which is imported where it is not built in."""
        if kind in _BUILT_IN:
            return str(kind.__name__)
        name, home = str(getattr(kind, "__qualname__", "")), str(getattr(kind, "__module__", ""))
        if not name.isidentifier() or home in ("", "builtins", "__main__"):
            self._note(f"{where}: its type {kind!r} cannot be written; it is Any.")
            return "Any"
        line = f"from {home} import {name}"
        if line not in self._imports:
            self._imports.append(line)
        return name


def _bare(annotation: Any) -> Any:
    """The annotation behind Annotated, aliases, NewType and type variables."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif isinstance(annotation, typing.TypeVar):
            annotation = annotation.__bound__ or Any
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        else:
            return annotation


def _members(annotation: Any) -> list[Any]:
    annotation = _bare(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for member in get_args(annotation) for inner in _members(member)]
    return [annotation]


def key_type(annotation: Any) -> str:
    """The type that a key of this annotation has in DynamoDB: S, N or B; empty where it cannot be a key."""
    annotation = _bare(annotation)
    if get_origin(annotation) is Literal:
        annotation = type(get_args(annotation)[0])
    if not isinstance(annotation, type) or issubclass(annotation, bool):
        return ""
    if issubclass(annotation, Enum):
        return key_type(type(next(iter(annotation)).value))
    if issubclass(annotation, str):
        return "S"
    if issubclass(annotation, bytes):
        return "B"
    name = f"{annotation.__module__}.{annotation.__name__}"
    if name in ("datetime.datetime", "datetime.date", "datetime.time", "uuid.UUID"):
        return "S"
    return "N" if issubclass(annotation, int | float) or name in ("decimal.Decimal", "_pydecimal.Decimal") else ""
