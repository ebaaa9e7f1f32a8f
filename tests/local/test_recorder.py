"""What stands around a kept ministack: long journals give way to a save, and other services are saved in time."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from dynasmith.local import Engine, start_ministack, state
from dynasmith.local.child_messages import AnyMessage, EngineSaved, ReplayDone
from dynasmith.local.recorder import is_read, is_table_call, signed_service

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def headers(operation: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-amz-target", b"DynamoDB_20120810." + operation.encode())]


@pytest.mark.parametrize("operation", ["PutItem", "BatchWriteItem", "TransactWriteItems", "UpdateTable", "TagResource"])
def test_writes_are_journaled(operation: str) -> None:
    assert is_table_call(headers(operation))
    assert not is_read(headers(operation))


@pytest.mark.parametrize("operation", ["GetItem", "BatchGetItem", "Query", "Scan", "DescribeTable", "ListTables"])
def test_reads_are_not_journaled(operation: str) -> None:
    assert is_read(headers(operation))


def test_other_services_calls_are_not_journaled() -> None:
    assert not is_table_call([(b"x-amz-target", b"TrentService.CreateKey")])


def test_the_service_is_read_from_the_signature() -> None:
    signature = (
        b"AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/backup/aws4_request, SignedHeaders=host, Signature=0"
    )
    assert signed_service([(b"authorization", signature)]) == "backup"
    assert signed_service([]) == ""


def test_a_cut_journal_name_or_none_is_no_service() -> None:
    assert signed_service([(b"authorization", b"Bearer x")]) == ""


@pytest.mark.engine
def test_a_long_journal_gives_way_to_a_save(
    tmp_path: Path, client_of: "Callable[[str], DynamoDBClient]", new_table: "Callable[[DynamoDBClient, str], None]"
) -> None:
    engine = start_ministack(state_folder=tmp_path, journal_bytes_max=10_000)
    try:
        client = client_of(engine.endpoint)
        new_table(client, "kept")
        for number in range(60):
            client.put_item(TableName="kept", Item={"pk": {"S": str(number)}, "filler": {"S": "x" * 500}})
        assert state.continued_by(tmp_path) > 0
        numbers = state.journal_numbers(tmp_path)
        assert numbers == [state.continued_by(tmp_path)]
    finally:
        engine.kill()
    said: list[AnyMessage] = []
    with start_ministack(state_folder=tmp_path, listener=said.append) as again:
        repeated = [message for message in said if isinstance(message, ReplayDone)]
        # Some are in the save, the rest in the journal: none in both, or the count would differ.
        assert all(0 < message.calls < 60 for message in repeated)
        assert client_of(again.endpoint).scan(TableName="kept", Select="COUNT")["Count"] == 60


@pytest.mark.engine
def test_a_table_has_its_id_after_a_kill(
    tmp_path: Path, client_of: "Callable[[str], DynamoDBClient]", new_table: "Callable[[DynamoDBClient, str], None]"
) -> None:
    engine = start_ministack(state_folder=tmp_path)
    try:
        client = client_of(engine.endpoint)
        new_table(client, "kept")
        made = client.describe_table(TableName="kept")["Table"]["TableId"]
    finally:
        engine.kill()
    for _ in range(2):  # repeated from the journal, then loaded from the save
        with start_ministack(state_folder=tmp_path) as again:
            assert client_of(again.endpoint).describe_table(TableName="kept")["Table"]["TableId"] == made


@pytest.mark.engine
def test_other_services_survive_a_kill_once_they_are_saved(tmp_path: Path) -> None:
    engine = start_ministack(state_folder=tmp_path)
    try:
        keys = key_client(engine)
        made = keys.create_key()["KeyMetadata"]["KeyId"]
        keys.close()
        await_file(tmp_path / "state" / "kms.json")
    finally:
        engine.kill()
    with start_ministack(state_folder=tmp_path) as again:
        keys = key_client(again)
        assert [key["KeyId"] for key in keys.list_keys()["Keys"]] == [made]
        keys.close()


@pytest.mark.engine
def test_a_clean_stop_repeats_nothing(
    tmp_path: Path, client_of: "Callable[[str], DynamoDBClient]", new_table: "Callable[[DynamoDBClient, str], None]"
) -> None:
    said: list[AnyMessage] = []
    engine: Engine = start_ministack(state_folder=tmp_path)
    new_table(client_of(engine.endpoint), "kept")
    assert engine.stop(said.append)
    assert "dynamodb" in {message.service for message in said if isinstance(message, EngineSaved)}
    said.clear()
    with start_ministack(state_folder=tmp_path, listener=said.append):
        assert not [message for message in said if isinstance(message, ReplayDone)]


def key_client(engine: Engine) -> Any:
    """A client of the key service: one that has no journal."""
    return boto3.client(
        "kms",
        endpoint_url=engine.endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def await_file(path: Path) -> None:
    """Return once the file is there."""
    deadline = threading.Event()
    timer = threading.Timer(60, deadline.set)
    timer.start()
    while not path.exists():
        assert not deadline.wait(0.02), f"{path} did not appear"
    timer.cancel()
