"""AES-256-GCM. Only this file and ``line_certificate`` import `cryptography`, an extra."""

from __future__ import annotations

import os
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.items.encryption_envelope import NONCE_BYTES

_HINT: Final = 'pip install "dynasmith[crypto]"'


class AesGcm:
    """One key of 32 bytes. Safe to use from several threads. Raises UsageError where `cryptography` is absent."""

    __slots__ = ("_cipher", "_wrong")

    def __init__(self, key: bytes) -> None:
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError as cause:
            raise UsageError(
                "Encryption needs the package cryptography, which is not installed.", hint=_HINT
            ) from cause
        self._cipher: Any = AESGCM(key)
        self._wrong = InvalidTag

    def __repr__(self) -> str:
        return "AesGcm(***)"

    def encrypt(self, plaintext: bytes, associated: bytes) -> tuple[bytes, bytes]:
        """A random nonce, and the ciphertext with its tag at the end."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce, bytes(self._cipher.encrypt(nonce, plaintext, associated))

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes | None:
        """The plaintext; None where key, nonce, ciphertext or ``associated`` is not what it was encrypted with."""
        try:
            return bytes(self._cipher.decrypt(nonce, data, associated))
        except (self._wrong, ValueError):  # ValueError: a nonce or a tag of an impossible length
            return None
