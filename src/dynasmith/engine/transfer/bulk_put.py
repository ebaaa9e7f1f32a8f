"""populate by StartBulkPutItems: files of S3 into a table that exists, waited for, its counts and errors looked at."""

from __future__ import annotations

from collections.abc import Callable

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.service_job import (
    JobCancellation,
    begin_anew,
    begun_once,
    enter_service_job,
    run_service_job,
    same_job,
    unfinished,
    wait_until_over,
)
from dynasmith.errors import RunError, UsageError
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.report import Report
from dynasmith.jobs.service_transfer import BulkRequest, BulkState, ServiceResult, key_range
from dynasmith.jobs.spec import BulkPut
from dynasmith.ports.checkpoints import Claim
from dynasmith.tables.description import TableDescription

WRITE_UNITS_MIN = 1024
"""API reference, StartBulkPutItems: MaxWriteRequestUnits."""
_DONE = ("COMPLETED", "COMPLETED_WITH_ERRORS")


def check_bulk(described: TableDescription, request: BulkRequest) -> None:
    """Raise UsageError for a table that takes no bulk write, and a limit that is too low."""
    name = described.table.name
    if request.write_units is not None and request.write_units < WRITE_UNITS_MIN:
        raise UsageError(
            f"A bulk write takes at least {WRITE_UNITS_MIN:,} write units a second, not {request.write_units:,}.",
            hint="give more, or use --by ours, which takes any pace",
        )
    if request.format == "csv":
        raise UsageError("A bulk write reads DynamoDB JSON and Ion, not CSV.", hint="use --by ours")
    if described.replicas:
        raise UsageError(f"{name} is a global table, and a bulk write takes none.", hint="use --by ours")
    building = [index.name for index in described.indexes if index.status == "CREATING" or index.backfilling]
    if building:
        raise UsageError(
            f"{', '.join(building)} of {name} is being built, and a bulk write waits for no index.",
            hint="run it again when the index is ACTIVE",
        )


def begin_bulk_put(spec: BulkPut, world: JobWorld) -> Claim:
    """Enter a bulk write in the ledger, or go on with the one that was asked for in the same words and is not over."""
    return same_job(spec, world.ledger) or enter_service_job(spec, world.ledger, world.context)


def bulk_put(spec: BulkPut, claim: Claim, world: JobWorld) -> Report:
    """Begin the bulk write, or find the one that was begun, wait for it, and look at its counts.

    Raises RunError where the service failed. Items that failed are counted as dead, and the report says where their
    errors are. A job that is cancelled while it waits cancels the operation; what it wrote stays.
    """
    table, puts, context = world.table(spec.target), world.service.bulk_puts(spec.target), world.context
    counts = [Counts()]

    def work(stop: StopRequest) -> ServiceResult:
        state = _begun(_spec_of(claim), claim, world, table.name)
        look: Callable[[], BulkState] = lambda: puts.describe(state.arn)  # noqa: E731
        what = f"Bulk write {state.arn}"
        try:
            state = wait_until_over(claim, context, table.name, what, look, stop, world.service.waiting)
        except JobCancellation:
            puts.cancel(state.arn)
            raise
        if not state.over:
            later = f"The bulk write is {state.status}; dynasmith jobs resume {claim.job.id} waits for it"
            return unfinished(_fields(spec, state), later, world.service.waiting)
        if state.status not in _DONE:
            begin_anew(claim, _spec_of(claim))
            raise RunError(
                f"The bulk write into {table.name} is {state.status} ({state.failure_code or 'no code'}): "
                f"{state.failure or 'the service gave no reason'}",
                hint="what it wrote stays, and is written again to the same items; correct the cause and run it again",
            )
        counts[0] = Counts(read=state.processed, written=state.processed - state.failed, dead=state.failed)
        return ServiceResult(fields=_fields(spec, state), problems=tuple(_problems(spec, state)))

    return run_service_job(claim, context, table.name, work, lambda: counts[0])


def _spec_of(claim: Claim) -> BulkPut:
    spec = claim.job.spec
    assert isinstance(spec, BulkPut)
    return spec


def _begun(spec: BulkPut, claim: Claim, world: JobWorld, table: str) -> BulkState:
    """The operation of the job: the one it knows, the one that has its token, or a new one."""
    puts = world.service.bulk_puts(spec.target)
    return begun_once(
        claim,
        world.context,
        spec,
        describe=puts.describe,
        with_token=lambda: puts.with_token(spec.token),
        start=lambda: puts.start(table, key_range(spec.place), spec.request, spec.token),
    )


def _problems(spec: BulkPut, state: BulkState) -> list[str]:
    if not state.processed:
        return ["The bulk write is over and wrote no item."]
    if spec.items is not None and state.processed != spec.items:
        return [f"The bulk write read {state.processed:,} items, and the manifest of the export says {spec.items:,}."]
    return []


def _fields(spec: BulkPut, state: BulkState) -> dict[str, object]:
    """The JSON fields of the verb."""
    request = spec.request
    return {
        "operation_arn": state.arn,
        "operation_status": state.status,
        "processed_items": state.processed,
        "error_count": state.failed,
        "errors_at": f"s3://{request.errors_bucket}/{request.errors_prefix}" if state.failed else None,
    }
