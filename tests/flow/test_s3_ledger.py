"""What is the S3 ledger's own: conditions that are kept, replies that are lost, what a page costs, a real kill."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from dynasmith.aws.stores.lease import LockState
from dynasmith.aws.stores.s3.ledger import S3Ledger, S3Lock
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.engine.transfer.jobs import cancel, pace
from dynasmith.errors import LeaseLost, Locked, NotOffered, RunError, ServiceError
from dynasmith.items.digest import digest_items
from dynasmith.jobs.checkpoint import Checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import moved
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.items import DeadLetter
from dynasmith.strict import StrictServer
from flow.buckets import Changed, a_bucket, keys_of, s3_of
from flow.copying import end
from flow.engine_runs import copy, resumed
from flow.killed import copying, until_it_wrote
from flow.kit import MakeTable, fill, items_of, new_job
from flow.ledger_cycle import impatient, live

PLACE = "s3://flow-jobs/jobs"


@pytest.fixture
def bucket(ministack_endpoint: str) -> Iterator[Any]:
    """A client of an engine that has the bucket."""
    with a_bucket(ministack_endpoint, "flow-jobs") as client:
        yield client


def test_a_service_that_ignores_conditions_is_refused(bucket: Any) -> None:
    ledger = S3Ledger(S3Objects(Changed(bucket, conditions=False), PLACE))
    with pytest.raises(NotOffered, match="does not keep conditions") as caught:
        new_job(ledger)
    assert "table:NAME" in caught.value.hint
    assert keys_of(bucket, "flow-jobs") == []


def test_a_reply_that_was_lost_does_not_lose_the_job(bucket: Any) -> None:
    """A conditional write that was done is sent again by botocore, and then refused: it is ours all the same."""
    lock = S3Lock(S3Objects(Changed(bucket, twice=True), PLACE), "job/lock.json")
    assert lock.read() is None
    assert lock.take(None, "me")
    for beat in range(1, 4):
        assert lock.beat("me", beat)
    other = S3Lock(S3Objects(bucket, PLACE), "job/lock.json")
    assert other.read() == LockState("me", 3)
    lock.free("me", gone=False)
    assert not other.take(LockState("me", 3), "other")  # it is not as it was seen
    assert other.read() is None
    assert other.take(None, "other")
    assert (lock.fence, other.fence) == (1, 2)
    assert not lock.beat("me", 4)
    assert lock.fence == 1  # what it writes still counts for nothing


@pytest.mark.parametrize("kind", ["reset-after", "cut-body"])
def test_a_lost_or_cut_reply_to_any_call_loses_nothing(bucket: Any, strict: StrictServer, kind: str) -> None:
    """All goes over the strict endpoint, which passes S3 on and loses or cuts one reply of each life of a job."""
    client = impatient(s3_of(strict.endpoint, attempts=8))
    ledger = S3Ledger(S3Objects(client, PLACE))
    hits = 0
    for first in range(1, 5):
        faults = [strict.fault("*", nth=first + more, kind=kind) for more in range(0, 60, 4)]
        live(ledger)
        assert keys_of(bucket, "flow-jobs") == []
        hits += sum(fault.hits for fault in faults)
        strict.calm()
    assert hits > 20
    client.close()


def test_a_bucket_that_is_emptied_while_a_job_runs_ends_it_with_a_sentence(bucket: Any) -> None:
    ledger = S3Ledger(S3Objects(bucket, PLACE))
    claim = new_job(ledger)
    for key in keys_of(bucket, "flow-jobs"):
        bucket.delete_object(Bucket="flow-jobs", Key=key)
    assert not claim._lease.lock.beat(claim._lease.owner, 1)
    with pytest.raises(LeaseLost, match="removed and recreated") as caught:
        claim.change(moved(claim.job, "done", claim.job.changed_at))
    assert "start a new job" in caught.value.hint
    claim.release()
    assert keys_of(bucket, "flow-jobs") == []


def test_a_run_that_lost_its_job_changes_neither_its_state_nor_its_dead_letters(bucket: Any) -> None:
    ledger = S3Ledger(S3Objects(bucket, PLACE))
    claim = new_job(ledger)
    asyncio.run(claim.bury(0, b"page", [DeadLetter(code="first", reason="")]))
    claim._lease._over.set()
    claim._lease._thread.join()
    claim._lease.lock.free(claim._lease.owner, gone=False)
    newer = ledger.claim(claim.job.id)
    newer.change(moved(newer.job, "running", claim.job.changed_at))
    newer.forget(0, b"page")
    asyncio.run(newer.bury(0, b"page", [DeadLetter(code="again", reason="")]))
    claim.forget(0, b"page")  # what it knew of it is gone; what the newer run wrote stays
    with pytest.raises(LeaseLost, match="taken up by another process"):
        claim.change(moved(claim.job, "failed", claim.job.changed_at))
    assert ledger.show(claim.job.id).state == "running"
    assert [dead.code for dead in ledger.dead_letters(claim.job.id)] == ["again"]
    newer.change(moved(newer.job, "done", claim.job.changed_at))
    newer.release()
    assert ledger.show(claim.job.id).state == "done"


def test_fences_go_on_where_the_lock_was_removed_by_hand(bucket: Any) -> None:
    ledger = S3Ledger(S3Objects(bucket, PLACE))
    claim = new_job(ledger)
    job = claim.job.id
    for read in (1, 2, 3):
        asyncio.run(claim.save(Checkpoint(job=job, segments=1, segment=0, counts=Counts(read=read))))
        claim.release()
        bucket.delete_object(Bucket="flow-jobs", Key=f"jobs/{job}/lock.json")
        claim = ledger.claim(job)
        assert claim.checkpoints()[0].counts.read == read
    claim.release()


def test_what_an_earlier_version_inherited_still_counts(bucket: Any) -> None:
    ledger = S3Ledger(S3Objects(bucket, PLACE))
    claim = new_job(ledger)
    job = claim.job.id
    asyncio.run(claim.bury(0, b"page", [DeadLetter(code="x", reason="")]))
    claim.release()
    [key] = [key.removeprefix("jobs/") for key in keys_of(bucket, "flow-jobs") if "/dead/" in key]
    name = key.removeprefix(f"{job}/").rpartition("/")[0].replace("/", "#")
    checkpoint = Checkpoint(job=job, segments=1, segment=0)
    taken = msgspec.json.encode([("segment#00000", encode_checkpoint(checkpoint)), (name, key.encode())])
    bucket.put_object(Bucket="flow-jobs", Key=f"jobs/{job}/taken/00000002", Body=taken)
    assert ledger.checkpoints(job) == {0: checkpoint}
    assert [dead.code for dead in ledger.dead_letters(job)] == ["x"]
    claim = ledger.claim(job)  # its lock says 1, and what was inherited 2
    assert claim._lock.fence == 3
    assert claim.checkpoints() == {0: checkpoint}
    assert [dead.code for dead in ledger.dead_letters(job)] == ["x"]
    claim.release()


def test_a_page_costs_one_call_and_a_new_job_few(
    client: Any, make_table: MakeTable, bucket: Any, ministack_endpoint: str
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 60)
    calls: Counter[str] = Counter()
    counted = s3_of(ministack_endpoint)

    def count(model: Any, params: dict[str, Any], **_: Any) -> None:
        what = params["url_path"].partition("/copy-")[2].partition("/")[2].partition("/")[0]
        calls[f"{model.name} {what}"] += 1

    counted.meta.events.register("before-call.s3", count)
    report = copy(
        end(client, source),
        end(client, target),
        S3Ledger(S3Objects(counted, PLACE)),
        TransferOptions(segments=2, batch_size=5),
    )
    assert report.target == digest_items(items)
    pages = calls.pop("PutObject segment")
    assert 12 <= pages <= 14
    assert calls["PutObject job.json"] == 2  # it begins, it is done
    assert calls["PutObject lock.json"] >= 4  # taken, twice proven, given back; and a beat every three seconds
    assert sum(calls.values()) - calls["PutObject lock.json"] - calls["GetObject control.json"] < 12
    counted.close()


def test_the_fence_outlives_the_lock_and_a_pruned_job_leaves_nothing(bucket: Any) -> None:
    ledger = S3Ledger(S3Objects(bucket, PLACE))
    claim = new_job(ledger)
    asyncio.run(claim.save(Checkpoint(job=claim.job.id, segments=1, segment=0)))
    claim.release()
    for fence in (2, 3):
        again = ledger.claim(claim.job.id)
        assert isinstance(again._lease.lock, S3Lock)
        assert again._lease.lock.fence == fence
        again.release()
    assert [job.state for job in ledger.jobs()] == ["running"]  # until somebody takes it up and says so
    cancel(ledger, claim.job.id, lambda: claim.job.started_at)
    ledger.prune(claim.job.id)
    assert keys_of(bucket, "flow-jobs") == []


@pytest.mark.parametrize("name", ["nothing", "", "..", "a/b"])
def test_no_such_job_is_said_and_nothing_is_written_for_it(bucket: Any, name: str) -> None:
    ledger = S3Ledger(S3Objects(bucket, PLACE))
    for call in (ledger.show, ledger.claim, ledger.prune, ledger.dead_letters, ledger.steered):
        with pytest.raises(RunError, match="There is no job"):
            call(name)
    with pytest.raises(RunError, match="There is no job"):
        pace(ledger, name, write_units=1)
    assert keys_of(bucket, "flow-jobs") == []


def test_without_a_bucket_no_job_begins(client: Any, make_table: MakeTable, ministack_endpoint: str) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 3)
    s3 = s3_of(ministack_endpoint)
    ledger = S3Ledger(S3Objects(s3, "s3://flow-nowhere/jobs"))
    with pytest.raises(ServiceError, match="Bucket flow-nowhere does not exist"):
        copy(end(client, source), end(client, target), ledger)
    with pytest.raises(ServiceError, match="Bucket flow-nowhere does not exist"):
        ledger.jobs()
    assert items_of(client, target) == []
    s3.close()


def test_a_job_that_could_not_be_entered_leaves_nothing_and_one_that_cannot_be_read_is_left_out(bucket: Any) -> None:
    failing = S3Ledger(S3Objects(Changed(bucket, left=3), PLACE))  # the lock, and that conditions are kept
    with pytest.raises(ServiceError, match=r"Bucket .* does not exist"):
        new_job(failing)
    assert keys_of(bucket, "flow-jobs") == []
    ledger = S3Ledger(S3Objects(bucket, PLACE))
    claim = new_job(ledger)
    claim.release()
    bucket.put_object(Bucket="flow-jobs", Key="jobs/copy-of-another-tool/job.json", Body=b"{}")
    bucket.put_object(Bucket="flow-jobs", Key="jobs/notes.txt", Body=b"notes")
    assert [job.id for job in ledger.jobs()] == [claim.job.id]


def test_killed_with_kill_9_it_is_refused_while_it_runs_and_goes_on_to_the_same(
    client: Any, ministack_endpoint: str, make_table: MakeTable, bucket: Any
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 400)
    ledger = S3Ledger(S3Objects(bucket, PLACE), lease_seconds=4.0)  # the process beats every 0.8 s
    with copying(ministack_endpoint, source, target, PLACE) as process:
        job = until_it_wrote(process)
        with pytest.raises(Locked, match="runs in another process"):
            ledger.claim(job)
        assert ledger.show(job).state == "running"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    written = ledger.show(job).counts.written
    assert 0 < written < 400
    pace(ledger, job, write_units=100_000)
    report = resumed(ledger.claim(job), end(client, source), end(client, target))
    assert report.adds_up
    assert report.counts.written == 400
    assert report.target == digest_items(items) == digest_items(items_of(client, target))
    assert [one.state for one in ledger.jobs()] == ["done"]
