"""The seam of the transport: one callable that sends a request once and returns the reply, whatever sends it."""

import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, Protocol, TypeAlias

TARGET = "DynamoDB_20120810"
"""The X-Amz-Target prefix; botocore's service model, metadata.targetPrefix."""


class Answer(NamedTuple):
    """One reply as it came: ``body`` is decompressed and its CRC32 was checked; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class BrokenExchange(Exception):
    """No whole reply came: refused, reset, timed out, cut, or a wrong checksum. The call may or may not have happened.

    ``refused`` says that nothing listened, so it surely did not.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class BrokenReply(BrokenExchange):
    """A reply came, and it is not the service's answer to the request. A write may have been done."""


Check: TypeAlias = Callable[[], None]
"""Raises where a request may not be sent any more."""


def allowed() -> None:
    """The check of a request that may always be sent."""


class Exchange(Protocol):
    """Sends one signed request. Raises BrokenExchange; never retries; any status is an Answer."""

    def __call__(self, operation: str, body: bytes, check: Check = allowed) -> Awaitable[Answer]:
        """Send it. ``check`` is called when there is a connection, right before the bytes are handed to it, on the loop
        or in the thread that sends: what it raises ends the request, of which nothing was sent."""
        ...

    def clock_is(self, date: str) -> None:
        """The service's Date header after it refused a signature for its time: sign with that clock from now on."""
        ...

    def credentials_refused(self) -> None:
        """The service refused the credentials: ask for them anew before the next request."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


def checked_body(raw: bytes, headers: Mapping[str, str]) -> bytes:
    """The reply's body, decompressed, its ``x-amz-crc32`` checked. Raises BrokenExchange.

    The checksum is of the bytes as sent, compressed or not; proxies that unpack on the way make it the one of the
    plain bytes, which is accepted too.
    """
    plain = raw
    encoding = headers.get("content-encoding", "").lower()
    if encoding == "gzip" and raw:
        try:
            plain = _gunzip(raw)
        except (OSError, ValueError, EOFError, zlib.error) as error:
            raise BrokenExchange(f"a reply could not be unpacked: {error}") from error
    wanted = headers.get("x-amz-crc32")
    if wanted is not None and wanted.isdigit():
        value = int(wanted)
        if zlib.crc32(raw) != value and (plain is raw or zlib.crc32(plain) != value):
            raise BrokenExchange("a reply arrived damaged (its CRC32 differs)")
    return plain


try:
    from isal.isal_zlib import decompress as _isal_decompress

    def _gunzip(raw: bytes) -> bytes:
        return bytes(_isal_decompress(raw, wbits=31))
except ImportError:  # the extra `fast` is not installed

    def _gunzip(raw: bytes) -> bytes:
        return zlib.decompress(raw, wbits=31)
