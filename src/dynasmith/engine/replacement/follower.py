"""Capture and drain together: follow the source until what was written before some moment is in the target."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

from dynasmith.engine.replacement.capture_thread import CaptureThread
from dynasmith.engine.replacement.dirty_set import DirtyKey, DirtySet
from dynasmith.engine.replacement.drain import HANDLINGS_AT_ONCE, Drain
from dynasmith.engine.replacement.item_mapping import ItemMapping, shown_key
from dynasmith.engine.replacement.refusal_waits import PASSING, RefusalWaits
from dynasmith.jobs.replacement_progress import BLOCKED_KEPT, BlockedKey, KeyFigures

KEPT_SECONDS: Final = 5.0
"""How often the figures are kept while it follows."""
REST_SECONDS: Final = 0.05


class Follower:
    """``check`` raises where the run must not go on, and waits while it is paused; ``kept`` is told the figures now and
    then; ``rest`` waits."""

    def __init__(
        self,
        capture: CaptureThread,
        drain: Drain,
        dirty: DirtySet,
        mapping: ItemMapping,
        *,
        check: Callable[[], None],
        kept: Callable[[KeyFigures], None],
        now: Callable[[], float],
        rest: Callable[[float], None],
    ) -> None:
        self.capture, self.drain, self.dirty, self.mapping = capture, drain, dirty, mapping
        self._check, self._kept, self._now, self._rest = check, kept, now, rest
        self._kept_at, self._refusals = 0.0, RefusalWaits(rest)
        self._pool = ThreadPoolExecutor(HANDLINGS_AT_ONCE, thread_name_prefix="dynasmith-drain")

    def close(self) -> None:
        """End its threads."""
        self._pool.shutdown()

    def check(self) -> None:
        """Raise where the run must not go on."""
        self._check()
        self.capture.check()

    def step(self) -> int:
        """Handle some of what is dirty now, between two pieces of other work; how many keys there were."""
        self.check()
        handled = self._drained()
        self._keep_now_and_then()
        return handled

    def pause(self) -> None:
        """Wait a moment."""
        self._rest(REST_SECONDS)

    def catch_up(self, *, quiet: bool = False, late: Callable[[], None] = lambda: None) -> None:
        """Handle keys until everything that was written before is in the target, or is blocked; what is written
        meanwhile is not waited for, since there may always be some. With ``quiet`` until nothing comes any more, too:
        for when nobody writes. ``late`` raises where that takes too long."""
        self.capture.await_quiet()
        awaits = False
        while True:
            self.check()
            late()
            read = self.capture.quiet if quiet else self.capture.near  # asked first: what was read is dirty by now
            if read and not awaits and not quiet:
                self.dirty.await_handling()
                awaits = True
            if (awaits and not self.dirty.awaited) or (read and not self.dirty.pending):
                self.keep()
                return
            if self._drained():
                self._keep_now_and_then()
            else:
                self._rest(REST_SECONDS)

    def _drained(self) -> int:
        """Handle some keys; how many there were, 0 where the service throttled or failed for a while."""
        before = self.drain.counts.keys
        try:
            handled = self.drain.run(pool=self._pool)
        except PASSING as error:
            if self.drain.counts.keys > before:
                self._refusals.clear()
            self._refusals.wait(error)
            return 0
        self._refusals.clear()
        return handled

    def end(self) -> None:
        """Read nothing more, and handle what was read: what is written from now on is for another reader."""
        self.capture.stop()
        self.capture.check()
        while self.dirty.pending:
            if not self.step():
                self.pause()
        self.keep()
        self.capture.close()

    def unexplained(self, changed: list[DirtyKey]) -> int:
        """How many of these keys, which a comparison made dirty, the stream says nothing about, once it was read."""
        self.catch_up()
        seen = self.capture.capture.seen or set()
        return sum(dirty.key not in seen for dirty in changed)

    def keep(self) -> None:
        """Keep the figures."""
        self._kept_at = self._now()
        self._kept(self.figures)

    def _keep_now_and_then(self) -> None:
        if self._now() - self._kept_at >= KEPT_SECONDS:
            self.keep()

    @property
    def figures(self) -> KeyFigures:
        """What is known of the keys now."""
        oldest, blocked = self.dirty.oldest(), self.dirty.blocked
        first = list(blocked.items())[:BLOCKED_KEPT]
        return KeyFigures(
            dirty=self.dirty.pending,
            blocked=len(blocked),
            records=self.capture.capture.records,
            handled=self.drain.counts.keys,
            lag_seconds=0.0 if oldest is None else round(max(0.0, self._now() - oldest), 3),
            captured_at=datetime.fromtimestamp(self._now(), UTC),
            first_blocked=tuple(BlockedKey(shown_key(key, self.mapping.source), each.reason) for key, each in first),
        )
