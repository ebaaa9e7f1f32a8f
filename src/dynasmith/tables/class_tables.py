"""Tables of model classes among those of definition files: a table that both define is one, where they agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from dynasmith.tables.definition_keys import TABLE
from dynasmith.tables.document import Node
from dynasmith.tables.document_kinds import Block, DocumentKey, Kind, ListOf, MapOf, relaxed
from dynasmith.tables.document_shape import shape
from dynasmith.tables.findings import DefinitionFinding, finding_at
from dynasmith.tables.overlay import name_of, overlay
from dynasmith.tables.table import Table

TableOf = Callable[[Node], Table | None]
"""The table of a document, None where it has a mistake."""
_TABLES: Final = ListOf(TABLE, by="name")
_PARTIAL: Final = relaxed(TABLE)
"""A table of which only something is said: the rest is said by the class."""
_SHAPE: Final = ("key_schema", "attributes")
"""What a table has to agree on before anything else of it can be compared."""


def with_classes(
    members: Sequence[Node], classes: Sequence[Node], table_of: TableOf, findings: list[DefinitionFinding]
) -> list[Node]:
    """The tables of files with those of classes. What only one of them says of a table is added to the other; where
    they say different things, that is a finding at the place in the file that names the class."""
    together = list(members)
    places = {name_of(member, _TABLES): place for place, member in reversed(list(enumerate(together)))}
    for one in classes:
        place = places.get(name_of(one, _TABLES))
        if place is None:
            together.append(one)
            continue
        file = together[place]
        found = _contradictions(file, one, table_of)
        findings.extend(found)
        # Where they contradict, the file is read alone: what the class adds would only be further mistakes.
        together[place] = file if found and file.get("key_schema") else overlay(one, file, TABLE)
    return together


def _contradictions(file: Node, one: Node, table_of: TableOf) -> list[DefinitionFinding]:
    """A finding for each key of which both say something else."""
    mistakes: list[DefinitionFinding] = []
    said, of_class = shape(file, _PARTIAL, mistakes), shape(one, _PARTIAL, mistakes)
    if mistakes:
        return []  # they are found again when the table is read
    both = [key for key in TABLE.keys if key.name in said.entries() and key.name in of_class.entries()]
    different = [key for key in both if key.name in _SHAPE and _differs_in_shape(key, said, of_class)]
    if not different:
        merged = overlay(of_class, said, TABLE)
        different = [key for key in both if key.name not in _SHAPE and _differs(key, merged, said, of_class, table_of)]
    return [_finding(key.kind, said.entries()[key.name], of_class.entries()[key.name]) for key in different]


def _differs_in_shape(key: DocumentKey, said: Node, of_class: Node) -> bool:
    """Whether the key of the table, or the type of an attribute that both name, is another one."""
    own, other = said.plain(key.name), of_class.plain(key.name)
    if key.name == "key_schema":
        return sorted(map(repr, own)) != sorted(map(repr, other))
    types = {each.get("name"): each.get("type") for each in other}
    return any(types.get(each.get("name"), each.get("type")) != each.get("type") for each in own)


def _differs(key: DocumentKey, merged: Node, said: Node, of_class: Node, table_of: TableOf) -> bool:
    """Whether it makes another table to take the class's word for this key, not the file's."""
    own, other = said.entries()[key.name], of_class.entries()[key.name]
    swapped = merged.with_value({**merged.entries(), key.name: overlay(own, other, key.kind)})
    before, after = table_of(merged), table_of(swapped)
    if before is None or after is None:
        return bool(own.plain() != other.plain())
    return any(not same_setting(getattr(before, name), getattr(after, name)) for name in Table.__struct_fields__)


def same_setting(one: Any, other: Any) -> bool:
    """Whether two values of one field of `Table` say the same; the order of several things means nothing."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return bool(one == other)


def _finding(kind: Kind, said: Node, of_class: Node) -> DefinitionFinding:
    place = _place(kind, said, of_class)
    hint = "a class and a file that define one table must agree; remove it from one of them"
    return finding_at(place, "D016", f"is not what {of_class.file} says", hint)


def _place(kind: Kind, said: Node, of_class: Node) -> Node:
    """The part of ``said`` that differs, as small as it has a name."""
    pairs: list[tuple[Node, Node | None]] = []
    if isinstance(kind, ListOf) and kind.by:
        others = {name_of(member, kind): member for member in of_class.members()}
        pairs = [(member, others.get(name_of(member, kind))) for member in said.members()]
    elif isinstance(kind, Block | MapOf):
        pairs = [(value, of_class.get(name)) for name, value in said.entries().items()]
    different = [own for own, other in pairs if other is not None and own.plain() != other.plain()]
    return different[0] if different else said
