"""What is the table ledger's own: conflicts of transactions, lost and broken replies, jobs of former versions, a table
that is removed while a job runs.
"""

import asyncio
import hashlib
import itertools
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import botocore.config
import botocore.session
import msgspec
import pytest

from dynasmith.aws import transactions
from dynasmith.aws.stores.shared_ledger import SharedClaim
from dynasmith.aws.stores.table_ledger import TableLedger
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import LeaseLost, Locked, ServiceUnavailable
from dynasmith.jobs.checkpoint import Checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import encode_job, moved
from dynasmith.ports.items import DeadLetter
from dynasmith.strict import StrictServer
from flow.engine_runs import copy_spec
from flow.kit import client_of
from flow.ledger_cycle import impatient, live

SEGMENTS = 200
AT_ONCE = 40


def a_job(ledger: TableLedger, segments: int = 1) -> SharedClaim:
    return ledger.begin(new_job(copy_spec(), RunContext(), segments))


def checkpoints(job: str, read: int) -> list[Checkpoint]:
    return [
        Checkpoint(job=job, segments=SEGMENTS, segment=segment, counts=Counts(read=read)) for segment in range(SEGMENTS)
    ]


def save_at_once(claim: SharedClaim, wanted: Sequence[Checkpoint]) -> None:
    """All of them at once, from as many threads as the client has connections."""

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE))
        await asyncio.gather(*(claim.save(checkpoint) for checkpoint in wanted))

    asyncio.run(run())


def taken_from(claim: SharedClaim) -> None:
    """Free the lock of a run that goes on to believe that the job is its own, as after a long stop."""
    claim._lease._over.set()
    claim._lease._thread.join()
    claim._lease.lock.free(claim._lease.owner, gone=False)


@contextmanager
def all_the_time(work: Callable[[int], Any]) -> Iterator[list[int]]:
    """Do something again and again while the block runs, at least once; raises what it raised."""
    over, done = threading.Event(), list[int]()

    def repeat() -> None:
        for number in itertools.count(1):
            work(number)
            done.append(number)
            if over.is_set():
                return

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(repeat)
        try:
            yield done
        finally:
            over.set()
        running.result()


@pytest.fixture
def wide(strict: StrictServer) -> Iterator[Any]:
    """A client of the strict endpoint that sends as much at once as a job does, and retries as the SDK does."""
    session: Any = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    config = botocore.config.Config(max_pool_connections=AT_ONCE * 2, retries={"mode": "legacy"})
    client = session.create_client("dynamodb", region_name="eu-west-1", endpoint_url=strict.endpoint, config=config)
    yield impatient(client)
    if "flow-conflicts" in client.list_tables()["TableNames"]:
        client.delete_table(TableName="flow-conflicts")
    client.close()


def test_checkpoints_at_once_beside_beats_take_overs_and_frees_are_all_kept(wide: Any) -> None:
    ledger = TableLedger(wide, "flow-conflicts")
    claim, other = a_job(ledger, SEGMENTS), a_job(ledger)
    job, lock, owner = claim.job.id, claim._lease.lock, claim._lease.owner
    other.release()

    def beat(number: int) -> None:
        assert lock.beat(owner, 1_000 + number)

    def take_and_free(_: int) -> None:
        ledger.claim(other.job.id).release()

    with all_the_time(beat), all_the_time(take_and_free):
        save_at_once(claim, checkpoints(job, 1))
    assert list(claim.checkpoints().values()) == checkpoints(job, 1)

    taken_from(claim)
    newer = ledger.claim(job)

    def save_late(number: int) -> None:
        with suppress(Locked):
            asyncio.run(claim.save(checkpoints(job, 2)[number % SEGMENTS]))

    with all_the_time(save_late), all_the_time(take_and_free):
        assert list(newer.checkpoints().values()) == checkpoints(job, 1)
        newer.release()
        last = ledger.claim(job)
        save_at_once(last, checkpoints(job, 3)[1:])
    assert list(last.checkpoints().values()) == [*checkpoints(job, 1)[:1], *checkpoints(job, 3)[1:]]
    last.release()
    assert list(ledger.claim(job).checkpoints().values()) == [*checkpoints(job, 1)[:1], *checkpoints(job, 3)[1:]]


# --- jobs of former versions -----------------------------------------------------------------------------------------


