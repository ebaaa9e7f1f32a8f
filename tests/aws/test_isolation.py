"""An environment with an endpoint never leaves it: every connection and every name that is looked up is recorded."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dynasmith.aws.control.doctor import diagnose
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.errors import DynasmithError, NotOffered
from dynasmith.ports.access import AccessOptions, AccessSection, resolve_access
from dynasmith.tables.table import Encryption, EncryptionKind, Key, KeyAttribute, Replica, Table, TableClass

SERVICES = ("application-autoscaling", "backup", "cloudwatch", "dynamodbstreams", "iam", "kms", "lambda", "s3", "sts")


NOTHING_SET = {
    "ListTables": b'{"TableNames": []}',
    "ListTagsOfResource": b'{"Tags": []}',
    "DescribeTimeToLive": b'{"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}',
    "DescribeContinuousBackups": b'{"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "DISABLED"}}',
    "DescribeContributorInsights": b'{"ContributorInsightsStatus": "DISABLED"}',
    "DescribeKinesisStreamingDestination": b'{"KinesisDataStreamDestinations": []}',
    "GetResourcePolicy": b'{"Policy": "{}"}',
}
"""What the service says of a table of which nothing is set."""


class Listener:
    """The only reachable address: answers DynamoDB's describe, and 404 to everything else. Remembers who was asked."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.hosts: set[str] = set()
        self.keys: set[str] = set()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                target = self.headers.get("X-Amz-Target", self.path)
                listener.targets.append(target)
                listener.hosts.add(self.headers["Host"])
                listener.keys.add(self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0])
                status, body = listener.answer(target)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @staticmethod
    def answer(target: str) -> tuple[int, bytes]:
        """A global table with a customer's key, so that every other service and Region is asked for too."""
        if target.endswith(".DescribeTable"):
            return 200, (
                b'{"Table": {"TableName": "orders", "TableStatus": "ACTIVE", '
                b'"TableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/orders", '
                b'"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], '
                b'"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], '
                b'"SSEDescription": {"Status": "ENABLED", "KMSMasterKeyArn": "arn:aws:kms:eu-west-1:1:key/k"}, '
                b'"Replicas": [{"RegionName": "us-west-2", "ReplicaStatus": "ACTIVE"}]}}'
            )
        prefix, _, operation = target.partition(".")
        return (200, NOTHING_SET.get(operation, b"{}")) if prefix == "DynamoDB_20120810" else (404, b"")

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every address that is connected to or looked up from now on."""
    seen: list[tuple[str, int]] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connecting(self: socket.socket, address: Any) -> None:
        seen.append((str(address[0]), int(address[1])))
        connect(self, address)

    def looking_up(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        seen.append((str(host), int(port or 0)))
        return look_up(host, port, *more, **named)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", looking_up)
    return seen


@pytest.fixture
def hostile_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose every variable and file points to AWS."""
    (tmp_path / "config").write_text(
        "[default]\nregion = eu-central-1\nuse_fips_endpoint = true\ndefaults_mode = auto\nservices = real\n"
        "[profile prod]\nrole_arn = arn:aws:iam::111122223333:role/admin\nsource_profile = default\nservices = real\n"
        "[services real]\ndynamodb =\n  endpoint_url = https://dynamodb.eu-central-1.amazonaws.com\n"
        "kms =\n  endpoint_url = https://kms.eu-central-1.amazonaws.com\n"
    )
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n")
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_PROFILE": "prod",
        "AWS_ENDPOINT_URL": "https://everything.eu-central-1.amazonaws.com",
        "AWS_ENDPOINT_URL_KMS": "https://kms.eu-central-1.amazonaws.com",
        "AWS_ENDPOINT_URL_STS": "https://sts.eu-central-1.amazonaws.com",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_DEFAULTS_MODE": "auto",
        "AWS_ENDPOINT_DISCOVERY_ENABLED": "true",
        "AWS_CSM_ENABLED": "true",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "HTTP_PROXY": "http://proxy.example:3128",
        "HTTPS_PROXY": "http://proxy.example:3128",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("hostile_machine")
