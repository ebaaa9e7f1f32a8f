"""One attribute's value: DynamoDB JSON (``{"N":"1.5"}``) to plain Python and back.

====================  =======================================  =========================================
wire                  Python                                   also accepted when encoding
====================  =======================================  =========================================
``S``                 ``str`` (may be empty)
``N``                 ``Decimal``, always exact, never float   ``int``
``B``                 ``bytes`` (may be empty)                 ``bytearray``, ``memoryview``
``BOOL`` / ``NULL``   ``bool`` / ``None``
``L`` / ``M``         ``list`` / ``dict[str, ...]``            ``tuple`` / any ``Mapping`` with str keys
``SS`` ``NS`` ``BS``  ``set`` of str, Decimal, bytes           ``frozenset``, a set of ``int``
====================  =======================================  =========================================

A ``float`` is refused: 0.1 has no exact binary form, and what a table would hold is not what was meant.
"""

import binascii
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from dynasmith.errors import ItemInvalid
from dynasmith.items.number import number_fault

#: The ten type tags of DynamoDB JSON (API reference, AttributeValue).
TAGS: Final = ("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS")

#: What decoding raises for bytes that are no JSON: damaged, not UTF-8, too deep.
NOT_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_decode_json: Final = msgspec.json.Decoder().decode
_encode_json: Final = msgspec.json.Encoder().encode


def decode_value(raw: bytes | msgspec.Raw) -> Any:
    """The Python value of one attribute's wire bytes, such as ``b'{"S":"x"}'``.

    Raises ItemInvalid where the bytes are not one value of DynamoDB JSON. About 0.5 us for a string or a number.
    """
    try:
        # Decoded and dispatched in one place: this runs for every attribute that a transform touches.
        ((tag, content),) = _decode_json(raw).items()
        return content if tag == "S" and type(content) is str else DECODERS[tag](content)
    except _MALFORMED as cause:
        raise malformed(raw, cause) from cause


def encode_value(value: Any) -> bytes:
    """The wire bytes of one Python value. Raises ItemInvalid for what DynamoDB cannot hold."""
    return write_tree(encode_tree(value))


def write_tree(tree: Any) -> bytes:
    """A wire tree (``msgspec.Raw`` inside is written as it stands) as bytes. Raises ItemInvalid for broken Unicode."""
    try:
        return _encode_json(tree)
    except UnicodeEncodeError as cause:
        raise ItemInvalid(
            f"A string holds {cause.object[cause.start]!r}, half of a surrogate pair, which UTF-8 cannot encode."
        ) from cause


def decode_tree(tree: Any) -> Any:
    """The Python value of one parsed wire value, such as ``{"S": "x"}``. Raises ItemInvalid."""
    try:
        ((tag, content),) = tree.items()
        return DECODERS[tag](content)
    except _MALFORMED as cause:
        raise malformed(tree, cause) from cause


def encode_tree(value: Any) -> dict[str, Any]:
    """One Python value as a tree that a JSON encoder writes as DynamoDB JSON. Raises ItemInvalid."""
    encode = _ENCODERS.get(type(value))
    if encode is not None:
        return encode(value)
    return _encode_other(value)


def same_value(one: Any, other: Any) -> bool:
    """Whether two Python values are one value to DynamoDB.

    Stricter than ``==`` (``1`` is not ``True``, ``"a"`` is not ``b"a"``) and laxer (``[1]`` is ``(1,)``; 1.0 is 1).
    """
    kind = kind_of(one)
    if kind != kind_of(other):
        return False
    if kind == "L":
        return len(one) == len(other) and all(map(same_value, one, other))
    if kind == "M":
        return len(one) == len(other) and all(name in other and same_value(one[name], other[name]) for name in one)
    if kind == "B":
        return bytes(one) == bytes(other)
    return bool(one == other)


