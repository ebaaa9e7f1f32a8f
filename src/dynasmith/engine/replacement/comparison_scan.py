"""One pass of a comparison: a scan of one table in segments side by side, beside look-ups in the other one.

The pages are moved like those of a copy, by the same mover: a page is read ahead while the one before it is compared,
and the look-ups of a page are several requests at once. Both tables are read at the pace that a copy would read them
at, and slower where they throttle.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from queue import Empty, SimpleQueue
from typing import Final, Self

from dynasmith.engine.replacement.comparison import ItemComparison
from dynasmith.engine.replacement.marks import Mark
from dynasmith.engine.transfer.copy import paced_pages, table_reader, transfer_width
from dynasmith.engine.transfer.event_thread import LoopFactory, StopRequest, run
from dynasmith.engine.transfer.mover import Mover
from dynasmith.engine.transfer.pacer import Pacer, Rates, reading
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.table_identity import READING, TableIdentityCheck
from dynasmith.errors import Interrupted
from dynasmith.items.key import KeySchema, canonical_key
from dynasmith.items.wire import RawItem, Units
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.segments import interleaved, plan_segments
from dynasmith.limits import READ_UNIT_BYTES
from dynasmith.ports.items import DeadLetter, Item, Lookup, Outcome, Source

BATCH_ITEMS: Final = 100
"""Items that are compared together: about one BatchGetItem, which reads up to 100 keys."""
BATCHES_WAITING_MAX: Final = 64
"""Batches that were compared and are not taken yet; then the scan waits."""
CLOSE_SECONDS: Final = 5.0
"""How long requests that are under way are waited for when a pass is left early."""


@dataclass(frozen=True, slots=True)
class ComparedBatch:
    """How many items were compared, and the marks of those that differ."""

    items: int
    marks: Sequence[Mark]


class ComparisonScan:
    """A pass over ``read``, whose items are compared with those of ``other``. Use it as a context manager: it begins
    there, in a thread of its own. Only reads. ``key`` is that of ``other``."""

    def __init__(
        self,
        read: TableEnd,
        other: TableEnd,
        comparison: ItemComparison,
        options: TransferOptions,
        loop_factory: LoopFactory,
    ) -> None:
        self._read, self._other, self._comparison = read, other, comparison
        self._options, self._loop_factory = options, loop_factory
        self._batches: SimpleQueue[ComparedBatch | None] = SimpleQueue()
        self._slots = asyncio.Semaphore(BATCHES_WAITING_MAX)
        self._stop = StopRequest()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="dynasmith-comparison")
        self._running: Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._mover: Mover | None = None
        self._limit: float | None = None
        self._keeper: _Segments | None = None

    def __enter__(self) -> Self:
        self._running = self._pool.submit(self._run)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._running is not None
        self._stop.ask()
        wait([self._running], CLOSE_SECONDS)
        if not self._running.done():
            self._stop.ask()
        self._pool.shutdown()

    def take(self, seconds: float) -> list[ComparedBatch] | None:
        """The batches that were compared since the last call; after ``seconds`` without any an empty list, and None at
        the end. Raises what ended the pass early."""
        assert self._running is not None
        found: list[ComparedBatch] = []
        with suppress(Empty):
            batch = self._batches.get(timeout=seconds) if seconds else self._batches.get_nowait()
            while batch is not None:
                found.append(batch)
                self._call(self._slots.release)
                batch = self._batches.get_nowait()
            if found:  # the end comes with the next call
                self._batches.put(None)
                return found
            self._running.result()
            return None
        return found

    def limit(self, units_per_second: float | None) -> None:
        """Read each of both tables at another pace from now on; None for the one of the options."""
        self._limit = units_per_second
        self._call(self._change)

    @property
    def throttled(self) -> int:
        """Requests that were throttled so far."""
        mover, keeper = self._mover, self._keeper
        return 0 if mover is None or keeper is None else keeper.throttled + mover.batched.throttled

    @property
    def rate(self) -> float:
        """Read units a second that the pace of the scan leaves now; infinite without a limit."""
        return inf if self._mover is None else self._mover.rates[0]

    def _change(self) -> None:
        if self._mover is not None:
            self._mover.change(self._limit, self._limit)

    def _call(self, call: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(call)

    def _run(self) -> None:
        try:
            run(self._main, loop_factory=self._loop_factory, stop=self._stop)
        finally:
            self._batches.put(None)

    async def _main(self, stop: StopRequest) -> None:
        self._loop = asyncio.get_running_loop()
        options = self._options
        scanned, looked = (
            rates(end, "read", options.max_read_units, share=options.share) for end in (self._read, self._other)
        )
        scans, scans_heard = reading(scanned, stop)
        lookups, lookups_heard = reading(looked, stop)
        stop.on_halt(self._wake)
        segments = plan_segments(self._read.description.size_bytes_estimate, workers=options.segments_at_once)
        self._keeper = keeper = _Segments(segments, stop)
        items = Rates(ceiling=min(looked.ceiling, scanned.ceiling * self._items_each_unit()))
        source = await table_reader(self._read, segments, paced_pages(options, items))(scans_heard)
        try:
            lookup = await self._other.access.lookup(self._other.name)(lookups_heard)
            try:
                async with TableIdentityCheck([self._read, self._other], READING).watched():
                    await self._move(source, lookup, keeper, scans, lookups, stop)
            finally:
                await lookup.close()
        finally:
            await source.close()
        if stop.asked:
            raise Interrupted("The comparison was stopped; it wrote nothing.", hint="run it again")

    def _items_each_unit(self) -> float:
        """About how many items a read unit of the scan gives, so that at a low pace no page uses up many seconds of
        it at once; 1 where the size of the items is unknown."""
        described = self._read.description
        if not described.item_count_estimate or not described.size_bytes_estimate:
            return 1.0
        return READ_UNIT_BYTES * described.item_count_estimate / described.size_bytes_estimate

    async def _move(
        self, source: Source, lookup: Lookup, keeper: "_Segments", scans: Pacer, lookups: Pacer, stop: StopRequest
    ) -> None:
        sink = _ComparisonSink(self._comparison, lookup, self._other.key, self._slots, self._batches)
        permit = scans.permit
        assert isinstance(permit, RunPermit)
        self._mover = Mover(
            source, sink, None, keeper, scans, lookups, stop, permit, transfer_width(self._options), digest=False
        )
        if self._limit is not None:
            self._change()
        await self._mover.run()

    def _wake(self) -> None:
        """Let go who waits for a slot: the pass stops."""
        for _ in range(BATCHES_WAITING_MAX):
            self._slots.release()


class _Segments:
    """The segments of a pass; how far each got is kept nowhere. Keeps `dynasmith.engine.transfer.mover.Keeper`."""

    items_left = None

    def __init__(self, segments: int, stop: StopRequest) -> None:
        self._left = deque(Checkpoint(job="", segments=segments, segment=each) for each in interleaved(segments))
        self._stop = stop
        self._throttled: dict[int, int] = {}

    @property
    def throttled(self) -> int:
        """Requests that were throttled, of pages that were compared."""
        return sum(self._throttled.values())

    async def next(self) -> Checkpoint | None:
        """The next segment."""
        return self._left.popleft() if self._left and not self._stop.asked else None

    async def save(self, checkpoint: Checkpoint) -> None:
        """Count."""
        self._throttled[checkpoint.segment] = checkpoint.counts.throttled

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """A table holds nothing that is no item."""

    async def moved(self) -> None:
        """Nothing is transformed on the way."""

    def cut(self, counts: Counts) -> None:
        """Nothing is counted."""


@dataclass(slots=True)
class _ComparisonSink:
    """Compares a batch. Its units are those of the look-ups. Keeps `dynasmith.ports.items.Sink`."""

    comparison: ItemComparison
    lookup: Lookup
    key: KeySchema
    slots: asyncio.Semaphore
    batches: "SimpleQueue[ComparedBatch | None]"
    batch_items: int = BATCH_ITEMS

    async def begin(self, segment: int, mark: bytes) -> bool:
        """Nothing to prepare."""
        del segment, mark
        return True

    async def write(self, segment: int, items: Sequence[Item], *, only_new: bool = False) -> Outcome:
        """Compare a batch."""
        del segment, only_new
        begun = self.comparison.begin(_raw(items))
        found: Mapping[bytes, RawItem] = {}
        units = 0.0
        if begun.keys:
            page = await self.lookup.page(begun.keys)
            found = {canonical_key(item, self.key): item for item in _raw(page.items)}
            units = page.units
        await self.slots.acquire()
        self.batches.put(ComparedBatch(len(items), begun.marks(found)))
        return Outcome(written=len(items), units=Units(units))

    async def mark(self, segment: int) -> bytes:
        """Nothing to keep."""
        del segment
        return b""

    async def finish(self, digest: str) -> None:
        """Nothing to finish."""

    async def close(self) -> None:
        """Nothing is open."""


def _raw(items: Sequence[Item]) -> Sequence[RawItem]:
    return [item if isinstance(item, RawItem) else RawItem(item) for item in items]
