"""Run a job from where it is to its end, or to where it stops, and keep its state true whatever happens."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic

import msgspec

from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.event_thread import LoopFactory, StopRequest, run
from dynasmith.engine.transfer.events import FlowEnded, FlowStarted, FlowStopping
from dynasmith.engine.transfer.flow import Flow, PageMover
from dynasmith.engine.transfer.key_register import JobKeys
from dynasmith.engine.transfer.mover import WIDTH, ConcurrencyLimits, Mover
from dynasmith.engine.transfer.movers.keeper import CrewMover
from dynasmith.engine.transfer.movers.order import Work
from dynasmith.engine.transfer.movers.stage import ProcessStage
from dynasmith.engine.transfer.pacer import UNLIMITED, Pacer, Rates, heard_by
from dynasmith.engine.transfer.parts import WorkerParts
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.sealed_claim import SealedClaim
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.engine.transfer.table_identity import Notifier, TableIdentityCheck
from dynasmith.engine.transfer.transform_stage import Stage
from dynasmith.engine.workers.local_process import LocalCrew
from dynasmith.errors import DynasmithError, Interrupted, RunError, UsageError
from dynasmith.items.digest import Digest
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import State, counted, failure_reason, moved
from dynasmith.jobs.plain_error import is_plain
from dynasmith.jobs.report import Report
from dynasmith.masking import masked
from dynasmith.operations.pseudonym import Pseudonyms
from dynasmith.ports.checkpoints import Claim, KeptInTable
from dynasmith.ports.crew import Crew
from dynasmith.ports.items import OpenSink, OpenSource, Sink, Source
from dynasmith.ports.listener import Listener, silent

_log = logging.getLogger("dynasmith.jobs")

STOPPED_GLANCE_SECONDS = 2.0
"""How long the tables of a job that was stopped are looked at."""

WORKER = "dynasmith.engine.transfer.movers.worker"
"""The entry of a process of this machine that moves segments."""

_RESUME = "jobs resume"
"""The command that hints name."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Where the items of a job come from, what happens to them, where they go, how fast.

    With ``processes`` the segments are moved by so many workers, which are sent ``parts``; what the sink must remember
    of a segment (its mark) must be nothing that one process knows alone. ``tables`` must be the same until the end.
    """

    source: OpenSource
    sink: OpenSink
    stage: Stage | None = None
    reads: Rates = UNLIMITED
    writes: Rates = UNLIMITED
    width: ConcurrencyLimits = WIDTH
    digest: bool = True
    distinct: Deduplication | None = None
    keys: JobKeys | None = None
    """The register that ``distinct`` and those of workers ask."""
    processes: int = 0
    parts: WorkerParts | None = None
    table: str = ""
    total_items: int | None = None
    limit: int | None = None
    """At most so many items are sent to the sink: the segments are moved one after the other, by one process. The stage
    must be ``Steps``, or none."""
    tables: Sequence[TableEnd] = ()
    seal: Pseudonyms | None = None
    """What seals the positions that the ledger keeps, where they are keys of items that are masked."""
    again: str = ""
    """What to do instead of resuming the job, where its source cannot be read again."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Workers elsewhere: what places them, and on how many the job counts."""

    crew: Callable[[], Crew]
    count: int


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run needs of the world: who listens, which loop, what time it is, how it is stopped, who runs it.

    ``monotonic`` is the clock in seconds by which the tables are compared once a minute.
    """

    listener: Listener = silent
    loop_factory: LoopFactory = asyncio.new_event_loop
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    stop: StopRequest | None = None
    owner: str = ""
    monotonic: Callable[[], float] = monotonic
    masked: Callable[[str], str] = masked
    """What the reason of a failure goes through before a record keeps it."""
    job_id: str = ""
    """The id of the next job that begins; empty for one of its own."""
    placement: "Placement | None" = None
    """Where the workers of the job are; None: processes of this machine, where it has any."""
    origin: str = ""
    """What begins it, where that is not a person."""


def run_job(claim: Claim, ways: Pipeline, around: RunContext | None = None) -> Report:
    """Run the claimed job and give its report. Releases the claim.

    Raises Interrupted when a signal or ``around.stop`` ended it, LeaseLost when another run may have the job, else what
    went wrong; in all cases the job can be resumed. A cancelled job gives a report whose state says so.
    """
    around = around or RunContext()
    permit = RunPermit(claim.job.id, claim.lease)

    def stopping() -> None:
        around.listener(
            FlowStopping(table=ways.table, job=claim.job.id, requests=permit.under_way, processes=ways.processes)
        )

    first: BaseException | None = None
    try:
        resumed = bool(claim.checkpoints()) or claim.job.state != "running"
        if claim.job.state != "running":
            claim.change(moved(claim.job, "running", around.now()))
        return run(
            lambda stop: _run(claim, ways, around, stop, permit, resumed),
            loop_factory=around.loop_factory,
            stop=around.stop,
            stopping=stopping,
        )
    except BaseException as error:
        first = error
        if ways.again and isinstance(error, DynasmithError) and _RESUME in error.hint:
            error.hint = ways.again
        raise
    finally:
        with _behind(first):
            claim.release()


@contextmanager
def _behind(first: BaseException | None) -> Iterator[None]:
    """What a ledger refuses at the end of a run that failed is logged: its first error is the one to show."""
    try:
        yield
    except Exception as error:
        if first is None:
            raise
        _log.warning("The outcome of the job could not be saved: %s", error)


async def _run(
    claim: Claim, ways: Pipeline, around: RunContext, stop: StopRequest, permit: RunPermit, resumed: bool
) -> Report:
    began = monotonic()
    stop.on_halt(permit.halt)
    job = claim.job
    around.listener(
        FlowStarted(
            table=ways.table,
            job=job.id,
            verb=job.verb,
            segments=job.segments,
            total_items=ways.total_items,
            resumed=resumed,
        )
    )
    flow: Flow | None = None
    state: State = "failed"
    reason, plain = "", False
    first: BaseException | None = None
    try:
        async with AsyncExitStack() as opened:
            ends = await _opened(claim, ways, permit, opened)
            same = _same_tables(claim, ways, around)
            opened.push_async_callback(same.close)
            flow = _flow(claim, ways, around, stop, ends, same)
            await flow.begin()
            reached = await _moved(flow, _moving(flow, ways, around, ends), same)
            if reached == "done":
                permit.check_lease()
                if ways.parts is not None:  # what was written elsewhere is known by its marks
                    for at in flow.at.values():
                        await flow.sink.begin(at.segment, at.mark)
                await flow.sink.finish(str(flow.target_digest))
            state = reached
    except asyncio.CancelledError:
        if not stop.asked:
            raise
        state = "cancelled" if flow is not None and flow.cancelled else "interrupted"
    except Interrupted as error:
        first, state = error, "interrupted"
        raise
    except Exception as error:
        first = error
        reason = failure_reason(error) if isinstance(error, DynasmithError) else f"{type(error).__name__}: {error}"
        reason, plain = around.masked(reason), is_plain(error)
        raise
    finally:
        counts = Counts() if flow is None else flow.counts
        seconds = monotonic() - began
        digest = Digest() if flow is None else flow.target_digest
        ended = moved(
            counted(claim.job, counts, digest if ways.digest else None), state, around.now(), reason=reason, plain=plain
        )
        ran = seconds + ended.ran_seconds
        with _behind(first):
            claim.change(msgspec.structs.replace(ended, ran_seconds=ran))
        around.listener(
            FlowEnded(table=ways.table, job=job.id, state=state, counts=counts, seconds=seconds, again=ways.again)
        )
    if state == "interrupted":
        raise Interrupted(
            f"Job {job.id} was interrupted after {counts.read:,} items; nothing was lost.",
            hint=f"dynasmith {_RESUME} {job.id}",
        )
    report = Report(claim.job, counts, ran, target=digest, dead_letters=claim.dead_letters)
    if state == "done" and not report.adds_up:
        raise RunError(
            f"Job {job.id} does not add up: {counts.arithmetic}.", hint="this is a defect; verify the target"
        )
    return report


async def _moved(flow: Flow, moving: PageMover, same: TableIdentityCheck) -> State:
    """Move what is left; how far that came. What was written to a table that is another one now is not there."""
    try:
        await flow.run(moving)
    except DynasmithError as error:
        found = await same.explained(error)
        if found is error:
            raise
        raise found from error
    reached = _state_of(flow, flow.stop)
    if reached == "done":
        await same.check()
    elif reached == "interrupted":
        with suppress(TimeoutError):  # a service that does not answer must not hold up who wants to stop
            async with asyncio.timeout(STOPPED_GLANCE_SECONDS):
                await same.glance()
    return reached


def _same_tables(claim: Claim, ways: Pipeline, around: RunContext) -> TableIdentityCheck:
    job = claim.job
    told = Notifier(
        since=f"since job {job.id} began",
        lost="what the job read and wrote until then is not in this one.",
        hint=f"dynasmith jobs cancel {job.id}, then start a new job",
    )
    also = [claim.check_table] if isinstance(claim, KeptInTable) else []
    same = TableIdentityCheck(ways.tables, told, around.listener, around.monotonic, also)
    same.note_unknown()
    return same


@dataclass(frozen=True, slots=True)
class _Ends:
    """Both ends of a job, open in this process, and the pace between them."""

    source: Source
    sink: Sink
    reads: Pacer
    writes: Pacer
    permit: RunPermit


async def _opened(claim: Claim, ways: Pipeline, permit: RunPermit, opened: AsyncExitStack) -> _Ends:
    reads, writes = Pacer("read", ways.reads, permit=permit), Pacer("write", ways.writes, permit=permit)
    heard = heard_by(reads, writes)
    if isinstance(ways.stage, ProcessStage):
        opened.push_async_callback(ways.stage.close)
    source = await ways.source(heard)
    opened.push_async_callback(source.close)
    sink = await ways.sink(heard)
    opened.push_async_callback(sink.close)
    if source.segments != claim.job.segments:
        raise RunError(
            f"Job {claim.job.id} has {claim.job.segments} segments, and its source has {source.segments}.",
            hint="the source changed since the job began; start a new job",
        )
    return _Ends(source, sink, reads, writes, permit)


def _flow(
    claim: Claim, ways: Pipeline, around: RunContext, stop: StopRequest, ends: _Ends, same: TableIdentityCheck
) -> Flow:
    async def before(at: Mapping[int, Checkpoint]) -> None:
        if ways.distinct is not None and ways.keys is not None:
            await ways.distinct.recall(ways.keys, (ends.source, ways.stage), at, ends.permit)

    return Flow(
        claim=claim if ways.seal is None else SealedClaim(claim, ways.seal),
        sink=ends.sink,
        stop=stop,
        now=around.now,
        before=before,
        lost=ways.keys.lose if ways.keys is not None else lambda _segment: None,
        permit=ends.permit,
        listener=around.listener,
        table=ways.table,
        total_items=ways.total_items,
        limit=ways.limit,
        same=same,
    )


def _moving(flow: Flow, ways: Pipeline, around: RunContext, ends: _Ends) -> PageMover:
    """The mover of this process, or as many processes as were asked for."""
    placed = around.placement
    processes = ways.processes if placed is None else placed.count
    if placed is not None and ways.parts is None:
        raise UsageError(
            "The items of this job cannot be moved by workers elsewhere.",
            hint="remove --on; a limit, a canary, a function and the transport botocore are of one process",
        )
    if processes and ways.parts is not None and flow.left:
        count = min(processes, flow.left if ways.limit is None else 1)
        each = -(-min(ways.width.segments, flow.left) // count)  # so that the first one leaves its part of them
        work = Work(
            job=flow.claim.job.id,
            segments=flow.claim.job.segments,
            name=f"Job {flow.claim.job.id}",
            again=f"dynasmith {_RESUME} {flow.claim.job.id}",
            parts=ways.parts,
            reads=ways.reads,
            writes=ways.writes,
            width=replace(ways.width, segments=each),
            digest=ways.digest,
            only_new=flow.only_new,
            loop_factory=around.loop_factory,
        )
        crew = LocalCrew(WORKER) if placed is None else placed.crew()
        return CrewMover(work, crew, count, flow, flow.stop, flow.claim.lease)
    return Mover(
        source=ends.source,
        sink=ends.sink,
        stage=ways.stage,
        keeper=flow,
        reads=ends.reads,
        writes=ends.writes,
        stop=flow.stop,
        permit=ends.permit,
        width=ways.width,
        digest=ways.digest,
        distinct=ways.distinct,
        only_new=flow.only_new,
    )


def _state_of(flow: Flow, stop: StopRequest) -> State:
    if flow.cancelled:
        return "cancelled"
    if flow.done:
        return "done"
    return "interrupted" if stop.asked else "failed"
