"""populate: items from files, or from anywhere that is no table, into a table."""

from dataclasses import dataclass
from typing import Any

from dynasmith.engine.transfer.asked import Flowing, asked_again, kept
from dynasmith.engine.transfer.copy import new_job, staged_by
from dynasmith.engine.transfer.flow import Width
from dynasmith.engine.transfer.running import Around, Ways, run_job
from dynasmith.engine.transfer.sides import TableEnd, rates
from dynasmith.engine.transfer.stage import Steps
from dynasmith.items.condition.condition import Condition, parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.lazy import LazyItem
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.job import Job
from dynasmith.jobs.report import Report
from dynasmith.ports.checkpoints import Claim, Ledger
from dynasmith.ports.items import Item, OpenSource


def populate(
    source: OpenSource,
    segments: int,
    target: TableEnd,
    ledger: Ledger,
    asked: Flowing | None = None,
    *,
    transform: Function | None = None,
    parameters: dict[str, Any] | None = None,
    total_items: int | None = None,
    around: Around | None = None,
) -> Report:
    """Write the items of ``source`` (``segments`` of them: one a file) into ``target`` and give the report.

    What is no item, lacks the key, or comes twice in a page goes to the dead letters with its place and reason, and
    the rest goes on. Interrupted and errors leave a job that ``populate_again`` resumes.
    """
    asked = asked or Flowing()
    around = around or Around()
    job = new_job("populate", around, segments, kept(asked, parameters or {}))
    ways = _ways(job, source, target, asked, transform, total_items)
    return run_job(ledger.begin(job), ways, around)


def populate_again(
    claim: Claim,
    source: OpenSource,
    target: TableEnd,
    *,
    transform: Function | None = None,
    total_items: int | None = None,
    around: Around | None = None,
) -> Report:
    """Resume a populate; its files must be the ones that it began with."""
    ways = _ways(claim.job, source, target, asked_again(claim.job.parameters), transform, total_items)
    return run_job(claim, ways, around or Around())


def _ways(
    job: Job,
    source: OpenSource,
    target: TableEnd,
    asked: Flowing,
    function: Function | None,
    total_items: int | None,
) -> Ways:
    ctx = Context(job.started_at, job.id, target.key)
    transform = None if function is None else Transform(function, ctx)
    condition = parse_condition(asked.condition) if asked.condition else None

    return Ways(
        source=source,
        sink=target.access.sink(target.name, target.key, mode=asked.mode),
        stage=staged_by(
            Steps(
                keep=None if condition is None else Meets(condition),
                transform=transform,
                distinct=target.key,
                policy=asked.on_error,
            ),
            asked,
        ),
        writes=rates(target, "write", asked.max_write_units, share=asked.share),
        width=Width(asked.segments_at_once, max(asked.lanes, 8)),
        digest=asked.digest,
        table=target.name,
        total_items=total_items,
    )


@dataclass(frozen=True, slots=True)
class Meets:
    """Whether an item meets a condition, judged here: files have no service that filters."""

    condition: Condition

    def __call__(self, item: Item) -> bool:
        return self.condition.matches(LazyItem(item))
