"""How the processes of a job end: cancelled, stopped, and where the job is another's or cannot be steered any more."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import msgspec
import pytest

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowProgress
from dynasmith.engine.transfer.jobs import cancel
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import CheckpointError, Interrupted, Locked
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import TransferOptions
from dynasmith.local.processes import birth
from dynasmith.ports.listener import Event
from dynasmith.strict import StrictServer
from flow.copying import end
from flow.engine_runs import copy
from flow.hard_transforms import takes_the_next
from flow.kit import MakeTable, fill, items_of
from flow.transforms import Marks

ASKED = TransferOptions(segments=2, batch_size=20, processes=2)
BOTH = pytest.mark.parametrize("processes", [0, 1], ids=["here", "in-a-process"])


def heard(*listeners: Any, stop: StopRequest | None = None) -> RunContext:
    def listen(event: Event) -> None:
        for listener in listeners:
            if isinstance(event, FlowProgress):
                listener(event)

    return RunContext(listener=listen, loop_factory=new_event_loop, stop=stop)


# --- what is on its way -----------------------------------------------------------------------------------------------


@BOTH
def test_a_cancel_counts_what_is_on_its_way(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path, processes: int
) -> None:
    """One page of 300 items, cancelled while batches of it are sent."""
    source, target = make_table(), make_table()
    fill(client, source, 300)
    ledger = FolderLedger(tmp_path)

    def stop(event: FlowProgress) -> None:
        if any(call.operation == "BatchWriteItem" for call in strict.journal):
            cancel(ledger, event.job, RunContext().now)

    asked = TransferOptions(segments=1, max_write_units=60, processes=processes)
    report = copy(end(there, source), end(there, target), ledger, asked, around=heard(stop))
    assert report.job.state == "cancelled"
    assert report.adds_up
    assert 0 < report.counts.written == len(items_of(client, target)) < 300


@BOTH
def test_a_cancelled_page_keeps_the_dead_letters_that_it_counts(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path, processes: int
) -> None:
    """Every item goes to a key at which another one stands; the page is cancelled in its middle."""
    source, target = make_table(), make_table()
    fill(client, source, 300)
    fill(client, target, 301, number=-1)
    ledger = FolderLedger(tmp_path)

    def stop(event: FlowProgress) -> None:
        if any(call.table == target for call in strict.journal):
            cancel(ledger, event.job, RunContext().now)

    asked = TransferOptions(segments=1, max_write_units=40, processes=processes)
    ends = end(there, source), end(there, target)
    report = copy(*ends, ledger, asked, transform=takes_the_next, around=heard(stop))
    assert report.job.state == "cancelled"
    assert 0 < report.counts.dead < 300
    assert len(ledger.dead_letters(report.job.id)) == report.counts.dead


def test_the_pace_is_kept_by_processes_that_take_the_place_of_others(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    """Each has a second's worth at most when it begins; three that follow on one another have that once."""
    source, target = make_table(), make_table()
    fill(client, source, 200)
    marks = Marks(tmp_path / "marks")
    killed: set[int] = set()

    def kill(_event: FlowProgress) -> None:
        alive = set(marks.pids()) - killed
        if alive and len(killed) < 3 and len(writes()) > len(killed):
            killed.update(alive)
            os.kill(alive.pop(), signal.SIGKILL)

    def writes() -> list[Any]:
        return [call for call in strict.journal if call.operation == "BatchWriteItem"]

    asked = TransferOptions(segments=1, batch_size=50, processes=1, max_write_units=25)
    ends = end(there, source), end(there, target)
    copy(*ends, FolderLedger(tmp_path / "jobs"), asked, transform=marks, around=heard(kill))
    assert len(killed) == 3
    calls = writes()
    for number, first in enumerate(calls):
        for many, last in enumerate(calls[number:], 1):
            assert 25 * many <= 25 * (last.at - first.at) + 2 * 25, "more than the pace and one burst, and one batch"


# --- the ledger -------------------------------------------------------------------------------------------------------


