"""How lists, sets, maps, unions and values of any type stand in an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import Any, Final

from dynasmith.errors import ItemInvalid
from dynasmith.items.value import TAGS, decode_tree, encode_tree
from dynasmith.models.code_names import CodeNames, invalid
from dynasmith.models.value_codec import (
    FloatCodec,
    ScalarCodec,
    Tree,
    ValueCodec,
    base64_text,
    content_of,
    type_name,
    wrong_type,
)

_FLOAT: Final = FloatCodec()


class AnyCodec(ValueCodec):
    """What has no type of its own: ``Any``, a bare ``list`` or ``dict``. Numbers come back as Decimal, sets as sets."""

    def __init__(self, kind: Any = object) -> None:
        self.type = kind
        self.tags = TAGS

    def encode(self, value: Any) -> Tree:
        if not isinstance(value, self.type):
            raise wrong_type(value, self.type)
        return _any_tree(value)

    def decode(self, tree: Tree) -> Any:
        value = decode_tree(tree)
        if not isinstance(value, self.type):
            raise wrong_type(value, self.type)
        return value

    def member(self, name: str) -> tuple[str, ValueCodec] | None:
        return name, AnyCodec()

    def element(self) -> ValueCodec:
        return AnyCodec()


def _any_tree(value: Any) -> Tree:
    """A tree for what plain Python can hold; floats by their repr, binary as base64 text."""
    if isinstance(value, float):
        return _FLOAT.encode(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"B": base64_text(value)}
    if isinstance(value, Mapping):
        return {"M": {_map_key(name): _any_tree(member) for name, member in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [_any_tree(member) for member in value]}
    if isinstance(value, AbstractSet) and any(isinstance(member, float) for member in value):
        return {"NS": sorted(_FLOAT.content(member) for member in value)}
    tree = encode_tree(value)
    return {"BS": sorted(map(base64_text, tree["BS"]))} if "BS" in tree else tree


def _map_key(name: Any) -> str:
    if not isinstance(name, str):
        raise invalid(f"A map has the key {name!r}, and every key must be a string.")
    return str.__str__(name)


class OptionalCodec(ValueCodec):
    """A member of a list or a map that may be None, which is NULL there."""

    def __init__(self, inner: ValueCodec) -> None:
        self.inner, self.type = inner, inner.type
        self.tags = (*inner.tags, "NULL")

    def encode(self, value: Any) -> Tree:
        return {"NULL": True} if value is None else self.inner.encode(value)

    def decode(self, tree: Tree) -> Any:
        return None if "NULL" in tree else self.inner.decode(tree)

    def member(self, name: str) -> tuple[str, ValueCodec] | None:
        return self.inner.member(name)

    def element(self) -> ValueCodec | None:
        return self.inner.element()


class ListCodec(ValueCodec):
    """``list``, ``tuple`` and other sequences as L."""

    tags = ("L",)

    def __init__(self, member: ValueCodec, kind: type = list, made: Callable[[list[Any]], Any] = list) -> None:
        self._member, self.type, self._made = member, kind, made

    def encode(self, value: Any) -> Tree:
        if not isinstance(value, self.type):
            raise wrong_type(value, self.type)
        encode = self._member.encode
        return {"L": [encode(member) for member in value]}

    def decode(self, tree: Tree) -> Any:
        decode = self._member.decode
        return self._made([decode(member) for member in content_of(tree, "L")])

    def reading(self, source: str, names: CodeNames) -> str:
        one = names.local()
        read = f"[{self._member.reading(one, names)} for {one} in {source}['L']]"
        return read if self._made is list else f"{names.add(self._made)}({read})"

    def writing(self, value: str, names: CodeNames) -> str:
        if self.type is not list:
            return super().writing(value, names)
        one = names.local()
        members = f"[{self._member.writing(one, names)} for {one} in {value}]"
        return f'{{"L": {members}}} if type({value}) is list else {names.add(self.encode)}({value})'

    def element(self) -> ValueCodec:
        return self._member


class FixedTupleCodec(ValueCodec):
    """``tuple[int, str]`` as L of just so many members."""

    type, tags = tuple, ("L",)

    def __init__(self, members: tuple[ValueCodec, ...]) -> None:
        self._members = members

    def encode(self, value: Any) -> Tree:
        if not isinstance(value, tuple | list) or len(value) != len(self._members):
            raise invalid(f"The value is not a tuple of {len(self._members)} members.")
        return {"L": [codec.encode(member) for codec, member in zip(self._members, value, strict=True)]}

    def decode(self, tree: Tree) -> Any:
        content = content_of(tree, "L")
        if len(content) != len(self._members):
            raise invalid(f"The stored list has {len(content)} members, and the model has {len(self._members)}.")
        return tuple(codec.decode(member) for codec, member in zip(self._members, content, strict=True))


class SetCodec(ValueCodec):
    """``set`` and ``frozenset`` as SS, NS or BS. DynamoDB has no empty set: as an attribute it is left out."""

    def __init__(self, member: ScalarCodec, kind: type = set) -> None:
        self._member, self.type = member, kind
        self.tag = member.tag + "S"
        self.tags = (self.tag,)

    def encode(self, value: Any) -> Tree:
        if not isinstance(value, AbstractSet):
            raise wrong_type(value, self.type)
        if not value:
            raise invalid("A set inside a list or a map is empty, and DynamoDB has no empty sets.", "use a list there")
        content = self._member.content
        return {self.tag: sorted({content(member) for member in value})}

    def decode(self, tree: Tree) -> Any:
        decode, tag = self._member.decode, self._member.tag
        return self.type(decode({tag: member}) for member in content_of(tree, self.tag))

    def reading(self, source: str, names: CodeNames) -> str:
        one = names.local()
        read = self._member.reading_content(one, names)
        members = f"{source}[{self.tag!r}]" if read == one else f"({read} for {one} in {source}[{self.tag!r}])"
        return f"{names.add(self.type)}({members})"

    def writing(self, value: str, names: CodeNames) -> str:
        if self.tag != "SS" or self._member.type is not str:
            return super().writing(value, names)
        # join raises for a member that is not text, and the general way says so.
        found = names.local()
        fits = (
            f"type({value}) is {names.add(self.type)} and {names.add(''.join)}({found} := {names.add(sorted)}({value}))"
        )
        return f'{{"SS": {found}}} if {fits} else {names.add(self.encode)}({value})'

    def element(self) -> ValueCodec:
        return self._member


class MapCodec(ValueCodec):
    """``dict[str, T]`` as M."""

    type, tags = Mapping, ("M",)

    def __init__(self, member: ValueCodec) -> None:
        self.values = member

    def encode(self, value: Any) -> Tree:
        if not isinstance(value, Mapping):
            raise wrong_type(value, dict)
        encode = self.values.encode
        return {"M": {_map_key(name): encode(member) for name, member in value.items()}}

    def decode(self, tree: Tree) -> Any:
        decode = self.values.decode
        return {name: decode(member) for name, member in content_of(tree, "M").items()}

    def reading(self, source: str, names: CodeNames) -> str:
        key, one = names.local("k"), names.local()
        return f"{{{key}: {self.values.reading(one, names)} for {key}, {one} in {source}['M'].items()}}"

    def member(self, name: str) -> tuple[str, ValueCodec] | None:
        return name, self.values


class UnionCodec(ValueCodec):
    """Several types: the one of the value when it is written; when it is read, the first in order that reads it, and
    of models the first that knows all members of the map."""

    def __init__(self, members: tuple[ValueCodec, ...], kind: Any) -> None:
        self._members, self.type = members, kind
        self.tags = tuple(dict.fromkeys(tag for member in members for tag in member.tags))

    def encode(self, value: Any) -> Tree:
        exact = [member for member in self._members if member.type is type(value)]
        for member in [*exact, *self._members]:
            try:
                tree = member.encode(value)
            except ItemInvalid:
                continue
            self._check_same(value, tree)
            return tree
        raise wrong_type(value, self.type)

    def _check_same(self, value: Any, tree: Tree) -> None:
        """Raise ItemInvalid where the value would be read as another: as text, or as another model."""
        read = self.decode(tree)
        if read != value:
            raise invalid(
                f"The {type(value).__name__} would be read back as {type(read).__name__}, which is before it in"
                f" {type_name(self.type)}.",
                "put the narrower type first, or give models a Literal that tells them apart",
            )

    def decode(self, tree: Tree) -> Any:
        found: list[Any] = []
        for member in self._members:
            try:
                value = member.decode(tree)
            except ItemInvalid:
                continue
            if "M" not in tree or all(map(member.knows, tree["M"])):
                return value
            found.append(value)
        if found:
            return found[0]
        raise invalid(f"The stored value {str(tree)[:60]} is none of {type_name(self.type)}.")


class JsonCodec(ValueCodec):
    """Types that pydantic knows and this package does not (URLs, paths, durations, dataclasses): as their JSON."""

    def __init__(self, adapter: Any, kind: Any) -> None:
        self._adapter, self.type = adapter, kind
        self.tags = TAGS

    def encode(self, value: Any) -> Tree:
        try:
            plain = self._adapter.dump_python(value, mode="json", warnings="error")
        except Exception as cause:
            reason = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
            raise invalid(f"The {type(value).__name__} has no JSON as {type_name(self.type)}: {reason}.") from cause
        tree = _any_tree(plain)
        kind: Any = type(value)
        if kind.__eq__ is not object.__eq__ and self.decode(tree) != value:
            hint = "attr(stored=(encode, decode)) stores it in a form of your own"
            raise invalid(f"The {type(value).__name__} would not be read back as it is from its JSON.", hint)
        return tree

    def decode(self, tree: Tree) -> Any:
        plain = _plain_json(decode_tree(tree))
        try:
            return self._adapter.validate_python(plain)
        except ValueError as cause:
            raise invalid(f"{str(plain)[:60]!r} is not a valid {type_name(self.type)}.") from cause


def _plain_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _plain_json(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain_json(member) for member in value]
    return value
