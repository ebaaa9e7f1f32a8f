"""Generated items for a table: its keys and those of its indexes in their types, unique keys, the same for a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from dynasmith.tables.table import Index, Key, KeyAttribute, LocalIndex, Table, known

ITEMS_A_PARTITION: Final = 10
"""How many items share a partition key where the table has a sort key."""
VALUES_A_KEY: Final = 20
"""How many values the key of an index has, so that a query of it finds several items."""
_DAY_SECONDS: Final = 86_400
_FIRST: Final = ("Ann", "Ben", "Chloé", "Dmitri", "Eva", "Farid", "Grace", "Hiro", "Inès", "Juan", "Kim", "Lena")
_LAST: Final = ("Lee", "Ray", "Müller", "Rossi", "Sato", "Novák", "Garcia", "Khan", "Okafor", "Silva", "Berg")
_WORDS: Final = ("blue", "large", "late", "new", "open", "paid", "quick", "round", "small", "spare", "warm", "whole")


def sample_items(table: Table, count: int, *, seed: int, now_seconds: int) -> Iterator[dict[str, Any]]:
    """``count`` items in plain Python, each with a key of its own. The same ``seed`` gives the same items, another one
    other keys. ``now_seconds`` (since 1970) is what the TTL attribute is counted from. Pure; about 20 us an item."""
    keys = _index_keys(table)
    ttl = known(table.time_to_live, None) or ""
    for number in range(count):
        draw = _Draw(seed, number)
        item = dict(_key(table.key, number, seed))
        for attribute in keys:
            if attribute.name not in item and draw.below(10):  # one in ten is not in the index
                item[attribute.name] = _value(attribute, draw.below(VALUES_A_KEY), "")
        if ttl and ttl not in item:
            item[ttl] = Decimal(now_seconds + (1 + draw.below(30)) * _DAY_SECONDS)
        for name, value in _rest(draw).items():
            item.setdefault(name, value)
        yield item


class _Draw:
    """Numbers that follow from a seed and an item's number."""

    def __init__(self, seed: int, number: int) -> None:
        digest = hashlib.blake2b(f"{seed}:{number}".encode(), digest_size=32).digest()
        self._state = int.from_bytes(digest, "big")

    def below(self, limit: int) -> int:
        """The next number, from 0 to ``limit`` - 1."""
        self._state, found = divmod(self._state, limit)
        return found


def _index_keys(table: Table) -> list[KeyAttribute]:
    indexes: list[Index | LocalIndex] = [*known(table.indexes, ()), *known(table.local_indexes, ())]
    found = {attribute.name: attribute for index in indexes for attribute in index.key}
    return list(found.values())


def _key(key: Key, number: int, seed: int) -> Iterator[tuple[str, Any]]:
    """The key of an item: partitions of ten items where there is a sort key."""
    shared = ITEMS_A_PARTITION if key.sort else 1
    mark = f"{seed}-" if seed else ""
    partition, place = divmod(number, shared)
    for attribute in key.partition:
        yield attribute.name, _value(attribute, partition + seed * 1_000_000_000, f"{mark}{partition:06d}")
    for attribute in key.sort:
        yield attribute.name, _value(attribute, place, f"{place:02d}")


def _value(attribute: KeyAttribute, number: int, text: str) -> Any:
    text = text or f"{number:02d}"
    match attribute.type:
        case "N":
            return Decimal(number)
        case "B":
            return f"{attribute.name}-{text}".encode()
        case _:
            return f"{attribute.name}-{text}"


def _rest(draw: _Draw) -> Mapping[str, Any]:
    """Attributes that no key needs, of every usual type."""
    first, last = _FIRST[draw.below(len(_FIRST))], _LAST[draw.below(len(_LAST))]
    return {
        "name": f"{first} {last}",
        "amount": Decimal(draw.below(100_000)) / 100,
        "active": draw.below(4) > 0,
        "tags": [_WORDS[draw.below(len(_WORDS))] for _ in range(draw.below(4))],
        "address": {"city": ("Bern", "Łódź", "東京", "Lima")[draw.below(4)], "zip": f"{1000 + draw.below(9000)}"},
        "note": " ".join(_WORDS[draw.below(len(_WORDS))] for _ in range(5 + draw.below(20))),
    }
