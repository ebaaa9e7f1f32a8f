"""The side of a worker that dials in: from the address of a job to a connection that is proved."""

import io
import socket
import threading
from contextlib import ExitStack
from typing import BinaryIO, Protocol

import msgspec

from dynasmith.engine.workers.frames import FrameTooLong, Pipe, Sender, read_frame, send_frame
from dynasmith.engine.workers.handshake import (
    HANDSHAKE_BYTES_MAX,
    HANDSHAKE_SECONDS,
    HandshakeFailed,
    Seal,
    bound,
    check_welcome,
    decode_greeting,
    decode_welcome,
    encode_message,
    introduction,
    seals,
)
from dynasmith.engine.workers.line_tls import SCHEME, TlsSocket
from dynasmith.errors import Unreachable, UsageError


class WorkerConnection(Protocol):
    """What a worker speaks with its job over."""

    def receive(self) -> bytes | None:
        """The next frame; None where the job is gone. Called by one thread."""
        ...

    def send(self, frame: bytes) -> None:
        """Send one frame whole, from any thread. Raises OSError where the job is gone."""
        ...


class LocalConnection:
    """The socket to the process that began this one."""

    def __init__(self, ours: socket.socket) -> None:
        self._ours = ours
        self._pipe: Pipe = ours.makefile("rb")
        self._sending = threading.Lock()

    def receive(self) -> bytes | None:
        """See WorkerConnection."""
        return read_frame(self._pipe)

    def send(self, frame: bytes) -> None:
        """See WorkerConnection."""
        with self._sending:
            send_frame(self._ours, frame)


class SealedConnection:
    """A socket over which both sides proved themselves; a frame that was changed on its way counts as the end."""

    def __init__(self, ours: socket.socket, sender: Sender, pipe: BinaryIO, to_worker: Seal, to_keeper: Seal) -> None:
        self._ours, self._sender, self._pipe = ours, sender, pipe
        self._to_worker, self._to_keeper = to_worker, to_keeper
        self._sending = threading.Lock()

    def receive(self) -> bytes | None:
        """See WorkerConnection."""
        try:
            frame = read_frame(self._pipe)
            return None if frame is None else self._to_worker.opened(frame)
        except (OSError, FrameTooLong, HandshakeFailed):
            return None

    def send(self, frame: bytes) -> None:
        """See WorkerConnection."""
        with self._sending:
            send_frame(self._sender, frame + self._to_keeper.tag(frame))

    def close(self) -> None:
        """Close the connection."""
        self._pipe.close()
        self._ours.close()


def dialled(address: str, secret: str) -> SealedConnection:
    """A proved connection to the job at ``host:port``, encrypted where that is ``tls://host:port``.

    Raises UsageError for an address that is none and where the job turns this worker away, Unreachable where nobody
    listens or what answers is no job.
    """
    host, port = host_and_port(address.removeprefix(SCHEME))
    try:
        ours = socket.create_connection((host, port), timeout=HANDSHAKE_SECONDS)
    except OSError as error:
        raise Unreachable(
            f"No job listens for workers at {address}: {error.strerror or error}.",
            hint="start the job first, with --on listen://..., and check the address",
        ) from error
    with ExitStack() as opened:
        opened.callback(ours.close)
        try:
            connection = _proved(ours, secret, opened, encrypted=address.startswith(SCHEME))
        except HandshakeFailed as error:
            raise UsageError(error.message, hint=error.hint) from error
        except (OSError, EOFError, FrameTooLong, msgspec.MsgspecError) as error:
            raise Unreachable(
                f"What answers at {address} is not a job that waits for workers.",
                hint="check the address: it begins with tls:// where the job says so, and only there",
            ) from error
        opened.pop_all()
    return connection


def _proved(ours: socket.socket, secret: str, opened: ExitStack, *, encrypted: bool) -> SealedConnection:
    sender: Sender = ours
    if encrypted:
        sender = tls = TlsSocket(ours)
        pipe: BinaryIO = opened.enter_context(io.BufferedReader(tls))
        secret = bound(secret, tls.fingerprint)
    else:
        pipe = opened.enter_context(ours.makefile("rb"))
    greeted = decode_greeting(_frame(pipe))
    said = introduction(greeted, secret)
    send_frame(sender, encode_message(said))
    check_welcome(decode_welcome(_frame(pipe)), greeted, said, secret)
    ours.settimeout(None)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return SealedConnection(ours, sender, pipe, *seals(greeted, said, secret))


def host_and_port(address: str) -> tuple[str, int]:
    """Host and port of ``host:port``. Raises UsageError for what is none."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise UsageError(f"{address!r} is not an address of a job.", hint="write HOST:PORT, such as 10.0.0.7:7700")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _frame(pipe: Pipe) -> bytes:
    frame = read_frame(pipe, HANDSHAKE_BYTES_MAX)
    if frame is None:
        raise EOFError
    return frame
