"""backfill: change the items of a live table in place, losing nobody's write, so that it can be undone."""

from dataclasses import replace as changed
from math import ceil

import msgspec

from dynasmith.engine.backfill.canary import Canary, careful_source
from dynasmith.engine.backfill.resolution import RetryOutcome
from dynasmith.engine.backfill.sink import ChangeSink
from dynasmith.engine.backfill.stage import Quota, Rewriter, RewriteStage
from dynasmith.engine.backfill.survey import Survey, indexes_of, survey
from dynasmith.engine.backfill.unconfirmed_changes import UnconfirmedChanges
from dynasmith.engine.backfill.worker_journal import JournalService
from dynasmith.engine.backfill.worker_parts import BackfillParts
from dynasmith.engine.transfer.copy import expiry, paced_pages, segment_workers, table_reader
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.parts import WorkerParts
from dynasmith.engine.transfer.runner import Pipeline, RunContext, run_job
from dynasmith.engine.transfer.table_details import TableEnd, key_schema, rates
from dynasmith.errors import CheckpointError, Interrupted, TransformError, UsageError
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import FirstRunLimits, TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.segments import plan_segments
from dynasmith.jobs.spec import Backfill
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import ThrottleListener, permit_of
from dynasmith.ports.journal import UndoJournal

LOOKED_AT = 200
"""Items that are looked at before a job begins: does the transform come to rest, does it refuse any?"""


def begin_backfill(spec: Backfill, world: JobWorld) -> Claim:
    """Enter a backfill in the ledger, with its undo journal. ``spec.canary_items`` is set from its limits.

    Looks at up to 200 items first and begins nothing where the function refuses one (unless those go to the dead
    letters) or is not idempotent: TransformError, ItemRefused. Raises UsageError for limits that cannot be kept.
    """
    table, options = world.table(spec.target), spec.options
    described = table.description
    items = canary_items(table, spec.careful, described.item_count_estimate)
    segments = plan_segments(
        described.size_bytes_estimate,
        workers=segment_workers(options),
        asked=options.segments,
        elsewhere=world.context.placement is not None,
    )
    job = new_job(
        msgspec.structs.replace(spec, canary_items=items),
        world.context,
        segments,
        described.item_count_estimate or None,
    )
    rewriter = rewriter_of(table, _function(spec, job, world), options, _context(job, table))
    look_first(table, rewriter, options, world.context)
    if spec.journal:
        world.new_journal(job, table)
    return world.ledger.begin(job)


def rewriter_of(table: TableEnd, function: Function, asked: TransferOptions, ctx: Context) -> Rewriter:
    """The transform of a job, with its ``ctx`` and the rules of its table."""
    where = parse_condition(asked.condition).matches if asked.condition else None
    transform = Transform(function, ctx, where=where)
    return Rewriter(transform, {index.name: key_schema(index.key) for index in indexes_of(table)}, asked.on_error)


def look_first(table: TableEnd, rewriter: Rewriter, asked: TransferOptions, around: RunContext) -> Survey:
    """Look at some items before anything is written. Raises what the job would end with, as ``backfill`` says."""
    seen = survey(table, rewriter, asked, around, items=LOOKED_AT)
    for refused in seen.refusals:
        if rewriter.stops(refused):
            raise refused
    if seen.divergences:
        raise TransformError(
            f"{seen.divergences[0].sentence} Nothing was written.",
            hint="a job that is resumed runs it twice on some items: let it recognise the new shape and change nothing",
        )
    return seen


def look_again(spec: Backfill, job: Job, function: Function, world: JobWorld) -> None:
    """Look at a transform that changed as at the beginning of a job: it has not been looked at. Raises what
    `begin_backfill` raises."""
    table = world.table(spec.target)
    look_first(table, rewriter_of(table, function, spec.options, _context(job, table)), spec.options, world.context)


def quota_left(limit: int | None, claim: Claim) -> Quota:
    """How many items a job may still change, by what its acknowledged pages did: a run that goes on finds some
    already changed by the one before it."""
    if limit is None:
        return Quota()
    before = sum((checkpoint.counts for checkpoint in claim.checkpoints().values()), Counts())
    return Quota(max(0, limit - before.written - before.already))


