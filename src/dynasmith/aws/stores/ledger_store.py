"""What a ledger that machines share needs of the place where it keeps jobs: a few calls on values by job and name.

A name is words joined by ``#``: ``job``, ``control`` (what a person wants of the job), ``activity`` (what it did over
time), ``segment#00003#<fence>`` (a checkpoint), ``dead#00003#<page>#000#<fence>`` (dead letters of a page),
``taken#<fence>``. What counts of them says `ledger_fences`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from dynasmith.aws.stores.lease import Lock

JOB = "job"
CONTROL = "control"
ACTIVITY = "activity"
LOCK = "lock"
SEGMENT = "segment#"
DEAD = "dead#"
TAKEN = "taken#"


class FencedLock(Lock, Protocol):
    """The lock of a job, which counts how often the job was taken: the fence of the run that holds it."""

    @property
    def fence(self) -> int:
        """Of the last ``take``; higher than that of every run before."""
        ...

    def same_place(self) -> bool:
        """Whether what holds the lock is still what it was when it was taken, as far as that can be told."""
        ...


class Store(Protocol):
    """Where a ledger keeps things, by job and name. Every call raises a DynasmithError; nothing is cached."""

    @property
    def place(self) -> str:
        """What it is, for a sentence: ``table NAME``, ``s3://bucket/prefix``."""
        ...

    @property
    def value_bytes_max(self) -> int:
        """How much is kept under one name at most."""
        ...

    def where(self, job_id: str) -> str:
        """Where what is kept of a job is, for a person."""
        ...

    def open(self) -> None:
        """Make it ready for its first job, if it is not."""
        ...

    def lock(self, job_id: str, above: int) -> FencedLock:
        """The lock of a job; the next fence is higher than ``above``."""
        ...

    def jobs(self) -> Sequence[bytes]:
        """The records of all jobs."""
        ...

    def enter(self, lock: FencedLock, job_id: str, record: bytes) -> bool:
        """Keep the record of a new job; False where there is one already. ``lock`` is held."""
        ...

    def change(self, lock: FencedLock, job_id: str, record: bytes) -> bool:
        """Replace the record of a job; False where a run of a newer fence has it, or where there is none any more."""
        ...

    def get(self, job_id: str, name: str) -> bytes | None:
        """What is kept under a name."""
        ...

    def put(self, job_id: str, name: str, content: bytes) -> None:
        """Keep something, in place of what was there."""
        ...

    def names(self, job_id: str, prefix: str) -> Sequence[str]:
        """The names that begin so, in order."""
        ...

    def entries(self, job_id: str, prefix: str, wanted: Callable[[str], bool]) -> Sequence[tuple[str, bytes]]:
        """What is kept under the names that begin so and are ``wanted``, in order."""
        ...

    def delete(self, job_id: str, names: Iterable[str]) -> None:
        """Remove what is kept under these names."""
        ...

    def clear(self, job_id: str) -> None:
        """Remove all that is kept of a job but its lock; its record last."""
        ...
