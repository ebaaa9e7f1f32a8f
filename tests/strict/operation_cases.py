"""Requests that the service takes or refuses for what they are: shapes, keys, reads, batches, the old parameters."""

from typing import Any

from strict.request_case import ACCEPTED, API, CONDITION, GUIDE, NOT_FOUND, SERIALIZATION, VALIDATION, RequestCase

_QUERY, _SCAN = API + "API_Query.html", API + "API_Scan.html"
_TYPES = GUIDE + "HowItWorks.NamingRulesDataTypes.html"
_OLD = GUIDE + "LegacyConditionalParameters.html"
_ONE = {"S": "one"}


def _query(name: str, code: str, **more: Any) -> RequestCase:
    return RequestCase(f"query {name}", "Query", {"TableName": "$sorted", **more}, code, _QUERY)


def _where(name: str, condition: str, code: str, names: str = "v", **more: Any) -> RequestCase:
    values = {f":{one}": _ONE for one in names}
    return _query(name, code, KeyConditionExpression=condition, ExpressionAttributeValues=values, **more)


def _scan(name: str, code: str, **more: Any) -> RequestCase:
    return RequestCase(f"scan {name}", "Scan", {"TableName": "$sorted", **more}, code, _SCAN)


def _old(name: str, code: str, **more: Any) -> RequestCase:
    body = {"TableName": "$items", "Item": {"a": {"S": "old"}}, **more}
    return RequestCase(f"old put {name}", "PutItem", body, code, _OLD)


def _old_update(name: str, code: str, **update: Any) -> RequestCase:
    body = {"TableName": "$items", "Key": {"a": {"S": "old"}}, "AttributeUpdates": {"k": update}}
    return RequestCase(f"old update {name}", "UpdateItem", body, code, API + "API_AttributeValueUpdate.html")


def _value(name: str, value: Any, code: str) -> RequestCase:
    return RequestCase(
        f"value {name}", "PutItem", {"TableName": "$items", "Item": {"a": _ONE, "x": value}}, code, _TYPES
    )


def _get(name: str, code: str, **body: Any) -> RequestCase:
    return RequestCase(f"get {name}", "GetItem", body, code, API + "API_GetItem.html")


def _equal(value: Any) -> dict[str, Any]:
    return {"ComparisonOperator": "EQ", "AttributeValueList": [value]}


_START = {"a": _ONE, "b": {"S": "b1"}}

