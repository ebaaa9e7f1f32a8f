"""What the data plane takes over from a botocore client, so that there is one place that decides.

The address of an operation depends on rules that botocore owns (FIPS, dual-stack, account endpoints, VPC endpoints,
``AWS_ENDPOINT_URL_*``), so they are not repeated: the client prepares one DescribeTable, which is caught before it is
sent, and its address is read off. Credentials are asked of the client again and again: it refreshes them.
"""

import asyncio
import os
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError
from botocore.httpsession import ProxyConfiguration, get_cert_path

from dynasmith.aws.data.address import Address
from dynasmith.aws.data.signature import SigningKeys
from dynasmith.aws.data.worker_keys import WorkerKeys
from dynasmith.errors import CredentialsExpired, NoCredentials
from dynasmith.ports.access import is_aws
from dynasmith.ports.engines import ENGINES, SERVICE, EngineReplies
from dynasmith.ports.remote_reference import RemoteReference

_ENGINE = "_dynasmith_engine"
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request")


DIVERSIONS: list[Callable[[Any], None]] = []
"""What changes the address of a prepared request: in the guarded process of a dry run, the guard."""


def address_of(client: Any, table: str) -> Address:
    """The address that ``client`` (a botocore DynamoDB client) would use for ``table``. Sends nothing.

    Blocking: it may resolve credentials, so call it off the loop. Raises NoCredentials.
    """
    request = _caught(client, table)
    for divert in DIVERSIONS:
        divert(request)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    scope = _SCOPE.search(headers.get("authorization", ""))
    region, service = scope.groups() if scope else (client.meta.region_name or "us-east-1", "dynamodb")
    config = client.meta.config
    certificate = config.client_cert
    return Address(
        url=request.url,
        region=region,
        service=service,
        ca_bundle=_ca_bundle_of(client),
        proxy=proxy_of(config.proxies, request.url),
        client_certificate=(certificate, None) if isinstance(certificate, str) else certificate,
        connect_timeout_seconds=float(config.connect_timeout),
        read_timeout_seconds=float(config.read_timeout),
        user_agent=headers.get("user-agent", "dynasmith"),
        engine=engine_of(client),
    )


def engine_of(client: Any) -> EngineReplies:
    """What is at the endpoint of a client, as far as `name_engine` was told."""
    engine: EngineReplies = getattr(client, _ENGINE, SERVICE)
    return engine


def name_engine(client: Any, name: str) -> None:
    """Say which engine is at the endpoint of a botocore client: a name of ``ports.engines.ENGINES``, or empty."""
    if name:
        setattr(client, _ENGINE, ENGINES[name])


class _Caught(Exception):
    """The request that a client prepared, caught before it was sent."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


def _caught(client: Any, table: str) -> Any:
    """The request that the client prepared for one DescribeTable, caught before it was sent."""
    thread = threading.get_ident()

    def catch(request: Any, **_: Any) -> None:
        if threading.get_ident() == thread:  # another thread's call on a shared client goes its way
            raise _Caught(request)

    event, name = "before-send.dynamodb.DescribeTable", f"dynasmith-address-{thread}"
    client.meta.events.register_first(event, catch, unique_id=name)
    try:
        client.describe_table(TableName=table)
    except _Caught as caught:
        return caught.request
    except BotoCoreError as error:
        raise NoCredentials(f"No request can be signed: {error}", hint="dynasmith doctor") from error
    finally:
        client.meta.events.unregister(event, unique_id=name)
    raise AssertionError("a request that is caught is not sent")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _ca_bundle_of(client: Any) -> str:
    """The CA bundle of the client; empty where it is told not to verify.

    botocore keeps it in its HTTP session and nowhere public; without it the variables that botocore reads decide.
    Without a bundle of its own the client verifies with the one that botocore comes with.
    """
    session = getattr(getattr(client, "_endpoint", None), "http_session", None)
    verify = getattr(session, "_verify", None)
    if verify is None:
        verify = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or True
    if isinstance(verify, str):
        return verify
    return str(get_cert_path(True)) if verify else ""


def proxy_of(configured: Mapping[str, str] | None, url: str) -> str | None:
    """The proxy on the way to ``url``, or None for a direct connection.

    ``configured`` are the proxies of the client's Config: an empty map means that none may be used, None that the
    environment decides (``HTTPS_PROXY``, ``NO_PROXY``, the settings of the system), as in botocore itself.
    """
    from botocore.utils import get_environ_proxies

    proxies = dict(get_environ_proxies(url)) if configured is None else dict(configured)
    return ProxyConfiguration(proxies).proxy_url_for(url)


class ClientKeys(RemoteReference):
    """The keys of a client as they are now; botocore refreshes them 10 to 15 minutes before their end."""

    def __init__(self, client: Any) -> None:
        self._source: Any = client._request_signer._credentials
        self._is_aws = is_aws(client.meta.endpoint_url)

    def stand_in(self) -> RemoteReference | None:
        """A worker on another machine signs as itself. The keys of an emulator open nothing else, and are asked for."""
        return WorkerKeys() if self._is_aws else None

    async def ask(self, question: bytes) -> bytes:  # noqa: ARG002  # there is one question
        """The keys, as ``Credentials`` reads them. Raises NoCredentials, CredentialsExpired (not refreshed)."""
        return msgspec.msgpack.encode(await asyncio.to_thread(self._frozen))

    def _frozen(self) -> SigningKeys:
        if self._source is None:
            raise NoCredentials("No AWS credentials were found.", hint="dynasmith doctor shows where it looked")
        try:
            frozen = self._source.get_frozen_credentials()
        except BotoCoreError as error:
            raise CredentialsExpired(
                f"The AWS credentials could not be refreshed: {error}", hint="log in again, then resume the job"
            ) from error
        if not frozen.access_key or not frozen.secret_key:
            raise NoCredentials("No AWS credentials were found.", hint="dynasmith doctor shows where it looked")
        return SigningKeys(frozen.access_key, frozen.secret_key, frozen.token or "")
