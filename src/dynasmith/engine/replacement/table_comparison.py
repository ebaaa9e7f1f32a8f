"""Compare two tables in both directions: what one makes of each item of the other, and whose each item there is."""

from collections.abc import Callable
from typing import Final

from dynasmith.engine.replacement.comparison import (
    ExpiryCheck,
    ItemComparison,
    SourceComparison,
    TargetComparison,
    never,
)
from dynasmith.engine.replacement.comparison_scan import ComparisonScan
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.marks import Mark
from dynasmith.engine.transfer.events import FlowEnded, FlowProgress, FlowStarted
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.items.expiry import Expiry
from dynasmith.items.wire import RawItem
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.estimate import remaining_seconds
from dynasmith.jobs.options import TransferOptions

MARKS_AT_ONCE: Final = 1_000
"""Differences that are kept together."""
WAIT_SECONDS: Final = 0.05
"""How long nothing else is done while nothing was compared."""
PROGRESS_SECONDS: Final = 0.25
"""How often it is said how far the comparison is, and looked at what pace is wanted."""


class TableComparison:
    """One comparison of two tables. ``mapping`` says what the ``target`` must hold of an item of the ``source``, and
    the limits of ``options`` are for the reads of each table. ``limit`` is asked for another limit while it runs, in
    read units a second; None is that of ``options``.

    Costs a strong scan of each table and a strong read of each item in the other one. Writes nothing. One that was
    stopped, or killed, begins again: how far it came is kept nowhere.
    """

    def __init__(
        self,
        source: TableEnd,
        target: TableEnd,
        mapping: ItemMapping,
        options: TransferOptions,
        context: RunContext,
        limit: Callable[[], float | None],
    ) -> None:
        self._source, self._target, self._options = source, target, options
        self._context, self._limit = context, limit
        expired = ExpiryCheck(self._expiry(source), self._expiry(target))
        self._from_source = SourceComparison(mapping, expired)
        self._from_target = TargetComparison(mapping, expired)
        self._progress = _Progress(source, target, context)

    @property
    def foreign(self) -> int:
        """Items of the target that belong to no key of the source."""
        return self._from_target.foreign

    def run(self, keep: Callable[[list[Mark]], None], step: Callable[[], int]) -> None:
        """Give what differs to ``keep``, some at a time. Between, ``step`` does other work and says how much there was:
        while there is some, the comparison goes on beside it. Raises what either raises, and errors of the service."""
        self._progress.begin()
        self._pass(self._source, self._target, self._from_source, keep, step)
        self._pass(self._target, self._source, self._from_target, keep, step)
        self._progress.end()

    def _pass(
        self,
        read: TableEnd,
        other: TableEnd,
        comparison: ItemComparison,
        keep: Callable[[list[Mark]], None],
        step: Callable[[], int],
    ) -> None:
        marks: list[Mark] = []
        limit, busy = self._limit(), False
        scan = ComparisonScan(read, other, comparison, self._options, self._context.loop_factory)
        scan.limit(limit)
        with scan:
            while (batches := scan.take(0.0 if busy else WAIT_SECONDS)) is not None:
                marks += [mark for batch in batches for mark in batch.marks]
                if len(marks) >= MARKS_AT_ONCE:
                    keep(marks)
                    marks = []
                busy = step() > 0
                if self._progress.tell(sum(batch.items for batch in batches), scan) and limit != self._limit():
                    limit = self._limit()
                    scan.limit(limit)
        self._progress.end_pass(scan)
        if marks:
            keep(marks)

    def _expiry(self, end: TableEnd) -> Callable[[RawItem], bool]:
        if not end.expires:
            return never
        expiry, now = Expiry(end.expires, 0.0), self._context.now
        return lambda item: expiry.at(item, now().timestamp())


class _Progress:
    """Tells the listener how far the comparison is."""

    def __init__(self, source: TableEnd, target: TableEnd, context: RunContext) -> None:
        self._table, self._context = source.name, context
        first, second = (end.description.item_count_estimate for end in (source, target))
        self._total = first + (second or first) or None  # that of a new table is 0 for hours
        self._items = 0
        self._throttled = self._throttled_before = 0
        self._began = self._told = 0.0

    def begin(self) -> None:
        """It begins."""
        self._began = self._told = self._context.monotonic()
        self._context.listener(
            FlowStarted(table=self._table, job="", verb="compare", segments=0, total_items=self._total, resumed=False)
        )

    def tell(self, items: int, scan: ComparisonScan) -> bool:
        """So many more items were compared; whether it was time to say so."""
        self._items += items
        now = self._context.monotonic()
        if now - self._told < PROGRESS_SECONDS:
            return False
        self._told, self._throttled = now, self._throttled_before + scan.throttled
        seconds = max(now - self._began, 0.001)
        left = None if self._total is None else remaining_seconds(self._items, self._total, seconds)
        self._context.listener(
            FlowProgress(
                table=self._table,
                job="",
                counts=self._counts(),
                total_items=self._total,
                seconds=seconds,
                items_per_second=self._items / seconds,
                read_rate=scan.rate,
                write_rate=0.0,
                remaining_seconds=left,
            )
        )
        return True

    def end_pass(self, scan: ComparisonScan) -> None:
        """One table was read."""
        self._throttled = self._throttled_before = self._throttled_before + scan.throttled

    def end(self) -> None:
        """All was compared."""
        seconds = self._context.monotonic() - self._began
        self._context.listener(
            FlowEnded(table=self._table, job="", state="done", counts=self._counts(), seconds=seconds)
        )

    def _counts(self) -> Counts:
        return Counts(read=self._items, throttled=self._throttled)