OPERATION_CASES: tuple[RequestCase, ...] = (
    _where("of the key", "a = :v", ACCEPTED),
    _where("of both keys turned round", ":v = a AND b > :w", ACCEPTED, "vw"),
    _where("with parentheses", "(a = :v) AND begins_with(b, :w)", ACCEPTED, "vw"),
    _where("with <> on the sort key", "a = :v AND b <> :w", VALIDATION, "vw"),
    _where("with OR", "a = :v OR a = :w", VALIDATION, "vw"),
    _where("with NOT", "NOT a = :v", VALIDATION),
    _where("with IN", "a IN (:v)", VALIDATION),
    _where("with contains", "a = :v AND contains(b, :w)", VALIDATION, "vw"),
    _where("with a range of the partition key", "a > :v", VALIDATION),
    _where("without the partition key", "b = :v", VALIDATION),
    _where("of an attribute that is no key", "a = :v AND e = :w", VALIDATION, "vw"),
    _where("of three attributes", "a = :v AND b = :w AND e = :v", VALIDATION, "vw"),
    _where("with a key twice", "a = :v AND a = :w", VALIDATION, "vw"),
    _where("into a key", "a = :v AND b.x = :w", VALIDATION, "vw"),
    _query(
        "with a value of another type",
        VALIDATION,
        KeyConditionExpression="a = :v",
        ExpressionAttributeValues={":v": {"N": "1"}},
    ),
    _query("without a condition", VALIDATION),
    _where("with a filter on a key", "a = :v", VALIDATION, "vw", FilterExpression="b = :w"),
    _where(
        "with a filter on the key of an index",
        "c = :v",
        VALIDATION,
        "vw",
        IndexName="global_c",
        FilterExpression="c = :w",
    ),
    _where("of an index that there is not", "a = :v", VALIDATION, IndexName="nowhere"),
    _where("consistently of a global index", "c = :v", VALIDATION, IndexName="global_c", ConsistentRead=True),
    _where(
        "of all attributes of an index with keys only",
        "c = :v",
        VALIDATION,
        IndexName="global_d",
        Select="ALL_ATTRIBUTES",
    ),
    _where(
        "of an attribute that the index lacks", "c = :v", VALIDATION, IndexName="global_d", ProjectionExpression="e"
    ),
    _where("of all attributes of a local index", "a = :v", ACCEPTED, IndexName="local_d", Select="ALL_ATTRIBUTES"),
    _where("of projected attributes without an index", "a = :v", VALIDATION, Select="ALL_PROJECTED_ATTRIBUTES"),
    _where("of a count with a projection", "a = :v", VALIDATION, Select="COUNT", ProjectionExpression="e"),
    _where("that begins at a key", "a = :v", ACCEPTED, ExclusiveStartKey=_START),
    _where("that begins at half a key", "a = :v", VALIDATION, ExclusiveStartKey={"a": _ONE}),
    _where("that begins at another key", "a = :v", VALIDATION, ExclusiveStartKey={**_START, "a": {"S": "two"}}),
    _where("that begins outside of its range", "a = :v AND b > :w", VALIDATION, "vw", ExclusiveStartKey=_START),
    _where("that begins at a key of another type", "a = :v", VALIDATION, ExclusiveStartKey={**_START, "b": {"N": "1"}}),
    _where("of at most nothing", "a = :v", VALIDATION, Limit=0),
    _query("by old conditions", ACCEPTED, KeyConditions={"a": _equal(_ONE)}),
    _query(
        "by both kinds of conditions",
        VALIDATION,
        KeyConditions={"a": _equal(_ONE)},
        KeyConditionExpression="a = :v",
        ExpressionAttributeValues={":v": _ONE},
    ),
    _query(
        "by old conditions with NE",
        VALIDATION,
        KeyConditions={"a": {"ComparisonOperator": "NE", "AttributeValueList": [_ONE]}},
    ),
    _query("by an old filter on a key", VALIDATION, KeyConditions={"a": _equal(_ONE)}, QueryFilter={"b": _equal(_ONE)}),
    _scan("with a filter on a key", ACCEPTED, FilterExpression="b = :v", ExpressionAttributeValues={":v": _ONE}),
    _scan("that begins at an empty key", VALIDATION, ExclusiveStartKey={}),
    _scan("with a segment too many", VALIDATION, Segment=2, TotalSegments=2),
    _scan("with an old filter that needs no value", ACCEPTED, ScanFilter={"e": {"ComparisonOperator": "NOT_NULL"}}),
    _scan(
        "with an old filter with a value too many",
        VALIDATION,
        ScanFilter={"e": {"ComparisonOperator": "NULL", "AttributeValueList": [_ONE]}},
    ),
    _scan(
        "with an old filter of two types",
        VALIDATION,
        ScanFilter={"e": {"ComparisonOperator": "IN", "AttributeValueList": [_ONE, {"N": "1"}]}},
    ),
    _scan(
        "with an old filter that cannot compare its type",
        VALIDATION,
        ScanFilter={"e": {"ComparisonOperator": "LT", "AttributeValueList": [{"BOOL": True}]}},
    ),
    _scan("with an attribute twice", VALIDATION, AttributesToGet=["e", "e"]),
    _scan("with no attributes", VALIDATION, AttributesToGet=[]),
    _old("that expects what is not there", CONDITION, Expected={"k": {"Exists": True, "Value": _ONE}}),
    _old("that expects nothing there", ACCEPTED, Expected={"k": {"ComparisonOperator": "NULL"}}),
    _old("that expects something there", CONDITION, Expected={"k": {"ComparisonOperator": "NOT_NULL"}}),
    _old(
        "that expects one of two",
        ACCEPTED,
        ConditionalOperator="OR",
        Expected={"k": {"ComparisonOperator": "NOT_NULL"}, "j": {"Exists": False}},
    ),
    _old("that expects a value that may not be", VALIDATION, Expected={"k": {"Exists": False, "Value": _ONE}}),
    _old("that expects without a value", VALIDATION, Expected={"k": {"Exists": True}}),
    _old("that expects values without an operator", VALIDATION, Expected={"k": {"AttributeValueList": [_ONE]}}),
    _old(
        "that expects in both ways",
        VALIDATION,
        ConditionExpression="attribute_exists(k)",
        Expected={"k": {"Exists": False}},
    ),
    _old("that wants the new values back", VALIDATION, ReturnValues="ALL_NEW"),
    _old_update("that puts", ACCEPTED, Value=_ONE),
    _old_update("that puts nothing", VALIDATION, Action="PUT"),
    _old_update("that deletes a part of a text", VALIDATION, Action="DELETE", Value=_ONE),
    _old_update("that adds a text", VALIDATION, Action="ADD", Value=_ONE),
    _value("empty", {}, VALIDATION),
    _value("of an unknown type", {"Z": "x"}, VALIDATION),
    _value("of a number as a number", {"N": 1}, SERIALIZATION),
    _value("of a text that is none", {"S": 1}, SERIALIZATION),
    _value("of a set that is a text", {"SS": "x"}, SERIALIZATION),
    _value("of a list in a map", {"M": []}, SERIALIZATION),
    _value("of bytes that are not Base64", {"B": "abc"}, SERIALIZATION),
    _value("that is a text", "x", SERIALIZATION),
    _value("of NULL false", {"NULL": False}, VALIDATION),
    _value("of an empty set", {"NS": []}, VALIDATION),
    _value("of a set with a member twice", {"NS": ["1", "1.0"]}, VALIDATION),
    _value("of 39 digits", {"N": "1" * 39}, VALIDATION),
    _value("of no digits", {"N": "one"}, VALIDATION),
    _value("of an empty text", {"S": ""}, ACCEPTED),
    _get("without a key", VALIDATION, TableName="$items"),
    _get("with a key of another type", VALIDATION, TableName="$items", Key={"a": {"N": "1"}}),
    _get("with a key too many", VALIDATION, TableName="$items", Key={"a": _ONE, "b": _ONE}),
    _get("with an empty key", VALIDATION, TableName="$items", Key={"a": {"S": ""}}),
    _get("with a key that is a list", SERIALIZATION, TableName="$items", Key=[]),
    _get("with a table that is a number", SERIALIZATION, TableName=5, Key={"a": _ONE}),
    _get("of a table that there is not", NOT_FOUND, TableName="nowhere", Key={"a": _ONE}),
    _get(
        "with a bad projection of a table that there is not",
        VALIDATION,
        TableName="nowhere",
        Key={"a": _ONE},
        ProjectionExpression="f(x)",
    ),
    _get("of a table with a bad name", VALIDATION, TableName="a;", Key={"a": _ONE}),
    _get(
        "with a capacity that there is not",
        VALIDATION,
        TableName="$items",
        Key={"a": _ONE},
        ReturnConsumedCapacity="SOME",
    ),
    RequestCase(
        "a batch without requests",
        "BatchWriteItem",
        {"RequestItems": {"$items": []}},
        VALIDATION,
        API + "API_BatchWriteItem.html",
    ),
    RequestCase(
        "a batch with an empty request",
        "BatchWriteItem",
        {"RequestItems": {"$items": [{}]}},
        VALIDATION,
        API + "API_WriteRequest.html",
    ),
    RequestCase(
        "a batch that is a list", "BatchWriteItem", {"RequestItems": []}, SERIALIZATION, API + "API_BatchWriteItem.html"
    ),
    RequestCase(
        "a batch with a key twice",
        "BatchGetItem",
        {"RequestItems": {"nowhere": {"Keys": [{"a": _ONE}, {"a": _ONE}]}}},
        VALIDATION,
        API + "API_BatchGetItem.html",
    ),
    RequestCase(
        "an index key of another type",
        "UpdateItem",
        {
            "TableName": "$sorted",
            "Key": _START,
            "UpdateExpression": "SET c = :v",
            "ExpressionAttributeValues": {":v": {"N": "1"}},
        },
        VALIDATION,
        GUIDE + "GSI.html",
    ),
)
