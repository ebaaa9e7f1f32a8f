"""Where in a definition file something stands that is named by a path in the words of a definition."""

from collections.abc import Sequence
from typing import Final

from dynasmith.tables.document import Node

_NAMES: Final = ("name", "region", "function", "code", "kind")
"""What tells the members of a list apart."""


def place_of(table: Node, path: str) -> Node:
    """The node of ``global_secondary_indexes.by_status.autoscaling`` below that of its table, or the last one on the
    way to it that is there. A name may have dots itself."""
    node, parts = table, path.split(".") if path else []
    while parts:
        for count in range(len(parts), 0, -1):
            found = _member(node, ".".join(parts[:count]))
            if found is not None:
                node, parts = found, parts[count:]
                break
        else:
            return node
    return node


def _member(node: Node, name: str) -> Node | None:
    if node.is_map:
        return node.entries().get(name)
    return next((each for each in node.members() if name in _names_of(each)), None)


def _names_of(member: Node) -> Sequence[object]:
    if not member.is_map:
        return (member.value,)
    return [member.plain(key) for key in _NAMES if member.get(key) is not None]
