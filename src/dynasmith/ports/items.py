"""The item flow's ports: where items come from and where they go. Async, because a flow lives on many requests at once.

Items are wire bytes (``dynasmith.items.wire.RawItem``) from end to end; what no transform touches is passed on as it
came. A page is the unit of everything that is counted: checkpoint, digest, pace, progress.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import msgspec
from msgspec import Struct

from dynasmith.items.condition.condition import Filter
from dynasmith.items.key import KeySchema
from dynasmith.items.key_query import KeyQuery
from dynasmith.items.wire import RawItem, Units
from dynasmith.jobs.options import Mode
from dynasmith.jobs.steer import Throttle
from dynasmith.ports.permit import Permit

Item: TypeAlias = RawItem | bytes
"""One item as wire bytes, still a part of its page or a piece of its own."""


Place: TypeAlias = int | str
"""Where an item stands in its segment: a line, a number, the key of a line. Stays the same when it is read again."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """One item, or one line of a file, that could not be moved, and why.

    ``item`` holds the wire bytes (or the line as it stood), ``place`` where it came from (``items.jsonl:17``),
    ``code`` a short stable word: rejected, transform, refused, throttled, collision, duplicate. ``trace`` says where in
    a transform it failed; it is shown and not kept.
    """

    code: str
    reason: str
    item: bytes = b""
    place: str = ""
    trace: str = ""

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract): ``item`` in DynamoDB JSON, or ``line`` where it is no item."""
        try:
            what: dict[str, Any] = {"item": msgspec.json.decode(self.item, type=dict[str, Any])}
        except (msgspec.DecodeError, RecursionError):
            what = {"line": self.item.decode("utf-8", "replace")}
        return what | {"code": self.code, "reason": self.reason, "place": self.place}


class Page(Struct, frozen=True, kw_only=True):
    """Some items of one segment. ``next`` is where its following page begins; None says the segment is at its end.

    An empty page may have a ``next``. ``read`` counts what was looked at (a filter leaves less), ``dead`` what a file
    held that is no item. ``places`` says where each item stands, in a source in which a key may come twice.
    """

    items: Sequence[Item]
    next: bytes | None
    read: int
    units: float = 0.0
    dead: tuple[DeadLetter, ...] = ()
    places: Sequence[Place] = ()


class Source(Protocol):
    """Items in segments that are read independently. The number of segments of a job never changes.

    ``read`` may be called again with a start that it was given before and then reads the same place again. Every
    error is a ``dynasmith.errors.DynasmithError``.
    """

    @property
    def segments(self) -> int:
        """How many segments there are."""
        ...

    async def read(self, segment: int, start: bytes | None) -> Page:
        """The page of ``segment`` at ``start`` (None: its first)."""
        ...

    async def close(self) -> None:
        """Close the connections or files."""
        ...


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one batch, all of it acknowledged: written + unchanged + already + skipped + dead is its items.

    ``already`` are items that stood in the target equal to ours; ``others`` the items that do not stand in the target
    as ours now (skipped and dead), so that a digest can leave them out. ``retried`` counts items sent again.
    """

    written: int = 0
    unchanged: int = 0
    already: int = 0
    skipped: int = 0
    retried: int = 0
    units: Units = Units()
    dead: tuple[DeadLetter, ...] = ()
    others: tuple[bytes, ...] = ()

    @property
    def arrived(self) -> int:
        """How many items it speaks of."""
        return self.written + self.unchanged + self.already + self.skipped + len(self.dead)


def total(parts: Sequence[Units]) -> Units:
    """The sum of some units, table and each index."""
    if len(parts) == 1:
        return parts[0]
    indexes: dict[str, float] = {}
    for part in parts:
        for name, units in part.indexes.items():
            indexes[name] = indexes.get(name, 0.0) + units
    return Units(sum(part.table for part in parts), indexes)


def merged(parts: Sequence[Outcome]) -> Outcome:
    """Several outcomes as one."""
    if len(parts) == 1:
        return parts[0]
    return Outcome(
        written=sum(part.written for part in parts),
        unchanged=sum(part.unchanged for part in parts),
        already=sum(part.already for part in parts),
        skipped=sum(part.skipped for part in parts),
        retried=sum(part.retried for part in parts),
        units=total([part.units for part in parts]),
        dead=tuple(dead for part in parts for dead in part.dead),
        others=tuple(other for part in parts for other in part.others),
    )


class Sink(Protocol):
    """Takes items in batches of at most ``batch_items``. A batch is safe when ``write`` returns.

    ``mark`` is what must be kept beside a segment's checkpoint to go on from there (the length of a file); ``begin``
    gets these marks back, segment by segment, before the first write. Returning False from ``begin`` says that what
    the mark promises is not there any more: the segment starts anew.
    """

    @property
    def batch_items(self) -> int:
        """Items that a batch holds at most."""
        ...

    async def begin(self, segment: int, mark: bytes) -> bool:
        """Go on at ``mark``, which is empty for a segment that was not begun. False: the segment begins again."""
        ...

    async def write(self, segment: int, items: Sequence[Item], *, only_new: bool = False) -> Outcome:
        """Write a batch of distinct keys. ``only_new``: where another item has the key, ours is dead (collision).

        The outcome speaks of fewer items only where the run stopped before all of them were sent.
        """
        ...

    async def mark(self, segment: int) -> bytes:
        """What to keep beside the segment's checkpoint."""
        ...

    async def finish(self, digest: str) -> None:
        """Every segment is at its end and acknowledged; ``digest`` (ds1) is of all that was written.

        May be called again after a kill, and must then end the same.
        """
        ...

    async def close(self) -> None:
        """Close the connections or files; without ``finish``, what was written stays to be continued."""
        ...


