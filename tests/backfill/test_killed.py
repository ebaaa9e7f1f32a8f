"""Killed before and after every call of a port, a backfill and an undo end the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backfill.killed import KillJournal, KillLedger, kill_updates, killed_end
from backfill.kit import Bench, canonical
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import DynasmithError
from dynasmith.jobs.options import TransferOptions
from flow.buckets import a_bucket
from flow.engine_runs import backfill, undo
from flow.killing import KilledError, Killer
from flow.kit import MakeTable, fill
from kill_points import STEP, first_call

ITEMS = 30
ASKED = TransferOptions(segments=2, batch_size=12)
AROUND = RunContext(loop_factory=new_event_loop)


@pytest.fixture(params=["folder", "s3"])
def objects(request: pytest.FixtureRequest) -> Iterator[S3Objects | None]:
    """Where the journal is: a prefix of a bucket, or None for a folder."""
    if request.param == "folder":
        yield None
        return
    with a_bucket(request.getfixturevalue("ministack_endpoint"), "backfill-journal") as bucket:
        yield S3Objects(bucket, "s3://backfill-journal/undo")


def change(item: Any, ctx: Any) -> None:
    """Depends on the job, so that a resumed run must see the same ``ctx``; one item in seven needs nothing."""
    if item["number"] % 7:
        item["seen_by"] = ctx.job
        item["twice"] = item["number"] * 2
        item.pop("name", None)


def killed_backfill(bench: Bench, killer: Killer, **more: Any) -> None:
    bench.wrap = lambda journal: KillJournal(journal, killer)
    ledger: Any = KillLedger(bench.ledger, killer)
    try:
        backfill(
            killed_end(bench.end, killer),
            kill_updates(bench.updates, killer),
            ledger,
            bench.open_journal,
            change,
            ASKED,
            around=AROUND,
            **more,
        )
    finally:
        bench.wrap = None


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_backfill_killed_at_every_call_ends_the_same_and_is_undone(
    client: Any, make_table: MakeTable, tmp_path: Path, after: bool, objects: S3Objects | None
) -> None:
    at, resumed = first_call(8), 0  # the look before a job begins is eight calls, and writes nothing
    table = make_table()
    while True:
        fill(client, table, ITEMS)
        before = canonical(client, table)
        bench = Bench(client, table, tmp_path / str(at), objects=objects)
        killer = Killer(at, after)
        try:
            killed_backfill(bench, killer)
            break
        except KilledError:
            pass
        if not bench.ledger.jobs():  # killed while it looked: nothing was begun
            assert canonical(client, table) == before
            at += STEP
            continue
        job = bench.last()
        report = bench.again(job.id, change)
        resumed += 1
        assert report.adds_up, at
        assert (report.counts.read, report.counts.dead) == (ITEMS, 0), at
        after_images = canonical(client, table)
        for key, wire in after_images.items():
            item = json.loads(wire)
            new = int(item["number"]["N"]) % 7 != 0
            assert item.get("seen_by") == ({"S": job.id} if new else None), (at, key)
            assert ("name" in item) is not new, (at, key)
        undone = bench.undo(job.id)
        assert undone.adds_up, at
        assert undone.counts.dead == 0, at
        assert canonical(client, table) == before, at
        at += STEP
    assert resumed * STEP > 15 - STEP


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_undo_killed_at_every_call_ends_the_same(
    client: Any, make_table: MakeTable, tmp_path: Path, after: bool, objects: S3Objects | None
) -> None:
    table = make_table()
    at = first_call()
    while True:
        fill(client, table, ITEMS)
        before = canonical(client, table)
        bench = Bench(client, table, tmp_path / str(at), objects=objects)
        job = bench.run(change, ASKED).job
        killer = Killer(at, after)
        ledger: Any = KillLedger(bench.ledger, killer)
        try:
            undo(
                bench.end,
                kill_updates(bench.updates, killer),
                ledger,
                lambda: bench.kept(job.id),  # noqa: B023  # used before the loop goes on
                around=AROUND,
            )
            break
        except KilledError:
            report = bench.undo_again(bench.last().id, job.id)
        assert report.adds_up, at
        assert report.counts.dead == 0, at
        assert canonical(client, table) == before, at
        at += STEP
    assert at > 4


def test_killed_again_and_again_it_moves_on(
    client: Any, make_table: MakeTable, tmp_path: Path, objects: S3Objects | None
) -> None:
    """One job, killed at a call further on each time it is resumed."""
    table = make_table()
    fill(client, table, ITEMS)
    before = canonical(client, table)
    bench = Bench(client, table, tmp_path, objects=objects)
    with pytest.raises(KilledError):
        killed_backfill(bench, Killer(14, True))
    job, calls = bench.last().id, 2
    while True:
        killer = Killer(calls, calls % 2 == 0)
        bench.wrap = lambda journal, killer=killer: KillJournal(journal, killer)
        try:
            report = bench.again(job, change)
            break
        except KilledError:
            calls += 1
    bench.wrap = None
    assert report.adds_up
    assert report.counts.read == ITEMS
    assert bench.undo(job).counts.dead == 0
    assert canonical(client, table) == before


def test_a_journal_that_cannot_be_written_lets_nothing_be_changed(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 30)
    before = canonical(client, table)
    (tmp_path / "journal").write_text("a file where the folder should be")
    bench = Bench(client, table, tmp_path)
    with pytest.raises(DynasmithError, match="undo journal") as caught:
        bench.run(change)
    assert "--no-journal" in caught.value.hint
    assert canonical(client, table) == before
    assert bench.ledger.jobs() == []


def test_a_disk_that_is_full_stops_before_the_batch_is_sent(
    client: Any, make_table: MakeTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    table = make_table()
    fill(client, table, 120)
    before = canonical(client, table)
    bench = Bench(client, table, tmp_path)
    real, left = os.write, [3]

    def full(file: int, content: bytes) -> int:
        if content.startswith(b"dsj1"):
            left[0] -= 1
            if left[0] < 0:
                real(file, content[:40])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, content)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(DynasmithError, match="No space left"):
            bench.run(change, TransferOptions(segments=1, batch_size=20, lanes=1))
    job = bench.last()
    assert job.state == "failed"
    undone = bench.undo(job.id)
    assert 0 < undone.counts.read < 120
    assert undone.counts.dead == 0
    assert canonical(client, table) == before


def test_a_cut_tail_is_taken_off_and_a_missing_journal_is_refused(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, ITEMS)
    before = canonical(client, table)
    bench = Bench(client, table, tmp_path)
    with pytest.raises(KilledError):
        killed_backfill(bench, Killer(20, True))
    job = bench.last().id
    files = sorted(bench.home(job).glob("*.journal"))
    assert files
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    for path in files:
        with path.open("ab") as file:
            file.write(b"dsj1E\x00\x00\x10\x00half of a frame")
    report = bench.again(job, change)
    assert report.counts.read == ITEMS
    assert bench.undo(job).counts.dead == 0
    assert canonical(client, table) == before


def test_a_journal_shorter_than_its_checkpoint_is_refused(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    fill(client, table, ITEMS)
    bench = Bench(client, table, tmp_path)
    with pytest.raises(KilledError):
        killed_backfill(bench, Killer(20, True))
    job = bench.last().id
    for path in bench.home(job).glob("*.journal"):
        path.unlink()
    with pytest.raises(DynasmithError, match="cut or removed"):
        bench.again(job, change)