def kind_of(value: Any) -> str:
    """The type tag that a Python value has on the wire. Raises ItemInvalid where it has none."""
    kind = _KINDS.get(type(value))
    if kind is not None:
        return kind
    return next(iter(encode_tree(value)))


def malformed(wire: object, cause: BaseException) -> ItemInvalid:
    """The error for wire that is not DynamoDB JSON: one sentence about what was found."""
    if isinstance(cause, ItemInvalid):
        return cause
    if isinstance(cause, RecursionError):
        return ItemInvalid(
            "A value is nested too deeply to be read.", hint="DynamoDB holds at most 32 levels; does it contain itself?"
        )
    text = bytes(wire) if isinstance(wire, bytes | msgspec.Raw) else repr(wire).encode("utf-8", "replace")
    shown = text[:60].decode("utf-8", "replace") + ("..." if len(text) > 60 else "")
    return ItemInvalid(
        f"{shown} is not a value of DynamoDB JSON.", hint='a value looks like {"S": "text"} or {"N": "1"}'
    )


# --- wire to Python ---------------------------------------------------------------------------------------------------


def _text(content: Any) -> str:
    if type(content) is not str:
        raise TypeError
    return content


def _number(content: Any) -> Decimal:
    if type(content) is not str:
        raise TypeError
    number = Decimal(content)
    if not number.is_finite():
        raise ValueError
    return number


def _binary(content: Any) -> bytes:
    return binascii.a2b_base64(_text(content), strict_mode=True)


def _boolean(content: Any) -> bool:
    if type(content) is not bool:
        raise TypeError
    return content


def _null(content: Any) -> None:
    # The service accepts {"NULL": true} alone; false is an error there.
    if content is not True:
        raise TypeError


def _list(content: Any) -> list[Any]:
    if type(content) is not list:
        raise TypeError
    values = []
    for tree in content:
        ((tag, inner),) = tree.items()
        values.append(DECODERS[tag](inner))
    return values


def _map(content: Any) -> dict[str, Any]:
    if type(content) is not dict:
        raise TypeError
    values = {}
    for name, tree in content.items():
        ((tag, inner),) = tree.items()
        values[name] = DECODERS[tag](inner)
    return values


def _set_of(member: Callable[[Any], Any]) -> Callable[[Any], set[Any]]:
    def decode(content: Any) -> set[Any]:
        if type(content) is not list:
            raise TypeError
        return set(map(member, content))

    return decode


#: From the content of each tag to its Python value; anything but the right content raises (``decode_tree`` says what).
DECODERS: Final[dict[str, Callable[[Any], Any]]] = {
    "S": _text,
    "N": _number,
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "L": _list,
    "M": _map,
    "SS": _set_of(_text),
    "NS": _set_of(_number),
    "BS": _set_of(_binary),
}

_MALFORMED: Final = (
    msgspec.DecodeError,
    AttributeError,
    TypeError,
    ValueError,  # also binascii.Error, and a dict of two tags
    KeyError,
    InvalidOperation,
    RecursionError,
    ItemInvalid,
)


# --- Python to wire ---------------------------------------------------------------------------------------------------


def _encode_text(value: str) -> dict[str, Any]:
    return {"S": value}


def _encode_int(value: int) -> dict[str, Any]:
    # 10**38 is the first int that may need 39 digits; str() of a huge int is refused by Python itself.
    return {"N": str(value)} if -(10**38) < value < 10**38 else _encode_decimal(Decimal(value))


def _encode_decimal(value: Decimal) -> dict[str, Any]:
    text = str(value)
    # Up to 38 characters without an exponent cannot break a limit; anything else is looked at. (NaN and Infinity
    # are the only ones that hold an "n".)
    if len(text) > 38 or "E" in text or "n" in text or "N" in text:
        fault = number_fault(text)
        if fault:
            raise ItemInvalid(f"{text[:60]} is not a number that DynamoDB can hold: {fault}.")
    return {"N": text}


