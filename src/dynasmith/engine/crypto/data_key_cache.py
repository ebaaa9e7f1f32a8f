"""Data keys of KMS, kept for a while, so that not each value costs a call.

A key encrypts at most 10,000 values and for at most five minutes. One that was decrypted is used for five minutes, so
long does a right that was taken away still serve; at most 1,000 of them are held, and the oldest is given up first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dynasmith.engine.crypto.aes_gcm import AesGcm
from dynasmith.ports.clock import Clock
from dynasmith.ports.encryption import DataKeys

SECONDS_MAX: Final = 300.0
VALUES_MAX: Final = 10_000
KEYS_MAX: Final = 1_000


@dataclass(slots=True)
class _Made:
    cipher: AesGcm
    wrapped: bytes
    at: float
    values: int = 0


class DataKeyCache:
    """Data keys by the name of their key. Safe to use from several threads."""

    def __init__(self, data_keys: Callable[[], DataKeys], clock: Clock) -> None:
        self._open, self._clock = data_keys, clock
        self._lock = threading.Lock()
        self._made: dict[str, _Made] = {}
        self._read: OrderedDict[tuple[str, bytes], tuple[AesGcm, float]] = OrderedDict()

    def for_encryption(self, name: str, kms: str) -> tuple[AesGcm, bytes]:
        """A data key of the key ``name`` and what KMS needs to decrypt it. A call where none may be used any more."""
        with self._lock:
            now = self._clock.monotonic()
            made = self._made.get(name)
            if made is None or made.values >= VALUES_MAX or now - made.at >= SECONDS_MAX:
                plain, wrapped = self._open().generate(kms, _context(name))
                made = self._made[name] = _Made(AesGcm(plain), wrapped, now)
                self._keep((name, wrapped), made.cipher, now)
            made.values += 1
            return made.cipher, made.wrapped

    def for_decryption(self, name: str, kms: str, wrapped: bytes) -> AesGcm | None:
        """The data key that is encrypted in ``wrapped``, None where it is not of that key. A call where it is not kept.

        Two threads that want one key at once may both call.
        """
        with self._lock:
            now = self._clock.monotonic()
            found = self._read.get((name, wrapped))
            if found is not None and now - found[1] < SECONDS_MAX:
                return found[0]
        plain = self._open().decrypt(kms, wrapped, _context(name))
        if plain is None:
            return None
        cipher = AesGcm(plain)
        with self._lock:
            self._keep((name, wrapped), cipher, now)
        return cipher

    def _keep(self, place: tuple[str, bytes], cipher: AesGcm, now: float) -> None:
        self._read[place] = cipher, now
        self._read.move_to_end(place)
        while len(self._read) > KEYS_MAX:
            self._read.popitem(last=False)


def _context(name: str) -> dict[str, str]:
    """KMS's encryption context: what it authenticates, shows in its log, and can be asked for by a policy."""
    return {"dynasmith:key": name}
