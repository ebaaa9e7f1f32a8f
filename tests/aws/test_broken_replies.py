"""Replies that are not the service's, to the control plane: never read as "there is nothing"."""

import ast
import json
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore.session
import pytest

import dynasmith
from dynasmith.aws.control.broken_replies import REQUIRED
from dynasmith.aws.control.few_items import AwsItems
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.errors import DynasmithError, ServiceUnavailable
from dynasmith.ports.access import AccessOptions, AccessSection, resolve_access

SOURCES = Path(dynasmith.__file__).parent


NEWER = {"StartBulkPutItems", "DescribeBulkOperation", "ListBulkOperations", "CancelBulkOperation"}
"""Operations that botocore has from 1.44 on; `item_stories/bulk_shapes.py` tries them where it is there."""


def operations_of(service: str) -> set[str]:
    return set(botocore.session.get_session().get_service_model(service).operation_names)


def shape_of(service: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).output_shape


def test_the_members_are_those_of_the_service_model() -> None:
    for (service, operation), paths in REQUIRED.items():
        if operation in NEWER and operation not in operations_of(service):
            continue
        for path in paths:
            shape = shape_of(service, operation)
            for name in path.split("."):
                assert name in shape.members, f"{operation}: {path}"
                shape = shape.members[name]


@pytest.mark.parametrize("service", ["dynamodb", "application-autoscaling", "kms", "sts"])
def test_every_operation_that_is_called_has_its_members_here(service: str) -> None:
    known = operations_of(service)
    called = set()
    for path in (SOURCES / "aws").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                prefix, _, name = node.value.rpartition(":")
                if name in known and prefix in ("", service):
                    called.add(name)
    if service != "dynamodb":
        called -= {"TagResource", "UntagResource", "DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy"}
    assert called
    assert called <= {operation for of, operation in REQUIRED if of == service}


class Scripted:
    """What a server says to every request, and how often it was asked."""

    def __init__(self) -> None:
        self.body, self.status, self.headers = b"{}", 200, dict[str, str]()
        self.endpoint = ""
        self.asked: list[str] = []


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    said = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            said.asked.append(str(self.headers["x-amz-target"]).rpartition(".")[2])
            self.send_response_only(said.status)
            own = {"x-amzn-requestid": f"R{len(said.asked)}", "x-amz-crc32": str(zlib.crc32(said.body))}
            for name, value in {**own, "content-length": str(len(said.body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body)

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    said.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield said
    finally:
        server.shutdown()
        server.server_close()


def session_of(script: Scripted, engine: str = "") -> Session:
    section = AccessSection(name="test", endpoint=script.endpoint, engine=engine)
    return Session(resolve_access(AccessOptions(), {}, section))


@pytest.mark.parametrize(
    ("body", "status", "headers"),
    [
        (b"{}", 200, {}),
        (b"", 200, {}),
        (b'{"status":"ok"}', 200, {}),
        (b'{"TableNames":null}', 200, {}),
        (b'{"TableNames":5}', 200, {}),
        (b"[]", 200, {}),
        (b'"x"', 200, {}),
        (b"null", 200, {}),
        (b"<html>Log in</html>", 200, {"content-type": "text/html"}),
        (b'{"TableNames":["caf\xc3', 200, {}),
        (b'{"TableNames":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 200, {}),
        (b'{"TableNames":[]}', 200, {"x-amz-crc32": "1"}),
        (b'{"TableNames":[]}', 200, {"x-amz-crc32": "many"}),
        (b'{"TableNames":[],"LastEvaluatedTableName":""}', 200, {}),
        (b'{"__type":"x#ValidationException","message":"no"}', 200, {}),
        (b"", 204, {}),
        (b'{"TableNames":[]}', 206, {}),
        (b"", 302, {"location": "http://127.0.0.1:1/"}),
    ],
)
def test_no_tables_is_what_the_service_says_only(
    script: Scripted, body: bytes, status: int, headers: dict[str, str]
) -> None:
    script.body, script.status, script.headers = body, status, headers
    with pytest.raises(ServiceUnavailable, match="ListTables got a reply that is not the service") as caught:
        list(AwsTables(session_of(script)).names())
    assert "prox" in caught.value.hint
    assert script.asked == ["ListTables"] * 3


def test_a_page_that_begins_where_it_began_ends_the_listing(script: Scripted) -> None:
    script.body = b'{"TableNames":["tab"],"LastEvaluatedTableName":"tab"}'
    with pytest.raises(ServiceUnavailable, match="where the request began"):
        list(AwsTables(session_of(script)).names())


CALLS: dict[str, dict[str, Any]] = {
    "DescribeTable": {"TableName": "tab"},
    "DescribeTimeToLive": {"TableName": "tab"},
    "DescribeContinuousBackups": {"TableName": "tab"},
    "DescribeContributorInsights": {"TableName": "tab"},
    "DescribeKinesisStreamingDestination": {"TableName": "tab"},
    "ListTagsOfResource": {"ResourceArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/tab"},
    "GetItem": {"TableName": "tab", "Key": {"pk": {"S": "a"}}},
    "PutItem": {"TableName": "tab", "Item": {"pk": {"S": "a"}}},
    "DeleteItem": {"TableName": "tab", "Key": {"pk": {"S": "a"}}},
    "UpdateItem": {"TableName": "tab", "Key": {"pk": {"S": "a"}}},
    "Query": {"TableName": "tab", "KeyConditionExpression": "pk = :p"},
    "Scan": {"TableName": "tab"},
    "BatchGetItem": {"RequestItems": {"tab": {"Keys": [{"pk": {"S": "a"}}]}}},
    "TransactWriteItems": {"TransactItems": []},
}


@pytest.mark.parametrize("operation", CALLS)
def test_an_empty_reply_is_broken(script: Scripted, operation: str) -> None:
    if operation == "TransactWriteItems":
        item = {"Put": {"TableName": "tab", "Item": {"pk": {"S": "a"}}}}
        parameters: dict[str, Any] = {"TransactItems": [item]}
    else:
        parameters = CALLS[operation]
    with pytest.raises(ServiceUnavailable, match=f"{operation} on tab got a reply"):
        session_of(script).call("dynamodb", operation, parameters, table="tab")
    assert len(script.asked) == 3


def test_items_and_counts_agree(script: Scripted) -> None:
    script.body = b'{"Items":[],"Count":1,"ScannedCount":1,"ConsumedCapacity":{"CapacityUnits":0.5}}'
    with pytest.raises(ServiceUnavailable, match="0 Items"):
        AwsItems(session_of(script)).scan("tab")
    script.body = b'{"Count":1,"ScannedCount":1,"ConsumedCapacity":{"CapacityUnits":0.5}}'
    with pytest.raises(ServiceUnavailable, match="no Items"):
        AwsItems(session_of(script)).scan("tab")
    counted = session_of(script).call("dynamodb", "Scan", {"TableName": "tab", "Select": "COUNT"})
    assert counted["Count"] == 1


def test_an_engine_that_is_named_may_leave_out_what_it_lacks(script: Scripted) -> None:
    script.body = json.dumps({"Items": [], "Count": 0, "ScannedCount": 0}).encode()
    assert AwsItems(session_of(script, "alternator")).scan("tab") == []
    script.body = b"{}"
    with pytest.raises(DynasmithError):
        AwsItems(session_of(script, "alternator")).scan("tab")
