"""A run that was stopped (SIGSTOP) past its lease and woken again writes nothing over what others wrote meanwhile.

What had left the run before it was stopped cannot be taken back: each such request writes its batch, and no more.
"""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.transfer.events import FlowProgress
from dynasmith.engine.transfer.jobs import pace
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.jobs.options import TransferOptions
from dynasmith.local.processes import birth
from dynasmith.ports.listener import Event
from dynasmith.strict import StrictServer
from example_counts import TIMES
from flow.buckets import a_bucket
from flow.copying import end
from flow.engine_runs import copy, resumed
from flow.holding import HoldingProxy
from flow.kit import MakeTable, fill, items_of
from flow.leased import ledger_of
from flow.transforms import Marks
from process_tree import children_of, kill_all, send_all

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

SCRIPT = Path(__file__).with_name("leased.py")
ITEMS = 600
SECONDS_MAX = 180.0
"""No test waits longer for what must come."""


@contextmanager
def leased(*arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """The script as a process; it and its processes are gone at the end."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        kill_all(process)


def until_it_wrote(process: "subprocess.Popen[str]") -> str:
    """The job's id, once it wrote something."""
    assert process.stdout is not None
    job = process.stdout.readline().strip()
    for line in process.stdout:
        if int(line) > 0:
            return job
    raise AssertionError("it ended before it wrote anything")


def until_ended(pid: int) -> None:
    """Wait until a process has ended, though the one that started it does not look."""
    deadline = time.monotonic() + SECONDS_MAX
    with suppress(FileNotFoundError):
        while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < deadline, "it is still there"
            time.sleep(0.05)


def write_live(client: Any, table: str) -> None:
    """Somebody writes every item anew."""
    for start in range(0, ITEMS, 25):
        items = [{"pk": {"S": f"item-{number:05d}"}, "live": {"BOOL": True}} for number in range(start, start + 25)]
        requests = [{"PutRequest": {"Item": item}} for item in items]
        assert not client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"]


def lost(client: Any, table: str) -> int:
    """How many items are not as they were written last, looked at one by one."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    found = [item for page in pages for item in page["Items"]]
    assert len(found) == ITEMS
    return sum("live" not in item for item in found)


@contextmanager
def a_ledger(kind: str, client: Any, endpoint: str) -> Iterator[str]:
    """A ledger of its own in a table or in S3; what the script calls it."""
    if kind == "table":
        name = f"lease-ledger-{os.getpid()}-{time.monotonic_ns()}"
        yield f"table:{name}"
        client.delete_table(TableName=name)
        return
    name = f"lease-{os.getpid()}-{time.monotonic_ns()}"
    with a_bucket(endpoint, name):
        yield f"s3://{name}/jobs"


PAIRS = [("table", 0, True), ("table", 2, False), ("s3", 0, False), ("s3", 2, True)]
"""Each two of ledger, processes and a request under way together; `make soak` has all three."""
EVERY = list(itertools.product(("table", "s3"), (0, 2), (False, True)))


@pytest.mark.parametrize(("kind", "processes", "held"), EVERY if TIMES > 1 else PAIRS)
def test_a_woken_run_writes_nothing_over_the_writes_of_others(
    client: Any, ministack_endpoint: str, make_table: MakeTable, kind: str, processes: int, held: bool
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, ITEMS)
    ends = end(client, source), end(client, target)
    with a_ledger(kind, client, ministack_endpoint) as place, HoldingProxy(ministack_endpoint) as proxy:
        arguments = proxy.endpoint, ministack_endpoint, source, target, place, processes
        with leased(*arguments) as process:
            job = until_it_wrote(process)
            if held:
                proxy.hold("BatchWriteItem")
                proxy.wait_held(1)
            send_all(process, signal.SIGSTOP)
            ledger = ledger_of(ministack_endpoint, place)
            around = RunContext(loop_factory=new_event_loop)
            claim = ledger.claim(job)
            pace(ledger, job, write_units=10 * ITEMS)  # the first run was slow, so that it could be stopped halfway
            report = resumed(claim, *ends, around=around)
            assert report.job.state == "done"
            write_live(client, target)
            batches = proxy.release()
            assert bool(batches) is held
            send_all(process, signal.SIGCONT)
            _, words = process.communicate(timeout=SECONDS_MAX)
            assert process.returncode == 5, words
            # Which one comes first depends on what the woken run was about to do.
            lapsed = f"This run of job {job} could not renew its lease in time"
            assert lapsed in words or f"Job {job} was taken up by another process" in words
        assert lost(client, target) <= batches * 25
        if not held:
            assert lost(client, target) == 0
        assert ledger.show(job).state == "done", "the woken run wrote its state over that of the other one"


def test_a_stopped_process_is_replaced_and_writes_nothing_more(
    client: Any,
    there: Any,
    strict: StrictServer,
    make_table: MakeTable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of two processes is stopped while its job goes on: it counts as dead when its time to write has passed."""
    monkeypatch.setattr("dynasmith.engine.transfer.movers.deaths.GRANT_SECONDS", 3.0)
    monkeypatch.setattr("dynasmith.engine.transfer.movers.deaths.SILENT_SECONDS", 4.0)
    source, target = make_table(), make_table()
    items = fill(client, source, 400)
    marks = Marks(tmp_path / "marks")
    stopped: list[int] = []

    def stop_one(event: Event) -> None:
        if isinstance(event, FlowProgress) and not stopped and event.counts.written and len(marks.pids()) == 2:
            stopped.append(marks.pids()[0])
            os.kill(stopped[0], signal.SIGSTOP)

    asked = TransferOptions(segments=4, batch_size=20, max_write_units=100, processes=2)
    around = RunContext(listener=stop_one, loop_factory=new_event_loop)
    try:
        ledger = FolderLedger(tmp_path / "jobs")
        report = copy(end(there, source), end(there, target), ledger, asked, transform=marks, around=around)
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert stopped
    assert birth(stopped[0]) is None, "it is left behind"
    assert len(marks.pids()) >= 3
    assert report.adds_up
    assert report.target == digest_items(items) == digest_items(items_of(client, target))


def test_processes_write_nothing_when_their_job_stands_still(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    """The job is stopped, its processes are not: they end when their time to write has passed, and the job goes on with
    others when it is woken."""
    source, target = make_table(), make_table()
    items = fill(client, source, ITEMS)
    with leased(strict.endpoint, strict.endpoint, source, target, f"folder:{tmp_path}", 2) as process:
        job = until_it_wrote(process)
        movers = children_of(process.pid)
        process.send_signal(signal.SIGSTOP)
        for mover in movers:
            until_ended(mover)
        process.send_signal(signal.SIGCONT)
        _, words = process.communicate(timeout=SECONDS_MAX)
        assert process.returncode == 0, words
    assert len(movers) == 2
    assert FolderLedger(tmp_path).show(job).state == "done"
    assert digest_items(items_of(client, target)) == digest_items(items)
