"""Value templates of OneTable (``user:${email}``, ``${n:8:0}``) -> the text of a key template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynasmith.bridges.key_text import literal_text, placeholder

_VARIABLE: Final = re.compile(r"\$\{(.*?)\}")
DEPTH_MAX: Final = 20
"""A template that uses others deeper than this uses itself."""


class TemplateProblem(Exception):
    """What a template says and a key template cannot: the text is a clause that names it."""


@dataclass(frozen=True, slots=True)
class TemplateContext:
    """What templates of one model are made of: its fields, and how dates stand in a text (``milliseconds``...)."""

    fields: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, str]
    attributes: Mapping[str, str]
    type_field: str
    entity: str
    date_format: str


def template_text(value: str, context: TemplateContext, depth: int = 0) -> str:
    """The text of a template, with the places of attributes. Raises TemplateProblem, which says why it cannot be."""
    if depth > DEPTH_MAX:
        raise TemplateProblem("it uses itself")
    made, end, needs_literal = "", 0, False
    for match in _VARIABLE.finditer(value):
        literal = value[end : match.start()]
        part, has_width = _part(match.group(1), context, depth)
        is_place = part.endswith("}") and not part.endswith("}}")
        if needs_literal and not literal and part.startswith("{\x00"):
            raise TemplateProblem("two of its parts have no text between them")
        made += literal_text(literal) + part
        needs_literal, end = is_place and not has_width, match.end()
    return made + literal_text(value[end:])


def template_variables(value: str, context: TemplateContext, depth: int = 0) -> set[str]:
    """The fields that a template uses, those of the templates in it included."""
    found: set[str] = set()
    for variable in _VARIABLE.findall(value):
        name = variable.partition(":")[0]
        inner = context.fields.get(name, {}).get("value")
        if isinstance(inner, str) and depth < DEPTH_MAX:
            found |= template_variables(inner, context, depth + 1)
        else:
            found.add(name)
    return found


def _part(variable: str, context: TemplateContext, depth: int) -> tuple[str, bool]:
    """One ``${...}`` as text, and whether it has a width."""
    name, _, format_ = variable.partition(":")
    width, _, pad = format_.partition(":")
    if name == context.type_field and name not in context.attributes:
        return literal_text(_padded(context.entity, width, pad)), False
    if name not in context.fields:
        what = "a part of a map" if "." in name or "[" in name else "not a field"
        raise TemplateProblem(f"${{{name}}} is {what}")
    field = context.fields[name]
    if "value" in field:
        if not isinstance(field["value"], str):
            raise TemplateProblem(f"${{{name}}} is made by a function")
        if width:
            raise TemplateProblem(f"${{{variable}}} gives a width to another template")
        return template_text(field["value"], context, depth + 1), False
    if name not in context.attributes:
        raise TemplateProblem(f"${{{name}}} is a part of a packed attribute")
    kind = context.types.get(name, "")
    if kind == "date" and not width:
        return placeholder(context.attributes[name], context.date_format), False
    if kind not in ("string", "number") and (kind != "boolean" or width):
        raise TemplateProblem(f"${{{variable}}} is of type {kind}")
    return placeholder(context.attributes[name], _spec(variable, width, pad)), bool(width)


def _spec(variable: str, width: str, pad: str) -> str:
    if not width:
        return ""
    pad = pad or "0"
    if not width.isdigit() or len(pad) != 1 or pad in "{}":
        raise TemplateProblem(f"${{{variable}}} has a width that is not a number, or more than one letter before it")
    return f"{pad}>{int(width)}"


def _padded(text: str, width: str, pad: str) -> str:
    return text.rjust(int(width), pad or "0") if width.isdigit() and len(pad or "0") == 1 else text
