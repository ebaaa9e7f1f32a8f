"""Keys and items in words of a person: JSON (plain or DynamoDB JSON), or ``name=value`` and ``name:=JSON`` pairs."""

import binascii
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.items.key import Key, KeySchema, value_fault
from dynasmith.items.number import number_fault
from dynasmith.items.plain import item_from_json, item_from_plain
from dynasmith.items.repeated_members import check_members
from dynasmith.limits import PARTITION_KEY_VALUE_MAX_BYTES, SORT_KEY_VALUE_MAX_BYTES


def parse_key(said: Sequence[str], schema: KeySchema) -> Key:
    """The key that a person said: one JSON object, or one ``name=value`` for each key attribute.

    A value of a pair gets its type from the schema: binary is base64. The values may be given alone, in the order of
    the key; where there are several, none may have an equals sign. Raises UsageError with every mistake in one
    sentence; nothing was done.
    """
    if len(said) == len(schema.parts) > 1 and not any("=" in word or word.lstrip().startswith("{") for word in said):
        said = [f"{part.name}={word}" for part, word in zip(schema.parts, said, strict=True)]
    item = _said_item(said, {part.name: part.type for part in schema.parts}, bare=_only_name(schema))
    faults = [f"{name} is not part of the key" for name in item if name not in schema.names]
    limits = (PARTITION_KEY_VALUE_MAX_BYTES,) * len(schema.partition) + (SORT_KEY_VALUE_MAX_BYTES,) * len(schema.sort)
    for part, limit in zip(schema.parts, limits, strict=True):
        if part.name not in item:
            faults.append(f"{part.name} is missing")
            continue
        try:
            fault = value_fault(item[part.name], part, limit)
        except ItemInvalid as cause:
            fault = f"{part.name}: {cause.message.rstrip('.')}"
        if fault:
            faults.append(fault)
    if faults:
        raise UsageError(f"This is not a key of the table: {', '.join(faults)}.", hint=_example(schema))
    return tuple(_key_value(item[name]) for name in schema.names)


def parse_item(said: Sequence[str], types: Mapping[str, str]) -> dict[str, Any]:
    """The item that a person said: one JSON object, or pairs: ``name=value`` and ``name:=JSON``. ``types`` are those of
    the attributes of keys, of the table's and of each index's; the value of any other ``name=value`` is a string.

    Raises UsageError where it is neither. The key is checked when the item is written, with every other rule.
    """
    return _said_item(said, types, bare=None)


def _said_item(said: Sequence[str], types: Mapping[str, str], *, bare: str | None) -> dict[str, Any]:
    if len(said) == 1 and said[0].lstrip().startswith("{"):
        try:
            return item_from_json(said[0])
        except ItemInvalid as cause:
            raise UsageError(cause.message, hint=cause.hint) from cause
    item: dict[str, Any] = {}
    for text in said:
        name, equals, value = text.partition("=")
        if bare is not None and len(said) == 1 and (not equals or name != bare):
            name, value = bare, text
        elif not equals or not name:
            raise UsageError(
                f"{_brief(text)!r} is neither a JSON object nor name=value.",
                hint='write {"name": "value"} or name=value',
            )
        is_json = len(name) > 1 and name.endswith(":") and name not in types
        name = name[:-1] if is_json else name
        if name in item:
            raise UsageError(f"{_brief(name)} is given twice.", hint="give each name once")
        item[name] = json_value(name, value) if is_json else typed_value(name, value, types.get(name, "S"))
    return item


def json_value(name: str, text: str) -> Any:
    """What stands behind ``name:=``: one value of plain JSON."""
    try:
        parsed = item_from_plain(f'{{"value":{text}}}')
        check_members(text.encode())
    except (ItemInvalid, UnicodeError) as cause:
        raise UsageError(
            f"{_brief(name)}:= takes JSON, and {_brief(text)!r} is not: {cause}", hint=f"write {_brief(name)}:=3"
        ) from cause
    if len(parsed) != 1:
        raise UsageError(f"{_brief(name)}:= takes one value of JSON.", hint=f"write {_brief(name)}:=3")
    return parsed["value"]


def _brief(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}..."


def typed_value(name: str, text: str, kind: str) -> Any:
    """A value of a key attribute from its text; binary is base64. Raises UsageError."""
    if kind == "N":
        fault = number_fault(text)
        if fault:
            raise UsageError(
                f"{name} is a number in a key, and {_brief(text)!r} is not one: {fault}.", hint=f"write {name}=42"
            )
        return Decimal(text)
    if kind == "B":
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except ValueError as cause:
            raise UsageError(
                f"{name} is binary, and {_brief(text)!r} is not base64.", hint=f"printf bytes | base64, then {name}=..."
            ) from cause
    return text


def _key_value(value: Any) -> str | Decimal | bytes:
    if isinstance(value, str | bytes | Decimal):
        return value
    return Decimal(value)


def _only_name(schema: KeySchema) -> str | None:
    return schema.names[0] if len(schema.names) == 1 else None


def _example(schema: KeySchema) -> str:
    shown = {"S": "text", "N": "42", "B": "base64"}
    return "write " + " ".join(f"{part.name}={shown[part.type]}" for part in schema.parts)
