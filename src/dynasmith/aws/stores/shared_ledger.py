"""A ledger for jobs that several machines may take up, over a `Store`: a table, or a prefix of an S3 bucket.

A run holds the lease of its job and writes under the fence of that lease, without conditions: what counts is decided
when it is read (`ledger_fences`). Only the record of the job is replaced on a condition. A job whose process was killed
is free one lease (15 s) later, and until somebody takes it up it is listed as running.
"""

import asyncio
import hashlib
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from dynasmith.aws.stores.lease import LEASE_SECONDS, OF_MIGRATION, HeldLease, Lease
from dynasmith.aws.stores.ledger_fences import checkpoints_of, dead_letters_of, inherit, newest_fence, under_fence
from dynasmith.aws.stores.ledger_store import ACTIVITY, CONTROL, DEAD, JOB, SEGMENT, FencedLock, Store
from dynasmith.errors import CheckpointError, DynasmithError, JobNotFound, LeaseLost, RunError, TableNotFound
from dynasmith.items.digest import Digest
from dynasmith.jobs.activity import JobActivity, decode_activity, encode_activity
from dynasmith.jobs.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, decode_job, encode_job, moved, seen
from dynasmith.ports.checkpoints import JobControl
from dynasmith.ports.clock import lease_clock
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.permit import Term

DEAD_BYTES = 300_000
"""Packed dead letters under one name: an item of a table holds 400 KB."""
ACTIVITY_SECONDS = 5.0
"""How often a running job's activity is kept: 720 writes an hour."""
CONTROL_SECONDS = 0.7
"""How old what is known of a person's wishes may be before it is read again: a run looks every quarter of a second, so
that it reads them at least every second."""


