"""Workers that dial in over TCP: they come and go under one pace, and strangers get nothing."""

import asyncio
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import msgspec
import pytest

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowProgress
from dynasmith.engine.transfer.movers import messages as words
from dynasmith.engine.transfer.runner import Placement, RunContext
from dynasmith.engine.workers import handshake
from dynasmith.engine.workers.dial import dialled
from dynasmith.engine.workers.frames import read_frame, send_frame
from dynasmith.engine.workers.tcp_crew import TcpCrew
from dynasmith.errors import Interrupted, RunError, Unreachable, UsageError
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.pace import BURST_SECONDS
from dynasmith.ports.listener import Event
from dynasmith.strict import StrictServer
from flow.copying import end
from flow.engine_runs import copy, resumed
from flow.kit import MakeTable, fill, items_of
from flow.transforms import picky, tagged

SECRET = "a secret of this test"
WORKER = """
import sys
from dynasmith.engine.transfer.movers.remote_worker import work_for
from dynasmith.errors import DynasmithError
try:
    work_for(sys.argv[1], sys.argv[2])
except DynasmithError as error:
    sys.exit(f"{error.message} | {error.hint}")
"""


class Workers:
    """Processes that dial in; all are ended with the test. They have none of this process's modules of transforms."""

    def __init__(self) -> None:
        self.address = ""
        self.all: list[subprocess.Popen[str]] = []

    def start(self, count: int) -> None:
        for _ in range(count):
            words = [sys.executable, "-c", WORKER, self.address, SECRET]
            self.all.append(subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd="/"))

    def crew(self, first: int) -> TcpCrew:
        def listens(address: str) -> None:
            self.address = address
            self.start(first)

        return TcpCrew("127.0.0.1", 0, SECRET, listens)

    def ends(self) -> list[tuple[int, str]]:
        return [(each.wait(120), each.stderr.read() if each.stderr else "") for each in self.all]


@pytest.fixture
def workers() -> Any:
    made = Workers()
    yield made
    for each in made.all:
        with suppress(ProcessLookupError):
            each.kill()
        each.communicate()


