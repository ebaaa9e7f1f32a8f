"""A ledger that machines share keeps what the one in a folder keeps, and its lease lets nobody write who lost it.

One suite for the ledger in a table and for the one in S3, on both engines that have S3.
"""

import asyncio
import io
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from rich.console import Console

from dynasmith.aws.data.table_factory import table_sink, table_source
from dynasmith.aws.stores.s3.ledger import S3Ledger
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.aws.stores.shared_ledger import SharedClaim, SharedLedger
from dynasmith.aws.stores.table_ledger import TableLedger
from dynasmith.cli.flow_report import JOBS_LOG, FlowProgressView
from dynasmith.engine.transfer.jobs import cancel, pace
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.runner import Pipeline, RunContext, run_job
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.errors import Locked, RunError
from dynasmith.items.ctx import Context
from dynasmith.items.digest import digest_items
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Transform
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.items import DeadLetter
from flow.buckets import a_bucket
from flow.copying import end
from flow.engine_runs import copy, copy_spec, resumed
from flow.killing import KillClaim, KilledError, Killer, killing
from flow.kit import MakeTable, fill, items_of
from kill_points import STEP, first_call, sides

KEY = KeySchema.of("pk")


OpenLedger = Callable[..., SharedLedger]


@pytest.fixture(params=["table", "s3 of ministack", "s3 of moto"])
def opened(request: pytest.FixtureRequest) -> Iterator[OpenLedger]:
    """Opens one ledger again and again, as several processes would: ``opened(lease_seconds=...)``."""
    if request.param == "table":
        client = request.getfixturevalue("client")
        yield lambda **more: TableLedger(client, "flow-ledger", **more)
        client.delete_table(TableName="flow-ledger")
        return
    endpoint = request.getfixturevalue(f"{request.param.rpartition(' ')[2]}_endpoint")
    with a_bucket(endpoint, "flow-ledger") as bucket:
        yield lambda **more: S3Ledger(S3Objects(bucket, "s3://flow-ledger/some/jobs"), **more)
        left = [found["Key"] for found in bucket.list_objects_v2(Bucket="flow-ledger").get("Contents", ())]
        assert all(key.startswith("some/jobs/copy-") for key in left)


@pytest.fixture
def ledger(opened: OpenLedger) -> SharedLedger:
    """A ledger of its own."""
    return opened(owner="here")


def held(ledger: SharedLedger, segments: int = 1) -> SharedClaim:
    return ledger.begin(new_job(copy_spec(), RunContext(), segments))


def test_a_copy_is_kept_listed_and_pruned(client: Any, make_table: MakeTable, ledger: SharedLedger) -> None:
    assert ledger.jobs() == []
    source, target = make_table(), make_table()
    items = fill(client, source, 60)
    report = copy(end(client, source), end(client, target), ledger, TransferOptions(segments=2, batch_size=10))
    assert report.target == digest_items(items) == digest_items(items_of(client, target))
    (job,) = ledger.jobs()
    course = ledger.activity(job.id)
    assert course is not None
    assert (course.counts, [part.done for part in course.parts]) == (job.counts, [1, 1])
    assert (job.id, job.state) == (report.job.id, "done")
    assert ledger.show(job.id).counts.written == 60
    ledger.prune(job.id)
    assert ledger.jobs() == []
    with pytest.raises(RunError, match="There is no job"):
        ledger.show(job.id)


def test_killed_at_every_call_it_ends_the_same(client: Any, make_table: MakeTable, ledger: SharedLedger) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 60)

    def change(item: Any, _ctx: Context) -> Any:
        if item["number"] == 7:
            raise ValueError("dead")
        return item

    survivors = digest_items(items[:7] + items[8:])
    at, ended = first_call(), False
    while not ended:
        for after in sides():
            claim = held(ledger)
            transform = Transform(change, Context(claim.job.started_at, claim.job.id, KEY))
            plain = Pipeline(
                source=table_source(client, source, page_items=30),
                sink=table_sink(client, target, KEY),
                stage=Steps(transform=transform, policy="dead"),
            )
            killer = Killer(at, after)
            try:
                run_job(KillClaim(claim, killer), killing(plain, killer))
                ended = True
            except KilledError:
                report = run_job(ledger.claim(claim.job.id), plain)
                assert report.adds_up
                assert report.target == survivors, at
                assert len(ledger.dead_letters(claim.job.id)) == report.counts.dead == 1, at
        at += STEP
    assert at > 10


