"""The ledger: damage is said, what is private stays private, a full disk costs a resume."""

import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dynasmith.errors import CheckpointError, Locked, RunError
from dynasmith.files.items.sink import FileSink, Head
from dynasmith.files.ledger import FolderLedger
from dynasmith.jobs.checkpoint import Checkpoint, encode_checkpoint
from dynasmith.jobs.job import moved
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.items import DeadLetter, Sink, ThrottleListener
from flow.copying import end
from flow.engine_runs import copy, export, resumed
from flow.kit import MakeTable, fill, new_job

HEAD = Head(tool="dynasmith", table="t", created_at="2026-01-01T00:00:00Z", key=(("pk", "S"),))


def failed_copy(client: Any, make_table: MakeTable, ledger: FolderLedger) -> tuple[str, str, str]:
    """A copy that failed after some pages: its job, source and target."""
    source, target = make_table(), make_table()
    fill(client, source, 60)
    seen: list[int] = []

    def change(item: Any, _ctx: Any) -> Any:
        seen.append(1)
        if len(seen) > 40:
            raise ValueError("enough")
        return item

    with pytest.raises(RunError):
        copy(end(client, source), end(client, target), ledger, TransferOptions(batch_size=10), transform=change)
    (job,) = ledger.jobs()
    return job.id, source, target


def test_a_failed_job_keeps_its_counts_its_reason_and_its_time(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    ledger = FolderLedger(tmp_path)
    job_id, source, target = failed_copy(client, make_table, ledger)
    job = ledger.show(job_id)
    assert (job.state, job.counts.written) == ("failed", 40)
    assert "enough" in job.reason
    report = resumed(ledger.claim(job_id), end(client, source), end(client, target))
    assert report.counts.written == 60
    assert report.seconds > job.ran_seconds > 0
    assert [one.state for one in ledger.jobs()] == ["done"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "of another job"])
def test_a_damaged_checkpoint_is_refused_and_the_job_is_still_listed(
    client: Any, make_table: MakeTable, tmp_path: Path, damage: str
) -> None:
    ledger = FolderLedger(tmp_path)
    job_id, source, target = failed_copy(client, make_table, ledger)
    path = tmp_path / job_id / "segments" / "00000"
    written = path.read_bytes()
    other = encode_checkpoint(Checkpoint(job="other", segments=1, segment=0))
    flipped = written.replace(b"written", b"Written")
    path.write_bytes({"cut": written[:-5], "flipped": flipped, "of another job": other}[damage])
    assert [job.id for job in ledger.jobs()] == [job_id]
    with pytest.raises(CheckpointError) as caught:
        resumed(ledger.claim(job_id), end(client, source), end(client, target))
    assert caught.value.hint
    ledger.claim(job_id).release()


def test_what_a_job_keeps_is_for_its_owner_only(tmp_path: Path) -> None:
    ledger = FolderLedger(tmp_path)
    claim = new_job(ledger)
    asyncio.run(claim.bury(0, None, [DeadLetter(code="x", reason="y", item=b'{"pk":{"S":"a"}}')]))
    home = tmp_path / claim.job.id
    assert home.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in home.iterdir() if path.is_file()} == {
        "job.json": 0o600,
        "lock": 0o600,
        "dead.jsonl": 0o600,
    }
    claim.release()


def test_prune_removes_a_job_that_is_over_and_no_other(tmp_path: Path) -> None:
    ledger = FolderLedger(tmp_path)
    claim = new_job(ledger)
    with pytest.raises(Locked):
        ledger.prune(claim.job.id)
    claim.release()
    with pytest.raises(RunError, match="not over"):
        ledger.prune(claim.job.id)
    claim = ledger.claim(claim.job.id)
    claim.change(moved(claim.job, "cancelled", claim.job.started_at))
    claim.release()
    ledger.prune(claim.job.id)
    assert ledger.jobs() == []
    assert not (tmp_path / claim.job.id).exists()


@pytest.mark.parametrize("name", ["nothing", "", "..", "a/b"])
def test_no_such_job_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match="There is no job"):
        FolderLedger(tmp_path).show(name)


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """No file of this process may grow beyond ``size``: writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_a_full_disk_is_said_and_costs_a_resume(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    fill(client, table, 300)
    ledger, dest = FolderLedger(tmp_path / "jobs"), tmp_path / "out"

    async def sink(_heard: ThrottleListener) -> Sink:
        return FileSink(dest, HEAD)

    with small_disk(20_000), pytest.raises(RunError, match="could not be written") as caught:
        export(end(client, table), sink, ledger, TransferOptions(segments=1, batch_size=50))
    assert "resume" in caught.value.hint
    (job,) = ledger.jobs()
    assert job.state == "failed"
    report = resumed(ledger.claim(job.id), end(client, table), sink=sink)
    assert report.counts.written == 300
    assert sum(len(path.read_bytes().splitlines()) for path in dest.glob("*.jsonl")) == 300


def test_a_ledger_keeps_what_a_job_did_over_time(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    ledger = FolderLedger(tmp_path)
    job_id, source, target = failed_copy(client, make_table, ledger)
    resumed(ledger.claim(job_id), end(client, source), end(client, target))
    found = ledger.activity(job_id)
    assert found is not None
    assert found.counts == ledger.show(job_id).counts
    assert [part.done for part in found.parts] == [1] * found.segments
    assert sum(part.read for part in found.parts) == found.counts.read == 60
    assert [sample.begins for sample in found.samples].count(True) == 2  # two runs, and the time between them is a gap
    assert found.samples[-1].read == 60
