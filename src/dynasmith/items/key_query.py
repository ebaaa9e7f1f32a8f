"""A Query as requests take it: of a table or of an index, its key condition and its filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.items.condition.condition import Condition, Expressions
from dynasmith.items.condition.tree import Compare, Node, Value
from dynasmith.items.read_path import KeyOfTable, ReadPath, choose_read


@dataclass(frozen=True, slots=True)
class KeyQuery:
    """Expressions with their names and values, in DynamoDB JSON. ``index`` is empty for the table's own key, ``filter``
    where the key serves the whole condition."""

    index: str
    key: str
    filter: str
    names: Mapping[str, str]
    values: Mapping[str, Mapping[str, Any]]


def key_query(read: ReadPath) -> KeyQuery:
    """The Query of a read that is one."""
    expressions = Expressions()
    key, filtered = expressions.of(read.key_terms), expressions.of(read.filters)
    return KeyQuery(read.index or "", key, filtered, expressions.names, expressions.values)


def whole_query(keys: Sequence[KeyOfTable], condition: Condition) -> ReadPath | None:
    """The Query that gives every item that meets the condition, with all its attributes; None where no key does.

    An index that holds a part of the attributes is left out, and one whose sort key the condition does not name: items
    without it are not there. An empty value can be in no key.
    """
    left = [key for key in keys if key.held is None]
    while left:
        try:
            read = choose_read(left, [condition.node])
        except UsageError:  # a value of another type than the key's, which a scan compares with nothing
            return None
        if not read.is_query or any(_is_empty(node) for node in read.key_terms):
            return None
        if not read.lacking:
            return replace(read, key_names=())
        left = [key for key in left if key.index != read.index]
    return None


def _is_empty(node: Node) -> bool:
    return isinstance(node, Compare) and isinstance(node.right, Value) and node.right.value in ("", b"")
