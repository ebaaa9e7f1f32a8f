"""What a run of a replacement has open while it follows: spool, capture, drain."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from dynasmith.engine.replacement.capture import StreamCapture
from dynasmith.engine.replacement.capture_thread import CaptureThread
from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.drain import Drain
from dynasmith.engine.replacement.follower import Follower
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.journal_log import JournalLog
from dynasmith.engine.replacement.mark_spool import MarkSpool, SpoolContent
from dynasmith.engine.replacement.owned_tables import OwnedTables
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.replacement_world import ReplacementWorld
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.waiter import StopFlag, rest
from dynasmith.errors import RunError
from dynasmith.jobs.replacement_progress import KeyFigures
from dynasmith.jobs.spec import Replace

GAP_SECONDS_MAX: Final = 20 * 3600.0
"""How long the stream may go unread: it keeps records for 24 hours."""


class ReplacementSession:
    """One direction of a replacement, open: who follows, and the two tables."""

    def __init__(self, follower: Follower, tables: OwnedTables, mapping: ItemMapping) -> None:
        self.follower, self.tables, self.mapping = follower, tables, mapping


@contextmanager
def opened_session(
    spec: Replace,
    job: str,
    world: ReplacementWorld,
    context: RunContext,
    permit: RunPermit,
    *,
    check: Callable[[], None],
    kept: Callable[[KeyFigures], None],
    failed: Callable[[], None],
) -> Iterator[ReplacementSession]:
    """Read back what was captured, and go on with the capture beside what is inside. ``failed`` is called, in another
    thread, where that ends early. Raises RunError where the stream was not read for too long."""
    source, target = world.source(), world.target()
    mapping = ItemMapping(source.key, target.key, world.transform(spec), spec.owners)
    clock, dirty = world.clock, DirtySet()

    def now() -> float:
        return clock.now().timestamp()

    log = JournalLog(world.journal(job), permit.check_lease, context.loop_factory)
    spool = MarkSpool(log, now)
    content = spool.restore(dirty)
    try:
        _refuse_gap(spec, job, content, now(), source.description.stream_arn)
        capture = StreamCapture(
            world.stream(), mapping, dirty, spool, content.positions, now, heals=spec.progress.heals
        )
    except BaseException:
        spool.close()
        raise
    thread = CaptureThread(capture, spool, dirty, job=job, now=now, allowed=permit.check_lease, failed=failed)
    tables = OwnedTables(world.items, source.name, target.name, mapping)
    drain = Drain(dirty, mapping, tables, now=now, check=permit.check_lease, forgotten=spool.forgotten)

    def wait(seconds: float) -> None:
        rest(seconds, clock, StopFlag())

    follower = Follower(thread, drain, dirty, mapping, check=check, kept=kept, now=now, rest=wait)
    thread.start()
    try:
        yield ReplacementSession(follower, tables, mapping)
    finally:
        follower.close()
        thread.close()


def _refuse_gap(spec: Replace, job: str, content: SpoolContent, now: float, stream_arn: str) -> None:
    known = spec.progress.stream_arn
    if known and stream_arn != known and not spec.progress.heals:
        raise RunError(
            f"{spec.source.table} has another stream than the one that was read: what changed meanwhile is not known.",
            hint=f"dynasmith replace verify {job} compares every item and goes on",
        )
    gap = 0.0 if content.at is None else now - content.at
    if gap > GAP_SECONDS_MAX and not spec.progress.heals:
        raise RunError(
            f"The stream of {spec.source.table} was not read for {gap / 3600:.0f} hours, and it keeps 24.",
            hint=f"dynasmith replace verify {job} compares every item and goes on",
        )
