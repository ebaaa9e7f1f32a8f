"""The exchange over aiohttp, which knows proxies: kept-alive connections, our signature, gzip where it is worth it."""

import asyncio
import io
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary, ref

import aiohttp
from aiohttp.connector import Connection

from dynasmith.aws.data.address import Address
from dynasmith.aws.data.credentials import Credentials
from dynasmith.aws.data.exchange import BODY_BYTES_MAX, BrokenExchange, BrokenReply, Check, HttpReply, Link, allowed
from dynasmith.aws.data.request_signer import AddressSigner
from dynasmith.aws.data.tls import tls_of

STREAMED_BYTES = 1024 * 1024
_AUTO_HEADERS = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class _Attempt:
    """One request on its way: its check, and the connection that it got."""

    __slots__ = ("check", "protocol", "transport")

    def __init__(self, check: Check) -> None:
        self.check = check
        self.transport: asyncio.Transport | None = None
        self.protocol: Any = None

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


_ATTEMPT: ContextVar[_Attempt] = ContextVar("dynasmith_attempt")
"""The request that the running task sends."""


class _CheckedRequest(aiohttp.ClientRequest):
    """A request that is checked when it has its connection."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        attempt = _ATTEMPT.get()
        attempt.check()
        attempt.transport, attempt.protocol = conn.transport, conn.protocol
        return await super().send(conn)


class _Connector(aiohttp.TCPConnector):
    """Gives out no connection on which bytes came that no request asked for (aiohttp looks when it takes one back)."""

    async def _get(self, key: Any, traces: Any) -> Any:
        while (found := await super()._get(key, traces)) is not None:
            if found.protocol is not None and not found.protocol.should_close:
                return found
            found.close()
        return None


class _Link(Link):
    """A connection of aiohttp's."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self._protocol = ref(protocol)

    def distrust(self) -> None:
        """Close at once."""
        protocol = self._protocol()
        if protocol is not None and protocol.transport is not None:
            protocol.transport.abort()


class AiohttpExchange:
    """Sends through one aiohttp session. Made inside a running loop; ``connections`` bounds its sockets.

    ``gzip`` asks for compressed replies: None means yes unless the endpoint is this machine (a page shrinks to 0.42;
    unpacking costs about 2 us an item, which only a network repays).
    """

    def __init__(
        self, address: Address, credentials: Credentials, *, connections: int = 64, gzip: bool | None = None
    ) -> None:
        self._address = address
        self._signing = AddressSigner(address, credentials)
        compressed = gzip if gzip is not None else not address.loopback
        self._extra = {
            "Accept-Encoding": "gzip" if compressed else "identity",
            "User-Agent": address.user_agent,
        }
        self._links: WeakKeyDictionary[Any, _Link] = WeakKeyDictionary()
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=connections, ssl=tls_of(address) or True, ttl_dns_cache=60),
            trust_env=False,  # which proxy, if any, was decided with the address
            auto_decompress=False,
            request_class=_CheckedRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTO_HEADERS,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=address.connect_timeout_seconds, sock_read=address.read_timeout_seconds
            ),
        )

    async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> HttpReply:
        """Send one request once."""
        headers = {**await self._signing.headers(operation, body), **self._extra}
        # aiohttp warns of bytes over 1 MB, and writes a stream in pieces.
        data = body if len(body) < STREAMED_BYTES else io.BytesIO(body)
        attempt = _Attempt(check)
        before = _ATTEMPT.set(attempt)
        try:
            # The sum of the waits is bounded too: interim replies and drops of a body would begin sock_read anew.
            async with (
                asyncio.timeout(self._address.connect_timeout_seconds + self._address.read_timeout_seconds),
                self._session.post(
                    self._address.url, data=data, headers=headers, allow_redirects=False, proxy=self._address.proxy
                ) as reply,
            ):
                raw = await _body_of(reply)
        except aiohttp.ClientConnectorCertificateError as error:
            raise BrokenExchange(f"the certificate was not accepted: {error}", refused=True) from error
        except aiohttp.ClientConnectorError as error:
            raise BrokenExchange(str(error), refused=True) from error
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise BrokenReply(f"a reply was cut, or is not HTTP ({type(error).__name__}: {error})") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BrokenExchange(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from error
        except BaseException:  # cancelled: aiohttp closes the connection, and would still send what is buffered
            attempt.abort()
            raise
        finally:
            _ATTEMPT.reset(before)
        got = {name.lower(): value for name, value in reply.headers.items()}
        return HttpReply(reply.status, got, raw, self._link_of(attempt.protocol))

    def _link_of(self, protocol: Any) -> _Link:
        """The connection that a request was sent on (aiohttp lets go of it before the body is read)."""
        return self._links.get(protocol) or self._links.setdefault(protocol, _Link(protocol))

    def clock_is(self, date: str) -> None:
        """Sign with the service's clock from now on (it answered ``date`` to a signature out of its time)."""
        self._signing.clock_is(date)

    def credentials_refused(self) -> None:
        """Ask botocore for the credentials again before the next request."""
        self._signing.refused()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


async def _body_of(reply: aiohttp.ClientResponse) -> bytes:
    """The whole body, perhaps compressed. Raises BrokenReply where it is too long."""
    parts, size = list[bytes](), 0
    async for part in reply.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > BODY_BYTES_MAX:
            reply.close()
            raise BrokenReply(f"a reply is longer than {BODY_BYTES_MAX} bytes")
    return b"".join(parts)
