"""The exchange over aiohttp: kept-alive connections, our signature, gzip where it is worth it."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import time

import aiohttp

from dynasmith.aws.items.address import Address, Credentials
from dynasmith.aws.items.exchange import TARGET, Answer, BrokenExchange, checked_body
from dynasmith.aws.items.sign import Signer

_AUTO_HEADERS = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class AiohttpExchange:
    """Sends through one aiohttp session. Made inside a running loop; ``connections`` bounds its sockets.

    ``gzip`` asks for compressed replies: None means yes unless the endpoint is this machine (a page shrinks to 0.42;
    unpacking costs about 2 us an item, which only a network repays).
    """

    def __init__(
        self, address: Address, credentials: Credentials, *, connections: int = 64, gzip: bool | None = None
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._signer: Signer | None = None
        self._skew_seconds = 0.0
        self._stamp_second = -1
        self._stamp = ""
        compressed = gzip if gzip is not None else not address.loopback
        self._extra = {
            "Accept-Encoding": "gzip" if compressed else "identity",
            "User-Agent": address.user_agent,
        }
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, ssl=_tls(address), ttl_dns_cache=60),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTO_HEADERS,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=address.connect_timeout_seconds, sock_read=address.read_timeout_seconds
            ),
        )

    async def __call__(self, operation: str, body: bytes) -> Answer:
        """Send one request once."""
        keys = await self._credentials.keys()
        if self._signer is None or self._signer.keys != keys:
            self._signer = Signer(self._address.url, self._address.region, keys, service=self._address.service)
        headers = {**self._signer.headers(f"{TARGET}.{operation}", body, self._now()), **self._extra}
        try:
            async with self._session.post(
                self._address.url, data=body, headers=headers, allow_redirects=False, proxy=self._address.proxy
            ) as reply:
                raw = await reply.read()
        except aiohttp.ClientConnectorCertificateError as error:
            raise BrokenExchange(f"the certificate was not accepted: {error}", refused=True) from error
        except aiohttp.ClientConnectorError as error:
            raise BrokenExchange(str(error), refused=True) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BrokenExchange(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from error
        got = {name.lower(): value for name, value in reply.headers.items()}
        return Answer(reply.status, got, checked_body(raw, got))

    def clock_is(self, date: str) -> None:
        """Sign with the service's clock from now on (it answered ``date`` to a signature out of its time)."""
        self._skew_seconds = skew_seconds(date, time)
        self._stamp_second = -1

    def credentials_refused(self) -> None:
        """Ask botocore for the credentials again before the next request."""
        self._credentials.expire()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    def _now(self) -> str:
        now = time() + self._skew_seconds
        if int(now) != self._stamp_second:
            self._stamp_second = int(now)
            self._stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        return self._stamp


def skew_seconds(date: str, clock: Callable[[], float]) -> float:
    """How far the service's clock (its Date header) is ahead of ``clock``; 0 when the header says nothing."""
    try:
        return parsedate_to_datetime(date).timestamp() - clock()
    except (TypeError, ValueError):
        return 0.0


def _tls(address: Address) -> ssl.SSLContext | bool:
    if not address.url.startswith("https"):
        return True
    if address.verify is False:
        tls = ssl.create_default_context()
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    elif isinstance(address.verify, str):
        tls = ssl.create_default_context(cafile=address.verify)
    else:
        from botocore.httpsession import get_cert_path  # the bundle that botocore itself verifies with

        tls = ssl.create_default_context(cafile=get_cert_path(True))
    if address.client_certificate is not None:
        tls.load_cert_chain(*address.client_certificate)
    return tls
