"""The exchanges keep the same promises: one suite, three transports."""

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from dynasmith.aws.data.aiohttp_exchange import AiohttpExchange
from dynasmith.aws.data.botocore_exchange import BotocoreExchange
from dynasmith.aws.data.calls import Calls, Patience
from dynasmith.aws.data.client_details import ClientKeys, address_of
from dynasmith.aws.data.credentials import Credentials
from dynasmith.aws.data.direct_exchange import DirectExchange
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.exchange import BrokenExchange, Exchange
from dynasmith.aws.data.request_bodies import batch_write_body, scan_shape
from dynasmith.errors import (
    AccessDenied,
    CredentialsExpired,
    ServiceUnavailable,
    TableNotFound,
    Throttled,
    Unreachable,
    ValidationRefused,
)
from dynasmith.jobs.steer import Throttle
from flow.kit import MakeTable, Said, client_of, page_body, scripted

Open = Callable[[Any], Awaitable[Exchange]]
QUICK = Patience(first_seconds=0.001, longest_seconds=0.005, refused_seconds=0.02, stumbling_seconds=2.0)


async def open_aiohttp(client: Any) -> Exchange:
    address = await asyncio.to_thread(address_of, client, "t")
    return AiohttpExchange(address, Credentials(ClientKeys(client)))


async def open_direct(client: Any) -> Exchange:
    address = await asyncio.to_thread(address_of, client, "t")
    return DirectExchange(address, Credentials(ClientKeys(client)))


async def open_botocore(client: Any) -> Exchange:
    return BotocoreExchange(client, await asyncio.to_thread(address_of, client, "t"))


@pytest.fixture(params=[open_direct, open_aiohttp, open_botocore], ids=["direct", "aiohttp", "botocore"])
def open_exchange(request: pytest.FixtureRequest) -> Open:
    opener: Open = request.param
    return opener


async def ask_scripted(open_exchange: Open, *replies: Said, patience: Patience = QUICK) -> tuple[int, Any, Calls]:
    async with scripted(*replies) as script:
        client = client_of(script.endpoint)
        exchange = await open_exchange(client)
        throttles: list[Throttle] = []
        calls = Calls(exchange, patience=patience, heard=throttles.extend)
        try:
            return (await calls.scan("t", b"{", None)).scanned, (script, throttles), calls
        finally:
            await exchange.close()
            client.close()


def error(code: str, message: str = "no", status: int = 400, **headers: str) -> Said:
    body = b'{"__type":"com.amazonaws.dynamodb.v20120810#%b","message":"%b"}' % (code.encode(), message.encode())
    return Said(status, body, dict(headers))


def test_items_written_are_the_items_scanned(open_exchange: Open, client: Any, make_table: MakeTable) -> None:
    table = make_table()
    items = [b'{"pk":{"S":"%d"},"n":{"N":"%d"}}' % (number, number) for number in range(20)]

    async def main() -> list[bytes]:
        exchange = await open_exchange(client)
        calls = Calls(exchange)
        try:
            reply = await calls.batch_write(table, batch_write_body(table, items), items)
            assert not reply.left
            first = await calls.scan(table, scan_shape(table, limit=15), None)
            assert first.last_key is not None
            rest = await calls.scan(table, scan_shape(table), bytes(first.last_key))
            return [bytes(item) for item in [*first.items, *rest.items]]
        finally:
            await exchange.close()

    assert len(asyncio.run(main())) == 20
    assert client.scan(TableName=table)["Count"] == 20