class SharedLedger:
    """All jobs of a ``store``. ``owner`` says to others who runs a job.

    Jobs that begin or are claimed under a ``term``, that of the lock of migrations, have no lease of their own.
    """

    def __init__(
        self, store: Store, *, owner: str = "", lease_seconds: float = LEASE_SECONDS, term: Term | None = None
    ) -> None:
        self._store = store
        self._term = term
        self._owner = owner
        self._lease_seconds = lease_seconds

    def begin(self, job: Job) -> "SharedClaim":
        """Enter a new job and hold it."""
        self._store.open()
        lock, lease = self._lease(job.id)
        try:
            if not self._store.enter(lock, job.id, encode_job(job)):
                raise RunError(f"There is a job {job.id} in {self._store.place} already.", hint="start it again")
        except BaseException:
            lease.release(gone=True)
            raise
        return SharedClaim(self._store, lock, lease, job)

    def claim(self, job_id: str) -> "SharedClaim":
        """Hold a job that nobody runs; watches one that says it runs for a lease."""
        self._read(job_id)
        lock, lease = self._lease(job_id, newest_fence(self._store, job_id))
        try:
            inherit(self._store, job_id, lock.fence)
            claim = SharedClaim(self._store, lock, lease, self._taken(job_id, lock, lease))
            control = _control(self._store, job_id)
            if control.wish != "run":
                _steer(self._store, job_id, msgspec.structs.replace(control, wish="run"))
        except BaseException:
            lease.release()
            raise
        return claim

    def _taken(self, job_id: str, lock: FencedLock, lease: Lease) -> Job:
        """The job as its last run left it, kept as this run's, so that no older run changes it any more."""
        job = msgspec.structs.replace(self._read(job_id), owner=lease.owner)
        if not lease.held or not self._store.change(lock, job_id, encode_job(job)):
            raise LeaseLost(f"Job {job_id} was just taken by another process.", hint="try again")
        if job.state in ("running", "paused"):
            job = moved(job, "interrupted", datetime.now(UTC), reason="its process ended unexpectedly")
        return job

    def jobs(self, unreadable: Callable[[str], None] | None = None) -> Sequence[Job]:
        """Every job, oldest first. One that cannot be read is left out, and ``unreadable`` told of it."""
        found = []
        for kept in self._store.jobs():
            try:
                job = decode_job(kept)
                found.append(job if job.state not in ("running", "paused") else self._with_counts(job))
            except CheckpointError as error:
                if unreadable is not None:
                    unreadable(f"One job in {self._store.place} is left out: {error.message}")
        return sorted(found, key=lambda job: job.started_at)

    def show(self, job_id: str) -> Job:
        """One job with the counts of its checkpoints."""
        return self._with_counts(self._read(job_id))

    def _with_counts(self, job: Job) -> Job:
        checkpoints = _checkpoints(self._store, job)
        counts = sum((checkpoint.counts for checkpoint in checkpoints.values()), Counts())
        digest = sum((checkpoint.target for checkpoint in checkpoints.values()), Digest())
        return seen(job, counts, digest)

    def checkpoints(self, job_id: str) -> Mapping[int, Checkpoint]:
        """The checkpoints of a job as they stand, by segment."""
        return _checkpoints(self._store, self._read(job_id))

    def dead_letters(self, job_id: str) -> Sequence[DeadLetter]:
        """The dead letters of a job."""
        self._read(job_id)
        there = {fenced: name for name, fenced in dead_letters_of(self._store, job_id).items()}
        pages: dict[str, bytes] = {}
        for fenced, packed in self._store.entries(job_id, DEAD, there.__contains__):
            page = there[fenced].rpartition("#")[0]
            pages[page] = pages.get(page, b"") + packed
        return [
            dead
            for packed in pages.values()
            for dead in msgspec.json.decode(zlib.decompress(packed), type=list[DeadLetter])
        ]

    def activity(self, job_id: str) -> JobActivity | None:
        """What the job did over time; at most about 5 seconds old while it runs."""
        return decode_activity(self._store.get(job_id, ACTIVITY))

    def steer(self, job_id: str, control: JobControl) -> None:
        """Tell a job what is wanted of it."""
        self._read(job_id)
        _steer(self._store, job_id, control)

    def steered(self, job_id: str) -> JobControl:
        """What was last wanted of a job."""
        self._read(job_id)
        return _control(self._store, job_id)

    def prune(self, job_id: str) -> None:
        """Remove a job that is over, with its dead letters. Raises Locked when it runs, RunError if it is not over."""
        claim = self.claim(job_id)
        gone = False
        try:
            if not claim.job.over:
                raise RunError(
                    f"Job {job_id} is not over: it could be resumed.", hint=f"dynasmith jobs cancel {job_id} first"
                )
            self._store.clear(job_id)
            gone = True
        finally:
            claim.release(gone=gone)

    def _lease(self, job_id: str, above: int = 0) -> tuple[FencedLock, Lease]:
        owner = f"{self._owner or 'dynasmith'} {uuid4().hex}"
        lock = self._store.lock(job_id, above)
        if self._term is not None:
            seen = lock.read()
            if seen is None or seen.owner.endswith(OF_MIGRATION):
                return lock, HeldLease(lock, f"{owner} {OF_MIGRATION}", seen, job_id, self._term)
        return lock, Lease(lock, owner, job_id, lease_seconds=self._lease_seconds)

    def _read(self, job_id: str) -> Job:
        found = self._store.get(job_id, JOB) if job_id and "/" not in job_id else None
        if found is None:
            place = self._store.place
            raise JobNotFound(f"There is no job {job_id} in {place}.", hint="dynasmith jobs list shows them")
        return decode_job(found)


