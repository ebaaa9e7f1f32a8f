"""What the flow's tests share: a client, and a server whose replies a test scripts."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore.config
import botocore.session

MakeTable = Callable[..., str]


def client_of(endpoint: str) -> Any:
    """A botocore client with dummy credentials for ``endpoint``."""
    session = botocore.session.Session()
    session.set_credentials("dummy", "dummy")
    config = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
    return session.create_client("dynamodb", region_name="eu-west-1", endpoint_url=endpoint, config=config)


@dataclass
class Said:
    """One scripted reply. ``cut`` closes the connection after that many bytes of it, ``crc`` sends a wrong checksum."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    crc: int | None = None

    def wire(self) -> bytes:
        crc = zlib.crc32(self.body) if self.crc is None else self.crc
        head = {"x-amz-crc32": str(crc), "x-amzn-requestid": "R1", "content-length": str(len(self.body))} | self.headers
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        return "\r\n".join(lines).encode() + self.body


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

    def next(self) -> Said:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@asynccontextmanager
async def scripted(*replies: Said) -> AsyncIterator[Scripted]:
    """A scripted server on a free port of this machine."""
    script = Scripted(list(replies))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    script.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield script
    finally:
        server.close()
