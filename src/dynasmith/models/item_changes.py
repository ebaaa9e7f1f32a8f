"""The item after the actions of an update, made here: what a transform needs, which sends no update."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dynasmith.models.action import Assignment
from dynasmith.models.operand import StoredValue
from dynasmith.models.value_codec import Tree


def changed_attributes(tree: Tree, actions: Iterable[Assignment]) -> dict[str, Tree | None]:
    """The attributes that sets and removes of stored values change, as they are afterwards; None where they are gone.

    What stands beside a changed member of a map is as it was. ``tree`` is not changed.
    """
    item: dict[str, Any] = dict(tree)
    names: dict[str, None] = {}
    for action in actions:
        first, *way = map(str, action.path.parts)
        names[first] = None
        if not way and not action.operands:
            item.pop(first, None)
            continue
        stored = action.operands[0].tree if action.operands and isinstance(action.operands[0], StoredValue) else None
        if way:
            item[first] = _with_member(item[first], way, stored)
        else:
            item[first] = stored
    return {name: item.get(name) for name in names}


def _with_member(value: Tree, way: Sequence[str], stored: Tree | None) -> Tree:
    """A map with one member, however deep, that has another value, or is gone."""
    members, (first, *rest) = dict(value["M"]), way
    if rest:
        members[first] = _with_member(members[first], rest, stored)
    elif stored is None:
        members.pop(first, None)
    else:
        members[first] = stored
    return {"M": members}
