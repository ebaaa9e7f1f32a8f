"""TLS of a line between a job and a worker on another machine.

The certificate of a job is made for it and known to nobody. A worker verifies no chain of it: both sides fold its
fingerprint into the secret that they prove to each other, so that who stands between them with a certificate of its own
proves nothing to either.
"""

import io
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from socket import socket
from threading import Lock
from typing import Any, Final

SCHEME: Final = "tls://"
"""How the address of a job begins that speaks TLS."""

_READ_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class LineCertificate:
    """What a job listens with: a context of a server, and the fingerprint of its certificate."""

    context: ssl.SSLContext
    fingerprint: bytes


def fingerprint_of(certificate: bytes) -> bytes:
    """The fingerprint of a certificate in DER."""
    return sha256(certificate).digest()


class TlsSocket(io.RawIOBase):
    """The side of a worker: a connected socket whose bytes are encrypted. One thread reads while others send.

    An SSL object may not be used by two threads at once, and a read of a plain ``SSLSocket`` waits inside of it; here
    only bytes that have come are decrypted under the lock. Raises OSError where the other side does not speak TLS.
    """

    def __init__(self, ours: socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # see above
        self._ours = ours
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._came, self._goes)
        self._read: Callable[[int, Any], int] = self._tls.read  # type: ignore[assignment]  # with a buffer: how many
        self._using, self._sending = Lock(), Lock()
        while not self._has_met():
            self._receive()

    @property
    def fingerprint(self) -> bytes:
        """Of the certificate that the other side has."""
        return fingerprint_of(self._tls.getpeercert(binary_form=True) or b"")

    def sendall(self, data: bytes) -> None:
        """Send all of it, from any thread. Raises OSError."""
        with self._sending:
            with self._using:
                sent = 0
                while sent < len(data):
                    sent += self._tls.write(data[sent:])
                encrypted = self._goes.read()
            self._ours.sendall(encrypted)

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # of typeshed: any buffer
        """Wait for bytes; 0 at the end. Called by one thread. Raises OSError."""
        while True:
            with self._using:
                try:
                    return self._read(len(buffer), buffer)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLZeroReturnError:
                    return 0
            self._receive()

    def _has_met(self) -> bool:
        try:
            self._tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        if self._goes.pending:
            self._ours.sendall(self._goes.read())
        return done

    def _receive(self) -> None:
        data = self._ours.recv(_READ_BYTES)
        with self._using:
            if data:
                self._came.write(data)
            else:
                self._came.write_eof()
