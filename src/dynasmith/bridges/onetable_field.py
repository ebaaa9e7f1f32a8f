"""One field of a OneTable model -> `AttributeSource`: its type, its stored form, and what is not taken over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from dynasmith.bridges.onetable_params import OnetableParams
from dynasmith.bridges.python_names import unique_class_name
from dynasmith.bridges.source import Arguments, AttributeSource, ClassSource, ModelModule
from dynasmith.bridges.table_class import nested_class
from dynasmith.bridges.writer import literal
from dynasmith.errors import UsageError

TYPES: Final = ("array", "arraybuffer", "binary", "boolean", "buffer", "date", "number", "object", "set", "string")
_BINARY: Final = ("arraybuffer", "binary", "buffer", "uint8array")
_ANY_SET: Final = "set[str] | set[Decimal] | set[bytes]"
_NOTES: Final = {
    "unique": "OneTable keeps an item `_unique#...` for each value, which the class neither reads nor writes; "
    "when OneTable has stopped writing, use attr(unique=True)",
    "scope": "it belongs to unique",
    "reference": "it is documentation in OneTable; belongs_to() and has_many() are relations",
    "encode": "items of OneTable do not hold the value itself, only the template that it is a part of: backfill it",
}
_KNOWN: Final = frozenset(
    (
        "crypt",
        "default",
        "description",
        "enum",
        "generate",
        "hidden",
        "isoDates",
        "items",
        "map",
        "name",
        "nulls",
        "partial",
    )
) | {"required", "schema", "ttl", "type", "uuid", "validate", "value", *_NOTES}
_UNKNOWN_TO_RUST: Final = re.compile(r"\(\?[=!<]|\\[1-9]|\\[bBpPkucx]|\(\?<")
"""Parts of a regular expression that JavaScript has, and pydantic's engine has not, or has otherwise."""


