"""Lines to other machines are encrypted, and who stands between a job and its workers gets nothing."""

import asyncio
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from threading import Thread
from typing import Any

import pytest

from dynasmith.engine.crypto.line_certificate import line_certificate
from dynasmith.engine.workers.dial import dialled
from dynasmith.engine.workers.line_tls import LineCertificate
from dynasmith.engine.workers.tcp_crew import TcpCrew, TcpLine
from dynasmith.errors import DynasmithError, Unreachable, UsageError
from dynasmith.jobs.cluster import Cluster
from dynasmith.project.clusters.network import certificate_at

SECRET = "a secret of this test"
LARGE = bytes(range(256)) * 4096
"""1 MB: many records of TLS, and more than a buffer of a socket."""


@pytest.fixture(scope="module")
def certificate() -> LineCertificate:
    made = line_certificate()
    assert made is not None
    return made


def meeting(crew: TcpCrew, work: Callable[[str], Any], serve: Any = None) -> tuple[Any, int]:
    """What a worker gets that does ``work(address)``, or how it is refused; and how many the crew has in the end."""

    async def main() -> tuple[Any, int]:
        await crew.place(b"order", 1)
        try:
            working = asyncio.create_task(asyncio.to_thread(tried, crew.address))
            if serve is not None:
                await serve(await crew.next())
            return await working, crew._came.qsize()
        finally:
            await crew.close()

    def tried(address: str) -> Any:
        try:
            return work(address)
        except DynasmithError as error:
            return error

    return asyncio.run(main())


def order_of(address: str) -> Any:
    with closing(dialled(address, SECRET)) as connection:
        return connection.receive()


def test_large_frames_cross_in_both_directions_at_once(certificate: LineCertificate) -> None:
    """The threads of a worker send while another one reads."""
    threads, frames = 3, 8

    def work(address: str) -> Any:
        with closing(dialled(address, SECRET)) as connection:

            def send() -> None:
                for _ in range(frames):
                    connection.send(LARGE)

            senders = [Thread(target=send) for _ in range(threads)]
            for each in senders:
                each.start()
            heard = [connection.receive() for _ in range(1 + threads * frames)]
            for each in senders:
                each.join()
            return heard

    async def serve(line: TcpLine) -> None:
        for _ in range(threads * frames):
            line.send(LARGE)
            assert await line.frame() == LARGE

    heard, _ = meeting(TcpCrew("127.0.0.1", 0, SECRET, certificate=certificate), work, serve)
    assert heard[0] == b"order"
    assert heard[1:] == [LARGE] * (threads * frames)


def test_nothing_of_a_line_can_be_read_on_its_way(certificate: LineCertificate) -> None:
    crew = TcpCrew("127.0.0.1", 0, SECRET, certificate=certificate)
    seen = bytearray()

    def work(address: str) -> Any:
        with closing(_between(address.removeprefix("tls://"), seen)) as here:
            return order_of(f"tls://127.0.0.1:{here.getsockname()[1]}")

    assert meeting(crew, work) == (b"order", 1)
    assert seen
    assert not {word for word in (b"order", b"Introduction", b"Welcome") if word in seen}


def test_who_stands_between_with_a_certificate_of_its_own_gets_no_worker(certificate: LineCertificate) -> None:
    other = line_certificate()
    assert other is not None
    crew = TcpCrew("127.0.0.1", 0, SECRET, certificate=certificate)

    def work(address: str) -> Any:
        with closing(_between(address.removeprefix("tls://"), bytearray(), other.context)) as here:
            return order_of(f"tls://127.0.0.1:{here.getsockname()[1]}")

    error, came = meeting(crew, work)
    assert (type(error), came) == (UsageError, 0)
    assert error.message == "The job has another secret than this worker."


def test_a_line_is_encrypted_on_both_sides_or_there_is_none(
    certificate: LineCertificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynasmith.engine.workers.dial.HANDSHAKE_SECONDS", 1.0)
    encrypted = TcpCrew("127.0.0.1", 0, SECRET, certificate=certificate)
    error, came = meeting(encrypted, lambda address: order_of(address.removeprefix("tls://")))
    assert (type(error), came) == (Unreachable, 0)
    assert "tls://" in error.hint
    error, came = meeting(TcpCrew("127.0.0.1", 0, SECRET), lambda address: order_of(f"tls://{address}"))
    assert (type(error), came) == (Unreachable, 0)
    assert "tls://" in error.hint


def test_another_secret_is_turned_away(certificate: LineCertificate) -> None:
    crew = TcpCrew("127.0.0.1", 0, "another secret of it", certificate=certificate)
    error, came = meeting(crew, order_of)
    assert (type(error), came) == (UsageError, 0)


def test_what_may_cross_a_network_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Cluster("listen://10.0.0.7:7700")
    assert certificate_at("127.0.0.1", place) is None
    assert certificate_at("10.0.0.7", place) is not None
    assert certificate_at("10.0.0.7", Cluster(place.on, plain=True)) is None
    with pytest.raises(UsageError, match="AWS credentials would cross"):
        certificate_at("10.0.0.7", Cluster(place.on, plain=True, share_credentials=True))
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(UsageError, match="not encrypted") as caught:
        certificate_at("10.0.0.7", place)
    assert "dynasmith[crypto]" in caught.value.hint


def _between(address: str, seen: bytearray, context: ssl.SSLContext | None = None) -> socket.socket:
    """A listener that passes one connection on to ``address`` and keeps what it sees: bytes as they are, or what they
    say, under a certificate of its own."""
    host, _, port = address.rpartition(":")
    here = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            worker, _ = here.accept()
            job = socket.create_connection((host, int(port)))
            if context is not None:
                worker = context.wrap_socket(worker, server_side=True)
                towards = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                towards.check_hostname, towards.verify_mode = False, ssl.CERT_NONE
                job = towards.wrap_socket(job)
            back = Thread(target=_pass_on, args=(job, worker, seen), daemon=True)
            back.start()
            _pass_on(worker, job, seen)
            back.join(30)
            worker.close()
            job.close()

    Thread(target=serve, daemon=True).start()
    return here


def _pass_on(source: socket.socket, target: socket.socket, seen: bytearray) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            seen += data
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
