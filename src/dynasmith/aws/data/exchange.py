"""The seam of the transport: one callable that sends a request once and returns the reply, whatever sends it."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple, Protocol, TypeAlias

try:
    from isal.isal_zlib import crc32
    from isal.isal_zlib import decompressobj as _unpacker
except ImportError:  # the extra `fast` is not installed
    from zlib import crc32
    from zlib import decompressobj as _unpacker  # type: ignore[assignment]  # the same class by another name

TARGET = "DynamoDB_20120810"
"""The X-Amz-Target prefix; botocore's service model, metadata.targetPrefix."""


BODY_BYTES_MAX: Final = 256 * 1024 * 1024
"""Bytes of a reply's body, as sent or unpacked: BatchGetItem gives 16 MB of items, up to ten times as long as JSON."""
REQUEST_IDS_MIN: Final = 128
"""Request ids that are remembered of a connection at least; at most twice as many."""


class Link(ABC):
    """A connection, as far as its replies are judged."""

    __slots__ = ("_earlier", "_ids")

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._earlier: set[str] = set()

    def repeats(self, request_id: str) -> bool:
        """Whether an earlier reply over this connection had that id; remembers it."""
        if request_id in self._ids or request_id in self._earlier:
            return True
        if len(self._ids) == REQUEST_IDS_MIN:
            self._earlier, self._ids = self._ids, set()
        self._ids.add(request_id)
        return False

    @abstractmethod
    def distrust(self) -> None:
        """Close the connection: what comes over it next cannot be trusted to be the answer to what is sent next."""


class HttpReply(NamedTuple):
    """One reply as it came: ``body`` is perhaps compressed, and nothing of it was checked; header names are lower case.

    ``link`` is the connection that it came over, where the exchange knows it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    link: Link | None = None


class BrokenExchange(Exception):
    """No whole reply came: refused, reset, timed out, cut. The call may or may not have happened.

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

    def __call__(self, operation: str, body: bytes, check: Check = allowed) -> Awaitable[HttpReply]:
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


def unpacked(answer: HttpReply) -> bytes:
    """The reply's body, decompressed, its ``x-amz-crc32`` checked where there is one. Raises BrokenReply.

    The checksum is of the bytes as sent, compressed or not; proxies that unpack on the way make it the one of the
    plain bytes, which is accepted too.
    """
    raw, headers = answer.body, answer.headers
    plain = raw
    encoding = headers.get("content-encoding")
    if encoding:
        plain = _decoded(raw, encoding.lower())
    checksum = headers.get("x-amz-crc32")
    if checksum is not None:
        value = int(checksum) if is_count(checksum) else -1
        if crc32(raw) != value and (plain is raw or crc32(plain) != value):
            raise BrokenReply("a reply arrived damaged (its CRC32 differs)")
    return plain


def is_count(text: str) -> bool:
    """Whether a header's value is a number as HTTP writes sizes: up to 15 digits and nothing else."""
    return text.isdecimal() and text.isascii() and len(text) <= 15


def _decoded(raw: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return _gunzip(raw) if raw else raw
    if encoding != "identity":
        raise BrokenReply(f"a reply has the Content-Encoding {encoding[:40]!r}")
    return raw


def _gunzip(raw: bytes) -> bytes:
    unpacker = _unpacker(wbits=31)
    try:
        plain = bytes(unpacker.decompress(raw, BODY_BYTES_MAX))
    except Exception as error:  # of zlib or isal, which have no common root of their errors
        raise BrokenReply(f"a reply could not be unpacked: {error}") from error
    if not unpacker.eof or unpacker.unused_data:
        raise BrokenReply("a reply could not be unpacked: it is cut, longer than its content, or too long")
    return plain
