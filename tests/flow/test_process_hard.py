"""What user code may do to the process that it runs in, and must not do to the job."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowProgress
from dynasmith.engine.transfer.iterables import from_iterable
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.listener import Event
from flow.copying import end
from flow.engine_runs import copy, populate
from flow.hard_transforms import Forks, closes_descriptors, closes_its_output, says_arguments
from flow.kit import MakeTable, fill, in_memory
from flow.transforms import Marks

ASKED = TransferOptions(segments=2, batch_size=20, processes=2)


@pytest.mark.parametrize("transform", [closes_its_output, closes_descriptors])
def test_a_transform_may_close_its_output(
    client: Any, make_table: MakeTable, tmp_path: Path, capfd: pytest.CaptureFixture[str], transform: Any
) -> None:
    source, target, other = make_table(), make_table(), make_table()
    fill(client, source, 60)
    report = copy(end(client, source), end(client, target), FolderLedger(tmp_path / "1"), ASKED, transform=transform)
    assert report.counts.written == 60
    into = end(client, other)
    origin = from_iterable(lambda: ({"pk": f"item-{number}"} for number in range(60)), into.key, page_items=20)
    report = populate(PopulateSource(origin, in_memory), into, FolderLedger(tmp_path / "2"), ASKED, transform=transform)
    assert report.counts.written == 60
    assert "Traceback" not in capfd.readouterr().err


def test_a_process_that_dies_is_noticed_though_a_fork_of_it_lives(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 60)
    mark, stop = tmp_path / "fork", StopRequest()

    def give_up(event: Event) -> None:
        if isinstance(event, FlowProgress) and event.seconds > 30:
            stop.ask()

    ends = end(client, source), end(client, target)
    around = RunContext(listener=give_up, loop_factory=new_event_loop, stop=stop)
    try:
        report = copy(*ends, FolderLedger(tmp_path), ASKED, transform=Forks(mark), around=around)
    finally:
        os.kill(int(mark.read_text()), signal.SIGKILL)
    assert report.counts.written == 60


def test_a_fork_of_the_job_keeps_no_process_alive() -> None:
    """The end of a socket is seen at the other end though a fork of the one who had it lives."""
    script = """
import os, socket, time
from dynasmith.engine.workers.forks import kept_from_forks
ours, theirs = socket.socketpair()
kept_from_forks(ours)
fork = os.fork()
if not fork:
    time.sleep(600)
ours.close()
theirs.settimeout(20)
try:
    print(theirs.recv(1))
finally:
    os.kill(fork, 9)
    os.waitpid(fork, 0)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("b''\n", "")


def test_a_file_of_the_working_directory_is_not_taken_for_pythons(
    client: Any, make_table: MakeTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    (tmp_path / "json.py").write_text("raise RuntimeError('not yours')\n")
    monkeypatch.chdir(tmp_path)
    assert copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED).counts.written == 20


def test_user_code_sees_the_arguments_of_the_program(
    client: Any, make_table: MakeTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that reads its arguments as it is loaded would end otherwise."""
    source, target = make_table(), make_table()
    fill(client, source, 5)
    monkeypatch.setattr(sys, "argv", ["moving.py", "--from", "Zürich"])
    copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=says_arguments)
    found = client.scan(TableName=target)["Items"]
    assert [item["arguments"]["S"] for item in found] == ["moving.py --from Zürich"] * 5


def test_a_process_that_is_told_twice_to_end_is_replaced(
    client: Any, make_table: MakeTable, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 300)
    marks = Marks(tmp_path / "marks")
    told: list[int] = []

    def tell(event: Event) -> None:
        if isinstance(event, FlowProgress) and len(told) < 2 and event.counts.written and marks.pids():
            told.append(told[0] if told else marks.pids()[0])
            with suppress(ProcessLookupError):  # it may have ended after the first one
                os.kill(told[0], signal.SIGTERM)

    asked = TransferOptions(segments=1, batch_size=100, processes=1, max_write_units=60)
    around = RunContext(listener=tell, loop_factory=new_event_loop)
    ledger = FolderLedger(tmp_path / "jobs")
    report = copy(end(client, source), end(client, target), ledger, asked, transform=marks, around=around)
    assert len(marks.pids()) == 2
    assert report.target == digest_items(items)
    assert "Traceback" not in capfd.readouterr().err


SCRIPT = """
import sys
from pathlib import Path
from dynasmith.jobs.options import TransferOptions
from dynasmith.files.ledger import FolderLedger
from flow.copying import end
from flow.engine_runs import copy
from flow.kit import client_of

def change(item, ctx):
    return item

client = client_of(sys.argv[1])
ends = end(client, sys.argv[2]), end(client, sys.argv[3])
copy(*ends, FolderLedger(Path("jobs")), TransferOptions(segments=1, processes=1), transform=change)
"""


@pytest.mark.parametrize(
    ("how", "said"),
    [(["job.py"], "begins its job again"), (["-m", "job"], "begins its job again"), (["-c", SCRIPT], "of a module")],
)
def test_a_script_that_cannot_be_loaded_again_is_told_why(
    client: Any, ministack_endpoint: str, make_table: MakeTable, tmp_path: Path, how: list[str], said: str
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 5)
    (tmp_path / "job.py").write_text(SCRIPT)
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    ended = subprocess.run(
        [sys.executable, *how, ministack_endpoint, source, target],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in ended.stderr.splitlines()[-1]
    assert (tmp_path / "jobs").exists() == (how[0] != "-c")
