"""One attribute of a PynamoDB model -> `AttributeSource`: its type, its stored form, and what differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dynasmith.bridges.default_source import default_arguments
from dynasmith.bridges.python_names import unique_class_name
from dynasmith.bridges.source import AttributeSource, ClassSource, ModelModule
from dynasmith.bridges.table_class import nested_class

_PLAIN: Final = {
    "BooleanAttribute": "bool",
    "NumberAttribute": "int | float",
    "NumberSetAttribute": "set[Decimal]",
    "UnicodeAttribute": "str",
    "UnicodeSetAttribute": "set[str]",
}
_STORED: Final = {
    "JSONAttribute": ("Any", "JSON_TEXT", "JSON, stored as text."),
    "LegacyBooleanAttribute": ("bool", "NUMBER_BOOL", "Stored as 0 or 1."),
    "UTCDateTimeAttribute": ("datetime", "PYNAMODB_TIME", ""),
}
_RAW: Final = {
    "S": "str",
    "N": "int | float",
    "B": "bytes",
    "BOOL": "bool",
    "SS": "set[str]",
    "NS": "set[Decimal]",
    "BS": "set[bytes]",
    "L": "list[Any]",
    "M": "dict[str, Any]",
}
_FACTORY: Final = (("default_factory", "set"),)


def base_name(kind: type, package: str) -> str:
    """The name of the first class of the package that the class is or derives from."""
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] == package:
            return base.__name__
    return ""


class PynamodbAttributes:
    """Makes attributes, and the classes of the maps that they hold."""

    def __init__(self, module: ModelModule, taken: set[str], nested: list[ClassSource]) -> None:
        self._module, self._taken, self._nested = module, taken, nested
        self._maps: dict[type, str] = {}

    def source(self, where: str, python_name: str, each: Any) -> AttributeSource:
        """The attribute, without its default. ``where`` names it in notes."""
        kind = base_name(type(each), "pynamodb")
        if type(each).__name__ in _STORED:
            kind = type(each).__name__
        made = self._custom(where, each) if self._is_custom(each) else self._known(where, each, kind)
        is_set = made.type.startswith("set[")
        return AttributeSource(
            each.attr_name,
            made.type,
            nullable=made.call == "ttl" or (bool(each.null) and not is_set and made.call != "version"),
            call=made.call,
            arguments=made.arguments,
            preferred=python_name,
            comments=made.comments,
        )

    def _known(self, where: str, each: Any, kind: str) -> AttributeSource:
        name: str = each.attr_name
        if kind in _STORED:
            type_, pair, comment = _STORED[kind]
            return AttributeSource(name, type_, arguments=(("stored", pair),), comments=(comment,) if comment else ())
        if kind == "VersionAttribute":
            return AttributeSource(name, "int", call="version")
        if kind == "TTLAttribute":
            # A map may hold one too, which the service does not expire by.
            return AttributeSource(name, "datetime", nullable=True, call="ttl")
        if kind in ("BinaryAttribute", "BinarySetAttribute"):
            return self._binary(where, each, is_set=kind == "BinarySetAttribute")
        if kind in ("MapAttribute", "DynamicMapAttribute"):
            return AttributeSource(name, self._map(where, type(each), kind))
        if kind == "ListAttribute":
            return self._list(where, each)
        if kind == "NullAttribute":
            self._note(f"{where} is a NullAttribute, which stores NULL; the class leaves None out of the item.")
            return AttributeSource(name, "Any", arguments=(("default", "None"),))
        if kind == "DiscriminatorAttribute":
            return AttributeSource(name, "str", comments=("The discriminator of the map.",))
        type_ = _PLAIN.get(kind, _RAW.get(each.attr_type, "Any"))
        return AttributeSource(name, type_, arguments=_FACTORY if type_.startswith("set[") else ())

    def _is_custom(self, each: Any) -> bool:
        """Whether a class of the user's own makes or reads what is stored."""
        kind = type(each)
        if kind.__module__.partition(".")[0] == "pynamodb" or kind.__name__ in _STORED:
            return False
        for name in ("serialize", "deserialize"):
            method = getattr(kind, name, None)
            if str(getattr(method, "__module__", "")).partition(".")[0] != "pynamodb":
                return True
        return False

    def _custom(self, where: str, each: Any) -> AttributeSource:
        kind = type(each)
        self._note(
            f"{where} is a {kind.__module__}.{kind.__qualname__}, which serializes in its own way: the class "
            f"has what is stored ({each.attr_type}); write stored=(encode, decode) for its values."
        )
        type_ = _RAW.get(each.attr_type, "Any")
        return AttributeSource(each.attr_name, type_, arguments=_FACTORY if type_.startswith("set[") else ())

    def _binary(self, where: str, each: Any, *, is_set: bool) -> AttributeSource:
        name: str = each.attr_name
        type_ = "set[bytes]" if is_set else "bytes"
        arguments = _FACTORY if is_set else ()
        if not each.legacy_encoding:
            return AttributeSource(name, type_, arguments=arguments)
        if each.is_hash_key or each.is_range_key:
            self._note(f"{where} is a key with the legacy encoding: the class has the base64 text, as bytes.")
            return AttributeSource(name, type_)
        pair = (("stored", "BASE64_SET" if is_set else "BASE64_BYTES"),)
        return AttributeSource(name, type_, arguments=(*arguments, *pair), comments=("Stored as base64 twice.",))

    def _map(self, where: str, kind: type[Any], base: str) -> str:
        if kind.__module__.partition(".")[0] == "pynamodb":
            return "dict[str, Any]"
        if kind not in self._maps:
            self._maps[kind] = ""  # a map that holds itself has no end, and no class here
            attributes = [
                default_arguments(
                    self.source(f"{kind.__name__}.{name}", name, each), each, f"{kind.__name__}.{name}", self._module
                )
                for name, each in _declared(kind).items()
            ]
            attributes = [_without_ttl(each) for each in attributes]
            made = unique_class_name(kind.__name__, self._taken)
            self._maps[kind] = made
            summary = f"Map {kind.__name__}."
            self._nested.append(
                nested_class(made, summary, attributes, self._taken - {each.attribute for each in attributes})
            )
            if base == "DynamicMapAttribute":
                self._note(
                    f"{where}: {kind.__name__} takes any member; those that it does not declare are kept, not read."
                )
        return self._maps[kind] or "dict[str, Any]"

    def _list(self, where: str, each: Any) -> AttributeSource:
        name, element = each.attr_name, each.element_type
        if element is None:
            return AttributeSource(name, "list[Any]")
        kind = base_name(element, "pynamodb")
        if kind in ("MapAttribute", "DynamicMapAttribute"):
            return AttributeSource(name, f"list[{self._map(where, element, kind)}]")
        if kind.startswith("Binary"):
            return AttributeSource(name, "list[bytes]" if kind == "BinaryAttribute" else "list[set[bytes]]")
        member = self.source(f"{where}[]", "", _made(element))
        stored = dict(member.arguments).get("stored")
        if member.call != "attr":
            return AttributeSource(name, "list[int | float]", comments=(f"Numbers of {kind}.",))
        arguments = (("stored", f"each({stored})"),) if stored else ()
        return AttributeSource(name, f"list[{member.type}]", arguments=arguments, comments=member.comments)

    def _note(self, text: str) -> None:
        if text not in self._module.notes:
            self._module.notes.append(text)


def _declared(kind: Any) -> dict[str, Any]:
    found: dict[str, Any] = kind.get_attributes()
    order = [name for base in reversed(kind.__mro__) for name in vars(base) if name in found]
    return {name: found[name] for name in dict.fromkeys([*order, *found])}


def _made(element: Callable[[], Any]) -> Any:
    made = element()
    made.attr_name = made.attr_name or "member"
    return made


def _without_ttl(each: AttributeSource) -> AttributeSource:
    """A time to live inside a map is a number like another: the service expires by attributes of items only."""
    if each.call != "ttl":
        return each
    return AttributeSource(
        each.attribute, "datetime", nullable=True, arguments=(("epoch", '"s"'),), preferred=each.preferred
    )
