"""The exchange over sockets of our own: HTTP/1.1 with kept-alive connections and nothing that DynamoDB does not need.

One request at a time on each connection, up to ``connections`` of them. A general HTTP client costs several times what
a request of 25 items costs to make; this one knows one method, one address and replies with a length. It is no client
for anything else: no redirects, no cookies, no proxies (those go over aiohttp).
"""

import asyncio
import errno
from collections import deque
from time import monotonic
from urllib.parse import urlsplit

from dynasmith.aws.data.address import Address
from dynasmith.aws.data.credentials import Credentials
from dynasmith.aws.data.event_loop import too_many_files
from dynasmith.aws.data.exchange import BrokenExchange, BrokenReply, Check, HttpReply, Link, allowed
from dynasmith.aws.data.http_reply import ReplyReader
from dynasmith.aws.data.request_signer import AddressSigner
from dynasmith.aws.data.tls import tls_of

SWEEP_SECONDS = 1.0
"""How often requests that got no reply are looked for: cheaper than a timer for each."""


class Connection(Link, asyncio.Protocol):
    """One connection: sends a request, reads its reply, is free again."""

    __slots__ = ("_reader", "closed", "deadline", "reply", "transport")

    def __init__(self) -> None:
        super().__init__()
        self.transport: asyncio.Transport | None = None
        self.reply: asyncio.Future[ReplyReader] | None = None
        self.deadline = float("inf")
        self.closed = False
        self._reader = ReplyReader()

    def send(self, head: bytes, body: bytes, seconds: float) -> "asyncio.Future[ReplyReader]":
        """Send one request; the future is its reply, or BrokenExchange."""
        assert self.transport is not None
        self._reader = ReplyReader()
        self.reply = asyncio.get_running_loop().create_future()
        self.deadline = monotonic() + seconds
        self.transport.write(head + body)
        return self.reply

    # --- what the loop calls ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self.transport = transport  # type: ignore[assignment]  # a stream's transport is a Transport

    def data_received(self, data: bytes) -> None:
        """Some bytes of a reply."""
        if self.reply is None or self.reply.done():
            self.abort("bytes came that no request asked for")
            return
        try:
            if self._reader.feed(data):
                self._done()
        except BrokenReply as error:
            self.reply.set_exception(error)
            self.abort("")

    def eof_received(self) -> bool:
        """The other side sends no more; connection_lost follows, and nobody may send here until then."""
        self.closed = True
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        self.closed = True
        if self.reply is None or self.reply.done():
            return
        if error is None and self._reader.end():
            self._done()
        elif self._reader.begun:
            self.reply.set_exception(BrokenReply("a reply was cut before its end"))
        else:
            self._fail(str(error) if error else "the connection was closed before a reply came")

    # --- ours ---------------------------------------------------------------------------------------------------------

    def abort(self, reason: str) -> None:
        """Close at once; who waits for a reply gets BrokenExchange with ``reason``."""
        self.closed = True
        if self.transport is not None:
            self.transport.abort()
        self._fail(reason)

    def distrust(self) -> None:
        """Close at once."""
        self.abort("an earlier reply on this connection was not the service's")

    def _done(self) -> None:
        assert self.reply is not None
        self.closed = self.closed or not self._reader.reusable
        self.reply.set_result(self._reader)

    def _fail(self, reason: str) -> None:
        if self.reply is not None and not self.reply.done():
            self.reply.set_exception(BrokenExchange(reason))


class DirectExchange:
    """Sends over connections of its own. Made inside a running loop; ``gzip`` as in AiohttpExchange."""

    def __init__(
        self, address: Address, credentials: Credentials, *, connections: int = 64, gzip: bool | None = None
    ) -> None:
        self._address = address
        self._signing = AddressSigner(address, credentials)
        self._tls = tls_of(address)
        parts = urlsplit(address.url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        compressed = gzip if gzip is not None else not address.loopback
        path = parts.path or "/"
        self._start = (
            f"POST {path} HTTP/1.1\r\nAccept-Encoding: {'gzip' if compressed else 'identity'}\r\n"
            f"User-Agent: {address.user_agent}\r\n"
        )
        self._free: list[Connection] = []
        self._all: set[Connection] = set()
        self._left = connections
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> HttpReply:
        """Send one request once."""
        lines = await self._signing.lines(operation, body)
        head = f"{self._start}{lines}Content-Length: {len(body)}\r\n\r\n".encode("latin-1")
        if self._left == 0:
            await self._turn()
        self._left -= 1
        try:
            connection = self._take() or await self._connect()
            try:
                check()
            except BaseException:
                self._free.append(connection)
                raise
            try:
                reply = await connection.send(head, body, self._address.read_timeout_seconds)
            except BaseException:
                connection.abort("the request was cancelled")
                self._all.discard(connection)
                raise
            if connection.closed:
                self._drop(connection)
            else:
                connection.deadline = float("inf")
                self._free.append(connection)
        finally:
            self._next()
        return HttpReply(reply.status, reply.headers, reply.body, connection)

    def clock_is(self, date: str) -> None:
        """Sign with the service's clock from now on."""
        self._signing.clock_is(date)

    def credentials_refused(self) -> None:
        """Ask botocore for the credentials again before the next request."""
        self._signing.refused()

    async def close(self) -> None:
        """Close every connection and wait until they are."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connection in self._all:
            connection.abort("the exchange was closed")
        self._all.clear()
        self._free.clear()
        await asyncio.sleep(0)  # an aborted transport is closed at the loop's next turn

    # --- connections --------------------------------------------------------------------------------------------------

    async def _turn(self) -> None:
        """Return when one of the connections may be used; nothing else runs before it is taken."""
        while self._left == 0:
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            try:
                await future
            except BaseException:
                if not future.cancelled() and future.done():
                    self._wake()
                raise

    def _next(self) -> None:
        self._left += 1
        self._wake()

    def _wake(self) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return

    def _take(self) -> Connection | None:
        while self._free:
            connection = self._free.pop()
            if not connection.closed:
                return connection
            self._drop(connection)
        return None

    def _drop(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection.transport is not None:
            connection.transport.close()

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        connection = Connection()
        try:
            async with asyncio.timeout(self._address.connect_timeout_seconds):
                await loop.create_connection(lambda: connection, self._host, self._port, ssl=self._tls)
        except TimeoutError as error:
            raise BrokenExchange(f"{self._host}:{self._port} did not answer in time", refused=True) from error
        except OSError as error:  # refused, no such host, a certificate that was not accepted
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise too_many_files() from error
            raise BrokenExchange(f"{self._host}:{self._port}: {error}", refused=True) from error
        if self._closed:  # a connection that nobody closes keeps uvloop from ending
            connection.abort("the exchange was closed")
            raise BrokenExchange("the exchange was closed")
        self._all.add(connection)
        if self._sweeping is None:
            self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep)
        return connection

    def _sweep(self) -> None:
        """End requests that have waited for their reply too long."""
        now = monotonic()
        for connection in [one for one in self._all if one.deadline < now]:
            connection.abort("no reply came in time")
            self._all.discard(connection)
        self._sweeping = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep) if self._all else None
