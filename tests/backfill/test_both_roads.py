"""Changes on an engine: applied where nothing moved, refused where something did, by both roads alike."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dynasmith.aws.data.statements import CONDITION_BYTES_MAX, statement_of, update_of
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Function, Transform
from dynasmith.items.value import same_value
from dynasmith.items.wire import RawItem, decode_item, encode_item
from dynasmith.ports.updates import ItemChange, change_of

KEY = KeySchema.of("pk", "sort key", types={"sort key": "N"})
CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="backfill-1", key=KEY)
BASE: dict[str, Any] = {"pk": "a", "sort key": 1, "name": "Ada", "tags": {"x", "y"}, "l": [1, "y"], "q.q": "z", "n": 1}


def change_by(item: dict[str, Any], function: Function) -> ItemChange:
    found = Transform(function, CTX).rewrite(RawItem(encode_item(item)))
    assert found is not None
    return change_of(found)


def change(item: Any, _: Context) -> None:
    """Reads, adds, changes, removes, looks for what is absent."""
    item["full name"] = item["name"] + item.get("suffix", "!")
    item["l"].append("x")
    item["size"] = len(item["tags"])
    del item["name"]
    item["q.q"] = "y"


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

    def update(self, change: ItemChange) -> bool:
        try:
            self.client.update_item(**json.loads(update_of(change, "updates", KEY.names)))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def execute(self, change: ItemChange) -> bool:
        said = statement_of(change, "updates", KEY.names)
        assert said is not None
        (response,) = self.client.batch_execute_statement(Statements=[json.loads(said)])["Responses"]
        if "Error" in response:
            assert response["Error"]["Code"] == "ConditionalCheckFailed", response
            return False
        return True

    def run(self, road: str, change: ItemChange) -> bool:
        return (self.update if road == "UpdateItem" else self.execute)(change)


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
    made = change_by(BASE, change)
    engine.put(BASE | {"unknown to us": "stays"})
    assert engine.run(road, made)
    found = engine.get()
    assert found is not None
    assert found.pop("unknown to us") == "stays"
    assert same_value(found, decode_item(made.after))


@pytest.mark.engine
@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize(
    "moved", [{"name": "Bo"}, {"l": [1]}, {"tags": {"x"}}, {"suffix": "?"}, {"full name": "there"}, {"q.q": "moved"}]
)
def test_another_writer_of_what_was_read_wins(road: str, moved: dict[str, Any], engine: Engine) -> None:
    made = change_by(BASE, change)
    engine.put(BASE | moved)
    assert not engine.run(road, made)
    found = engine.get()
    assert found is not None
    assert same_value(found, BASE | moved)


@pytest.mark.engine
@pytest.mark.parametrize("road", ROADS)
def test_another_writer_of_something_else_is_not_in_the_way(road: str, engine: Engine) -> None:
    made = change_by(BASE, change)
    engine.put(BASE | {"n": 2})
    assert engine.run(road, made)
    found = engine.get()
    assert found is not None
    assert found["n"] == 2


@pytest.mark.engine
@pytest.mark.parametrize("road", ROADS)
def test_a_deleted_item_does_not_come_back(road: str, engine: Engine) -> None:
    def add(item: Any, _: Context) -> None:
        item["new"] = 1

    made = change_by(BASE, add)
    engine.client.delete_item(TableName="updates", Key=boto_form(encode_item({"pk": "a", "sort key": 1})))
    assert not engine.run(road, made)
    assert engine.get() is None


def test_what_a_statement_cannot_say_goes_by_update_item() -> None:
    def touch(name: str) -> Function:
        def function(item: Any, _: Context) -> None:
            item["new"] = str(item[name])[:1]

        return function

    item = BASE | {"null": None, "large": "x" * 9000, "fits": "x" * 8000}
    assert statement_of(change_by(item, touch("null")), "updates", KEY.names) is None
    assert len(item["fits"]) < CONDITION_BYTES_MAX < len(item["large"])
    assert statement_of(change_by(item, touch("large")), "updates", KEY.names) is None
    assert statement_of(change_by(item, touch("fits")), "updates", KEY.names) is not None
    many = change_by(BASE, lambda found, _: {**found, **{f"attribute {number}": 1 for number in range(600)}})
    assert statement_of(many, "updates", KEY.names) is None
    assert len(json.loads(update_of(many, "updates", KEY.names))["ExpressionAttributeValues"]) > 600
