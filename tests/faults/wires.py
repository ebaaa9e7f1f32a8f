"""Faults below the document: connections that break, lengths and chunk sizes that lie, bytes that nobody asked for."""

import gzip
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise

from faults.fault import ITEM_OPERATIONS, Fault, rewired
from faults.messages import Reply, made
from faults.proxy import Close, Exchange, Later, Step

_OK = b"HTTP/1.1 200 OK\r\n"


def _first(line: str) -> Callable[[Reply], Sequence[Step]]:
    """Another status line; the rest is right."""
    return lambda reply: [(line + "\r\n").encode() + reply.head.split(b"\r\n", 1)[1] + reply.body, Close()]


def _chunks(reply: Reply, body: bytes) -> bytes:
    return reply.without("content-length").having(transfer_encoding="chunked").head + body


def _chunked(frame: Callable[[bytes], bytes]) -> Callable[[Reply], Sequence[Step]]:
    """The body as chunks, as ``frame`` writes them; then the connection is closed, so that nobody waits for more."""
    return lambda reply: [_chunks(reply, frame(reply.body)), Close()]


def _sized(size: str) -> Callable[[bytes], bytes]:
    """One chunk whose size is written so, with the end that belongs to it."""
    return lambda body: size.format(len(body)).encode() + b"\r\n" + body + b"\r\n0\r\n\r\n"


