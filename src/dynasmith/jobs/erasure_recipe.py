"""What an erasure of one person looks for in each table: keys and conditions with a place for the value. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.condition.tree import AllOf, Compare, FunctionCall, Node, Path, Value
from dynasmith.items.number import number_fault
from dynasmith.tables.table import KeyAttribute, Table, known

KEYS_KEPT: Final = 2_000
"""Hashes of keys that the record of a job keeps for a table; more are counted."""
ErasureState: TypeAlias = Literal["waiting", "running", "done", "failed"]
_BRACES: Final = re.compile(r"\{(\w+)\}")
_QUOTED_OR_NAME: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|:(\w+)")


class ErasureTable(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where one table has the person: under a partition ``key`` (a template; the value itself where it is left out
    beside an ``index``) of the table or of the index, perhaps with sort keys that begin with ``sort``, or, found by
    reading the whole table, where ``where`` holds. ``type`` is the type of the value in ``where``."""

    key: str = ""
    index: str = ""
    sort: str = ""
    where: str = ""
    type: Literal["S", "N"] = "S"

    @property
    def scans(self) -> bool:
        """Whether the whole table is read."""
        return not (self.key or self.index)


class ErasureRecipe(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ``[erase.NAME]`` says: what the value is called, and the tables."""

    argument: str = "value"
    tables: dict[str, ErasureTable] = {}


class ErasedTable(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the erasure of one table is, and what it came to; no value and no key of an item.

    ``keys`` are keyed hashes of the keys of items that were found (`KEYS_KEPT` of them, ``more`` counts the others),
    ``left`` those that others changed meanwhile, so that they are not the person's. ``verified_at`` is when a read of
    the table found nothing any more. ``remains`` says what may still hold the person.
    """

    table: str
    by: ErasureTable
    state: ErasureState = "waiting"
    keys: tuple[str, ...] = ()
    more: int = 0
    left: int = 0
    verified_at: str = ""
    reason: str = ""
    remains: tuple[str, ...] = ()

    @property
    def found(self) -> int:
        """How many items were found."""
        return len(self.keys) + self.more

    @property
    def deleted(self) -> int:
        """How many items were deleted."""
        return self.found - self.left

    @property
    def how(self) -> str:
        """How they were found, in words."""
        if self.by.scans:
            return "every item was read"
        return f"by index {self.by.index}" if self.by.index else "by key"


def check_erasure(name: str, recipe: ErasureRecipe) -> None:
    """Raise UsageError for a recipe that would find what is not the person's, or nothing."""
    what, place = f"Recipe {name}", f"{{{recipe.argument}}}"
    if not recipe.tables:
        raise UsageError(f"{what} names no tables.", hint=f"write [erase.{name}.tables.TABLE] for each")
    if not recipe.argument.isidentifier():
        raise UsageError(f"{what}: argument is {recipe.argument!r}.", hint="use a name, such as customer_id")
    for table, by in recipe.tables.items():
        if by.index and by.where:
            raise UsageError(
                f"{what}, {table}: where cannot be checked in an index.", hint="use index, or where without it"
            )
        if by.sort and by.scans:
            raise UsageError(f"{what}, {table}: sort belongs to a key.", hint="add key or index")
        for template in (by.key, by.sort):
            if wrong := [each for each in _BRACES.findall(template) if each != recipe.argument]:
                raise UsageError(f"{what}, {table}: {{{wrong[0]}}} is not known.", hint=f"the value is {place}")
        if by.key and place not in by.key:
            raise UsageError(f"{what}, {table}: key has no {place}, so it is not the person's.", hint=f"USER#{place}")
        if by.scans and not by.where:
            raise UsageError(f"{what}, {table}: nothing says which items.", hint="add key, index or where")
        if by.where:
            names = {found[1] for found in _QUOTED_OR_NAME.finditer(by.where) if found[1]}
            if wrong := sorted(names - {recipe.argument}):
                raise UsageError(f"{what}, {table}: :{wrong[0]} is not known.", hint=f"the value is :{recipe.argument}")
            if by.scans and not names:
                raise UsageError(
                    f"{what}, {table}: where has no :{recipe.argument}, so it is not the person's.",
                    hint=f'where = "owner = :{recipe.argument}"',
                )
            where_node(recipe.argument, by, "1")


class PersonQuery(Struct, frozen=True):
    """What is asked of one table: ``key`` of a Query (None for a Scan), ``filter`` what items must meet beside it, and
    ``still``, what must hold when an item is deleted."""

    key: Node | None
    filter: Node | None
    still: Node | None


def person_query(argument: str, by: ErasureTable, table: Table, value: str) -> PersonQuery:
    """The query of a table for a value. Raises UsageError where the table has no such index, or the value is not of the
    type of its key; the sentence does not repeat the value."""
    condition = where_node(argument, by, value) if by.where else None
    if by.scans:
        return PersonQuery(None, condition, condition)
    partition, sort = _key_of(table, by.index)
    made = (by.key or f"{{{argument}}}").replace(f"{{{argument}}}", value)
    node: Node = Compare("=", Path((partition.name,)), Value(_typed(table.name, partition, made)))
    if by.sort:
        if sort is None or sort.type != "S":
            raise UsageError(f"Table {table.name} has no sort key of text there.", hint="remove sort from the recipe")
        begin = by.sort.replace(f"{{{argument}}}", value)
        node = AllOf((node, FunctionCall("begins_with", Path((sort.name,)), Value(begin))))
    return PersonQuery(node, condition, node if by.index else condition)


def where_node(argument: str, by: ErasureTable, value: str) -> Node:
    """The condition of a table with the value in it. Raises UsageError where that is not a number and should be."""
    if by.type == "N" and number_fault(value):
        raise UsageError(f"The value of {argument} is not a number, and the recipe says so.", hint='type = "S"')
    literal = value if by.type == "N" else "'" + value.replace("'", "''") + "'"
    return parse_condition(_QUOTED_OR_NAME.sub(lambda found: literal if found[1] else found[0], by.where)).node


def _key_of(table: Table, index: str) -> tuple[KeyAttribute, KeyAttribute | None]:
    key = table.key
    if index:
        keys = {each.name: each.key for each in known(table.indexes, ())}
        keys |= {each.name: each.key for each in known(table.local_indexes, ())}
        if index not in keys:
            names = ", ".join(keys) or "none"
            raise UsageError(f"Table {table.name} has no index {index}.", hint=f"there are: {names}")
        key = keys[index]
    if len(key.partition) != 1:
        raise UsageError(f"The key of {index or table.name} has several partition attributes.", hint="use where")
    return key.partition[0], key.sort[0] if key.sort else None


def _typed(table: str, attribute: KeyAttribute, text: str) -> str | Decimal:
    if attribute.type == "N":
        if number_fault(text):
            raise UsageError(
                f"{attribute.name} of {table} is a number, and what the recipe makes of the value is none.",
                hint="check the value, and the key of the recipe",
            )
        return Decimal(text)
    if attribute.type == "B":
        raise UsageError(f"{attribute.name} of {table} is binary, which a recipe cannot name.", hint="use where")
    return text


def with_keys(table: ErasedTable, hashes: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The hashes of a table with some more, each once, and how many are not kept."""
    every = dict.fromkeys((*table.keys, *hashes))
    kept = tuple(every)[:KEYS_KEPT]
    return kept, table.more + len(every) - len(kept)
