"""The keys to sign with, asked for anew where they may have changed: here, or of the process that has the client."""

import asyncio
import time

import msgspec

from dynasmith.aws.data.signature import SigningKeys
from dynasmith.ports.remote_reference import RemoteReference

CREDENTIALS_CHECK_SECONDS = 10.0
"""How often the flow asks whether credentials are due."""

_decode = msgspec.msgpack.Decoder(SigningKeys).decode


class Credentials:
    """Keys of ``source``, remembered for some seconds; asked for off the loop."""

    def __init__(self, source: RemoteReference) -> None:
        self._source = source
        self._keys: SigningKeys | None = None
        self._checked = float("-inf")
        self._refreshing = asyncio.Lock()

    async def keys(self) -> SigningKeys:
        """The keys to sign with now. Raises NoCredentials, CredentialsExpired (they could not be refreshed)."""
        now = time.monotonic()
        if self._keys is not None and now - self._checked < CREDENTIALS_CHECK_SECONDS:
            return self._keys
        async with self._refreshing:
            if self._keys is not None and time.monotonic() - self._checked < CREDENTIALS_CHECK_SECONDS:
                return self._keys
            self._keys = _decode(await self._source.ask(b"keys"))
            self._checked = time.monotonic()
            return self._keys

    def expire(self) -> None:
        """The service said that the keys are not good: ask again before the next request."""
        self._checked = float("-inf")
