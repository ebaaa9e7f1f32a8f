"""`items_of`: a strategy of hypothesis for the items of a table, or of a model class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.items.size import check_item
from dynasmith.items.value import encode_tree, write_tree
from dynasmith.limits import (
    ITEM_MAX_BYTES,
    PARTITION_KEY_VALUE_MAX_BYTES,
    SORT_KEY_VALUE_MAX_BYTES,
)
from dynasmith.tables.table import Key, KeyAttribute, Table, known
from dynasmith.testing.value_strategies import key_values, names, values

if TYPE_CHECKING:
    from dynasmith.models import Model

M = TypeVar("M", bound="Model")
Item = dict[str, Any]
PADDING_ODDS: Final = 20
"""One item in so many is filled up, to any size that an item may have."""
EPOCH_MIN, EPOCH_MAX = 4_000_000_000, 9_000_000_000
"""Seconds of times to live: in the years after 2096, so that no engine removes an item meanwhile."""


class LongText(str):
    """A long text whose repr is short, so that an example can be read."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{self[:1]!r} * {len(self):_}"


@overload
def items_of(table: Table, *, max_bytes: int = ...) -> st.SearchStrategy[Item]: ...
@overload
def items_of(table: type[M], *, max_bytes: int = ...) -> st.SearchStrategy[M]: ...
def items_of(table: Table | type[M], *, max_bytes: int = ITEM_MAX_BYTES) -> st.SearchStrategy[Any]:
    """Items that the service takes into a table, of at most ``max_bytes`` (DynamoDB's 400 KB).

    Of a `Table`: dicts of plain Python (str, Decimal, bytes, bool, None, list, dict and sets), as `Project.populate`
    and boto3's resource take them. Keys have their types; attributes of index keys are there or not; beside them there
    are attributes of every type, with empty texts and binary where these are allowed, and numbers of up to 38 digits. A
    time to live is far in the future. Of a model class: instances. Needs ``hypothesis`` (the extra ``test``). Raises
    UsageError for anything else, and for a ``max_bytes`` that no item may have.
    """
    if not 100 <= max_bytes <= ITEM_MAX_BYTES:
        raise UsageError(f"max_bytes is {max_bytes}, and an item has 100 to {ITEM_MAX_BYTES:,} bytes here.")
    if isinstance(table, Table):
        return _table_items(table, max_bytes)
    if hasattr(table, "__pydantic_fields__"):
        from dynasmith.testing.model_strategies import instances_of

        return instances_of(table, lambda tree, own: fits(tree, own, max_bytes))
    raise UsageError(f"{table!r} is neither a Table nor a model class.", hint="items_of(User), or a table of tables()")


@st.composite
def _table_items(draw: st.DrawFn, table: Table, max_bytes: int) -> Item:
    own = {each.name: key_values(each, limit) for each, limit in _limits(table.key)}
    item: Item = {name: draw(strategy) for name, strategy in own.items()}
    for each in index_attributes(table):
        if draw(st.booleans()):
            item[each.name] = draw(key_values(each, SORT_KEY_VALUE_MAX_BYTES))
    reserved = {*own, *(each.name for each in index_attributes(table))}
    expiry = known(table.time_to_live, None)
    if expiry and expiry not in reserved and draw(st.booleans()):
        item[expiry] = Decimal(draw(st.integers(EPOCH_MIN, EPOCH_MAX)))
    reserved |= {expiry} if expiry else set()
    more = draw(st.dictionaries(names(), values(), max_size=6))
    for name, value in more.items():
        if name not in reserved:
            bigger = {**item, name: value}
            item = bigger if fits(_tree(bigger), table, max_bytes) else item
    if draw(st.sampled_from(range(PADDING_ODDS))) == PADDING_ODDS - 1:
        item = _padded(draw, item, max_bytes)
    return item


def _padded(draw: st.DrawFn, item: Item, max_bytes: int) -> Item:
    """The item with one long text more, so that it has any size up to the largest one."""
    name = next(each for each in ("padding", "filling", "stuffing") if each not in item)
    left = max_bytes - _size(item) - len(name)
    return {**item, name: LongText("x" * draw(st.just(left) | st.integers(0, left)))} if left > 0 else item


def _limits(key: Key) -> Iterator[tuple[KeyAttribute, int]]:
    yield from ((each, PARTITION_KEY_VALUE_MAX_BYTES) for each in key.partition)
    yield from ((each, SORT_KEY_VALUE_MAX_BYTES) for each in key.sort)


def index_attributes(table: Table) -> list[KeyAttribute]:
    """The attributes of index keys that are not of the table's own, each once."""
    keys = [
        *(index.key for index in known(table.indexes, ())),
        *(index.key for index in known(table.local_indexes, ())),
    ]
    found = {each.name: each for key in keys for each in key}
    return [each for name, each in found.items() if name not in table.key.names]


def fits(tree: Mapping[str, Any], table: Table, max_bytes: int) -> bool:
    """Whether the service takes an item (a tree of DynamoDB JSON, binary as bytes) of that size into the table."""
    for attribute, limit in _limits(table.key):
        if not _is_key_value(tree.get(attribute.name), attribute, limit):
            return False
    for attribute in index_attributes(table):
        if attribute.name in tree and not _is_key_value(tree[attribute.name], attribute, SORT_KEY_VALUE_MAX_BYTES):
            return False
    try:
        return check_item(write_tree(tree)) <= max_bytes
    except ItemInvalid:
        return False


def _is_key_value(tree: Any, attribute: KeyAttribute, max_bytes: int) -> bool:
    value = tree.get(attribute.type) if isinstance(tree, Mapping) else None
    if not value:
        return False
    return attribute.type == "N" or len(value.encode() if isinstance(value, str) else value) <= max_bytes


def _tree(item: Item) -> Item:
    return {name: encode_tree(value) for name, value in item.items()}


def _size(item: Item) -> int:
    return check_item(write_tree(_tree(item)))