def test_nothing_leaves_the_endpoint(listener: Listener, network: list[tuple[str, int]]) -> None:
    import os

    section = AccessSection(name="local", local=True, endpoint=listener.url, profile="prod", use_fips=True)
    session = Session(resolve_access(AccessOptions(), dict(os.environ), section))
    tables = AwsTables(session)
    described = tables.describe("orders")
    assert described.table.replicas == (
        Replica(
            region="us-west-2", recovery=False, deletion_protection=False, table_class=TableClass.STANDARD, tags={}
        ),
    )
    assert list(tables.names()) == []
    assert set(tables.unoffered(("autoscaling", "tags"))) == {"autoscaling"}
    key = Key(partition=(KeyAttribute(name="id", type="S"),))
    tables.resolve(Table(name="t", key=key, encryption=Encryption(kind=EncryptionKind.CUSTOMER, key="alias/mine")))
    with pytest.raises(DynasmithError):
        session.caller()
    diagnose(session)
    for service in SERVICES:
        assert session.endpoint_url(service) == listener.url
    session.close()
    assert set(network) == {("127.0.0.1", listener.port)}
    assert listener.hosts == {f"127.0.0.1:{listener.port}"}
    assert listener.keys == {"dynasmith"}
    assert any("DescribeScalableTargets" in target for target in listener.targets)
    assert any("TrentService" in target for target in listener.targets), "KMS was asked, and asked here"


@pytest.mark.usefixtures("hostile_machine")
def test_a_role_is_assumed_at_the_endpoint(listener: Listener, network: list[tuple[str, int]]) -> None:
    section = AccessSection(name="x", endpoint=listener.url, role_arn="arn:aws:iam::111122223333:role/deploy")
    session = Session(resolve_access(AccessOptions(), {}, section))
    with pytest.raises(DynasmithError):
        session.call("dynamodb", "ListTables")
    session.close()
    assert set(network) == {("127.0.0.1", listener.port)}


@pytest.mark.usefixtures("hostile_machine")
def test_a_service_without_endpoint_is_refused(listener: Listener, network: list[tuple[str, int]]) -> None:
    section = AccessSection(name="x", endpoints={"dynamodb": listener.url})
    session = Session(resolve_access(AccessOptions(), {}, section))
    assert list(AwsTables(session).names()) == []
    with pytest.raises(NotOffered, match="environment x has no endpoint for kms"):
        session.call("kms", "DescribeKey", {"KeyId": "k"})
    described = AwsTables(session).describe("orders")
    assert "no endpoint for application-autoscaling" in described.unread["autoscaling"]
    session.close()
    assert set(network) == {("127.0.0.1", listener.port)}


@pytest.mark.usefixtures("hostile_machine")
def test_one_service_elsewhere(listener: Listener, network: list[tuple[str, int]]) -> None:
    other = Listener()
    try:
        section = AccessSection(name="x", endpoint=listener.url, endpoints={"application-autoscaling": other.url})
        session = Session(resolve_access(AccessOptions(), {}, section))
        AwsTables(session).describe("orders", ("autoscaling",))
        session.close()
        assert [target for target in other.targets if "DescribeScalableTargets" not in target] == []
        assert other.targets
        assert set(network) == {("127.0.0.1", listener.port), ("127.0.0.1", other.port)}
    finally:
        other.close()


def test_nothing_listens_is_said_at_once_and_without_retry(network: list[tuple[str, int]], unused_port: int) -> None:
    session = Session(
        resolve_access(AccessOptions(endpoint=f"http://127.0.0.1:{unused_port}"), {}, AccessSection(name="x"))
    )
    with pytest.raises(DynasmithError, match="Nothing listens") as raised:
        session.call("dynamodb", "ListTables")
    assert raised.value.hint == f"dynasmith local start --port {unused_port}"
    connects = [address for address in network if address[1] == unused_port]
    assert len(set(connects)) == 1
    assert len(connects) <= 2, "one look-up and one connection"


@pytest.fixture
def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_service_that_is_routed_nowhere_fails_nothing_else(listener: Listener, unused_port: int) -> None:
    nowhere = f"http://127.0.0.1:{unused_port}"
    section = AccessSection(name="x", endpoint=listener.url, endpoints={"application-autoscaling": nowhere})
    session = Session(resolve_access(AccessOptions(), {}, section))
    described = AwsTables(session).describe("orders", ("autoscaling", "tags"))
    session.close()
    assert described.unread["autoscaling"] == f"Nothing listens at {nowhere}"
    assert described.table.tags == {}


def test_an_endpoint_that_is_no_dynamodb_is_said(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listener, "answer", staticmethod(lambda _: (200, b"{}")))
    session = Session(resolve_access(AccessOptions(endpoint=listener.url), {}, AccessSection(name="x")))
    with pytest.raises(DynasmithError, match="answered DescribeTable of orders without a table"):
        AwsTables(session).describe("orders")
    session.close()
