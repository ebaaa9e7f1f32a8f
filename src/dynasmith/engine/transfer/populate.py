"""populate: items from files, or from anywhere that is no table, into a table."""

from dataclasses import dataclass, replace

from dynasmith.engine.transfer.copy import counting, staged_by
from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.mask_check import sealing_keys
from dynasmith.engine.transfer.masked_source import without_rejected
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.runner import Pipeline, run_job
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.items.condition.condition import Condition, parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.lazy import LazyItem
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.spec import Populate
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import Item


def begin_populate(spec: Populate, world: JobWorld) -> Claim:
    """Enter a populate in the ledger."""
    origin = world.populate_source(spec)
    return world.ledger.begin(new_job(spec, world.context, origin.segments, origin.total_items))


def populate(spec: Populate, claim: Claim, world: JobWorld) -> Report:
    """Write the items of files, a database or an iterable into a table, from where the job is, and give the report.

    What is no item, lacks the key, or has the key of another item before it goes to the dead letters with its place
    and reason, and the rest goes on. Interrupted and errors leave a job that can be resumed with the same items.
    """
    target, origin = world.table(spec.target), world.populate_source(spec)
    function = world.function(spec.transform)
    if origin.changes:
        report = run_job(claim, changes_pipeline(claim.job, origin, target, spec.options), world.context)
        origin.finish(report)
        return report
    keys = origin.seen(claim.job.id)
    lookup = target.access.lookup(target.name)
    distinct = Deduplication(target.key, keys, origin.name, digest=spec.options.digest, lookup=lookup)
    over = False
    try:
        counted = counting(function, spec.personal)
        pipeline = populate_pipeline(claim.job, origin, target, spec.options, counted, distinct)
        pipeline = replace(pipeline, seal=sealing_keys(function))
        report = run_job(claim, pipeline, world.context)
        over = report.job.over
    finally:
        distinct.close(over=over)
    origin.finish(report)
    return report


def populate_pipeline(
    job: Job,
    origin: PopulateSource,
    target: TableEnd,
    options: TransferOptions,
    function: Function | None,
    distinct: Deduplication,
) -> Pipeline:
    """From the origin through filter and transform to the table, each key once."""
    ctx = Context(job.started_at, job.id, target.key)
    transform = None if function is None else Transform(function, ctx)
    condition = parse_condition(options.condition) if options.condition else None
    keep = None if condition is None else DuplicateCheck(condition)
    source = origin.of_job(job.id) if origin.of_job else origin.source
    return Pipeline(
        source=without_rejected(source) if getattr(function, "masks", False) else source,
        sink=target.access.sink(target.name, target.key, mode=options.mode),
        stage=staged_by(Steps(keep=keep, transform=transform, twice=False, policy=options.on_error), options),
        writes=rates(target, "write", options.max_write_units, share=options.share),
        width=ConcurrencyLimits(options.segments_at_once, max(options.lanes, 8)),
        digest=options.digest,
        distinct=distinct,
        table=target.name,
        total_items=origin.total_items,
        tables=(target,),
        again=origin.again,
    )


def changes_pipeline(job: Job, origin: PopulateSource, target: TableEnd, options: TransferOptions) -> Pipeline:
    """From changes of keys to the table: each is put or deleted as it is, and has no digest."""
    return Pipeline(
        source=origin.of_job(job.id) if origin.of_job else origin.source,
        sink=target.access.change_sink(target.name),
        writes=rates(target, "write", options.max_write_units, share=options.share),
        width=ConcurrencyLimits(options.segments_at_once, max(options.lanes, 8)),
        digest=False,
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