def test_a_wait_for_a_lease_is_said_before_it_begins(opened: OpenLedger, ledger: SharedLedger) -> None:
    claim = held(ledger)
    job = claim.job.id
    told = io.StringIO()
    with FlowProgressView(Console(file=told, width=80, color_system=None)):
        with pytest.raises(Locked):
            ledger.claim(job)
        said = told.getvalue()
        claim.release()
        ledger.claim(job).release()
    assert said.startswith(f"Job {job} is held by here ")
    assert said.endswith(": waiting up to 15 s for its lease, in case that run was killed.\n")
    assert told.getvalue() == said  # a job that nobody holds is taken without a word
    assert JOBS_LOG.handlers == []


def test_a_job_that_runs_is_refused_and_one_whose_process_is_gone_is_free_after_a_lease(
    opened: OpenLedger, ledger: SharedLedger
) -> None:
    claim = held(ledger, 2)
    with pytest.raises(Locked, match="here"):
        ledger.claim(claim.job.id)
    claim._lease._over.set()  # the process stops beating without a word
    claim._lease._thread.join()
    mine = opened(lease_seconds=0.5).claim(claim.job.id)
    assert mine.job.state == "interrupted"
    at = Checkpoint(job=claim.job.id, segments=2, segment=0)
    with suppress(Locked):  # its own clock says that the lease is still its own
        asyncio.run(claim.save(at))
    assert mine.checkpoints() == {}
    assert not claim._lease.lock.beat(claim._lease.owner, 9)
    mine.release()
    mine = ledger.claim(claim.job.id)
    asyncio.run(mine.save(at))
    with suppress(Locked):
        asyncio.run(claim.save(msgspec.structs.replace(at, done=True)))
        asyncio.run(claim.save(msgspec.structs.replace(at, segment=1)))
    assert mine.checkpoints() == {0: at}
    mine.release()
    mine = ledger.claim(claim.job.id)
    assert mine.checkpoints() == {0: at}
    mine.release()


def test_two_that_take_it_at_once_are_not_both_given_it(opened: OpenLedger, ledger: SharedLedger) -> None:
    claim = held(ledger)
    claim.release()
    taken: list[SharedClaim] = []
    refused: list[Locked] = []
    together = threading.Barrier(4)

    def take() -> None:
        mine = opened()
        together.wait()
        try:
            taken.append(mine.claim(claim.job.id))
        except Locked as error:
            refused.append(error)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(taken), len(refused)) == (1, 3)
    taken[0].release()


def test_a_run_that_lost_its_lease_adds_no_dead_letters(opened: OpenLedger, ledger: SharedLedger) -> None:
    claim = held(ledger, 2)
    job = claim.job.id

    def buried(by: SharedClaim, page: bytes, *codes: str) -> None:
        with suppress(Locked):  # a table says it; in a bucket what is written counts for nothing
            asyncio.run(by.bury(1, page, [DeadLetter(code=code, reason="") for code in codes]))

    def codes() -> list[str]:
        return sorted(dead.code for dead in ledger.dead_letters(job))

    buried(claim, b"1", "kept")
    buried(claim, b"2", "done again")
    claim._lease._over.set()  # the process stops beating without a word
    claim._lease._thread.join()
    opened(lease_seconds=0.5).claim(job).release()  # it is waited for as long; who holds it holds it for a whole lease
    mine = opened().claim(job)
    assert codes() == ["done again", "kept"]
    buried(claim, b"3", "late")
    assert codes() == ["done again", "kept"]
    mine.forget(1, b"2")
    assert codes() == ["kept"]
    buried(mine, b"2", "mine")
    buried(claim, b"4", "late")
    assert codes() == ["kept", "mine"]
    mine.release()
    last = ledger.claim(job)
    assert codes() == ["kept", "mine"]
    last.forget(1, None, whole=True)
    assert codes() == []
    assert last.dead_letters == ""
    buried(claim, b"4", "late")
    last.release()
    assert codes() == []


def test_dead_letters_larger_than_an_item_of_the_ledger_are_kept(ledger: SharedLedger) -> None:
    chance = random.Random(1)
    claim = held(ledger)
    dead = [
        DeadLetter(code="x", reason="y", item=b'{"b":"%b"}' % chance.randbytes(390_000).hex().encode())
        for _ in range(3)
    ]
    asyncio.run(claim.bury(0, b"page", dead))
    assert list(ledger.dead_letters(claim.job.id)) == dead
    claim.forget(0, b"other")
    assert claim.dead_letters
    claim.forget(0, b"page")
    assert ledger.dead_letters(claim.job.id) == []
    claim.release()


def test_pace_and_cancel_reach_a_job(client: Any, make_table: MakeTable, ledger: SharedLedger) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 40)
    claim = held(ledger)
    pace(ledger, claim.job.id, write_units=7)
    assert claim.control().write_units_per_second == 7
    claim.release()
    assert cancel(ledger, claim.job.id, RunContext().now).state == "cancelled"
    with pytest.raises(RunError, match="cancelled"):
        resumed(ledger.claim(claim.job.id), end(client, source), end(client, target))
