"""A proxy between dynasmith and an engine that changes chosen replies, and holds requests back where a test asks.

It listens on a port of its own in a thread of its own, passes every request on over a connection of its own to the
engine, and passes the reply back, byte for byte, unless one of its ``armed`` faults wants that call.

**Holding requests.** ``hold("BatchWriteItem")`` keeps every such request that arrives from now on inside the proxy,
before the engine sees it; ``wait_held(3)`` returns once three of them stand there; ``release()`` sends them on in the
order in which they came, and ``wait_quiet()`` returns once every request that came has its reply. Their client may be
stopped meanwhile (SIGSTOP): the bytes have left it, so what is held is exactly what a lease cannot stop any more.
"""

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import urlsplit

from faults.messages import Reply, Request, read_reply, read_request

READS = frozenset({"Scan", "Query", "GetItem", "BatchGetItem"})
LIMIT_BYTES = 64 * 1024 * 1024
"""A request or a head that is longer is a defect of the test."""
LATER_SECONDS = 0.02
"""So long after the others come bytes that come later: apart from them, or together with them on a slow machine."""
SECONDS_MAX = 300.0
"""How long a test waits for something that must happen."""


@dataclass(frozen=True)
class Close:
    """Close the connection; with ``reset`` the client sees a connection reset."""

    reset: bool = False


@dataclass(frozen=True)
class Later:
    """Bytes that are sent a moment after the others, in a packet of their own."""

    data: bytes


Step = bytes | Close | Later


@dataclass(eq=False)
class Exchange:
    """One call as a fault sees it. ``before`` is the reply that the same connection got last; ``number`` says which of
    the different requests of its operation it is, from 0: one that is sent again keeps its number.
    """

    request: Request
    before: Reply | None
    number: int
    _send: Callable[[Request], Awaitable[Reply]]
    _reply: Reply | None = None

    async def forward(self, request: Request | None = None) -> Reply:
        """The engine's reply to the call, which it sees once at most; ``request`` in place of the client's own."""
        if self._reply is None:
            self._reply = await self._send(request or self.request)
        return self._reply


Strike = Callable[[Exchange], Awaitable[Sequence[Step]]]
Wants = Callable[[Exchange], Awaitable[bool]]


@dataclass(eq=False)
class Armed:
    """A fault that waits for its calls: ``wants`` says whether a call is one of them, ``strike`` is what it gets.

    It strikes ``times`` calls; None: once it has struck, every later call of the same operation too. ``hits`` counts.
    """

    operations: frozenset[str]
    strike: Strike
    wants: Wants
    times: int | None = 1
    hits: int = 0

    async def takes(self, exchange: Exchange) -> bool:
        """Whether this call is struck; counts it."""
        if exchange.request.operation not in self.operations or (self.times is not None and self.hits >= self.times):
            return False
        if not (self.times is None and self.hits) and not await self.wants(exchange):
            return False
        if self.times is not None and self.hits >= self.times:  # another call was first while this one waited
            return False
        self.hits += 1
        return True


