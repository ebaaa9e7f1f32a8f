"""A question about items, from the fields of a form to the conditions that the library reads by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from dynasmith.console.page import FormFields
from dynasmith.errors import UsageError
from dynasmith.items.condition.condition import Condition
from dynasmith.items.condition.condition_words import parse_filter
from dynasmith.items.condition.tree import Between, Comparator, Compare, FunctionCall, Node, Path, Value
from dynasmith.items.read_path import KeyOfTable, ReadPath, choose_read
from dynasmith.items.text_values import typed_value
from dynasmith.tables.table import KeyAttribute

OPERATORS: Final[Mapping[str, str]] = {
    "=": "is",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    "begins_with": "begins with",
    "between": "is between",
}
"""What a sort key can be asked for, with the words of the page."""

LIMIT_DEFAULT: Final = 25
LIMIT_MAX: Final = 500
"""Rows of a page."""
_SIMPLE: Final = re.compile(r"[^\s=<>()'\",:]+")
KeyValues: TypeAlias = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ItemQuery:
    """What was asked: ``index`` (None: the table), for each attribute of its key an operator and two texts, as typed.

    ``start`` is the key after which a next page begins.
    """

    index: str | None = None
    terms: KeyValues = ()
    filter: str = ""
    limit: int = LIMIT_DEFAULT
    reverse: bool = False
    start: Mapping[str, Any] | None = field(default=None, repr=False)

    def term(self, place: int) -> tuple[str, str, str]:
        """The operator and the two texts of an attribute of the key, by its place."""
        return self.terms[place] if place < len(self.terms) else ("=", "", "")


def query_of(values: FormFields, keys: Sequence[KeyOfTable]) -> ItemQuery:
    """The question that a form asks. Raises UsageError for an index that is not there, and for a limit that is too
    large."""
    index = values.text("index") or None
    key = key_named(keys, index)
    limit = values.whole("limit", LIMIT_DEFAULT)
    if not 1 <= limit <= LIMIT_MAX:
        raise UsageError(f"A page shows 1 to {LIMIT_MAX} items.", hint="choose fewer, and go on with the next page")
    terms = []
    for place, _ in enumerate(key.key.names):
        operator = values.text(f"o{place}", "=")
        if operator not in OPERATORS:
            raise UsageError("There is no such comparison.")
        terms.append((operator, values.text(f"v{place}"), values.text(f"w{place}")))
    return ItemQuery(
        index=index,
        terms=tuple(terms),
        filter=values.text("filter").strip(),
        limit=limit,
        reverse=values.text("reverse") == "on",
    )


def key_named(keys: Sequence[KeyOfTable], index: str | None) -> KeyOfTable:
    """The key of that index, or of the table. Raises UsageError where there is none."""
    found = next((key for key in keys if key.index == index), None)
    if found is None:
        raise UsageError(f"There is no index {index} that can be asked.", hint="it may still be built")
    return found


def read_of(query: ItemQuery, keys: Sequence[KeyOfTable]) -> ReadPath:
    """How the library reads what was asked: a Query where the partition key is given, else a Scan with a filter.

    Raises UsageError for a value that does not fit its key, and for a filter that cannot be read.
    """
    key = key_named(keys, query.index)
    nodes = [*key_nodes(query, key), *parse_filter(query.filter or None)]
    return choose_read([key], nodes, index=query.index)


def key_nodes(query: ItemQuery, key: KeyOfTable) -> tuple[Node, ...]:
    """The conditions on attributes of the key; those that were left empty have none."""
    found = []
    for place, attribute in enumerate(key.key):
        operator, text, second = query.term(place)
        if text:
            found.append(_node(attribute, operator, text, second))
    return tuple(found)


def whole_key(query: ItemQuery, key: KeyOfTable) -> dict[str, Any] | None:
    """The key of one item of the table in plain Python, where the question is for just that; else None."""
    nodes = key_nodes(query, key)
    is_one = key.index is None and not query.filter and len(nodes) == len(key.key.names)
    if not is_one or not all(isinstance(node, Compare) and node.comparator == "=" for node in nodes):
        return None
    equal = cast("tuple[Compare, ...]", nodes)
    return {name: cast("Value", node.right).value for name, node in zip(key.key.names, equal, strict=True)}


def command_words(query: ItemQuery, key: KeyOfTable, table: str) -> tuple[str, ...]:
    """The words of the command line that reads the same."""
    nodes = key_nodes(query, key)
    words = [_word(node) for node in nodes]
    more = ["--index", query.index] if query.index is not None else []
    more += ["--filter", query.filter] if query.filter else []
    more += ["--limit", str(query.limit)]
    if not words:
        return ("scan", table, *more)
    return ("query", table, *words, *more, *(["--reverse"] if query.reverse else []))


def key_words(item: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """The words of a key on a command line, of an item in DynamoDB JSON."""
    return tuple(f"{name}={next(iter(item[name].values()))}" for name in names)


def _node(attribute: KeyAttribute, operator: str, text: str, second: str) -> Node:
    path = Path((attribute.name,))
    value = _value(attribute, text)
    if operator == "between":
        if not second:
            raise UsageError(f"{attribute.name} is between two values, and the second is empty.")
        last = _value(attribute, second)
        if last.value < value.value:  # type: ignore[operator]  # two values of one type, which is that of a key
            raise UsageError(f"The lower bound of {attribute.name} is above the upper one.")
        return Between(path, value, last)
    if operator == "begins_with":
        if attribute.type == "N":
            raise UsageError(f"{attribute.name} is a number, and only texts and binary begin with something.")
        return FunctionCall("begins_with", path, value)
    return Compare(cast("Comparator", operator), path, value)


def _value(attribute: KeyAttribute, text: str) -> Value:
    return Value(typed_value(attribute.name, text, attribute.type))


def _word(node: Node) -> str:
    if isinstance(node, Compare) and node.comparator == "=" and isinstance(node.left, Path):
        name, value = str(node.left.parts[0]), cast("Value", node.right).value
        if _SIMPLE.fullmatch(name) and not isinstance(value, bytes):
            return f"{name}={value}"
    return str(Condition(node))
