"""Kinds of arguments: each is a check that raises UsageError with a sentence that names the parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from dynasmith.errors import UsageError

Check: TypeAlias = Callable[[str, Any], None]
"""Called with the name of a parameter and its value; raises UsageError where it cannot be."""
SHOWN_MAX = 60


def refuse(name: str, value: Any, expected: str, *, hint: str = "") -> None:
    """Raise the UsageError of a value that cannot be: ``share must be a number above 0, not 'much'.``"""
    raise UsageError(f"{name} must be {expected}, not {shown(value)}.", hint=hint)


def shown(value: Any) -> str:
    """A value as a message may show it: short; of an object of another kind only its type."""
    if value is None or isinstance(value, bool | int | float | str | timedelta):
        text = repr(value)
        return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."
    return f"a value of type {type(value).__name__}"


# --- kinds of arguments


def optional(check: Check) -> Check:
    """None, or what ``check`` accepts."""

    def call(name: str, value: Any) -> None:
        if value is not None:
            check(name, value)

    return call


def any_of(expected: str, *accepts: Callable[[Any], bool], hint: str = "") -> Check:
    """A value that one of the predicates accepts."""

    def call(name: str, value: Any) -> None:
        if not any(accept(value) for accept in accepts):
            refuse(name, value, expected, hint=hint)

    return call


def one_of(*words: str) -> Check:
    """One of some words."""

    def call(name: str, value: Any) -> None:
        if not isinstance(value, str) or value not in words:
            refuse(name, value, f"one of {', '.join(words)}")

    return call


def instance(expected: str, *kinds: type) -> Check:
    """An instance of one of the classes."""
    return any_of(expected, lambda value: isinstance(value, kinds))


def whole(least: int = 1, most: int | None = None) -> Check:
    """A whole number within limits."""
    limits = f"from {least}" + ("" if most is None else f" to {most:,}")

    def call(name: str, value: Any) -> None:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or value < least or (most is not None and value > most):
            refuse(name, value, f"a whole number {limits}")

    return call


def number(most: float | None = None) -> Check:
    """A finite number above 0."""
    limits = "above 0" + ("" if most is None else f" and at most {most:g}")

    def call(name: str, value: Any) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or value <= 0 or (most is not None and value > most):
            refuse(name, value, f"a number {limits}")

    return call


def is_text(value: Any) -> bool:
    """Whether a value is a string that is not empty."""
    return isinstance(value, str) and value != ""


def is_names(value: Any) -> bool:
    """Whether a value is a sequence of strings that are not empty, and not a string."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes) and all(map(is_text, value))


def is_mapping_of_text(value: Any) -> bool:
    """Whether a value is a mapping of strings to strings."""
    return isinstance(value, Mapping) and all(isinstance(each, str) for pair in value.items() for each in pair)


def flag(name: str, value: Any) -> None:
    """True or False."""
    if not isinstance(value, bool):
        refuse(name, value, "True or False")


def text(name: str, value: Any) -> None:
    """A string that is not empty."""
    if not is_text(value):
        refuse(name, value, "a string that is not empty")


def any_text(name: str, value: Any) -> None:
    """A string, also an empty one."""
    if not isinstance(value, str):
        refuse(name, value, "a string")


def names(name: str, value: Any) -> None:
    """Several names; a single string is a common mistake and would be its letters."""
    if not is_names(value):
        hint = f'write {name}=["{value}"]' if is_text(value) and len(value) <= SHOWN_MAX else ""
        refuse(name, value, "a list of names", hint=hint)


def duration(name: str, value: Any) -> None:
    """A time span that is not negative."""
    if not isinstance(value, timedelta) or value < timedelta():
        refuse(name, value, "a timedelta that is not negative", hint="timedelta(minutes=30)")


def path(name: str, value: Any) -> None:
    """The name of a file or folder."""
    if not (is_text(value) or isinstance(value, Path)):
        refuse(name, value, "the name of a file or folder")


def function(name: str, value: Any) -> None:
    """Something that can be called."""
    if not callable(value):
        refuse(name, value, "a function")


def mapping_of_text(name: str, value: Any) -> None:
    """A mapping of names to texts."""
    if not is_mapping_of_text(value):
        refuse(name, value, "a mapping of names to strings")


def mapping(name: str, value: Any) -> None:
    """An item or a key: a mapping with names."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        refuse(name, value, "a mapping of attribute names to values")


def struct(expected: str, *kinds: type[msgspec.Struct]) -> Check:
    """An instance of one of the classes, whose fields are of their types."""

    def call(name: str, value: Any) -> None:
        if not isinstance(value, kinds):
            refuse(name, value, expected)
        try:
            msgspec.convert(_plain(value), type(value))
        except msgspec.ValidationError as error:
            raise UsageError(f"{name} is not a valid {type(value).__name__}: {error}.") from error

    return call


def _plain(value: Any) -> Any:
    """A struct as a mapping of its fields, for those of its fields that are structs too."""
    if isinstance(value, msgspec.Struct):
        fields = {each.name: each.encode_name for each in msgspec.structs.fields(value)}
        found = {name: getattr(value, name) for name in fields}
        return {fields[name]: _plain(inner) for name, inner in found.items() if inner is not msgspec.UNSET}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