def former_job(client: Any, table: str, *, lock: bool) -> tuple[str, Checkpoint, DeadLetter]:
    """A job as earlier versions kept it, with names that have no fence: one of two segments and its dead letters."""
    job = new_job(copy_spec(), RunContext(), 2)
    checkpoint = Checkpoint(
        job=job.id, segments=2, segment=1, position=b"here", counts=Counts(read=5, written=3, dead=2)
    )
    dead, home = DeadLetter(code="x", reason="y"), {"S": f"job#{job.id}"}
    page = f"dead#00001#{hashlib.blake2b(b'page', digest_size=12).hexdigest()}"
    first = f"dead#00001#{hashlib.blake2b(b'here', digest_size=12).hexdigest()}"
    packed = {"B": zlib.compress(msgspec.json.encode([dead]))}
    items: list[dict[str, Any]] = [
        {"pk": {"S": "jobs"}, "sk": {"S": job.id}, "job": {"B": encode_job(job)}},
        {"pk": home, "sk": {"S": "segment#00001"}, "checkpoint": {"B": encode_checkpoint(checkpoint)}},
        {"pk": home, "sk": {"S": f"{page}#000"}, "dead": packed},
        {"pk": home, "sk": {"S": f"{first}#000"}, "dead": packed},
        {"pk": home, "sk": {"S": "control"}, "control": {"B": b'{"wish":"pause"}'}},
    ]
    if lock:
        items.append({"pk": home, "sk": {"S": "lock"}, "owner": {"S": "gone"}, "beat": {"N": "7"}})
    for item in items:
        client.put_item(TableName=table, Item=item)
    return job.id, checkpoint, dead


@pytest.mark.parametrize("lock", [False, True], ids=["freed", "killed"])
def test_a_job_of_a_former_version_is_read_resumed_and_safe_from_its_old_run(wide: Any, lock: bool) -> None:
    ledger = TableLedger(wide, "flow-conflicts", lease_seconds=2.0)
    ledger._store.open()
    job, checkpoint, dead = former_job(wide, "flow-conflicts", lock=lock)
    assert ledger.checkpoints(job) == {1: checkpoint}
    assert ledger.show(job).counts == checkpoint.counts
    assert list(ledger.dead_letters(job)) == [dead, dead]
    claim = ledger.claim(job)
    assert (claim.job.state, claim.control().wish) == ("interrupted", "run")
    assert claim.checkpoints() == {1: checkpoint}
    claim.forget(1, b"here")  # it is done again, from there
    asyncio.run(claim.bury(1, b"here", [DeadLetter(code="new", reason="")]))
    further = msgspec.structs.replace(checkpoint, position=b"further", counts=Counts(read=9, written=7, dead=2))
    asyncio.run(claim.save(further))
    late = {"pk": {"S": f"job#{job}"}, "sk": {"S": "segment#00000"}, "checkpoint": {"B": b"of the run before"}}
    wide.put_item(TableName="flow-conflicts", Item=late)
    wide.put_item(TableName="flow-conflicts", Item={**late, "sk": {"S": "segment#00001"}})
    for _ in range(2):
        assert claim.checkpoints() == ledger.checkpoints(job) == {1: further}
        assert sorted(each.code for each in ledger.dead_letters(job)) == ["new", "x"]
        claim.release()
        claim = ledger.claim(job)
    cancelled = moved(claim.job, "cancelled", claim.job.changed_at)
    claim.change(cancelled)
    claim.release()
    ledger.prune(job)
    assert wide.scan(TableName="flow-conflicts")["Items"] == []


def test_fences_go_on_where_the_lock_was_removed_by_hand(wide: Any) -> None:
    ledger = TableLedger(wide, "flow-conflicts")
    claim = a_job(ledger)
    job = claim.job.id
    for read in (1, 2, 3):
        asyncio.run(claim.save(Checkpoint(job=job, segments=1, segment=0, counts=Counts(read=read))))
        claim.release()
        wide.delete_item(TableName="flow-conflicts", Key={"pk": {"S": f"job#{job}"}, "sk": {"S": "lock"}})
        claim = ledger.claim(job)
        assert claim.checkpoints()[0].counts.read == read
    claim.release()


def test_what_is_inherited_may_be_more_than_an_item_holds(wide: Any) -> None:
    ledger = TableLedger(wide, "flow-conflicts")
    claim = a_job(ledger, SEGMENTS)
    job = claim.job.id
    long = [msgspec.structs.replace(each, position=b"x" * 3_000) for each in checkpoints(job, 1)]
    save_at_once(claim, long)
    claim.release()
    for _ in range(2):
        claim = ledger.claim(job)
        assert list(claim.checkpoints().values()) == long
        claim.release()
    assert len(ledger._store.names(job, "taken#00000002")) > 2


# --- what meets conflicts, lost and broken replies --------------------------------------------------------------------


