"""An item as text that a person edits, and back: plain JSON where that holds it exactly, else DynamoDB JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from dynasmith.errors import ItemInvalid
from dynasmith.items.plain import inexact_kind, item_from_plain, plain_from_item
from dynasmith.items.repeated_members import check_members
from dynasmith.items.value import NOT_JSON, TAGS
from dynasmith.items.wire import decode_item_tree, encode_item_tree

TextForm: TypeAlias = Literal["plain", "typed"]
"""``typed`` is DynamoDB JSON, which says the type of each value."""

LINE_MAX: Final = 100
"""A value that is longer has lines of its own."""
_object: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_encode: Final = msgspec.json.Encoder().encode


def text_form(item: Mapping[str, Any]) -> TextForm:
    """``plain`` where plain JSON holds an item (DynamoDB JSON) exactly, that is without sets and binary."""
    return "typed" if inexact_kind(decode_item_tree(dict(item))) else "plain"


def item_text(item: Mapping[str, Any], form: TextForm, *, first: Sequence[str] = ()) -> str:
    """An item (DynamoDB JSON) as JSON with an attribute a line: those of ``first`` first, then by name. Numbers keep
    every digit. Raises ItemInvalid where ``plain`` cannot hold the item."""
    decoded = decode_item_tree(dict(item))
    if form == "plain" and (kind := inexact_kind(decoded)):
        raise ItemInvalid(f"Plain JSON cannot hold {kind}.", hint="edit the item with types")
    plain = form == "plain"
    ordered = {name: _in_order(value) for name, value in item.items()}
    values = _object(plain_from_item(decoded) if plain else _encode(ordered))
    names = [name for name in first if name in values]
    names += sorted(values.keys() - set(names))
    lines = [f"  {_encode(name).decode()}: {_value_text(bytes(values[name]))}" for name in names]
    return "{\n" + ",\n".join(lines) + "\n}" if lines else "{\n}"


def item_from_text(text: str, form: TextForm) -> dict[str, Any]:
    """The item (DynamoDB JSON) that a text of that form says: never guessed, so that in ``typed`` a value without its
    type is an error. Raises ItemInvalid, also for a member that comes twice."""
    try:
        encoded = text.encode()
    except UnicodeEncodeError as cause:
        raise ItemInvalid("The text is not Unicode: it holds half of a surrogate pair.") from cause
    check_members(encoded)
    if form == "plain":
        tree: dict[str, Any] = msgspec.json.decode(_encode(encode_item_tree(item_from_plain(encoded))))
        return tree
    try:
        document = msgspec.json.decode(encoded)
    except NOT_JSON as cause:
        raise ItemInvalid(f"This is not JSON: {cause}.", hint='an item looks like {"pk": {"S": "user#1"}}') from cause
    if not isinstance(document, dict):
        raise ItemInvalid("An item is a JSON object, and this is not one.", hint='write {"pk": {"S": "user#1"}}')
    for name, value in document.items():
        if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in TAGS:
            raise ItemInvalid(f"Attribute {name} has no type.", hint='write its type: {"S": "text"} or {"N": "12.5"}')
    encode_item_tree(decode_item_tree(document))
    return document


def _value_text(raw: bytes, depth: int = 1) -> str:
    """JSON on one line where that is short, or holds no further value to spread; else a member a line."""
    line = msgspec.json.format(raw, indent=0).decode()
    opening = line[:1]
    if len(line) <= LINE_MAX or opening not in "{[":
        return line
    margin = "  " * (depth + 1)
    if opening == "[":
        parts = [_value_text(bytes(member), depth + 1) for member in _list(raw)]
        closing = "]"
    else:
        members = _object(raw)
        if len(members) == 1 and bytes(next(iter(members.values())))[:1] not in (b"{", b"["):
            return line
        parts = [f"{_encode(name).decode()}: {_value_text(bytes(value), depth + 1)}" for name, value in members.items()]
        closing = "}"
    return f"{opening}\n{margin}" + f",\n{margin}".join(parts) + f"\n{'  ' * depth}{closing}"


def _in_order(value: Any) -> Any:
    """A value of DynamoDB JSON with the members of sets in order: the service gives them in none."""
    ((tag, content),) = value.items()
    match tag:
        case "SS" | "NS" | "BS":
            return {tag: sorted(content)}
        case "L":
            return {tag: [_in_order(member) for member in content]}
        case "M":
            return {tag: {name: _in_order(member) for name, member in content.items()}}
        case _:
            return value
