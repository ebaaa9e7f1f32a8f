"""The undo journal in S3: there before anything is sent, never written over, and what is missing of it is said."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from backfill.kit import Bench, canonical
from dynasmith.aws.stores.s3.journal import S3Journal, create_s3_journal, remove_s3_journal, reopen_s3_journal
from dynasmith.aws.stores.s3.journal_reader import S3JournalReader
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.errors import CheckpointError, RunError, ServiceError
from dynasmith.jobs.journal import JournalHead, read_entries
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.items import ThrottleListener
from dynasmith.ports.journal import JournalEntryId
from dynasmith.ports.updates import ItemChange, OpenUpdates, SentChanges, Updates, encode_change
from flow.buckets import Changed, a_bucket, keys_of
from flow.kit import MakeTable, fill

BUCKET = "backfill-undo"
PLACE = f"s3://{BUCKET}/undo"


@pytest.fixture(params=["ministack", "moto"])
def bucket(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client of an engine that has the bucket."""
    with a_bucket(request.getfixturevalue(f"{request.param}_endpoint"), BUCKET) as client:
        yield client


@pytest.fixture
def objects(bucket: Any) -> S3Objects:
    return S3Objects(bucket, PLACE)


def change(item: Any, _ctx: Any) -> None:
    if "name" in item:
        item["full_name"] = item.pop("name")


class Looking:
    """Updates that look into the bucket before they send."""

    def __init__(self, real: Updates, bucket: Any) -> None:
        self.real, self.bucket = real, bucket
        self.batch_items = real.batch_items
        self.looked = 0

    async def send(self, changes: Sequence[ItemChange]) -> SentChanges:
        kept: set[bytes] = set()
        for key in keys_of(self.bucket, BUCKET):
            if "/entries/" in key:
                frame = self.bucket.get_object(Bucket=BUCKET, Key=key)["Body"].read()
                kept |= set(read_entries(frame) or ())
        assert {encode_change(one) for one in changes} <= kept
        self.looked += len(changes)
        return await self.real.send(changes)

    async def close(self) -> None:
        await self.real.close()


def test_what_is_sent_is_in_s3_before(
    client: Any, make_table: MakeTable, tmp_path: Path, bucket: Any, objects: S3Objects
) -> None:
    table = make_table()
    fill(client, table, 60)
    before = canonical(client, table)
    looking: list[Looking] = []

    class LookingBench(Bench):
        @property
        def updates(self) -> OpenUpdates:
            opened = super().updates

            async def open_looking(heard: ThrottleListener) -> Looking:
                looking.append(Looking(await opened(heard), bucket))
                return looking[-1]

            return open_looking

    bench = LookingBench(client, table, tmp_path, objects=objects)
    report = bench.run(change, TransferOptions(segments=2, batch_size=20))
    assert (report.counts.written, looking[0].looked) == (60, 60)
    plain = Bench(client, table, tmp_path, objects=objects)
    assert plain.undo(report.job.id).counts.written == 60
    assert canonical(client, table) == before


def test_a_frame_that_cannot_be_written_stops_before_its_batch_is_sent(
    client: Any, make_table: MakeTable, tmp_path: Path, bucket: Any, objects: S3Objects
) -> None:
    table = make_table()
    fill(client, table, 120)
    before = canonical(client, table)
    failing = S3Objects(Changed(bucket, left=4), PLACE)  # the head and three frames
    bench = Bench(client, table, tmp_path, objects=failing)
    with pytest.raises(ServiceError, match="does not exist"):
        bench.run(change, TransferOptions(segments=1, batch_size=20, lanes=1))
    changed = {key for key, item in canonical(client, table).items() if item != before[key]}
    assert len(changed) == 60
    job = bench.last()
    assert job.state == "failed"
    bench.objects = objects
    assert bench.again(job.id, change).counts.read == 120
    assert bench.undo(job.id).counts.written == 120
    assert canonical(client, table) == before


def test_without_a_bucket_nothing_is_begun(client: Any, make_table: MakeTable, tmp_path: Path, bucket: Any) -> None:
    table = make_table()
    fill(client, table, 20)
    before = canonical(client, table)
    bench = Bench(client, table, tmp_path, objects=S3Objects(bucket, "s3://backfill-gone/undo"))
    with pytest.raises(ServiceError, match="Bucket backfill-gone does not exist"):
        bench.run(change)
    assert canonical(client, table) == before
    assert bench.ledger.jobs() == []


def test_a_frame_that_is_missing_is_said_and_the_rest_is_put_back(
    client: Any, make_table: MakeTable, tmp_path: Path, bucket: Any, objects: S3Objects
) -> None:
    table = make_table()
    fill(client, table, 60)
    bench = Bench(client, table, tmp_path, objects=objects)
    job = bench.run(change, TransferOptions(segments=1, batch_size=20, lanes=1)).job.id
    frames = keys_of(bucket, BUCKET, f"undo/{job}/entries/")
    assert len(frames) == 3
    bucket.delete_object(Bucket=BUCKET, Key=frames[1])
    bucket.put_object(Bucket=BUCKET, Key=frames[2], Body=b"dsj1 no frame")
    undone = bench.undo(job)
    assert (undone.counts.written, undone.counts.dead) == (20, 2)
    reasons = [dead.reason for dead in bench.ledger.dead_letters(undone.job.id)]
    assert reasons == [
        f"s3://{BUCKET}/{frames[2]} is damaged; what it held cannot be undone",
        f"s3://{BUCKET}/{frames[1]} is missing; what it held cannot be undone",
    ]


