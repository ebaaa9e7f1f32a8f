"""Which addresses are this machine alone, and what may cross others."""

import socket
from ipaddress import ip_address
from typing import Any

from dynasmith.errors import UsageError
from dynasmith.jobs.cluster import Cluster


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_plain(host: str, cluster: Cluster) -> None:
    """Raise UsageError where items or keys would cross a network unencrypted and nobody accepted that."""
    if not is_loopback(host) and not cluster.plain:
        raise UsageError(
            f"Between {host} and other machines frames are signed and not encrypted: keys and items of customers "
            "would cross in clear.",
            hint="use a tunnel to 127.0.0.1 (ssh, WireGuard), or accept it with plain = true under [clusters.NAME]",
        )


def bindable(host: str) -> str:
    """Where to listen so that ``host`` reaches this process: there, or at every address of this machine where the name
    leads to none of them, as behind a router or in a container."""
    for family, kind, _, _, address in _addresses(host):
        with socket.socket(family, kind) as tried:
            try:
                tried.bind((address[0], 0, *address[2:]))
            except OSError:
                continue
            return host
    return "::" if ":" in host else "0.0.0.0"  # noqa: S104  # see above


def _addresses(host: str) -> list[tuple[Any, Any, int, str, Any]]:
    try:
        return socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except OSError:
        return []
