"""Workers that dial in over the network: a keeper listens, and whoever proves that it knows the secret gets its order.

A worker that is turned away is told why, and is logged here once for each reason; it holds nothing up.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from dynasmith.engine.workers.frames import FrameTooLong, framed, receive_frame
from dynasmith.engine.workers.handshake import (
    HANDSHAKE_BYTES_MAX,
    HANDSHAKE_SECONDS,
    HandshakeFailed,
    Seal,
    bound,
    decode_introduction,
    encode_message,
    greeting,
    judged,
    seals,
)
from dynasmith.engine.workers.line_tls import SCHEME, LineCertificate
from dynasmith.errors import RunError
from dynasmith.ports.crew import LineEnded

STRANGERS_MAX = 64
"""Connections at a time that have proved nothing yet; more are closed at once."""

NOBODY_SECONDS = 600.0
"""How long a job without any worker waits for one."""

_CLOSE_SECONDS = 3.0
"""How long the other side of an encrypted line may take to say that it ends too."""

_BUFFER_BYTES = 4 * 1024 * 1024
_log = logging.getLogger("dynasmith.jobs")


class TcpLine:
    """One worker that dialled in and proved itself."""

    remote = True

    def __init__(
        self, where: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to_worker: Seal, to_keeper: Seal
    ) -> None:
        self.where = where
        self._reader, self._writer = reader, writer
        self._to_worker, self._to_keeper = to_worker, to_keeper

    def send(self, frame: bytes) -> None:
        """Send one frame. A worker that is gone hears nothing."""
        if not self._writer.is_closing():
            tag = self._to_worker.tag(frame)
            self._writer.writelines([framed(frame + tag), frame, tag])

    async def frame(self) -> bytes:
        """The next frame from it. Raises LineEnded."""
        try:
            return self._to_keeper.opened(await receive_frame(self._reader))
        except (asyncio.IncompleteReadError, OSError, FrameTooLong, HandshakeFailed) as error:
            self.cut()
            raise LineEnded(str(error)) from error

    def cut(self) -> None:
        """End the line at once; ``frame`` then raises LineEnded."""
        self._writer.transport.abort()

    async def end(self) -> str:
        """End the line: the worker sees it, and ends."""
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await self._writer.wait_closed()
        self.cut()
        return f"at {self.where}, whose line was lost"


class TcpCrew:
    """Whoever dials in at ``host`` and ``port`` (0: any free one) with the secret, over TLS where there is a
    ``certificate``; ``listens`` is told the address. ``shares_credentials`` lends workers the keys of the job.

    Keeps `dynasmith.ports.crew.Crew`.
    """

    remote = True
    patience_seconds = NOBODY_SECONDS

    def __init__(
        self,
        host: str,
        port: int,
        secret: str,
        listens: Callable[[str], None] = lambda _: None,
        *,
        certificate: LineCertificate | None = None,
        shares_credentials: bool = False,
    ) -> None:
        self._host, self._port, self._listens = host, port, listens
        self._certificate, self.shares_credentials = certificate, shares_credentials
        self._secret = bound(secret, certificate.fingerprint if certificate else b"")
        self._server: asyncio.Server | None = None
        self._came: asyncio.Queue[TcpLine] = asyncio.Queue()
        self._order = b""
        self._strangers = 0
        self._told: set[str] = set()
        self.unfit: list[HandshakeFailed] = []
        """Why workers that know the secret were turned away."""
        self._meeting: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where it listens, once it does."""
        assert self._server is not None
        return self.address_at(self._server.sockets[0].getsockname()[0], self.port)

    @property
    def port(self) -> int:
        """The port that it listens at, once it does."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def address_at(self, host: str, port: int) -> str:
        """What workers are told who reach this machine as ``host``."""
        return (SCHEME if self._certificate else "") + (f"[{host}]:{port}" if ":" in host else f"{host}:{port}")

    async def place(self, order: bytes, count: int) -> None:  # noqa: ARG002  # whoever comes, comes
        """Listen. Raises RunError where the address cannot be listened at."""
        self._order = order
        if self._server is not None:
            return
        try:
            tls: dict[str, Any] = {}
            if self._certificate is not None:
                tls = {"ssl": self._certificate.context, "ssl_handshake_timeout": HANDSHAKE_SECONDS}
                tls["ssl_shutdown_timeout"] = _CLOSE_SECONDS
            self._server = await asyncio.start_server(self._meet, self._host, self._port, limit=_BUFFER_BYTES, **tls)
        except OSError as error:
            raise RunError(
                f"Cannot listen for workers at {self._host}:{self._port}: {error.strerror or error}.",
                hint="name another address, or end what listens there",
            ) from error
        self._listens(self.address)

    async def next(self) -> TcpLine:
        """The next worker that proved itself; it has its order."""
        return await self._came.get()

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
        for task in self._meeting:
            task.cancel()
        await asyncio.gather(*self._meeting, return_exceptions=True)
        while not self._came.empty():
            await self._came.get_nowait().end()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._meeting.add(task)
        self._strangers += 1
        line: TcpLine | None = None
        try:
            if self._strangers <= STRANGERS_MAX:
                async with asyncio.timeout(HANDSHAKE_SECONDS):
                    line = await self._proved(reader, writer)
        except HandshakeFailed as error:
            self._tell(error.message)
        except (OSError, TimeoutError, EOFError, FrameTooLong, msgspec.MsgspecError) as error:
            self._tell(f"Something that is no worker of this version dialled in ({type(error).__name__}).")
        finally:
            self._strangers -= 1
            self._meeting.discard(task)
            if line is None:
                writer.close()
        if line is not None:
            line.send(self._order)
            self._came.put_nowait(line)

    async def _proved(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> TcpLine:
        greeted = greeting()
        _send(writer, encode_message(greeted))
        said = decode_introduction(await receive_frame(reader, HANDSHAKE_BYTES_MAX))
        welcome = judged(greeted, said, self._secret)
        _send(writer, encode_message(welcome))
        await writer.drain()
        if welcome.message:
            failed = HandshakeFailed(f"A worker was turned away: {welcome.message}", welcome.hint)
            if welcome.proof:  # it knows the secret, so that it is no stranger
                self.unfit.append(failed)
            raise failed
        return TcpLine(said.where, reader, writer, *seals(greeted, said, self._secret))

    def _tell(self, reason: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            _log.warning("%s", reason)


def _send(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.writelines([framed(body), body])
