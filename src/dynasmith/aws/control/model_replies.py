"""Requests on items as botocore takes them, and its replies and refusals as the engine has them."""

from collections.abc import Mapping
from typing import Any, Final

from dynasmith.aws.control.binary import from_botocore, to_botocore
from dynasmith.aws.errors.cancellation import codes_of
from dynasmith.errors import CancelledAction, ConditionFailed, ServiceError

_TREES: Final = ("Key", "Item", "ExpressionAttributeValues", "ExclusiveStartKey")
_REPLY_TREES: Final = ("Item", "Attributes", "LastEvaluatedKey")


def with_table(operation: str, table: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with its table, as botocore takes it; a part of a transaction may name another."""
    if operation in ("TransactWriteItems", "TransactGetItems"):
        parts = [
            {kind: with_table("", table, part) for kind, part in each.items()} for each in request["TransactItems"]
        ]
        return {**request, "TransactItems": parts}
    if operation == "BatchWriteItem":
        return {"RequestItems": _batch(request["RequestItems"], to_botocore)}
    made = {name: to_botocore(value) if name in _TREES else value for name, value in request.items()}
    return {"TableName": table, **made}


def reply_trees(operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """A reply with its items as DynamoDB JSON."""
    if operation == "BatchWriteItem":
        return {"UnprocessedItems": _batch(answer["UnprocessedItems"], from_botocore)}
    if operation == "TransactGetItems":
        return {"Items": [from_botocore(each["Item"]) if each.get("Item") else None for each in answer["Responses"]]}
    return {name: from_botocore(value) if name in _REPLY_TREES else value for name, value in answer.items()}


def tell(failed: ServiceError, response: Mapping[str, Any]) -> None:
    """Put into an error what botocore's response says: the item as it is, and why each action was cancelled."""
    reasons = response.get("CancellationReasons") or ()
    failed.cancelled = tuple(
        CancelledAction(code, str(each.get("Message") or ""), from_botocore(each.get("Item") or {}) or None)
        for code, each in zip(codes_of(reasons), reasons, strict=True)
    )
    if isinstance(failed, ConditionFailed):
        refused = [place for place, each in enumerate(failed.cancelled) if "ConditionalCheck" in each.code]
        failed.action = refused[0] if refused else 0
        failed.item = (
            failed.cancelled[failed.action].item if refused else from_botocore(response.get("Item") or {}) or None
        )
        failed.sent_again = bool(response.get("ResponseMetadata", {}).get("RetryAttempts"))


def _batch(requests: Mapping[str, Any], change: Any) -> dict[str, Any]:
    return {
        table: [
            {kind: {part: change(tree) for part, tree in write.items()} for kind, write in each.items()}
            for each in writes
        ]
        for table, writes in requests.items()
    }
