"""What a deletion would delete, counted or estimated from a sample, with keys. Nothing is written."""

from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Any

import msgspec
from msgspec import Struct

from dynasmith.engine.backfill.survey import CONFIDENCE, SEGMENTS, SHOWN, index_costs
from dynasmith.engine.transfer.copy import table_reader
from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.pacer import Pacer, reading
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.errors import Interrupted
from dynasmith.items.key import format_key, key_of
from dynasmith.items.size import item_bytes, read_units, write_units
from dynasmith.items.wire import Units
from dynasmith.jobs.estimate import JobEstimate, with_time
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.concurrency import together
from dynasmith.ports.items import Item, Source

SAMPLED_ITEMS = 1000


class DeletionDryRun(Struct, frozen=True, kw_only=True):
    """What a deletion would do. ``deleted`` items, give or take ``error`` 19 times of 20; ``counted`` says that every
    item was read, and then ``error`` is 0. ``keys`` are those of some of them. Of the keys of a file ``missing`` have
    no item, and ``repeated`` came before. ``protected`` says that the table is in a protected environment, so that a
    door shows no values. ``limit_items`` is after how many items the deletion would be done."""

    estimate: JobEstimate
    deleted: int
    error: int
    counted: bool
    keys: tuple[str, ...] = ()
    missing: int = 0
    repeated: int = 0
    protected: bool = False
    limit_items: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            **self.estimate.to_json(),
            "deleted": self.deleted,
            "deleted_error": self.error,
            "counted": self.counted,
            "keys": list(self.keys),
            "missing": self.missing,
            "repeated": self.repeated,
            "limit_items": self.limit_items,
        }


def rehearse_deletion(
    table: TableEnd,
    options: TransferOptions,
    *,
    sample: int | None = SAMPLED_ITEMS,
    around: RunContext | None = None,
) -> DeletionDryRun:
    """Look at ``sample`` items from all over the table, or read it whole (None). Costs what the reading costs.

    Raises UsageError for a condition that is none, Interrupted where it was stopped.
    """
    around = around or RunContext()
    seen = run(lambda stop: _looked(table, options, sample, stop), loop_factory=around.loop_factory, stop=around.stop)
    items, size = table.description.item_count_estimate, table.description.size_bytes_estimate
    if seen.complete or not items:
        items, size = seen.scanned, size or seen.size_bytes
    part = items / seen.scanned if seen.scanned else 0.0
    share = seen.matched / seen.scanned if seen.scanned else 0.0
    error = 0 if seen.complete else round(items * CONFIDENCE * sqrt(share * (1 - share) / (seen.scanned + 2)))
    reads = seen.read_units if seen.complete else read_units(size, consistent=options.consistent)
    estimate = JobEstimate(items, size, reads, seen.write_units * part, sampled=seen.scanned)
    return DeletionDryRun(
        estimate=with_time(
            estimate,
            read_rate=rates(table, "read", options.max_read_units, share=options.share).ceiling,
            write_rate=rates(table, "write", options.max_write_units, share=options.share).ceiling,
        ),
        deleted=round(seen.matched * part),
        error=error,
        counted=seen.complete,
        keys=tuple(sorted(seen.keys)),
    )


def limited(found: DeletionDryRun, items: int | None) -> DeletionDryRun:
    """The same of a deletion that is done after so many items: it reads and deletes a part of it."""
    if items is None or found.deleted <= items:
        return msgspec.structs.replace(found, limit_items=items)
    part, estimate = items / found.deleted, found.estimate
    less = replace(
        estimate,
        read_units=estimate.read_units * part,
        write_units=estimate.write_units * part,
        seconds=None if estimate.seconds is None else estimate.seconds * part,
    )
    return msgspec.structs.replace(
        found,
        estimate=less,
        deleted=items,
        error=0 if found.deleted - found.error >= items else found.error,
        limit_items=items,
    )


@dataclass(slots=True)
class _Seen:
    scanned: int = 0
    matched: int = 0
    size_bytes: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    complete: bool = True
    keys: list[str] = field(default_factory=list)


async def _looked(table: TableEnd, options: TransferOptions, items: int | None, stop: StopRequest) -> _Seen:
    seen = _Seen()
    each = None if items is None else max(1, -(-items // SEGMENTS))
    paged = options if each is None else msgspec.structs.replace(options, batch_size=min(each, 1000))
    reads, heard = reading(rates(table, "read", options.max_read_units, share=options.share), stop)
    source = await table_reader(table, SEGMENTS, paged)(heard)
    try:
        await together(_segment(source, number, reads, stop, table, seen, each) for number in range(SEGMENTS))
    finally:
        await source.close()
    if stop.asked:
        raise Interrupted("Stopped while looking; nothing was written.", hint="run it again")
    return seen


async def _segment(
    source: Source, segment: int, reads: Pacer, stop: StopRequest, table: TableEnd, seen: _Seen, most: int | None
) -> None:
    start: bytes | None = None
    read = 0
    costs = index_costs(table)
    while not stop.asked:
        taken = await reads.leave(1)
        page = await source.read(segment, start)
        reads.settle(taken, Units(page.units), 1)
        seen.read_units += page.units
        seen.scanned += page.read
        for item in page.items:
            _add(item, table, seen, costs.entries(item))
        read += page.read
        start = page.next
        if start is None:
            return
        if most is not None and read >= most:
            seen.complete = False
            return


def _add(item: Item, table: TableEnd, seen: _Seen, entries: int) -> None:
    size = item_bytes(item)
    seen.matched += 1
    seen.size_bytes += size
    seen.write_units += write_units(size) * (1 + entries)
    if len(seen.keys) < SHOWN:
        seen.keys.append(format_key(key_of(item, table.key), table.key))
