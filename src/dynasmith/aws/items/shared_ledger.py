"""A ledger for jobs that several machines may take up, over a `Store`: a table, or a prefix of an S3 bucket.

What is kept of a job has a name: ``job``, ``control`` (what a person wants of it), ``segment#00003`` (a checkpoint),
``dead#00003#<page>#000`` (dead letters of a page), and its lock. A job that was killed is free one lease (15 s) later,
and until somebody takes it up it is listed as running.
"""

import asyncio
import hashlib
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

import msgspec

from dynasmith.aws.items.lease import LEASE_SECONDS, Lease, Lock
from dynasmith.errors import CheckpointError, DynasmithError, LeaseLost, RunError
from dynasmith.items.digest import Digest
from dynasmith.jobs.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, counted, decode_job, encode_job, moved
from dynasmith.ports.checkpoints import Control
from dynasmith.ports.clock import lease_clock
from dynasmith.ports.items import Dead

JOB = "job"
CONTROL = "control"
SEGMENT = "segment#"
DEAD = "dead#"
DEAD_BYTES = 300_000
"""Packed dead letters under one name: an item of a table holds 400 KB."""
CONTROL_SECONDS = 0.7
"""How old what is known of a person's wishes may be before it is read again: a run looks every quarter of a second, so
that it reads them at least every second."""


class Store(Protocol):
    """Where a ledger keeps things, by job and name. Every call raises our errors; nothing is cached."""

    @property
    def place(self) -> str:
        """What it is, for a sentence: ``table NAME``, ``s3://bucket/prefix``."""
        ...

    def where(self, job_id: str) -> str:
        """Where what is kept of a job is, for a person."""
        ...

    def open(self) -> None:
        """Make it ready for its first job, if it is not."""
        ...

    def lock(self, job_id: str) -> Lock:
        """The lock of a job."""
        ...

    def jobs(self) -> Sequence[bytes]:
        """What is kept as ``job`` of every job."""
        ...

    def get(self, job_id: str, name: str) -> bytes | None:
        """What is kept under a name."""
        ...

    def put(self, job_id: str, name: str, content: bytes) -> None:
        """Keep something, in place of what was there."""
        ...

    def put_held(self, lease: Lease, job_id: str, name: str, content: bytes) -> None:
        """Keep something so that it counts only if the lease is still ours. Raises Locked where that is known."""
        ...

    def taken(self, lease: Lease, job_id: str) -> None:
        """The lease of a job that others ran is ours: from now on nothing that they write counts."""
        ...

    def names(self, job_id: str, prefix: str) -> Sequence[str]:
        """The names that begin so, in order."""
        ...

    def entries(self, job_id: str, prefix: str) -> Sequence[tuple[str, bytes]]:
        """What is kept under the names that begin so, in order."""
        ...

    def delete(self, job_id: str, names: Iterable[str]) -> None:
        """Remove what is kept under these names."""
        ...

    def clear(self, job_id: str) -> None:
        """Remove all that is kept of a job but its lock."""
        ...


