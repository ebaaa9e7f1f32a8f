"""Whether a copy or an export reads less than the whole table: by a Query of its key or of an index."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from dynasmith.engine.transfer.event_thread import LoopFactory, StopRequest, run
from dynasmith.engine.transfer.pacer import Rates
from dynasmith.engine.transfer.table_details import TableEnd, index_read_rates, rates
from dynasmith.errors import AccessDenied
from dynasmith.items.condition.condition import parse_condition
from dynasmith.items.key_query import key_query, whole_query
from dynasmith.items.read_path import KeyOfTable, ReadPath, keys_of
from dynasmith.jobs.options import KeyRead, TransferOptions

_READABLE = ("ACTIVE", "UPDATING")


def with_key_read(asked: TransferOptions, end: TableEnd, loop_factory: LoopFactory) -> tuple[TransferOptions, str]:
    """The options of a job that reads by a Query where a key serves its condition, and how it reads, in words without
    values (empty without a condition). It scans where no key serves, where the Query is not allowed, and where a number
    of segments is asked for, which are those of a scan. Costs a read of one item.
    """
    if not asked.condition:
        return asked, ""
    scan = f"a scan of the whole of {end.name}: the condition filters what is read, and all of it is paid for"
    if asked.segments is not None:
        return asked, scan
    read = whole_query(_keys(end, consistent=asked.consistent), parse_condition(asked.condition))
    if read is None:
        return asked, scan
    what = f"index {read.index}" if read.index else f"table {end.name}"
    try:
        _probe(read, asked, end, loop_factory)
    except AccessDenied:
        return asked, f"{scan} (a query of {what} would read less, and dynamodb:Query on it is not allowed)"
    filtered = f"; {', '.join(read.filtered)} filters what it reads" if read.filters else ""
    words = f"a query of {what} by {', '.join(read.served)}, in place of a scan of the whole table{filtered}"
    return replace(asked, key_read=KeyRead(index=read.index or "")), words


def _probe(read: ReadPath, asked: TransferOptions, end: TableEnd, loop_factory: LoopFactory) -> None:
    """One item of a Query. Raises AccessDenied."""
    opening = end.access.query_source(end.name, key_query(read), page_items=1, consistent=asked.consistent)

    async def main(_stop: StopRequest) -> None:
        opened = await opening(lambda _: None)
        try:
            await opened.read(0, None)
        finally:
            await opened.close()

    run(main, loop_factory=loop_factory)


def read_path(asked: TransferOptions, end: TableEnd) -> ReadPath | None:
    """The Query of a job that reads by one; None for a scan."""
    found = asked.query
    if found is None:
        return None
    keys = [key for key in keys_of(end.description.table) if (key.index or "") == found.index]
    return whole_query(keys, parse_condition(asked.condition))


def read_rates(asked: TransferOptions, end: TableEnd) -> Rates:
    """How fast the source of a job is read: an index has a capacity of its own."""
    index = "" if asked.query is None else asked.query.index
    if index and asked.max_read_units is None:
        return index_read_rates(end, index, share=asked.share)
    return rates(end, "read", asked.max_read_units, share=asked.share)


def _keys(end: TableEnd, *, consistent: bool) -> Sequence[KeyOfTable]:
    """The keys that can be asked; a global index gives no strong reads."""
    description = end.description
    building = [each.name for each in description.indexes if each.status not in _READABLE]
    globals_ = {each.name for each in description.indexes} if consistent else set()
    return [key for key in keys_of(description.table, building) if key.index not in globals_]
