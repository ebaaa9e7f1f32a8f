"""From a `ResolvedAccess` to botocore's settings: a closed session where there is an endpoint, an open one for AWS.

Closed means: no shared file, no profile, no AWS_ENDPOINT_URL_*, no metadata service, no proxy.
"""

import os
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from dynasmith.errors import NotOffered
from dynasmith.ports.access import ResolvedAccess, is_aws
from dynasmith.version import __version__

ISOLATED_CONNECT_SECONDS = 1.0
"""How long an engine may take to accept a connection, so that a wrong address is said within three seconds."""

AWS_CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
"""How long one answer may take (botocore's default)."""

ISOLATED_READ_SECONDS = 20.0
"""How long an engine may take for one answer: some build an index of thousands of items before they answer."""

ISOLATED_ATTEMPTS = 3
AWS_ATTEMPTS = 6
"""Attempts of one call in all, with botocore's ``standard`` back-off (up to 20 s between two)."""

CONNECTIONS = 32
"""Connections kept by a client: describes of many tables run at once."""

# What would make a closed session read the machine: each variable's default stands in for file and environment.
_CLOSED: dict[str, tuple[Any, ...]] = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "ca_bundle": (None, "AWS_CA_BUNDLE", None, None),
    "csm_enabled": (None, None, False, None),
}


@cache
def _shared_loader(data_path: str | None) -> Loader:
    """What botocore reads of its own files is the same for every session: 50 ms for each that reads it itself."""
    return create_loader(data_path)


def open_session(access: ResolvedAccess) -> botocore.session.Session:
    """A botocore session for that access; reads nothing yet where it is closed.

    Raises the translated error where the profile is unknown, once a client is made.
    """
    if access.isolated:
        session = botocore.session.Session(session_vars=_CLOSED)
    else:
        session = botocore.session.Session(profile=access.profile or None)
    if access.credentials is not None:
        keys = access.credentials
        session.set_credentials(keys.access_key, str(keys.secret_key), str(keys.session_token) or None)
    session.lazy_register_component("data_loader", lambda: _shared_loader(session.get_config_variable("data_path")))
    return session


def client_arguments(access: ResolvedAccess, service: str, region: str) -> dict[str, Any]:
    """The arguments of ``create_client`` for one service. Raises NotOffered where the environment has none."""
    endpoint = access.endpoint_of(service)
    if access.isolated and not endpoint:
        raise NotOffered(
            f"The environment {access.environment} has no endpoint for {service}.",
            hint=f'add one to its endpoints, for example endpoints = {{{service} = "http://127.0.0.1:8001"}}',
        )
    arguments: dict[str, Any] = {"config": _config(access, service, endpoint)}
    if region or access.region:
        arguments["region_name"] = region or access.region
    if endpoint:
        arguments["endpoint_url"] = endpoint
    if access.ca_bundle:
        arguments["verify"] = access.ca_bundle
    return arguments


def _config(access: ResolvedAccess, service: str, endpoint: str) -> Config:
    settings: dict[str, Any] = {
        "user_agent_extra": f"dynasmith/{__version__}",
        "read_timeout": ISOLATED_READ_SECONDS if access.isolated else READ_SECONDS,
        "max_pool_connections": CONNECTIONS,
        "tcp_keepalive": True,
    }
    if access.isolated:
        settings |= {
            "connect_timeout": ISOLATED_CONNECT_SECONDS,
            "retries": {"mode": "standard", "total_max_attempts": ISOLATED_ATTEMPTS},
            "ignore_configured_endpoint_urls": True,
            "use_fips_endpoint": False,
            "use_dualstack_endpoint": False,
            "endpoint_discovery_enabled": False,
            "defaults_mode": "legacy",
        }
        settings["proxies"] = {}  # an empty map is "none"; None would be "what the environment says"
        if service == "s3" and not is_aws(endpoint):
            settings["s3"] = {"addressing_style": "path"}  # bucket.localhost is no name of this machine
        return Config(**settings)
    if access.use_fips:
        settings["use_fips_endpoint"] = True
    if access.use_dualstack:
        settings["use_dualstack_endpoint"] = True
    settings["connect_timeout"] = AWS_CONNECT_SECONDS
    settings["retries"] = {"mode": "standard", "total_max_attempts": AWS_ATTEMPTS}
    return Config(**settings)


def host_and_port(url: str) -> tuple[str, int]:
    """Where a URL leads."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
