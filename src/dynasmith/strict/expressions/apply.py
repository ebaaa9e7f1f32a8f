"""What an update makes of an item, or why it cannot be made: paths that lead nowhere, operands of another type."""

import copy
import decimal
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dynasmith.strict.expressions.evaluate import Item, value_at
from dynasmith.strict.expressions.nodes import DocumentPath, FunctionNode, Node, OperatorNode, UpdateAction, ValueName
from dynasmith.strict.expressions.operand_check import Values
from dynasmith.strict.expressions.paths import ResolvedPath, resolved
from dynasmith.strict.expressions.values import order_key, type_of

WRONG_PATH = "The document path provided in the update expression is invalid for update"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
ABSENT = "The provided expression refers to an attribute that does not exist in the item"
_MEMBERS = {"SS": "S", "NS": "N", "BS": "B"}
_NUMBERS = decimal.Context(prec=38, Emax=125, Emin=-130)


class UpdateError(Exception):
    """The item cannot be updated so; the message is the service's."""


class _Removed:
    """Stands for an element that was removed until every action is done: positions are those of before."""


_REMOVED = _Removed()


def updated(item: Item, actions: tuple[UpdateAction, ...], names: Mapping[str, str], values: Values) -> dict[str, Any]:
    """The item after an update. Raises UpdateError. What SET reads is the item as it was, whatever comes before."""
    after: dict[str, Any] = copy.deepcopy(dict(item))
    evaluated = [
        _value(action.value, item, names, values) if action.clause == "SET" and action.value is not None else None
        for action in actions
    ]
    for action, value in zip(actions, evaluated, strict=True):
        path = resolved(action.path, names)
        place = _place(after, path)
        constant = values[action.value.name] if isinstance(action.value, ValueName) else {}
        if action.clause == "SET":
            _put(place, path[-1], copy.deepcopy(value))
        elif action.clause == "REMOVE":
            _remove(place, path[-1])
        elif action.clause == "ADD":
            _put(place, path[-1], _added(_at(place, path[-1]), constant))
        else:
            left = _without(_at(place, path[-1]), constant)
            if left is None:
                _remove(place, path[-1])
            else:
                _put(place, path[-1], left)
    return {name: _squashed(value) for name, value in after.items()}


def _value(node: Node | None, item: Item, names: Mapping[str, str], values: Values) -> Any:
    if isinstance(node, ValueName):
        return values[node.name]
    if isinstance(node, DocumentPath):
        found = value_at(item, resolved(node, names))
        if found is None:
            raise UpdateError(ABSENT)
        return found
    if isinstance(node, FunctionNode) and node.name == "if_not_exists":
        path, other = node.arguments
        found = value_at(item, resolved(path, names)) if isinstance(path, DocumentPath) else None
        return _value(other, item, names, values) if found is None else found
    if isinstance(node, FunctionNode):
        return {"L": [member for one in node.arguments for member in _typed(_value(one, item, names, values), "L")]}
    assert isinstance(node, OperatorNode)
    first, second = (Decimal(_typed(_value(one, item, names, values), "N")) for one in node.operands)
    return _number(first, second if node.operator == "+" else -second)


def _typed(value: Any, kind: str) -> Any:
    if type_of(value) != kind:
        raise UpdateError(WRONG_TYPE)
    return value[kind]


def _number(one: Decimal, other: Decimal) -> dict[str, str]:
    try:
        total = _NUMBERS.add(one, other)
    except decimal.Overflow:
        raise UpdateError(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        ) from None
    return {"N": f"{total:f}"}


def _place(after: dict[str, Any], path: ResolvedPath) -> Any:
    """The list or map that the last step of a path is in."""
    parent = {"M": after} if len(path) == 1 else value_at(after, path[:-1])
    content = parent.get("L" if isinstance(path[-1], int) else "M") if isinstance(parent, dict) else None
    if content is None:
        raise UpdateError(WRONG_PATH)
    return content


def _at(place: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return place[step] if step < len(place) and place[step] is not _REMOVED else None
    return place.get(step)


def _put(place: Any, step: str | int, value: Any) -> None:
    if isinstance(step, int) and step >= len(place):
        place.append(value)
    else:
        place[step] = value


def _remove(place: Any, step: str | int) -> None:
    if isinstance(step, int):
        if step < len(place):
            place[step] = _REMOVED
    else:
        place.pop(step, None)


def _added(value: Any, more: Mapping[str, Any]) -> Any:
    kind = type_of(more)
    if value is None:
        return copy.deepcopy(dict(more))
    present = _typed(value, kind)
    if kind == "N":
        return _number(Decimal(present), Decimal(more["N"]))
    known = {order_key({_MEMBERS[kind]: member}) for member in present}
    return {kind: [*present, *(one for one in more[kind] if order_key({_MEMBERS[kind]: one}) not in known)]}


def _without(value: Any, less: Mapping[str, Any]) -> Any:
    kind = type_of(less)
    if value is None:
        return None
    gone = {order_key({_MEMBERS[kind]: member}) for member in less[kind]}
    left = [member for member in _typed(value, kind) if order_key({_MEMBERS[kind]: member}) not in gone]
    return {kind: left} if left else None


def _squashed(value: Any) -> Any:
    kind = type_of(value)
    if kind == "L":
        return {"L": [_squashed(member) for member in value["L"] if member is not _REMOVED]}
    return {"M": {name: _squashed(member) for name, member in value["M"].items()}} if kind == "M" else value