class OnetableFields:
    """Makes the attributes of models, and the classes of the maps that they hold."""

    def __init__(self, module: ModelModule, params: OnetableParams, taken: set[str], nested: list[ClassSource]) -> None:
        self._module, self._params, self._taken, self._nested = module, params, taken, nested
        self._optional_maps: set[str] = set()

    def attribute(
        self, where: str, name: str, field: Mapping[str, Any], *, attribute: str = "", exact: bool = False
    ) -> AttributeSource:
        """The attribute of a field. ``where`` names it in notes; ``exact`` is a number that a template has."""
        self._notes_of(where, field)
        kind = self.kind(where, field)
        call, type_, arguments, comments = self._typed(where, field, kind, exact=exact)
        nullable = not field.get("required")
        has_default = "default" in field and call == "attr"
        if has_default:
            value = field["default"]
            text = _plain_text(value, type_)
            if value == {} and type_ in self._optional_maps:
                arguments, nullable = (("default_factory", type_),), bool(field.get("nulls"))
            elif text:
                arguments, nullable = ((("default", text), *arguments), bool(field.get("nulls")))
            else:
                self.note(where, "default", "it is a function, or of another type: the class has None")
        if self._nulls(field):
            nullable = nullable or not field.get("required")
            comments = (*comments, "OneTable stores null; the class leaves the attribute out, and reads null as None.")
        if type_.startswith("set[") and nullable:
            nullable, arguments = False, (("default_factory", "set"), *arguments)
        if call == "ttl":
            nullable = True
        return AttributeSource(
            attribute or name,
            type_,
            nullable=nullable,
            call=call,
            arguments=arguments,
            preferred=name,
            comments=comments,
        )

    def kind(self, where: str, field: Mapping[str, Any]) -> str:
        """The type of a field in small letters. Raises UsageError where OneTable has none of that name."""
        said = field.get("type", "string")
        kind = str(said).lower()
        if kind not in (*TYPES, "uint8array"):
            raise UsageError(
                f"{where} has the type {said!r}, which OneTable does not know.", hint=f"it knows {', '.join(TYPES)}"
            )
        return kind

    def note(self, where: str, option: str, reason: str) -> None:
        """Say that an option is not taken over, once."""
        text = f"{where}: {option} is not taken over: {reason}."
        if text not in self._module.notes:
            self._module.notes.append(text)

    def _notes_of(self, where: str, field: Mapping[str, Any]) -> None:
        for option, reason in _NOTES.items():
            if field.get(option):
                self.note(where, option, reason)
        if field.get("hidden") and "value" not in field:
            self.note(where, "hidden", "the class has the attribute like any other")
        for option in field:
            if option not in _KNOWN:
                self.note(where, str(option), "OneTable's documentation does not have it")

    def _typed(
        self, where: str, field: Mapping[str, Any], kind: str, *, exact: bool
    ) -> tuple[str, str, Arguments, tuple[str, ...]]:
        """The call, the type, the arguments and the comments of a field."""
        if field.get("crypt"):
            self._module.notes.append(
                f"{where}: crypt is encrypted=True, which needs [crypto] in the project file: the password of OneTable "
                'under its name (primary = {variable = "...", format = "onetable"}), and a key to encrypt with.'
            )
            return "attr", _PLAIN.get(kind, "str"), (("encrypted", "True"),), ()
        if field.get("ttl"):
            return "ttl", "datetime" if kind == "date" else "int", (), ()
        if kind == "date":
            return "attr", "datetime", self._date(field), ()
        if kind in _BINARY:
            return "attr", "bytes", (("stored", "BASE64_TEXT"),), ("Stored as base64 text.",)
        generated = self._generated(where, field)
        if generated is not None:
            return generated
        if field.get("enum"):
            return "attr", self._choices(where, field["enum"], kind), (), ()
        if kind == "object":
            return "attr", self._map(where, field.get("schema")), (), ()
        if kind == "array":
            return "attr", self._list(where, field), (), ()
        if kind == "set":
            return "attr", self._set(where, field), (), ()
        if kind == "number":
            return "attr", "Decimal" if exact else "int | float", (), ()
        return "attr", "bool" if kind == "boolean" else "str", self._pattern(where, field), ()

    def _nulls(self, field: Mapping[str, Any]) -> bool:
        said = field.get("nulls")
        return said if isinstance(said, bool) else self._params.nulls

    def _date(self, field: Mapping[str, Any]) -> Arguments:
        is_iso = bool(field.get("isoDates")) or self._params.iso_dates
        return (("stored", "ISO_MILLISECONDS"),) if is_iso else (("epoch", '"ms"'),)

    def _generated(self, where: str, field: Mapping[str, Any]) -> tuple[str, str, Arguments, tuple[str, ...]] | None:
        said = field.get("generate", field.get("uuid"))
        if not said:
            return None
        if said in ("uuid", "ulid"):
            return str(said), "str", (), ()
        size = re.fullmatch(r"uid(?:\((\d+)\))?", said) if isinstance(said, str) else None
        if size is None:
            self.note(where, "generate", "it is a function: give the value yourself")
            return None
        return "attr", "str", (("default_factory", f"lambda: new_uid({size.group(1) or 10})"),), ()

    def _choices(self, where: str, values: Any, kind: str) -> str:
        is_text = isinstance(values, list) and all(isinstance(value, str) for value in values)
        is_whole = isinstance(values, list) and all(type(value) is int for value in values)
        if values and (is_text or is_whole):
            return f"Literal[{', '.join(map(literal, values))}]"
        self.note(where, "enum", "its values are not all text or all whole numbers")
        return _PLAIN.get(kind, "Any")

    def _pattern(self, where: str, field: Mapping[str, Any]) -> Arguments:
        said = field.get("validate")
        if said is None:
            return ()
        source, flags = regular_expression(said)
        if source is None or set(flags) - {"i", "g"} or _UNKNOWN_TO_RUST.search(source):
            self.note(where, "validate", "pydantic has no pattern that says the same; write a validator")
            return ()
        text = source.replace("\\/", "/")
        return (("pattern", literal(f"(?i){text}" if "i" in flags else text)),)

    def _map(self, where: str, schema: Any) -> str:
        if not isinstance(schema, Mapping):
            return "dict[str, Any]"
        return self.map_class(where, schema)

    def map_class(self, where: str, schema: Mapping[str, Any]) -> str:
        """The name of the class of a map with these fields, which is made here."""
        attributes = []
        for part, field in schema.items():
            place = f"{where}.{part}"
            if "value" in field:
                self.note(place, "value", "a template inside a map is not made")
            if field.get("map"):
                self.note(place, "map", "inside a map the name of the field is the name of the attribute")
            attributes.append(_inside(self.attribute(place, part, field)))
        made = unique_class_name(where.replace(".", "_").replace("[]", "_item"), self._taken)
        if all(each.nullable or each.has_default for each in attributes):
            self._optional_maps.add(made)
        taken = self._taken - {each.attribute for each in attributes}
        self._nested.append(nested_class(made, f"Map {where}.", attributes, taken))
        return made

    def _list(self, where: str, field: Mapping[str, Any]) -> str:
        items = field.get("items")
        schema = field.get("schema") or (items.get("schema") if isinstance(items, Mapping) else None)
        if isinstance(schema, Mapping):
            return f"list[{self.map_class(where, schema)}]"
        if not isinstance(items, Mapping):
            return "list[Any]"
        kind = self.kind(f"{where}[]", items)
        if items.get("enum"):
            return f"list[{self._choices(f'{where}[]', items['enum'], kind)}]"
        if kind in ("string", "number", "boolean"):
            return f"list[{_PLAIN[kind]}]"
        return "list[dict[str, Any]]" if kind == "object" else "list[Any]"

    def _set(self, where: str, field: Mapping[str, Any]) -> str:
        items = field.get("items")
        kind = self.kind(f"{where}[]", items) if isinstance(items, Mapping) else ""
        return {"string": "set[str]", "number": "set[Decimal]"}.get(kind, _ANY_SET)


