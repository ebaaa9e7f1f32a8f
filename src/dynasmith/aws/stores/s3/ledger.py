"""The ledger in S3, for jobs that several machines may take up: ``[jobs] ledger = "s3://BUCKET/PREFIX"``.

::

    PREFIX/copy-20261120T232713-9f3a1c/
        job.json                     what was asked, the state
        control.json                 what a person wants of it
        activity.json                what it did over time, every 5 s while it runs
        lock.json                    who runs it, beat by beat; how often it was taken up (the fence)
        segment/00003/00000001       a checkpoint, under the fence of the run that wrote it
        taken/00000002               what the run of that fence inherited
        dead/00003/<page>/000/00000001   dead letters of a page, packed, under a fence too

The lock and the record of the job are written on conditions (If-None-Match, If-Match): of two runs that take a job up
one gets it. A checkpoint is one PutObject a page ($0.005 a thousand in us-east-1), without a condition; what counts
says `ledger_fences`. A run beats every 3 s (1,200 PutObject an hour) and looks at least once a second what is wanted of
it (about 4,800 GetObject an hour).
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from dynasmith.aws.stores.lease import LEASE_SECONDS, LockState
from dynasmith.aws.stores.ledger_store import ACTIVITY, CONTROL, JOB, LOCK, FencedLock
from dynasmith.aws.stores.s3.objects import S3Objects, listed_content
from dynasmith.aws.stores.shared_ledger import SharedLedger
from dynasmith.errors import CheckpointError, NotOffered
from dynasmith.ports.permit import Term

VALUE_BYTES_MAX = 64 * 1024 * 1024
"""Of one object; S3 takes 5 GB in one PutObject."""
_CHANGES = 5
"""How often the record of a job is sent again that another write of the same run changed."""
_FILES = {JOB: "job.json", CONTROL: "control.json", LOCK: "lock.json", ACTIVITY: "activity.json"}


class S3Ledger(SharedLedger):
    """All jobs among ``objects``."""

    def __init__(
        self,
        objects: S3Objects,
        *,
        owner: str = "",
        lease_seconds: float = LEASE_SECONDS,
        term: Term | None = None,
    ) -> None:
        super().__init__(S3Store(objects), owner=owner, lease_seconds=lease_seconds, term=term)


class S3Store:
    """What a ledger keeps, as objects."""

    def __init__(self, objects: S3Objects) -> None:
        self._objects = objects

    @property
    def place(self) -> str:
        """The prefix."""
        return self._objects.url()

    @property
    def value_bytes_max(self) -> int:
        """64 MB."""
        return VALUE_BYTES_MAX

    def where(self, job_id: str) -> str:
        """The prefix of the job."""
        return self._objects.url(job_id)

    def open(self) -> None:
        """Nothing is made: a bucket that is not there is said by the first call."""

    def lock(self, job_id: str, above: int) -> "S3Lock":
        """The lock of a job."""
        return S3Lock(self._objects, _key(job_id, LOCK), above)

    def jobs(self) -> Sequence[bytes]:
        """One list call for a thousand jobs, and one GetObject each."""
        records = self._objects.read_all(_key(job_id, JOB) for job_id in self._objects.folders())
        return [
            record for record in records if record is not None
        ]  # a folder without a record is not a job, or is being removed

    def get(self, job_id: str, name: str) -> bytes | None:
        """One GetObject."""
        found = self._objects.read(_key(job_id, name))
        return None if found is None else found.content

    def put(self, job_id: str, name: str, content: bytes) -> None:
        """One PutObject."""
        self._objects.put(_key(job_id, name), content)

    def enter(self, lock: FencedLock, job_id: str, record: bytes) -> bool:
        """One PutObject on the condition that there is none."""
        assert isinstance(lock, S3Lock)
        key = _key(job_id, JOB)
        lock.record_etag = self._objects.create(key, record) or ""
        return bool(lock.record_etag)

    def change(self, lock: FencedLock, job_id: str, record: bytes) -> bool:
        """One PutObject on the ETag that this run wrote. Its first one replaces what the last run left."""
        assert isinstance(lock, S3Lock)
        key, first = _key(job_id, JOB), not lock.record_etag
        for _ in range(_CHANGES):
            if not lock.record_etag:
                found = self._objects.read(key)
                if found is None or not (first or _owner(found.content) == _owner(record)):
                    return False
                lock.record_etag = found.etag
            lock.record_etag = self._objects.replace(key, record, lock.record_etag) or ""
            if lock.record_etag:
                return True
        return False

    def names(self, job_id: str, prefix: str) -> Sequence[str]:
        """One list call for a thousand."""
        folder = _key(job_id, prefix).rpartition("/")[0] + "/"
        names = (_name(job_id, key) for key in self._objects.names(folder))
        return sorted(name for name in names if name.startswith(prefix))

    def entries(self, job_id: str, prefix: str, wanted: Callable[[str], bool]) -> Sequence[tuple[str, bytes]]:
        """A list call, and one GetObject each, a few at a time."""

        def keys() -> list[str]:
            return [_key(job_id, name) for name in self.names(job_id, prefix) if wanted(name)]

        return [(_name(job_id, key), content) for key, content in listed_content(self._objects, keys)]

    def delete(self, job_id: str, names: Iterable[str]) -> None:
        """One call for a thousand."""
        self._objects.delete(_key(job_id, name) for name in names)

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

    def __init__(self, objects: S3Objects, key: str, above: int = 0) -> None:
        self._objects, self._key = objects, key
        self._etag = ""
        self._seen = _Written()
        self._above = above
        self.fence = 0
        self.record_etag = ""
        """Of the job's record as this run wrote it."""

    def read(self) -> LockState | None:
        """One GetObject."""
        found = self._objects.read(self._key)
        self._etag = "" if found is None else found.etag
        try:
            self._seen = _Written() if found is None else msgspec.json.decode(found.content, type=_Written)
        except msgspec.DecodeError as error:
            raise CheckpointError(
                f"{self._objects.url(self._key)} is damaged: {error}.", hint="remove it while nothing runs the job"
            ) from error
        return LockState(self._seen.owner, self._seen.beat) if self._seen.owner else None

    def take(self, seen: LockState | None, owner: str) -> bool:  # noqa: ARG002  # its ETag says the same, and more
        """One conditional PutObject; two more for a new job, to see that conditions are kept here."""
        fence, etag = max(self._seen.fence, self._above) + 1, self._etag
        content = msgspec.json.encode(_Written(owner=owner, fence=fence))
        put = self._objects.replace(self._key, content, etag) if etag else self._objects.create(self._key, content)
        if put is None:
            return False
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

    def same_place(self) -> bool:
        """Not to be told: a bucket has no id. One that was made again has no lock."""
        return True

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
        kept = self._objects.create(self._key, content + b" ") is None
        if kept and self._objects.replace(self._key, content + b" ", f'"{"0" * 32}"') is None:
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
    """The name of what is kept in a folder of the job."""
    return key.removeprefix(f"{job_id}/").replace("/", "#")


class _Record(msgspec.Struct):
    owner: str = ""


def _owner(record: bytes) -> str:
    """Who wrote the record of a job."""
    try:
        return msgspec.json.decode(record, type=_Record).owner
    except msgspec.DecodeError:
        return ""
