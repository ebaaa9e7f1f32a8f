"""HTTP/1.1 by hand on asyncio protocols: the endpoint's own door, and keep-alive connections to the engine.

Written here because the data path must cost little beside the engine; it knows what AWS SDKs and engines send
(Content-Length, chunked, 100-continue), no more.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from dynasmith.strict.wire.messages import WireReply, WireRequest

Handler = Callable[[WireRequest], Awaitable[WireReply]]
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}
# Hop-by-hop (RFC 9110, 7.6.1), or set anew by whoever sends.
_OWN_HEADERS = frozenset({b"connection", b"content-length", b"transfer-encoding", b"keep-alive", b"expect", b"host"})


def parse_head(head: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """First line and headers (names lower case, repeated ones joined by a comma)."""
    first, _, rest = head.partition(b"\r\n")
    headers: dict[bytes, bytes] = {}
    for line in rest.split(b"\r\n"):
        name, _, value = line.partition(b":")
        name = name.strip().lower()
        if not name:
            continue
        value = value.strip()
        headers[name] = headers[name] + b"," + value if name in headers else value
    return first, headers


def take_chunked(buffer: bytearray, start: int) -> tuple[bytes, int] | None:
    """The body of a chunked message from ``start`` and where it ends, or None while it is not complete."""
    parts: list[bytes] = []
    at = start
    while True:
        line_end = buffer.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(bytes(buffer[at:line_end]).split(b";", 1)[0], 16)
        begin = line_end + 2
        if size == 0:
            end = buffer.find(b"\r\n", begin)
            while end > begin:  # trailers
                begin = end + 2
                end = buffer.find(b"\r\n", begin)
            return None if end < 0 else (b"".join(parts), end + 2)
        if len(buffer) < begin + size + 2:
            return None
        parts.append(bytes(buffer[begin : begin + size]))
        at = begin + size + 2


class HttpServer(asyncio.Protocol):
    """One client connection: reads requests one after the other and writes the handler's replies."""

    def __init__(self, handler: Handler, open_doors: "set[HttpServer]") -> None:
        self._handler = handler
        self._open = open_doors
        self._buffer = bytearray()
        self._head: tuple[bytes, dict[bytes, bytes], int] | None = None
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # uvloop's transport is no subclass
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """The socket is closed."""
        self._open.discard(self)
        self._transport = None

    def close(self) -> None:
        """End the connection, whatever is under way."""
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Some bytes of requests."""
        self._buffer += data
        if self._task is None:
            self._advance()

    def _advance(self) -> None:
        request = self._take()
        if request is not None:
            self._task = asyncio.get_running_loop().create_task(self._serve(request))

    def _take(self) -> WireRequest | None:
        buffer = self._buffer
        if self._head is None:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            first, headers = parse_head(bytes(buffer[:end]))
            self._head = (first, headers, end + 4)
            if headers.get(b"expect", b"").lower() == b"100-continue" and self._transport is not None:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        first, headers, start = self._head
        if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            taken = take_chunked(buffer, start)
            if taken is None:
                return None
            body, end = taken
        else:
            end = start + int(headers.get(b"content-length", b"0"))
            if len(buffer) < end:
                return None
            body = bytes(memoryview(buffer)[start:end])
        del buffer[:end]
        self._head = None
        method, target, _ = first.split(b" ", 2)
        return WireRequest(method, target, headers, body)

    async def _serve(self, request: WireRequest) -> None:
        reply = await self._handler(request)
        self._task = None
        transport = self._transport
        if transport is None:
            return
        if reply.reset:
            reset(transport)
            return
        keep = request.headers.get(b"connection", b"").lower() != b"close" and reply.cut is None
        transport.write(encode_reply(request.method, reply, keep=keep))
        if not keep:
            transport.close()
        elif self._buffer:
            self._advance()


def reset(transport: asyncio.Transport) -> None:
    """Close so that the other side sees a connection reset, not an orderly end."""
    peer: socket.socket | None = transport.get_extra_info("socket")
    if peer is not None:
        with contextlib.suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def encode_reply(method: bytes, reply: WireReply, *, keep: bool) -> bytes:
    """The bytes of a reply; a cut one announces its whole length and holds only a part."""
    lines = [b"HTTP/1.1 %d %s" % (reply.status, _REASONS.get(reply.status, b"Unknown"))]
    lines += [name + b": " + value for name, value in reply.headers.items() if name not in _OWN_HEADERS]
    # The answer to HEAD has the length of the body that GET would have.
    length = reply.headers.get(b"content-length", b"0") if method == b"HEAD" else str(len(reply.body)).encode()
    lines.append(b"content-length: " + length)
    lines.append(b"connection: keep-alive" if keep else b"connection: close")
    body = b"" if method == b"HEAD" else reply.body
    if reply.cut is not None:
        body = body[: reply.cut]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


class _Line(asyncio.Protocol):
    """One connection to the engine, one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.alive = False
        self.began = False
        self._buffer = bytearray()
        self._head: tuple[bytes, dict[bytes, bytes], int] | None = None
        self._head_only = False
        self._waiting: asyncio.Future[WireReply] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self.transport = transport  # type: ignore[assignment]  # uvloop's transport is no subclass
        self.alive = True

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self.alive = False
        waiting = self._waiting
        if waiting is None or waiting.done():
            return
        if self._head is not None and b"content-length" not in self._head[1]:
            waiting.set_result(self._reply(bytes(self._buffer[self._head[2] :])))
        else:
            waiting.set_exception(exc or ConnectionResetError("the engine closed the connection"))

    def ask(self, payload: bytes, *, head_only: bool) -> "asyncio.Future[WireReply]":
        self._buffer.clear()
        self._head = None
        self._head_only = head_only
        self.began = False
        self._waiting = asyncio.get_running_loop().create_future()
        assert self.transport is not None
        self.transport.write(payload)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        """Some bytes of requests."""
        self._buffer += data
        self.began = True
        if self._waiting is None or self._waiting.done():
            return
        body = self._take()
        if body is not None:
            self._waiting.set_result(self._reply(body))

    def _take(self) -> bytes | None:
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            first, headers = parse_head(bytes(self._buffer[:end]))
            if first.split(b" ")[1] == b"100":
                del self._buffer[: end + 4]
                return self._take()
            self._head = (first, headers, end + 4)
        first, headers, start = self._head
        if self._head_only or first.split(b" ")[1] in {b"204", b"304"}:
            return b""
        if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            taken = take_chunked(self._buffer, start)
            return None if taken is None else taken[0]
        if b"content-length" not in headers:
            return None  # until the engine closes
        end = start + int(headers[b"content-length"])
        return bytes(memoryview(self._buffer)[start:end]) if len(self._buffer) >= end else None

    def _reply(self, body: bytes) -> WireReply:
        assert self._head is not None
        first, headers, _ = self._head
        if headers.get(b"connection", b"").lower() == b"close":
            self.alive = False
        return WireReply(int(first.split(b" ")[1]), headers, body)


