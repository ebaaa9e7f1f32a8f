"""The policy templates of SAM that are about tables, as statements.

Source: AWS SAM Developer Guide, "AWS SAM policy template list".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Statements = list[dict[str, Any]]
_READ: Final = ("GetItem", "Scan", "Query", "BatchGetItem", "DescribeTable")
_CRUD: Final = (
    *("GetItem", "DeleteItem", "PutItem", "Scan", "Query", "UpdateItem", "BatchWriteItem", "BatchGetItem"),
    *("DescribeTable", "ConditionCheckItem"),
)
_WRITE: Final = ("PutItem", "UpdateItem", "BatchWriteItem")


def _on_table(actions: Sequence[str]) -> Callable[[Any], Statements]:
    def made(table: Any) -> Statements:
        return [_statement(actions, [_arn(table), _arn(table, "/index/*")])]

    return made


def _of_stream(table: Any) -> Statements:
    reading = ("DescribeStream", "GetRecords", "GetShardIterator")
    return [
        _statement(reading, [_arn(table, "/stream/*")]),
        _statement(("ListStreams",), [_arn(table, "/stream/*")]),
    ]


def _reconfigured(table: Any) -> Statements:
    return [_statement(("UpdateTable",), [_arn(table)])]


SAM_POLICIES: Final[Mapping[str, Callable[[Any], Statements]]] = {
    "DynamoDBCrudPolicy": _on_table(_CRUD),
    "DynamoDBReadPolicy": _on_table(_READ),
    "DynamoDBWritePolicy": _on_table(_WRITE),
    "DynamoDBReconfigurePolicy": _reconfigured,
    "DynamoDBStreamReadPolicy": _of_stream,
}
"""The statements of each template for a table; the table is a value of the template."""


def _statement(actions: Sequence[str], resources: list[Any]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [f"dynamodb:{each}" for each in actions], "Resource": resources}


def _arn(table: Any, part: str = "") -> Any:
    text = "arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${table}" + part
    return {"Fn::Sub": [text, {"table": table}]}
