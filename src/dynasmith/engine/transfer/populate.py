"""populate: items from files, or from anywhere that is no table, into a table."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from dynasmith.engine.transfer.copy import counting, staged_by
from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.key_register import JobKeys, KeyService, RemoteKeys
from dynasmith.engine.transfer.mask_check import sealing_keys
from dynasmith.engine.transfer.masked_source import without_rejected
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.page_service import OpenedOnce, OpenRemotePages, PageService
from dynasmith.engine.transfer.parts import OpenedParts, SeparateParts, opened_parts
from dynasmith.engine.transfer.populate_source import PlaceNames, PopulateSource
from dynasmith.engine.transfer.runner import Pipeline, run_job
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.engine.workers.user_code import sendable
from dynasmith.items.condition.condition import Condition, parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.lazy import LazyItem
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.spec import Populate
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import Item, Lookup, OpenSink, OpenSource, ThrottleListener
from dynasmith.ports.remote_reference import RemoteReference


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
    keys = JobKeys(origin.seen(claim.job.id))
    over = False
    try:
        counted = counting(function, spec.personal)
        pipeline = populate_pipeline(claim.job, origin, target, spec.options, counted, keys)
        pipeline = replace(pipeline, seal=sealing_keys(function))
        report = run_job(claim, pipeline, world.context)
        over = report.job.over
    finally:
        keys.close(over=over)
    origin.finish(report)
    return report


def populate_pipeline(
    job: Job,
    origin: PopulateSource,
    target: TableEnd,
    options: TransferOptions,
    function: Function | None,
    keys: JobKeys,
) -> Pipeline:
    """From the origin through filter and transform to the table, each key once."""
    ctx = Context(job.started_at, job.id, target.key)
    transform = None if function is None else Transform(function, ctx)
    condition = parse_condition(options.condition) if options.condition else None
    keep = None if condition is None else DuplicateCheck(condition)
    steps = Steps(keep=keep, transform=transform, twice=False, policy=options.on_error)
    portable = target.access.portable
    if portable and options.processes:
        sendable(steps)
    source, reader = _readers(job, origin)
    masks = getattr(function, "masks", False)
    lookup = target.access.lookup(target.name)
    sink = target.access.sink(target.name, target.key, mode=options.mode)
    parts = PopulateParts(
        source=without_rejected(reader) if masks else reader,
        sink=sink,
        steps=steps,
        key=target.key,
        names=origin.name,
        digest=options.digest,
        keys=KeyService(keys),
        lookup=lookup,
    )
    return Pipeline(
        source=without_rejected(source) if masks else source,
        sink=sink,
        stage=steps if portable else staged_by(steps, options),
        writes=rates(target, "write", options.max_write_units, share=options.share),
        width=ConcurrencyLimits(options.segments_at_once, max(options.lanes, 8)),
        digest=options.digest,
        distinct=Deduplication(target.key, keys, origin.name, digest=options.digest, lookup=lookup),
        keys=keys,
        processes=options.processes,
        parts=parts if portable else None,
        table=target.name,
        total_items=origin.total_items,
        tables=(target,),
        again=origin.again,
    )


def _readers(job: Job, origin: PopulateSource) -> tuple[OpenSource, OpenSource]:
    """What reads the origin where the job is, and where a worker is: its own files where it sees the same ones, else
    pages from the job."""
    source = OpenedOnce(origin.of_job(job.id) if origin.of_job else origin.source)
    pages = OpenRemotePages(PageService(source), job.segments)
    return source, pages if origin.visible is None else origin.visible(pages)


@dataclass(frozen=True, slots=True)
class PopulateParts:
    """The parts of a populate in a worker. Which keys were met is asked of the job."""

    source: OpenSource
    sink: OpenSink
    steps: Steps
    key: KeySchema
    names: PlaceNames
    digest: bool
    keys: RemoteReference
    lookup: Callable[[], Awaitable[Lookup]]

    async def __call__(self, heard: ThrottleListener) -> OpenedParts:
        """Open them."""
        opened = await opened_parts(self.source, self.sink, self.steps, heard)
        keys = RemoteKeys(self.keys)
        distinct = Deduplication(self.key, keys, self.names, digest=self.digest, lookup=self.lookup)
        return opened._replace(distinct=distinct)


def changes_pipeline(job: Job, origin: PopulateSource, target: TableEnd, options: TransferOptions) -> Pipeline:
    """From changes of keys to the table: each is put or deleted as it is, and has no digest."""
    source, reader = _readers(job, origin)
    sink = target.access.change_sink(target.name)
    return Pipeline(
        source=source,
        sink=sink,
        writes=rates(target, "write", options.max_write_units, share=options.share),
        width=ConcurrencyLimits(options.segments_at_once, max(options.lanes, 8)),
        digest=False,
        processes=options.processes,
        parts=SeparateParts(reader, sink) if target.access.portable else None,
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