_PLAIN: Final = {
    "string": "str",
    "number": "int | float",
    "boolean": "bool",
    "object": "dict[str, Any]",
    "array": "list[Any]",
}


def regular_expression(said: Any) -> tuple[str | None, str]:
    """Source and flags of a regular expression: `{"$regexp": [source, flags]}`, ``/source/flags``, or a bare source."""
    if isinstance(said, Mapping) and isinstance(said.get("$regexp"), list):
        source, flags = said["$regexp"]
        return str(source), str(flags)
    if not isinstance(said, str):
        return None, ""
    if said.startswith("/") and said.rfind("/") > 0:
        return said[1 : said.rfind("/")], said[said.rfind("/") + 1 :]
    return said, ""


def _plain_text(value: Any, type_: str) -> str:
    """A default as source, where it is a plain value of the type."""
    if value is None or (isinstance(value, Mapping) and any(str(name).startswith("$") for name in value)):
        return ""
    if isinstance(value, dict | list):
        return literal(value) if type_.startswith(("dict", "list")) else ""
    if isinstance(value, bool) != (type_ == "bool"):
        return ""
    if isinstance(value, int | float) and type_ == "Decimal":
        return f'Decimal("{value}")'
    fits = isinstance(value, str) == type_.startswith(("str", "Literal['", 'Literal["'))
    return literal(value) if fits and isinstance(value, str | int | float) else ""


def _inside(each: AttributeSource) -> AttributeSource:
    """An attribute inside a map: the service expires by attributes of items only."""
    if each.call != "ttl":
        return each
    is_date = each.type == "datetime"
    return AttributeSource(
        each.attribute,
        each.type,
        nullable=True,
        arguments=(("epoch", '"s"'),) if is_date else (),
        preferred=each.preferred,
    )
