"""What an item weighs, and whether DynamoDB could hold it: one pass over the attribute values.

Sizes are the documented rule (developer guide, "DynamoDB item sizes and formats"): UTF-8 bytes of names and strings,
decoded bytes of binaries, about one byte for two digits of a number plus one, one byte for Boolean and null, and three
bytes plus one for each member of a list or map.
"""

import binascii
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

ITEM_BYTES_MAX = 400 * 1024  # developer guide, ServiceQuotas: 400 KB with attribute names
NUMBER_DIGITS_MAX = 38  # developer guide, HowItWorks.NamingRulesDataTypes
NUMBER_EXPONENT_MAX = 125  # 9.99...E+125
NUMBER_EXPONENT_MIN = -130  # 1E-130
DEPTH_MAX = 32  # developer guide, ServiceQuotas: nested attribute depth
_PLAIN = re.compile(r"-?[0-9]{1,38}\Z")
_ONE = "must contain exactly one of the supported datatypes"
_SETS = {"SS": ("string", "S"), "NS": ("number", "N"), "BS": ("binary", "B")}


class NotHeld(Exception):
    """DynamoDB cannot hold the value; the message is the service's."""


def text_bytes(text: str) -> int:
    """UTF-8 bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def item_bytes(item: Mapping[str, Any]) -> int:
    """The size of an item in bytes. Raises NotHeld for a value that DynamoDB cannot hold (not for its whole size)."""
    names = "".join(item)
    total = len(names) if names.isascii() else text_bytes(names)
    for value in item.values():
        # Nearly every attribute is a plain string, and every item of every page comes by here.
        if value.__class__ is dict and len(value) == 1:
            content = value.get("S")
            if content.__class__ is str and content.isascii():
                total += len(content)
                continue
        total += value_bytes(value, 1)
    return total


def value_bytes(value: Any, depth: int = 1) -> int:
    """The size of one attribute value."""
    if not isinstance(value, dict) or len(value) != 1:
        raise NotHeld(_shape(value))
    (kind, content), *_ = value.items()
    if kind == "S":
        if not isinstance(content, str):
            raise NotHeld(_shape({}))
        return len(content) if content.isascii() else text_bytes(content)
    if kind == "N":
        return number_bytes(content)
    if kind == "B":
        return binary_bytes(content)
    if kind in {"BOOL", "NULL"}:
        if kind == "NULL" and content is not True:
            raise NotHeld(
                "One or more parameter values were invalid: Null attribute value types must have the value of true"
            )
        if content is not True and content is not False:
            raise NotHeld(_shape({}))
        return 1
    if kind in _SETS:
        return _set_bytes(kind, content)
    if kind == "L" and isinstance(content, list):
        _check_depth(depth)
        return 3 + sum(1 + value_bytes(member, depth + 1) for member in content)
    if kind == "M" and isinstance(content, dict):
        _check_depth(depth)
        return 3 + sum(1 + text_bytes(name) + value_bytes(member, depth + 1) for name, member in content.items())
    raise NotHeld(_shape({}))


def _check_depth(depth: int) -> None:
    if depth >= DEPTH_MAX:
        raise NotHeld(
            "Nesting Levels have exceeded supported limits: Attributes cannot have more than 32 levels of nesting"
        )


def _shape(value: Any) -> str:
    if isinstance(value, dict) and len(value) > 1:
        return f"Supplied AttributeValue has more than one datatypes set, {_ONE}"
    return f"Supplied AttributeValue is empty, {_ONE}"


def number_bytes(text: Any) -> int:
    """The size of a number, after checking its digits and range."""
    if not isinstance(text, str):
        raise NotHeld("The parameter cannot be converted to a numeric value: " + str(text))
    if _PLAIN.match(text):
        digits = len(text.lstrip("-").strip("0"))
        return 1 + (digits + 1) // 2 + (text[0] == "-")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise NotHeld(f"The parameter cannot be converted to a numeric value: {text}") from None
    if not number.is_finite():
        raise NotHeld(f"The parameter cannot be converted to a numeric value: {text}")
    sign, digits_of, exponent = number.as_tuple()
    significant = "".join(map(str, digits_of)).lstrip("0")
    if not significant:
        return 1
    magnitude = len(significant) - 1 + int(exponent)
    significant = significant.rstrip("0")
    if len(significant) > NUMBER_DIGITS_MAX:
        raise NotHeld("Attempting to store more than 38 significant digits in a Number")
    if magnitude > NUMBER_EXPONENT_MAX:
        raise NotHeld("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if magnitude < NUMBER_EXPONENT_MIN:
        raise NotHeld("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    return 1 + (len(significant) + 1) // 2 + sign


def binary_bytes(text: Any) -> int:
    """The decoded size of Base64 text."""
    try:
        binascii.a2b_base64(text, strict_mode=True)
        tail = text[-4:]
        good = tail[-1:] != "=" or binascii.b2a_base64(binascii.a2b_base64(tail), newline=False).decode() == tail
    except (binascii.Error, TypeError, ValueError):
        good = False
    if not good or not isinstance(text, str) or len(text) % 4:
        raise NotHeld("One or more parameter values were invalid: Invalid base64 binary value")
    return len(text) // 4 * 3 - text.endswith("=") - text.endswith("==")


def _set_bytes(kind: str, members: Any) -> int:
    word, of = _SETS[kind]
    if not isinstance(members, list) or not members:
        raise NotHeld(f"One or more parameter values were invalid: An {word} set  may not be empty")
    same: Iterable[Any] = map(_canonical, members) if kind == "NS" else members
    size = sum(value_bytes({of: member}) for member in members)
    if len(set(same)) != len(members):
        listed = ", ".join(map(str, members))
        raise NotHeld(f"One or more parameter values were invalid: Input collection [{listed}] contains duplicates.")
    return size


def _canonical(text: Any) -> Decimal | str:
    try:
        return Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        return str(text)
