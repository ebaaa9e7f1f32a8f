"""Items as they travel: the bytes of one item in DynamoDB JSON, as they came, and how a page is cut into them.

A page is never parsed into dicts: cutting it into ``RawItem`` costs about 0.7 us an item, dicts 18 to 40.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from dynasmith.errors import ItemInvalid, RunError
from dynasmith.items.value import NOT_JSON, decode_tree, encode_tree, malformed, write_tree

#: One item (``{"pk":{"S":"a"},...}``) as the bytes that came. It points into its page, which lives as long as it
#: does: ``RawItem(bytes(raw))`` cuts it loose. ``bytes(raw)`` and ``b",".join([raw, ...])`` work on it.
RawItem: TypeAlias = msgspec.Raw


class Units(msgspec.Struct, frozen=True):
    """What a call consumed: capacity units of the table and of each index (ConsumedCapacity with INDEXES)."""

    table: float = 0.0
    indexes: Mapping[str, float] = {}

    @property
    def total(self) -> float:
        """Units of the table and of all its indexes."""
        return self.table + sum(self.indexes.values())


class ScanPage(msgspec.Struct, frozen=True):
    """One page of a Scan or Query. ``last_key`` is None on the last page; a page may be empty and not the last."""

    items: list[RawItem]
    last_key: RawItem | None
    count: int
    scanned: int
    units: Units


class _Used(msgspec.Struct, rename="pascal"):
    capacity_units: float = 0.0


class _Consumed(msgspec.Struct, rename="pascal"):
    capacity_units: float = 0.0
    table: _Used | None = None
    global_secondary_indexes: dict[str, _Used] = {}
    local_secondary_indexes: dict[str, _Used] = {}


class _Page(msgspec.Struct, rename="pascal"):
    items: list[msgspec.Raw] = []
    # Not a union with None: msgspec then expects null alone. Absent is empty.
    last_evaluated_key: msgspec.Raw = msgspec.Raw()
    count: int = 0
    scanned_count: int = 0
    consumed_capacity: _Consumed | None = None


_decode_page: Final = msgspec.json.Decoder(_Page).decode
_decode_consumed: Final = msgspec.json.Decoder(_Consumed).decode
_decode_attributes: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_json: Final = msgspec.json.Decoder().decode


def read_scan_page(body: bytes) -> ScanPage:
    """The page in the body of a Scan or Query reply. The items point into ``body``.

    Raises RunError where the body is not such a reply (a proxy answered, the body was cut); nothing was taken from it.
    """
    try:
        page = _decode_page(body)
    except NOT_JSON as cause:
        raise RunError(
            f"The reply to a scan is not a page of items ({cause}).", hint="a proxy in between, or a reply that was cut"
        ) from cause
    last_key = None if bytes(page.last_evaluated_key) in (b"", b"null") else page.last_evaluated_key
    return ScanPage(page.items, last_key, page.count, page.scanned_count, _units(page.consumed_capacity))


def read_units(consumed: bytes | msgspec.Raw) -> Units:
    """The units in one ConsumedCapacity object. Where only a total is given it counts as the table's."""
    return _units(_decode_consumed(consumed))


def _units(consumed: _Consumed | None) -> Units:
    if consumed is None:
        return Units()
    indexes = {
        name: used.capacity_units
        for group in (consumed.global_secondary_indexes, consumed.local_secondary_indexes)
        for name, used in group.items()
    }
    table = consumed.capacity_units if consumed.table is None else consumed.table.capacity_units
    return Units(table, indexes)


def attributes(raw: RawItem | bytes) -> dict[str, msgspec.Raw]:
    """The attributes of an item, each still the bytes that came, in the order that they came.

    About 1.5 us an item of 12 attributes. Raises ItemInvalid where the bytes are no JSON object.
    """
    try:
        return _decode_attributes(raw)
    except NOT_JSON as cause:
        raise malformed(raw, cause) from cause


def decode_item(raw: RawItem | bytes) -> dict[str, Any]:
    """A whole item in plain Python. Raises ItemInvalid, naming the attribute. About 9 us an item of 12 attributes."""
    try:
        tree = _decode_json(raw)
    except NOT_JSON as cause:
        raise malformed(raw, cause) from cause
    return decode_item_tree(tree)


def decode_item_tree(tree: Any) -> dict[str, Any]:
    """A parsed item (``{"pk": {"S": "a"}}``) in plain Python. Raises ItemInvalid, naming the attribute."""
    if not isinstance(tree, dict):
        raise ItemInvalid("An item is a JSON object of attributes, and this is not one.")
    values = {}
    name = ""
    try:
        for name, value in tree.items():
            values[name] = decode_tree(value)
    except ItemInvalid as cause:
        raise named(name, cause) from cause
    return values


def encode_item(item: Mapping[str, Any]) -> bytes:
    """The wire bytes of an item in plain Python. Raises ItemInvalid, naming the attribute."""
    return write_tree(encode_item_tree(item))


def encode_item_tree(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as the tree that a JSON encoder writes as DynamoDB JSON. Raises ItemInvalid, naming the attribute."""
    tree = {}
    name = ""
    try:
        for name, value in item.items():
            if type(name) is not str or not name:
                check_name(name)
            # Most values are strings, and a call for each would cost as much as all the rest.
            tree[name] = {"S": value} if type(value) is str else encode_tree(value)
    except ItemInvalid as cause:
        raise named(name, cause) from cause
    except RecursionError as cause:
        raise named(name, malformed(b"", cause)) from cause
    return tree


def check_name(name: Any) -> str:
    """The name of an attribute, or ItemInvalid: a name is a string of at least one character."""
    if not isinstance(name, str) or not name:
        raise ItemInvalid(f"{name!r} is no name for an attribute: a name is a string of at least one character.")
    return name


def named(name: object, cause: ItemInvalid) -> ItemInvalid:
    """The same error with the attribute's name in front."""
    return ItemInvalid(f"Attribute {name}: {cause.message}", hint=cause.hint)