class SharedClaim:
    """One job of a store, held by this process while its lease is."""

    def __init__(self, store: Store, lock: FencedLock, lease: Lease, job: Job) -> None:
        self._store = store
        self._lock, self._lease = lock, lease
        self._job = job
        self._dead: dict[str, str] | None = None
        self._control = JobControl()
        self._asked_at = float("-inf")
        self._pictured_at = lease_clock()

    @property
    def job(self) -> Job:
        """The job as it was last kept."""
        return self._job

    @property
    def lease(self) -> Lease:
        """The lease on the job."""
        return self._lease

    @property
    def dead_letters(self) -> str:
        """Where the dead letters are; empty while there are none."""
        return self._store.where(self._job.id) if self._dead_names() else ""

    def checkpoints(self) -> Mapping[int, Checkpoint]:
        """The checkpoints there are, by segment."""
        return _checkpoints(self._store, self._job)

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint under the fence of this run. One write a page. Raises LeaseLost."""
        await self._put(f"{SEGMENT}{checkpoint.segment:05d}", encode_checkpoint(checkpoint))

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """Write dead letters; those of a page that is done again take the same places."""
        packed = zlib.compress(msgspec.json.encode(dead))
        for number, start in enumerate(range(0, len(packed), DEAD_BYTES)):
            name = f"{_page(segment, page)}#{number:03d}"
            self._dead_names()[name] = await self._put(name, packed[start : start + DEAD_BYTES])

    def forget(self, segment: int, page: bytes | None, *, whole: bool = False) -> None:
        """Take back the dead letters of a page, or of the whole segment, that is done again.

        Only those that this run inherited or wrote, never those of a newer run.
        """
        self._check()
        prefix = f"{DEAD}{segment:05d}#" if whole else f"{_page(segment, page)}#"
        names = self._dead_names()
        if gone := [name for name in names if name.startswith(prefix)]:
            self._store.delete(self._job.id, [names[name] for name in gone])
            for name in gone:
                del names[name]

    def _dead_names(self) -> dict[str, str]:
        """Where the dead letters are that this run inherited or wrote; read once."""
        if self._dead is None:
            self._dead = dead_letters_of(self._store, self._job.id)
        return self._dead

    def change(self, job: Job) -> None:
        """Keep the job's new state. Raises LeaseLost where another run has it by now."""
        self._check()
        with self._there():
            kept = self._store.change(self._lock, job.id, encode_job(job))
        if not kept:
            raise self._lost()
        self._job = job

    def activity(self) -> JobActivity | None:
        """What the runs before this one did over time."""
        return decode_activity(self._store.get(self._job.id, ACTIVITY))

    async def keep_activity(self, activity: JobActivity, *, last: bool) -> None:
        """One write every 5 seconds, and one at the end of a run."""
        if last or lease_clock() - self._pictured_at >= ACTIVITY_SECONDS:
            self._pictured_at = lease_clock()
            self._check()
            await asyncio.to_thread(self._store.put, self._job.id, ACTIVITY, encode_activity(activity))

    def control(self) -> JobControl:
        """What a person wants, as it was a moment ago: it is read beside, at most once a second."""
        if lease_clock() - self._asked_at > CONTROL_SECONDS:
            first = self._asked_at == float("-inf")
            self._asked_at = lease_clock()
            if first:
                self._look()
            else:
                threading.Thread(target=self._look, name="dynasmith-control", daemon=True).start()
        return self._control

    def _look(self) -> None:
        with suppress(DynasmithError):  # what was wanted before still is; the next look may succeed
            self._control = _control(self._store, self._job.id)

    def release(self, *, gone: bool = False) -> None:
        """Let others have the job; with ``gone`` there is none any more."""
        self._lease.release(gone=gone)

    def _check(self) -> None:
        if not self._lease.held:
            raise self._lost()

    @contextmanager
    def _there(self) -> Iterator[None]:
        """A ledger whose table is gone is said as such: the job's own tables are meant otherwise."""
        try:
            yield
        except TableNotFound as error:
            raise self._lost() from error

    def _lost(self) -> LeaseLost:
        """Why this run may write no more, as the ledger stands now."""
        job, place = self._job.id, self._store.place
        with suppress(DynasmithError):
            found = self._store.get(job, JOB)
            if found is None or not self._lock.same_place():
                return LeaseLost(
                    f"Job {job} is no longer in {place}: the ledger was removed, or removed and recreated, while the "
                    "job ran.",
                    hint="start a new job: items that the target already has are not written twice",
                )
            if self._lease.lost or decode_job(found).owner != self._job.owner:
                return LeaseLost(
                    f"Job {job} was taken up by another process.", hint=f"dynasmith jobs show {job} shows how far it is"
                )
        return LeaseLost(
            f"The lease on job {job} was lost: this process could not reach {place} for too long.",
            hint=f"dynasmith jobs resume {job}",
        )

    async def _put(self, name: str, content: bytes) -> str:
        """Write under this run's fence; the name with the fence."""
        self._check()
        fenced = under_fence(name, self._lock.fence)
        with self._there():
            await asyncio.to_thread(self._store.put, self._job.id, fenced, content)
        return fenced


def _page(segment: int, page: bytes | None) -> str:
    name = "first" if page is None else hashlib.blake2b(page, digest_size=12).hexdigest()
    return f"{DEAD}{segment:05d}#{name}"


def _checkpoints(store: Store, job: Job) -> dict[int, Checkpoint]:
    found = {}
    for name, written in checkpoints_of(store, job.id).items():
        segment = int(name.removeprefix(SEGMENT))
        found[segment] = decode_checkpoint(written, job=job.id, segments=job.segments, segment=segment)
    return found


def _control(store: Store, job_id: str) -> JobControl:
    found = store.get(job_id, CONTROL)
    return JobControl() if found is None else msgspec.json.decode(found, type=JobControl)


def _steer(store: Store, job_id: str, control: JobControl) -> None:
    store.put(job_id, CONTROL, msgspec.json.encode(control))