class Loses:
    """A claim that is another's when the second checkpoint of it is kept, and says what is done to it after that."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.left, self.after = 1, list[str]()

    def __getattr__(self, name: str) -> Any:
        if not self.left:
            self.after.append(name)
        return getattr(self.real, name)

    async def save(self, checkpoint: Any) -> None:
        if not self.left:
            raise Locked("The lease was lost.")
        await self.real.save(checkpoint)
        self.left -= 1


class LosingLedger:
    """A ledger whose jobs are lost."""

    def __init__(self, folder: Path) -> None:
        self.real, self.claims = FolderLedger(folder), list[Loses]()

    def begin(self, job: Job) -> Any:
        self.claims.append(Loses(self.real.begin(job)))
        return self.claims[0]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def test_a_job_that_is_anothers_takes_no_dead_letters_back(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    """Who has it may have buried some under the same page meanwhile."""
    source, target = make_table(), make_table()
    fill(client, source, 60)
    ledger: Any = LosingLedger(tmp_path)
    with pytest.raises(Locked, match="lease was lost"):
        copy(end(client, source), end(client, target), ledger, ASKED)
    assert "forget" not in ledger.claims[0].after


class Slow:
    """A claim that keeps a checkpoint later the more of them wait, as one over a network may; where four of them wait
    it kills the processes that asked, once."""

    def __init__(self, real: Any, marks: Marks) -> None:
        self.real, self.marks = real, marks
        self.waiting, self.killed = 0, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def save(self, checkpoint: Any) -> None:
        self.waiting += 1
        if self.waiting == 4 and not self.killed:
            self.killed = True
            for pid in self.marks.pids():
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.1 * self.waiting)
        await self.real.save(checkpoint)
        self.waiting -= 1


class SlowLedger:
    """A ledger of slow claims."""

    def __init__(self, folder: Path, marks: Marks) -> None:
        self.real, self.marks, self.claims = FolderLedger(folder), marks, list[Slow]()

    def begin(self, job: Job) -> Any:
        self.claims.append(Slow(self.real.begin(job), self.marks))
        return self.claims[0]


@pytest.mark.parametrize("loop", [new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_what_a_process_asked_before_it_died_is_done_and_answered_to_nobody(
    client: Any, make_table: MakeTable, tmp_path: Path, loop: Any
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 200)
    marks = Marks(tmp_path / "marks")
    ledger: Any = SlowLedger(tmp_path / "jobs", marks)
    asked = TransferOptions(segments=8, batch_size=5, processes=1, segments_at_once=8)
    ends = end(client, source), end(client, target)
    report = copy(*ends, ledger, asked, transform=marks, around=RunContext(loop_factory=loop))
    assert ledger.claims[0].killed
    assert len(marks.pids()) == 2
    assert report.adds_up
    assert report.target == digest_items(items) == digest_items(items_of(client, target))


@BOTH
def test_a_job_whose_control_is_damaged_says_so(
    client: Any, make_table: MakeTable, tmp_path: Path, processes: int
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 300)
    ledger = FolderLedger(tmp_path)

    def damage(event: FlowProgress) -> None:
        (tmp_path / event.job / "control.json").write_text("{")

    asked = TransferOptions(segments=1, batch_size=20, max_write_units=60, processes=processes)
    with pytest.raises(CheckpointError, match=r"control.json is damaged"):
        copy(end(client, source), end(client, target), ledger, asked, around=heard(damage))
    assert ledger.jobs()[0].resumable


# --- a person who will not wait ---------------------------------------------------------------------------------------


def test_a_process_that_stands_still_is_not_left_behind_when_stopped_twice(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 300)
    marks, stop = Marks(tmp_path / "marks"), StopRequest()

    def stand_still(_event: FlowProgress) -> None:
        if len(marks.pids()) == 2:
            for pid in marks.pids():
                with suppress(ProcessLookupError):  # progress is said again after the second stop has ended them
                    os.kill(pid, signal.SIGSTOP)
            stop.ask()

    asked = msgspec.structs.replace(ASKED, max_write_units=40)
    ends = end(client, source), end(client, target)
    around = heard(stand_still, stop=stop)
    try:
        with pytest.raises(Interrupted):
            copy(*ends, FolderLedger(tmp_path / "jobs"), asked, transform=marks, around=around)
        assert [pid for pid in marks.pids() if birth(pid) is not None] == []
    finally:
        for pid in marks.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


LOADING = """
import sys
from pathlib import Path
from dynasmith.jobs.options import TransferOptions
from dynasmith.files.ledger import FolderLedger
from flow.copying import end
from flow.engine_runs import copy
from flow.hard_transforms import LoadsLong
from flow.kit import client_of

ends = [end(client_of(sys.argv[1]), name) for name in sys.argv[2:4]]
transform = LoadsLong(Path("mark"))
copy(*ends, FolderLedger(Path("jobs")), TransferOptions(segments=1, processes=1), transform=transform)
"""


def test_where_the_job_is_killed_while_a_process_loads_it_ends(
    ministack_endpoint: str, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target, mark = make_table(), make_table(), tmp_path / "mark"
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-c", LOADING, ministack_endpoint, source, target]
    with subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}) as job:
        while not (mark.exists() and mark.read_text()):
            assert job.poll() is None
            sleep(0.01)
        job.kill()
    loading = int(mark.read_text())
    try:
        began = monotonic()
        while (born := birth(loading)) is not None:
            assert monotonic() - began < 120, "a process goes on without its job"
            sleep(0.01)
    finally:
        if born is not None:
            os.kill(loading, signal.SIGKILL)