def _right_chunks(body: bytes) -> bytes:
    parts = [body[start : start + 100] for start in range(0, len(body), 100)]
    return b"".join(b"%x;note=1\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\ntrailer: x\r\n\r\n"


def _length(make: Callable[[int], str], *, close: bool = True) -> Callable[[Reply], Sequence[Step]]:
    def rewire(reply: Reply) -> Sequence[Step]:
        wire = reply.having(content_length=make(len(reply.body))).wire
        return [wire, Close()] if close else [wire]

    return rewire


def _said_length(said: str) -> Callable[[Reply], Sequence[Step]]:
    return _length(lambda _: said)


def _two_lengths(reply: Reply) -> Sequence[Step]:
    wrong = Reply(reply.status, (*reply.headers, ("Content-Length", str(len(reply.body) // 2))), reply.body)
    return [wrong.wire, Close()]


def _gzipped(reply: Reply) -> Sequence[Step]:
    packed = gzip.compress(reply.body)
    crc = str(zlib.crc32(packed))
    return [reply.carrying(packed).having(content_encoding="gzip", x_amz_crc32=crc).wire]


def _cut(part: Callable[[Reply], bytes], *, reset: bool = False) -> Callable[[Reply], Sequence[Step]]:
    return lambda reply: [part(reply), Close(reset=reset)]


def _half(reply: Reply) -> bytes:
    return reply.head + reply.body[: len(reply.body) // 2]


def _endless_head(reply: Reply) -> Sequence[Step]:
    return [_OK + b"x-long: " + b"x" * 1_000_000, Close()]


def _trickle(reply: Reply) -> Sequence[Step]:
    wire = reply.wire
    edges = [0, 5, 20, len(reply.head) - 1, len(reply.head) + 1, len(wire) - 1, len(wire)]
    return [Later(wire[one:two]) for one, two in pairwise(edges) if two > one]


async def _dropped(_: Exchange) -> Sequence[Step]:
    """Closed before the engine sees the call."""
    return [Close()]


async def _reset(_: Exchange) -> Sequence[Step]:
    return [Close(reset=True)]


async def _after_the_write(exchange: Exchange) -> Sequence[Step]:
    """The engine does it, and its reply is held back until the connection closes."""
    await exchange.forward()
    return [Later(b""), Close()]


_CHUNK_SIZES = (
    "-6", "-{0:x}", "ZZZ", "", " ", "g", "{0:x}g", "ffffffffffffffffffff", "7fffffff", "0x{0:x}", "+{0:x}",
    "{0:x}.0", "1_0", "{0:x}, 5", "\x00", "٣", "9" * 5000,
)  # fmt: skip

_STATUS_LINES = (
    "HTTP/1.1 abc", "HTTP/1.1 -200 OK", "HTTP/1.1", "ICY 200 OK", "SSH-2.0-OpenSSH_9.0", "", "HTTP/1.1 2000 OK",
    "HTTP/1.1 ２００ OK", "HTTP/1.1 +200 OK",
)  # fmt: skip
_LENGTHS = ("-5", "1e3", "x", "", "+5", "5, 6", "18446744073709551615", "9" * 5000)

WIRES: tuple[Fault, ...] = (
    Fault("closed before the call", ITEM_OPERATIONS, _dropped),
    Fault("reset before the call", ITEM_OPERATIONS, _reset),
    Fault("closed after the call", ITEM_OPERATIONS, _after_the_write),
    rewired("reset after the call", lambda _: [Close(reset=True)]),
    rewired("cut in the status line", _cut(lambda _: b"HTTP/1.1 2")),
    rewired("cut in the head", _cut(lambda reply: reply.head[: len(reply.head) // 2])),
    rewired("cut after the head", _cut(lambda reply: reply.head)),
    rewired("cut in the body", _cut(_half)),
    rewired("reset in the body", _cut(_half, reset=True)),
    rewired("cut before the last byte", _cut(lambda reply: reply.wire[:-1])),
    rewired("in six packets", _trickle, legal=True),
    # --- heads
    *(rewired(f"status line {line!r}", _first(line)) for line in _STATUS_LINES),
    rewired("a head without an end", _endless_head),
    rewired("HTTP/1.0", _first("HTTP/1.0 200 OK"), legal=True),
    rewired("no reason phrase", _first("HTTP/1.1 200"), legal=True),
    rewired("100 Continue in front", lambda reply: [b"HTTP/1.1 100 Continue\r\n\r\n" + reply.wire]),
    rewired("100 Continue, then the reply", lambda reply: [b"HTTP/1.1 100 Continue\r\n\r\n", Later(reply.wire)]),
    rewired("103 Early Hints in front", lambda reply: [b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + reply.wire]),
    rewired("100 Continue and nothing else", lambda _: [b"HTTP/1.1 100 Continue\r\n\r\n", Close()]),
    rewired("101 Switching Protocols", lambda _: [b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", Close()]),
    # --- lengths
    rewired("a length that is longer", _length(lambda size: str(size + 10))),
    rewired("a length that is shorter", _length(lambda size: str(size - 1), close=False)),
    rewired("a length of 0", _length(lambda _: "0", close=False)),
    *(rewired(f"length {said[:20]!r}", _said_length(said)) for said in _LENGTHS),
    rewired("two lengths", _two_lengths),
    rewired("no length", lambda reply: [reply.without("content-length").wire, Close()], legal=True),
    # --- chunks
    rewired("chunked", _chunked(_right_chunks), legal=True),
    *(rewired(f"chunk size {size[:20]!r}", _chunked(_sized(size))) for size in _CHUNK_SIZES),
    rewired("a chunk without its end", _chunked(lambda body: b"%x\r\n%b0\r\n\r\n" % (len(body), body))),
    rewired("chunks without the last", _chunked(lambda body: b"%x\r\n%b\r\n" % (len(body), body))),
    rewired("chunks cut in the middle", _chunked(lambda body: b"%x\r\n%b" % (len(body), body[: len(body) // 2]))),
    rewired("a chunk size without an end", _chunked(lambda _: b"1" * 1_000_000)),
    rewired("bare newlines in chunks", _chunked(lambda body: b"%x\n%b\n0\n\n" % (len(body), body))),
    # --- encodings
    rewired("gzip", _gzipped, legal=True),
    rewired("gzip that is none", lambda reply: [reply.having(content_encoding="gzip").wire]),
    rewired("gzip that is cut", lambda reply: [
        reply.carrying(gzip.compress(reply.body)[:-9]).having(content_encoding="gzip").wire
    ]),
    # --- bytes that nobody asked for
    rewired("bytes in front", lambda reply: [b"XYZ" + reply.wire]),
    rewired("bytes after", lambda reply: [reply.wire + b"XYZ"], ),
    rewired("bytes after, later", lambda reply: [reply.wire, Later(b"XYZ")]),
    rewired("a line after", lambda reply: [reply.wire + b"\r\n"]),
    rewired("the reply twice", lambda reply: [reply.wire * 2]),
    rewired("the reply twice, the second later", lambda reply: [reply.wire, Later(reply.wire)]),
    rewired("an empty object after", lambda reply: [reply.wire + made(200, b"{}").wire]),
    rewired("an empty object after, later", lambda reply: [reply.wire, Later(made(200, b"{}").wire)]),
    rewired("an empty object in front", lambda reply: [made(200, b"{}").wire + reply.wire]),
    rewired("a whole other reply in front", lambda reply: [made(500, b"").wire + reply.wire]),
)  # fmt: skip
