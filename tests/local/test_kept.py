"""The kept engine: found again, never a stranger's, its items there after a clean stop and after a kill."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import replace

from dynasmith.errors import DynasmithError, RunError, UsageError
from dynasmith.local import EngineRunning
from dynasmith.local import persistent_engine as kept
from dynasmith.local.child_messages import AnyMessage, EngineSaved, ReplayDone
from dynasmith.local.control import ask_to_stop
from dynasmith.local.processes import birth, is_alive
from dynasmith.local.readiness import answers, is_free
from dynasmith.local.record import read_record, record_file, write_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    ClientOf = Callable[[str], DynamoDBClient]
    NewTable = Callable[[DynamoDBClient, str], None]

pytestmark = pytest.mark.engine


def kill(running: EngineRunning) -> None:
    """End it as a crash would, and wait until it is gone."""
    born = birth(running.pid)
    assert born is not None
    os.kill(running.pid, signal.SIGKILL)
    while is_alive(running.pid, born):
        threading.Event().wait(0.01)


class Writer(threading.Thread):
    """Adds one to a counter, call after call, until the engine is gone; counts what was answered."""

    def __init__(self, client: "DynamoDBClient", *, enough: int) -> None:
        super().__init__()
        self.client = client
        self.enough = enough
        self.answered = 0
        self.wrote_enough = threading.Event()

    def run(self) -> None:
        one = {":one": {"N": "1"}}
        while True:
            try:
                self.client.update_item(
                    TableName="kept",
                    Key={"pk": {"S": "counter"}},
                    UpdateExpression="ADD n :one",
                    ExpressionAttributeValues=one,
                )
            except (BotoCoreError, ClientError):
                return
            self.answered += 1
            if self.answered >= self.enough:
                self.wrote_enough.set()


def test_items_and_settings_are_there_after_a_stop_and_a_start(
    folder: Path, client_of: "ClientOf", new_table: "NewTable"
) -> None:
    client = client_of(kept.start(0, folder=folder).endpoint)
    new_table(client, "kept")
    client.put_item(TableName="kept", Item={"pk": {"S": "a"}, "b": {"B": b"\x00\xff"}, "n": {"N": "1" * 38}})
    client.update_time_to_live(
        TableName="kept", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    said: list[AnyMessage] = []
    stopped = kept.stop(folder=folder, listener=said.append)
    assert stopped.was_running
    assert stopped.clean
    assert stopped.not_saved == ()
    assert "dynamodb" in {message.service for message in said if isinstance(message, EngineSaved)}

    again = kept.start(0, folder=folder)
    assert again.last_stop_clean
    client = client_of(again.endpoint)
    item = client.get_item(TableName="kept", Key={"pk": {"S": "a"}})["Item"]
    assert item == {"pk": {"S": "a"}, "b": {"B": b"\x00\xff"}, "n": {"N": "1" * 38}}
    live = client.describe_time_to_live(TableName="kept")["TimeToLiveDescription"]
    assert live["AttributeName"] == "expires_at"


def test_every_answered_write_survives_a_kill(folder: Path, client_of: "ClientOf", new_table: "NewTable") -> None:
    running = kept.start(0, folder=folder)
    new_table(client_of(running.endpoint), "kept")
    answered = 0
    for writes in (3, 40):
        writer = Writer(client_of(running.endpoint), enough=writes)
        writer.start()
        assert writer.wrote_enough.wait(60)
        kill(running)
        writer.join(60)
        assert not writer.is_alive()
        assert kept.status(folder=folder).last_stop_clean is False

        said: list[AnyMessage] = []
        running = kept.start(0, folder=folder, listener=said.append)
        assert running.last_stop_clean is False
        assert running.repeated_calls > 0
        assert running.refused_calls == 0
        assert any(isinstance(message, ReplayDone) for message in said)
        item = client_of(running.endpoint).get_item(TableName="kept", Key={"pk": {"S": "counter"}})["Item"]
        held = int(item["n"]["N"])
        # One more may have been done and never answered.
        assert answered + writer.answered <= held <= answered + writer.answered + 1
        answered = held


def test_a_second_start_finds_the_first(folder: Path) -> None:
    first = kept.start(0, folder=folder)
    second = kept.start(0, folder=folder)
    assert (first.began, second.began) == (True, False)
    assert (second.pid, second.endpoint) == (first.pid, first.endpoint)


def test_a_start_right_after_a_kill_or_a_stop_begins_anew(folder: Path) -> None:
    first = kept.start(0, folder=folder)
    os.kill(first.pid, signal.SIGKILL)
    second = kept.start(0, folder=folder)
    assert second.began
    assert not second.last_stop_clean
    stopping = threading.Thread(target=kept.stop, kwargs={"folder": folder})
    stopping.start()
    third = kept.start(0, folder=folder)
    stopping.join(60)
    # It came before the stop and found the second, which the stop then ended, or it came after and began a third.
    assert third.began is (third.pid != second.pid)


def test_two_starts_at_once_begin_one_engine(folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: kept.start(0, folder=folder), range(4)))
    assert sorted(running.began for running in found) == [False, False, False, True]
    assert len({running.pid for running in found}) == 1


def test_a_start_that_asks_for_something_else_is_refused(folder: Path) -> None:
    running = kept.start(0, folder=folder)
    with pytest.raises(UsageError, match="runs already, with port") as caught:
        kept.start(running.port + 1, folder=folder)
    assert f"--port {running.port}" in caught.value.hint


def test_a_strangers_port_is_refused_and_left_alone(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(RunError, match=f"Port {port} .* in use by another program") as caught:
            kept.start(port, folder=folder)
        assert "--port" in caught.value.hint
        stopped = kept.stop(port, folder=folder)
        assert not stopped.was_running
        assert kept.status(port, folder=folder).port_in_use
        with socket.create_connection(("127.0.0.1", port), timeout=300):
            pass


def test_the_engine_of_another_folder_is_named(folder: Path, tmp_path: Path) -> None:
    running = kept.start(0, folder=folder)
    other = tmp_path / "other"
    with pytest.raises(RunError, match=f"Port {running.port} .* in use by the engine of another folder") as caught:
        kept.start(running.port, folder=other)
    assert str(folder) in str(caught.value)
    assert f"dynasmith local stop --folder {folder}" in caught.value.hint
    seen = kept.status(running.port, folder=other)
    assert (seen.running, seen.port_in_use, seen.port_folder) == (False, True, folder)
    seen = kept.status(folder=folder)
    assert (seen.running, seen.port_in_use, seen.port_folder) == (True, False, None)


def test_a_pid_that_belongs_to_another_process_by_now_is_not_ended(folder: Path) -> None:
    kept.start(0, folder=folder)
    kept.stop(folder=folder)
    record = read_record(folder)
    assert record is not None
    own = birth(os.getpid())
    assert own is not None
    # As if the pid of the engine had gone to us: same number, another birth.
    write_record(folder, replace(record, state="running", pid=os.getpid(), birth=own + "0"))
    assert not kept.stop(folder=folder).was_running
    assert kept.status(folder=folder).last_stop_clean is False


def test_stop_works_on_an_engine_whose_door_is_closed(folder: Path) -> None:
    running = kept.start(0, folder=folder)
    record = read_record(folder)
    assert record is not None
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        unused = nobody.getsockname()[1]
    write_record(folder, replace(record, control_port=unused))
    stopped = kept.stop(folder=folder)
    assert stopped.was_running
    assert stopped.clean
    assert is_free(running.port)


def test_a_wrong_token_stops_nothing(folder: Path) -> None:
    running = kept.start(0, folder=folder)
    record = read_record(folder)
    assert record is not None
    assert list(ask_to_stop(record.control_port, "0" * 32, quiet_seconds_max=300)) == []
    assert answers(running.endpoint)
    assert kept.status(folder=folder).running


def test_what_cannot_be_saved_is_said_and_is_in_the_journal(
    folder: Path, client_of: "ClientOf", new_table: "NewTable"
) -> None:
    client = client_of(kept.start(0, folder=folder).endpoint)
    new_table(client, "kept")
    in_the_way = folder / "state" / "dynamodb.json.new"
    in_the_way.mkdir(parents=True)
    stopped = kept.stop(folder=folder)
    assert not stopped.clean
    assert any("dynamodb could not be saved" in sentence for sentence in stopped.not_saved)
    in_the_way.rmdir()
    again = kept.start(0, folder=folder)
    assert not again.last_stop_clean
    assert client_of(again.endpoint).list_tables()["TableNames"] == ["kept"]


def test_a_damaged_state_is_never_overwritten(folder: Path, client_of: "ClientOf", new_table: "NewTable") -> None:
    new_table(client_of(kept.start(0, folder=folder).endpoint), "kept")
    kept.stop(folder=folder)
    saved = folder / "state" / "dynamodb.json"
    whole = saved.read_bytes()
    saved.write_bytes(whole[:-10])
    with pytest.raises(DynasmithError, match="saved state of dynamodb cannot be read"):
        kept.start(0, folder=folder)
    assert saved.read_bytes() == whole[:-10]
    saved.write_bytes(whole)
    again = kept.start(0, folder=folder)
    assert again.last_stop_clean
    assert client_of(again.endpoint).list_tables()["TableNames"] == ["kept"]


def test_a_folder_serves_one_engine_at_a_time(folder: Path) -> None:
    kept.start(0, folder=folder)
    record = read_record(folder)
    assert record is not None
    # Somebody removed the record while the engine runs: the lock on the folder still knows.
    record_file(folder).unlink()
    with pytest.raises(DynasmithError, match="in use by another engine"):
        kept.start(0, folder=folder)
    write_record(folder, record)


def test_nothing_is_begun_without_a_folder_on_any_port() -> None:
    with pytest.raises(UsageError, match="needs a folder"):
        kept.start(0)
