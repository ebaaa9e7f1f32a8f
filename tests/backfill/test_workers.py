"""Segments of a backfill, its undo and an export moved by workers: the same result, whoever of them dies."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from backfill.kit import Bench, canonical
from backfill.transforms import DiesOnce, grown
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.run import run
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowProgress
from dynasmith.engine.transfer.export import begin_export
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import Interrupted
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.open_sink import OpenFileSink, OpenSharedSink
from dynasmith.files.items.sink import Head
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.jobs.options import ExportOptions, TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.spec import Export
from dynasmith.ports.crew import UnfitWorker
from dynasmith.ports.listener import Event
from flow.copying import end
from flow.engine_runs import SOURCE, GivenWorld
from flow.kit import MakeTable, fill, items_of
from process_tree import children_of

ASKED = TransferOptions(segments=4, batch_size=12, processes=2)


def expected(items: dict[str, bytes], job: str) -> int:
    return sum(job.encode() in item for item in items.values())


def test_a_backfill_whose_worker_dies_ends_and_is_undone_to_the_byte(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 60)
    before = canonical(client, table)
    bench = Bench(client, table, tmp_path)
    dies = DiesOnce(tmp_path / "died")
    report = bench.run(dies, ASKED)
    assert int((tmp_path / "died").read_text()) != os.getpid()
    assert report.adds_up
    assert report.counts.read == 60
    changed = canonical(client, table)
    assert expected(changed, report.job.id) == 51 == report.counts.written + report.counts.already
    undone = bench.undo(report.job.id, ASKED)
    assert undone.adds_up
    assert canonical(client, table) == before


def test_a_backfill_that_was_stopped_goes_on_with_other_workers(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 120)
    before = canonical(client, table)
    bench, stop = Bench(client, table, tmp_path), StopRequest()

    def listen(event: Event) -> None:
        if isinstance(event, FlowProgress) and event.counts.written > 10:
            stop.ask()

    asked = TransferOptions(segments=4, batch_size=12, processes=2, max_write_units=60)
    with pytest.raises(Interrupted):
        bench.run(grown, asked, around=RunContext(listener=listen, loop_factory=new_event_loop, stop=stop))
    job = bench.last()
    assert 0 < job.counts.written < 100
    report = bench.again(job.id, grown)
    assert report.adds_up
    assert expected(canonical(client, table), job.id) == 102
    bench.undo(job.id)
    assert canonical(client, table) == before


HOW = ExportOptions(compression="gz", export="one")


def head_of(table: str) -> Head:
    return Head(tool="t", table=table, created_at="2026-01-01T00:00:00Z", key=(("pk", "S"),))


def exported(world: GivenWorld, folder: Path, asked: TransferOptions) -> Report:
    spec = Export(source=SOURCE, dest=str(folder / "out"), how=HOW, options=asked)
    return run(spec, begin_export(spec, world), world)


def test_an_export_whose_workers_are_killed_has_each_item_once(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    items = fill(client, table, 200)
    others, killed = set(children_of(os.getpid())), list[int]()

    def kill(event: Event) -> None:
        if isinstance(event, FlowProgress) and event.counts.written and len(killed) < 2:
            for pid in children_of(os.getpid()):
                if pid not in (*killed, *others):
                    killed.append(pid)
                    os.kill(pid, signal.SIGKILL)
                    return

    sink = OpenFileSink(tmp_path / "out", head_of(table), HOW)
    around = RunContext(listener=kill, loop_factory=new_event_loop)
    world = GivenWorld({"source": end(client, table)}, FolderLedger(tmp_path / "jobs"), around, sink=sink)
    report = exported(world, tmp_path, TransferOptions(segments=4, batch_size=10, processes=2, max_read_units=8))
    assert len(killed) == 2
    assert report.adds_up
    assert report.target == digest_items(items) == digest_items(items_of(client, table))
    manifest = layout_of([str(tmp_path / "out")]).manifest
    assert manifest is not None
    assert (manifest.count, manifest.digest) == (200, str(report.target))


class ElsewhereSink(OpenFileSink):
    """An export whose workers have another disk at its folder."""

    def __reduce__(self) -> tuple[Any, ...]:
        return OpenSharedSink, (self.dest.parent / "disk of the worker", self.head, self.how)


def test_workers_that_do_not_see_the_folder_of_an_export_are_turned_away(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 20)
    ledger = FolderLedger(tmp_path / "jobs")
    around = RunContext(loop_factory=new_event_loop)
    sink = ElsewhereSink(tmp_path / "out", head_of(table), HOW)
    world = GivenWorld({"source": end(client, table)}, ledger, around, sink=sink)
    with pytest.raises(UnfitWorker, match="does not see the folder of the export") as caught:
        exported(world, tmp_path, TransferOptions(segments=2, processes=1))
    assert "every worker shares" in caught.value.hint
    job = ledger.jobs()[0]
    assert (job.state, job.resumable, job.counts.read) == ("failed", True, 0)
    assert not (tmp_path / "disk of the worker").exists()