class SharedLedger:
    """All jobs of a ``store``. ``owner`` says to others who runs a job."""

    def __init__(self, store: Store, *, owner: str = "", lease_seconds: float = LEASE_SECONDS) -> None:
        self._store = store
        self._owner = owner
        self._lease_seconds = lease_seconds

    def begin(self, job: Job) -> "SharedClaim":
        """Enter a new job and hold it."""
        self._store.open()
        claim = SharedClaim(self._store, self._lease(job.id), job)
        try:
            claim.change(job)
        except BaseException:
            claim.release(gone=True)
            raise
        return claim

    def claim(self, job_id: str) -> "SharedClaim":
        """Hold a job that nobody runs; watches one that says it runs for a lease."""
        self._read(job_id)
        lease = self._lease(job_id)
        try:
            self._store.taken(lease, job_id)
            job = self._read(job_id)  # again: its last holder may have changed it meanwhile
            control = _control(self._store, job_id)
            if control.wish != "run":
                _steer(self._store, job_id, msgspec.structs.replace(control, wish="run"))
        except BaseException:
            lease.release()
            raise
        if job.state in ("running", "paused"):
            job = moved(job, "interrupted", datetime.now(UTC), reason="its process ended without a word")
        return SharedClaim(self._store, lease, job)

    def jobs(self, unreadable: Callable[[str], None] | None = None) -> Sequence[Job]:
        """Every job, oldest first. One that cannot be read is left out, and ``unreadable`` told of it."""
        found = []
        for kept in self._store.jobs():
            try:
                found.append(decode_job(kept))
            except CheckpointError as error:
                if unreadable is not None:
                    unreadable(f"One job in {self._store.place} is left out: {error.message}")
        return sorted(found, key=lambda job: job.started_at)

    def show(self, job_id: str) -> Job:
        """One job with the counts of its checkpoints."""
        job = self._read(job_id)
        checkpoints = _checkpoints(self._store, job)
        counts = sum((checkpoint.counts for checkpoint in checkpoints.values()), Counts())
        digest = sum((checkpoint.target for checkpoint in checkpoints.values()), Digest())
        return counted(job, counts, digest if job.state == "done" and digest.count else None)

    def checkpoints(self, job_id: str) -> Mapping[int, Checkpoint]:
        """The checkpoints of a job as they stand, by segment."""
        return _checkpoints(self._store, self._read(job_id))

    def dead_letters(self, job_id: str) -> Sequence[Dead]:
        """The dead letters of a job."""
        self._read(job_id)
        pages: dict[str, bytes] = {}
        for name, packed in self._store.entries(job_id, DEAD):
            page = name.rpartition("#")[0]
            pages[page] = pages.get(page, b"") + packed
        return [
            dead for packed in pages.values() for dead in msgspec.json.decode(zlib.decompress(packed), type=list[Dead])
        ]

    def steer(self, job_id: str, control: Control) -> None:
        """Tell a job what is wanted of it."""
        self._read(job_id)
        _steer(self._store, job_id, control)

    def steered(self, job_id: str) -> Control:
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

    def _lease(self, job_id: str) -> Lease:
        owner = f"{self._owner or 'dynasmith'} {uuid4().hex}"
        return Lease(self._store.lock(job_id), owner, job_id, lease_seconds=self._lease_seconds)

    def _read(self, job_id: str) -> Job:
        found = self._store.get(job_id, JOB) if job_id and "/" not in job_id else None
        if found is None:
            raise RunError(f"There is no job {job_id} in {self._store.place}.", hint="dynasmith jobs list shows them")
        return decode_job(found)


class SharedClaim:
    """One job of a store, held by this process while its lease is."""

    def __init__(self, store: Store, lease: Lease, job: Job) -> None:
        self._store = store
        self._lease = lease
        self._job = job
        self._dead: set[str] | None = None
        self._control = Control()
        self._asked_at = float("-inf")

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
        """Keep a checkpoint so that it counts only if the lock is still ours. One call a page. Raises Locked."""
        await self._put(f"{SEGMENT}{checkpoint.segment:05d}", encode_checkpoint(checkpoint))

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[Dead]) -> None:
        """Write dead letters; those of a page that is done again take the same places."""
        packed = zlib.compress(msgspec.json.encode(dead))
        for number, start in enumerate(range(0, len(packed), DEAD_BYTES)):
            name = f"{_page(segment, page)}#{number:03d}"
            await self._put(name, packed[start : start + DEAD_BYTES])
            self._dead_names().add(name)

    def forget(self, segment: int, page: bytes | None, *, whole: bool = False) -> None:
        """Take back the dead letters of a page, or of the whole segment, that is done again."""
        prefix = f"{DEAD}{segment:05d}#" if whole else _page(segment, page)
        names = self._dead_names()
        if gone := [name for name in names if name.startswith(prefix)]:
            self._store.delete(self._job.id, gone)
            names.difference_update(gone)

    def _dead_names(self) -> set[str]:
        """Where dead letters are; asked for once."""
        if self._dead is None:
            self._dead = set(self._store.names(self._job.id, DEAD))
        return self._dead

    def change(self, job: Job) -> None:
        """Keep the job's new state. Raises Locked where the lease was lost."""
        self._check()
        self._job = job
        self._store.put(job.id, JOB, encode_job(job))

    def control(self) -> Control:
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
            raise LeaseLost(
                f"The lease on job {self._job.id} was lost: this process could not reach {self._store.place} for too "
                "long.",
                hint=f"dynasmith jobs resume {self._job.id}",
            )

    async def _put(self, name: str, content: bytes) -> None:
        self._check()
        await asyncio.to_thread(self._store.put_held, self._lease, self._job.id, name, content)


def _page(segment: int, page: bytes | None) -> str:
    name = "first" if page is None else hashlib.blake2b(page, digest_size=12).hexdigest()
    return f"{DEAD}{segment:05d}#{name}"


def _checkpoints(store: Store, job: Job) -> dict[int, Checkpoint]:
    found = {}
    for name, written in store.entries(job.id, SEGMENT):
        segment = int(name.removeprefix(SEGMENT))
        found[segment] = decode_checkpoint(written, job=job.id, segments=job.segments, segment=segment)
    return found


def _control(store: Store, job_id: str) -> Control:
    found = store.get(job_id, CONTROL)
    return Control() if found is None else msgspec.json.decode(found, type=Control)


def _steer(store: Store, job_id: str, control: Control) -> None:
    store.put(job_id, CONTROL, msgspec.json.encode(control))
