"""backfill: change the items of a live table in place, losing nobody's write, so that it can be undone."""

from collections.abc import Callable
from dataclasses import replace as changed
from math import ceil
from typing import Any, TypeAlias

import msgspec

from dynasmith.engine.backfill.canary import Canary, FirstRunLimits, careful_source
from dynasmith.engine.backfill.resolution import Again
from dynasmith.engine.backfill.sink import ChangeSink
from dynasmith.engine.backfill.stage import Quota, Rewriter, RewriteStage
from dynasmith.engine.backfill.survey import Survey, indexes_of, survey
from dynasmith.engine.backfill.unconfirmed import UnconfirmedChanges
from dynasmith.engine.transfer.copy import expiry, new_job, paced_pages, table_reader
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.options import TransferOptions, asked_again, kept
from dynasmith.engine.transfer.runner import Pipeline, RunContext, run_job
from dynasmith.engine.transfer.table_details import TableEnd, key_schema, rates
from dynasmith.errors import CheckpointError, Interrupted, TransformError, UsageError
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job
from dynasmith.jobs.report import Report
from dynasmith.jobs.segments import plan_segments
from dynasmith.ports.checkpoints import Claim, Ledger
from dynasmith.ports.items import ThrottleListener, permit_of
from dynasmith.ports.journal import UndoJournal
from dynasmith.ports.updates import OpenUpdates

VERB = "backfill"
CANARY = "canary_items"
"""The parameter of a job that stops after so many items; 0 when it did, or shall not."""
LOOKED_AT = 200
"""Items that are looked at before a job begins: does the transform come to rest, does it refuse any?"""
OpenJournal: TypeAlias = Callable[[Job, bool], UndoJournal | None]
"""The journal of a job, made anew (True) or gone on with; None where none is kept."""


def backfill(
    table: TableEnd,
    updates: OpenUpdates,
    ledger: Ledger,
    open_journal: OpenJournal,
    function: Function,
    asked: TransferOptions | None = None,
    *,
    careful: FirstRunLimits | None = None,
    parameters: dict[str, Any] | None = None,
    around: RunContext | None = None,
) -> Report:
    """Bring every item of ``table`` into the shape that ``function`` makes, and give the report.

    Only attributes that differ are written, and only while those that the function read or wrote are as it saw them;
    before and after are in the journal before they are sent. Looks at up to 200 items first and begins nothing where
    the function refuses one (unless those go to the dead letters) or does not come to rest: TransformError,
    ItemRefused. Interrupted and errors of the service leave a job that ``backfill_again`` resumes. A canary that was
    reached gives a report whose job is ``interrupted``.
    """
    asked, around, careful = asked or TransferOptions(), around or RunContext(), careful or FirstRunLimits()
    items = table.description.item_count_estimate
    share = canary_items(table, careful, items)
    segments = plan_segments(
        table.description.size_bytes_estimate, workers=asked.segments_at_once, asked=asked.segments
    )
    said = {**(parameters or {}), "careful": msgspec.to_builtins(careful), CANARY: share}
    job = new_job(VERB, around, segments, kept(asked, said, items or None))
    look_first(table, rewriter_of(table, function, asked, job), asked, around)
    journal = open_journal(job, True)
    return _run(ledger.begin(job), table, updates, journal, function, asked, around)


def backfill_again(
    claim: Claim,
    table: TableEnd,
    updates: OpenUpdates,
    open_journal: OpenJournal,
    function: Function,
    *,
    around: RunContext | None = None,
) -> Report:
    """Resume a backfill; a canary that was reached before now goes on to the end."""
    journal = open_journal(claim.job, False)
    return _run(claim, table, updates, journal, function, asked_again(claim.job.parameters), around or RunContext())


def rewriter_of(table: TableEnd, function: Function, asked: TransferOptions, job: Job) -> Rewriter:
    """The transform of a job with the rules of its table."""
    where = parse_condition(asked.condition).matches if asked.condition else None
    transform = Transform(function, Context(job.started_at, job.id, table.key), where=where)
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


def _run(
    claim: Claim,
    table: TableEnd,
    updates: OpenUpdates,
    journal: UndoJournal | None,
    function: Function,
    asked: TransferOptions,
    around: RunContext,
) -> Report:
    job = claim.job
    careful, share = _careful_again(job)
    before = sum((checkpoint.counts for checkpoint in claim.checkpoints().values()), Counts())
    quota = Quota(None if careful.limit is None else max(0, careful.limit - before.written))
    stop = around.stop or StopRequest()
    canary = Canary(share, stop, lambda: _remember(claim)) if share else None
    rewriter = rewriter_of(table, function, asked, job)
    keep = expiry(table, job) if asked.expired == "skip" else None

    unsure = UnconfirmedChanges(table.key)

    async def sink(heard: ThrottleListener) -> ChangeSink:
        return ChangeSink(
            await updates(heard),
            table.key,
            Again(rewriter),
            journal=journal,
            unsure=unsure,
            quota=quota,
            permit=permit_of(heard),
        )

    first = canary.items if canary is not None else quota.left
    writes = rates(table, "write", asked.max_write_units, share=asked.share)
    paged = paced_pages(asked if first is None else _small_pages(asked, first), writes)
    ways = Pipeline(
        source=careful_source(table_reader(table, job.segments, paged), quota, canary),
        sink=sink,
        stage=RewriteStage(rewriter, quota, unsure, keep),
        reads=rates(table, "read", asked.max_read_units, share=asked.share),
        writes=writes,
        width=ConcurrencyLimits(asked.segments_at_once, asked.lanes),
        digest=False,
        table=table.name,
        total_items=table.description.item_count_estimate or None,
        tables=(table,),
    )
    try:
        return run_job(claim, ways, changed(around, stop=stop))
    except Interrupted:
        if canary is None or not canary.reached:
            raise
        return Report(claim.job, claim.job.counts, 0.0, dead_letters=claim.dead_letters)


def _remember(claim: Claim) -> None:
    """The canary was reached: whoever resumes the job wants the rest."""
    claim.change(msgspec.structs.replace(claim.job, parameters=claim.job.parameters | {CANARY: 0}))


def _careful_again(job: Job) -> tuple[FirstRunLimits, int]:
    try:
        return msgspec.convert(job.parameters["careful"], FirstRunLimits), int(job.parameters[CANARY])
    except (KeyError, ValueError, msgspec.ValidationError) as error:
        raise CheckpointError(f"The options of job {job.id} cannot be read: {error}.") from error


def _small_pages(asked: TransferOptions, items: int) -> TransferOptions:
    """The pages of a careful run are a small part of it: it ends near its share, and reads little beyond it."""
    if asked.batch_size is not None:
        return asked
    return msgspec.structs.replace(asked, batch_size=max(10, min(1000, items // asked.segments_at_once)))
