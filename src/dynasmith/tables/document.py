"""`Node`: a document as it was written, each value with the place it came from.

The readers in `files/` make one tree of it, whatever the format; everything after them (overrides, variables, shape,
rules) works on nodes, so that each finding can say file, line and path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

# Keys that can stand in a path as they are; the others are written as ["key"].
_BARE_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*\Z")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document and where it stands.

    ``value`` is a dict of nodes, a tuple of nodes, text, a number, a boolean or None. ``line`` and ``column`` start at
    1 and are those of the key where the value has one. ``path`` is the way inside the file
    (``tables[0].key_schema[1]``). ``text`` is a number or a word as it was written. ``variable`` says that the whole
    text came from one ``${VAR}``, so that it may stand for a number or a boolean. ``broken`` says that a part of it
    was wrong and has been left out; ``meant`` are the keys that misspelt ones probably stood for.
    """

    value: Any
    file: str
    line: int = 1
    column: int = 1
    path: str = ""
    text: str = ""
    variable: bool = False
    broken: bool = False
    meant: frozenset[str] = frozenset()

    @property
    def is_map(self) -> bool:
        """Is it a map of named values?"""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Is it a list of values?"""
        return isinstance(self.value, tuple)

    def entries(self) -> Mapping[str, Node]:
        """The named values; none where it is no map."""
        return self.value if isinstance(self.value, dict) else {}

    def members(self) -> tuple[Node, ...]:
        """The values of a list; none where it is no list."""
        return self.value if isinstance(self.value, tuple) else ()

    def get(self, *way: str | int) -> Node | None:
        """The node at the end of that way of keys and positions, or None where there is none."""
        node: Node | None = self
        for part in way:
            if node is None:
                return None
            if isinstance(part, int):
                members = node.members()
                node = members[part] if 0 <= part < len(members) else None
            else:
                node = node.entries().get(part)
        return node

    def nearest(self, *way: str | int) -> Node:
        """The node at the end of that way, or the last one on the way to it that exists."""
        node = self
        for part in way:
            following = node.get(part)
            if following is None:
                return node
            node = following
        return node

    def plain(self, *way: str | int) -> Any:
        """The value at the end of that way without places: dicts, lists, text, numbers; None where there is none."""
        node = self.get(*way)
        return None if node is None else _plain(node)

    def with_value(self, value: Any, **changes: Any) -> Node:
        """The same place with another value."""
        return replace(self, value=value, **changes)

    def walk(self) -> Iterator[Node]:
        """This node and every node below it, in the order of the document."""
        yield self
        below = self.entries().values() if self.is_map else self.members()
        for node in below:
            yield from node.walk()


def _plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(value) for key, value in node.value.items()}
    if isinstance(node.value, tuple):
        return [_plain(value) for value in node.value]
    return node.value


def join_path(path: str, part: str | int) -> str:
    """The path of a key or a position below ``path``."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    if not _BARE_KEY.match(part):
        return f"{path}[{json.dumps(part, ensure_ascii=False)}]"
    return f"{path}.{part}" if path else part


def node_of(value: Any, file: str, path: str = "") -> Node:
    """A document in Python as nodes; ``file`` is how findings name where it is from."""
    if isinstance(value, Mapping):
        entries = {name: node_of(member, file, join_path(path, name)) for name, member in value.items()}
        return Node(entries, file, 0, path=path)
    if isinstance(value, list | tuple):
        members = tuple(node_of(member, file, join_path(path, place)) for place, member in enumerate(value))
        return Node(members, file, 0, path=path)
    return Node(value, file, 0, path=path, text="" if isinstance(value, str) else str(value))
