"""Segments moved by processes: the same result, and one that dies costs at most a page of what it had. What a copy
must hold in either way is in `test_verbs`."""

import os
import signal
import socket
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import botocore.session
import msgspec
import pytest
from botocore.credentials import DeferredRefreshableCredentials

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.engine.transfer.events import FlowProgress
from dynasmith.engine.transfer.jobs import pace
from dynasmith.engine.transfer.movers.worker import _Line
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.engine.workers.dial import LocalConnection
from dynasmith.engine.workers.user_traceback import RemoteTraceback
from dynasmith.errors import LeaseLost, RunError, UsageError
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.items.transform import ItemRefused
from dynasmith.jobs.options import TransferOptions
from dynasmith.local.processes import birth, is_alive
from dynasmith.ports.listener import Event
from dynasmith.strict import StrictServer
from flow.copying import end
from flow.engine_runs import copy, resumed
from flow.killed import copying, until_it_wrote
from flow.kit import MakeTable, fill, items_of
from flow.transforms import DiesOnce, Marks, Unloadable, picky, tagged, unpicklable

ASKED = TransferOptions(segments=2, batch_size=20, processes=2)


def test_items_are_moved_in_other_processes(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 60)
    report = copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=tagged)
    assert (report.counts.read, report.counts.dropped, report.counts.written) == (60, 6, 54)
    found = client.scan(TableName=target)["Items"]
    assert str(os.getpid()) not in {item["process"]["N"] for item in found}
    assert report.target == digest_items(items_of(client, target))


def test_a_process_whose_job_was_killed_may_write_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Woken after its job was killed, its loop may run before its thread hears of it; another run may have the job."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = _Line(LocalConnection(ours), os.getppid())
        permit = RunPermit("copy-1", line)
        permit.check()
        monkeypatch.setattr(os, "getppid", lambda: 1)
        with pytest.raises(LeaseLost):
            permit.check()


def test_a_process_that_dies_is_noticed_and_its_segments_go_on(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 60)
    dies = DiesOnce(tmp_path / "died")
    report = copy(end(client, source), end(client, target), FolderLedger(tmp_path / "jobs"), ASKED, transform=dies)
    assert (tmp_path / "died").exists()
    assert report.adds_up
    assert digest_items(items_of(client, target)) == digest_items(items)