def canary_items(table: TableEnd, careful: FirstRunLimits, items: int) -> int:
    """After how many of ``items`` a canary stops; 0 without one. Raises UsageError for what cannot be kept."""
    if careful.limit is not None and careful.limit < 1:
        raise UsageError(f"A limit of {careful.limit} items changes nothing.", hint="--dry-run writes nothing")
    if careful.canary is None:
        return 0
    if not 0 < careful.canary < 1:
        raise UsageError(
            f"A canary of {careful.canary:.0%} is not a valid share.", hint="use a share such as --canary 1%"
        )
    if not items:
        raise UsageError(
            f"How many items table {table.name} has is not known yet: the service counts every six hours.",
            hint="--limit 1000 changes at most so many items",
        )
    return max(1, ceil(items * careful.canary))


def backfill(spec: Backfill, claim: Claim, world: JobWorld) -> Report:
    """Bring every item of a table into the shape that the transform makes, from where the job is; give the report.

    Only attributes that differ are written, and only while those that the function read or wrote are as it saw them;
    before and after are in the journal before they are sent. Interrupted and errors of the service leave a job that can
    be resumed. A canary that is reached gives a report whose job is ``interrupted``; resumed it goes on to the end.
    """
    job = claim.job
    journal = world.journal(job) if spec.journal else None
    quota = quota_left(spec.careful.limit, claim)
    stop = world.context.stop or StopRequest()
    canary = Canary(spec.canary_items, stop, lambda: _remember(claim, spec)) if spec.canary_items else None
    pipeline = backfill_pipeline(spec, job, world, journal, quota, canary)
    try:
        return run_job(claim, pipeline, changed(world.context, stop=stop))
    except Interrupted:
        if canary is None or not canary.reached:
            raise
        return Report(claim.job, claim.job.counts, 0.0, dead_letters=claim.dead_letters)


def backfill_pipeline(
    spec: Backfill,
    job: Job,
    world: JobWorld,
    journal: UndoJournal | None,
    quota: Quota,
    canary: Canary | None,
) -> Pipeline:
    """From the table through the transform to conditional updates of the same table, each in the journal before."""
    table, options = world.table(spec.target), spec.options
    rewriter = rewriter_of(table, _function(spec, job, world), options, _context(job, table))
    keep = expiry(table, job.started_at) if options.expired == "skip" else None
    updates, unsure = world.updates(spec.target), UnconfirmedChanges(table.key)

    async def sink(heard: ThrottleListener) -> ChangeSink:
        return ChangeSink(
            await updates(heard),
            table.key,
            RetryOutcome(rewriter),
            journal=journal,
            unsure=unsure,
            quota=quota,
            permit=permit_of(heard),
        )

    first = canary.items if canary is not None else quota.left
    writes = rates(table, "write", options.max_write_units, share=options.share)
    paged = paced_pages(options if first is None else _small_pages(options, first), writes)
    reader = table_reader(table, job.segments, paged)
    # A careful run ends soon, and what it may still change is known in one process only.
    parts: WorkerParts | None = None
    if table.access.portable and canary is None and quota.left is None:
        service = None if journal is None else JournalService(journal)
        parts = BackfillParts(reader, updates, table.key, rewriter, service, keep)
    return Pipeline(
        source=careful_source(reader, quota, canary),
        sink=sink,
        stage=RewriteStage(rewriter, quota, unsure, keep),
        reads=rates(table, "read", options.max_read_units, share=options.share),
        writes=writes,
        width=ConcurrencyLimits(options.segments_at_once, options.lanes),
        digest=False,
        processes=options.processes if parts is not None else 0,
        parts=parts,
        table=table.name,
        total_items=table.description.item_count_estimate or None,
        tables=(table,),
    )


def _context(job: Job, table: TableEnd) -> Context:
    return Context(job.started_at, job.id, table.key)


def _function(spec: Backfill, job: Job, world: JobWorld) -> Function:
    function = world.function(spec.transform)
    if function is None:
        raise CheckpointError(
            f"Job {job.id} ran a function that has no importable name.", hint="resume it with transform="
        )
    return function


def _remember(claim: Claim, spec: Backfill) -> None:
    """The canary was reached: a resume of the job changes the rest."""
    claim.change(msgspec.structs.replace(claim.job, spec=msgspec.structs.replace(spec, canary_items=0)))


def _small_pages(asked: TransferOptions, items: int) -> TransferOptions:
    """The pages of a careful run are a small part of it: it ends near its share, and reads little beyond it."""
    if asked.batch_size is not None:
        return asked
    return msgspec.structs.replace(asked, batch_size=max(10, min(1000, items // asked.segments_at_once)))
