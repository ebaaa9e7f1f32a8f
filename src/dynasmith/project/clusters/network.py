"""Which addresses are this machine alone, and what may cross others."""

from ipaddress import ip_address

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
