"""The key of an item: what identifies it, as DynamoDB tells items apart (the numbers 1, 1.0 and 1E0 are one key)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, Final, Literal, TypeAlias

import msgspec

from dynasmith.errors import ItemInvalid
from dynasmith.items.number import number_text
from dynasmith.items.value import NOT_JSON, decode_value, encode_tree, malformed, write_tree
from dynasmith.items.wire import RawItem
from dynasmith.limits import NUMBER_MAX_DIGITS, PARTITION_KEY_VALUE_MAX_BYTES, SORT_KEY_VALUE_MAX_BYTES

KeyType: TypeAlias = Literal["S", "N", "B"]
#: A key as a hashable value: the key attributes' values in the schema's order. Equal keys are one item.
Key: TypeAlias = tuple[str | Decimal | bytes, ...]

_WORDS: Final = {"S": "a string", "N": "a number", "B": "binary"}


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One attribute of a key."""

    name: str
    type: KeyType = "S"


@dataclass(frozen=True, slots=True)
class KeySchema:
    """The key attributes of a table (one partition, at most one sort) or of a GSI (up to four of each)."""

    partition: tuple[KeyPart, ...]
    sort: tuple[KeyPart, ...] = ()
    _reader: "_Reader" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.partition) <= 4 or len(self.sort) > 4:
            raise ValueError("a key has one to four partition attributes and up to four sort attributes")
        object.__setattr__(self, "_reader", _Reader(self.partition, self.sort))

    def __reduce__(self) -> tuple[Any, ...]:
        # The reader is made anew in the process that a transform runs in.
        return KeySchema, (self.partition, self.sort)

    @classmethod
    def of(cls, partition: str, sort: str | None = None, *, types: Mapping[str, KeyType] | None = None) -> "KeySchema":
        """A table's key by names; a type that ``types`` does not give is S."""
        types = types or {}
        parts = [KeyPart(name, types.get(name, "S")) for name in (partition, sort) if name is not None]
        return cls((parts[0],), tuple(parts[1:]))

    @property
    def parts(self) -> tuple[KeyPart, ...]:
        """Partition attributes, then sort attributes."""
        return self._reader.parts

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the key attributes, partition first."""
        return self._reader.names


class _Reader:
    """Reads the key attributes out of an item's bytes without parsing the rest."""

    __slots__ = ("decode", "fields", "limits", "names", "parts", "strings")

    #: Of each key attribute, the field that it is decoded into and what reads its value.
    fields: tuple[tuple[str, Callable[[dict[str, str] | None], str | Decimal | bytes]], ...]

    def __init__(self, partition: Sequence[KeyPart], sort: Sequence[KeyPart]) -> None:
        parts = self.parts = (*partition, *sort)
        self.names = tuple(part.name for part in parts)
        # Attribute names may be no identifiers, so fields are numbered and renamed on the wire.
        names = [f"f{number}" for number in range(len(parts))]
        wanted = [(name, dict[str, str] | None, None) for name in names]
        renamed = dict(zip(names, (part.name for part in parts), strict=True))
        self.limits = (PARTITION_KEY_VALUE_MAX_BYTES,) * len(partition) + (SORT_KEY_VALUE_MAX_BYTES,) * len(sort)
        self.fields = tuple((name, _VALUES[part.type]) for name, part in zip(names, parts, strict=True))
        self.strings: _Strings | None = None
        try:
            self.decode: Callable[[RawItem | bytes], Any] = msgspec.json.Decoder(
                msgspec.defstruct("KeyOf", wanted, rename=renamed)
            ).decode
        except ValueError:  # a name that no struct can have (a quote, a backslash, a control character)
            self.decode = partial(_key_fields, renamed)
            return
        if all(part.type == "S" for part in parts):
            self.strings = _Strings(renamed, self.limits)


_attributes: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_tagged_text: Final = msgspec.json.Decoder(dict[str, str] | None).decode


def _key_fields(names: Mapping[str, str], raw: RawItem | bytes) -> SimpleNamespace:
    """The key attributes of an item, as the struct of a reader has them, whatever their names are."""
    found = _attributes(raw)
    return SimpleNamespace(**{field: _tagged_text(found.get(name, b"null")) for field, name in names.items()})


class _Strings:
    """The quick way for keys of strings, as most are: each value is one string, and no rule but length is left."""

    __slots__ = ("_decode", "_length", "_values")

    def __init__(self, names: Mapping[str, str], limits: Sequence[int]) -> None:
        tagged = msgspec.defstruct("Tagged", [("v", str)], rename={"v": "S"}, forbid_unknown_fields=True, gc=False)
        found = msgspec.defstruct("Keyed", [(name, tagged) for name in names], rename=dict(names), gc=False)
        self._decode = msgspec.json.Decoder(found).decode
        self._values = attrgetter(*(f"{name}.v" for name in names))
        self._length = min(limits) // 4  # a character has up to four bytes

    def __call__(self, raw: RawItem | bytes) -> tuple[str, ...] | None:
        try:
            values: Any = self._values(self._decode(raw))
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None
        if type(values) is str:
            values = (values,)
        return values if "" not in values and len("".join(values)) <= self._length else None


def key_of(raw: RawItem | bytes, schema: KeySchema) -> Key:
    """The key of an item. About 1.5 us. Raises ItemInvalid where a key attribute is absent or of another type."""
    reader = schema._reader
    try:
        found = reader.decode(raw)
        return tuple([read(getattr(found, name)) for name, read in reader.fields])
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, ArithmeticError):
        raise _key_error(raw, schema) from None


