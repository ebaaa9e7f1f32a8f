"""The end of a job, in values: what a person reads and ``--json`` prints."""

from dataclasses import dataclass
from typing import Any

from dynasmith.items.digest import NOTHING, Digest
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, describe_job
from dynasmith.jobs.service_transfer import ServiceResult


@dataclass(frozen=True, slots=True)
class Report:
    """What a job did. ``seconds`` is the time it ran, over all its runs; ``dollars`` None is unknown.

    ``service`` is what became of an export or import that the service did."""

    job: Job
    counts: Counts
    seconds: float
    target: Digest = NOTHING
    dollars: float | None = None
    dead_letters: str = ""
    service: ServiceResult | None = None

    def __repr__(self) -> str:
        return f"<Report {self.job.id} {self.job.state}: {self.counts.arithmetic}>"

    @property
    def adds_up(self) -> bool:
        """Whether every item that was read has a known end. A job that is done and does not add up is a defect."""
        return self.counts.unaccounted == 0

    @property
    def items_per_second(self) -> float:
        """Items read a second."""
        return self.counts.read / self.seconds if self.seconds > 0 else 0.0

    def to_json(self) -> dict[str, Any]:
        """The job's own keys (contract) and the figures of the end. ``digest`` is null where none was made."""
        return describe_job(self.job) | {
            **self.counts.to_json(),
            "adds_up": self.adds_up,
            "arithmetic": self.counts.arithmetic,
            "seconds": self.seconds,
            "cost_dollars": self.dollars,
            "dead_letters": self.dead_letters or None,
            **({} if self.service is None else self.service.to_json()),
        }
