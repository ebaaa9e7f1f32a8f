"""Right replies to other requests, and replies whose members have another type, are not read by the control plane."""

import json
from typing import Any

import pytest
from botocore.session import get_session

from aws.test_broken_replies import Scripted, script, session_of
from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.reply_shapes import shape_fault
from dynasmith.aws.control.tables import AwsTables
from dynasmith.errors import ServiceUnavailable

__all__ = ["script"]

UNITS = {"TableName": "tab", "CapacityUnits": 0.5}
OTHER = {"pk": {"S": "other"}}


def say(script: Scripted, document: Any, status: int = 200) -> None:
    script.body, script.status = json.dumps(document).encode(), status


@pytest.mark.parametrize(
    "document",
    [
        {"TableNames": ""},
        {"TableNames": "x"},
        {"TableNames": {}},
        {"TableNames": [None]},
        {"TableNames": [5]},
        {"TableNames": [], "LastEvaluatedTableName": ["x"]},
    ],
)
def test_a_member_of_another_type_is_broken(script: Scripted, document: Any) -> None:
    say(script, document)
    with pytest.raises(ServiceUnavailable, match="it cannot be read"):
        list(AwsTables(session_of(script)).names())


@pytest.mark.parametrize("body", [b'{"TableNames":["a"],"TableNames":[]}', b'{"TableNames":[NaN]}'])
def test_json_that_readers_read_in_two_ways_is_broken(body: bytes) -> None:
    shape: Any = get_session().get_service_model("dynamodb").operation_model("ListTables").output_shape
    with pytest.raises(ValueError, match=r"twice|not a number"):
        shape_fault(body, shape)


DESCRIBED = {"Table": {"TableName": "another", "TableStatus": "ACTIVE", "KeySchema": []}}


@pytest.mark.parametrize(
    ("operation", "document"),
    [
        ("DescribeTable", DESCRIBED),
        ("DeleteTable", {"TableDescription": {"TableName": "another"}}),
        ("Scan", {"Items": [], "Count": 0, "ScannedCount": 0, "ConsumedCapacity": UNITS | {"TableName": "another"}}),
    ],
)
def test_a_reply_about_another_table_is_broken(script: Scripted, operation: str, document: Any) -> None:
    say(script, document)
    with pytest.raises(ServiceUnavailable, match="it is about the table another"):
        session_of(script).call("dynamodb", operation, {"TableName": "tab"}, table="tab")


def test_a_table_that_is_asked_by_its_arn_may_answer_with_its_name(script: Scripted) -> None:
    say(script, DESCRIBED)
    arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/another"
    assert session_of(script).call("dynamodb", "DescribeTable", {"TableName": arn})["Table"]["TableName"] == "another"


def test_an_item_of_another_key_is_broken(script: Scripted) -> None:
    items = AwsItems(session_of(script))
    say(script, {"Item": OTHER, "ConsumedCapacity": UNITS})
    with pytest.raises(ServiceUnavailable, match="its Item has another key"):
        items.get("tab", {"pk": {"S": "a"}})
    say(script, {"Items": [OTHER], "Count": 1, "ScannedCount": 1, "ConsumedCapacity": UNITS})
    with pytest.raises(ServiceUnavailable, match="its Items have another key"):
        items.query("tab", conditions={"pk": {"S": "a"}})


@pytest.mark.parametrize(
    ("found", "unread"),
    [
        ({"tab": [OTHER]}, {}),
        ({"tab": [{"pk": {"S": "a"}}] * 2}, {}),
        ({"tab": [{"n": {"N": "1"}}]}, {}),
        ({"another": [{"pk": {"S": "a"}}]}, {}),
        ({}, {"tab": {"Keys": [OTHER]}}),
        ({}, {"another": {"Keys": [{"pk": {"S": "a"}}]}}),
    ],
)
def test_items_that_were_not_asked_for_are_broken(script: Scripted, found: Any, unread: Any) -> None:
    say(script, {"Responses": found, "UnprocessedKeys": unread})
    with pytest.raises(ServiceUnavailable, match=r"its (Responses|UnprocessedKeys)"):
        AwsItems(session_of(script)).get_many("tab", [{"pk": {"S": "a"}}])


def test_a_number_is_the_same_key_however_it_is_written(script: Scripted) -> None:
    say(script, {"Item": {"pk": {"N": "1"}}, "ConsumedCapacity": UNITS})
    assert AwsItems(session_of(script)).get("tab", {"pk": {"N": "1.0"}}) == {"pk": {"N": "1"}}


def test_a_reply_that_comes_twice_is_broken(script: Scripted) -> None:
    session = session_of(script)
    say(script, {"TableNames": []})
    assert list(AwsTables(session).names()) == []
    script.headers = {"x-amzn-requestid": "R1"}
    with pytest.raises(ServiceUnavailable, match="its request id R1 was that of another reply"):
        list(AwsTables(session).names())


@pytest.mark.parametrize("document", [{"__type": None, "message": None}, {"__type": "", "message": ""}])
def test_a_refusal_that_names_no_error_is_asked_for_again(script: Scripted, document: Any) -> None:
    say(script, document, status=400)
    with pytest.raises(ServiceUnavailable, match="it has the status 400 and names no error"):
        list(AwsTables(session_of(script)).names())
    assert len(script.asked) == 3


def test_a_listing_in_a_circle_ends_with_a_sentence(script: Scripted) -> None:
    tables = AwsTables(session_of(script)).names()
    for number, name in enumerate(("aaa", "bbb")):
        say(script, {"TableNames": [name], "LastEvaluatedTableName": name})
        assert next(tables) == name
        assert len(script.asked) == number + 1
    say(script, {"TableNames": ["aaa"], "LastEvaluatedTableName": "aaa"})
    with pytest.raises(ServiceUnavailable, match="where an earlier page began"):
        next(tables)
