"""The world of a process that runs user code in a dry run: no credentials, and every AWS service at the guard."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from os import devnull
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from dynasmith.aws.control.guard.request import ADDRESS, OPERATION, TOKEN
from dynasmith.ports.proxies import without_proxies

_SECRET_CHARACTERS_MIN = 16
"""A shorter secret is a dummy of some engine ("test"), and taking away every variable that holds it breaks the rest.
AWS's own have 40 characters and more."""


def child_variables(
    environ: Mapping[str, str], *, endpoint: str, region: str, key: str, secrets: Collection[str] = ()
) -> dict[str, str]:
    """The environment of the process: the parent's, without anything of AWS's and without any of ``secrets``.

    Everything that begins with ``AWS_`` goes (keys, token, profile, web identity, container credentials, endpoints),
    and every other variable that holds one of the secrets that the run signs with. What is set instead: dummy keys
    (``key`` is by what the guard knows its own process), one endpoint for every service, no shared files, no metadata
    service. Other variables stay: user code may need them, and says so itself where they are secret.
    """
    hidden = [secret for secret in secrets if len(secret) >= _SECRET_CHARACTERS_MIN]
    kept = {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith("AWS_") and not any(secret in value for secret in hidden)
    }
    region = environ.get("AWS_DEFAULT_REGION") or region
    return without_proxies(kept) | {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "dry-run",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": environ.get("AWS_REGION") or region,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": devnull,
        "AWS_SHARED_CREDENTIALS_FILE": devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "BOTO_CONFIG": devnull,
    }


_CONNECTIONS = 50
"""That are kept open; more threads than these open others."""


@cache
def _session(process: int) -> Any:
    """Connections to the guard, without a proxy, for all clients of one process: a fork must not share them."""
    del process
    from botocore.httpsession import URLLib3Session

    return URLLib3Session(proxies={}, max_pool_connections=_CONNECTIONS)


@dataclass(frozen=True, slots=True)
class GuardedEnvironment:
    """Makes every botocore client of this process speak to the guard, also one with an address, keys or a proxy.

    Called before user code is imported. Costs the import of botocore (about 0.15 s).
    """

    endpoint: str
    key: str

    def __call__(self) -> None:
        """Every session that is made from now on sends its requests to the guard."""
        from botocore import handlers

        from dynasmith.aws.data.client_details import DIVERSIONS

        handlers.BUILTIN_HANDLERS.append(("before-send", self.send))
        DIVERSIONS.append(self.divert)

    def send(self, request: Any, event_name: str = "", **_: Any) -> Any:
        """The guard's response to a prepared request. It is sent here, not by the client: that may have a proxy of its
        own, and handlers that come after this one could send it elsewhere."""
        self.divert(request, event_name)
        return _session(os.getpid()).send(request)

    def divert(self, request: Any, event_name: str = "", **_: Any) -> None:
        """Send a prepared request to the guard instead; its signature is not looked at there."""
        guard, parts = urlsplit(self.endpoint), urlsplit(request.url)
        if parts.netloc != guard.netloc:
            request.headers[ADDRESS] = f"{parts.scheme}://{parts.netloc}"
        request.url = urlunsplit((guard.scheme, guard.netloc, parts.path, parts.query, ""))
        request.headers[TOKEN] = self.key
        request.headers[OPERATION] = event_name.removeprefix("before-send.")
        if "Host" in request.headers:
            request.headers["Host"] = guard.netloc


def client_of_variables(service: str) -> Any:
    """A client of boto3 from the variables of this process: in a guarded one its calls go to the guard."""
    import boto3  # the process that opens a guard does not need it here

    return boto3.client(service)  # type: ignore[call-overload]  # any service that botocore knows
