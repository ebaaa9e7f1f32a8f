"""What a run of a replacement has open while it follows: spools, captures, a drain."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from dynasmith.engine.replacement.capture import StreamCapture
from dynasmith.engine.replacement.capture_thread import CaptureThread
from dynasmith.engine.replacement.direction import Direction
from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.drain import Drain
from dynasmith.engine.replacement.follower import Follower
from dynasmith.engine.replacement.journal_log import JournalLog
from dynasmith.engine.replacement.late_watch import LateWatch
from dynasmith.engine.replacement.late_writes import LateWrites
from dynasmith.engine.replacement.mark_spool import MarkSpool, SpoolContent
from dynasmith.engine.replacement.marks import FollowedRecords, PassedRecords, RecordReader
from dynasmith.engine.replacement.own_write_log import OwnWriteLog
from dynasmith.engine.replacement.own_writes import OwnWrites
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.replacement_world import ReplacementWorld
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.waiter import StopFlag, rest
from dynasmith.errors import RunError
from dynasmith.jobs.replacement_progress import KeyFigures
from dynasmith.ports.owned_items import OwnedItems

GAP_SECONDS_MAX: Final = 20 * 3600.0
"""How long the stream may go unread: it keeps records for 24 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParts:
    """What a run lends: ``check`` raises where it must not go on, and waits while it is paused; ``kept`` is told
    figures; ``failed`` is called, in another thread, where a capture ends early. With ``heals`` what is gone from a
    stream is passed over."""

    job: str
    world: ReplacementWorld
    context: RunContext
    permit: RunPermit
    check: Callable[[], None]
    kept: Callable[[KeyFigures], None]
    failed: Callable[[], None]
    heals: bool

    def now(self) -> float:
        """Unix seconds."""
        return self.world.clock.now().timestamp()

    def wait(self, seconds: float) -> None:
        """Wait on the project's clock."""
        rest(seconds, self.world.clock, StopFlag())

    def log(self, segment: int) -> JournalLog:
        """One part of the job's journal."""
        return JournalLog(self.world.journal(self.job), self.permit.check_lease, self.context.loop_factory, segment)


class ReplacementSession:
    """One direction of a replacement, open: who follows, and the two tables. ``watch`` reads the stream of the table
    that is not in use, where it has been in use; ``passing`` that of a table that will be."""

    def __init__(
        self,
        direction: Direction,
        follower: Follower,
        tables: OwnedItems,
        *,
        watch: LateWatch | None = None,
        passing: CaptureThread | None = None,
    ) -> None:
        self.direction, self.follower, self.tables = direction, follower, tables
        self.watch, self.passing = watch, passing


@contextmanager
def opened_session(
    parts: RunParts, direction: Direction, *, watched: Direction | None = None, passed: Direction | None = None
) -> Iterator[ReplacementSession]:
    """Read back what was captured, and go on with the captures beside what is inside. ``watched`` is the other
    direction where writes of others to its table are looked for, ``passed`` the one that begins soon. Raises RunError
    where a stream was not read for too long."""
    with ExitStack() as stack:
        own, watch, passing = None, None, None
        if watched is not None:
            watch, own = stack.enter_context(opened_watch(parts, watched, drained=direction))
        if passed is not None:
            passing = stack.enter_context(_captured(parts, passed, PassedRecords(), DirtySet(), heals=True))[0]
        dirty, mapping, tables = DirtySet(), direction.mapping, direction.tables(parts.world.items)
        thread, spool = stack.enter_context(_captured(parts, direction, FollowedRecords(mapping), dirty))
        check = parts.permit.check_lease
        drain = Drain(dirty, mapping, tables, now=parts.now, check=check, own=own, forgotten=spool.forgotten)
        follower = Follower(
            thread, drain, dirty, mapping, check=parts.check, kept=parts.kept, now=parts.now, rest=parts.wait
        )
        stack.callback(follower.close)
        if watch is not None and own is not None:
            watch.look()
            own.settle()
        yield ReplacementSession(direction, follower, tables, watch=watch, passing=passing)


@contextmanager
def opened_watch(
    parts: RunParts, watched: Direction, *, drained: Direction | None
) -> Iterator[tuple[LateWatch, OwnWriteLog | None]]:
    """Look for writes of others to the table that is not in use; ``drained`` is the direction that writes to it."""
    own, dirty = OwnWrites(), DirtySet()
    with ExitStack() as stack:
        log = None
        if drained is not None:
            log = OwnWriteLog(parts.log(drained.writes_segment), own)
            stack.callback(log.close)
        world = parts.world
        reading = LateWrites(watched.mapping, own, watched.tables(world.items), world.items, watched.target.name)
        thread, _ = stack.enter_context(_captured(parts, watched, reading, dirty, own))
        yield LateWatch(thread, dirty, watched.mapping, check=parts.check, rest=parts.wait), log


@contextmanager
def _captured(
    parts: RunParts,
    direction: Direction,
    reading: RecordReader,
    dirty: DirtySet,
    own: OwnWrites | None = None,
    *,
    heals: bool = False,
) -> Iterator[tuple[CaptureThread, MarkSpool]]:
    """A capture that runs. With ``heals`` nothing of its stream is missed where it is gone."""
    heals = heals or parts.heals
    spool = MarkSpool(parts.log(direction.marks_segment), parts.now)
    try:
        content = spool.restore(dirty, own)
        if not heals:
            _refuse_gap(parts, direction, content)
        stream = parts.world.stream(direction.source)
        capture = StreamCapture(stream, reading, dirty, spool, content.positions, parts.now, heals=heals)
    except BaseException:
        spool.close()
        raise
    thread = CaptureThread(
        capture, spool, dirty, job=parts.job, now=parts.now, allowed=parts.permit.check_lease, failed=parts.failed
    )
    thread.start()
    try:
        yield thread, spool
    finally:
        thread.close()


def _refuse_gap(parts: RunParts, direction: Direction, content: SpoolContent) -> None:
    table, known = direction.source.name, direction.stream_arn
    hint = f"dynasmith replace verify {parts.job} compares every item and goes on"
    if direction.source.description.table.stream is None:
        raise RunError(f"The stream of {table} is off: what changed meanwhile is not known.", hint=hint)
    if known and direction.source.description.stream_arn != known:
        raise RunError(
            f"{table} has another stream than the one that was read: what changed meanwhile is not known.", hint=hint
        )
    gap = 0.0 if content.at is None else parts.now() - content.at
    if gap > GAP_SECONDS_MAX:
        raise RunError(f"The stream of {table} was not read for {gap / 3600:.0f} hours, and it keeps 24.", hint=hint)
