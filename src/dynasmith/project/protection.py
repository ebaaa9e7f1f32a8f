"""Which protected environments a write goes to: the one that is named, and those that are found behind its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

from dynasmith.ports.access import ResolvedAccess, is_aws, is_loopback
from dynasmith.project.settings import EnvironmentSettings, ProtectedPlace


def protected_environments(
    settings: EnvironmentSettings, access: ResolvedAccess, tables: Sequence[str], account: Callable[[], str]
) -> tuple[str, ...]:
    """The names of the protected environments that hold one of these tables (physical names), each once.

    That is the environment itself, and every other one of the project file that is at the same address: where an option
    gave the address, or where the table has the other environment's prefix and suffix. ``account`` is called only where
    an environment is known by its account; it may cost a call.
    """
    found = [settings.environment] if settings.protected else []
    found += _behind(settings, access, tables, account)
    return tuple(dict.fromkeys(found))


def _behind(
    settings: EnvironmentSettings, access: ResolvedAccess, tables: Sequence[str], account: Callable[[], str]
) -> Iterator[str]:
    for other in settings.protected_places:
        own_names = bool(other.prefix or other.suffix)
        holds = any(name.startswith(other.prefix) and name.endswith(other.suffix) for name in tables)
        if other.name == settings.environment and settings.protected:
            continue
        if holds and (own_names or settings.ad_hoc) and _same_address(other, access, account):
            yield other.name


def _same_address(other: ProtectedPlace, access: ResolvedAccess, account: Callable[[], str]) -> bool:
    here, there = access.endpoint, "" if is_aws(other.endpoint) else other.endpoint
    if here or there:
        return bool(here and there) and _address(here) == _address(there)
    if other.region and access.region and other.region != access.region:
        return False
    if other.account:
        return other.account == account()
    if other.role_arn:
        return other.role_arn == access.role_arn
    return other.profile == access.profile


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    host = "127.0.0.1" if is_loopback(url) else (parts.hostname or "").lower().rstrip(".")
    return host, parts.port or (443 if parts.scheme == "https" else 80)
