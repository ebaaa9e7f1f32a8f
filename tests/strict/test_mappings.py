"""Event source mappings at the strict endpoint, asked by boto3: what Lambda refuses, and that functions really run."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from stream_functions import READS, StreamFunctions, deployed, until
from strict_tables import ready, refused

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
INVALID = "InvalidParameterValueException"


@dataclass
class Streamed:
    """A table ``tab`` with a stream, clients, and functions in its account."""

    server: StrictServer
    client_of: Callable[[str], Any]
    functions: StreamFunctions

    @property
    def stream(self) -> str:
        return str(self.client_of("dynamodb").describe_table(TableName="tab")["Table"]["LatestStreamArn"])

    def create(self, function: str = "reader", **options: Any) -> Any:
        asked = {"FunctionName": function, "EventSourceArn": self.stream, "StartingPosition": "TRIM_HORIZON", **options}
        return self.client_of("lambda").create_event_source_mapping(**asked)

    def map(self, function: str = "reader", **options: Any) -> str:
        """A mapping that is Enabled; its UUID."""
        made = self.create(function, **options)
        assert made["State"] == "Creating"
        self.server.clock.advance(minutes=2)
        return str(made["UUID"])

    def restart(self, endpoint: str) -> None:
        """End the endpoint; another one begins at its port, in front of the same engine."""
        self.server.close()
        self.server = StrictServer(endpoint, port=self.server.port)

    def state(self, uuid: str) -> str:
        return str(self.client_of("lambda").get_event_source_mapping(UUID=uuid)["State"])

    def refuses(self, function: str = "reader", **options: Any) -> tuple[str, str]:
        return refused(self.create, function=function, **options)

    def put(self, *keys: str) -> None:
        for key in keys:
            self.client_of("dynamodb").put_item(TableName="tab", Item={"pk": {"S": key}})


@pytest.fixture
def streamed(server: StrictServer, client_of: Callable[..., Any], tmp_path: Path) -> Iterator[Streamed]:
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in clients:
            clients[service] = client_of(server.endpoint, service)
        return clients[service]

    ready(server, client("dynamodb"), StreamSpecification=STREAM)
    for functions in deployed(client, tmp_path):
        functions.deploy("reader")
        streamed = Streamed(server, client, functions)
        yield streamed
        streamed.server.wipe()


RANGES = [
    ("BatchSize", 10_001),
    ("MaximumBatchingWindowInSeconds", 301),
    ("ParallelizationFactor", 11),
    ("MaximumRetryAttempts", 10_001),
    ("MaximumRecordAgeInSeconds", 604_801),
    ("TumblingWindowInSeconds", 901),
]
PATTERNS = [
    *('{"a": 1}', '{"a": []}', "{}", "[]", "no JSON", '{"a": {}}', '{"a": [{"no-such": 1}]}', '{"a": [[1]]}'),
    *('{"a": [{"exists": "yes"}]}', '{"a": [{"numeric": [">"]}]}', '{"a": [{"prefix": 1}]}', '{"$or": [{"a": [1]}]}'),
]
DESTINATIONS = ("arn:aws:lambda:us-east-1:1:function:f", "dead", "arn:aws:sqs:us-east-1:1:dead.fifo")


def test_what_lambda_refuses(streamed: Streamed) -> None:
    for member, value in RANGES:
        option: dict[str, Any] = {member: value}
        code, message = streamed.refuses(**option)
        assert (code, member[1:] in message) == ("ValidationException", True)
    for seconds in (0, 59):
        assert streamed.refuses(MaximumRecordAgeInSeconds=seconds)[0] == INVALID
    for pattern in PATTERNS:
        code, message = streamed.refuses(FilterCriteria={"Filters": [{"Pattern": pattern}]})
        assert (code, message.startswith("Invalid filter pattern definition")) == (INVALID, True), pattern
    six = [{"Pattern": '{"eventName": ["INSERT"]}'}] * 6
    assert streamed.refuses(FilterCriteria={"Filters": six})[0] == INVALID
    for arn in DESTINATIONS:
        assert streamed.refuses(DestinationConfig={"OnFailure": {"Destination": arn}})[0] == INVALID, arn
    assert streamed.refuses(ScalingConfig={"MaximumConcurrency": 2})[0] == INVALID
    assert streamed.refuses(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=1)[0] == INVALID
    assert streamed.client_of("lambda").list_event_source_mappings()["EventSourceMappings"] == []


def test_a_mapping_needs_its_stream_its_function_and_a_role_that_reads(streamed: Streamed) -> None:
    assert streamed.refuses("nobody")[0] == "ResourceNotFoundException"
    assert streamed.refuses("reader:no-such-alias")[0] == "ResourceNotFoundException"
    code, message = streamed.refuses(EventSourceArn=streamed.stream.replace("/stream/2", "/stream/1"))
    assert (code, message.startswith("Stream not found")) == (INVALID, True)
    streamed.functions.deploy("blind", reads=False)
    for missing in READS:
        streamed.functions.allow("blind", "streams", [one for one in READS if one != missing])
        code, message = streamed.refuses("blind")
        assert (code, message.startswith("Cannot access stream")) == (INVALID, True), missing
    streamed.functions.allow("blind", "streams", READS)
    dead = streamed.functions.queue("dead")
    code, message = streamed.refuses("blind", DestinationConfig={"OnFailure": {"Destination": dead}})
    assert (code, "SendMessage on SQS" in message) == (INVALID, True)
    assert streamed.create("blind")["State"] == "Creating"


def test_a_mapping_passes_through_its_states_and_is_there_once(streamed: Streamed) -> None:
    lam = streamed.client_of("lambda")
    uuid = streamed.create()["UUID"]
    assert streamed.state(uuid) == "Creating"
    assert refused(lam.update_event_source_mapping, UUID=uuid, BatchSize=5)[0] == "ResourceInUseException"
    streamed.server.clock.advance(minutes=2)
    assert streamed.state(uuid) == "Enabled"
    code, message = streamed.refuses()
    assert (code, uuid in message) == ("ResourceConflictException", True)
    assert lam.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    streamed.server.clock.advance(minutes=2)
    assert streamed.state(uuid) == "Disabled"
    said = lam.update_event_source_mapping(UUID=uuid, BatchSize=7, MaximumRetryAttempts=3)
    assert (said["State"], said["BatchSize"], said["MaximumRetryAttempts"]) == ("Updating", 7, 3)
    streamed.server.clock.advance(minutes=2)
    assert lam.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    assert streamed.state(uuid) == "Deleting"
    streamed.server.clock.advance(minutes=2)
    assert refused(lam.get_event_source_mapping, UUID=uuid)[0] == "ResourceNotFoundException"
    assert refused(lam.delete_event_source_mapping, UUID=uuid)[0] == "ResourceNotFoundException"
    assert lam.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_change_calls_the_function_and_a_disabled_mapping_does_not(streamed: Streamed) -> None:
    streamed.put("before")
    uuid = streamed.map()
    streamed.put("a")
    assert streamed.functions.got("reader", "before", "a")[0][0] == "before"
    lam = streamed.client_of("lambda")
    until(lambda: lam.get_event_source_mapping(UUID=uuid)["LastProcessingResult"] == "OK", "the result OK")
    lam.update_event_source_mapping(UUID=uuid, Enabled=False)
    streamed.server.clock.advance(minutes=2)
    streamed.functions.deploy("second")
    streamed.map("second", StartingPosition="LATEST")
    streamed.put("later")
    assert streamed.functions.got("second", "later") == [["later"]]
    assert "later" not in str(streamed.functions.keys("reader"))
    lam.update_event_source_mapping(UUID=uuid, Enabled=True)
    streamed.server.clock.advance(minutes=2)
    streamed.functions.got("reader", "later")


def test_only_what_matches_a_filter_calls(streamed: Streamed) -> None:
    patterns = ['{"eventName": ["REMOVE"]}', '{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "vip-"}]}}}}']
    streamed.map(FilterCriteria={"Filters": [{"Pattern": one} for one in patterns]})
    streamed.put("plain", "vip-1")
    streamed.client_of("dynamodb").delete_item(TableName="tab", Key={"pk": {"S": "plain"}})
    streamed.functions.got("reader", "vip-1", "plain")
    events = [one for event in streamed.functions.events("reader") for one in event["Records"]]
    assert [(one["eventName"], one["eventSourceARN"]) for one in events] == [
        ("INSERT", streamed.stream),
        ("REMOVE", streamed.stream),
    ]


def test_a_poison_record_is_bisected_tried_again_and_given_up(streamed: Streamed) -> None:
    dead = streamed.functions.queue("dead")
    streamed.functions.allow("reader", "dead", ["sqs:SendMessage"], dead)
    streamed.put("a", "b", "poison", "c")
    streamed.map(
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": dead}},
    )
    message = streamed.functions.message("dead")
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert (message["DDBStreamBatchInfo"]["batchSize"], message["DDBStreamBatchInfo"]["streamArn"]) == (
        1,
        streamed.stream,
    )
    until(lambda: ["c"] in streamed.functions.keys("reader"), "what is behind the poison record is delivered")
    every = ["a", "b", "poison", "c"]
    assert streamed.functions.keys("reader") == [every, ["a", "b"], ["poison", "c"], ["poison"], ["poison"], ["c"]]


def test_without_bisection_the_whole_batch_is_given_up(streamed: Streamed) -> None:
    dead = streamed.functions.queue("dead")
    streamed.functions.allow("reader", "dead", ["sqs:SendMessage"], dead)
    streamed.put("a", "poison")
    streamed.map(MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": dead}})
    message = streamed.functions.message("dead")
    assert message["DDBStreamBatchInfo"]["batchSize"] == 2
    assert message["requestContext"]["approximateInvokeCount"] == 1
    assert streamed.functions.keys("reader") == [["a", "poison"]]


def test_records_that_are_too_old_go_to_a_topic_and_a_bucket(streamed: Streamed) -> None:
    s3 = streamed.client_of("s3")
    s3.create_bucket(Bucket="given-up")
    streamed.functions.allow("reader", "dead", ["s3:PutObject"], "arn:aws:s3:::given-up/*")
    uuid = streamed.map(
        MaximumRecordAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::given-up"}}
    )
    streamed.put("poison")
    streamed.functions.got("reader", "poison")
    streamed.server.clock.advance(minutes=2)
    found = until(lambda: s3.list_objects_v2(Bucket="given-up").get("Contents"), "an object in the bucket")
    assert found[0]["Key"].startswith(f"aws/lambda/{uuid}/shardId-")
    said = json.loads(s3.get_object(Bucket="given-up", Key=found[0]["Key"])["Body"].read())
    assert said["requestContext"]["condition"] == "RecordAgeExceeded"
    assert json.loads(said["payload"])["Records"][0]["dynamodb"]["Keys"] == {"pk": {"S": "poison"}}
    streamed.put("fresh")
    streamed.functions.got("reader", "fresh")


def test_a_topic_gets_what_was_given_up(streamed: Streamed) -> None:
    sns, queue = streamed.client_of("sns"), streamed.functions.queue("dead")
    topic = sns.create_topic(Name="given-up")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    streamed.functions.allow("reader", "dead", ["sns:Publish"], topic)
    streamed.put("poison")
    streamed.map(MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": topic}})
    said = json.loads(streamed.functions.message("dead")["Message"])
    assert said["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_a_partial_batch_response_keeps_what_succeeded(streamed: Streamed) -> None:
    streamed.functions.deploy("partial", mode="partial")
    streamed.put("a", "poison", "c")
    streamed.map("partial", FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1)
    streamed.put("d")
    streamed.functions.got("partial", "d")
    calls = streamed.functions.keys("partial")
    assert calls[:2] == [["a", "poison", "c"], ["poison", "c"]] or calls[0] == ["a", "poison", "c", "d"]
    assert all("a" not in call for call in calls[1:])


def test_a_partial_batch_response_that_names_no_record_fails_the_batch(streamed: Streamed) -> None:
    streamed.functions.deploy("broken", mode="broken-partial")
    streamed.put("a", "b")
    streamed.map("broken", FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1)
    until(lambda: len(streamed.functions.keys("broken")) == 2, "the batch is tried twice")
    assert streamed.functions.keys("broken") == [["a", "b"], ["a", "b"]]


def test_a_tumbling_window_keeps_its_state_and_ends(streamed: Streamed) -> None:
    streamed.map(TumblingWindowInSeconds=900, BatchSize=1)
    streamed.put("a", "b")
    streamed.functions.got("reader", "a", "b")
    streamed.server.clock.advance(minutes=15)
    last = until(
        lambda: [one for one in streamed.functions.events("reader") if one["isFinalInvokeForWindow"]], "an end"
    )
    events = [one for one in streamed.functions.events("reader") if not one["isFinalInvokeForWindow"]]
    assert len(events) == 2
    assert sum(one["state"]["count"] for one in last) == 2
    assert last[-1]["Records"] == []


def test_a_batch_gathers_until_its_window_is_over(streamed: Streamed) -> None:
    streamed.map(MaximumBatchingWindowInSeconds=300, BatchSize=3)
    streamed.put("a")
    streamed.put("b")
    assert streamed.functions.keys("reader") == []
    streamed.put("c")
    assert streamed.functions.got("reader", "a", "b", "c") == [["a", "b", "c"]]
    streamed.put("d")
    streamed.server.clock.advance(minutes=6)
    assert streamed.functions.got("reader", "d")[-1] == ["d"]


def test_a_mapping_on_an_old_stream_is_dead_though_it_says_enabled(streamed: Streamed) -> None:
    uuid = streamed.map()
    streamed.put("a")
    streamed.functions.got("reader", "a")
    dynamodb = streamed.client_of("dynamodb")
    for spec in ({"StreamEnabled": False}, STREAM):
        dynamodb.update_table(TableName="tab", StreamSpecification=spec)
        streamed.server.clock.advance(minutes=2)
    streamed.functions.deploy("second")
    streamed.map("second", StartingPosition="LATEST")
    streamed.put("b")
    streamed.functions.got("second", "b")
    assert streamed.state(uuid) == "Enabled"
    assert streamed.functions.keys("reader") == [["a"]]


def test_another_endpoint_goes_on_with_the_mappings_of_the_engine(
    streamed: Streamed, ministack_endpoint: str, client_of: Callable[..., Any]
) -> None:
    lam, engine = streamed.client_of("lambda"), client_of(ministack_endpoint, "lambda")
    for function in ("second", "waits", "gone"):
        streamed.functions.deploy(function)
    made = streamed.create(TumblingWindowInSeconds=900, BatchSize=1, Tags={"team": "sales"})
    disabled = streamed.map("second", StartingPosition="LATEST")
    waits = streamed.map("waits", MaximumBatchingWindowInSeconds=300, BatchSize=3)
    deleted = streamed.map("gone")
    streamed.put("a", "b")
    streamed.functions.got("second", "a", "b")
    arn = made["EventSourceMappingArn"]
    until(lambda: '"count":2' in str(engine.list_tags(Resource=arn)), "the state of the window is kept")
    assert lam.list_tags(Resource=arn)["Tags"] == {"team": "sales"}
    lam.update_event_source_mapping(UUID=disabled, Enabled=False)
    lam.delete_event_source_mapping(UUID=deleted)

    streamed.restart(ministack_endpoint)
    streamed.put("c")
    assert streamed.functions.got("waits", "a", "b", "c") == [["a", "b", "c"]]
    streamed.functions.got("reader", "c")
    there = {one["UUID"]: one for one in lam.list_event_source_mappings()["EventSourceMappings"]}
    assert {uuid: one["State"] for uuid, one in there.items()} == {
        made["UUID"]: "Enabled",
        waits: "Enabled",
        disabled: "Disabled",
    }
    assert there[waits]["MaximumBatchingWindowInSeconds"] == 300
    assert "c" not in str(streamed.functions.keys("second"))
    lam.update_event_source_mapping(UUID=disabled, Enabled=True)
    streamed.server.clock.advance(minutes=15)
    streamed.functions.got("second", "c")
    events = streamed.functions.events
    last = until(lambda: [one for one in events("reader") if one["isFinalInvokeForWindow"]], "an end of the window")
    assert sum(one["state"]["count"] for one in last) == 3


def test_a_mapping_goes_on_with_the_stream_that_came_after_a_loss(streamed: Streamed, ministack_endpoint: str) -> None:
    lam, dynamodb, old = streamed.client_of("lambda"), streamed.client_of("dynamodb"), streamed.stream
    uuid = ""
    for key in "ab":
        # Of a statement the engine has no record, so that the next endpoint has a new stream.
        dynamodb.execute_statement(Statement=f"INSERT INTO tab VALUE {{'pk': '{key}'}}")
        uuid = uuid or streamed.map()
        streamed.functions.got("reader", key)
        streamed.restart(ministack_endpoint)
        streamed.put(f"{key}-again")
        streamed.functions.got("reader", f"{key}-again")
        assert streamed.stream != old
        (mapping,) = lam.list_event_source_mappings(EventSourceArn=streamed.stream)["EventSourceMappings"]
        assert (mapping["UUID"], mapping["EventSourceArn"]) == (uuid, streamed.stream)
        assert lam.list_event_source_mappings(EventSourceArn=old)["EventSourceMappings"] == []
        old = streamed.stream
