"""A claim whose ledger shows no keys of a source that is being masked: positions are sealed with the key of masking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from dynasmith.jobs.activity import JobActivity
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.job import Job
from dynasmith.operations.pseudonym import Pseudonyms
from dynasmith.ports.checkpoints import Claim, JobControl
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.permit import Term


@dataclass(frozen=True, slots=True)
class SealedClaim:
    """The claim ``inner``. Where a page begins is the key of an item of the source, so it is kept sealed, and opened
    when the job goes on; one that was kept as it is stays readable."""

    inner: Claim
    keys: Pseudonyms

    @property
    def job(self) -> Job:
        """See `Claim`, as all below."""
        return self.inner.job

    @property
    def lease(self) -> Term | None:
        """How long the job is held for sure."""
        return self.inner.lease

    @property
    def dead_letters(self) -> str:
        """Where the dead letters are."""
        return self.inner.dead_letters

    def checkpoints(self) -> Mapping[int, Checkpoint]:
        """The checkpoints, with their positions opened. Raises CheckpointError for one that this key does not open."""
        return {number: self._opened(each) for number, each in self.inner.checkpoints().items()}

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint with its position sealed."""
        await self.inner.save(replace(checkpoint, position=self._sealed(checkpoint.position)))

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """Keep dead letters."""
        await self.inner.bury(segment, self._sealed(page), dead)

    def forget(self, segment: int, page: bytes | None, *, whole: bool = False) -> None:
        """Take back dead letters."""
        self.inner.forget(segment, self._sealed(page), whole=whole)

    def change(self, job: Job) -> None:
        """Keep the job's new state."""
        self.inner.change(job)

    def activity(self) -> JobActivity | None:
        """What the runs before this one did over time; it holds no key."""
        return self.inner.activity()

    async def keep_activity(self, activity: JobActivity, *, last: bool) -> None:
        """Keep what the job did over time."""
        await self.inner.keep_activity(activity, last=last)

    def control(self) -> JobControl:
        """What a person wants of the job."""
        return self.inner.control()

    def release(self) -> None:
        """Let others have the job."""
        self.inner.release()

    def _sealed(self, position: bytes | None) -> bytes | None:
        return None if position is None else self.keys.sealed(position)

    def _opened(self, checkpoint: Checkpoint) -> Checkpoint:
        position = checkpoint.position
        return checkpoint if position is None else replace(checkpoint, position=self.keys.opened(position))
