"""Who speaks on a line over the network: both sides prove that they know the secret, and run the same versions.

::

    keeper -> worker   Challenge       the keeper's nonce
    worker -> keeper   Introduction   versions, which worker it is, its nonce, its proof
    keeper -> worker   Welcome        the keeper's proof, or why the worker is turned away

A proof is an HMAC of both nonces under the secret, which itself never crosses. From there on each frame carries a tag
under a key of this line and this direction, counted, so that no frame can be made, changed, left out or sent again by
who does not know the secret. Frames are encrypted where the line is TLS (``line_tls``); the secret is then bound to the
certificate of that line.
"""

import hmac
import os
import platform
import socket
from hashlib import sha256
from typing import Final

import msgspec

from dynasmith import version

PROTOCOL = 1
"""Of the frames and messages of this version."""

NONCE_BYTES: Final = 32
TAG_BYTES: Final = 16
HANDSHAKE_BYTES_MAX: Final = 4096
"""A longer frame before the proof is rubbish."""

HANDSHAKE_SECONDS: Final = 10.0
"""How long the other side may take for its part."""

SECRET_CHARACTERS_MIN: Final = 16


class Challenge(msgspec.Struct, tag=True, array_like=True, forbid_unknown_fields=True):
    """The first frame of a keeper."""

    protocol: int
    nonce: bytes


class Introduction(msgspec.Struct, tag=True, array_like=True, forbid_unknown_fields=True):
    """The answer of a worker. ``where`` is its host and process."""

    protocol: int
    dynasmith: str
    python: str
    where: str
    nonce: bytes
    proof: bytes = b""


class Welcome(msgspec.Struct, tag=True, array_like=True, forbid_unknown_fields=True):
    """What the keeper says of an introduction: its proof; with a ``message`` the worker is turned away."""

    proof: bytes
    message: str = ""
    hint: str = ""


class HandshakeFailed(Exception):
    """The other side is none that this one may speak with; the sentence says why."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class Seal:
    """The tags of the frames of one direction."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._count = 0

    def tag(self, body: bytes) -> bytes:
        """The tag of the next frame."""
        counted = self._count.to_bytes(8, "big")
        self._count += 1
        return hmac.new(self._key, counted + body, sha256).digest()[:TAG_BYTES]

    def opened(self, frame: bytes) -> bytes:
        """The next frame without its tag. Raises HandshakeFailed for one that was not sent by the other side so."""
        body, tag = frame[:-TAG_BYTES], frame[-TAG_BYTES:]
        if not hmac.compare_digest(tag, self.tag(body)):
            raise HandshakeFailed("A frame of the line was changed on its way.", "start the worker again")
        return body


_encode = msgspec.msgpack.Encoder().encode
encode_message = _encode
decode_greeting = msgspec.msgpack.Decoder(Challenge).decode
decode_introduction = msgspec.msgpack.Decoder(Introduction).decode
decode_welcome = msgspec.msgpack.Decoder(Welcome).decode


def greeting() -> Challenge:
    """What a keeper says first."""
    return Challenge(PROTOCOL, os.urandom(NONCE_BYTES))


def introduction(greeted: Challenge, secret: str) -> Introduction:
    """What a worker says of itself. Raises HandshakeFailed for a keeper of another protocol."""
    if greeted.protocol != PROTOCOL:
        raise HandshakeFailed(
            f"The job speaks version {greeted.protocol} of the workers' protocol, and this worker version {PROTOCOL}.",
            "install the same version of dynasmith on both sides",
        )
    where = f"{socket.gethostname()}:{os.getpid()}"
    said = Introduction(PROTOCOL, version.__version__, _python(), where, os.urandom(NONCE_BYTES))
    said.proof = _proof(secret, b"worker", greeted.nonce, said.nonce, _encode(said))
    return said


def judged(greeted: Challenge, said: Introduction, secret: str) -> Welcome:
    """What a keeper answers: a worker that does not know the secret learns nothing more."""
    bare = Introduction(said.protocol, said.dynasmith, said.python, said.where, said.nonce)
    if not hmac.compare_digest(said.proof, _proof(secret, b"worker", greeted.nonce, said.nonce, _encode(bare))):
        return Welcome(
            b"",
            "The job has another secret than this worker.",
            "give both the same DYNASMITH_WORKER_SECRET, or the same file with --secret-file",
        )
    proof = _proof(secret, b"keeper", said.nonce, greeted.nonce)
    if said.dynasmith != version.__version__ or said.protocol != PROTOCOL:
        return Welcome(
            proof,
            f"The job runs dynasmith {version.__version__}, and this worker {said.dynasmith}.",
            "install the same version on both sides",
        )
    if said.python != _python():
        return Welcome(
            proof,
            f"The job runs Python {_python()}, and this worker {said.python}.",
            "use the same minor version of Python on both sides",
        )
    return Welcome(proof)


def check_welcome(welcome: Welcome, greeted: Challenge, said: Introduction, secret: str) -> None:
    """Raise HandshakeFailed where the keeper turned this worker away, or does not know the secret either."""
    if welcome.message:
        raise HandshakeFailed(welcome.message, welcome.hint)
    if not hmac.compare_digest(welcome.proof, _proof(secret, b"keeper", said.nonce, greeted.nonce)):
        raise HandshakeFailed(
            "What answers there does not know the secret of this worker.", "check the address and the secret"
        )


def bound(secret: str, fingerprint: bytes) -> str:
    """The secret of a line whose TLS certificate has that fingerprint; the secret itself where it has none."""
    return f"{secret} {fingerprint.hex()}" if fingerprint else secret


def seals(greeted: Challenge, said: Introduction, secret: str) -> tuple[Seal, Seal]:
    """The seals of both directions: of frames to the worker, and of frames to the keeper."""
    to_worker, to_keeper = (
        Seal(_proof(secret, direction, greeted.nonce, said.nonce)) for direction in (b"to worker", b"to keeper")
    )
    return to_worker, to_keeper


def _proof(secret: str, role: bytes, *parts: bytes) -> bytes:
    # Each part has its length before it, so that two different sequences never are the same bytes.
    content = b"".join(len(part).to_bytes(4, "big") + part for part in (b"dynasmith worker 1", role, *parts))
    return hmac.new(secret.encode(), content, sha256).digest()


def _python() -> str:
    major, minor, _ = platform.python_version_tuple()
    return f"{major}.{minor}"
