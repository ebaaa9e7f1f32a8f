"""How a write is asked of the engine where it says something that not every engine understands.

Parameters from before there were expressions become expressions, and expressions are written without parentheses around
operands: engines refuse some of them, or do half of what they say.
"""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.expressions.engine_form import compares_paths, for_engines
from dynasmith.strict.expressions.evaluate import projected
from dynasmith.strict.expressions.expression import UPDATE, Expression, read_expression
from dynasmith.strict.expressions.old_conditions import Placeholders, actions_of, condition_of
from dynasmith.strict.expressions.paths import ResolvedPath, resolved
from dynasmith.strict.expressions.text import text_of, update_text
from dynasmith.strict.services.world import IncomingCall

_WHOLE = {"UPDATED_NEW": "ALL_NEW", "UPDATED_OLD": "ALL_OLD"}
_OLD = ("Expected", "ConditionalOperator", "AttributeUpdates")


def engine_body(call: IncomingCall) -> Mapping[str, Any]:
    """The body of PutItem, UpdateItem or DeleteItem for the engine; the call's own where nothing is to be changed."""
    if any(member in call.body for member in _OLD):
        return _translated(call.body)
    rewritten = _rewritten(call.body)
    if returned_paths(call):
        rewritten["ReturnValues"] = _WHOLE[call.body["ReturnValues"]]
    return {**call.body, **rewritten} if rewritten else call.body


def returned_paths(call: IncomingCall) -> list[ResolvedPath]:
    """The paths of an update of which the answer has no more than them; empty where the engine's answer is right."""
    if call.body.get("ReturnValues") not in _WHOLE:
        return []
    paths = [resolved(action.path, one.names) for one in call.measured.expressions for action in one.expression.actions]
    return paths if any(len(path) > 1 for path in paths) else []


def returned(call: IncomingCall, said: dict[str, Any]) -> dict[str, Any]:
    """The answer of the engine with just the updated parts of its Attributes."""
    paths = returned_paths(call)
    if not paths or "Attributes" not in said:
        return said
    kept = projected(said.pop("Attributes"), paths)
    return {**said, "Attributes": kept} if kept else said


def engine_transaction(call: IncomingCall) -> Mapping[str, Any]:
    """The body of TransactWriteItems for the engine; the call's own where nothing is to be changed."""
    if not any(_is_unusual(one.expression) for one in call.measured.expressions):
        return call.body
    actions = [
        {kind: {**part, **_rewritten(part)} for kind, part in action.items()} for action in call.body["TransactItems"]
    ]
    return {**call.body, "TransactItems": actions}


def _is_unusual(read: Expression) -> bool:
    return read.grouped_operand or (read.root is not None and compares_paths(read.root))


def _rewritten(holder: Mapping[str, Any]) -> dict[str, Any]:
    """The expressions of a write that are put otherwise for the engine."""
    found: dict[str, Any] = {}
    for kind in (UPDATE, "ConditionExpression"):
        read = read_expression(kind, holder[kind]) if kind in holder else None
        if read is not None and _is_unusual(read):
            found[kind] = update_text(read.actions) if read.root is None else text_of(for_engines(read.root))
    return found


def _translated(said: Mapping[str, Any]) -> dict[str, Any]:
    """Expected and AttributeUpdates as expressions."""
    given = Placeholders("o")
    body = {name: value for name, value in said.items() if name not in _OLD}
    condition = condition_of(said.get("Expected") or {}, said.get("ConditionalOperator", "AND"), given)
    if condition is not None:
        body["ConditionExpression"] = text_of(condition)
    actions = tuple(actions_of(said.get("AttributeUpdates") or {}, given))
    if actions:
        body[UPDATE] = update_text(actions)
    if given.names:
        body["ExpressionAttributeNames"] = given.names
    if given.values:
        body["ExpressionAttributeValues"] = given.values
    return body
