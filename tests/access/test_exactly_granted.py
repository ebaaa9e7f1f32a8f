"""A role that was granted access can do exactly that: every operation on items and streams is tried as the role."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from access_stories import Functions
from cli.story import new_account
from dynasmith import Consent, Project, connect
from dynasmith.strict import StrictServer

KEY = {"pk": {"S": "a"}}
ITEM = {**KEY, "user": {"S": "u"}}
READS = ("GetItem", "BatchGetItem", "Query", "Scan", "ConditionCheckItem", "PartiQLSelect")
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")
STREAMS = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
MEANT = {"read": READS, "write": WRITES, "stream": STREAMS, "describe": ("DescribeTable",)}
"""What the words mean, written down a second time."""
CONTROL = ("DeleteTable", "UpdateTable", "CreateBackup", "TagResource", "UpdateTimeToLive")
"""What no grant ever allows."""


@dataclass
class Shop:
    """A table with two indexes and a stream, a function with a role, and a project that grants."""

    functions: Functions
    project: Project
    stream: str
    shard: str
    iterator: str
    arn: str

    def clients(self) -> tuple[Any, Any]:
        """Clients of DynamoDB and of its streams, as the role."""
        keys = self.functions.taken("api-role")
        return self.functions.client("dynamodb", **keys), self.functions.client("dynamodbstreams", **keys)


@pytest.fixture(scope="module")
def shop(ministack_endpoint: str) -> Iterator[Shop]:
    account = new_account()
    with StrictServer(ministack_endpoint, auto_advance=True, capacity=False) as server:
        functions = Functions(server.endpoint, account)
        functions.make("api")
        dynamodb, streams = functions.client("dynamodb"), functions.client("dynamodbstreams")
        made = dynamodb.create_table(
            TableName="orders",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "user")],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[
                {
                    "IndexName": name,
                    "KeySchema": [{"AttributeName": "user", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
                for name in ("by-user", "others")
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]
        while dynamodb.describe_table(TableName="orders")["Table"]["TableStatus"] != "ACTIVE":
            server.clock.advance(seconds=30)
        stream = dynamodb.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
        asked = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**asked)["ShardIterator"]
        with connect(endpoint=server.endpoint, credentials=(account, "secret"), region="us-east-1") as project:
            yield Shop(functions, project, stream, shard, iterator, made["TableArn"])


Attempt = tuple[Callable[[], Any], tuple[str, ...], str]


def attempts(shop: Shop) -> Iterator[tuple[str, Attempt]]:
    """Every operation on items and streams: how it is called, the actions that it takes, and on which resource."""
    dynamodb, streams = shop.clients()
    table: dict[str, Any] = {"TableName": "orders"}
    query = {"KeyConditionExpression": "pk = :v", "ExpressionAttributeValues": {":v": {"S": "a"}}}
    of_user = {"KeyConditionExpression": "#u = :v", "ExpressionAttributeNames": {"#u": "user"},
               "ExpressionAttributeValues": {":v": {"S": "u"}}}  # fmt: skip
    check = {"ConditionExpression": "attribute_exists(pk)", "Key": KEY, **table}
    shard = {"StreamArn": shop.stream, "ShardId": shop.shard, "ShardIteratorType": "TRIM_HORIZON"}
    select, by_index = "SELECT * FROM orders WHERE pk = 'a'", """SELECT * FROM "orders"."by-user" WHERE "user" = 'u'"""
    put = {"Put": {**table, "Item": ITEM}}

    def statement(text: str) -> Callable[[], Any]:
        return lambda: dynamodb.execute_statement(Statement=text)

    yield "put", (lambda: dynamodb.put_item(**table, Item=ITEM), ("PutItem",), "")
    yield "get", (lambda: dynamodb.get_item(**table, Key=KEY), ("GetItem",), "")
    yield "update", (lambda: dynamodb.update_item(**table, Key=KEY), ("UpdateItem",), "")
    keys = {"orders": {"Keys": [KEY]}}
    yield "batch get", (lambda: dynamodb.batch_get_item(RequestItems=keys), ("BatchGetItem",), "")
    puts = {"orders": [{"PutRequest": {"Item": ITEM}}]}
    yield "batch write", (lambda: dynamodb.batch_write_item(RequestItems=puts), ("BatchWriteItem",), "")
    yield "query", (lambda: dynamodb.query(**table, **query), ("Query",), "")
    yield "scan", (lambda: dynamodb.scan(**table), ("Scan",), "")
    for index in ("by-user", "others"):
        named = {**table, "IndexName": index}
        yield f"query {index}", (lambda n=named: dynamodb.query(**n, **of_user), ("Query",), index)  # type: ignore[misc]
        yield f"scan {index}", (lambda n=named: dynamodb.scan(**n), ("Scan",), index)  # type: ignore[misc]
    yield "select", (statement(select), ("PartiQLSelect",), "")
    yield "select by-user", (statement(by_index), ("PartiQLSelect",), "by-user")
    yield "sql update", (statement("UPDATE orders SET n = 1 WHERE pk = 'a'"), ("PartiQLUpdate",), "")
    yield "sql delete", (statement("DELETE FROM orders WHERE pk = 'a'"), ("PartiQLDelete",), "")
    yield "sql insert", (statement("INSERT INTO orders VALUE {'pk': 'a'}"), ("PartiQLInsert",), "")
    yield "transact", (lambda: dynamodb.transact_write_items(TransactItems=[put]), ("PutItem",), "")
    checked = [put | {}, {"ConditionCheck": {**check, "Key": {"pk": {"S": "b"}},
                                             "ConditionExpression": "attribute_not_exists(pk)"}}]  # fmt: skip
    both = ("PutItem", "ConditionCheckItem")
    yield "transact check", (lambda: dynamodb.transact_write_items(TransactItems=checked), both, "")
    gets = [{"Get": {**table, "Key": KEY}}]
    yield "transact get", (lambda: dynamodb.transact_get_items(TransactItems=gets), ("GetItem",), "")
    yield "delete", (lambda: dynamodb.delete_item(**table, Key=KEY), ("DeleteItem",), "")
    yield "describe", (lambda: dynamodb.describe_table(**table), ("DescribeTable",), "")
    yield "streams", (lambda: streams.list_streams(**table), ("ListStreams",), "")
    yield "stream", (lambda: streams.describe_stream(StreamArn=shop.stream), ("DescribeStream",), "")
    yield "iterator", (lambda: streams.get_shard_iterator(**shard), ("GetShardIterator",), "")
    yield "records", (lambda: streams.get_records(ShardIterator=shop.iterator), ("GetRecords",), "")
    yield "delete table", (lambda: dynamodb.delete_table(**table), ("DeleteTable",), "")
    capacity = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    yield "update table", (lambda: dynamodb.update_table(**table, ProvisionedThroughput=capacity), ("UpdateTable",), "")
    yield "other table", (lambda: dynamodb.get_item(TableName="orders-2", Key=KEY), ("GetItem",), "elsewhere")


def outcome(call: Callable[[], Any]) -> str:
    """What became of a call: done, or denied. Another refusal of the service comes after IAM has allowed it."""
    try:
        call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return "denied" if code == "AccessDeniedException" else f"done ({code})"
    return "done"


def check(shop: Shop, allow: tuple[str, ...], indexes: tuple[str, ...] | None) -> None:
    """Grant it, and hold what the role can do against what the words mean."""
    (change,) = shop.project.lambdas.grant("orders", ["api"], allow=allow, indexes=indexes, consent=Consent(yes=True))
    assert change.state in ("granted", "unchanged"), change.why
    granted = {action for word in allow for action in MEANT.get(word, (word.removeprefix("dynamodb:"),))}
    open_indexes = {"by-user", "others"} if indexes in (None, ("all",)) else set(indexes or ())
    for name, (call, actions, where) in attempts(shop):
        expected = granted.issuperset(actions) and (where == "" or where in open_indexes)
        assert outcome(call).startswith("done" if expected else "denied"), (name, allow, indexes)


@pytest.mark.parametrize("word", sorted(MEANT))
def test_a_word_allows_just_its_operations(shop: Shop, word: str) -> None:
    check(shop, (word,), None)


SINGLE = tuple(f"dynamodb:{action}" for action in (*READS, *WRITES, *STREAMS))


@given(
    allow=st.lists(st.sampled_from((*MEANT, *SINGLE)), min_size=1, max_size=4, unique=True).map(tuple),
    indexes=st.sampled_from((None, ("all",), (), ("by-user",), ("others", "by-user"))),
)
@settings(
    max_examples=10, deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_any_grant_allows_just_what_it_says(
    shop: Shop, allow: tuple[str, ...], indexes: tuple[str, ...] | None
) -> None:
    check(shop, allow, indexes)


def test_after_a_revoke_nothing_is_left(shop: Shop) -> None:
    check(shop, ("read", "write", "stream", "describe"), None)
    (change,) = shop.project.lambdas.revoke("orders", ["api"], consent=Consent(yes=True))
    assert change.state == "revoked"
    assert {outcome(call) for _, (call, _, _) in attempts(shop)} == {"denied"}
