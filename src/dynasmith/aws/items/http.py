"""The exchange over aiohttp, which knows proxies: kept-alive connections, our signature, gzip where it is worth it."""

import asyncio
import io
from contextvars import ContextVar

import aiohttp
from aiohttp.connector import Connection

from dynasmith.aws.items.address import Address
from dynasmith.aws.items.credentials import Credentials
from dynasmith.aws.items.exchange import Answer, BrokenExchange, Check, allowed, checked_body
from dynasmith.aws.items.signing import Signing
from dynasmith.aws.items.tls import tls_of

STREAMED_BYTES = 1024 * 1024
_AUTO_HEADERS = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class _Attempt:
    """One request on its way: its check, and the connection that it got."""

    __slots__ = ("check", "transport")

    def __init__(self, check: Check) -> None:
        self.check = check
        self.transport: asyncio.Transport | None = None

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
        attempt.transport = conn.transport
        return await super().send(conn)


class AiohttpExchange:
    """Sends through one aiohttp session. Made inside a running loop; ``connections`` bounds its sockets.

    ``gzip`` asks for compressed replies: None means yes unless the endpoint is this machine (a page shrinks to 0.42;
    unpacking costs about 2 us an item, which only a network repays).
    """

    def __init__(
        self, address: Address, credentials: Credentials, *, connections: int = 64, gzip: bool | None = None
    ) -> None:
        self._address = address
        self._signing = Signing(address, credentials)
        compressed = gzip if gzip is not None else not address.loopback
        self._extra = {
            "Accept-Encoding": "gzip" if compressed else "identity",
            "User-Agent": address.user_agent,
        }
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, ssl=tls_of(address) or True, ttl_dns_cache=60),
            trust_env=False,  # which proxy, if any, was decided with the address
            auto_decompress=False,
            request_class=_CheckedRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTO_HEADERS,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=address.connect_timeout_seconds, sock_read=address.read_timeout_seconds
            ),
        )

    async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> Answer:
        """Send one request once."""
        headers = {**await self._signing.headers(operation, body), **self._extra}
        # aiohttp warns of bytes over 1 MB, and writes a stream in pieces.
        data = body if len(body) < STREAMED_BYTES else io.BytesIO(body)
        attempt = _Attempt(check)
        before = _ATTEMPT.set(attempt)
        try:
            async with self._session.post(
                self._address.url, data=data, headers=headers, allow_redirects=False, proxy=self._address.proxy
            ) as reply:
                raw = await reply.read()
        except aiohttp.ClientConnectorCertificateError as error:
            raise BrokenExchange(f"the certificate was not accepted: {error}", refused=True) from error
        except aiohttp.ClientConnectorError as error:
            raise BrokenExchange(str(error), refused=True) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BrokenExchange(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from error
        except BaseException:  # cancelled: aiohttp closes the connection, and would still send what is buffered
            attempt.abort()
            raise
        finally:
            _ATTEMPT.reset(before)
        got = {name.lower(): value for name, value in reply.headers.items()}
        return Answer(reply.status, got, checked_body(raw, got))

    def clock_is(self, date: str) -> None:
        """Sign with the service's clock from now on (it answered ``date`` to a signature out of its time)."""
        self._signing.clock_is(date)

    def credentials_refused(self) -> None:
        """Ask botocore for the credentials again before the next request."""
        self._signing.refused()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()
