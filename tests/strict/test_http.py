"""The endpoint's HTTP: what clients other than botocore send, and what engines other than ministack answer."""

import asyncio
import contextlib
import json
import socket
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from dynasmith.strict.wire.http import Upstream, parse_head, take_chunked
from dynasmith.strict.wire.messages import WireRequest, credential_scope

LIST = b'{"Limit": 5}'
HEAD = (
    b"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
    b"Authorization: AWS4-HMAC-SHA256 Credential=http/20260101/us-east-1/dynamodb/aws4_request, "
    b"SignedHeaders=host, Signature=0\r\nContent-Type: application/x-amz-json-1.0\r\n"
)


def _exchange(server: StrictServer, *sent: bytes, replies: int = 1) -> list[tuple[int, dict[bytes, bytes], Any]]:
    """Send raw bytes and read so many replies of the connection."""
    found = []
    with socket.create_connection(("127.0.0.1", server.port), timeout=300) as connection:
        for part in sent:
            connection.sendall(part)
        stream = connection.makefile("rb")
        for _ in range(replies):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = stream.readline()
                assert line, head
                head += line
            first, headers = parse_head(head[:-4])
            body = stream.read(int(headers.get(b"content-length", b"0")))
            found.append((int(first.split()[1]), headers, json.loads(body) if body else None))
    return found


def test_two_requests_at_once_are_answered_in_order(server: StrictServer) -> None:
    whole = HEAD + b"Content-Length: %d\r\n\r\n" % len(LIST) + LIST
    bad = whole.replace(LIST, b'{"Limit": 0}')
    answers = _exchange(server, whole + bad + whole, replies=3)
    assert [status for status, _, _ in answers] == [200, 400, 200]
    assert "TableNames" in answers[2][2]


def test_a_body_in_chunks_and_one_byte_at_a_time(server: StrictServer) -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + LIST[:5] + b"\r\n7\r\n" + LIST[5:] + b"\r\n0\r\n\r\n"
    assert _exchange(server, chunked)[0][0] == 200
    single = [bytes([byte]) for byte in chunked]
    assert _exchange(server, *single)[0][0] == 200


def test_a_client_that_waits_for_the_continue_gets_it(server: StrictServer) -> None:
    head = HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(LIST)
    answers = _exchange(server, head, LIST, replies=2)
    assert [status for status, _, _ in answers] == [100, 200]


def test_a_client_that_offers_gzip_gets_plain_answers_with_a_true_crc(server: StrictServer) -> None:
    whole = HEAD + b"Accept-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(LIST) + LIST
    with socket.create_connection(("127.0.0.1", server.port), timeout=300) as connection:
        connection.sendall(whole.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        head, _, body = b"".join(iter(lambda: connection.recv(65_536), b"")).partition(b"\r\n\r\n")
    _, headers = parse_head(head)
    assert b"content-encoding" not in headers
    assert int(headers[b"x-amz-crc32"]) == zlib.crc32(body)
    assert isinstance(json.loads(body)["TableNames"], list)


def test_what_is_no_json_is_a_serialization_error(server: StrictServer) -> None:
    for body in (b"{", b"[]"):
        status, _, said = _exchange(server, HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)[0]
        assert (status, said["__type"]) == (400, "com.amazon.coral.service#SerializationException")


def test_an_error_names_its_type_as_the_service_does(server: StrictServer) -> None:
    body = b'{"TableName": "nothing"}'
    head = HEAD.replace(b"ListTables", b"DescribeTable")
    status, headers, said = _exchange(server, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)[0]
    assert status == 400
    assert said == {
        "__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
        "message": "Requested resource not found: Table: nothing not found",
    }
    assert headers[b"content-type"] == b"application/x-amz-json-1.0"


def test_chunks_are_put_together_and_trailers_dropped() -> None:
    whole = b"4;name=value\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: x\r\n\r\nnext"
    for length in range(len(whole) - 4):
        assert take_chunked(bytearray(whole[:length]), 0) is None
    assert take_chunked(bytearray(whole), 0) == (b"Wikipedia", len(whole) - 4)


def test_a_credential_scope_is_read() -> None:
    assert credential_scope(b"AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/s3/aws4_request, Signature=0") == (
        "AK",
        "eu-west-1",
        "s3",
    )
    assert credential_scope(b"Bearer x") == ("", "", "")


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_every_way_in_which_an_engine_may_end_a_body(answer: bytes, body: bytes) -> None:
    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            if b"close" not in answer:
                await reader.read()

        reply = await _against(serve, lambda upstream: upstream.send(WireRequest(b"GET", b"/", {}, b"")))
        assert reply.body == body

    asyncio.run(run())


def test_a_kept_connection_that_the_engine_closed_is_replaced() -> None:
    served = 0

    async def run() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal served
            await reader.readuntil(b"\r\n\r\n")
            served += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()
            # It keeps the connection open, and hangs up when it is used again.
            await reader.read(1)

        async def twice(upstream: Upstream) -> list[bytes]:
            return [(await upstream.send(WireRequest(b"GET", b"/", {}, b""))).body for _ in range(2)]

        assert await _against(serve, twice) == [b"{}", b"{}"]

    asyncio.run(run())
    assert served == 2


async def _against(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    use: Callable[[Upstream], Awaitable[Any]],
) -> Any:
    """Use an upstream in front of a scripted engine."""
    ended: list[asyncio.Future[None]] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done = asyncio.get_running_loop().create_future()
        ended.append(done)
        await serve(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        done.set_result(None)

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    upstream = Upstream("127.0.0.1", server.sockets[0].getsockname()[1])
    try:
        return await asyncio.wait_for(use(upstream), 300)
    finally:
        upstream.close()
        server.close()
        await asyncio.gather(*ended)
