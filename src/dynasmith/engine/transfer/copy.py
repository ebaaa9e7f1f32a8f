"""copy: every item of a table into another one."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from os import urandom
from typing import Any

import msgspec

from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.options import TransferOptions, asked_again, kept
from dynasmith.engine.transfer.pacer import Rates
from dynasmith.engine.transfer.processes.child import sendable
from dynasmith.engine.transfer.processes.stage import ProcessStage
from dynasmith.engine.transfer.runner import Pipeline, RunContext, run_job
from dynasmith.engine.transfer.table_details import TableEnd, check_ends, rates
from dynasmith.engine.transfer.transform_stage import Stage, Steps
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.expiry import Expiry
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.job import Job, job_id
from dynasmith.jobs.report import Report
from dynasmith.jobs.segments import plan_segments
from dynasmith.ports.checkpoints import Claim, Ledger
from dynasmith.ports.items import Item, OpenSource

SEGMENTS_EACH = 12
"""Segments for each process where the table is large enough: the last ones are small, so that all end together."""


def copy(
    source: TableEnd,
    target: TableEnd,
    ledger: Ledger,
    asked: TransferOptions | None = None,
    *,
    transform: Function | None = None,
    where: Callable[[Any], bool] | None = None,
    parameters: dict[str, Any] | None = None,
    around: RunContext | None = None,
) -> Report:
    """Copy every item of ``source`` into ``target`` and give the report.

    ``transform`` makes none, one or many items of one; ``where`` says which items it concerns. ``parameters`` is plain
    JSON that the job keeps: what the caller needs to find both ends again for a resume. Raises UsageError for the same
    table on both sides or another key without a transform; Interrupted and errors of the service leave a job that
    ``copy_again`` resumes, doing at most one page a segment again.
    """
    asked = asked or TransferOptions()
    around = around or RunContext()
    check_ends(source, target, transforms=transform is not None)
    segments = plan_segments(
        source.description.size_bytes_estimate,
        workers=max(asked.segments_at_once, asked.processes * SEGMENTS_EACH),
        asked=asked.segments,
    )
    total = source.description.item_count_estimate or None
    job = new_job("copy", around, segments, kept(asked, parameters or {}, total))
    ways = _ways(job, source, target, asked, transform, where)
    return run_job(ledger.begin(job), ways, around)


def copy_again(
    claim: Claim,
    source: TableEnd,
    target: TableEnd,
    *,
    transform: Function | None = None,
    where: Callable[[Any], bool] | None = None,
    around: RunContext | None = None,
) -> Report:
    """Resume a copy from its checkpoints, with the options and the time that it began with."""
    check_ends(source, target, transforms=transform is not None)
    ways = _ways(claim.job, source, target, asked_again(claim.job.parameters), transform, where)
    return run_job(claim, ways, around or RunContext())


def new_job(verb: str, around: RunContext, segments: int, parameters: dict[str, Any]) -> Job:
    """A job that was not begun yet."""
    now = around.now()
    return Job(
        id=job_id(verb, now, urandom(3)),
        verb=verb,
        parameters=parameters,
        started_at=now,
        changed_at=now,
        segments=segments,
        owner=around.owner,
    )


def _ways(
    job: Job,
    source: TableEnd,
    target: TableEnd,
    asked: TransferOptions,
    function: Function | None,
    where: Callable[[Any], bool] | None,
) -> Pipeline:
    ctx = Context(job.started_at, job.id, source.key)
    transform = None if function is None else Transform(function, ctx, target=target.key, where=where)
    keep = expiry(source, job) if asked.expired == "skip" else None
    stage: Stage | None = None
    # Whole processes where both ends can be reached from another one, else the transform alone goes there.
    processes = asked.processes if source.access.portable and target.access.portable else 0
    if transform is not None or keep is not None:
        steps = Steps(keep=keep, transform=transform, policy=asked.on_error)
        stage = steps if processes else staged_by(steps, asked)
        if processes:
            sendable(steps)
    writes = rates(target, "write", asked.max_write_units, share=asked.share)
    return Pipeline(
        source=table_reader(source, job.segments, paced_pages(asked, writes)),
        sink=target.access.sink(target.name, target.key, mode=asked.mode),
        stage=stage,
        reads=rates(source, "read", asked.max_read_units, share=asked.share),
        writes=writes,
        width=ConcurrencyLimits(asked.segments_at_once, asked.lanes),
        digest=asked.digest,
        processes=processes,
        table=target.name,
        total_items=source.description.item_count_estimate or None,
        tables=(source, target),
    )


def staged_by(steps: Steps, asked: TransferOptions) -> Steps | ProcessStage:
    """The steps in this process, or in as many others as were asked for."""
    if asked.processes > 0 and steps.transform is not None:
        return ProcessStage(steps, asked.processes, digest=asked.digest)
    return steps


def table_reader(end: TableEnd, segments: int, asked: TransferOptions) -> OpenSource:
    """The table as a source, as it was asked for."""
    return end.access.source(
        end.name,
        segments=segments,
        page_items=asked.batch_size,
        consistent=asked.consistent,
        condition=parse_condition(asked.condition).filter() if asked.condition else None,
    )


PAGE_SECONDS = 2.0
"""About how long a page may take at a low pace, so that a job says how far it is, and a kill costs little again."""
PAGE_ITEMS_MIN = 10
PAGE_ITEMS_LOW = 1_000
"""A page of 1 MB holds about as many: above this nothing is bounded."""


def paced_pages(asked: TransferOptions, writes: Rates) -> TransferOptions:
    """The options with pages that a low pace of ``writes`` moves in about two seconds, without a batch size given."""
    if asked.batch_size is not None or writes.ceiling == inf:
        return asked
    items = max(PAGE_ITEMS_MIN, int(writes.ceiling * PAGE_SECONDS / asked.segments_at_once))
    return asked if items >= PAGE_ITEMS_LOW else msgspec.structs.replace(asked, batch_size=items)


def expiry(end: TableEnd, job: Job) -> Callable[[Item], bool] | None:
    """Whether an item had not expired when the job began (TTL deletes late; such items still scan); None without TTL.

    What TTL never deletes has not expired: see `items.expiry`.
    """
    if not end.expires:
        return None
    return Alive(Expiry(end.expires, job.started_at.timestamp()))


@dataclass(frozen=True, slots=True)
class Alive:
    """Whether an item has not expired. A class, so that it can be sent to another process."""

    expired: Expiry

    def __call__(self, item: Item) -> bool:
        """Whether the item has not expired."""
        return not self.expired(item)
