"""Defaults of attributes of PynamoDB, and of pydantic fields, as arguments of ``attr``."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from dynasmith.bridges.source import AttributeSource, ModelModule
from dynasmith.bridges.writer import literal

_FACTORIES: Final = (dict, list, set, str, int, float, bytes)
_SIMPLE: Final = (str, bool, int, bytes, type(None))


def _value_source(value: Any, module: ModelModule) -> str:
    """A default as source; empty where it has none that means the same."""
    if isinstance(value, Enum):
        kind = type(value)
        line = f"from {kind.__module__} import {kind.__qualname__}"
        if not kind.__qualname__.isidentifier():
            return ""
        if line not in module.imports:
            module.imports.append(line)
        return f"{kind.__qualname__}.{value.name}"
    if isinstance(value, Decimal):
        return f'Decimal("{value}")'
    if type(value) in _SIMPLE or (type(value) is float and value == value and abs(value) != float("inf")):
        return literal(value)
    if type(value) in (list, dict) and all(
        type(each) in _SIMPLE for each in (value.values() if isinstance(value, dict) else value)
    ):
        return literal(value)
    return ""


def default_arguments(source: AttributeSource, each: Any, where: str, module: ModelModule) -> AttributeSource:
    """The attribute with the default of one of PynamoDB's, for new items and for those that were read."""
    if source.call != "attr":
        if each.default is not None or each.default_for_new is not None:
            module.notes.append(f"{where}: its default is not taken over; {source.call}() has none.")
        return source
    if each.default_for_new is not None:
        # A new item has it; one that was read without it has None, as in PynamoDB.
        return with_default(
            replace(source, nullable=not source.type.startswith("set[")), each.default_for_new, where, module
        )
    if each.default is None:
        return source
    return with_default(replace(source, nullable=False), each.default, where, module)


def with_default(source: AttributeSource, default: Any, where: str, module: ModelModule) -> AttributeSource:
    """The attribute with this default, a value or a function; what cannot be written is None, and a note."""
    arguments = tuple(pair for pair in source.arguments if pair[0] not in ("default", "default_factory"))
    if callable(default):
        if default in _FACTORIES:
            return replace(source, arguments=(("default_factory", default.__name__), *arguments))
        name, home = str(getattr(default, "__qualname__", "")), str(getattr(default, "__module__", ""))
        if name.isidentifier() and home and home not in ("__main__", "builtins"):
            line = f"from {home} import {name}"
            if line not in module.imports:
                module.imports.append(line)
            return replace(source, arguments=(("default_factory", name), *arguments))
        module.notes.append(
            f"{where}: its default is a function without a name, which cannot be taken over: it is None."
        )
        return replace(source, nullable=True, arguments=arguments)
    if type(default) in (list, dict, set) and not default:
        return replace(source, arguments=(("default_factory", type(default).__name__), *arguments))
    text = _value_source(default, module)
    if text:
        return replace(source, arguments=(("default", text), *arguments))
    module.notes.append(f"{where}: its default {default!r} is not taken over: it is None.")
    return replace(source, nullable=True, arguments=arguments)