def head(job: str) -> JournalHead:
    return JournalHead(job=job, table="t", where="here", segments=1)


async def kept(journal: S3Journal, *changes: bytes) -> list[int]:
    """Append changes one by one, at once; the frames that they stand in."""
    ids = await asyncio.gather(*(journal.append(0, [one]) for one in changes))
    return [one.frame for [one] in ids]


def test_a_late_frame_of_a_killed_run_covers_nothing(objects: S3Objects) -> None:
    """Both runs write frame 1: the one that comes second gets another place, whichever it is."""

    async def run() -> None:
        killed = create_s3_journal(objects, head("job"))
        await kept(killed, b"0")
        mark = await killed.mark(0)
        resumed = reopen_s3_journal(objects, "job")
        assert [entry.change for entry in await resumed.begin(0, mark)] == []
        assert await kept(resumed, b"1") == [1]
        assert await kept(killed, b"2") == [2]
        assert await kept(resumed, b"3") == [3]
        again = reopen_s3_journal(objects, "job")
        assert [entry.change for entry in await again.begin(0, mark)] == [b"1", b"2", b"3"]
        for journal in (killed, resumed, again):
            await journal.close()

    asyncio.run(run())
    undo = S3JournalReader(objects, "job")
    assert undo.last(0) == 3
    assert [list(undo.read(0, frame).entries) for frame in (3, 2, 1, 0)] == [[b"3"], [b"2"], [b"1"], [b"0"]]


def test_batches_that_come_together_share_a_frame_and_voids_find_their_entry(bucket: Any, objects: S3Objects) -> None:
    async def run() -> None:
        journal = create_s3_journal(objects, head("job"))
        assert await journal.begin(0, b"") == ()
        assert await kept(journal, b"0", b"1", b"2") == [0, 0, 0]
        journal.void(0, [JournalEntryId(0, 1)])
        assert await kept(journal, b"3") == [1]
        journal.void(0, [JournalEntryId(1, 0)])
        assert await journal.mark(0) == b"2/2"
        await journal.close()

    asyncio.run(run())
    assert len(keys_of(bucket, BUCKET, "undo/job/")) == 5  # the head, two frames, two of voids
    undo = S3JournalReader(objects, "job")
    assert [list(undo.read(0, frame).entries) for frame in (1, 0)] == [[], [b"0", b"2"]]
    assert undo.last(1) is None


def test_a_reply_that_was_lost_doubles_nothing(bucket: Any, objects: S3Objects) -> None:
    create_s3_journal(objects, head("job"))

    async def run() -> None:
        journal = reopen_s3_journal(S3Objects(Changed(bucket, twice=True), PLACE), "job")
        await journal.begin(0, b"")
        assert [await kept(journal, one) for one in (b"0", b"1")] == [[0], [1]]
        await journal.close()

    asyncio.run(run())
    assert keys_of(bucket, BUCKET, "undo/job/entries/") == [
        f"undo/job/entries/00000/{number:010d}" for number in range(2)
    ]


def test_frames_that_are_gone_are_missed_before_anything_is_changed(bucket: Any, objects: S3Objects) -> None:
    async def run() -> None:
        journal = create_s3_journal(objects, head("job"))
        for one in (b"0", b"1"):
            await kept(journal, one)
        mark = await journal.mark(0)
        await journal.close()
        bucket.delete_object(Bucket=BUCKET, Key="undo/job/entries/00000/0000000000")
        again = reopen_s3_journal(objects, "job")
        with pytest.raises(CheckpointError, match="has 1 of the 2 frames"):
            await again.begin(0, mark)
        await again.close()

    asyncio.run(run())


def test_a_journal_is_removed_whole_and_no_other(bucket: Any, objects: S3Objects) -> None:
    async def run() -> None:
        for job in ("job", "job-2"):
            journal = create_s3_journal(objects, head(job))
            await kept(journal, b"0")
            await journal.close()

    asyncio.run(run())
    with pytest.raises(RunError, match="already"):
        create_s3_journal(objects, head("job"))
    assert remove_s3_journal(objects, "job")
    assert not remove_s3_journal(objects, "job")
    assert keys_of(bucket, BUCKET) == ["undo/job-2/entries/00000/0000000000", "undo/job-2/journal.json"]
    with pytest.raises(RunError, match="There is no undo journal at s3://backfill-undo/undo/job") as caught:
        S3JournalReader(objects, "job")
    assert "--no-journal" in caught.value.hint