ThrottleListener: TypeAlias = Callable[[Sequence[Throttle]], None]
"""Told of every throttled request with what throttled it; quick, and called on the loop."""


@runtime_checkable
class PacedListener(Protocol):
    """A ``ThrottleListener`` that gives leave for what is sent again too: a flow opens its ends with one."""

    def __call__(self, throttles: Sequence[Throttle]) -> None:
        """Hear of a throttled request."""
        ...

    async def again(self, items: int, after_seconds: float) -> None:
        """Wait until ``items`` that the service turned away just now may be sent once more, ``after_seconds`` at least.

        It counts against the pace of writes like a first try: an offer that was turned away used nothing, and is the
        load that throttled. What is used in the end is settled once, with the outcome. Raises Halted, LeaseLost.
        """
        ...


@runtime_checkable
class PermittedListener(Protocol):
    """A ``ThrottleListener`` that has the permit of its run: a flow opens its ends with one."""

    @property
    def permit(self) -> Permit:
        """Asked before each request."""
        ...

    def __call__(self, throttles: Sequence[Throttle]) -> None:
        """Hear of a throttled request."""
        ...


def permit_of(heard: ThrottleListener) -> Permit | None:
    """The permit of the run that a source or a sink is opened for; None outside of a run."""
    return heard.permit if isinstance(heard, PermittedListener) else None


OpenSource: TypeAlias = Callable[[ThrottleListener], Awaitable[Source]]
"""Opens a source on the running loop."""
OpenSink: TypeAlias = Callable[[ThrottleListener], Awaitable[Sink]]
"""Opens a sink on the running loop."""


class Lookup(Protocol):
    """Items of one table by their keys."""

    async def get(self, keys: Sequence[bytes]) -> Sequence[Item]:
        """The items that there are of these keys, read strongly, in any order."""
        ...

    async def page(self, keys: Sequence[bytes]) -> Page:
        """The same as a page, with the read units that they took; ``read`` counts the keys."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class OpenLookup(Protocol):
    """Opens reads of single items on the running loop."""

    def __call__(self, heard: ThrottleListener = ..., /) -> Awaitable[Lookup]:
        """``heard`` is told of throttles, and of keys that the service left unread for want of capacity."""
        ...


class TableState(Struct, frozen=True):
    """Which table has a name: ``table_id`` is what no other table ever has (empty on engines that give none),
    ``status`` the service's word."""

    table_id: str
    status: str


class TableStatePort(Protocol):
    """Reads which table has a name now. One call each."""

    async def now(self) -> TableState:
        """Raises TableNotFound where there is none, and every other error of a call."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class ItemAccess(Protocol):
    """The tables of one account and Region, or of one endpoint, for the flow."""

    @property
    def where(self) -> str:
        """The endpoint and Region: equal for two accesses exactly when one name means one table."""
        ...

    @property
    def portable(self) -> bool:
        """Whether what it opens can be sent to another process and opened there."""
        ...

    def source(
        self,
        table: str,
        *,
        segments: int = 1,
        page_items: int | None = None,
        consistent: bool = False,
        condition: Filter | None = None,
    ) -> OpenSource:
        """A parallel scan. ``page_items`` bounds a page, ``consistent`` reads strongly at twice the units."""
        ...

    def query_source(
        self, table: str, query: KeyQuery, *, page_items: int | None = None, consistent: bool = False
    ) -> OpenSource:
        """A Query of the table or of an index, in one segment."""
        ...

    def sink(self, table: str, key: KeySchema, *, mode: Mode) -> OpenSink:
        """Writes into the table, whose key schema is ``key``."""
        ...

    def change_sink(self, table: str) -> OpenSink:
        """Puts the new images of changes into the table, and deletes the keys that have none."""
        ...

    def lookup(self, table: str) -> OpenLookup:
        """Reads of single items of the table."""
        ...

    def look(self, table: str) -> Callable[[], Awaitable[TableStatePort]]:
        """Reads which table has the name now."""
        ...
