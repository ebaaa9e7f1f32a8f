"""HTTP/1.1 for the fault proxy: written for the tests, so that it shares no mistake with the code that it judges."""

import asyncio
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class Request:
    """One request of the client. ``raw`` is what came over the wire, head and body."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes

    @property
    def operation(self) -> str:
        """``Scan``, ``BatchWriteItem`` and so on; empty for another service."""
        for name, value in self.headers:
            if name.lower() == "x-amz-target":
                return value.rpartition(".")[2]
        return ""

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    def with_json(self, document: Any) -> "Request":
        """The same request with another body."""
        body = json.dumps(document).encode()
        headers = [(n, v) for n, v in self.headers if n.lower() != "content-length"] + [
            ("content-length", str(len(body)))
        ]
        return replace(
            self,
            headers=tuple(headers),
            body=body,
            raw=head_of(f"{self.method} {self.target} HTTP/1.1", headers) + body,
        )


@dataclass(frozen=True)
class Reply:
    """One reply of the engine, or one that a fault makes."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    first: str = ""

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """The value of a header, or nothing."""
        return next((value for each, value in self.headers if each.lower() == name), "")

    def without(self, *names: str) -> "Reply":
        """The same reply without these headers."""
        return replace(self, headers=tuple((n, v) for n, v in self.headers if n.lower() not in names))

    def having(self, **headers: str) -> "Reply":
        """The same reply with these headers (``_`` stands for ``-``) in place of its own."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers=(*self.without(*named).headers, *named.items()))

    def carrying(self, body: bytes) -> "Reply":
        """The same reply with another body, whose length and checksum are right."""
        return replace(self, body=body).having(content_length=str(len(body)), x_amz_crc32=str(zlib.crc32(body)))

    def with_json(self, document: Any) -> "Reply":
        """The same reply with another document, whose length and checksum are right."""
        return self.carrying(json.dumps(document).encode())

    @property
    def head(self) -> bytes:
        """Status line and headers, with the empty line."""
        return head_of(self.first or f"HTTP/1.1 {self.status} Status", self.headers)

    @property
    def wire(self) -> bytes:
        """All of it."""
        return self.head + self.body


def made(status: int, body: bytes, **headers: str) -> Reply:
    """A reply with the headers that the service sends: a right length, a right checksum and a request id of its own."""
    reply = Reply(status, (("content-type", "application/x-amz-json-1.0"), ("x-amzn-requestid", str(uuid4()))))
    return reply.carrying(body).having(**headers)


def head_of(first: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A first line and headers as bytes."""
    return "\r\n".join([first, *(f"{name}: {value}" for name, value in headers), "", ""]).encode("latin-1")


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """The next request; None where the client has closed the connection. One that waits for 100 Continue gets it."""
    head = await _head(reader)
    if head is None:
        return None
    first, headers = _parsed(head)
    method, target, _ = first.split(" ", 2)
    if any(name.lower() == "expect" for name, _ in headers):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(_length(headers))
    return Request(method, target, headers, body, head + body)


async def read_reply(reader: asyncio.StreamReader, method: str) -> Reply:
    """The reply to a request that was sent. Raises ConnectionError where none comes."""
    head = await _head(reader)
    if head is None:
        raise ConnectionError("the engine closed the connection")
    first, headers = _parsed(head)
    status = int(first.split(" ")[1])
    if status == 100:
        return await read_reply(reader, method)
    named = {name.lower(): value.lower() for name, value in headers}
    if method == "HEAD" or status in (204, 304):
        return Reply(status, headers, b"", first)
    if "chunked" not in named.get("transfer-encoding", ""):
        return Reply(status, headers, await reader.readexactly(_length(headers)), first)
    parts = []
    while size := int(await reader.readline(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    kept = tuple((name, value) for name, value in headers if name.lower() != "transfer-encoding")
    body = b"".join(parts)
    return Reply(status, (*kept, ("content-length", str(len(body)))), body, first)


async def _head(reader: asyncio.StreamReader) -> bytes | None:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _parsed(head: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    pairs = (line.partition(":") for line in lines)
    return first, tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _length(headers: Sequence[tuple[str, str]]) -> int:
    return next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
