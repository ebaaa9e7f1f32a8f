"""populate: items from files, or from anywhere that is no table, into a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from dynasmith.engine.transfer.copy import new_job, staged_by
from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.options import TransferOptions, asked_again, kept
from dynasmith.engine.transfer.runner import Pipeline, RunContext, run_job
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.items.condition.condition import Condition, parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.lazy import LazyItem
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.job import Job
from dynasmith.jobs.report import Report
from dynasmith.ports.checkpoints import Claim, Ledger
from dynasmith.ports.duplicate_keys import KeyStore
from dynasmith.ports.items import Item, OpenSource, Place

OpenSeen: TypeAlias = Callable[[str], KeyStore]
"""Where the keys of a job are kept, by its id."""


@dataclass(frozen=True, slots=True)
class PopulateSource:
    """Where the items come from: ``segments`` of them, one a file, with the files' ``names`` where they are files.

    ``again`` says what to do instead of resuming the job, where the items cannot be read again.
    ``total_items`` is how many there are, where that is known; ``seen`` keeps their keys. ``of_job`` opens a source
    that keeps something of its own beside the job, by the job's id, instead of ``source``.
    """

    source: OpenSource
    seen: OpenSeen
    segments: int = 1
    names: Sequence[str] = ()
    total_items: int | None = None
    of_job: Callable[[str], OpenSource] | None = None
    again: str = ""

    def name(self, segment: int, place: Place) -> str:
        """A place as a person reads it: ``people.jsonl:17``, ``item 17``, ``id=17``."""
        if isinstance(place, str):
            return place
        return f"{self.names[segment]}:{place}" if self.names else f"item {place}"


def populate(
    origin: PopulateSource,
    target: TableEnd,
    ledger: Ledger,
    asked: TransferOptions | None = None,
    *,
    transform: Function | None = None,
    parameters: dict[str, Any] | None = None,
    around: RunContext | None = None,
) -> Report:
    """Write the items of ``origin`` into ``target`` and give the report.

    What is no item, lacks the key, or has the key of another item before it goes to the dead letters with its place
    and reason, and the rest goes on. Interrupted and errors leave a job that ``populate_again`` resumes.
    """
    asked = asked or TransferOptions()
    around = around or RunContext()
    job = new_job("populate", around, origin.segments, kept(asked, parameters or {}, origin.total_items))
    return _run(ledger.begin(job), origin, target, asked, transform, around)


def populate_again(
    claim: Claim,
    origin: PopulateSource,
    target: TableEnd,
    *,
    transform: Function | None = None,
    around: RunContext | None = None,
) -> Report:
    """Resume a populate; its files must be the ones that it began with."""
    return _run(claim, origin, target, asked_again(claim.job.parameters), transform, around or RunContext())


def _run(
    claim: Claim,
    origin: PopulateSource,
    target: TableEnd,
    asked: TransferOptions,
    function: Function | None,
    around: RunContext,
) -> Report:
    seen = origin.seen(claim.job.id)
    lookup = target.access.lookup(target.name)
    distinct = Deduplication(target.key, seen, origin.name, digest=asked.digest, lookup=lookup)
    over = False
    try:
        report = run_job(claim, _ways(claim.job, origin, target, asked, function, distinct), around)
        over = report.job.over
        return report
    finally:
        distinct.close(over=over)


def _ways(
    job: Job,
    origin: PopulateSource,
    target: TableEnd,
    asked: TransferOptions,
    function: Function | None,
    distinct: Deduplication,
) -> Pipeline:
    ctx = Context(job.started_at, job.id, target.key)
    transform = None if function is None else Transform(function, ctx)
    condition = parse_condition(asked.condition) if asked.condition else None
    keep = None if condition is None else DuplicateCheck(condition)
    return Pipeline(
        source=origin.of_job(job.id) if origin.of_job else origin.source,
        sink=target.access.sink(target.name, target.key, mode=asked.mode),
        stage=staged_by(Steps(keep=keep, transform=transform, twice=False, policy=asked.on_error), asked),
        writes=rates(target, "write", asked.max_write_units, share=asked.share),
        width=ConcurrencyLimits(asked.segments_at_once, max(asked.lanes, 8)),
        digest=asked.digest,
        distinct=distinct,
        table=target.name,
        total_items=origin.total_items,
        tables=(target,),
        again=origin.again,
    )


@dataclass(frozen=True, slots=True)
class DuplicateCheck:
    """Whether an item meets a condition, judged here: files have no service that filters."""

    condition: Condition

    def __call__(self, item: Item) -> bool:
        """Whether the item meets the condition."""
        return self.condition.matches(LazyItem(item))
