"""Faults on demand: scripted by number, or by chance with a seed; the journal tells what happened."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, ResponseStreamingError
from botocore.exceptions import ReadTimeoutError as BotocoreReadTimeout

from dynasmith.strict import StrictServer
from strict_tables import ready, refused

ITEM = {"pk": {"S": "1"}, "v": {"S": "x"}}


def _put(client: Any, key: str = "1") -> None:
    client.put_item(TableName="tab", Item={"pk": {"S": key}})


def _exists(client: Any, key: str = "1") -> bool:
    return "Item" in client.get_item(TableName="tab", Key={"pk": {"S": key}})


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("500", "InternalServerError", 500),
        ("503", "ServiceUnavailable", 503),
        ("expired-credentials", "ExpiredTokenException", 400),
        ("access-denied", "AccessDeniedException", 400),
        ("throttle", "ProvisionedThroughputExceededException", 400),
        ("RequestLimitExceeded", "RequestLimitExceeded", 400),
    ],
)
def test_an_answer_instead_of_the_engine(server: StrictServer, client: Any, kind: str, code: str, status: int) -> None:
    ready(server, client)
    fault = server.fault("PutItem", kind=kind)
    with pytest.raises(ClientError) as met:
        _put(client)
    assert met.value.response["Error"]["Code"] == code
    assert met.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert not _exists(client)
    _put(client)
    assert _exists(client)
    assert fault.hits == 1
    assert [call.error for call in server.journal.of("PutItem")] == [code, ""]


def test_denied_names_the_action_and_the_table(server: StrictServer, client: Any) -> None:
    ready(server, client)
    server.fault("PutItem", kind="access-denied")
    message = refused(client.put_item, TableName="tab", Item=ITEM)[1]
    assert "not authorized to perform: dynamodb:PutItem on resource:" in message
    assert ":table/tab" in message


@pytest.mark.parametrize(("kind", "written"), [("reset-before", False), ("reset-after", True)])
def test_a_reset_before_or_after_the_write(server: StrictServer, client: Any, kind: str, written: bool) -> None:
    ready(server, client)
    server.fault("PutItem", kind=kind)
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        _put(client)
    assert _exists(client) is written
    assert server.journal.of("PutItem")[0].error == "reset"


def test_the_engine_did_it_and_the_answer_is_an_error(server: StrictServer, client: Any) -> None:
    ready(server, client)
    server.fault("PutItem", kind="500-after")
    assert refused(client.put_item, TableName="tab", Item=ITEM)[0] == "InternalServerError"
    assert _exists(client)


def test_a_body_is_cut(server: StrictServer, client: Any) -> None:
    ready(server, client)
    _put(client)
    server.fault("GetItem", kind="cut-body")
    with pytest.raises((ResponseStreamingError, HTTPClientError, ConnectionClosedError)):
        _exists(client)
    assert _exists(client)
    assert server.journal.of("GetItem")[0].error == "cut"


def test_a_wrong_crc_is_told_by_the_header(server: StrictServer, client: Any) -> None:
    import zlib

    ready(server, client)
    _put(client)
    seen = []

    def look(http_response: Any, **_: Any) -> None:
        seen.append(int(http_response.headers["x-amz-crc32"]) == zlib.crc32(http_response.content))

    client.meta.events.register("after-call.dynamodb.GetItem", look)
    server.fault("GetItem", nth=2, kind="wrong-crc")
    for _ in range(3):
        _exists(client)
    assert seen == [True, False, True]


def test_a_slow_answer_outlasts_the_clients_patience(server: StrictServer, client_of: Callable[..., Any]) -> None:
    patient = client_of(server.endpoint)
    hasty = client_of(server.endpoint, read_timeout=0.2)
    ready(server, patient)
    server.fault("GetItem", kind="slow", seconds=30)
    with pytest.raises(BotocoreReadTimeout):
        _exists(hasty)
    assert not _exists(hasty)


def test_the_nth_calls_of_one_table_fail(server: StrictServer, client: Any) -> None:
    ready(server, client)
    ready(server, client, "other")
    server.fault("PutItem", nth=2, times=2, table="tab")
    outcome = []
    for _ in range(4):
        client.put_item(TableName="other", Item=ITEM)
        try:
            _put(client)
            outcome.append(True)
        except ClientError:
            outcome.append(False)
    assert outcome == [True, False, False, True]


def test_random_faults_are_the_same_for_the_same_seed(server: StrictServer, client: Any) -> None:
    ready(server, client)

    def run(seed: int) -> list[str]:
        server.journal.clear()
        fault = server.fault("PutItem", kind="503", probability=0.4, times=None, seed=seed)
        for number in range(30):
            try:
                _put(client, str(number))
            except ClientError:
                continue
        fault.remove()
        return [call.error for call in server.journal.of("PutItem")]

    first = run(7)
    assert first == run(7)
    assert first != run(8)
    assert 3 < first.count("ServiceUnavailable") < 25


def test_half_of_a_batch_comes_back(server: StrictServer, client: Any) -> None:
    ready(server, client)
    writes = [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(10)]
    server.fault("BatchWriteItem", kind="unprocessed")
    left = client.batch_write_item(RequestItems={"tab": writes})["UnprocessedItems"]
    assert left == {"tab": writes[5:]}
    assert client.batch_write_item(RequestItems=left)["UnprocessedItems"] == {}
    keys = [{"pk": {"S": str(n)}} for n in range(10)]
    server.fault("BatchGetItem", kind="unprocessed")
    answer = client.batch_get_item(RequestItems={"tab": {"Keys": keys, "ConsistentRead": True}})
    assert len(answer["Responses"]["tab"]) == 5
    assert answer["UnprocessedKeys"] == {"tab": {"Keys": keys[5:], "ConsistentRead": True}}


def test_a_fault_that_makes_no_sense_is_refused(server: StrictServer) -> None:
    with pytest.raises(ValueError, match="a fault is one of"):
        server.fault("PutItem", kind="meteor")
    with pytest.raises(ValueError, match="count from 1"):
        server.fault("PutItem", nth=0)


def test_no_one_listening_behind_is_said(client_of: Callable[..., Any]) -> None:
    with StrictServer("http://127.0.0.1:9") as server:
        code, message = refused(client_of(server.endpoint).list_tables)
    assert code == "ServiceUnavailable"
    assert "engine behind the strict endpoint does not answer" in message