def test_a_conflict_with_the_transactions_of_others_is_waited_out(
    wide: Any, strict: StrictServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "back_off", lambda _: 0.0)
    ledger = TableLedger(wide, "flow-conflicts")
    fault = strict.fault("PutItem", kind="TransactionConflictException", times=4)
    claim = a_job(ledger)
    checkpoint = Checkpoint(job=claim.job.id, segments=1, segment=0)
    asyncio.run(claim.save(checkpoint))
    claim.release()
    assert fault.hits == 4
    claim = ledger.claim(claim.job.id)
    fault = strict.fault("PutItem", kind="TransactionConflictException", times=None)
    with pytest.raises(ServiceUnavailable, match="TransactionConflictException") as caught:
        asyncio.run(claim.save(checkpoint))
    assert "other transactions kept writing the same item" in caught.value.hint
    assert fault.hits == transactions.ATTEMPTS_MAX
    strict.calm()
    claim.release()


@pytest.mark.parametrize("kind", ["reset-after", "cut-body"])
def test_a_lost_or_cut_reply_to_any_call_loses_nothing(wide: Any, strict: StrictServer, kind: str) -> None:
    ledger, hits = TableLedger(wide, "flow-conflicts"), 0
    ledger._store.open()
    for first in range(1, 4):
        faults = [strict.fault("*", nth=first + more, kind=kind) for more in range(0, 60, 3)]
        live(ledger)
        hits += sum(fault.hits for fault in faults)
        strict.calm()
    assert hits > 15


@pytest.mark.parametrize("engine", ["ministack", "moto"])
def test_every_engine_keeps_a_job(request: pytest.FixtureRequest, engine: str) -> None:
    client = client_of(request.getfixturevalue(f"{engine}_endpoint"))
    ledger = TableLedger(client, "flow-conflicts")
    ledger._store.open()
    live(ledger)
    client.delete_table(TableName="flow-conflicts")
    client.close()


@pytest.mark.parametrize("times", [2, 1_000])
@pytest.mark.parametrize("operation", ["PutItem", "Query"])
def test_a_broken_reply_is_asked_for_again_and_then_ends_the_run(wide: Any, operation: str, times: int) -> None:
    ledger = TableLedger(wide, "flow-conflicts")
    claim = a_job(ledger)
    left = times

    def break_it(parsed: dict[str, Any], **_: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            for name in ("Items", "ConsumedCapacity"):
                parsed.pop(name, None)

    wide.meta.events.register(f"after-call.dynamodb.{operation}", break_it)
    checkpoint = Checkpoint(job=claim.job.id, segments=1, segment=0)
    with pytest.raises(ServiceUnavailable, match="not one of DynamoDB") if times > 2 else nullcontext():
        asyncio.run(claim.save(checkpoint))
        assert claim.checkpoints() == {0: checkpoint}
    left = 0
    claim.release()


# --- the ledger's table is removed ------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", ["removed", "made again", "restored"])
def test_a_table_that_is_removed_or_made_again_ends_the_run_with_a_sentence(wide: Any, again: str) -> None:
    ledger = TableLedger(wide, "flow-conflicts")
    claim = a_job(ledger)
    items = wide.scan(TableName="flow-conflicts")["Items"]
    lock, owner = claim._lease.lock, claim._lease.owner
    assert lock.beat(owner, 20)
    wide.delete_table(TableName="flow-conflicts")
    wide.get_waiter("table_not_exists").wait(TableName="flow-conflicts", WaiterConfig={"Delay": 0.2})
    if again != "removed":
        TableLedger(wide, "flow-conflicts")._store.open()
        assert not lock.beat(owner, 20)
    if again == "restored":
        for item in items:
            wide.put_item(TableName="flow-conflicts", Item=item)
        assert not lock.beat(owner, 40)
    with pytest.raises(LeaseLost, match="removed and recreated") as caught:
        claim.change(moved(claim.job, "done", claim.job.changed_at))
    assert "start a new job" in caught.value.hint
    if again == "removed":
        with pytest.raises(LeaseLost, match="removed and recreated"):
            asyncio.run(claim.save(Checkpoint(job=claim.job.id, segments=1, segment=0)))
    claim._lease._over.set()
    claim._lease._thread.join()


def test_a_run_that_lost_its_job_does_not_change_its_state(wide: Any) -> None:
    ledger = TableLedger(wide, "flow-conflicts")
    claim = a_job(ledger)
    taken_from(claim)
    newer = ledger.claim(claim.job.id)
    newer.change(moved(newer.job, "running", claim.job.changed_at))
    with pytest.raises(LeaseLost, match="taken up by another process"):
        claim.change(moved(claim.job, "failed", claim.job.changed_at))
    assert ledger.show(claim.job.id).state == "running"
    newer.change(moved(newer.job, "done", claim.job.changed_at))
    newer.release()
    assert ledger.show(claim.job.id).state == "done"
