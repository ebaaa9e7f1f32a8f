"""Read the items of a table, all or some from random segments, and show each to whoever looks. Writes nothing."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

import msgspec

from dynasmith.engine.transfer.copy import PAGE_ITEMS_LOW, table_reader
from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.events import FlowEnded, FlowNote, FlowProgress, FlowStarted
from dynasmith.engine.transfer.pacer import Pacer, reading
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.table_identity import READING, TableIdentityCheck
from dynasmith.errors import Interrupted
from dynasmith.items.wire import Units
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.options import TransferOptions
from dynasmith.limits import READ_UNIT_BYTES
from dynasmith.ports.concurrency import together
from dynasmith.ports.items import Item, Page, Source
from dynasmith.validate.item_sample import ItemSampleSize

Tree = dict[str, Any]
Visit = Callable[[int, Item, Tree], None]
"""Is shown the segment of an item, its bytes, and what they say."""

AT_ONCE: Final = 8
"""Pages that are read at the same time."""
PLACES: Final = 32
"""In how many places a sample is taken, where the table has as many items."""
SEGMENTS_MAX: Final = 1_024
"""A sample chooses among at most so many segments: each costs half a read unit, also where it is empty."""
_PROGRESS_SECONDS: Final = 0.25
_decode: Final = msgspec.json.Decoder(Tree).decode


@dataclass(slots=True)
class _Reading:
    """One reading, as far as it got. ``queue`` has the pages that can be read next."""

    end: TableEnd
    wanted: int | None
    segments: int
    visit: Visit
    queue: deque[tuple[int, bytes | None]] = field(default_factory=deque)
    places: set[int] = field(default_factory=set)
    items: int = 0
    units: float = 0.0
    cut: bool = False

    @property
    def is_over(self) -> bool:
        return self.wanted is not None and self.items >= self.wanted

    def take(self, segment: int, page: Page) -> None:
        left = len(page.items) if self.wanted is None else max(0, self.wanted - self.items)
        for item in page.items[:left]:
            self.items += 1
            self.visit(segment, item, _decode(item))
        self.units += page.units
        self.cut = self.cut or left < len(page.items)
        if page.items:
            self.places.add(segment)
        if page.next is not None:
            self.queue.append((segment, page.next))


def read_items(
    end: TableEnd,
    wanted: int | None,
    visit: Visit,
    asked: TransferOptions,
    around: RunContext,
    *,
    chance: random.Random,
) -> ItemSampleSize:
    """Show ``wanted`` items to ``visit``, from segments that ``chance`` chooses, or all of them where it is None.

    Says before what it will cost, and how far it is. At the pace of ``asked``. Raises Interrupted where it was
    stopped: it is run again.
    """
    page_items = None if wanted is None else min(PAGE_ITEMS_LOW, max(1, -(-wanted // PLACES)))
    estimate = end.description.item_count_estimate
    segments = AT_ONCE if page_items is None else min(SEGMENTS_MAX, max(AT_ONCE, estimate // page_items))
    order = list(range(segments))
    if wanted is not None:
        chance.shuffle(order)
    state = _Reading(end, wanted, segments, visit, deque((each, None) for each in order))
    around.listener(FlowNote(table=end.name, sentence=_before(end, wanted)))
    asked = msgspec.structs.replace(asked, batch_size=page_items)
    at_once = AT_ONCE if wanted is None else min(AT_ONCE, wanted)

    async def main(stop: StopRequest) -> None:
        reads, heard = reading(rates(end, "read", asked.max_read_units, share=asked.share), stop)
        source = await table_reader(end, segments, asked)(heard)
        told = _Progress(state, around)
        try:
            async with TableIdentityCheck([end], READING, around.listener, around.monotonic).watched():
                await together(_worker(state, source, reads, stop, told) for _ in range(at_once))
        except Exception:
            if not stop.asked:
                raise
        finally:
            await source.close()
        told.end("interrupted" if stop.asked else "done")
        if stop.asked:
            raise Interrupted("Stopped while items were validated; nothing was written.", hint="run it again")

    run(main, loop_factory=around.loop_factory, stop=around.stop)
    return ItemSampleSize(
        items=state.items,
        estimate=estimate,
        whole=not state.queue and not state.cut,
        segments=segments,
        places=len(state.places),
        read_units=state.units,
    )


async def _worker(state: _Reading, source: Source, reads: Pacer, stop: StopRequest, told: _Progress) -> None:
    while state.queue and not state.is_over and not stop.asked:
        segment, start = state.queue.popleft()
        taken = await reads.leave(1)
        page = await source.read(segment, start)
        reads.settle(taken, Units(page.units), 1)
        state.take(segment, page)
        told.page()
        await asyncio.sleep(0)


class _Progress:
    """Tells the listener how far the reading is, a few times a second."""

    def __init__(self, state: _Reading, around: RunContext) -> None:
        self._state, self._around = state, around
        self._began = self._told = around.monotonic()
        self._total = _total(state.end, state.wanted)
        around.listener(
            FlowStarted(
                table=state.end.name,
                job="",
                verb="validate",
                segments=state.segments,
                total_items=self._total,
                resumed=False,
            )
        )

    def page(self) -> None:
        """A page was read."""
        now = self._around.monotonic()
        if now - self._told < _PROGRESS_SECONDS:
            return
        self._told = now
        seconds = max(now - self._began, 0.001)
        self._around.listener(
            FlowProgress(
                table=self._state.end.name,
                job="",
                counts=self._counts(),
                total_items=self._total,
                seconds=seconds,
                items_per_second=self._state.items / seconds,
                read_rate=inf,
                write_rate=inf,
                remaining_seconds=None,
            )
        )

    def end(self, state: str) -> None:
        """Nothing more is read."""
        seconds = self._around.monotonic() - self._began
        self._around.listener(
            FlowEnded(table=self._state.end.name, job="", state=state, counts=self._counts(), seconds=seconds)
        )

    def _counts(self) -> Counts:
        return Counts(read=self._state.items, read_units=self._state.units)


def _total(end: TableEnd, wanted: int | None) -> int | None:
    estimate = end.description.item_count_estimate
    if wanted is None:
        return estimate or None
    return min(wanted, estimate) if estimate else None


def _before(end: TableEnd, wanted: int | None) -> str:
    """What is said before anything is read: how many items, and about how many read units."""
    described = end.description
    count, size = described.item_count_estimate, described.size_bytes_estimate
    if not count:
        what = "all items" if wanted is None else f"up to {wanted:,} items"
        return f"Reading {what} of {end.name}; how many read units that takes is not known yet."
    read = count if wanted is None else min(wanted, count)
    units = max(1, round(size / count * read / READ_UNIT_BYTES / 2))
    what = f"all of about {count:,} items" if read == count else f"{read:,} of about {count:,} items"
    return f"Reading {what} of {end.name}, at least {units:,} read units."