def test_a_job_keeps_its_pace_while_workers_come_and_go(
    client: Any,
    there: Any,
    strict: StrictServer,
    make_table: MakeTable,
    tmp_path: Path,
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two workers, then four, then one: two of them are killed, one is asked to leave."""
    monkeypatch.setattr("dynasmith.engine.transfer.movers.deaths.GRANT_SECONDS", 2.0)
    monkeypatch.setattr("dynasmith.engine.transfer.movers.deaths.SILENT_SECONDS", 4.0)
    source, target = make_table(), make_table()
    items = fill(client, source, 260)
    pace, batch, steps = 40, 5, [60, 130]

    def steer(event: Event) -> None:
        if isinstance(event, FlowProgress) and steps and event.counts.written >= steps[0]:
            if steps.pop(0) == 60:
                workers.start(2)
            else:
                for each, number in zip(workers.all, (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM), strict=False):
                    each.send_signal(number)

    asked = TransferOptions(segments=16, batch_size=batch, processes=2, max_write_units=pace, lanes=1)
    around = RunContext(listener=steer, loop_factory=new_event_loop, placement=Placement(lambda: workers.crew(2), 2))
    ledger = FolderLedger(tmp_path)
    report = copy(end(there, source), end(there, target), ledger, asked, transform=tagged, around=around)
    assert not steps
    assert (report.counts.read, report.counts.dropped) == (260, 26)
    assert report.adds_up
    found = client.scan(TableName=target)["Items"]
    assert report.target == digest_items(items_of(client, target))
    assert len(found) == 234
    assert len({item["process"]["N"] for item in found} & {str(each.pid) for each in workers.all}) >= 3
    assert workers.ends()[3] == (0, "")
    del items
    calls = [call for call in strict.journal if call.operation == "BatchWriteItem" and call.table == target]
    slack = pace * BURST_SECONDS + 4 * batch
    for number, first in enumerate(calls):
        for many, last in enumerate(calls[number:], 1):
            assert batch * (many - 4) <= pace * (last.at - first.at) + slack, "more than the pace"


def test_a_job_that_was_stopped_lets_its_workers_go_and_is_resumed_here(
    client: Any, make_table: MakeTable, tmp_path: Path, workers: Workers
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 120)
    stop = StopRequest()

    def listen(event: Event) -> None:
        if isinstance(event, FlowProgress) and event.counts.written > 10:
            stop.ask()

    asked = TransferOptions(segments=4, batch_size=10, processes=1, max_write_units=40)
    around = RunContext(
        listener=listen, loop_factory=new_event_loop, stop=stop, placement=Placement(lambda: workers.crew(1), 1)
    )
    ledger = FolderLedger(tmp_path)
    ends = end(client, source), end(client, target)
    with pytest.raises(Interrupted):
        copy(*ends, ledger, asked, around=around)
    assert workers.ends() == [(0, "")]
    job = ledger.jobs()[0]
    assert 0 < job.counts.written < 120
    report = resumed(ledger.claim(job.id), *ends)
    assert report.adds_up
    assert report.target == digest_items(items) == digest_items(items_of(client, target))


def test_what_a_transform_raises_there_is_raised_here_and_there(
    client: Any, make_table: MakeTable, tmp_path: Path, workers: Workers
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    around = RunContext(loop_factory=new_event_loop, placement=Placement(lambda: workers.crew(1), 1))
    asked = TransferOptions(segments=1, processes=1)
    with pytest.raises(RunError, match="seven"):
        copy(end(client, source), end(client, target), FolderLedger(tmp_path), asked, transform=picky, around=around)
    code, words = workers.ends()[0]
    assert code == 1
    assert "seven" in words
    assert "Traceback" not in words


def test_a_job_without_workers_is_interrupted(
    client: Any, make_table: MakeTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TcpCrew, "patience_seconds", 0.0)
    monkeypatch.setattr("dynasmith.engine.transfer.movers.keeper.LOOK_SECONDS", 0.01)
    source, target = make_table(), make_table()
    fill(client, source, 5)
    around = RunContext(loop_factory=new_event_loop, placement=Placement(lambda: TcpCrew("127.0.0.1", 0, SECRET), 1))
    ledger = FolderLedger(tmp_path)
    with pytest.raises(Interrupted, match="has had no worker") as caught:
        copy(end(client, source), end(client, target), ledger, TransferOptions(processes=1), around=around)
    job = ledger.jobs()[0]
    assert (job.state, job.resumable) == ("interrupted", True)
    assert f"jobs resume {job.id}" in caught.value.hint


# --- strangers --------------------------------------------------------------------------------------------------------


def meeting(secret: str, stranger: Any) -> tuple[Any, int]:
    """What ``stranger(address)`` comes to at a crew that listens, and how many workers that crew has then."""

    async def main() -> tuple[Any, int]:
        crew = TcpCrew("127.0.0.1", 0, secret)
        await crew.place(b"order", 1)
        try:
            found = await asyncio.to_thread(stranger, crew.address)
            return found, crew._came.qsize()
        finally:
            await crew.close()

    return asyncio.run(main())


def raised(work: Any) -> Any:
    def tried(address: str) -> Any:
        try:
            return work(address)
        except Exception as error:
            return error

    return tried


@pytest.mark.parametrize("question", [words.QuestionMessage(1, 99, b"x"), words.SaveMessage(1, 7, b"x", 0.0, 0.0, 0)])
def test_a_worker_that_sends_rubbish_is_left_and_another_one_moves_all(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, workers: Workers, question: words.Question
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)

    def mislead() -> None:
        while not workers.address:
            sleep(0.01)
        with closing(dialled(workers.address, SECRET)) as line:
            assert line.receive()
            line.send(words.encode(question))
            with suppress(OSError, handshake.HandshakeFailed):
                while line.receive() is not None:
                    pass
        workers.start(1)

    thread = Thread(target=mislead, daemon=True)
    thread.start()
    around = RunContext(loop_factory=new_event_loop, placement=Placement(lambda: workers.crew(0), 1))
    asked = TransferOptions(segments=2, processes=1)
    report = copy(end(there, source), end(there, target), FolderLedger(tmp_path), asked, around=around)
    thread.join(60)
    assert report.counts.written == 20
    assert report.target == digest_items(items_of(client, target))


def test_who_knows_the_secret_gets_the_order_sealed() -> None:
    def work(address: str) -> Any:
        with closing(dialled(address, SECRET)) as connection:
            connection.send(b"a word")
            return connection.receive()

    found, came = meeting(SECRET, raised(work))
    assert (found, came) == (b"order", 1)


def test_another_secret_is_turned_away_on_both_sides() -> None:
    error, came = meeting("another secret of it", raised(lambda address: dialled(address, SECRET)))
    assert (type(error), came) == (UsageError, 0)
    assert "another secret" in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("dynasmith", "0.0.0", "this worker 0.0.0"),
        ("python", "2.7", "Python 2.7|this worker 2.7"),
        ("protocol", 99, "dynasmith"),
    ],
)
def test_another_version_is_turned_away(name: str, value: Any, sentence: str) -> None:
    greeted = handshake.greeting()
    said = handshake.introduction(greeted, SECRET)
    setattr(said, name, value)
    said.proof = b""
    said.proof = handshake._proof(SECRET, b"worker", greeted.nonce, said.nonce, handshake.encode_message(said))
    welcome = handshake.judged(greeted, said, SECRET)
    assert any(part in welcome.message for part in sentence.split("|"))
    assert welcome.hint
    with pytest.raises(handshake.HandshakeFailed):
        handshake.check_welcome(welcome, greeted, said, SECRET)


def test_a_changed_introduction_or_a_false_keeper_proves_nothing() -> None:
    greeted = handshake.greeting()
    said = handshake.introduction(greeted, SECRET)
    assert handshake.judged(greeted, said, SECRET).message == ""
    assert handshake.judged(handshake.greeting(), said, SECRET).message, "the nonce of another meeting"
    said.where = "elsewhere:1"
    assert handshake.judged(greeted, said, SECRET).message
    with pytest.raises(handshake.HandshakeFailed, match="does not know the secret"):
        handshake.check_welcome(handshake.Welcome(b"x" * 32), greeted, said, SECRET)


def test_a_sealed_frame_is_of_its_place_and_whole() -> None:
    greeted = handshake.greeting()
    said = handshake.introduction(greeted, SECRET)
    ours, theirs = (handshake.seals(greeted, said, SECRET)[0] for _ in range(2))
    frames = [body + ours.tag(body) for body in (b"", b"one", b"two")]
    assert [theirs.opened(frame) for frame in frames] == [b"", b"one", b"two"]
    again = handshake.seals(greeted, said, SECRET)[0]
    for wrong in (frames[1], b"", b"short", frames[0][:-1] + b"\0"):
        with pytest.raises(handshake.HandshakeFailed):
            again.opened(wrong)


RUBBISH = [
    b"",
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff" * 64,
    b"\0\0\0\x01\xc1",
    b"\0\0\x20\0" + b"x" * 100,
    bytes(range(256)),
]


@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_holds_nothing_up(rubbish: bytes) -> None:
    def work(address: str) -> Any:
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as stranger, suppress(ConnectionError):
            with stranger.makefile("rb") as pipe:
                read_frame(pipe)
            stranger.sendall(rubbish)
            stranger.shutdown(socket.SHUT_WR)
            while stranger.recv(100):
                pass
        with closing(dialled(address, SECRET)) as connection:
            return connection.receive()

    assert meeting(SECRET, raised(work)) == (b"order", 1)


@pytest.mark.parametrize("answer", [b"", b"\xff" * 64, msgspec.msgpack.encode(["Challenge", 99, b""])])
def test_a_worker_says_in_one_sentence_that_no_job_is_there(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            other, _ = server.accept()
            with other:
                send_frame(other, answer) if answer[:1] != b"\xff" else other.sendall(answer)

        async def main() -> Any:
            serving = asyncio.create_task(asyncio.to_thread(serve))
            found = await asyncio.to_thread(_dial, address)
            await serving
            return found

        error = asyncio.run(main())
    assert isinstance(error, Unreachable | UsageError)
    assert error.hint
    with pytest.raises(Unreachable, match="No job listens"):
        dialled(address, SECRET)


def _dial(address: str) -> Any:
    return raised(lambda where: dialled(where, SECRET))(address)


@pytest.mark.parametrize("address", ["", "host", "host:", "host:port", ":7", "host:70000"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="not an address"):
        dialled(address, SECRET)


def test_a_task_whose_job_is_gone_says_so_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    command = [sys.executable, "-c", "from dynasmith.engine.transfer.movers.remote_worker import main; main()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as task:
        assert task.stdin is not None
        assert task.stderr is not None
        task.stdin.write(f"127.0.0.1:{port} {SECRET}\n")
        task.stdin.flush()
        assert task.wait(120) == 1
        said = task.stderr.read()
    assert said.startswith(f"No job listens for workers at 127.0.0.1:{port}: ")
    assert said.count("\n") == 1
