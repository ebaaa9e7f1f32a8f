"""The ledger of a job that another job does: what a person wants of that one is wanted of this one too."""

from collections.abc import Callable, Mapping, Sequence

from dynasmith.jobs.activity import JobActivity
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.job import Job
from dynasmith.ports.checkpoints import Claim, JobControl, KeptInTable, Ledger
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.permit import Term


class ChildClaim:
    """The claim of a job that is paused and cancelled with its ``parent``."""

    def __init__(self, own: Claim, parent: Claim) -> None:
        self._own, self._parent = own, parent

    def control(self) -> JobControl:
        """What is wanted of the parent, where that is to wait or to end; else what is wanted of the job, at the pace of
        the parent where it has none of its own."""
        own, above = self._own.control(), self._parent.control()
        return JobControl(
            wish=own.wish if above.wish == "run" else above.wish,
            read_units_per_second=own.read_units_per_second or above.read_units_per_second,
            write_units_per_second=own.write_units_per_second or above.write_units_per_second,
        )

    @property
    def job(self) -> Job:
        """The job as it was kept last."""
        return self._own.job

    @property
    def lease(self) -> Term | None:
        """How long it is held for sure."""
        return self._own.lease

    @property
    def dead_letters(self) -> str:
        """Where the dead letters are."""
        return self._own.dead_letters

    async def check_table(self) -> None:
        """Where the ledger stands in a table: raise CheckpointError if that is another one now."""
        if isinstance(self._own, KeptInTable):
            await self._own.check_table()

    def checkpoints(self) -> Mapping[int, Checkpoint]:
        """The checkpoints there are."""
        return self._own.checkpoints()

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""
        await self._own.save(checkpoint)

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """Keep dead letters."""
        await self._own.bury(segment, page, dead)

    def forget(self, segment: int, page: bytes | None, *, whole: bool = False) -> None:
        """Take back dead letters."""
        self._own.forget(segment, page, whole=whole)

    def change(self, job: Job) -> None:
        """Keep the job's new state."""
        self._own.change(job)

    def activity(self) -> JobActivity | None:
        """What the runs before this one did over time."""
        return self._own.activity()

    async def keep_activity(self, activity: JobActivity, *, last: bool) -> None:
        """Keep what the job did over time."""
        await self._own.keep_activity(activity, last=last)

    def release(self) -> None:
        """Let others have the job."""
        self._own.release()


class ChildLedger:
    """A ledger whose claims are those of jobs of ``parent``."""

    def __init__(self, real: Ledger, parent: Claim) -> None:
        self._real, self._parent = real, parent

    def begin(self, job: Job) -> ChildClaim:
        """Enter a new job and hold it."""
        return ChildClaim(self._real.begin(job), self._parent)

    def claim(self, job_id: str) -> ChildClaim:
        """Hold a job that nobody runs."""
        return ChildClaim(self._real.claim(job_id), self._parent)

    def jobs(self, unreadable: Callable[[str], None] | None = None) -> Sequence[Job]:
        """Every job."""
        return self._real.jobs(unreadable)

    def show(self, job_id: str) -> Job:
        """One job."""
        return self._real.show(job_id)

    def checkpoints(self, job_id: str) -> Mapping[int, Checkpoint]:
        """The checkpoints of a job."""
        return self._real.checkpoints(job_id)

    def activity(self, job_id: str) -> JobActivity | None:
        """What a job did over time."""
        return self._real.activity(job_id)

    def dead_letters(self, job_id: str) -> Sequence[DeadLetter]:
        """The dead letters of a job."""
        return self._real.dead_letters(job_id)

    def steer(self, job_id: str, control: JobControl) -> None:
        """Tell a job what is wanted of it."""
        self._real.steer(job_id, control)

    def steered(self, job_id: str) -> JobControl:
        """What was last wanted of a job."""
        return self._real.steered(job_id)

    def prune(self, job_id: str) -> None:
        """Remove a job that is over."""
        self._real.prune(job_id)
