"""Items and requests that the service refuses, and those of the edge that it takes."""

from typing import Any

import pytest

from dynasmith.strict import StrictServer
from strict_tables import defined, index, ready, refused


@pytest.fixture
def table(server: StrictServer, client: Any) -> Any:
    """A table with a binary sort key and an index over a number."""
    ready(
        server,
        client,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=defined("pk", sk="B", n="N", a="S"),
        GlobalSecondaryIndexes=[index("by_n", "n"), index("by_a", "a")],
    )
    return client


def _item(**more: Any) -> dict[str, Any]:
    return {"pk": {"S": "1"}, "sk": {"B": b"1"}, **more}


def _refusal(table: Any, **more: Any) -> str:
    code, message = refused(table.put_item, TableName="tab", Item=_item(**more))
    assert code == "ValidationException"
    return message


def test_an_item_with_a_wrong_type_for_an_index_key(table: Any) -> None:
    assert _refusal(table, n={"S": "12"}) == (
        "One or more parameter values were invalid: Type mismatch for Index Key n Expected: N Actual: S IndexName: by_n"
    )
    code, message = refused(
        table.update_item,
        TableName="tab",
        Key=_item(),
        UpdateExpression="SET #n = :n, v = :v REMOVE z",
        ExpressionAttributeNames={"#n": "n"},
        ExpressionAttributeValues={":n": {"S": "12"}, ":v": {"S": "v"}},
    )
    assert (code, "Type mismatch for Index Key n" in message) == ("ValidationException", True)
    table.put_item(TableName="tab", Item=_item(n={"N": "12"}))


def test_an_empty_key_of_table_or_index(table: Any) -> None:
    assert "cannot contain an empty string value. Key: pk" in _refusal(table, pk={"S": ""})
    assert "cannot contain an empty binary value. Key: sk" in _refusal(table, sk={"B": b""})
    assert "cannot contain an empty string value. IndexName: by_a, IndexKey: a" in _refusal(table, a={"S": ""})
    table.put_item(TableName="tab", Item=_item(other={"S": ""}))


def test_keys_that_are_too_long(table: Any) -> None:
    assert "hashkey has exceeded the maximum size limit of2048 bytes" in _refusal(table, pk={"S": "é" * 1025})
    assert "range keys has exceeded the size limit of 1024 bytes" in _refusal(table, sk={"B": b"x" * 1025})
    assert "IndexName: by_a, IndexKey: a" in _refusal(table, a={"S": "x" * 2049})
    table.put_item(TableName="tab", Item=_item(pk={"S": "é" * 1024}, sk={"B": b"x" * 1024}, a={"S": "x" * 2048}))


def test_a_key_that_is_not_the_tables(table: Any) -> None:
    assert "Type mismatch for key pk expected: S actual: N" in _refusal(table, pk={"N": "1"})
    code, message = refused(table.put_item, TableName="tab", Item={"pk": {"S": "1"}})
    assert message == "One or more parameter values were invalid: Missing the key sk in the item"
    for key in ({"pk": {"S": "1"}}, _item(more={"S": "x"}), {"pk": {"N": "1"}, "sk": {"B": b"1"}}):
        code, message = refused(table.get_item, TableName="tab", Key=key)
        assert (code, message) == ("ValidationException", "The provided key element does not match the schema")


@pytest.mark.parametrize(
    ("number", "part"),
    [
        ("1" * 39, "more than 38 significant digits"),
        ("0." + "1" * 39, "more than 38 significant digits"),
        ("1E126", "Number overflow"),
        ("-9.9E-131", "Number underflow"),
        ("NaN", "cannot be converted to a numeric value: NaN"),
        ("", "cannot be converted to a numeric value"),
        ("0x1f", "cannot be converted to a numeric value"),
    ],
)
def test_numbers_that_dynamodb_has_not(table: Any, number: str, part: str) -> None:
    assert part in _refusal(table, v={"M": {"deep": {"L": [{"N": number}]}}})


@pytest.mark.parametrize("number", ["1" * 38, "1" * 38 + "0" * 80, "1E-130", "9.9999E125", "-0", "000012.50"])
def test_numbers_of_the_edge(table: Any, number: str) -> None:
    table.put_item(TableName="tab", Item=_item(v={"N": number}))


def test_sets_and_depth(table: Any) -> None:
    assert "duplicates" in _refusal(table, v={"NS": ["1", "1.0"]})
    assert "may not be empty" in _refusal(table, v={"SS": []})

    def nested(levels: int) -> dict[str, Any]:
        value: dict[str, Any] = {"S": "x"}
        for _ in range(levels):
            value = {"M": {"d": value}}
        return value

    assert "Nesting Levels" in _refusal(table, v=nested(32))
    table.put_item(TableName="tab", Item=_item(v=nested(31)))


def test_an_item_of_400_kb_and_one_byte_more(table: Any) -> None:
    # pk 2+1, sk 2+1, the name of v: 7 bytes beside the value.
    fits = 400 * 1024 - 7
    table.put_item(TableName="tab", Item=_item(v={"S": "x" * fits}))
    assert _refusal(table, v={"S": "x" * (fits + 1)}) == "Item size has exceeded the maximum allowed size"


def _put(number: int) -> dict[str, Any]:
    return {"PutRequest": {"Item": _item(pk={"S": str(number)})}}


