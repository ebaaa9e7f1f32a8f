"""Read a table, or a part of every segment, and see what a transform would change. Writes nothing.

A dry run, the look before a job begins, and ``--check`` are all this.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from math import sqrt

from msgspec.structs import replace

from dynasmith.engine.backfill.difference import ItemDifference, difference
from dynasmith.engine.backfill.sample import TransformSample, TransformSampler, looks_of
from dynasmith.engine.backfill.sample import asked as asked_of
from dynasmith.engine.backfill.stage import Rewriter
from dynasmith.engine.transfer.copy import table_reader
from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.pacer import Pacer, reading
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.table_identity import READING, TableIdentityCheck
from dynasmith.engine.user_code.dry_run import PURE, SLICE_ITEMS, Keeping, kept_dry
from dynasmith.engine.workers.guarded_process import GuardedProcess
from dynasmith.errors import Interrupted
from dynasmith.items.size import item_bytes, write_units
from dynasmith.items.transform import Divergence, ItemRefused, Rewrite
from dynasmith.items.wire import RawItem, Units, attributes
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.concurrency import together
from dynasmith.ports.guard import RefusedCall
from dynasmith.ports.items import Item, Source
from dynasmith.tables.table import Index, LocalIndex, ProjectionKind, known

SEGMENTS = 8
SHOWN = 3
CONVERGENCE_ITEMS_MAX = 100
"""Items of a survey whose new form is rewritten once more, to see that nothing changes."""
CONFIDENCE = 1.96
"""Standard errors to either side that hold the truth 19 times of 20."""


@dataclass(slots=True)
class Survey:
    """What was seen; ``complete`` says that it was every item. An update counts the larger of before and after.

    ``scanned`` counts what the service looked at, ``read`` what its filter let through.
    """

    read: int = 0
    scanned: int = 0
    unchanged: int = 0
    changed: int = 0
    refused: int = 0
    size_bytes: int = 0
    read_units: float = 0.0
    table_write_units: int = 0
    index_write_units: float = 0.0
    complete: bool = True
    names: Counter[str] = field(default_factory=Counter)
    shown: list[ItemDifference] = field(default_factory=list)
    refusals: list[ItemRefused] = field(default_factory=list)
    divergences: list[Divergence] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    refused_calls: Sequence[RefusedCall] = ()
    closing: str = PURE

    def error(self, items: int) -> int:
        """By how many of ``items`` the estimate may be off, 19 times of 20; 0 where every item was read."""
        if self.complete or not self.scanned:
            return 0
        # One item more of each kind than was seen, so that a sample of one kind is not taken for a proof.
        read, share = self.scanned + 2, (self.changed + 1) / (self.scanned + 2)
        return round(items * CONFIDENCE * sqrt(share * (1 - share) / read))


@dataclass(frozen=True, slots=True)
class IndexCosts:
    """How many index writes a change costs: what each index holds. Source: Developer Guide, "Write capacity units"."""

    keys: Mapping[str, frozenset[str]]
    held: Mapping[str, frozenset[str] | None]

    def units(self, rewrite: Rewrite, size_bytes: int) -> float:
        """Write units in indexes: none where nothing that it holds changes, two where its key does."""
        changed = frozenset((*rewrite.assigned, *rewrite.removed))
        writes = 0
        for name, key in self.keys.items():
            held = self.held[name]
            if changed & key:
                writes += 2
            elif held is None or changed & held:
                writes += 1
        return float(writes * write_units(size_bytes))

    def entries(self, item: Item) -> int:
        """In how many indexes an item is: those whose whole key it has."""
        names = attributes(bytes(item)).keys()
        return sum(key <= names for key in self.keys.values())


def survey(
    end: TableEnd,
    rewriter: Rewriter,
    asked: TransferOptions,
    around: RunContext,
    *,
    items: int | None = None,
    shown: int = SHOWN,
    converge: bool = True,
    keeping: Keeping = None,
) -> Survey:
    """Look at about ``items`` items from all over the table, or at all of them (None), at the pace that was asked for.

    ``keeping`` says how user code is kept dry. Raises Interrupted where it was stopped, RunError where the process of
    the user code died or hung.
    """
    looks = TransformSampler(rewriter)
    with kept_dry(keeping, looks) as kept:
        look = _Look(Survey(), rewriter, index_costs(end), shown, converge, looks, kept.process)
        found = _surveyed(end, look, asked, around, items)
    found.notes, found.hazards, found.refused_calls = kept.notes, kept.hazards, kept.refused
    found.closing = kept.closing
    return found


def _surveyed(end: TableEnd, look: "_Look", asked: TransferOptions, around: RunContext, items: int | None) -> Survey:
    async def main(stop: StopRequest) -> Survey:
        reads, heard = reading(rates(end, "read", asked.max_read_units, share=asked.share), stop)
        source = await table_reader(end, SEGMENTS, _paged(asked, items))(heard)
        per_segment = None if items is None else -(-items // SEGMENTS)
        ending = asyncio.create_task(_end_with(stop, look.process))
        try:
            async with TableIdentityCheck([end], READING, around.listener, around.monotonic).watched():
                await together(_segment(source, each, reads, stop, look, per_segment) for each in range(SEGMENTS))
        except Exception:
            if not stop.asked:
                raise
        finally:
            ending.cancel()
            await source.close()
        if stop.asked:
            raise Interrupted("Stopped while looking; nothing was written.", hint="run it again")
        look.found.shown = look.differences()
        return look.found

    return run(main, loop_factory=around.loop_factory, stop=around.stop)


async def _end_with(stop: StopRequest, process: GuardedProcess | None) -> None:
    """Whoever stops a dry run does not wait for user code: its process ends at once."""
    await stop.wait()
    if process is not None:
        process.stop()


def _paged(asked: TransferOptions, items: int | None) -> TransferOptions:
    return asked if items is None else replace(asked, batch_size=max(1, min(-(-items // SEGMENTS), 1000)))


async def _segment(
    source: Source, segment: int, reads: Pacer, stop: StopRequest, look: "_Look", per_segment: int | None
) -> None:
    start: bytes | None = None
    read = 0
    while not stop.asked:
        taken = await reads.leave(1)
        page = await source.read(segment, start)
        reads.settle(taken, Units(page.units), 1)
        look.found.read_units += page.units
        look.found.scanned += page.read
        await look.page(segment, page.items)
        read += page.read
        start = page.next
        if start is None:
            return
        if per_segment is not None and read >= per_segment:
            look.found.complete = False
            return
        await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class _Look:
    """Adds items to a survey."""

    found: Survey
    rewriter: Rewriter
    costs: IndexCosts
    shown: int
    converge: bool

    looks: TransformSampler
    process: GuardedProcess | None
    by_segment: dict[int, list[ItemDifference]] = field(default_factory=dict)

    def differences(self) -> list[ItemDifference]:
        """The first differences of every segment in turn: the same ones whichever segment answers first."""
        kept = [self.by_segment[segment] for segment in sorted(self.by_segment)]
        in_turn = [each for row in zip_longest(*kept) for each in row if each is not None]
        return in_turn[: self.shown]

    async def page(self, segment: int, items: Sequence[Item]) -> None:
        """Look at a page of a segment, here or in the process of the user code."""
        raws = [RawItem(bytes(item)) for item in items]
        if self.process is None:
            for raw in raws:
                self._add(segment, raw, self.looks.look(raw, converge=self._converging))
            return
        for start in range(0, len(raws), SLICE_ITEMS):
            some = raws[start : start + SLICE_ITEMS]
            answer = await self.process.ask(asked_of(some, converge=self._converging))
            for raw, look in zip(some, looks_of(answer, some), strict=True):
                self._add(segment, raw, look)

    @property
    def _converging(self) -> bool:
        return self.converge and self.found.changed < CONVERGENCE_ITEMS_MAX

    def _add(self, segment: int, raw: RawItem, look: TransformSample) -> None:
        found, refused, rewrite = self.found, look.refused, look.rewrite
        found.read += 1
        size = item_bytes(raw)
        found.size_bytes += size
        if refused is not None:
            found.refused += 1
            if len(found.refusals) < self.shown or self.rewriter.stops(refused):
                found.refusals.append(refused)
                del found.refusals[SHOWN * 10 :]
            return
        if rewrite is None:
            found.unchanged += 1
            return
        found.changed += 1
        largest = max(size, item_bytes(rewrite.after))
        found.table_write_units += write_units(largest)
        found.index_write_units += self.costs.units(rewrite, largest)
        found.names.update((*rewrite.assigned, *rewrite.removed))
        shown = self.by_segment.setdefault(segment, [])
        if len(shown) < self.shown:
            shown.append(difference(rewrite, self.rewriter.transform.ctx.key))
        found.divergences += look.divergences


def indexes_of(end: TableEnd) -> list[Index | LocalIndex]:
    """Every index of a table, global ones first."""
    table = end.description.table
    return [*known(table.indexes, ()), *known(table.local_indexes, ())]


def index_costs(end: TableEnd) -> IndexCosts:
    """What the table's indexes hold, for their part of the units."""
    keys: dict[str, frozenset[str]] = {}
    held: dict[str, frozenset[str] | None] = {}
    for index in indexes_of(end):
        keys[index.name] = frozenset(part.name for part in (*index.key.partition, *index.key.sort))
        projection = index.projection
        held[index.name] = None if projection.kind is ProjectionKind.ALL else frozenset(projection.attributes)
    return IndexCosts(keys, held)
