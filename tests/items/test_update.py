"""Rewrites on an engine: applied where nothing moved, refused where something did, by both roads alike."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Function, Rewrite, Transform
from dynasmith.items.update import STATEMENT_MAX_CHARACTERS, Statement, Update, statement_of, update_of
from dynasmith.items.value import same_value
from dynasmith.items.wire import RawItem, decode_item, encode_item

KEY = KeySchema.of("pk", "sort key", types={"sort key": "N"})
CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="backfill-1", key=KEY)
BASE: dict[str, Any] = {"pk": "a", "sort key": 1, "name": "Ada", "tags": {"x", "y"}, "l": [1, None], 'q"q': "z", "n": 1}


def rewrite_of(item: dict[str, Any], function: Function) -> Rewrite:
    found = Transform(function, CTX).rewrite(RawItem(encode_item(item)))
    assert found is not None
    return found


def change(item: Any, _: Context) -> None:
    """Reads, adds, changes, removes, looks for what is absent."""
    item["full name"] = item["name"] + item.get("suffix", "!")
    item["l"].append("x")
    item["size"] = len(item["tags"])
    del item["name"]
    item['q"q'] = "y"


class Engine:
    """A table on the engine, and the two roads into it. ``True`` says that the condition held."""

    def __init__(self, endpoint: str) -> None:
        self.client: Any = boto3.client(
            "dynamodb",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )

    def put(self, item: dict[str, Any]) -> None:
        self.client.put_item(TableName="updates", Item=boto_form(encode_item(item)))

    def get(self) -> dict[str, Any] | None:
        key = boto_form(encode_item({"pk": "a", "sort key": 1}))
        found = self.client.get_item(TableName="updates", Key=key, ConsistentRead=True).get("Item")
        return None if found is None else decode_item(json.dumps(found).encode())

    def update(self, update: Update) -> bool:
        try:
            self.client.update_item(
                TableName="updates",
                Key=boto_form(update.key),
                UpdateExpression=update.expression,
                ConditionExpression=update.condition,
                ExpressionAttributeNames=dict(update.names),
                ExpressionAttributeValues={name: json.loads(wire) for name, wire in update.values.items()},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def execute(self, statement: Statement) -> bool:
        reply = self.client.batch_execute_statement(
            Statements=[
                {"Statement": statement.text, "Parameters": [json.loads(wire) for wire in statement.parameters]}
            ]
        )
        (response,) = reply["Responses"]
        if "Error" in response:
            assert response["Error"]["Code"].startswith("ConditionalCheckFailed"), response
            return False
        return True

    def run(self, road: str, rewrite: Rewrite) -> bool:
        if road == "UpdateItem":
            return self.update(update_of(rewrite, KEY))
        statement = statement_of(rewrite, "updates", KEY)
        assert statement is not None
        return self.execute(statement)


def boto_form(wire: bytes) -> Any:
    return json.loads(wire)


@pytest.fixture(scope="module")
def engine(ministack_endpoint: str) -> Iterator[Engine]:
    found = Engine(ministack_endpoint)
    found.client.create_table(
        TableName="updates",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sort key", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sort key", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield found
    found.client.delete_table(TableName="updates")
    found.client.close()


ROADS = ["UpdateItem", "PartiQL"]


@pytest.mark.engine
@pytest.mark.parametrize("road", ROADS)
def test_what_nobody_moved_is_written_and_the_rest_survives(road: str, engine: Engine) -> None:
    rewrite = rewrite_of(BASE, change)
    engine.put(BASE | {"unknown to us": "stays"})
    assert engine.run(road, rewrite)
    found = engine.get()
    assert found is not None
    assert found.pop("unknown to us") == "stays"
    assert same_value(found, decode_item(rewrite.after))


@pytest.mark.engine
@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    "moved", [{"name": "Bo"}, {"l": [1]}, {"tags": {"x"}}, {"suffix": "?"}, {"full name": "there"}, {'q"q': "moved"}]
)
def test_another_writer_of_what_was_read_wins(road: str, moved: dict[str, Any], engine: Engine) -> None:
    rewrite = rewrite_of(BASE, change)
    engine.put(BASE | moved)
    assert not engine.run(road, rewrite)
    found = engine.get()
    assert found is not None
    assert same_value(found, BASE | moved)


@pytest.mark.engine
@pytest.mark.parametrize("road", ROADS)
def test_another_writer_of_something_else_is_not_in_the_way(road: str, engine: Engine) -> None:
    rewrite = rewrite_of(BASE, change)
    engine.put(BASE | {"n": 2})
    assert engine.run(road, rewrite)
    found = engine.get()
    assert found is not None
    assert found["n"] == 2


@pytest.mark.engine
@pytest.mark.parametrize("road", ROADS)
def test_a_deleted_item_does_not_come_back(road: str, engine: Engine) -> None:
    def add(item: Any, _: Context) -> None:
        item["new"] = 1

    rewrite = rewrite_of(BASE, add)
    engine.client.delete_item(TableName="updates", Key=boto_form(update_of(rewrite, KEY).key))
    assert not engine.run(road, rewrite)
    assert engine.get() is None


def test_what_a_statement_cannot_say_goes_by_update_item() -> None:
    def touch(name: str) -> Function:
        def function(item: Any, _: Context) -> None:
            item["new"] = str(item[name])[:1]

        return function

    item = BASE | {"null": None, "large": "x" * 9000, "fits": "x" * 8000}
    assert statement_of(rewrite_of(item, touch("null")), "updates", KEY) is None
    assert statement_of(rewrite_of(item, touch("large")), "updates", KEY) is None
    assert statement_of(rewrite_of(item, touch("fits")), "updates", KEY) is not None
    many = rewrite_of(BASE, lambda found, _: {**found, **{f"attribute {number}": 1 for number in range(400)}})
    assert statement_of(many, "updates", KEY) is None
    assert len(update_of(many, KEY).values) > 400


def test_a_statement_quotes_names_and_counts_its_parameters() -> None:
    statement = statement_of(rewrite_of(BASE, change), 'a"b', KEY)
    assert statement is not None
    assert statement.text.startswith('UPDATE "a""b" SET ')
    assert 'REMOVE "name" WHERE "pk"=? AND "sort key"=?' in statement.text
    assert '"suffix" IS MISSING' in statement.text
    assert '"q""q"=?' in statement.text
    assert statement.text.count("?") == len(statement.parameters)
    assert len(statement.text) <= STATEMENT_MAX_CHARACTERS