def test_processes_that_keep_dying_stop_the_job(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    ledger = FolderLedger(tmp_path / "jobs")
    dies = DiesOnce(tmp_path / "died", always=True)
    with pytest.raises(RunError, match="died 4 times, the last one with exit code 9"):
        copy(end(client, source), end(client, target), ledger, ASKED, transform=dies)
    assert ledger.jobs()[0].resumable


def test_what_a_process_refuses_is_the_same_error(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    with pytest.raises(ItemRefused, match="seven") as caught:
        copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=picky)
    assert caught.value.hint
    assert caught.value.key == "pk=item-00007"


def test_a_function_that_no_process_can_import_is_refused(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    with pytest.raises(UsageError, match="another process"):
        copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=lambda item, _ctx: item)


def test_a_transform_that_does_not_load_over_there_says_why(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    with pytest.raises(UsageError, match=r"loaded in another process .ImportError: No module named 'pandas'") as caught:
        copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=Unloadable())
    assert "_no_such_thing" in str(caught.value.__cause__)


def test_what_a_transform_raises_comes_over_with_its_traceback(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 20)
    with pytest.raises(ItemRefused, match=r"Own on item pk=.*: out of reach") as caught:
        copy(end(client, source), end(client, target), FolderLedger(tmp_path), ASKED, transform=unpicklable)
    assert isinstance(caught.value.__cause__, RemoteTraceback)
    assert "in unpicklable" in str(caught.value.__cause__)
    assert client.scan(TableName=target)["Count"] == 0


def test_an_untransformed_copy_is_moved_by_processes_too(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 200)
    report = copy(end(there, source), end(there, target), FolderLedger(tmp_path), ASKED)
    assert report.adds_up
    assert report.target == digest_items(items) == digest_items(items_of(client, target))
    # DescribeTable: whether the tables are still those that the job began with.
    assert {call.operation for call in strict.journal} == {"Scan", "BatchWriteItem", "DescribeTable"}


def test_processes_killed_while_throttled_and_broken_lose_nothing(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 500)
    strict.throttle(target, write_units=250)
    for number, kind in enumerate(["500", "reset-before", "reset-after", "cut-body"]):
        strict.fault("BatchWriteItem", kind=kind, times=None, probability=0.05, seed=number, table=target)
    marks = Marks(tmp_path / "marks")
    killer = Killer(marks, every_items=100)
    report = copy(
        end(there, source),
        end(there, target),
        FolderLedger(tmp_path / "jobs"),
        msgspec.structs.replace(ASKED, max_write_units=150),
        transform=marks,
        around=RunContext(listener=killer, loop_factory=new_event_loop),
    )
    assert killer.killed == 3
    assert report.adds_up
    assert (report.counts.read, report.counts.written) == (500, 500)
    assert report.target == digest_items(items) == digest_items(items_of(client, target))


def test_where_the_job_is_killed_its_processes_end_and_it_goes_on(
    client: Any, ministack_endpoint: str, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 400)
    marks = Marks(tmp_path / "marks")
    ledger = FolderLedger(tmp_path / "jobs")
    with copying(ministack_endpoint, source, target, tmp_path / "jobs", "", tmp_path / "marks") as process:
        job = until_it_wrote(process, 120)
        born = {pid: birth(pid) for pid in marks.pids()}
        assert len(born) == 2
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    began = monotonic()
    while any(was is not None and is_alive(pid, was) for pid, was in born.items()):
        assert monotonic() - began < 120, "a process goes on without its job"
        sleep(0.01)
    assert 120 < ledger.show(job).counts.written < 400
    pace(ledger, job, write_units=100_000)
    report = resumed(ledger.claim(job), end(client, source), end(client, target), transform=marks)
    assert report.adds_up
    assert report.counts.written == 400
    assert report.target == digest_items(items) == digest_items(items_of(client, target))


def test_credentials_are_refreshed_in_one_place(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    """The processes ask for their keys here: a source that only this process has is asked, and by nobody else."""
    source, target = make_table(), make_table()
    fill(client, source, 60)
    asked: list[int] = []

    def refresh() -> dict[str, str]:
        asked.append(os.getpid())
        return {"access_key": "a", "secret_key": "s", "token": "t", "expiry_time": "2100-01-01T00:00:00Z"}

    session = botocore.session.Session()
    session._credentials = DeferredRefreshableCredentials(refresh, "test")  # type: ignore[attr-defined]
    only_here = session.create_client("dynamodb", region_name="eu-west-1", endpoint_url=client.meta.endpoint_url)
    report = copy(end(only_here, source), end(only_here, target), FolderLedger(tmp_path), ASKED)
    assert report.counts.written == 60
    assert set(asked) == {os.getpid()}


def test_where_only_this_process_can_send_the_transform_alone_goes_elsewhere(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 60)
    access = TableAccess(client, transport="botocore")
    ends = (TableEnd(end(client, name).description, access) for name in (source, target))
    report = copy(next(ends), next(ends), FolderLedger(tmp_path), ASKED, transform=tagged)
    assert report.counts.written == 54
    assert str(os.getpid()) not in {item["process"]["N"] for item in client.scan(TableName=target)["Items"]}


class Killer:
    """A listener that kills one of the processes after every so many items, three times."""

    def __init__(self, marks: Marks, every_items: int) -> None:
        self.marks = marks
        self.every_items = every_items
        self.killed = 0

    def __call__(self, event: Event) -> None:
        if not isinstance(event, FlowProgress) or self.killed == 3:
            return
        if event.counts.written < self.killed * self.every_items + 20:
            return
        alive = [pid for pid in self.marks.pids() if birth(pid) is not None]
        os.kill(alive[self.killed % len(alive)], signal.SIGKILL)
        self.killed += 1
