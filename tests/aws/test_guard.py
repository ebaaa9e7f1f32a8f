"""The guard: reads go on to the run's own endpoint, everything else is refused as its service would refuse it."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cli.story import new_account
from dynasmith.aws.control.guard.child_process import child_variables
from dynasmith.aws.control.guard.server import BODY_BYTES_MAX, ReadOnlyGuard, open_guard
from dynasmith.aws.control.session import Session
from dynasmith.aws.data.allow_list import only_reads
from dynasmith.ports.access import AccessKeys, ResolvedAccess, Secret
from dynasmith.strict import StrictServer

# Every operation of DynamoDB that may pass, beside Describe* and List*: what is not here is refused.
PASSING = {"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"}
SELECT = 'SELECT * FROM "users"'
STATEMENTS: list[tuple[object, bool]] = [
    (SELECT, True),
    ("\n select * from users", True),
    ("INSERT INTO users VALUE {'pk': 'a'}", False),
    ("UPDATE users SET a = 1 WHERE pk = 'a'", False),
    ("DELETE FROM users WHERE pk = 'a'", False),
    ("EXISTS(SELECT * FROM users WHERE pk = 'a')", False),
    ("SELECTED", False),
    ("-- SELECT\nDELETE FROM users WHERE pk = 'a'", False),
    ("", False),
    (None, False),
    ([SELECT], False),
]


def test_of_all_operations_only_those_that_read_pass() -> None:
    model = botocore.session.Session().get_service_model("dynamodb")
    passing = {name for name in model.operation_names if only_reads(name, {"Statement": "DELETE FROM t"})}
    assert {name for name in passing if not name.startswith(("Describe", "List"))} == PASSING
    for name in (*passing, "GetItems", "PutItem", "DescribeTable;DeleteTable", "Describe", "Listing", ""):
        assert only_reads(name, {}) == (name in passing)


@pytest.mark.parametrize(("statement", "reads"), STATEMENTS)
def test_a_statement_passes_when_it_selects(statement: object, reads: bool) -> None:
    assert only_reads("ExecuteStatement", {"Statement": statement}) is reads
    assert only_reads("BatchExecuteStatement", {"Statements": [{"Statement": statement}]}) is reads
    both = [{"Statement": SELECT}, {"Statement": statement}]
    assert only_reads("BatchExecuteStatement", {"Statements": both}) is reads
    assert not only_reads("ExecuteTransaction", {"TransactStatements": both})


@pytest.mark.parametrize("said", [{}, {"Statements": []}, {"Statements": SELECT}, {"Statements": [SELECT]}])
def test_statements_that_are_none_do_not_pass(said: dict[str, Any]) -> None:
    assert not only_reads("BatchExecuteStatement", said)


@pytest.fixture
def strict_engine(ministack_endpoint: str) -> Iterator[StrictServer]:
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        yield server


@pytest.fixture
def session(strict_engine: StrictServer) -> Iterator[Session]:
    keys = AccessKeys(access_key=new_account(), secret_key=Secret("a-secret-that-nobody-else-has-to-know"))
    session = Session(ResolvedAccess(endpoint=strict_engine.endpoint, region="us-east-1", credentials=keys)).reading()
    yield session
    session.close()


@pytest.fixture
def guard(session: Session) -> Iterator[ReadOnlyGuard]:
    with open_guard(session) as guard:
        yield guard


def client(guard: ReadOnlyGuard, service: str, region: str = "us-east-1", key: str = "", attempts: int = 1) -> Any:
    """A client as the guarded process would have it, without what names its operations."""
    return boto3.client(  # type: ignore[call-overload]  # any service, by its name
        service,
        endpoint_url=guard.endpoint,
        region_name=region,
        aws_access_key_id=key or guard.variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key="dry-run",
        config=Config(retries={"total_max_attempts": attempts}, proxies={}),
    )


def table(session: Session, endpoint: str, region: str, item: str) -> None:
    """A table ``lookup`` of one item, made in the engine itself, past the strict endpoint."""
    keys = session.access.credentials
    assert keys is not None
    engine = boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=str(keys.secret_key),
    )
    engine.create_table(
        TableName="lookup",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    engine.put_item(TableName="lookup", Item={"pk": {"S": item}})
    engine.close()


REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("dynamodb", "put_item", {"TableName": "t", "Item": {"pk": {"S": "a"}}}, "dynamodb PutItem t"),
    ("dynamodb", "execute_transaction", {"TransactStatements": [{"Statement": "INSERT INTO t VALUE {}"}]},
     "dynamodb ExecuteTransaction t"),
    ("dynamodbstreams", "list_streams", {}, "dynamodb ListStreams "),
    ("kms", "disable_key", {"KeyId": "k"}, "kms DisableKey "),
    ("sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": "m"}, "sns Publish "),
    ("iam", "delete_role", {"RoleName": "r"}, "iam DeleteRole "),
    ("sts", "assume_role", {"RoleArn": "arn:aws:iam::111122223333:role/r", "RoleSessionName": "me"}, "sts AssumeRole "),
    ("ec2", "terminate_instances", {"InstanceIds": ["i-1"]}, "ec2 TerminateInstances "),
    ("sqs", "send_message", {"QueueUrl": "http://127.0.0.1/q", "MessageBody": "m"}, "sqs SendMessage "),
    ("s3", "put_object", {"Bucket": "exports", "Key": "a", "Body": b"x" * 3_000_000}, "s3 PUT /exports/a "),
    ("s3", "delete_bucket", {"Bucket": "exports"}, "s3 DELETE /exports "),
    ("lambda", "invoke", {"FunctionName": "f", "Payload": b"{}"}, "lambda POST /2015-03-31/functions/f/invocations "),
    ("route53", "delete_hosted_zone", {"Id": "Z1"}, "route53 DELETE /2013-04-01/hostedzone/Z1 "),
    ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m"}]},
     "monitoring PutMetricData "),
]  # fmt: skip


@pytest.mark.parametrize(("service", "method", "said", "told"), REFUSED, ids=[case[3] for case in REFUSED])
def test_what_does_not_read_is_refused_in_its_services_own_form(
    guard: ReadOnlyGuard, strict_engine: StrictServer, service: str, method: str, said: dict[str, Any], told: str
) -> None:
    caller = client(guard, service)
    with pytest.raises(ClientError) as caught:
        getattr(caller, method)(**said)
    caller.close()
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert caught.value.response["Error"]["Message"].startswith("dynasmith dry run: ")
    assert caught.value.response["Error"]["Message"].endswith(" was not done.")
    [call] = guard.refused
    assert (f"{call.service} {call.operation} {call.table}", call.times) == (told, 1)
    assert len(strict_engine.journal) == 0


def test_reads_go_on_with_the_runs_own_keys_in_the_region_that_was_asked_for(
    guard: ReadOnlyGuard, session: Session, strict_engine: StrictServer, ministack_endpoint: str
) -> None:
    table(session, ministack_endpoint, "us-east-1", "here")
    table(session, ministack_endpoint, "eu-west-1", "there")
    for region, item in (("us-east-1", "here"), ("eu-west-1", "there")):
        caller = client(guard, "dynamodb", region)
        assert caller.scan(TableName="lookup")["Items"] == [{"pk": {"S": item}}]
        with pytest.raises(caller.exceptions.ResourceNotFoundException):
            caller.describe_table(TableName="absent")
        caller.close()
    assert [call.operation for call in strict_engine.journal] == ["Scan", "DescribeTable"] * 2
    assert guard.refused == ()


def test_another_process_of_this_machine_is_not_served(
    guard: ReadOnlyGuard, session: Session, strict_engine: StrictServer
) -> None:
    stranger = client(guard, "dynamodb", key="AKIASOMEBODYELSE")
    for call in (stranger.list_tables, lambda: stranger.delete_table(TableName="t")):
        with pytest.raises(ClientError, match="serves its own process only"):
            call()
    stranger.close()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{guard.endpoint}/", timeout=300)
    assert caught.value.code == 403
    caught.value.close()
    assert len(strict_engine.journal) == 0
    assert guard.refused == ()


def test_a_request_beyond_every_limit_is_not_taken(guard: ReadOnlyGuard, strict_engine: StrictServer) -> None:
    request = urllib.request.Request(
        f"{guard.endpoint}/", data=b" " * (BODY_BYTES_MAX + 1), headers={"X-Amz-Target": "DynamoDB_20120810.Scan"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=300)
    assert caught.value.code == 413
    caught.value.close()
    assert len(strict_engine.journal) == 0


@pytest.mark.parametrize("kind", ["reset-before", "cut-body", "wrong-crc", "500", "throttle", "expired-credentials"])
def test_a_read_that_stumbles_is_tried_again_by_the_client_of_the_user_code(
    guard: ReadOnlyGuard, session: Session, strict_engine: StrictServer, ministack_endpoint: str, kind: str
) -> None:
    table(session, ministack_endpoint, "us-east-1", "here")
    strict_engine.fault("Scan", kind=kind, times=1)
    caller = client(guard, "dynamodb", attempts=4)
    assert caller.scan(TableName="lookup")["Count"] == 1
    caller.close()
    assert guard.refused == ()


def test_a_read_that_the_service_denies_is_denied_as_it_says(guard: ReadOnlyGuard, strict_engine: StrictServer) -> None:
    strict_engine.fault("Scan", kind="access-denied")
    caller = client(guard, "dynamodb")
    with pytest.raises(ClientError) as caught:
        caller.scan(TableName="lookup")
    caller.close()
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "dry run" not in caught.value.response["Error"]["Message"]
    assert guard.refused == ()


def test_kinds_of_refused_calls_are_counted_and_bounded(guard: ReadOnlyGuard) -> None:
    caller = client(guard, "dynamodb")
    for number in range(120):
        with pytest.raises(ClientError):
            caller.delete_table(TableName=f"table-{number}")
    caller.close()
    told = guard.refused
    assert len(told) == 101
    assert told[-1].operation == "others"
    assert sum(call.times for call in told) == 120


def test_the_environment_of_the_process_has_no_credentials(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "a-secret-that-nobody-else-has-to-know")
    monkeypatch.setenv("MY_ADDRESS", "http://example.org")
    with open_guard(session) as guard:
        variables = guard.variables
    assert "MY_SECRET" not in variables
    assert variables["MY_ADDRESS"] == "http://example.org"
    assert "a-secret-that-nobody" not in json.dumps(dict(variables))
    assert variables["AWS_ENDPOINT_URL"] == guard.endpoint
    assert variables["AWS_DEFAULT_REGION"] == variables["AWS_REGION"] == "us-east-1"


def test_the_region_of_the_shell_stays_and_its_proxies_go() -> None:
    shell = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_PROFILE": "prod", "aws_secret": "s", "NO_PROXY": "intra", "P": "1"}
    shell |= {
        "https_proxy": "http://me:secret@proxy:3128",
        "HTTP_PROXY": "http://proxy:3128",
        "ALL_PROXY": "socks5://p",
    }
    made = child_variables(shell, endpoint="http://127.0.0.1:1", region="us-east-1", key="K")
    assert (made["AWS_DEFAULT_REGION"], made["AWS_REGION"], made["P"]) == ("eu-west-1", "eu-west-1", "1")
    left = {name: value for name, value in made.items() if "proxy" in name.lower()}
    assert left == dict.fromkeys(("NO_PROXY", "no_proxy"), "intra,127.0.0.1,localhost,::1")
    assert "AWS_PROFILE" not in made
    assert "aws_secret" not in made


OWN_ADDRESS = """
import json, os, sys
from dynasmith.aws.control.guard.child_process import GuardedEnvironment
GuardedEnvironment(os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_ACCESS_KEY_ID"])()
import boto3
told = []
for said in json.load(sys.stdin):
    client = boto3.client("dynamodb", **said)
    try:
        told.append(len(client.scan(TableName="lookup")["Items"]))
    except Exception as error:
        told.append(error.response["Error"]["Message"])
print(json.dumps(told))
"""


def test_a_client_with_an_address_of_its_own_is_diverted_and_never_shown_other_items(
    guard: ReadOnlyGuard, session: Session, ministack_endpoint: str
) -> None:
    table(session, ministack_endpoint, "us-east-1", "here")
    port = session.access.endpoint.rpartition(":")[2]
    addresses = [
        {},
        {"endpoint_url": session.access.endpoint},
        {"endpoint_url": f"http://localhost:{port}"},
        {"endpoint_url": "https://dynamodb.us-east-1.amazonaws.com"},
        {"endpoint_url": "http://127.0.0.1:9"},
        {"aws_access_key_id": "AKIAMINE", "aws_secret_access_key": "mine"},
    ]
    done = subprocess.run(
        [sys.executable, "-c", OWN_ADDRESS],
        input=json.dumps(addresses),
        env=dict(guard.variables) | {"PATH": os.environ.get("PATH", "")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    other = "dynasmith dry run: Scan was not done, because it was to go to http://127.0.0.1:9."
    assert json.loads(done.stdout) == [1, 1, 1, 1, other, 1]


def test_dynasmiths_own_clients_of_a_dry_run_send_reads_only(session: Session, strict_engine: StrictServer) -> None:
    from dynasmith.errors import RunError

    with pytest.raises(RunError, match="wanted to call dynamodb PutItem"):
        session.call("dynamodb", "PutItem", {"TableName": "t", "Item": {"pk": {"S": "a"}}})
    with pytest.raises(RunError, match="wanted to call dynamodb ExecuteStatement"):
        session.call("dynamodb", "ExecuteStatement", {"Statement": "INSERT INTO t VALUE {'pk': 'a'}"})
    with pytest.raises(RunError, match="wanted to call application-autoscaling RegisterScalableTarget"):
        session.call(
            "application-autoscaling",
            "RegisterScalableTarget",
            {"ServiceNamespace": "dynamodb", "ResourceId": "table/t", "ScalableDimension": "dynamodb:table:x"},
        )
    assert len(strict_engine.journal) == 0
    assert session.call("dynamodb", "ListTables")["TableNames"] == []
    assert [call.operation for call in strict_engine.journal] == ["ListTables"]
