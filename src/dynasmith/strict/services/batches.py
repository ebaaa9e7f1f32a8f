"""Batches in parts: what is let through, and what comes back as UnprocessedItems or UnprocessedKeys."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec


def split_writes(
    requests: Mapping[str, Any], allowed: Callable[[str, Mapping[str, Any]], bool]
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """(those let through, those left over) of a BatchWriteItem's RequestItems, in order."""
    through: dict[str, list[Any]] = {}
    left: dict[str, list[Any]] = {}
    for name, writes in requests.items():
        for write in writes:
            (through if allowed(name, write) else left).setdefault(name, []).append(write)
    return through, left


def split_keys(
    requests: Mapping[str, Any], allowed: Callable[[str, Mapping[str, Any]], bool]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(those let through, those left over) of a BatchGetItem's RequestItems; each keeps its projection."""
    through: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for name, wanted in requests.items():
        kept = [(key, allowed(name, key)) for key in wanted.get("Keys") or ()]
        for target, good in ((through, True), (left, False)):
            keys = [key for key, yes in kept if yes is good]
            if keys:
                target[name] = {**wanted, "Keys": keys}
    return through, left


def merged(said: Mapping[str, Any], member: str, left: Mapping[str, Any]) -> dict[str, Any]:
    """A batch's answer with what was left over added to what the engine itself left over."""
    both: dict[str, Any] = dict(said.get(member) or {})
    for name, value in left.items():
        if name not in both:
            both[name] = value
        elif isinstance(value, list):
            both[name] = [*both[name], *value]
        else:
            both[name] = {**value, "Keys": [*both[name].get("Keys", ()), *value["Keys"]]}
    return {**said, member: both}


def encoded(value: Mapping[str, Any]) -> bytes:
    """JSON bytes."""
    return msgspec.json.encode(value)
