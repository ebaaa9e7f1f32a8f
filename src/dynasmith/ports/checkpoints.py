"""Where a job's state is kept: the ledger. One entry a job; who runs a job holds its claim, and nobody else does."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from dynasmith.jobs.activity import JobActivity
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.job import Job
from dynasmith.ports.items import DeadLetter
from dynasmith.ports.permit import Term


class JobControl(Struct, frozen=True, kw_only=True):
    """What a person wants of a job that runs: to go on, to pause, to end; and another pace, in units a second.

    A pace of None is the one that the job began with.
    """

    wish: Literal["run", "pause", "cancel"] = "run"
    read_units_per_second: float | None = None
    write_units_per_second: float | None = None


class Claim(Protocol):
    """One job, held by this process: nobody else writes to it until ``release`` or until this process is gone."""

    @property
    def job(self) -> Job:
        """The job, as it was kept last."""
        ...

    @property
    def lease(self) -> Term | None:
        """How long the job is held for sure; None where it is held until ``release``."""
        ...

    @property
    def dead_letters(self) -> str:
        """Where the dead letters are, for a person; empty while there are none."""
        ...

    def checkpoints(self) -> Mapping[int, Checkpoint]:
        """The checkpoints there are, by segment. Raises CheckpointError for a damaged one."""
        ...

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint, whole or not at all. What it speaks of was acknowledged before."""
        ...

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """Keep dead letters of the page that began at ``page``; before the checkpoint that counts them."""
        ...

    def forget(self, segment: int, page: bytes | None, *, whole: bool = False) -> None:
        """Take back the dead letters of a page that is about to be done again, or of the ``whole`` segment."""
        ...

    def change(self, job: Job) -> None:
        """Keep the job's new state and counts."""
        ...

    def activity(self) -> JobActivity | None:
        """What the runs before this one did over time; None where that is not known."""
        ...

    async def keep_activity(self, activity: JobActivity, *, last: bool) -> None:
        """Keep what the job did over time, in place of what was kept; every few seconds at most, but for the ``last``
        one of a run. A job never goes on from it."""
        ...

    def control(self) -> JobControl:
        """What a person wants of the job now."""
        ...

    def release(self) -> None:
        """Let others have the job."""
        ...


@runtime_checkable
class KeptInTable(Protocol):
    """A claim whose ledger stands in a table that can be deleted and recreated."""

    async def check_table(self) -> None:
        """Raise CheckpointError where the ledger's table is not the one in which the claim was made. One call; called
        once a minute while the job runs, when it goes on after a pause, and before it says that it is done."""
        ...


class Ledger(Protocol):
    """All jobs."""

    def begin(self, job: Job) -> Claim:
        """Enter a new job and hold it."""
        ...

    def claim(self, job_id: str) -> Claim:
        """Hold a job that nobody runs. Raises Locked when somebody does, RunError when there is no such job."""
        ...

    def jobs(self, unreadable: Callable[[str], None] | None = None) -> Sequence[Job]:
        """Every job, oldest first; a job that was running when its process was killed is shown as interrupted.

        One that cannot be read is left out, and ``unreadable`` is told of it in one sentence.
        """
        ...

    def show(self, job_id: str) -> Job:
        """One job with the counts of its checkpoints. Raises RunError when there is none."""
        ...

    def checkpoints(self, job_id: str) -> Mapping[int, Checkpoint]:
        """The checkpoints of a job as they stand, by segment, without holding it. Raises CheckpointError for a damaged
        one.
        """
        ...

    def activity(self, job_id: str) -> JobActivity | None:
        """What the job did over time, without holding it; None where that is not known. One read."""
        ...

    def dead_letters(self, job_id: str) -> Sequence[DeadLetter]:
        """The dead letters of a job."""
        ...

    def steer(self, job_id: str, control: JobControl) -> None:
        """Tell a job what is wanted of it; one that runs sees it within a second."""
        ...

    def steered(self, job_id: str) -> JobControl:
        """What was last wanted of a job."""
        ...

    def prune(self, job_id: str) -> None:
        """Remove a job that is over, with its dead letters. Raises Locked when it runs."""
        ...
