"""--dry-run: what a verb would move, what it would cost and how long it would take, with samples. It opens no sink."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from math import inf
from typing import Any

import msgspec

from dynasmith.engine.transfer.copy import check_limit, expiry, table_reader
from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.key_read import read_rates, with_key_read
from dynasmith.engine.transfer.mask_check import check_masks, sample_notes
from dynasmith.engine.transfer.new_job import dry_context
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, check_ends, rates
from dynasmith.engine.user_code.dry_run import PURE, SLICE_ITEMS, Keeping, LoadedTransform, kept_dry
from dynasmith.errors import ItemInvalid
from dynasmith.items.plain import plain_from_raw
from dynasmith.items.size import item_bytes
from dynasmith.items.transform import Function, ItemRefused, ItemSkipped, Transform
from dynasmith.items.wire import RawItem
from dynasmith.jobs.copy_alternatives import CopyAlternative
from dynasmith.jobs.estimate import JobEstimate, estimate_units, with_cost, with_limit, with_time
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.guard import RefusedCall
from dynasmith.ports.items import DeadLetter, Item, OpenSource
from dynasmith.tables.table import known

SAMPLED_ITEMS = 200
SHOWN_SAMPLES = 3


class ItemSample(msgspec.Struct, frozen=True):
    """One item before and what becomes of it, as plain JSON text; ``refused`` says why a transform refuses it."""

    before: str
    after: tuple[str, ...]
    refused: str = ""


class DryRun(msgspec.Struct, frozen=True):
    """What would happen. ``notes`` are things that a person should know before it does; ``hazards`` those that a dry
    run could not keep dry, or had to refuse: ``refused_calls`` are what user code tried. ``closing`` is the last
    sentence of the report: what is known to be unwritten. ``alternatives`` are the ways in which a copy can be done;
    ``protected`` says that its items are of a protected environment, so that a door shows no values."""

    estimate: JobEstimate
    samples: tuple[ItemSample, ...]
    notes: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    refused_calls: tuple[RefusedCall, ...] = ()
    closing: str = PURE
    alternatives: tuple[CopyAlternative, ...] = ()
    protected: bool = False

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            **self.estimate.to_json(),
            "samples": [msgspec.to_builtins(sample) for sample in self.samples],
            "notes": list(self.notes),
            "hazards": list(self.hazards),
            "refused_calls": [msgspec.to_builtins(call) for call in self.refused_calls],
            "closing": self.closing,
            "alternatives": [alternative.to_json() for alternative in self.alternatives],
        }


def rehearse_copy(
    source: TableEnd,
    target: TableEnd,
    asked: TransferOptions | None = None,
    *,
    transform: Function | None = None,
    keeping: Keeping = None,
    prices: Mapping[str, float | None] | None = None,
    around: RunContext | None = None,
) -> DryRun:
    """What ``copy`` would do: reads up to 200 items, writes nothing. Items and bytes are the table's own figures.

    ``keeping`` says how the user code of ``transform`` is kept dry. Raises RunError where its process dies or hangs.
    """
    asked = asked or TransferOptions()
    around = around or RunContext()
    check_ends(source, target, transforms=transform is not None)
    check_masks(transform, target.key, asked.on_error)
    check_limit(asked.limit)
    asked, how = with_key_read(asked, source, around.loop_factory)
    first = _first_items(table_reader(source, 1, asked), around)
    items = first.items
    ctx = dry_context("copy", around, source.key)
    known = asked.expired == "skip" or "time_to_live" not in source.description.unread
    alive = expiry(source, ctx.now) if known else None
    notes = [*([how] if how else []), *sample_notes(transform, asked.limit)]
    expired = sum(1 for item in items if alive is not None and not alive(item))
    if expired:
        word = "are skipped" if asked.expired == "skip" else "are copied (--expired skip leaves them out)"
        notes.append(f"{expired} of {len(items)} sampled items have expired (TTL {source.expires}); they {word}")
    made: Transform | None = None
    if transform is not None:
        made = Transform(transform, ctx, target=target.key)
    return _rehearsed(source, target, asked, first, _Looking(made, keeping), prices, notes)


def rehearse_items(
    source: OpenSource,
    target: TableEnd,
    items: int,
    size_bytes: int,
    asked: TransferOptions | None = None,
    *,
    transform: Function | None = None,
    keeping: Keeping = None,
    prices: Mapping[str, float | None] | None = None,
    around: RunContext | None = None,
) -> DryRun:
    """What ``populate`` would do; ``items`` and ``size_bytes`` are what its files say or weigh, 0 where unknown."""
    asked = asked or TransferOptions()
    around = around or RunContext()
    check_masks(transform, target.key, asked.on_error)
    first = _first_items(source, around)
    sampled, dead = first.items, first.dead
    notes: list[str] = []
    if dead:
        looked = len(sampled) + len(dead)
        notes.append(f"{len(dead)} of the first {looked} are rejected; the first: {dead[0].place}: {dead[0].reason}")
    at_least = not items and not size_bytes and len(sampled) == SAMPLED_ITEMS
    if not items and sampled:
        mean = sum(memoryview(item).nbytes for item in sampled) / len(sampled)
        items = max(len(sampled), round(size_bytes / mean))
    made: Transform | None = None
    if transform is not None:
        made = Transform(transform, dry_context("populate", around, target.key))
    rehearsal = _rehearsed(None, target, asked, first, _Looking(made, keeping), prices, notes, items)
    return msgspec.structs.replace(rehearsal, estimate=changed(rehearsal.estimate, at_least=at_least))


def rehearse_export(
    source: TableEnd,
    asked: TransferOptions | None = None,
    *,
    transform: Function | None = None,
    keeping: Keeping = None,
    prices: Mapping[str, float | None] | None = None,
    around: RunContext | None = None,
) -> DryRun:
    """What ``export`` would read, cost and take: reads up to 200 items, writes no file."""
    asked, around = asked or TransferOptions(), around or RunContext()
    check_masks(transform, source.key, asked.on_error)
    check_limit(asked.limit)
    asked, how = with_key_read(asked, source, around.loop_factory)
    first = _first_items(table_reader(source, 1, asked), around)
    items, notes = first.items, [*([how] if how else []), *sample_notes(transform, asked.limit)]
    count, size = _figures(source, first, asked, notes)
    estimate = estimate_units(count, size, [(item_bytes(item), 0) for item in items], consistent=asked.consistent)
    estimate = _of_query(estimate, first, asked)
    rate = read_rates(asked, source).ceiling
    made = None if transform is None else Transform(transform, dry_context("export", around, source.key))
    seen = _Looking(made, keeping).at(items)
    estimate = with_limit(estimate, asked.limit, seen.sent_each)
    estimate = with_cost(with_time(estimate, read_rate=rate), prices or {})
    notes += [*seen.notes, *_refusals(seen, items)]
    samples = tuple(map(_sample, items[:SHOWN_SAMPLES], seen.made))
    return DryRun(estimate, samples, tuple(notes), seen.hazards, tuple(seen.refused), seen.closing)


def _refusals(seen: "_Seen", items: Sequence[Item]) -> list[str]:
    refused = sum(1 for made in seen.made if made.refused)
    return [f"the transform refuses {refused} of {len(items)} sampled items"] if refused else []


def _rehearsed(
    source: TableEnd | None,
    target: TableEnd,
    asked: TransferOptions,
    first: "_FirstItems",
    looking: "_Looking",
    prices: Mapping[str, float | None] | None,
    notes: list[str],
    count: int = 0,
) -> DryRun:
    items = first.items
    seen = looking.at(items)
    notes += seen.notes
    sizes = [(item_bytes(item), sum(map(item_bytes, made.after))) for item, made in zip(items, seen.made, strict=True)]
    size = sum(before for before, _ in sizes) * count // max(1, len(sizes))
    if source is not None:
        count, size = _figures(source, first, asked, notes)
    notes += _refusals(seen, items)
    indexes = float(len(known(target.description.table.indexes, ())))
    if indexes:
        notes.append(f"each write may be written to {indexes:.0f} indexes too: the units assume that it is")
    estimate = estimate_units(count, size, sizes, indexes=indexes, consistent=asked.consistent)
    estimate = with_limit(_of_query(estimate, first, asked), asked.limit, seen.sent_each)
    if source is None:  # files cost no read units
        estimate = changed(estimate, read_units=0.0)
    read = read_rates(asked, source).ceiling if source is not None else inf
    write = rates(target, "write", asked.max_write_units, share=asked.share).ceiling
    estimate = with_cost(with_time(estimate, read_rate=read, write_rate=write), prices or {})
    samples = tuple(map(_sample, items[:SHOWN_SAMPLES], seen.made))
    return DryRun(estimate, samples, tuple(notes), seen.hazards, tuple(seen.refused), seen.closing)


def _figures(source: TableEnd, first: "_FirstItems", asked: TransferOptions, notes: list[str]) -> tuple[int, int]:
    """Items and bytes of a table: its own figures, or the sample where it has none yet; of a Query what was read."""
    description, items = source.description, first.items
    if asked.query is not None:
        return len(items), sum(map(item_bytes, items))
    if description.item_count_estimate or not items:
        return description.item_count_estimate, description.size_bytes_estimate
    notes.append("the table's own figures are not there yet: the estimate covers the sample only")
    return len(items), sum(map(item_bytes, items))


def _of_query(estimate: JobEstimate, first: "_FirstItems", asked: TransferOptions) -> JobEstimate:
    """The estimate of a Query: what it read, which is all that it finds or the least of it. Of a scan the same."""
    if asked.query is None:
        return estimate
    return changed(estimate, read_units=first.read_units, at_least=not first.is_whole)


class DryRunMade(msgspec.Struct, frozen=True):
    """What one item became; ``refused`` says why not, and then there is nothing."""

    after: tuple[RawItem, ...]
    refused: str = ""


class DryRunMaker:
    """What a transform makes of a page, as bytes of bytes: it can be given to another process."""

    def __init__(self, transform: Transform) -> None:
        self._transform = transform

    def prepare(self) -> None:
        """Load the transform where it is not loaded yet. Raises what loading raises."""
        if isinstance(self._transform.function, LoadedTransform):
            self._transform.function.prepare()

    def __call__(self, page: bytes) -> bytes:
        """A JSON list of items to a JSON list of `DryRunMade`."""
        return msgspec.json.encode([self.made(raw) for raw in msgspec.json.decode(page, type=list[RawItem])])

    def made(self, raw: RawItem) -> DryRunMade:
        """One item; what the transform refuses is told, not raised."""
        try:
            return DryRunMade(tuple(self._transform.copy(raw)))
        except ItemSkipped:
            return DryRunMade(())
        except ItemRefused as refused:
            return DryRunMade((), refused.message)


@dataclass(slots=True)
class _Seen:
    made: list[DryRunMade]
    notes: Sequence[str] = ()
    hazards: tuple[str, ...] = ()
    refused: Sequence[RefusedCall] = ()
    closing: str = PURE

    @property
    def sent_each(self) -> float:
        """How many items are sent for each that is read."""
        return sum(len(made.after) for made in self.made) / max(1, len(self.made))


@dataclass(frozen=True, slots=True)
class _Looking:
    """A transform, and how its user code is kept dry."""

    transform: Transform | None
    keeping: Keeping

    def at(self, items: Sequence[Item]) -> _Seen:
        """What becomes of some items."""
        raws = [RawItem(bytes(item)) for item in items]
        if self.transform is None:
            return _Seen([DryRunMade((raw,)) for raw in raws])
        makes = DryRunMaker(self.transform)
        with kept_dry(self.keeping, makes) as kept:
            if kept.process is None:
                made = list(map(makes.made, raws))
            else:
                made = [one for page in _slices(raws) for one in _split(kept.process(page))]
        return _Seen(made, kept.notes, kept.hazards, kept.refused, kept.closing)


_split = msgspec.json.Decoder(list[DryRunMade]).decode


def _slices(raws: Sequence[RawItem]) -> Iterator[bytes]:
    for start in range(0, len(raws), SLICE_ITEMS):
        yield b"[" + b",".join(raws[start : start + SLICE_ITEMS]) + b"]"


def _sample(item: Item, made: DryRunMade) -> ItemSample:
    return ItemSample(_shown(RawItem(bytes(item))), tuple(map(_shown, made.after)), made.refused)


def _shown(raw: RawItem) -> str:
    try:
        return plain_from_raw(raw).decode()
    except ItemInvalid:
        return bytes(raw).decode("utf-8", "replace")


@dataclass(slots=True)
class _FirstItems:
    """The first items of a source, what is no item before and among them, and what reading them cost. ``is_whole``
    says that there are no more."""

    items: list[Item] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    read_units: float = 0.0
    is_whole: bool = True


def _first_items(source: OpenSource, around: RunContext) -> _FirstItems:
    async def main(stop: StopRequest) -> _FirstItems:
        opened = await source(lambda _: None)
        first = _FirstItems()
        try:
            for segment in range(opened.segments):
                start: bytes | None = None
                while len(first.items) < SAMPLED_ITEMS and not stop.asked:
                    page = await opened.read(segment, start)
                    first.items += page.items
                    first.dead += page.dead
                    first.read_units += page.units
                    start = page.next
                    if start is None:
                        break
                first.is_whole = first.is_whole and start is None and len(first.items) <= SAMPLED_ITEMS
            del first.items[SAMPLED_ITEMS:]
            return first
        finally:
            await opened.close()

    return run(main, loop_factory=around.loop_factory)
