"""The streams of the two tables of a replacement: turned on for it, and put back as they were."""

from typing import Protocol

from dynasmith.engine.replacement.capture_thread import CaptureThread
from dynasmith.engine.replacement.session import ReplacementSession
from dynasmith.engine.transfer.replacement_world import ReplacementWorld, TableSide
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.engine.waiter import StopFlag, rest
from dynasmith.jobs.spec import Replace
from dynasmith.tables.table import StreamView

SHOWS_BOTH = StreamView.NEW_AND_OLD_IMAGES


class StreamRun(Protocol):
    """What this needs of the run that it is part of."""

    spec: Replace

    def keep(self, **changes: object) -> None:
        """Keep a part of the progress."""
        ...


class TableStreams:
    """Those of one run of the job ``job``. What a stream was is kept before it is changed, so that each method is
    called again where a run was killed."""

    def __init__(self, run: StreamRun, world: ReplacementWorld, job: str) -> None:
        self._run, self._world, self._job = run, world, job

    def name_of(self, side: TableSide) -> str:
        """The name of one of the two tables."""
        spec = self._run.spec
        return spec.source.table if side == "source" else spec.target.table

    def end_of(self, side: TableSide) -> TableEnd:
        """One of the two tables as it is now."""
        return self._world.source() if side == "source" else self._world.target()

    def is_there(self, side: TableSide) -> bool:
        """Whether one of the two tables is still there, and no other one."""
        return self._world.is_there(side, self._job)

    def turned_on(self, side: TableSide, *, begins: bool = False) -> bool:
        """Turn a stream on where the capture ``begins``, or where it is off and every item is compared; whether that
        was done."""
        heals = self._run.spec.progress.heals and self.end_of(side).description.table.stream is None
        if begins or heals:
            self.turn_on(side)
        return begins or heals

    def turn_on(self, side: TableSide) -> None:
        """A stream; one of the source that shows too little is turned off and on, where that was asked for."""
        end, progress = self.end_of(side), self._run.spec.progress
        view, has_view = end.description.table.stream, side == "source" and bool(progress.stream_view)
        restarts = side == "source" and self._run.spec.restart_stream and view not in (None, SHOWS_BOTH)
        if restarts:
            self._run.keep(stream_view=str(view))
        elif view is None and not has_view and end.name not in progress.streams:
            self._run.keep(streams=(*progress.streams, end.name))
        if restarts or view is None:
            self._world.set_stream(end, SHOWS_BOTH)
        arn = self.end_of(side).description.stream_arn
        self._run.keep(**{"stream_arn" if side == "source" else "target_stream_arn": arn})

    def put_back(self, side: TableSide) -> None:
        """As it was before: off, or with the view that it had. A table that is gone has none."""
        progress = self._run.spec.progress
        view = StreamView(progress.stream_view) if side == "source" and progress.stream_view else None
        if (view is None and self.name_of(side) not in progress.streams) or not self.is_there(side):
            return
        self._world.set_stream(self.end_of(side), view)

    def settle(self, session: ReplacementSession, capture: CaptureThread, side: TableSide) -> None:
        """Wait until a record came, or so long that every write is in the stream. A stream that was on is not waited
        for."""
        progress = self._run.spec.progress
        if self.name_of(side) not in progress.streams and not (side == "source" and progress.stream_view):
            return
        clock = self._world.clock
        until = clock.monotonic() + self._world.settle_seconds
        while not capture.capture.records and clock.monotonic() < until:
            session.follower.check()
            capture.check()
            rest(0.25, clock, StopFlag())
