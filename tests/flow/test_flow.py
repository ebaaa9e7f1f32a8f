"""Copies on a real engine: every item arrives once, the books add up, killed runs go on."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dynasmith.aws.data.table_factory import table_sink, table_source
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.runner import Pipeline, RunContext, run_job
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.errors import Interrupted, Locked, RunError
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.ctx import Context
from dynasmith.items.digest import digest_items
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Transform
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import Mode
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import Item
from flow.killing import KillClaim, KilledError, Killer, killing
from flow.kit import MakeTable, fill, items_of, new_job
from kill_points import STEP, first_call

KEY = KeySchema.of("pk")


def ways(client: Any, source: str, target: str, segments: int = 3, **more: Any) -> Pipeline:
    return Pipeline(
        source=table_source(client, source, segments=segments, page_items=40),
        sink=table_sink(client, target, KEY),
        **more,
    )


def test_every_item_arrives_once_and_the_books_add_up(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 300)
    report = run_job(new_job(FolderLedger(tmp_path), segments=3), ways(client, source, target))
    assert digest_items(items_of(client, target)) == digest_items(items) == report.target
    assert report.counts.written == report.counts.read == 300
    assert report.adds_up
    assert report.job.state == "done"
    assert report.counts.write_units >= 300


def test_a_job_stopped_by_a_wish_goes_on_with_the_command_of_its_hint(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 300)
    ledger = FolderLedger(tmp_path)
    claim = new_job(ledger, segments=1)
    stop = StopRequest()
    found = ways(client, source, target, segments=1, stage=_StopAfter(stop, 2))
    with pytest.raises(Interrupted) as caught:
        run_job(claim, found, RunContext(stop=stop))
    assert caught.value.hint == f"dynasmith jobs resume {claim.job.id}"
    assert ledger.show(claim.job.id).state == "interrupted"
    written = ledger.show(claim.job.id).counts.written
    assert 0 < written < 300
    report = run_job(ledger.claim(claim.job.id), ways(client, source, target, segments=1))
    assert report.counts.written == 300
    assert digest_items(items_of(client, target)) == digest_items(items) == report.target


class _StopAfter(Steps):
    """Asks to stop when it staged some pages."""

    def __init__(self, stop: StopRequest, pages: int) -> None:
        super().__init__()
        object.__setattr__(self, "_left", [pages])
        object.__setattr__(self, "_stop", stop)

    __slots__ = ("_left", "_stop")

    async def __call__(self, items: Sequence[Item]) -> Any:
        self._left[0] -= 1  # type: ignore[attr-defined]
        if self._left[0] == 0:  # type: ignore[attr-defined]
            self._stop.ask()  # type: ignore[attr-defined]
        return self.apply(items)


def test_a_job_that_runs_is_refused_and_one_that_ended_is_not(tmp_path: Path) -> None:
    ledger = FolderLedger(tmp_path)
    claim = new_job(ledger)
    with pytest.raises(Locked) as caught:
        ledger.claim(claim.job.id)
    assert caught.value.exit == 5
    claim.release()
    ledger.claim(claim.job.id).release()


def test_a_transform_changes_drops_and_fans_out(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 90)

    def change(item: Any, _ctx: Context) -> Any:
        number = int(item["number"])
        if number % 3 == 0:
            return None
        item["seen"] = True
        return item if number % 3 == 1 else [item, item | {"pk": f"{item['pk']}-twin"}]

    claim = new_job(FolderLedger(tmp_path), segments=2)
    transform = Transform(change, Context(claim.job.started_at, claim.job.id, KEY))
    stage = Steps(transform=transform)
    report = run_job(claim, ways(client, source, target, segments=2, stage=stage))
    counts = report.counts
    assert (counts.read, counts.dropped, counts.fanned_out, counts.written) == (90, 30, 30, 90)
    assert report.adds_up
    assert len(items_of(client, target)) == 90


def test_what_a_transform_refuses_is_a_dead_letter_with_its_reason(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 50)

    def change(item: Any, _ctx: Context) -> Any:
        if item["number"] == 7:
            raise ValueError("seven")
        return item

    ledger = FolderLedger(tmp_path)
    claim = new_job(ledger)
    transform = Transform(change, Context(datetime.now(UTC), claim.job.id, KEY))
    report = run_job(claim, ways(client, source, target, 1, stage=Steps(transform=transform, policy="dead")))
    (dead,) = ledger.dead_letters(claim.job.id)
    assert (report.counts.dead, report.counts.written) == (1, 49)
    assert dead.code == "transform"
    assert "seven" in dead.reason
    assert Path(report.dead_letters).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("mode", "written", "already", "skipped"),
    [
        (Mode("skip-existing"), 30, 10, 10),
        (Mode("newer", "number"), 30, 10, 10),
        (Mode("overwrite"), 50, 0, 0),
    ],
)
def test_modes_leave_an_equal_item_as_it_is(
    client: Any, make_table: MakeTable, tmp_path: Path, mode: Mode, written: int, already: int, skipped: int
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 50)
    fill(client, target, 10)
    fill(client, target, 10, first=10, number=1000)
    found = Pipeline(source=table_source(client, source, segments=2), sink=table_sink(client, target, KEY, mode=mode))
    counts = run_job(new_job(FolderLedger(tmp_path), segments=2), found).counts
    assert (counts.written, counts.already, counts.skipped) == (written, already, skipped)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_call_of_a_port_it_ends_the_same(
    client: Any, make_table: MakeTable, tmp_path: Path, after: bool
) -> None:
    """One job, killed at its first call, then at the second of what is left, and so on until it gets through."""
    source, target = make_table(), make_table()
    items = fill(client, source, 130)
    ledger = FolderLedger(tmp_path)

    def change(item: Any, _ctx: Context) -> Any:
        if item["number"] % 40 == 7:
            raise ValueError("dead")
        return item

    survivors = [item for item in items if int(_number(item)) % 40 != 7]
    at, ended = first_call(), False
    while not ended:
        claim = new_job(ledger, segments=2)
        transform = Transform(change, Context(datetime.now(UTC), claim.job.id, KEY))
        plain = ways(client, source, target, 2, stage=Steps(transform=transform, policy="dead"))
        killer = Killer(at, after)
        try:
            run_job(KillClaim(claim, killer), killing(plain, killer))
            ended = True
        except KilledError:
            report = run_job(ledger.claim(claim.job.id), plain)
            assert report.counts.read == 130, at
            assert report.adds_up
            assert report.target == digest_items(survivors), at
            assert len(ledger.dead_letters(claim.job.id)) == report.counts.dead == 130 - len(survivors), at
            assert digest_items(items_of(client, target)) == digest_items(survivors), at
        at += STEP
    assert at > 20


def _number(item: bytes) -> str:
    import json

    return str(json.loads(item)["number"]["N"])


def test_it_runs_inside_a_running_loop(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 10)

    async def notebook() -> int:
        return run_job(new_job(FolderLedger(tmp_path)), ways(client, source, target, 1)).counts.written

    assert asyncio.run(notebook()) == 10


class Denied:
    """A claim whose ledger is denied from its first checkpoint on."""

    def __init__(self, real: Claim) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def save(self, _checkpoint: Checkpoint) -> None:
        raise RunError("The first error.")

    def change(self, _job: Job) -> None:
        raise RunError("Of the end.")

    def release(self) -> None:
        self._real.release()
        raise RunError("Of the release.")


def test_the_error_that_ended_a_run_is_the_one_that_is_raised(
    client: Any, make_table: MakeTable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 10)
    with pytest.raises(RunError, match="The first error"):
        run_job(Denied(new_job(FolderLedger(tmp_path), segments=1)), ways(client, source, target, segments=1))
    assert "Of the end." in caplog.text
    assert "Of the release." in caplog.text
