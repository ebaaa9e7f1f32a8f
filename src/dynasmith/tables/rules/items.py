"""Items that a definition holds: each has the keys, in the right types."""

import json
from collections.abc import Iterator
from typing import Any

from dynasmith.tables.item_form import is_described, is_dynamodb_json, is_typed, key_type_of
from dynasmith.tables.rules.rule import DefinitionRule, JudgedTable, RuleProblem


def _items(table: JudgedTable) -> Iterator[tuple[int, dict[str, Any]]]:
    """The items that are sound, with their positions."""
    node = table.node.get("items")
    for place, item in enumerate(node.members() if node is not None else ()):
        if not item.broken and item.is_map:
            yield place, item.plain()


def _nearly_dynamodb_json(item: dict[str, Any]) -> list[str]:
    """The attributes that keep an item from being the DynamoDB JSON that it was meant to be."""
    if not item or not all(is_described(value) for value in item.values()):
        return []
    return [name for name, value in item.items() if not is_typed(value)]


def _descriptors(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, item in _items(table):
        for name in _nearly_dynamodb_json(item):
            ((descriptor, content),) = item[name].items()
            message = f"is of type {descriptor} and holds what does not fit it"
            number = descriptor in ("N", "NS") and isinstance(content, int | float | list)
            yield RuleProblem(("items", place, name), message, 'numbers are text there: {"N": "5"}' if number else "")


def _keys(table: JudgedTable) -> Iterator[RuleProblem]:
    own = table.key()
    types = table.types()
    for place, item in _items(table) if own is not None else ():
        if _nearly_dynamodb_json(item):
            continue
        form = is_dynamodb_json(item)
        for use in own or ():
            if use.attribute not in item:
                yield RuleProblem(("items", place), f"lacks {use.attribute}, a key attribute of the table")
                continue
            yield from _typed(("items", place, use.attribute), item[use.attribute], types.get(use.attribute), form)


def _index_keys(table: JudgedTable) -> Iterator[RuleProblem]:
    own = {use.attribute for use in table.key() or ()}
    used = {use.attribute for way, key in table.all_keys() if way for use in key} - own
    types = table.types()
    for place, item in _items(table):
        if _nearly_dynamodb_json(item):
            continue
        form = is_dynamodb_json(item)
        for name in sorted(used & set(item)):
            yield from _typed(("items", place, name), item[name], types.get(name), form)


def _typed(way: tuple[str | int, ...], value: Any, wanted: str | None, form: bool) -> Iterator[RuleProblem]:
    kind = key_type_of(value, dynamodb_json=form)
    if wanted is not None and kind != wanted:
        hint = 'binary is written as DynamoDB JSON: {"B": "..."}' if wanted == "B" else ""
        yield RuleProblem(way, f"is {kind}, and the key attribute has the type {wanted}", hint)
    elif value == "" or value in ({"S": ""}, {"B": ""}):
        yield RuleProblem(way, "is empty, and no key value may be", "give it a value")


def _once(table: JudgedTable) -> Iterator[RuleProblem]:
    own = table.key()
    first: dict[str, int] = {}
    for place, item in _items(table) if own else ():
        if not all(use.attribute in item for use in own or ()):
            continue
        key = json.dumps([_key_value(item[use.attribute], is_dynamodb_json(item)) for use in own or ()])
        if key in first:
            yield RuleProblem(("items", place), f"has the key of items[{first[key]}]")
        first.setdefault(key, place)


def _key_value(value: Any, form: bool) -> Any:
    plain = next(iter(value.values())) if form else value
    return plain if isinstance(plain, str | int | float) else repr(plain)


RULES = (
    DefinitionRule(
        "D080",
        "An item has the key attributes of the table, in their types",
        "The service refuses it otherwise.",
        "API, PutItem",
        "give it a value of that type",
        _keys,
    ),
    DefinitionRule(
        "D081",
        "An item's attributes that are keys of an index have the right type",
        "The service refuses it otherwise; an item that lacks them is simply not in the index.",
        "API, PutItem",
        "give it a value of that type, or leave it out",
        _index_keys,
    ),
    DefinitionRule(
        "D082",
        "Items of a definition have different keys",
        "The second would replace the first.",
        "API, PutItem",
        "remove one of them",
        _once,
    ),
    DefinitionRule(
        "D083",
        "In an item of DynamoDB JSON each type descriptor holds what fits it",
        "Otherwise the item would be taken for a plain one whose attributes are maps.",
        "API, shape AttributeValue",
        "see AttributeValue; a plain item has no type descriptors",
        _descriptors,
    ),
)
