"""copy: every item of a table into another one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf

import msgspec

from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.key_read import read_path, read_rates
from dynasmith.engine.transfer.mask_check import check_masks, sealing_keys
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.movers.stage import ProcessStage
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.pacer import Rates
from dynasmith.engine.transfer.parts import SeparateParts
from dynasmith.engine.transfer.runner import Pipeline, run_job
from dynasmith.engine.transfer.table_details import TableEnd, check_ends, rates
from dynasmith.engine.transfer.transform_stage import Stage, Steps
from dynasmith.engine.workers.user_code import sendable
from dynasmith.errors import AccessError, UsageError
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.expiry import Expiry
from dynasmith.items.key_query import key_query
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.segments import plan_segments
from dynasmith.jobs.spec import Copy, Export, FunctionExport
from dynasmith.operations.personal_counter import PersonalCounter
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import Item, OpenSource

SEGMENTS_EACH = 12
"""Segments for each process where the table is large enough: the last ones are small, so that all end together."""


def segment_workers(options: TransferOptions) -> int:
    """How many segments there are to be at least, where the table is large enough."""
    return max(options.segments_at_once, options.processes * SEGMENTS_EACH)


def transfer_segments(source: TableEnd, options: TransferOptions, world: JobWorld) -> int:
    """Into how many segments a table is cut that is copied or exported. With a limit they are read one after the other,
    so that more than one only costs reads. Raises UsageError for a number, and for a limit, that cannot be."""
    check_limit(options.limit)
    is_one = options.limit is not None or options.query is not None
    asked = 1 if is_one and options.segments is None else options.segments
    elsewhere, workers = world.context.placement is not None, segment_workers(options)
    return plan_segments(source.description.size_bytes_estimate, workers=workers, asked=asked, elsewhere=elsewhere)


def check_limit(items: int | None) -> None:
    """Raise UsageError for a limit below 1."""
    if items is not None and items < 1:
        raise UsageError(f"A limit of {items} items moves nothing.", hint="--dry-run moves nothing, and counts")


def expected_items(spec: Copy | Export | FunctionExport, source: TableEnd) -> int | None:
    """How many items a job reads by the table's own figure, or its limit where that is less and nothing may be left
    out; None where it is unknown, as that of a Query."""
    known, limit = source.description.item_count_estimate or None, spec.options.limit
    if spec.options.query is not None:
        return None
    if known is None or limit is None or spec.transform is not None or spec.options.condition:
        return known
    return min(known, limit)


def begin_copy(spec: Copy, world: JobWorld, *, only_new: bool = False, began: datetime | None = None) -> Claim:
    """Enter a copy in the ledger. With ``only_new`` it never writes over another item: ours is a dead letter then.
    ``began`` is the time that its transform gets, where that is not now.

    Raises UsageError, before there is a job, for the same table on both sides, another key without a transform, and a
    condition or a transform that cannot be used.
    """
    source, options = world.table(spec.source), spec.options
    segments = transfer_segments(source, options, world)
    job = new_job(spec, world.context, segments, expected_items(spec, source))
    job = msgspec.structs.replace(job, only_new=only_new, started_at=began or job.started_at)
    copy_pipeline(spec, job, world)
    return world.ledger.begin(job)


def copy(spec: Copy, claim: Claim, world: JobWorld) -> Report:
    """Copy every item of a table into another one, from where the job is, and give the report.

    Interrupted and errors of the service leave a job that can be resumed, doing at most one page a segment again.
    """
    return run_job(claim, copy_pipeline(spec, claim.job, world), world.context)


def copy_pipeline(spec: Copy, job: Job, world: JobWorld) -> Pipeline:
    """From the source through filter and transform to the target. Raises UsageError for ends that do not fit."""
    source, target, options = world.table(spec.source), world.table(spec.target), spec.options
    function = world.function(spec.transform)
    check_ends(source, target, transforms=function is not None)
    check_masks(function, target.key, options.on_error)
    ctx = Context(job.started_at, job.id, source.key)
    counted = counting(function, spec.personal)
    transform = None if counted is None else Transform(counted, ctx, target=target.key)
    keep = expiry(source, job.started_at) if options.expired == "skip" else None
    stage: Stage | None = None
    steps: Steps | None = None
    # Whole processes where both ends can be reached from another one, else the transform alone goes there.
    processes = options.processes if source.access.portable and target.access.portable else 0
    if transform is not None or keep is not None:
        steps = Steps(keep=keep, transform=transform, policy=options.on_error)
        stage = steps if processes or options.limit is not None else staged_by(steps, options)
        if processes:
            sendable(steps)
    writes = rates(target, "write", options.max_write_units, share=options.share)
    portable = source.access.portable and target.access.portable
    pages = limited_pages(paced_pages(options, writes), is_whole=stage is None)
    reader = table_reader(source, job.segments, pages)
    sink = target.access.sink(target.name, target.key, mode=options.mode)
    # A job that begins without processes may go on elsewhere.
    parts = SeparateParts(reader, sink, steps) if portable else None
    return Pipeline(
        source=reader,
        sink=sink,
        stage=stage,
        reads=read_rates(options, source),
        writes=writes,
        width=transfer_width(options),
        digest=options.digest,
        processes=processes,
        parts=parts,
        table=target.name,
        total_items=expected_items(spec, source),
        limit=options.limit,
        tables=(source, target),
        seal=sealing_keys(function),
    )


def counting(function: Function | None, personal: tuple[str, ...]) -> Function | None:
    """The transform of a job that counts what becomes of personal values; the transform itself where none are."""
    return PersonalCounter(function, personal) if personal else function


def staged_by(steps: Steps, asked: TransferOptions) -> Steps | ProcessStage:
    """The steps in this process, or in as many others as were asked for."""
    if asked.processes > 0 and steps.transform is not None:
        return ProcessStage(steps, asked.processes, digest=asked.digest)
    return steps


def table_reader(end: TableEnd, segments: int, asked: TransferOptions) -> OpenSource:
    """The table as a source, as it was asked for: a scan, or the Query that a job chose when it began."""
    read = read_path(asked, end)
    if read is not None:
        query = key_query(read)
        return end.access.query_source(end.name, query, page_items=asked.batch_size, consistent=asked.consistent)
    return end.access.source(
        end.name,
        segments=segments,
        page_items=asked.batch_size,
        consistent=asked.consistent,
        condition=parse_condition(asked.condition).filter() if asked.condition else None,
    )


def limited_pages(options: TransferOptions, *, is_whole: bool) -> TransferOptions:
    """The options of a job with a limit: where it sends all that it reads (``is_whole``), it reads little more."""
    if options.limit is None or options.batch_size is not None or options.condition or not is_whole:
        return options
    return msgspec.structs.replace(options, batch_size=min(PAGE_ITEMS_LOW, options.limit))


def transfer_width(options: TransferOptions) -> ConcurrencyLimits:
    """How much of a copy or an export goes on at once: with a limit one segment."""
    return ConcurrencyLimits(options.segments_at_once if options.limit is None else 1, options.lanes)


PAGE_SECONDS = 2.0
"""About how long a page may take at a low pace, so that a job says how far it is, and a kill costs little again."""
PAGE_ITEMS_MIN = 10
PAGE_ITEMS_LOW = 1_000
"""A page of 1 MB holds about as many: above this nothing is bounded."""


def paced_pages(options: TransferOptions, writes: Rates) -> TransferOptions:
    """The options with pages that a low pace of ``writes`` moves in about two seconds, without a batch size given."""
    if options.batch_size is not None or writes.ceiling == inf:
        return options
    items = max(PAGE_ITEMS_MIN, int(writes.ceiling * PAGE_SECONDS / options.segments_at_once))
    return options if items >= PAGE_ITEMS_LOW else msgspec.structs.replace(options, batch_size=items)


def expiry(end: TableEnd, began: datetime) -> Callable[[Item], bool] | None:
    """Whether an item had not expired when a job ``began`` (TTL deletes late; such items still scan); None without TTL.

    What TTL never deletes has not expired: see `items.expiry`. Raises AccessError where TTL could not be read.
    """
    why = end.description.unread.get("time_to_live")
    if why is not None:
        allow = {"Effect": "Allow", "Action": "dynamodb:DescribeTimeToLive", "Resource": end.description.arn}
        raise AccessError(
            f"Which items of {end.name} have expired is not known: {why}.",
            hint=f"allow it with {json.dumps(allow)}, or keep expired items (--expired keep)",
        )
    if not end.expires:
        return None
    return UnexpiredFilter(Expiry(end.expires, began.timestamp()))


@dataclass(frozen=True, slots=True)
class UnexpiredFilter:
    """Whether an item has not expired. A class, so that it can be sent to another process."""

    expired: Expiry

    def __call__(self, item: Item) -> bool:
        """Whether the item has not expired."""
        return not self.expired(item)
