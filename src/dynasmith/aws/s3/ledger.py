"""The ledger in S3, for jobs that several machines may take up: ``[jobs] ledger = "s3://BUCKET/PREFIX"``.

::

    PREFIX/copy-20261120T232713-9f3a1c/
        job.json                     what was asked, the state
        control.json                 what a person wants of it
        lock.json                    who runs it, beat by beat; how often it was taken up (the fence)
        segment/00003/00000001       a checkpoint, under the fence of the run that wrote it
        taken/00000002               what counted when the job was taken up under that fence: every checkpoint as it
                                     was, and which dead letters
        dead/00003/<page>/000/00000001   dead letters of a page, packed, under a fence too

The lock is written on conditions (If-None-Match, If-Match): of two runs that take a job up one gets it. A checkpoint is
one PutObject a page ($0.005 a thousand in us-east-1), without a condition: what counts is the newest ``taken`` and the
checkpoints and dead letters under its fence, so that whatever a run that lost its lease still writes counts for
nothing. A run beats every 3 s (1,200 PutObject an hour) and looks every 0.75 s what is wanted of it (4,800 GetObject
an hour).
"""

from collections.abc import Iterable, Sequence

import msgspec

from dynasmith.aws.items.lease import LEASE_SECONDS, Beat, Lease
from dynasmith.aws.items.shared_ledger import CONTROL, DEAD, JOB, SEGMENT, SharedLedger
from dynasmith.aws.s3.objects import S3Objects, several
from dynasmith.errors import CheckpointError, NotOffered

LOCK = "lock"
_FIRST_FENCE = 1
_Kept = list[tuple[str, bytes]]
_FILES = {JOB: "job.json", CONTROL: "control.json", LOCK: "lock.json"}


class S3Ledger(SharedLedger):
    """All jobs among ``objects``."""

    def __init__(self, objects: S3Objects, *, owner: str = "", lease_seconds: float = LEASE_SECONDS) -> None:
        super().__init__(S3Store(objects), owner=owner, lease_seconds=lease_seconds)


class S3Store:
    """What a ledger keeps, as objects."""

    def __init__(self, objects: S3Objects) -> None:
        self._objects = objects

    @property
    def place(self) -> str:
        """The prefix."""
        return self._objects.url()

    def where(self, job_id: str) -> str:
        """The prefix of the job."""
        return self._objects.url(job_id)

    def open(self) -> None:
        """Nothing is made: a bucket that is not there is said by the first call."""

    def lock(self, job_id: str) -> "S3Lock":
        """The lock of a job."""
        return S3Lock(self._objects, _key(job_id, LOCK))

    def jobs(self) -> Sequence[bytes]:
        """One list call for a thousand jobs, and one GetObject each."""
        names = [_key(job_id, JOB) for job_id in self._objects.folders()]
        return [content for _, content in several(self._objects, names)]

    def get(self, job_id: str, name: str) -> bytes | None:
        """One GetObject."""
        found = self._objects.read(_key(job_id, name))
        return None if found is None else found.content

    def put(self, job_id: str, name: str, content: bytes) -> None:
        """One PutObject."""
        self._objects.put(_key(job_id, name), content)

    def put_held(self, lease: Lease, job_id: str, name: str, content: bytes) -> None:
        """One PutObject, under the fence of the run."""
        self._objects.put(f"{_key(job_id, name)}/{_fence(lease)}", content)

    def taken(self, lease: Lease, job_id: str) -> None:
        """Write down what counts from now on, beside what this run will write: one PutObject."""
        segments = self.entries(job_id, SEGMENT)  # first: what a checkpoint counts was buried before it
        dead = [(name, key.encode()) for name, key in self._counting(job_id, DEAD).items()]
        self._objects.put(f"{job_id}/taken/{_fence(lease)}", msgspec.json.encode([*segments, *dead]))

    def names(self, job_id: str, prefix: str) -> Sequence[str]:
        """The names of dead letters that count."""
        return sorted(self._counting(job_id, prefix))

    def entries(self, job_id: str, prefix: str) -> Sequence[tuple[str, bytes]]:
        """Names and what is under them, of those that count: one GetObject each, a few at a time."""
        if prefix == SEGMENT:
            fence, kept = self._taken(job_id)
            newer = [key for key in self._objects.names(_key(job_id, SEGMENT)) if key.endswith(fence)]
            counts = {name: content for name, content in kept if name.startswith(SEGMENT)}
            found = several(self._objects, newer)
            return sorted((counts | {_name(job_id, key): content for key, content in found}).items())
        keys = list(self._counting(job_id, prefix).values())
        return sorted((_name(job_id, key), one) for key, one in several(self._objects, keys))

    def _taken(self, job_id: str) -> tuple[str, _Kept]:
        """The fence under which the job runs, as the end of a key, and what counted when it was taken up."""
        taken = max(self._objects.names(f"{job_id}/taken/"), default="")
        before = self._objects.read(taken) if taken else None
        kept = msgspec.json.decode(before.content, type=_Kept) if before is not None else []
        return f"/{taken.rpartition('/')[2] or f'{_FIRST_FENCE:08d}'}", kept

    def _counting(self, job_id: str, prefix: str) -> dict[str, str]:
        """The dead letters that count, by name, and where each is: not what was written without the lease."""
        fence, kept = self._taken(job_id)
        before = {key.decode() for name, key in kept if name.startswith(DEAD)}
        there = sorted(self._objects.names(_key(job_id, prefix)), key=lambda key: key.rpartition("/")[2])
        return {_name(job_id, key): key for key in there if key in before or key.endswith(fence)}

    def delete(self, job_id: str, names: Iterable[str]) -> None:
        """Names of dead letters: one call for a thousand."""
        counting = self._counting(job_id, DEAD)
        self._objects.delete(counting[name] for name in names if name in counting)

    def clear(self, job_id: str) -> None:
        """All but the lock; the job itself last."""
        last = (_key(job_id, LOCK), _key(job_id, JOB))
        self._objects.delete(name for name in self._objects.names(f"{job_id}/") if name not in last)
        self._objects.delete(last[1:])


