"""A table as a source: a parallel scan or a Query, one page at a time."""

from dynasmith.aws.data.calls import Calls, PageOperation
from dynasmith.aws.data.page_cycle import PageCycle
from dynasmith.aws.data.request_bodies import scan_shape
from dynasmith.ports.items import Page


class TableSource:
    """Scans ``table`` in ``segments``. A start is the wire bytes of an ExclusiveStartKey.

    ``page_items`` bounds the items of a page (the service stops at 1 MB anyway), ``consistent`` reads strongly at twice
    the units, ``filter_fragment`` is request JSON with a leading comma (FilterExpression and its names and values; what
    a Query asks for). A Query has one segment.
    """

    def __init__(
        self,
        calls: Calls,
        table: str,
        *,
        segments: int = 1,
        page_items: int | None = None,
        consistent: bool = False,
        filter_fragment: bytes = b"",
        operation: PageOperation = "Scan",
    ) -> None:
        self._operation: PageOperation = operation
        self._calls = calls
        self._table = table
        self._segments = segments
        self._pages = [PageCycle() for _ in range(segments)]
        self._shapes = [
            scan_shape(
                table,
                segment=segment,
                segments=segments,
                limit=page_items,
                consistent=consistent,
                filter_fragment=filter_fragment,
            )
            for segment in range(segments)
        ]

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return self._segments

    async def read(self, segment: int, start: bytes | None) -> Page:
        """One page of the segment: one request, retried until it succeeds or cannot."""
        page = await self._calls.page(self._operation, self._table, self._shapes[segment], start, self._pages[segment])
        return Page(
            items=page.items,
            next=None if page.last_key is None else bytes(page.last_key),
            read=page.scanned,
            units=page.units.total if page.units is not None else 0.0,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.exchange.close()