def test_batches_have_their_limits(server: StrictServer, table: Any) -> None:
    code, message = refused(table.batch_write_item, RequestItems={"tab": [_put(n) for n in range(26)]})
    assert code == "ValidationException"
    assert "length less than or equal to 25" in message
    ready(server, table, "other", AttributeDefinitions=defined("pk"))
    both = {
        "tab": [_put(n) for n in range(20)],
        "other": [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(6)],
    }
    assert "Too many items requested" in refused(table.batch_write_item, RequestItems=both)[1]
    keys = [_item(pk={"S": str(n)}) for n in range(101)]
    code, message = refused(table.batch_get_item, RequestItems={"tab": {"Keys": keys}})
    assert (code, "less than or equal to 100" in message) == ("ValidationException", True)
    table.batch_get_item(RequestItems={"tab": {"Keys": keys[:100]}})
    actions = [{"Put": {"TableName": "tab", "Item": key}} for key in keys]
    assert "less than or equal to 100" in refused(table.transact_write_items, TransactItems=actions)[1]
    large = [{"PutRequest": {"Item": _item(pk={"S": str(n)}, v={"B": b"x" * 390_000})}} for n in range(25)]
    table.batch_write_item(RequestItems={"tab": large[:2]})


def test_a_batch_of_more_than_16_mb(table: Any) -> None:
    item = {"v": {"S": "x" * 700_000}}
    writes = [{"PutRequest": {"Item": _item(pk={"S": str(n)}, **item)}} for n in range(25)]
    assert "exceeds the limit of 16 MB" in refused(table.batch_write_item, RequestItems={"tab": writes})[1]


def test_the_same_key_twice(table: Any) -> None:
    code, message = refused(table.batch_write_item, RequestItems={"tab": [_put(1), _put(1)]})
    assert (code, message) == ("ValidationException", "Provided list of item keys contains duplicates")
    delete = {"DeleteRequest": {"Key": _item(pk={"S": "1"})}}
    assert "duplicates" in refused(table.batch_write_item, RequestItems={"tab": [_put(1), delete]})[1]
    keys = [_item(), _item()]
    assert "duplicates" in refused(table.batch_get_item, RequestItems={"tab": {"Keys": keys}})[1]
    twice = [{"Delete": {"TableName": "tab", "Key": _item()}}, {"Put": {"TableName": "tab", "Item": _item()}}]
    message = refused(table.transact_write_items, TransactItems=twice)[1]
    assert message == "Transaction request cannot include multiple operations on one item"


def test_expressions_say_exactly_what_they_use(table: Any) -> None:
    scan = {"TableName": "tab"}
    one = {":v": {"S": "1"}}
    two = {":v": {"S": "1"}, ":w": {"S": "1"}}
    message = refused(table.scan, **scan, FilterExpression="v = :v", ExpressionAttributeValues=two)[1]
    assert message == "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}"
    names = {"#a": "a", "#b": "b"}
    message = refused(table.scan, **scan, ProjectionExpression="#a", ExpressionAttributeNames=names)[1]
    assert message == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"
    message = refused(table.scan, **scan, FilterExpression="v = :x OR v = :v", ExpressionAttributeValues=one)[1]
    assert "not defined; attribute value: :x" in message
    message = refused(table.scan, **scan, FilterExpression="v.#q = :v", ExpressionAttributeValues=one)[1]
    assert "not defined; attribute name: #q" in message
    message = refused(table.scan, **scan, FilterExpression="status = :v", ExpressionAttributeValues=one)[1]
    assert message == ("Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: status")
    update = {"TableName": "tab", "Key": _item(), "ExpressionAttributeValues": one}
    message = refused(table.update_item, **update, UpdateExpression="SET name = :v")[1]
    assert message == "Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: name"
    filters = "size(v) > :n AND attribute_exists(a) AND NOT v BETWEEN :v AND :v AND v IN (:v) AND begins_with(a, :v)"
    table.scan(**scan, FilterExpression=filters, ExpressionAttributeValues={**one, ":n": {"N": "1"}})
    table.update_item(**update, UpdateExpression="SET v = if_not_exists(v, :v) REMOVE z")


def test_a_request_is_held_against_the_service_model(server: StrictServer, client_of: Any) -> None:
    blind = client_of(server.endpoint, parameter_validation=False)
    assert refused(blind.create_table, TableName="tab", BillingMode="CHEAP") == (
        "ValidationException",
        (
            "1 validation error detected: Value 'CHEAP' at 'billingMode' failed to satisfy constraint: "
            "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"
        ),
    )
    message = refused(blind.put_item, TableName="tab")[1]
    assert "Value null at 'item' failed to satisfy constraint: Member must not be null" in message
    message = refused(blind.scan, TableName="tab", TotalSegments=0, Segment=0)[1]
    assert "Value '0' at 'totalSegments' failed to satisfy constraint: Member must have value greater than" in message


def test_segments_of_a_scan(table: Any) -> None:
    assert (
        "Segment: 4 is not less than TotalSegments: 4"
        in refused(table.scan, TableName="tab", Segment=4, TotalSegments=4)[1]
    )
    assert "TotalSegments parameter is required" in refused(table.scan, TableName="tab", Segment=1)[1]
    code, message = refused(table.scan, TableName="tab", IndexName="by_n", ConsistentRead=True)
    assert (code, message) == (
        "ValidationException",
        "Consistent reads are not supported on global secondary indexes",
    )