class _Written(msgspec.Struct, frozen=True, kw_only=True):
    """The lock as it is written. No ``owner``: it is free, and only the fence is remembered."""

    owner: str = ""
    beat: int = 0
    fence: int = 0


class S3Lock:
    """The lock of a job as an object, written on its ETag. ``fence`` counts how often the job was taken up."""

    def __init__(self, objects: S3Objects, key: str) -> None:
        self._objects, self._key = objects, key
        self._etag = ""
        self._seen = _Written()
        self.fence = _FIRST_FENCE

    def read(self) -> Beat | None:
        """One GetObject."""
        found = self._objects.read(self._key)
        self._etag = "" if found is None else found.etag
        try:
            self._seen = _Written() if found is None else msgspec.json.decode(found.content, type=_Written)
        except msgspec.DecodeError as error:
            raise CheckpointError(
                f"{self._objects.url(self._key)} is damaged: {error}.", hint="remove it while nothing runs the job"
            ) from error
        return Beat(self._seen.owner, self._seen.beat) if self._seen.owner else None

    def take(self, seen: Beat | None, owner: str) -> bool:  # noqa: ARG002  # its ETag says the same, and more
        """One conditional PutObject; two more for a new job, to see that conditions are kept here."""
        fence, etag = self._seen.fence + 1, self._etag
        content = msgspec.json.encode(_Written(owner=owner, fence=fence))
        put = self._objects.replace(self._key, content, etag) if etag else self._objects.create(self._key, content)
        if put is None:
            found = self.read()  # a reply that was lost is sent again by botocore, and meets our own lock
            if found is None or found.owner != owner:
                return False
            put = self._etag
        self._etag, self.fence = put, fence
        if not etag:
            self._prove(content)
        return True

    def beat(self, owner: str, beat: int) -> bool:
        """One conditional PutObject."""
        return self._write(owner, _Written(owner=owner, beat=beat, fence=self.fence))

    def free(self, owner: str, *, gone: bool) -> None:
        """One conditional PutObject that leaves the fence; of a job that is removed nothing is left."""
        if gone:
            self._objects.delete([self._key])
        else:
            self._write(owner, _Written(fence=self.fence))

    def _write(self, owner: str, written: _Written) -> bool:
        content = msgspec.json.encode(written)
        put = self._objects.replace(self._key, content, self._etag) if self._etag else None
        if put is None:  # a beat whose reply was lost may have been written all the same
            found = self.read()
            if found is None or found.owner != owner:
                return self._seen == written
            put = self._objects.replace(self._key, content, self._etag)
        self._etag = put or ""
        return put is not None

    def _prove(self, content: bytes) -> None:
        """A service that answers 200 and ignores conditions would let two runs have one job."""
        kept = self._objects.create(self._key, content) is None
        if kept and self._objects.replace(self._key, content, f'"{"0" * 32}"') is None:
            return
        self._objects.delete([self._key])
        raise NotOffered(
            f"The service behind {self._objects.url()} does not keep conditions of a PutObject (If-None-Match, "
            "If-Match), so that two runs could have one job.",
            hint='keep jobs in a folder or a table: ledger = "table:NAME" under [jobs]',
        )


def _key(job_id: str, name: str) -> str:
    return f"{job_id}/{_FILES.get(name) or name.replace('#', '/')}"


def _name(job_id: str, key: str) -> str:
    """The name of what is under a fence."""
    return key.removeprefix(f"{job_id}/").rpartition("/")[0].replace("/", "#")


def _fence(lease: Lease) -> str:
    assert isinstance(lease.lock, S3Lock)
    return f"{lease.lock.fence:08d}"