class Upstream:
    """Keep-alive connections to one engine at ``http://host:port``; no more than the requests in flight need."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._idle: list[_Line] = []

    async def send(self, request: WireRequest) -> WireReply:
        """Send and await the reply; raises OSError when nothing listens or the connection breaks.

        A kept connection that the engine closed before it answered anything is replaced once.
        """
        payload = encode_request(request, f"{self.host}:{self.port}".encode())
        while True:
            line, kept = await self._line()
            try:
                reply = await line.ask(payload, head_only=request.method == b"HEAD")
            except OSError:
                if kept and not line.began:
                    continue
                raise
            except asyncio.CancelledError:
                # Its reply would come to nobody.
                if line.transport is not None:
                    line.transport.abort()
                raise
            if line.alive:
                self._idle.append(line)
            elif line.transport is not None:
                line.transport.close()
            return reply

    async def _line(self) -> tuple[_Line, bool]:
        while self._idle:
            line = self._idle.pop()
            if line.alive:
                return line, True
        _, line = await asyncio.get_running_loop().create_connection(_Line, self.host, self.port)
        return line, False

    def close(self) -> None:
        """Close what is idle."""
        for line in self._idle:
            if line.transport is not None:
                line.transport.abort()
        self._idle.clear()


def encode_request(request: WireRequest, host: bytes) -> bytes:
    """The bytes of a request to the engine, with a plain Content-Length body."""
    lines = [request.method + b" " + request.target + b" HTTP/1.1", b"host: " + host]
    lines += [name + b": " + value for name, value in request.headers.items() if name not in _OWN_HEADERS]
    lines.append(b"content-length: %d" % len(request.body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.body