def _encode_binary(value: bytes) -> dict[str, Any]:
    return {"B": value}


def _encode_bool(value: bool) -> dict[str, Any]:
    return {"BOOL": value}


def _encode_null(_: None) -> dict[str, Any]:
    return {"NULL": True}


def _encode_list(value: Any) -> dict[str, Any]:
    return {"L": [(_ENCODERS.get(type(member)) or _encode_other)(member) for member in value]}


def _encode_map(value: Mapping[str, Any]) -> dict[str, Any]:
    tree = {}
    for name, member in value.items():
        if type(name) is not str and not isinstance(name, str):
            raise ItemInvalid(f"A map has the key {name!r}, and every key must be a string.")
        tree[name] = {"S": member} if type(member) is str else encode_tree(member)
    return {"M": tree}


def _encode_set(value: Any) -> dict[str, Any]:
    for member in value:
        if type(member) is not str:
            break
    else:
        if value:  # strings only, as most sets are
            return {"SS": list(value)}
    if not value:
        raise ItemInvalid("A set is empty, and DynamoDB has no empty sets.", hint="leave the attribute out instead")
    kinds = {kind_of(member) for member in value}
    if len(kinds) > 1 or kinds.isdisjoint(("S", "N", "B")):
        found = ", ".join(sorted(type(member).__name__ for member in value))[:80]
        raise ItemInvalid(
            f"A set holds {found}; a set holds strings only, numbers only or bytes only.",
            hint="a list may hold any mix",
        )
    (kind,) = kinds
    if kind == "N":
        return {"NS": [encode_tree(member)["N"] for member in value]}
    return {kind + "S": [bytes(member) if kind == "B" else str(member) for member in value]}


def _encode_other(value: Any) -> dict[str, Any]:
    """What is not of an exact type above: subclasses, other mappings, and what has no wire form."""
    for kind, encode in _ENCODERS_BY_BASE:
        if isinstance(value, kind):
            return encode(value)
    raise ItemInvalid(
        f"A value of type {type(value).__name__} has no form in DynamoDB.",
        hint=_HINTS.get(type(value).__name__, "use str, Decimal, int, bytes, bool, None, list, dict or set"),
    )


_HINTS: Final = {
    "float": "a float is not exact: use Decimal(str(x))",
    "datetime": "use its isoformat() or, for TTL, int(x.timestamp())",
    "date": "use its isoformat()",
    "UUID": "use str(x)",
}

_ENCODERS: Final[dict[type, Callable[[Any], dict[str, Any]]]] = {
    str: _encode_text,
    Decimal: _encode_decimal,
    int: _encode_int,
    bytes: _encode_binary,
    bool: _encode_bool,
    type(None): _encode_null,
    list: _encode_list,
    dict: _encode_map,
    set: _encode_set,
    frozenset: _encode_set,
    tuple: _encode_list,
}

# A str that is an Enum's member encodes as its text, so str(value) would be wrong: str.__str__ is not overridden.
_ENCODERS_BY_BASE: Final[tuple[tuple[type, Callable[[Any], dict[str, Any]]], ...]] = (
    (str, lambda value: {"S": str.__str__(value)}),
    (int, lambda value: _encode_int(int(value))),
    (Decimal, lambda value: _encode_decimal(Decimal(value))),
    (bytes, lambda value: {"B": bytes(value)}),
    (bytearray, lambda value: {"B": bytes(value)}),
    (memoryview, lambda value: {"B": bytes(value)}),
    (Mapping, _encode_map),
    (list, _encode_list),
    (tuple, _encode_list),
    (set, _encode_set),
    (frozenset, _encode_set),
)

_KINDS: Final[dict[type, str]] = {
    str: "S",
    Decimal: "N",
    int: "N",
    bytes: "B",
    bytearray: "B",
    bool: "BOOL",
    type(None): "NULL",
    list: "L",
    tuple: "L",
    dict: "M",
}
