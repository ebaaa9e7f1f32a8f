"""Answers to writes of items that the guard counts and does not send, so that the code after them is rehearsed too.

A write is answered as if it had succeeded and consumed nothing. What it returns is made of the item as it is now; an
update whose expression is more than plain assignments and removals has no answer, and is refused.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

COUNTED: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
"""Writes of items. A PartiQL statement is refused: what it would return depends on it."""
_NOTHING: Final = ("", "NONE")
_SECTION: Final = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\b", re.IGNORECASE)
_ASSIGNED: Final = re.compile(r"\s*([#\w]+)\s*=\s*(:\w+)\s*")
_NAME: Final = re.compile(r"\s*([#\w]+)\s*")


def key_to_read(operation: str, request: Mapping[str, Any]) -> dict[str, Any] | None:
    """The GetItem of the item of which a counted write returns something; None where it returns nothing."""
    if operation not in ("UpdateItem", "DeleteItem") or request.get("ReturnValues", "") in _NOTHING:
        return None
    return {"TableName": request.get("TableName"), "Key": request.get("Key"), "ConsistentRead": True}


def counted_answer(
    operation: str, request: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """The answer to a write that is not sent, on the item ``before``; None where it cannot be known."""
    answer: dict[str, Any] = {"UnprocessedItems": {}} if operation == "BatchWriteItem" else {}
    wanted = request.get("ReturnValues", "")
    if wanted not in _NOTHING:
        shown = before if wanted == "ALL_OLD" else _after(request, before) if wanted == "ALL_NEW" else None
        if shown is None and wanted != "ALL_OLD":
            return None
        if shown:
            answer["Attributes"] = shown
    if request.get("ReturnConsumedCapacity", "NONE") != "NONE":
        used = [{"TableName": name, "CapacityUnits": 0.0} for name in _tables(operation, request)]
        answer["ConsumedCapacity"] = used if operation in ("BatchWriteItem", "TransactWriteItems") else used[0]
    return answer


def _after(request: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The item after an update of plain assignments and removals; None for any other."""
    item = {**request.get("Key", {}), **(before or {})}
    names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
    pieces = _SECTION.split(str(request.get("UpdateExpression") or ""))
    if pieces[0].strip():
        return None
    for section, clauses in zip(pieces[1::2], pieces[2::2], strict=True):
        for clause in clauses.split(","):
            found = (_ASSIGNED if section.upper() == "SET" else _NAME).fullmatch(clause)
            if found is None or section.upper() not in ("SET", "REMOVE"):
                return None
            name = names.get(found[1], found[1])
            if section.upper() == "REMOVE":
                item.pop(name, None)
            elif found[2] not in values:
                return None
            else:
                item[name] = values[found[2]]
    return item


def _tables(operation: str, request: Mapping[str, Any]) -> list[str]:
    if operation == "BatchWriteItem":
        return [str(name) for name in request.get("RequestItems") or {}]
    if operation == "TransactWriteItems":
        parts = [part for each in request.get("TransactItems") or () for part in each.values()]
        return list(dict.fromkeys(str(part.get("TableName")) for part in parts))
    return [str(request.get("TableName"))]
