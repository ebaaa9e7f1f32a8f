"""Run a job from where it is to its end, or to where it stops, and keep its state true whatever happens."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

import msgspec

from dynasmith.engine.transfer.distinct import Distinct
from dynasmith.engine.transfer.events import FlowEnded, FlowStarted
from dynasmith.engine.transfer.flow import WIDTH, Flow, Width
from dynasmith.engine.transfer.loop import LoopFactory, Stop, run
from dynasmith.engine.transfer.pacing import UNLIMITED, Pacer, Rates
from dynasmith.engine.transfer.processes import ProcessStage
from dynasmith.engine.transfer.stage import Stage
from dynasmith.errors import DynasmithError, Interrupted, RunError
from dynasmith.items.digest import Digest
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import State, counted, failure_reason, moved
from dynasmith.jobs.report import Report
from dynasmith.jobs.steer import Throttle
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import Heard, OpenSink, OpenSource, Sink, Source
from dynasmith.ports.listener import Listener, silent

RAN_SECONDS = "ran_seconds"
"""The parameter of a job that adds up how long its runs took; what a kill cut off is missing."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the items of a job come from, what happens to them, where they go, how fast."""

    source: OpenSource
    sink: OpenSink
    stage: Stage | None = None
    reads: Rates = UNLIMITED
    writes: Rates = UNLIMITED
    width: Width = WIDTH
    digest: bool = True
    distinct: Distinct | None = None
    table: str = ""
    total_items: int | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What a run needs of the world: who listens, which loop, what time it is, how it is stopped, who runs it."""

    listener: Listener = silent
    loop_factory: LoopFactory = asyncio.new_event_loop
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    stop: Stop | None = None
    owner: str = ""


def run_job(claim: Claim, ways: Ways, around: Around | None = None) -> Report:
    """Run the claimed job and give its report. Releases the claim.

    Raises Interrupted when a signal or ``around.stop`` ended it, else what went wrong; in both cases the job can be
    resumed. A cancelled job gives a report whose state says so.
    """
    around = around or Around()
    try:
        resumed = bool(claim.checkpoints()) or claim.job.state != "running"
        if claim.job.state != "running":
            claim.change(moved(claim.job, "running", around.now()))
        return run(
            lambda stop: _run(claim, ways, around, stop, resumed), loop_factory=around.loop_factory, stop=around.stop
        )
    finally:
        claim.release()


async def _run(claim: Claim, ways: Ways, around: Around, stop: Stop, resumed: bool) -> Report:
    began = monotonic()
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
    reason = ""
    try:
        flow = await _opened(claim, ways, around, stop)
        async with _Closing(flow.source, flow.sink, ways):
            await flow.run()
            reached = _state_of(flow, stop)
            if reached == "done":
                await flow.sink.finish(str(flow.target_digest))
            state = reached
    except asyncio.CancelledError:
        if not stop.asked:
            raise
        state = "cancelled" if flow is not None and flow.cancelled else "interrupted"
    except DynasmithError as error:
        reason = failure_reason(error)
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise
    finally:
        counts = Counts() if flow is None else flow.counts
        seconds = monotonic() - began
        digest = Digest() if flow is None else flow.target_digest
        ended = moved(counted(claim.job, counts, digest if ways.digest else None), state, around.now(), reason=reason)
        ran = seconds + ended.parameters.get(RAN_SECONDS, 0.0)
        claim.change(msgspec.structs.replace(ended, parameters=ended.parameters | {RAN_SECONDS: ran}))
        around.listener(FlowEnded(table=ways.table, job=job.id, state=state, counts=counts, seconds=seconds))
    if state == "interrupted":
        raise Interrupted(
            f"Job {job.id} was interrupted after {counts.read:,} items; nothing was lost.",
            hint=f"dynasmith jobs resume {job.id}",
        )
    report = Report(claim.job, counts, ran, target=digest, dead_letters=claim.dead_letters)
    if state == "done" and not report.adds_up:
        raise RunError(
            f"Job {job.id} does not add up: {counts.arithmetic}.", hint="this is a defect; verify the target"
        )
    return report


async def _opened(claim: Claim, ways: Ways, around: Around, stop: Stop) -> Flow:
    reads, writes = Pacer("read", ways.reads), Pacer("write", ways.writes)
    source = await ways.source(_both(reads, writes))
    try:
        sink = await ways.sink(_both(reads, writes))
    except BaseException:
        await source.close()
        raise
    if source.segments != claim.job.segments:
        await source.close()
        await sink.close()
        raise RunError(
            f"Job {claim.job.id} has {claim.job.segments} segments, and its source has {source.segments}.",
            hint="the source changed since the job began; start a new job",
        )
    return Flow(
        source=source,
        sink=sink,
        stage=ways.stage,
        claim=claim,
        reads=reads,
        writes=writes,
        stop=stop,
        now=around.now,
        width=ways.width,
        digest=ways.digest,
        distinct=ways.distinct,
        listener=around.listener,
        table=ways.table,
        total_items=ways.total_items,
    )


def _both(reads: Pacer, writes: Pacer) -> Heard:
    def heard(throttles: Sequence[Throttle]) -> None:
        reads.heard(throttles)
        writes.heard(throttles)

    return heard


def _state_of(flow: Flow, stop: Stop) -> State:
    if flow.cancelled:
        return "cancelled"
    if flow.done:
        return "done"
    return "interrupted" if stop.asked else "failed"


class _Closing:
    """Closes source, sink and what else a run opened, in this order, however it ended."""

    def __init__(self, source: Source, sink: Sink, ways: Ways) -> None:
        self._closers = [source.close, sink.close]
        if isinstance(ways.stage, ProcessStage):
            self._closers.append(ways.stage.close)

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        for close in self._closers:
            await close()