@pytest.mark.parametrize(
    "stumble",
    [
        error("InternalServerError", status=500),
        Said(503, b"<html>busy</html>"),
        error("ReplicatedWriteConflictException"),
        Said(200, page_body(1), crc=1),
        Said(200, page_body(1), cut=40),
        Said(200, page_body(1), cut=0),
        Said(200, b"<html>Log in</html>"),
        Said(200, b'{"status":"ok"}'),
        Said(200, b'{"Items":[{"pk":{"S":"caf\xc3"}}],"Count":1,"ScannedCount":1}'),
        Said(
            200, b'{"Items":[{"pk":{"S":"\xff"}}],"Count":1,"ScannedCount":1,"ConsumedCapacity":{"CapacityUnits":1.0}}'
        ),
        Said(200, page_body(1), {"x-amzn-requestid": ""}),
        Said(200, page_body(1), {"x-amz-crc32": "many"}),
        Said(200, page_body(1), {"content-encoding": "br"}),
        Said(200, gzip.compress(page_body(1))[:-4], {"content-encoding": "gzip"}),
        Said(200, gzip.compress(page_body(1)) + b"x", {"content-encoding": "gzip"}),
        Said(201, page_body(1)),
        Said(302, b"", {"location": "http://127.0.0.1:1/"}),
        Said(400, b""),
        Said(403, b"<html>Forbidden</html>"),
        Said(raw=b"HTTP/1.1 204 No Content\r\n\r\n"),
        Said(raw=b"HTTP/1.1 100 Continue\r\n\r\n" * 20 + b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
        Said(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-6\r\nhello\r\n0\r\n\r\n", cut=1000),
        Said(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\nhello\r\n0\r\n\r\n", cut=1000),
        Said(raw=b"HTTP/1.1 200 OK\r\nContent-Length: -6\r\n\r\nhello", cut=1000),
        Said(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nhello", cut=1000),
        Said(raw=b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000, cut=1_000_000),
        Said(raw=b"SSH-2.0-OpenSSH_9.6\r\n\r\n", cut=1000),
        Said(200, page_body(1), {"x-amz-crc32": "1"}, after=b"HTTP/1.1 200 OK\r\n"),
    ],
)
def test_a_stumble_is_tried_again(open_exchange: Open, stumble: Said) -> None:
    scanned, (script, _), calls = asyncio.run(ask_scripted(open_exchange, stumble, Said(200, page_body(7))))
    assert scanned == 7
    assert calls.retried == 1
    assert len(script.heard) >= 2


def test_an_interim_reply_is_skipped(open_exchange: Open) -> None:
    said = Said(200, page_body(7))
    early = Said(raw=b"HTTP/1.1 100 Continue\r\n\r\n" + said.wire())
    scanned, _, calls = asyncio.run(ask_scripted(open_exchange, early))
    assert (scanned, calls.retried) == (7, 0)


@pytest.mark.parametrize("said", [Said(200, b"{}"), Said(400, b""), Said(302, b"")])
def test_broken_replies_for_ever_end_with_a_hint(open_exchange: Open, said: Said) -> None:
    with pytest.raises(ServiceUnavailable, match="not the service's") as caught:
        asyncio.run(ask_scripted(open_exchange, said, patience=replace(QUICK, stumbling_seconds=300.0)))
    assert "jobs resume" in caught.value.hint


def scans_on_one_connection(open_exchange: Open, *replies: Said) -> tuple[list[int], int, int]:
    """What two scans looked at; how many requests were sent, and over how many connections."""

    async def main() -> tuple[list[int], int, int]:
        async with scripted(*replies) as script:
            client = client_of(script.endpoint)
            exchange = await open_exchange(client)
            try:
                calls = Calls(exchange, patience=QUICK)
                scanned = [(await calls.scan("t", b"{", None)).scanned for _ in range(2)]
                return scanned, len(script.heard), script.connections
            finally:
                await exchange.close()
                client.close()

    return asyncio.run(main())


def test_a_connection_is_used_again(open_exchange: Open) -> None:
    assert scans_on_one_connection(open_exchange, Said(200, page_body(1)), Said(200, page_body(2))) == ([1, 2], 2, 1)


def test_a_request_id_that_repeats_on_a_connection_breaks_it(open_exchange: Open) -> None:
    first = Said(200, page_body(1), {"x-amzn-requestid": "SAME"})
    scanned, requests, connections = scans_on_one_connection(open_exchange, first, first, Said(200, page_body(2)))
    assert (scanned, requests, connections) == ([1, 2], 3, 2)


def test_bytes_that_no_request_asked_for_are_never_read_as_the_next_reply(open_exchange: Open) -> None:
    forged = Said(200, page_body(99)).wire()
    first = Said(200, page_body(1), after=forged)
    scanned, _, connections = scans_on_one_connection(
        open_exchange, first, Said(200, page_body(2)), Said(200, page_body(3))
    )
    assert 99 not in scanned
    if open_exchange is not open_botocore:  # Python's HTTP client throws the bytes away
        assert connections == 2


def test_bytes_on_an_idle_connection_break_it(open_exchange: Open) -> None:
    forged = Said(200, page_body(99)).wire()

    async def main() -> None:
        async with scripted(Said(200, page_body(1)), Said(200, page_body(2))) as script:
            client = client_of(script.endpoint)
            exchange = await open_exchange(client)
            try:
                calls = Calls(exchange, patience=QUICK)
                assert (await calls.scan("t", b"{", None)).scanned == 1
                await script.say(forged)
                assert (await calls.scan("t", b"{", None)).scanned == 2
                assert script.connections == 2
            finally:
                await exchange.close()
                client.close()

    asyncio.run(main())


def test_a_throttle_is_told_with_its_reasons_and_tried_again(open_exchange: Open) -> None:
    throttle = Said(
        400,
        b'{"__type":"x#ProvisionedThroughputExceededException","message":"slow","ThrottlingReasons":'
        b'[{"reason":"TableWriteProvisionedThroughputExceeded","resource":"arn:t"}]}',
    )
    _, (_, throttles), _ = asyncio.run(ask_scripted(open_exchange, throttle, Said()))
    assert throttles == [Throttle("write", "ProvisionedThroughputExceeded")]


def test_a_throttle_that_lasts_becomes_an_error_with_its_reasons(open_exchange: Open) -> None:
    body = b'{"__type":"x#ThrottlingException","message":"m","throttlingReasons":[{"reason":"R","resource":"i"}]}'
    patience = Patience(first_seconds=0.001, longest_seconds=0.001, throttled_seconds=0.01)
    with pytest.raises(Throttled) as caught:
        asyncio.run(ask_scripted(open_exchange, Said(400, body), patience=patience))
    assert caught.value.reasons == ("R i",)
    assert caught.value.service_code == "ThrottlingException"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (error("ResourceNotFoundException"), TableNotFound),
        (error("AccessDeniedException"), AccessDenied),
        (error("ValidationException"), ValidationRefused),
        (error("ExpiredTokenException"), CredentialsExpired),
        (error("InternalServerError", status=500), ServiceUnavailable),
    ],
)
def test_what_no_retry_mends_is_an_error_of_ours(open_exchange: Open, said: Said, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        asyncio.run(ask_scripted(open_exchange, said))


def test_a_compressed_reply_is_unpacked_and_its_checksum_is_of_the_wire(open_exchange: Open) -> None:
    packed = gzip.compress(page_body(3))
    scanned, _, _ = asyncio.run(ask_scripted(open_exchange, Said(200, packed, {"content-encoding": "gzip"})))
    assert scanned == 3


def test_nothing_listening_is_said_soon(open_exchange: Open) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        async def main() -> None:
            client = client_of(f"http://127.0.0.1:{port}")
            exchange = await open_exchange(client)
            try:
                await Calls(exchange, patience=QUICK).scan("t", b"{", None)
            finally:
                await exchange.close()
                client.close()

        with pytest.raises(Unreachable) as caught:
            asyncio.run(main())
    assert "local start" in caught.value.hint


@pytest.mark.parametrize("ours", [open_direct, open_aiohttp])
def test_the_clock_of_the_service_is_taken_after_a_refused_signature(ours: Open) -> None:
    late = error("InvalidSignatureException", "Signature expired: too old", date="Tue, 01 Jan 2030 00:00:00 GMT")
    _, (script, _), _ = asyncio.run(ask_scripted(ours, late, Said()))
    assert [heard.headers["x-amz-date"][:8] for heard in script.heard][1] == "20300101"


def test_the_address_is_botocores_and_nothing_is_sent() -> None:
    client = client_of("http://127.0.0.1:9/prefix")
    address = address_of(client, "t")
    client.close()
    assert (address.url, address.region, address.service) == ("http://127.0.0.1:9/prefix", "eu-west-1", "dynamodb")
    assert address.loopback


WHOLE = page_body(7)
CHUNKED = b"5\r\n%b\r\n%x;x=y\r\n%b\r\n0\r\n\r\n" % (WHOLE[:5], len(WHOLE) - 5, WHOLE[5:])


def test_a_chunked_reply_and_one_without_a_length_are_read(open_exchange: Open) -> None:
    chunked = Said(200, CHUNKED, {"transfer-encoding": "chunked"}, no_length=True, crc=crc32(WHOLE))
    scanned, _, _ = asyncio.run(ask_scripted(open_exchange, chunked))
    assert scanned == 7
    until_closed = Said(200, page_body(8), no_length=True, cut=10_000)
    scanned, _, calls = asyncio.run(ask_scripted(open_exchange, until_closed))
    assert scanned == 8
    assert calls.retried == 0


def test_more_requests_than_connections_take_turns(client: Any, make_table: MakeTable) -> None:
    table = make_table()

    async def main() -> int:
        address = await asyncio.to_thread(address_of, client, table)
        exchange = DirectExchange(address, Credentials(ClientKeys(client)), connections=2)
        calls = Calls(exchange)
        try:
            pages = await asyncio.gather(*(calls.scan(table, scan_shape(table), None) for _ in range(20)))
            return len(pages)
        finally:
            await exchange.close()

    assert asyncio.run(main()) == 20


def test_a_connection_that_comes_after_the_close_is_closed_too() -> None:
    """One that stays open keeps uvloop from ending, and with it the process."""

    async def main() -> None:
        async with scripted(Said(200, b'{"Count":1}')) as script:
            client = client_of(script.endpoint)
            address = await asyncio.to_thread(address_of, client, "t")
            exchange = DirectExchange(address, Credentials(ClientKeys(client)), connections=1)
            late = asyncio.create_task(exchange("Scan", b"{}"))
            while exchange._left == 1:  # its turn has come: it connects
                await asyncio.sleep(0)
            await exchange.close()
            with pytest.raises(BrokenExchange, match="was closed"):
                await late
            assert exchange._all == set()
            client.close()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main())


def test_a_cancelled_request_frees_its_turn() -> None:
    async def main() -> bytes:
        async with scripted(Said(200, b"{}", cut=10), Said(200, b'{"Count":1}')) as script:
            client = client_of(script.endpoint)
            address = await asyncio.to_thread(address_of, client, "t")
            exchange = DirectExchange(address, Credentials(ClientKeys(client)), connections=1)
            try:
                first = asyncio.create_task(exchange("Scan", b"{}"))
                second = asyncio.create_task(exchange("Scan", b"{}"))
                third = asyncio.create_task(exchange("Scan", b"{}"))
                while not script.heard:
                    await asyncio.sleep(0)
                first.cancel()
                second.cancel()
                return (await third).body
            finally:
                await exchange.close()
                client.close()

    assert asyncio.run(main()) == b'{"Count":1}'


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate for localhost that no CA knows."""
    pem, key = folder / "here.pem", folder / "here.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True)
    return str(pem), str(key)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed: no certificate to test with")
def test_tls_is_verified_with_the_clients_bundle(open_exchange: Open, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem, key)

    async def ask(verify: str | None) -> int:
        async with scripted(Said(200, page_body(5)), tls=tls) as script:
            client = client_of(script.endpoint, verify=verify)
            exchange = await open_exchange(client)
            try:
                return (await Calls(exchange, patience=QUICK).scan("t", b"{", None)).scanned
            finally:
                await exchange.close()
                client.close()

    assert asyncio.run(ask(pem)) == 5
    with pytest.raises((Unreachable, ServiceUnavailable), match=r"(?i)certificate"):
        asyncio.run(ask(None))
