"""Streams at the strict endpoint, asked by boto3: which writes make records, and how shards are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynasmith.strict import StrictServer
from strict_tables import ready, refused

BOTH = "NEW_AND_OLD_IMAGES"
Change = tuple[str, str, Any, Any]


def spec(view: str = BOTH) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": view}


@dataclass
class Streamed:
    """A table ``tab`` with a stream."""

    server: StrictServer
    db: Any
    streams: Any

    @property
    def arn(self) -> str:
        return str(self.db.describe_table(TableName="tab")["Table"]["LatestStreamArn"])

    def put(self, key: str, **more: Any) -> None:
        self.db.put_item(TableName="tab", Item={"pk": {"S": key}, **more})

    def described(self, arn: str = "", **more: Any) -> Any:
        return self.streams.describe_stream(StreamArn=arn or self.arn, **more)["StreamDescription"]

    def shards(self, arn: str = "") -> list[str]:
        return [one["ShardId"] for one in self.described(arn)["Shards"]]

    def iterator(self, kind: str = "TRIM_HORIZON", shard: str = "", arn: str = "", **more: Any) -> str:
        arn = arn or self.arn
        asked = {"StreamArn": arn, "ShardId": shard or self.shards(arn)[0], "ShardIteratorType": kind, **more}
        return str(self.streams.get_shard_iterator(**asked)["ShardIterator"])

    def page(self, iterator: str, **more: Any) -> tuple[list[Any], str | None]:
        said = self.streams.get_records(ShardIterator=iterator, **more)
        return said["Records"], said.get("NextShardIterator")

    def records(self, arn: str = "") -> list[Any]:
        """Every record, shard after shard in the order in which they are listed."""
        return [one for shard in self.shards(arn) for one in self.page(self.iterator(shard=shard, arn=arn))[0]]

    def changes(self) -> list[Change]:
        return [change(one) for one in self.records()]

    def keys(self, records: Sequence[Any]) -> list[str]:
        return [one["dynamodb"]["Keys"]["pk"]["S"] for one in records]


def change(record: Any) -> Change:
    """(event, key, old, new) with the attribute ``v`` of the images; None for no image."""

    def value(image: str) -> Any:
        found = record["dynamodb"].get(image)
        return None if found is None else next(iter(found.get("v", {"": ""}).values()))

    return record["eventName"], record["dynamodb"]["Keys"]["pk"]["S"], value("OldImage"), value("NewImage")


@pytest.fixture
def tab(server: StrictServer, client: Any, client_of: Callable[..., Any]) -> Streamed:
    ready(server, client, StreamSpecification=spec())
    return Streamed(server, client, client_of(server.endpoint, "dynamodbstreams"))


def test_each_write_that_changes_something_makes_one_record(tab: Streamed) -> None:
    db, key = tab.db, {"pk": {"S": "a"}}
    tab.put("a", v={"N": "1.50"}, s={"SS": ["x", "y"]})
    tab.put("a", s={"SS": ["y", "x"]}, v={"N": "1.5"})
    update: dict[str, Any] = {"TableName": "tab", "Key": key, "UpdateExpression": "SET v = :v"}
    db.update_item(**update, ExpressionAttributeValues={":v": {"N": "2"}})
    db.update_item(**update, ExpressionAttributeValues={":v": {"N": "2"}})
    assert refused(db.delete_item, TableName="tab", Key=key, ConditionExpression="attribute_not_exists(pk)")
    db.delete_item(TableName="tab", Key=key)
    db.delete_item(TableName="tab", Key=key)
    put = {"PutRequest": {"Item": {"pk": {"S": "b"}, "v": {"S": "b"}}}}
    db.batch_write_item(RequestItems={"tab": [put, {"DeleteRequest": {"Key": {"pk": {"S": "none"}}}}]})
    moved = [
        {"Delete": {"TableName": "tab", "Key": {"pk": {"S": "b"}}}},
        {"Put": {"TableName": "tab", "Item": {"pk": {"S": "c"}, "v": {"S": "c"}}}},
    ]
    db.transact_write_items(TransactItems=moved, ClientRequestToken="once")
    db.transact_write_items(TransactItems=moved, ClientRequestToken="once")
    assert tab.changes() == [
        ("INSERT", "a", None, "1.5"),
        ("MODIFY", "a", "1.5", "2"),
        ("REMOVE", "a", "2", None),
        ("INSERT", "b", None, "b"),
        ("REMOVE", "b", "b", None),
        ("INSERT", "c", None, "c"),
    ]
    first, *_, last = tab.records()
    assert first["eventSource"] == "aws:dynamodb"
    assert "userIdentity" not in first
    assert 21 <= len(first["dynamodb"]["SequenceNumber"]) <= 40
    assert int(first["dynamodb"]["SequenceNumber"]) < int(last["dynamodb"]["SequenceNumber"])
    assert first["dynamodb"]["SizeBytes"] == 3 + 3 + 3 + 3
    assert first["dynamodb"]["ApproximateCreationDateTime"].microsecond == 0


def test_statements_make_records_too(tab: Streamed) -> None:
    db = tab.db
    for text in ("INSERT INTO tab VALUE {'pk': 'a', 'v': 1}", "UPDATE tab SET v = 2 WHERE pk = 'a'"):
        db.execute_statement(Statement=text)
    db.execute_statement(Statement="UPDATE tab SET v = 2 WHERE pk = 'a'")
    batch = ["INSERT INTO tab VALUE {'pk': 'b', 'v': 1}", "INSERT INTO tab VALUE {'pk': 'a', 'v': 9}"]
    db.batch_execute_statement(Statements=[{"Statement": one} for one in batch])
    both = ["DELETE FROM tab WHERE pk = 'a'", "UPDATE tab SET v = 3 WHERE pk = 'b'"]
    db.execute_transaction(TransactStatements=[{"Statement": one} for one in both])
    assert refused(db.execute_statement, Statement="UPDATE tab SET v = 4 WHERE pk = 'none'")
    assert tab.changes() == [
        ("INSERT", "a", None, "1"),
        ("MODIFY", "a", "1", "2"),
        ("INSERT", "b", None, "1"),
        ("REMOVE", "a", "2", None),
        ("MODIFY", "b", "1", "3"),
    ]


def test_time_to_live_deletes_as_a_service(tab: Streamed) -> None:
    tab.db.update_time_to_live(TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"})
    tab.server.clock.advance(hours=1)
    now = int(tab.server.clock.time())
    tab.put("a", t={"N": str(now + 10)})
    tab.server.clock.advance(days=2, hours=7)
    (record,) = tab.records()
    assert change(record) == ("REMOVE", "a", "", None)
    assert record["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


@pytest.mark.parametrize(("view", "images"), [
    ("KEYS_ONLY", set()), ("NEW_IMAGE", {"NewImage"}), ("OLD_IMAGE", {"OldImage"}), (BOTH, {"NewImage", "OldImage"}),
])  # fmt: skip
def test_a_record_has_the_images_of_its_view(
    server: StrictServer, client: Any, client_of: Callable[..., Any], view: str, images: set[str]
) -> None:
    ready(server, client, StreamSpecification=spec(view))
    tab = Streamed(server, client, client_of(server.endpoint, "dynamodbstreams"))
    tab.put("a", v={"S": "1"})
    tab.put("a", v={"S": "2"})
    _, modified = tab.records()
    assert modified["dynamodb"].keys() & {"NewImage", "OldImage"} == images
    assert modified["dynamodb"]["StreamViewType"] == view


def test_shards_split_and_their_children_follow(tab: Streamed) -> None:
    tab.put("a")
    (parent,) = tab.shards()
    children = tab.server.streams.split("tab")
    keys = [f"k{number}" for number in range(20)]
    for key in keys:
        tab.put(key)
    (grandchild,) = tab.server.streams.roll("tab", children[0])
    first, second, third, fourth = tab.described()["Shards"]
    assert [first["ShardId"], second["ShardId"], third["ShardId"]] == [parent, *children]
    assert (fourth["ShardId"], fourth["ParentShardId"]) == (grandchild, children[0])
    assert second["ParentShardId"] == third["ParentShardId"] == parent
    assert "EndingSequenceNumber" in first["SequenceNumberRange"]
    assert "EndingSequenceNumber" not in third["SequenceNumberRange"]
    records, more = tab.page(tab.iterator(shard=parent))
    assert (tab.keys(records), more) == (["a"], None)
    left, right = (tab.keys(tab.page(tab.iterator(shard=one))[0]) for one in children)
    assert left
    assert right
    assert sorted(left + right) == sorted(keys)
    page = tab.described(Limit=1)
    paged = [one["ShardId"] for one in page["Shards"]]
    while last := page.get("LastEvaluatedShardId"):
        page = tab.described(Limit=1, ExclusiveStartShardId=last)
        paged += [one["ShardId"] for one in page["Shards"]]
    assert paged == [parent, *children, grandchild]
    chosen = {"Type": "CHILD_SHARDS", "ShardId": parent}
    assert [one["ShardId"] for one in tab.described(ShardFilter=chosen)["Shards"]] == children
    with pytest.raises(LookupError):
        tab.server.streams.split("tab", parent)
    with pytest.raises(LookupError):
        tab.server.streams.roll("other")


def test_an_iterator_begins_where_it_is_asked_to(tab: Streamed) -> None:
    latest = tab.iterator("LATEST")
    for key in "abc":
        tab.put(key)
    records, more = tab.page(tab.iterator(), Limit=2)
    assert tab.keys(records) == ["a", "b"]
    assert tab.keys(tab.page(str(more))[0]) == ["c"]
    assert tab.keys(tab.page(latest)[0]) == ["a", "b", "c"]
    assert tab.page(tab.iterator("LATEST"))[0] == []
    number = records[1]["dynamodb"]["SequenceNumber"]
    assert tab.keys(tab.page(tab.iterator("AT_SEQUENCE_NUMBER", SequenceNumber=number))[0]) == ["b", "c"]
    assert tab.keys(tab.page(tab.iterator("AFTER_SEQUENCE_NUMBER", SequenceNumber=number))[0]) == ["c"]
    for kind, more_said in (
        ("AT_SEQUENCE_NUMBER", {}),
        ("AFTER_SEQUENCE_NUMBER", {"SequenceNumber": "1" * 21}),
        ("LATEST", {"SequenceNumber": number}),
    ):
        with pytest.raises(ClientError, match="ValidationException"):
            tab.iterator(kind, **more_said)
    assert refused(tab.streams.get_records, ShardIterator="none")[0] == "ValidationException"
    assert refused(tab.streams.get_records, ShardIterator=latest, Limit=1001)[0] == "LimitExceededException"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        tab.iterator(shard="shardId-00000000000000000000-00000000")


def test_a_page_of_records_ends_at_a_megabyte(tab: Streamed) -> None:
    for key in "abcd":
        tab.put(key, v={"S": "x" * 390_000})
    records, more = tab.page(tab.iterator())
    assert tab.keys(records) == ["a", "b"]
    assert tab.keys(tab.page(str(more))[0]) == ["c", "d"]


def test_iterators_expire_and_records_are_trimmed(tab: Streamed) -> None:
    tab.put("a")
    iterator, shard = tab.iterator(), tab.shards()[0]
    tab.server.clock.advance(minutes=14)
    records, more = tab.page(iterator)
    tab.server.clock.advance(minutes=2)
    assert refused(tab.streams.get_records, ShardIterator=iterator)[0] == "ExpiredIteratorException"
    assert tab.page(str(more))[0] == []
    number = records[0]["dynamodb"]["SequenceNumber"]
    tab.server.clock.advance(hours=23, minutes=30)
    before = tab.iterator(shard=shard)
    tab.put("b")
    assert tab.keys(tab.page(before)[0]) == ["a"]
    tab.server.clock.advance(minutes=14.5)
    assert refused(tab.streams.get_records, ShardIterator=before)[0] == "TrimmedDataAccessException"
    asked = {"StreamArn": tab.arn, "ShardId": shard, "SequenceNumber": number}
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        code, _ = refused(tab.streams.get_shard_iterator, ShardIteratorType=kind, **asked)
        assert code == "TrimmedDataAccessException"
    assert tab.page(tab.iterator(shard=shard)) == ([], None)
    assert tab.keys(tab.records()) == ["b"]


def test_shards_end_after_hours_and_are_listed_for_a_day(tab: Streamed) -> None:
    (first,) = tab.shards()
    tab.server.clock.advance(hours=9)
    one, two, three = tab.described()["Shards"]
    assert (one["ShardId"], two["ParentShardId"], three["ParentShardId"]) == (first, first, two["ShardId"])
    tab.server.clock.advance(days=9)
    shards = tab.described()["Shards"]
    assert first not in [one["ShardId"] for one in shards]
    assert 6 <= len(shards) <= 8
    assert sum("EndingSequenceNumber" not in one["SequenceNumberRange"] for one in shards) == 1
    parents = [one["ParentShardId"] for one in shards[1:]]
    assert parents == [one["ShardId"] for one in shards[:-1]]


def test_a_third_process_that_reads_a_shard_is_throttled(tab: Streamed) -> None:
    readers = [str(tab.page(tab.iterator())[1]) for _ in range(3)]
    readers[:2] = [str(tab.page(one)[1]) for one in readers[:2]]
    assert refused(tab.streams.get_records, ShardIterator=readers[2])[0] == "LimitExceededException"
    tab.server.clock.advance(seconds=2)
    tab.page(readers[2])
    tab.page(readers[0])
    assert refused(tab.streams.get_records, ShardIterator=readers[1])[0] == "LimitExceededException"
    tab.server.rules.off("stream-two-readers")
    tab.page(readers[1])


def test_a_stream_that_is_turned_off_is_readable_for_a_day_and_the_next_is_another(tab: Streamed) -> None:
    old = tab.arn
    tab.put("a")
    tab.db.update_table(TableName="tab", StreamSpecification={"StreamEnabled": False})
    assert tab.described(old)["StreamStatus"] == "DISABLING"
    tab.put("b")
    tab.server.clock.advance(minutes=1)
    assert tab.described(old)["StreamStatus"] == "DISABLED"
    assert all("EndingSequenceNumber" in one["SequenceNumberRange"] for one in tab.described(old)["Shards"])
    tab.db.update_table(TableName="tab", StreamSpecification=spec())
    assert tab.described()["StreamStatus"] == "ENABLING"
    tab.put("c")
    tab.server.clock.advance(minutes=1)
    assert tab.described()["StreamStatus"] == "ENABLED"
    tab.put("d")
    new = tab.arn
    assert new != old
    assert (tab.keys(tab.records(old)), tab.keys(tab.records(new))) == (["a"], ["d"])
    listed = tab.streams.list_streams(TableName="tab", Limit=1)
    again = tab.streams.list_streams(TableName="tab", ExclusiveStartStreamArn=listed["LastEvaluatedStreamArn"])
    assert {one["StreamArn"] for one in (*listed["Streams"], *again["Streams"])} == {old, new}
    tab.server.clock.advance(hours=24)
    assert refused(tab.streams.describe_stream, StreamArn=old)[0] == "ResourceNotFoundException"
    assert [one["StreamArn"] for one in tab.streams.list_streams()["Streams"]] == [new]
    tab.put("e")
    tab.db.delete_table(TableName="tab")
    assert tab.keys(tab.records(new)) == ["e"]
    tab.server.clock.advance(hours=25)
    assert tab.streams.list_streams()["Streams"] == []


def test_records_can_lag(tab: Streamed) -> None:
    tab.server.streams.lag(60)
    tab.put("a")
    assert tab.records() == []
    tab.server.clock.advance(minutes=2)
    assert tab.keys(tab.records()) == ["a"]


def test_a_stream_that_lost_its_records_is_another_stream(
    tab: Streamed, ministack_endpoint: str, client_of: Callable[..., Any]
) -> None:
    old = tab.arn
    tab.put("a")
    tab.server.streams.lose("tab")
    tab.put("b")
    assert refused(tab.streams.describe_stream, StreamArn=old)[0] == "ResourceNotFoundException"
    assert (tab.arn != old, tab.keys(tab.records())) == (True, ["b"])
    ready(tab.server, tab.db, "other", StreamSpecification=spec())
    with StrictServer(ministack_endpoint) as again:
        # The engine has the records of one stream, and none of the other.
        next_db = client_of(again.endpoint)
        found = Streamed(again, next_db, client_of(again.endpoint, "dynamodbstreams"))
        found.put("c")
        assert (found.arn, found.keys(found.records())) == (old, ["a", "b", "c"])
        place = found.records()[0]["dynamodb"]["SequenceNumber"]
        behind = found.page(found.iterator("AFTER_SEQUENCE_NUMBER", SequenceNumber=place))[0]
        assert found.keys(behind) == ["b", "c"]
        other = [one.describe_table(TableName="other")["Table"]["LatestStreamArn"] for one in (tab.db, next_db)]
        assert other[0] != other[1]
        assert {one["StreamArn"] for one in found.streams.list_streams()["Streams"]} == {old, other[1]}
        next_db.put_item(TableName="other", Item={"pk": {"S": "a"}})
        # Of this statement the engine has no record.
        next_db.execute_statement(Statement="DELETE FROM tab WHERE pk = 'a'")
    with StrictServer(ministack_endpoint) as third:
        last_db = client_of(third.endpoint)
        arns = [last_db.describe_table(TableName=name)["Table"]["LatestStreamArn"] for name in ("tab", "other")]
        assert not {old, *other} & set(arns)
        arn = last_db.describe_table(TableName="tab")["Table"]["TableArn"]
        assert last_db.list_tags_of_resource(ResourceArn=arn)["Tags"] == []


@pytest.mark.parametrize("asked", ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
@pytest.mark.parametrize("capacity", ["NONE", "INDEXES"])
def test_a_write_answers_as_it_does_without_a_stream(
    server: StrictServer, client: Any, client_of: Callable[..., Any], asked: str, capacity: str
) -> None:
    ready(server, client, StreamSpecification=spec())
    ready(server, client, "plain")
    tab = Streamed(server, client, client_of(server.endpoint, "dynamodbstreams"))
    told: dict[str, Any] = {"ReturnConsumedCapacity": capacity}
    values = {":v": {"N": "1.50"}}
    answers = []
    for name in ("tab", "plain"):
        of: dict[str, Any] = {"TableName": name, **told}
        given = [
            client.update_item(
                **of, Key={"pk": {"S": "a"}}, UpdateExpression="SET v = :v", ExpressionAttributeValues=values,
                ReturnValues=asked,
            )
        ]  # fmt: skip
        if asked in {"NONE", "ALL_OLD"}:
            given.append(client.put_item(**of, Item={"pk": {"S": "a"}, "v": {"N": "2E1"}}, ReturnValues=asked))
            given.append(client.delete_item(**of, Key={"pk": {"S": "a"}}, ReturnValues=asked))
        answers.append([{key: one[key] for key in one if key != "ResponseMetadata"} for one in given])
    assert str(answers[0]).replace("'tab'", "'plain'") == str(answers[1])
    first = [("INSERT", "a", None, "1.5")]
    both = [*first, ("MODIFY", "a", "1.5", "20"), ("REMOVE", "a", "20", None)]
    assert tab.changes() == (both if asked in {"NONE", "ALL_OLD"} else first)
    server.wipe()