class FaultProxy:
    """A proxy in front of ``engine`` (``http://host:port``). It listens when the constructor returns, until ``close``.

    ``page_items``: a Scan without a limit of its own gets this one, as if its items were large.
    """

    def __init__(self, engine: str, *, page_items: int | None = None) -> None:
        self._page_items = page_items
        parts = urlsplit(engine)
        self._engine = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.armed: list[Armed] = []
        self.seen: dict[str, dict[bytes, int]] = {}
        self._holding: frozenset[str] = frozenset()
        self._held: list[asyncio.Future[None]] = []
        self._open = 0
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(SECONDS_MAX)
        self.endpoint = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def arm(self, *faults: Armed) -> None:
        """From now on these faults wait for their calls, and no other does."""
        self.armed = list(faults)
        self.seen.clear()

    def calm(self) -> None:
        """No fault any more; what is held stays held."""
        self.armed = []

    # --- holding ------------------------------------------------------------------------------------------------------

    def hold(self, *operations: str) -> None:
        """Keep every request of these operations that comes from now on; see the module's docstring."""
        self._holding = frozenset(operations)

    @property
    def held(self) -> int:
        """How many requests stand in the proxy."""
        return len(self._held)

    def wait_held(self, count: int) -> None:
        """Return once ``count`` requests stand in the proxy. Raises AssertionError when they do not come."""
        deadline = time.monotonic() + SECONDS_MAX
        while self.held < count:
            assert time.monotonic() < deadline, f"{self.held} of {count} requests came"
            time.sleep(0.01)

    def release(self) -> int:
        """Send on what is held, and hold nothing any more. How many requests that were."""
        self._holding = frozenset()

        async def let_go() -> int:
            held, self._held = self._held, []
            for future in held:
                if not future.done():
                    future.set_result(None)
            return len(held)

        return asyncio.run_coroutine_threadsafe(let_go(), self._loop).result(SECONDS_MAX)

    def wait_quiet(self) -> None:
        """Return once no request waits for its reply. Raises AssertionError when that does not come."""
        deadline = time.monotonic() + SECONDS_MAX
        while self._open:
            assert time.monotonic() < deadline, f"{self._open} requests have no reply"
            time.sleep(0.01)

    def close(self) -> None:
        """Stop listening, end every connection."""

        async def end() -> None:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(SECONDS_MAX)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS_MAX)
        self._loop.close()

    # --- connections --------------------------------------------------------------------------------------------------

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=LIMIT_BYTES)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        upstream = _Upstream(self._engine)
        try:
            await self._serve(reader, writer, upstream)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # one of the two went away, or the proxy is closed
        finally:
            self._tasks.discard(task)
            upstream.close()
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: "_Upstream") -> None:
        before: Reply | None = None
        while (request := await read_request(reader, writer)) is not None:
            exchange = Exchange(self._limited(request), before, self._number(request), upstream.send)
            self._open += 1
            try:
                if request.operation in self._holding:
                    self._held.append(self._loop.create_future())
                    await self._held[-1]
                fault = await self._struck(exchange)
                steps = [(await exchange.forward()).wire] if fault is None else await fault.strike(exchange)
                if not await _said(steps, writer):
                    return
            finally:
                self._open -= 1
            before = exchange._reply or before

    def _number(self, request: Request) -> int:
        """Which of the different requests of its operation this is, since the faults were armed."""
        seen = self.seen.setdefault(request.operation, {})
        return seen.setdefault(request.body, len(seen))

    def _limited(self, request: Request) -> Request:
        if self._page_items is None or request.operation != "Scan" or "Limit" in request.json:
            return request
        return request.with_json(request.json | {"Limit": self._page_items})

    async def _struck(self, exchange: Exchange) -> Armed | None:
        for fault in self.armed:
            if await fault.takes(exchange):
                return fault
        return None


@dataclass(eq=False)
class _Upstream:
    """The connection to the engine that one connection of a client uses."""

    address: tuple[str, int]
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None)

    async def send(self, request: Request) -> Reply:
        """The engine's reply; a kept connection that it closed meanwhile is replaced once."""
        kept = self._streams is not None
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self.address, limit=LIMIT_BYTES)
        reader, writer = self._streams
        try:
            writer.write(request.raw)
            await writer.drain()
            reply = await read_reply(reader, request.method)
        except ConnectionError:
            self.close()
            if not kept:
                raise
            return await self.send(request)
        if reply.header("connection").lower() == "close":
            self.close()
            return replace(reply.without("connection"))
        return reply

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def _said(steps: Sequence[Step], writer: asyncio.StreamWriter) -> bool:
    """Send the steps; whether the connection is still open then."""
    for step in steps:
        if isinstance(step, Close):
            if step.reset:
                _reset(writer)
            return False
        if isinstance(step, Later):
            await asyncio.sleep(LATER_SECONDS)
        writer.write(step.data if isinstance(step, Later) else step)
        await writer.drain()
    return True


def _reset(writer: asyncio.StreamWriter) -> None:
    peer: socket.socket = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
