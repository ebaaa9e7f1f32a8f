"""How far a detached apply is, kept in its job after each thing that happened, and whether it may go on."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.waiter import StopFlag
from dynasmith.jobs.job import Job
from dynasmith.jobs.spec import Apply, TableProgress
from dynasmith.ports.checkpoints import Claim


class Cancelled(Exception):
    """Somebody cancelled the job."""


class JobProgress:
    """The progress of one claimed job; what is recorded is in the ledger when the call returns."""

    def __init__(self, spec: Apply, claim: Claim, stopped: StopFlag) -> None:
        self.spec = spec
        self._claim, self._stopped = claim, stopped
        self._permit = RunPermit(claim.job.id, claim.lease)

    @property
    def job(self) -> Job:
        """The job as it was last kept."""
        return self._claim.job

    def at(self, table: str) -> TableProgress:
        """Where a table is."""
        return self.spec.progress[table]

    def record(self, table: str, progress: TableProgress) -> None:
        """Keep where a table is now."""
        if progress != self.at(table):
            self.spec = replace(self.spec, progress={**self.spec.progress, table: progress})
            self.change(self.job)

    def change(self, job: Job) -> None:
        """Keep the job in another state."""
        self._claim.change(replace(job, spec=self.spec))

    @property
    def open(self) -> Mapping[str, TableProgress]:
        """The tables that still go on."""
        return {table: each for table, each in self.spec.progress.items() if not (each.done or each.failed)}

    @property
    def failed(self) -> dict[str, str]:
        """The tables that do not, and why."""
        return {table: each.failed for table, each in self.spec.progress.items() if each.failed}

    def check(self) -> None:
        """Raise where nothing may be sent: the job was cancelled or stopped, or is perhaps another's by now."""
        self._stopped.check()
        if self._claim.control().wish == "cancel":
            raise Cancelled
        self._permit.check_lease()