def sure_key(raw: RawItem | bytes, schema: KeySchema) -> Key | None:
    """The key of a JSON object where one look says that it breaks no rule; None where ``check_key`` must decide.

    A key is given only where the bytes are one JSON object, and is the one that ``check_key`` gives. About 2 us.
    """
    strings = schema._reader.strings
    return None if strings is None else strings(raw)


def check_key(raw: RawItem | bytes, schema: KeySchema, *, index: str = "") -> Key | None:
    """The key of an item after every rule: present, of its type, not empty, not too long. Raises ItemInvalid.

    With ``index`` the schema is that index's: an item that lacks one of its attributes is simply not in the index
    (None), but one of another type or too long is refused by the service with the whole write.
    """
    key: Key | None = sure_key(raw, schema)
    if key is not None:
        return key
    try:
        key = key_of(raw, schema)
    except ItemInvalid:
        key = None
    if key is not None and all(map(_surely_fits, key, schema._reader.limits)):
        return key
    faults = _part_faults(raw, schema)
    absent = {name for name, fault in faults.items() if fault.startswith("it lacks")} if index else set()
    serious = [fault for name, fault in faults.items() if name not in absent]
    if serious:
        where = f" of index {index}" if index else ""
        raise ItemInvalid(f"An item cannot be written: {', and '.join(serious)}{where}.")
    if key is None and not absent:
        raise _key_error(raw, schema)
    return key


def _surely_fits(value: str | Decimal | bytes, limit: int) -> bool:
    """Whether a value of the right type breaks no rule, seen at a glance; where not, it is looked at closely."""
    if isinstance(value, Decimal):
        text = str(value)
        return len(text) <= NUMBER_MAX_DIGITS and text.replace(".", "", 1).removeprefix("-").isdigit()
    # A character has up to four bytes; an empty value is refused.
    return 0 < len(value) * 4 <= limit


def key_item(key: Key, schema: KeySchema) -> dict[str, Any]:
    """The key as an item of its key attributes in plain Python."""
    return dict(zip(schema.names, key, strict=True))


def encode_key(key: Key, schema: KeySchema) -> bytes:
    """The key on the wire, as DeleteItem, GetItem and ExclusiveStartKey want it."""
    return write_tree({name: encode_tree(value) for name, value in zip(schema.names, key, strict=True)})


def canonical_key(raw: RawItem | bytes, schema: KeySchema) -> bytes:
    """The key of an item on the wire, in one spelling: equal bytes say equal keys. Raises ItemInvalid."""
    parts = key_of(raw, schema)
    spelt = (Decimal(number_text(part)) if isinstance(part, Decimal) else part for part in parts)
    return encode_key(tuple(spelt), schema)


def key_bytes(key: Key) -> bytes:
    """16 bytes of a key: equal for equal keys, however their numbers are spelt."""
    parts: list[bytes] = []
    for value in key:
        part = number_text(value) if isinstance(value, Decimal) else value
        written = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        parts += (len(written).to_bytes(4, "big"), written)
    return blake2b(b"".join(parts), digest_size=16).digest()


def format_key(key: Key, schema: KeySchema) -> str:
    """The key for a person's eye: ``pk=user#1, sk=7``. Binary as hexadecimal, long values cut."""
    return ", ".join(f"{name}={_shown(value)}" for name, value in zip(schema.names, key, strict=True))


def _shown(value: str | Decimal | bytes) -> str:
    text = "0x" + value.hex() if isinstance(value, bytes) else f"{value}"
    return text if len(text) <= 64 else text[:61] + "..."


def _string(wire: dict[str, str] | None) -> str:
    if wire is None:
        raise LookupError
    return wire["S"]


def _number(wire: dict[str, str] | None) -> Decimal:
    if wire is None:
        raise LookupError
    return Decimal(wire["N"])


def _binary(wire: dict[str, str] | None) -> bytes:
    if wire is None:
        raise LookupError
    value = decode_value(msgspec.json.encode({"B": wire["B"]}))
    assert isinstance(value, bytes)
    return value


_VALUES: Final[Mapping[str, Callable[[dict[str, str] | None], str | Decimal | bytes]]] = {
    "S": _string,
    "N": _number,
    "B": _binary,
}


def _part_faults(raw: RawItem | bytes, schema: KeySchema) -> dict[str, str]:
    """What is wrong with each key attribute of an item, as the end of a sentence."""
    try:
        parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except NOT_JSON as cause:
        raise malformed(raw, cause) from cause
    faults = {}
    for part, limit in zip(schema.parts, schema._reader.limits, strict=True):
        if part.name not in parts:
            faults[part.name] = f"it lacks its key attribute {part.name}"
            continue
        fault = value_fault(decode_value(parts[part.name]), part, limit)
        if fault:
            faults[part.name] = fault
    return faults


def value_fault(value: Any, part: KeyPart, bytes_max: int) -> str:
    """Why a value cannot be this part of a key, as the end of a sentence; empty where it can."""
    (kind,) = encode_tree(value)
    if kind != part.type:
        return f"its key attribute {part.name} is of type {kind}, and the key needs {part.type} ({_WORDS[part.type]})"
    if kind == "N":
        return ""
    size = len(value.encode()) if isinstance(value, str) else len(value)
    if size == 0:
        return f"its key attribute {part.name} is empty"
    if size > bytes_max:
        return f"its key attribute {part.name} has {size} bytes, at most {bytes_max} fit"
    return ""


def _key_error(raw: RawItem | bytes, schema: KeySchema) -> ItemInvalid:
    faults = _part_faults(raw, schema)
    if faults:
        return ItemInvalid(f"An item has no key: {', and '.join(faults.values())}.")
    return malformed(raw, ValueError("key"))
