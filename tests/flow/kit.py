"""What the flow's tests share: a client, and a server whose replies a test scripts."""

import asyncio
import base64
import itertools
import json
import os
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import botocore.config
import botocore.session

from dynasmith.aws.data.exchange import HttpReply
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.jobs.job import Job, job_id
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Copy

MakeTable = Callable[..., str]
ClaimT = TypeVar("ClaimT", covariant=True)
SESSION: Any = botocore.session.Session()
"""One for every client: each that is made reads botocore's files, for 50 ms of CPU."""


def client_of(endpoint: str, verify: str | None = None) -> Any:
    """A botocore client with dummy credentials for ``endpoint``."""
    return SESSION.create_client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="dummy",
        aws_secret_access_key="dummy",
        config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=60, read_timeout=120),
        verify=verify,
    )


_REQUEST_IDS = itertools.count(1)


def page_body(scanned: int = 0) -> bytes:
    """The body of a reply to a Scan that looked at ``scanned`` items and gives none."""
    return b'{"Items":[],"Count":0,"ScannedCount":%d,"ConsumedCapacity":{"CapacityUnits":0.5}}' % scanned


@dataclass
class Said:
    """One scripted reply. ``cut`` closes the connection after that many bytes of it, ``crc`` sends a wrong checksum,
    ``after`` are bytes beyond its end, and ``raw`` is sent in place of all of it.
    """

    status: int = 200
    body: bytes = field(default_factory=page_body)
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    crc: int | None = None
    no_length: bool = False
    raw: bytes | None = None
    after: bytes = b""

    def wire(self) -> bytes:
        if self.raw is not None:
            return self.raw
        crc = zlib.crc32(self.body) if self.crc is None else self.crc
        own = {"x-amz-crc32": str(crc), "x-amzn-requestid": f"R{next(_REQUEST_IDS)}"}
        head = own | {"content-length": str(len(self.body))} | self.headers
        if self.no_length:
            del head["content-length"]
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        return "\r\n".join(lines).encode() + self.body + self.after


def replied(body: bytes, status: int = 200) -> HttpReply:
    """A reply as an exchange gives it, with what the service puts into its headers."""
    return HttpReply(status, {"x-amz-crc32": str(zlib.crc32(body)), "x-amzn-requestid": f"R{next(_REQUEST_IDS)}"}, body)


@dataclass
class Heard:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Scripted:
    """A server that says its replies in turn (the last one again and again) and keeps what it heard."""

    replies: list[Said]
    heard: list[Heard] = field(default_factory=list)
    endpoint: str = ""
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def say(self, unasked: bytes) -> None:
        """Send bytes on every connection, and let them arrive."""
        for writer in self.writers:
            writer.write(unasked)
            await writer.drain()
        for _ in range(20):
            await asyncio.sleep(0.001)

    def next(self) -> Said:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@asynccontextmanager
async def scripted(*replies: Said, tls: ssl.SSLContext | None = None) -> AsyncIterator[Scripted]:
    """A scripted server on a free port of this machine."""
    script = Scripted(list(replies))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script.connections += 1
        script.writers.append(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:]) if n}
                script.heard.append(Heard(headers, await reader.readexactly(int(headers["content-length"]))))
                said = script.next()
                wire = said.wire()
                writer.write(wire if said.cut is None else wire[: said.cut])
                await writer.drain()
                if said.cut is not None:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            script.writers.remove(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    script.endpoint = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    try:
        yield script
    finally:
        server.close()


def fill(client: Any, table: str, count: int, *, first: int = 0, number: int | None = None) -> list[bytes]:
    """Puts ``count`` items with keys from ``first`` and gives them as wire bytes."""
    items = []
    for place in range(first, first + count):
        value = place if number is None else number
        items.append(
            {
                "pk": {"S": f"item-{place:05d}"},
                "number": {"N": str(value)},
                "name": {"S": 'Zürich \u2028 "quoted"'},
                "tags": {"SS": ["a", "b"]},
                "more": {"M": {"deep": {"L": [{"N": "1.50"}, {"NULL": True}, {"B": b"\x00\xff"}]}}},
            }
        )
    for start in range(0, count, 25):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        assert not client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"]
    return [json.dumps(item, default=lambda raw: base64.b64encode(raw).decode()).encode() for item in items]


def items_of(client: Any, table: str) -> list[bytes]:
    """Every item of a table as wire bytes, read by botocore."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [
        json.dumps(item, default=lambda raw: base64.b64encode(raw).decode()).encode()
        for page in pages
        for item in page["Items"]
    ]


def in_memory(_job: str) -> SeenKeys:
    """Keys of a job that is not resumed by another process."""
    return SeenKeys()


class Begins(Protocol[ClaimT]):
    """A ledger that begins jobs."""

    def begin(self, job: Job) -> ClaimT: ...


def new_job(ledger: Begins[ClaimT], segments: int = 1) -> ClaimT:
    """A job of its own, held."""
    now = datetime.now(UTC)
    spec = Copy(source=Side(table="source"), target=Side(table="target"), options=TransferOptions())
    return ledger.begin(
        Job(id=job_id("copy", now, os.urandom(3)), spec=spec, started_at=now, changed_at=now, segments=segments)
    )
