"""Items as they travel: the bytes of one item in DynamoDB JSON, as they came, and how a page is cut into them.

A page is never parsed into dicts: cutting it into ``RawItem`` costs about 0.7 us an item, dicts 18 to 40.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias

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
    """One page of a Scan. ``last_key`` is None on the last page; a page may be empty and not the last.

    ``units`` is None where the reply does not say what it consumed; ``table`` is the table that it says it is of.
    """

    items: list[RawItem]
    last_key: RawItem | None
    count: int
    scanned: int
    units: Units | None
    table: str = ""


_Amount: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]


class _Used(msgspec.Struct, rename="pascal"):
    capacity_units: _Amount = 0.0


class ConsumedCapacity(msgspec.Struct, frozen=True, rename="pascal"):
    """One ConsumedCapacity as it stands in a reply. Where only a total is given it counts as the table's."""

    capacity_units: _Amount
    table_name: str = ""
    table: _Used | None = None
    global_secondary_indexes: dict[str, _Used] = {}
    local_secondary_indexes: dict[str, _Used] = {}

    @property
    def units(self) -> Units:
        """The units of the table and of each index."""
        indexes = {
            name: used.capacity_units
            for group in (self.global_secondary_indexes, self.local_secondary_indexes)
            for name, used in group.items()
        }
        return Units(self.capacity_units if self.table is None else self.table.capacity_units, indexes)


class PageBody(msgspec.Struct, rename="pascal"):
    # What has no default must be in every reply to a Scan that selects items: a reply without it is not a page.
    """The members of a Scan or Query reply."""

    items: list[msgspec.Raw]
    count: int
    scanned_count: int
    # Not a union with None: msgspec then expects null alone. Absent is empty.
    last_evaluated_key: msgspec.Raw = msgspec.Raw()
    consumed_capacity: ConsumedCapacity | None = None


_decode_page: Final = msgspec.json.Decoder(PageBody).decode
_decode_last_key: Final = msgspec.json.Decoder(dict[str, dict[Literal["S", "N", "B"], str]]).decode
_decode_attributes: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_json: Final = msgspec.json.Decoder().decode


def read_scan_page(body: bytes, start: bytes | None = None) -> ScanPage:
    """The page in the body of a reply to a Scan that began at ``start``. The items point into ``body``.

    Raises RunError where the body is not such a page, and nothing was taken from it: it is not JSON, lacks Items, Count
    or ScannedCount, its counts disagree with its items, or its LastEvaluatedKey is not a key that goes on from
    ``start``. Costs one decode a page, and about 5 us for the key.
    """
    try:
        page = _decode_page(body)
    except NOT_JSON as cause:
        raise RunError(f"The reply to a scan is not a page of items ({cause}).", hint=_NOT_A_PAGE) from cause
    items, scanned = page.items, page.scanned_count
    if page.count != len(items) or scanned < len(items):
        raise RunError(
            f"The reply to a scan is not a page of items (Count {page.count}, ScannedCount {scanned}, "
            f"and {len(items)} in Items).",
            hint=_NOT_A_PAGE,
        )
    last_key = page.last_evaluated_key if bytes(page.last_evaluated_key) else None
    if last_key is not None and (fault := _last_key_fault(last_key, start, items)):
        raise RunError(f"The reply to a scan is not a page of items ({fault}).", hint=_NOT_A_PAGE)
    used = page.consumed_capacity
    if used is None:
        return ScanPage(items, last_key, page.count, scanned, None)
    return ScanPage(items, last_key, page.count, scanned, used.units, used.table_name)


_NOT_A_PAGE = "check the proxies between this machine and the service: one of them changes replies or cuts them"


def _last_key_fault(last_key: RawItem, start: bytes | None, items: Sequence[RawItem]) -> str:
    """Why a LastEvaluatedKey cannot be one; empty where it can."""
    try:
        key = _decode_last_key(last_key)
        began = {} if start is None else _decode_last_key(start)
        last_item = attributes(items[-1]) if items else {}
        types = {name: [*_decode_json(last_item[name])] for name in key if name in last_item}
    except (*NOT_JSON, ItemInvalid, TypeError) as cause:
        return f"its LastEvaluatedKey is not a key: {cause}"
    if not key or any(len(value) != 1 for value in key.values()):
        return "its LastEvaluatedKey is not a key"
    if key == began:
        return "its LastEvaluatedKey is the ExclusiveStartKey of the request"
    if began and {name: [*value] for name, value in key.items()} != {name: [*value] for name, value in began.items()}:
        return "its LastEvaluatedKey has other attributes than the ExclusiveStartKey of the request"
    if last_item and not key.keys() <= last_item.keys():
        return "its LastEvaluatedKey has an attribute that the last item lacks"
    if any(types.get(name, [*value]) != [*value] for name, value in key.items()):
        return "its LastEvaluatedKey has another type than the last item"
    return ""


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
        raise ItemInvalid(f"{name!r} is not a valid attribute name: a name has at least one character.")
    return name


def named(name: object, cause: ItemInvalid) -> ItemInvalid:
    """The same error with the attribute's name in front."""
    return ItemInvalid(f"Attribute {name}: {cause.message}", hint=cause.hint)
