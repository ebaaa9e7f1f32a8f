"""The process that user code of a dry run runs in: what it is told, how it ends, and that nothing of it is left."""

import asyncio
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from dynasmith.engine.workers.guarded_process import GuardedProcess
from dynasmith.errors import RunError, UsageError
from dynasmith.ports.guard import RefusedCall
from flow.guarded_works import Hanging, Marked, Refusing, Telling, enclosed


@dataclass(frozen=True)
class World:
    """A guard without a server: these processes call nobody."""

    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ) | {"SAID": "so"})
    enclose: Callable[[], None] = field(default_factory=Marked)
    refused: Sequence[RefusedCall] = ()
    counted: Sequence[RefusedCall] = ()


def begun(work: Callable[[bytes], bytes], **more: float) -> GuardedProcess:
    process = GuardedProcess(work, World(), **more)
    try:
        process.begin()
    except BaseException:
        process.close()
        raise
    return process


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Where a hanging process connects to, so that its end can be seen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(120)
        yield server


def came(listening: socket.socket) -> socket.socket:
    connection, _ = listening.accept()
    connection.settimeout(120)
    assert connection.recv(4) == b"here"
    return connection


def test_any_work_of_bytes_runs_there_again_and_again() -> None:
    with begun(Telling("said ")) as process:
        assert [process(b"a"), process(b"b")] == [b"said a", b"said b"]
        assert process(b"x" * 3_000_000) == b"said " + b"x" * 3_000_000
        assert int(process(b"pid")) != os.getpid()


def test_it_is_enclosed_first_and_knows_the_variables_of_its_guard() -> None:
    world = World({"SAID": "so", "PATH": os.environ.get("PATH", "")})
    with GuardedProcess(enclosed, world) as process:
        process.begin()
        assert process(b"!") == b"yes so None!"


def test_what_it_prints_goes_to_stderr_and_it_reads_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with begun(Telling("")) as process:
        assert process(b"print") == b"''"
    captured = capfd.readouterr()
    assert captured.out == ""
    assert sorted(captured.err.splitlines()) == ["to the descriptor", "to the stream"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"exit", "The process of the user code ended with exit code 3."),
        (b"abort", "The process of the user code ended by signal 6."),
    ],
)
def test_one_that_dies_is_a_sentence_with_a_hint(body: bytes, sentence: str) -> None:
    with begun(Telling("")) as process, pytest.raises(RunError) as caught:
        process(body)
    assert (str(caught.value), caught.value.exit) == (sentence, 1)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"raise", "User code raised ValueError: no such thing."),
        (b"leave", "User code raised SystemExit: enough."),
    ],
)
def test_what_it_raises_is_raised_here_and_it_goes_on(body: bytes, sentence: str) -> None:
    with begun(Telling("still ")) as process:
        with pytest.raises(RunError) as caught:
            process(body)
        assert str(caught.value) == sentence
        assert process(b"there") == b"still there"


def test_what_cannot_be_prepared_is_the_error_of_loading() -> None:
    with pytest.raises(UsageError) as caught:
        begun(Refusing())
    assert (str(caught.value), caught.value.hint) == ("There is no such module.", "name another")


def test_one_that_hangs_is_ended_at_its_deadline(listening: socket.socket) -> None:
    process = begun(Hanging(listening.getsockname()[1]))
    process._deadline_seconds = 0.2  # begun with the usual one: an import of a busy machine is no hang
    with process, pytest.raises(RunError) as caught:
        process(b"")
    assert str(caught.value) == "User code gave no answer within 0.2 s; its process was ended."
    assert caught.value.hint
    assert caught.value.exit == 1


def test_one_that_hangs_in_its_beginning_too() -> None:
    with pytest.raises(RunError, match="gave no answer within"):
        begun(Telling(""), deadline_seconds=0.001)


def test_a_run_that_is_cancelled_ends_it(listening: socket.socket) -> None:
    async def cancelled(process: GuardedProcess) -> None:
        asking = asyncio.create_task(process.ask(b""))
        connection = await asyncio.to_thread(came, listening)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        with connection:
            assert await asyncio.to_thread(connection.recv, 1) == b""

    with begun(Hanging(listening.getsockname()[1])) as process:
        asyncio.run(cancelled(process))
        with pytest.raises(RunError, match="was stopped"):
            process(b"")


KILLED = """
import sys
from dynasmith.engine.workers.guarded_process import GuardedProcess
from flow.guarded_works import Hanging
from flow.test_guarded_process import World

with GuardedProcess(Hanging(int(sys.argv[1])), World()) as process:
    process.begin()
    process(b"")
"""


def test_it_ends_with_its_parent_also_in_the_middle_of_user_code(listening: socket.socket) -> None:
    here = os.pathsep.join(sys.path)
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(listening.getsockname()[1])], env=dict(os.environ) | {"PYTHONPATH": here}
    )
    with came(listening) as connection:
        parent.kill()
        parent.wait()
        assert connection.recv(1) == b""


def test_nothing_is_pickled_or_unpickled(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dumps", "loads"):
        monkeypatch.setattr(pickle, name, None)
    with begun(Telling("")) as process:
        assert process(b"a") == b"a"
