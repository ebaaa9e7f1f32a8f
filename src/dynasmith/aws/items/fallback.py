"""The exchange over botocore's own HTTP session and signature, in threads: ``transport = "botocore"``.

About five times the CPU of the other one. For networks where only botocore's way through proxies, certificates or
signing plugins works; it keeps the same promises and passes the same tests.
"""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as BotoConnectionError

from dynasmith.aws.items.address import Address
from dynasmith.aws.items.exchange import TARGET, Answer, BrokenExchange, Check, allowed, checked_body
from dynasmith.aws.items.sign import CONTENT_TYPE
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


class BotocoreExchange:
    """Sends through ``client``'s own signer and HTTP session; ``connections`` is the number of threads.

    A request whose bytes are being sent cannot be cut off, unlike those of the other transports.
    """

    def __init__(self, client: Any, address: Address, *, connections: int = 16) -> None:
        self._client = client
        self._address = address
        self._threads = ThreadPoolExecutor(max_workers=connections, thread_name_prefix="dynasmith-botocore")

    async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> Answer:
        """Send one request once, in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._send, operation, body, check)

    def _send(self, operation: str, body: bytes, check: Check) -> Answer:
        content = _Body(body, check)
        request = AWSRequest(
            method="POST",
            url=self._address.url,
            data=body,
            headers={
                "X-Amz-Target": f"{TARGET}.{operation}",
                "Content-Type": CONTENT_TYPE,
                "User-Agent": self._address.user_agent,
                "Accept-Encoding": "identity",
            },
        )
        try:
            self._client._request_signer.sign(operation, request)
            check()
            prepared = request.prepare()
            prepared.body = content
            reply = self._client._endpoint.http_session.send(prepared)
            headers = {name.lower(): value for name, value in reply.headers.items()}
            return Answer(reply.status_code, headers, checked_body(reply.content, headers))
        except NoCredentialsError as error:
            raise NoCredentials(f"No request can be signed: {error}", hint="dynasmith doctor") from error
        except (BotoConnectionError, HTTPClientError) as error:
            if content.refusal is not None:
                raise content.refusal from None
            raise BrokenExchange(str(error), refused="Could not connect" in str(error)) from error
        except BotoCoreError as error:
            raise BrokenExchange(str(error)) from error

    def clock_is(self, date: str) -> None:
        """botocore signs with this machine's clock; nothing to set."""

    def credentials_refused(self) -> None:
        """botocore refreshes by itself; nothing to do."""

    async def close(self) -> None:
        """End the threads; the HTTP session stays the client's."""
        await asyncio.to_thread(self._threads.shutdown)
