"""Any iterable as a source, any callable as a sink: items in plain Python or as wire bytes."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from dynasmith.errors import CheckpointError, ItemInvalid
from dynasmith.items.key import KeySchema, check_key
from dynasmith.items.size import check_item
from dynasmith.items.wire import decode_item, encode_item
from dynasmith.ports.items import DeadLetter, Item, OpenSink, OpenSource, Outcome, Page, Place, ThrottleListener

TakeItems = Callable[[Sequence[dict[str, Any]]], Awaitable[None] | None]
"""Takes a page of items in plain Python, sync or async."""


class IterableSource:
    """One segment over an iterable. A start is the number of items before it.

    ``items`` (wire bytes, or what ``encode`` takes) is an iterable, or a function that gives a new one: only with a
    function can a job be resumed in another process, and it must then give the same items in the same order.
    """

    def __init__(
        self,
        items: Iterable[Any] | Callable[[], Iterable[Any]],
        key: KeySchema,
        *,
        page_items: int = 500,
        encode: Callable[[Any], bytes] = encode_item,
    ) -> None:
        self._encode = encode
        self._items = items
        self._key = key
        self._page_items = page_items
        self._running: Iterator[Any] | None = None
        self._at = 0

    @property
    def segments(self) -> int:
        """One."""
        return 1

    async def read(self, segment: int, start: bytes | None) -> Page:  # noqa: ARG002
        """The next items; what is no item is dead, with its number."""
        at = 0 if start is None else int(start)
        if self._running is None or at != self._at:
            self._begin(at)
        assert self._running is not None
        found: list[Item] = []
        places: list[Place] = []
        dead: list[DeadLetter] = []
        taken = list(islice(self._running, self._page_items))
        for number, one in enumerate(taken, start=at + 1):
            try:
                wire = one if isinstance(one, bytes) else self._encode(one)
                check_item(wire)
                check_key(wire, self._key)
                found.append(wire)
                places.append(number)
            except ItemInvalid as error:
                shown = one if isinstance(one, bytes) else repr(one).encode("utf-8", "replace")
                dead.append(DeadLetter(code="rejected", reason=error.message, item=shown, place=f"item {number}"))
        self._at = at + len(taken)
        following = str(self._at).encode() if len(taken) == self._page_items else None
        return Page(items=found, next=following, read=len(taken), dead=tuple(dead), places=places)

    async def close(self) -> None:
        """Let go of the iterator."""
        self._running = None

    def _begin(self, at: int) -> None:
        if callable(self._items):
            self._running = iter(self._items())
        elif self._running is None and at == 0:
            self._running = iter(self._items)
        else:
            raise CheckpointError(
                "A job over an iterator cannot be resumed: what was read is gone.",
                hint="give a function that returns a new iterable each time",
            )
        skipped = sum(1 for _ in islice(self._running, at))
        if skipped < at:
            raise CheckpointError(
                f"The iterable gives {skipped} items, and the job was at item {at}.", hint="start a new job"
            )
        self._at = at


class CallableSink:
    """Hands pages of items in plain Python to ``function``, sync or async; a page is safe when it returns.

    After a kill the page that was under way is handed over again.
    """

    def __init__(self, function: TakeItems) -> None:
        self._function = function

    @property
    def batch_items(self) -> int:
        """A page is one batch."""
        return 1_000_000

    async def begin(self, segment: int, mark: bytes) -> bool:  # noqa: ARG002
        """Nothing to prepare."""
        return True

    async def write(self, segment: int, items: Sequence[Item], *, only_new: bool = False) -> Outcome:  # noqa: ARG002
        """Hand over one page."""
        result = self._function([decode_item(item) for item in items])
        if inspect.isawaitable(result):
            await result
        return Outcome(written=len(items))

    async def mark(self, segment: int) -> bytes:  # noqa: ARG002
        """Nothing to keep."""
        return b""

    async def finish(self, digest: str) -> None:
        """Nothing to finish."""

    async def close(self) -> None:
        """Nothing is open."""


def from_iterable(
    items: Iterable[Any] | Callable[[], Iterable[Any]],
    key: KeySchema,
    *,
    page_items: int = 500,
    encode: Callable[[Any], bytes] = encode_item,
) -> OpenSource:
    """Opens an IterableSource. ``encode`` makes the wire bytes of an item that is none yet; it raises ItemInvalid."""

    async def opened(_heard: ThrottleListener) -> IterableSource:
        return IterableSource(items, key, page_items=page_items, encode=encode)

    return opened


def to_callable(function: TakeItems) -> OpenSink:
    """Opens a CallableSink."""

    async def opened(_heard: ThrottleListener) -> CallableSink:
        return CallableSink(function)

    return opened
