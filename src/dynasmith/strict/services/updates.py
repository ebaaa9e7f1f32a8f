"""Whether an update can be made of the item that is there: engines accept some that the service refuses."""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.expressions.apply import UpdateError, updated
from dynasmith.strict.expressions.evaluate import Evaluation
from dynasmith.strict.expressions.expression import UPDATE
from dynasmith.strict.expressions.nodes import UpdateAction, ValueName
from dynasmith.strict.measures.sizes import ITEM_BYTES_MAX, NotHeld, item_bytes
from dynasmith.strict.rules.keys import index_key_refusal
from dynasmith.strict.rules.rule import Refusal, invalid
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.state.state import StrictIndex, StrictLocalIndex, StrictTable

UPDATE_RULE = "update-applies"


def _depends(action: UpdateAction) -> bool:
    """Whether it depends on the item that is there whether an action can be done, and no engine need be trusted."""
    return len(action.path.parts) > 1 or (action.clause == "SET" and not isinstance(action.value, ValueName))


async def update_refusal(world: StrictWorld, call: IncomingCall, table: StrictTable) -> Refusal | None:
    """The refusal of an UpdateItem that the item as it is cannot take. Costs a GetItem of the engine where the update
    has paths into attributes, or values that follow from attributes; nothing else costs anything.
    """
    update = next((one for one in call.measured.expressions if one.kind == UPDATE), None)
    if update is None or not any(_depends(action) for action in update.expression.actions):
        return None
    if not world.rules.holds(UPDATE_RULE):
        return None
    key = call.body["Key"]
    _, said = await world.ask(call, "GetItem", {"TableName": table.name, "Key": key, "ConsistentRead": True})
    item = said.get("Item") or {}
    condition = next((one for one in call.measured.expressions if one.kind == "ConditionExpression"), None)
    if condition is not None and condition.expression.root is not None:
        evaluation = Evaluation(condition.names, condition.values)
        if not evaluation.holds(condition.expression.root, item):
            return None  # the engine says that it did not hold
    try:
        after = updated(item or key, update.expression.actions, update.names, update.values)
    except UpdateError as error:
        return invalid(str(error))
    return _after_refusal(table, after)


def _after_refusal(table: StrictTable, after: Mapping[str, Any]) -> Refusal | None:
    try:
        size = item_bytes(after)
    except NotHeld as error:
        return invalid(str(error))
    if size > ITEM_BYTES_MAX:
        return invalid("Item size to update has exceeded the maximum allowed size")
    indexes: list[StrictIndex | StrictLocalIndex] = [*table.gsis.values(), *table.lsis.values()]
    for index in indexes:
        refusal = index_key_refusal(table, index, after)
        if refusal is not None:
            return refusal
    return None
