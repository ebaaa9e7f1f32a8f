"""The exchange over botocore's own HTTP session and signature, in threads: ``transport = "botocore"``.

About five times the CPU of the other one. For networks where only botocore's way through proxies, certificates or
signing plugins works; it keeps the same promises and passes the same tests.
"""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as BotoConnectionError

from dynasmith.aws.data.address import Address
from dynasmith.aws.data.exchange import (
    BODY_BYTES_MAX,
    TARGET,
    BrokenExchange,
    BrokenReply,
    Check,
    HttpReply,
    Link,
    allowed,
)
from dynasmith.aws.data.signature import CONTENT_TYPE
from dynasmith.errors import NoCredentials


class _Body(io.BytesIO):
    """The body of a request. It is read when the connection is made and the headers were sent: without it the service
    does nothing, so this is the latest point at which a request can still be taken back."""

    def __init__(self, content: bytes, check: Check) -> None:
        super().__init__(content)
        self._check = check
        self.refusal: Exception | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        """Some bytes; the first ones only if the check allows it."""
        if self.tell() == 0:
            try:
                self._check()
            except Exception as error:
                self.refusal = error
                raise
        return super().read(size)


class _Link(Link):
    """A connection of botocore's, which lends it to one thread after the other."""

    __slots__ = ("_client",)

    def __init__(self, client: Any) -> None:
        super().__init__()
        self._client = client

    def distrust(self) -> None:
        """Let go of every connection of the client: one that is in use is closed when its reply is whole."""
        self._client._endpoint.http_session.close()


class BotocoreExchange:
    """Sends through ``client``'s own signer and HTTP session; ``connections`` is the number of threads.

    A request whose bytes are being sent cannot be cut off, unlike those of the other transports.
    """

    def __init__(self, client: Any, address: Address, *, connections: int = 16) -> None:
        self._client = client
        self._address = address
        self._links: WeakKeyDictionary[Any, _Link] = WeakKeyDictionary()
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(max_workers=connections, thread_name_prefix="dynasmith-botocore")

    async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> HttpReply:
        """Send one request once, in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._send, operation, body, check)

    def _send(self, operation: str, body: bytes, check: Check) -> HttpReply:
        content = _Body(body, check)
        request = AWSRequest(
            method="POST",
            url=self._address.url,
            data=body,
            stream_output=True,
            headers={
                "X-Amz-Target": f"{TARGET}.{operation}",
                "Content-Type": CONTENT_TYPE,
                "User-Agent": self._address.user_agent,
                "Accept-Encoding": "identity",
            },
        )
        deadline = monotonic() + self._address.connect_timeout_seconds + self._address.read_timeout_seconds
        try:
            self._client._request_signer.sign(operation, request)
            check()
            prepared = request.prepare()
            prepared.body = content
            reply = self._client._endpoint.http_session.send(prepared)
            headers = {name.lower(): value for name, value in reply.headers.items()}
            link = self._link_of(reply.raw.connection)
            return HttpReply(reply.status_code, headers, _body_of(reply.raw, deadline), link)
        except NoCredentialsError as error:
            raise NoCredentials(f"No request can be signed: {error}", hint="dynasmith doctor") from error
        except (BotoConnectionError, HTTPClientError) as error:
            if content.refusal is not None:
                raise content.refusal from None
            raise BrokenExchange(str(error), refused="Could not connect" in str(error)) from error
        except BotoCoreError as error:
            raise BrokenExchange(str(error)) from error

    def _link_of(self, connection: Any) -> "_Link":
        """The connection of a reply whose body is still to come."""
        with self._lock:
            if connection is None:
                return _Link(self._client)
            return self._links.get(connection) or self._links.setdefault(connection, _Link(self._client))

    def clock_is(self, date: str) -> None:
        """botocore signs with this machine's clock; nothing to set."""

    def credentials_refused(self) -> None:
        """botocore refreshes by itself; nothing to do."""

    async def close(self) -> None:
        """End the threads; the HTTP session stays the client's."""
        await asyncio.to_thread(self._threads.shutdown)


def _body_of(raw: Any, deadline: float) -> bytes:
    """The whole body. Raises BrokenReply where it is cut, too long, or not there in time."""
    parts, size = list[bytes](), 0
    try:
        for part in raw.stream():
            parts.append(part)
            size += len(part)
            if size > BODY_BYTES_MAX or monotonic() > deadline:
                raise BrokenReply("a reply is too long, or did not end in time")
    except BrokenReply:
        raw.close()
        raise
    except Exception as error:  # of urllib3 and of http.client, which has no root of its errors
        raise BrokenReply(f"a reply was cut, or is not HTTP ({type(error).__name__}: {error})") from error
    return b"".join(parts)
