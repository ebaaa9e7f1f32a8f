"""Which addresses are this machine alone, and what may cross others."""

import socket
from ipaddress import ip_address
from typing import Any

from dynasmith.engine.crypto.line_certificate import line_certificate
from dynasmith.engine.workers.line_tls import LineCertificate
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


def certificate_at(host: str, cluster: Cluster) -> LineCertificate | None:
    """What to listen with there: None on this machine alone, or where frames may cross unencrypted.

    Raises UsageError where keys of items would cross a network in clear and nobody accepted that, and where AWS
    credentials would.
    """
    if is_loopback(host):
        return None
    if cluster.plain:
        if cluster.share_credentials:
            raise UsageError(
                f"AWS credentials would cross the network between {host} and the workers in clear.",
                hint="remove plain, or share_credentials, of the cluster",
            )
        return None
    made = line_certificate()
    if made is None:
        raise UsageError(
            f"Between {host} and other machines frames would be signed and not encrypted: keys and items of customers "
            "would cross in clear.",
            hint="pip install 'dynasmith[crypto]' here encrypts them; or use a tunnel to 127.0.0.1, or accept it with "
            "plain = true under [clusters.NAME]",
        )
    return made


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
