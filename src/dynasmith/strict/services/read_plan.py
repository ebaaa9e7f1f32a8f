"""How a Query or Scan is asked of the engine: bare, so that filter, projection and count are the endpoint's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dynasmith.strict.expressions.evaluate import Item, projected
from dynasmith.strict.expressions.expression import PROJECTION
from dynasmith.strict.expressions.filter import filter_of
from dynasmith.strict.expressions.key_condition import is_usual, key_constraints
from dynasmith.strict.expressions.old_conditions import Placeholders, condition_of
from dynasmith.strict.expressions.paths import ResolvedPath, resolved
from dynasmith.strict.expressions.request import RequestExpression
from dynasmith.strict.expressions.text import text_of
from dynasmith.strict.rules.items import value_text
from dynasmith.strict.services.world import IncomingCall
from dynasmith.strict.state.state import StrictLocalIndex, StrictTable

_OWN = (
    "FilterExpression",
    "QueryFilter",
    "ScanFilter",
    "ConditionalOperator",
    "KeyConditions",
    "Select",
    PROJECTION,
    "AttributesToGet",
)
_KEY_CONDITION = "KeyConditionExpression"


@dataclass(frozen=True, slots=True)
class EngineRead:
    """``body`` is what the engine is asked, ``keeps`` the filter, ``paths`` the projection, ``counts`` that no items
    are wanted, ``fetches`` that the items of a local index are read from the table.
    """

    body: dict[str, Any]
    keeps: Callable[[Item], bool] | None
    paths: tuple[ResolvedPath, ...] | None
    counts: bool
    fetches: bool

    @property
    def passes(self) -> bool:
        """Whether the items of the engine are the answer as they are."""
        return self.keeps is None and self.paths is None and not self.fetches

    def shown(self, item: Item) -> Item:
        """What is given of an item."""
        return item if self.paths is None else projected(item, self.paths)


def is_bare(call: IncomingCall) -> bool:
    """Whether the engine is asked just what the call asks."""
    return not any(member in call.body for member in _OWN) and all(
        _is_usual(one) for one in call.measured.expressions if one.kind == _KEY_CONDITION
    )


def _is_usual(read: RequestExpression) -> bool:
    root = read.expression.root
    return root is None or (is_usual(root) and not read.expression.grouped_operand)


def plan_of(call: IncomingCall, table: StrictTable) -> EngineRead:
    """The plan of a Query or Scan that the rules let through."""
    by_kind = {one.kind: one for one in call.measured.expressions}
    body = {
        name: value
        for name, value in call.body.items()
        if name not in _OWN and not name.startswith("ExpressionAttribute")
    }
    body.update(_key_condition(call, by_kind.get(_KEY_CONDITION)))
    paths = projection_of(call.body, by_kind.get(PROJECTION))
    select = call.body.get("Select")
    return EngineRead(
        body,
        filter_of(call.body, by_kind.get("FilterExpression")),
        paths,
        select == "COUNT",
        _fetches(call, table, paths),
    )


def projection_of(holder: Mapping[str, Any], read: RequestExpression | None) -> tuple[ResolvedPath, ...] | None:
    """The paths that ProjectionExpression or AttributesToGet name; None for whole items."""
    if read is not None:
        return tuple(resolved(path, read.names) for path in read.expression.paths)
    names = holder.get("AttributesToGet")
    return None if names is None else tuple((name,) for name in names)


def _key_condition(call: IncomingCall, read: RequestExpression | None) -> dict[str, Any]:
    """The condition on keys, with no other names and values than its own."""
    if read is not None and read.expression.root is not None and _is_usual(read):
        text = call.body[_KEY_CONDITION]
        names = {alias: read.names[alias] for alias in read.expression.aliases}
        values = {name: read.values[name] for name in read.expression.values}
    else:
        given = Placeholders("k")
        root = condition_of(_constraints(call, read), "AND", given)
        if root is None:
            return {}
        text, names, values = text_of(root), given.names, given.values
    said: dict[str, Any] = {_KEY_CONDITION: text, "ExpressionAttributeValues": values}
    return said | ({"ExpressionAttributeNames": names} if names else {})


def _constraints(call: IncomingCall, read: RequestExpression | None) -> Mapping[str, Any]:
    if read is None or read.expression.root is None:
        return call.body.get("KeyConditions") or {}
    found = key_constraints(read.expression.root, read.names, read.values)
    return {name: {"ComparisonOperator": one.operator, "AttributeValueList": one.values} for name, one in found.items()}


def page_keys(call: IncomingCall, table: StrictTable) -> dict[str, str]:
    """The text of the partition key that a Query asks for, under its index (the table is ""); empty for others."""
    name = str(call.body.get("IndexName") or "")
    index = table.gsis.get(name)
    attribute = table.partition_key if index is None else index.key_schema[0][0]
    read = next((one for one in call.measured.expressions if one.kind == _KEY_CONDITION), None)
    found = _constraints(call, read).get(attribute) if call.operation == "Query" else None
    values = found.get("AttributeValueList") if isinstance(found, Mapping) else None
    return {name if index is not None else "": value_text(values[0])} if values else {}


def _fetches(call: IncomingCall, table: StrictTable, paths: tuple[ResolvedPath, ...] | None) -> bool:
    """Whether a read of a local index wants more than the index keeps."""
    index = table.lsis.get(str(call.body.get("IndexName")))
    if index is None or index.projection.get("ProjectionType", "ALL") == "ALL":
        return False
    if paths is None:
        return call.body.get("Select") == "ALL_ATTRIBUTES"
    return not {path[0] for path in paths} <= kept_by(table, index)


def kept_by(table: StrictTable, index: StrictLocalIndex) -> set[str]:
    """The attributes that a local index keeps."""
    more = index.projection.get("NonKeyAttributes") or ()
    return {*table.keys, *(name for name, _ in index.key_schema), *more}
