"""One key twice in a job, however far apart: noticed before anything of it is sent.

The first item of a key is written. An equal one counts as there already, any other is a dead letter that names the
places of both. What a filter and a transform leave is looked at, not what a file holds. An item that has no digest,
because it is malformed, is a dead letter too: one bad value never stops the rest.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from hashlib import blake2b
from typing import Final

from dynasmith.engine.transfer.loop import Stop
from dynasmith.engine.transfer.stage import Stage, Staged
from dynasmith.errors import ItemInvalid
from dynasmith.items.digest import Digest, Digester
from dynasmith.items.key import Key, KeySchema, format_key, key_of
from dynasmith.items.number import number_text
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.ports.items import Dead, Item, Page, Place, Source
from dynasmith.ports.seen import Entry, Met, Seen

_HALF: Final = 1 << 63


class Distinct:
    """Takes out of a staged page what has a key that came before. ``name`` says a place to a person.

    With ``digest`` items are equal as DynamoDB has it, and their hashes are those of the job's digest, so that they
    cost nothing more; without it they are equal where their bytes are.
    """

    def __init__(self, key: KeySchema, seen: Seen, name: Callable[[int, Place], str], *, digest: bool = True) -> None:
        self._key = key
        self._seen = seen
        self._name = name
        self._digester = Digester() if digest else None
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, segment: int, start: bytes | None, page: Page, staged: Staged) -> Staged:
        """The page that began at ``start``, without the items whose key came before, and those that are malformed."""
        staged, entries, hashes = self._entries(segment, page, staged)
        first = _firsts(entries)
        fresh = [number for number, before in enumerate(first) if number == before]
        told = [entries[number] for number in fresh]
        async with self._one_at_a_time:
            met = await asyncio.to_thread(self._seen.meet, segment, start, page.next, told)
        twice = {fresh[number]: one for number, one in met.items()}
        if len(fresh) < len(entries):  # what comes twice within the page, where the first one may have come before too
            for number, before in enumerate(first):
                if number != before:
                    one = entries[before]
                    twice[number] = twice.get(before) or Met(segment, one.place, one.hash)
        left = self._without(staged, segment, entries, twice) if twice else staged
        if self._digester is None:
            return left
        total = sum(one for number, one in enumerate(hashes) if number not in twice)
        return replace(left, digest=Digest(len(left.items), total % (1 << 128)))

    async def recall(self, source: Source, stage: Stage | None, at: Mapping[int, Checkpoint], stop: Stop) -> None:
        """Before a job goes on: where keys of what was read are missing, read it again, up to the checkpoints.

        Costs reading, nothing is written. Stopped halfway, the next resume begins it anew.
        """
        begun = {number: one for number, one in at.items() if one.done or one.position is not None}
        if all(_stands(one, self._seen.reached(number)) for number, one in begun.items()):
            return
        self._seen.forget()
        for number, one in begun.items():
            start: bytes | None = None
            while not stop.asked:
                page = await source.read(number, start)
                await self(number, start, page, Staged(page.items) if stage is None else await stage(page.items))
                start = page.next
                if start is None or (start == one.position and not one.done):
                    break

    def close(self, *, over: bool) -> None:
        """Let go of the keys; of a job that is ``over`` nothing is left."""
        self._seen.close(over=over)

    def _entries(self, segment: int, page: Page, staged: Staged) -> tuple[Staged, list[Entry], list[int]]:
        """An entry and a hash for each item; what cannot be read whole (a number that is none) is rejected."""
        entries: list[Entry] = []
        hashes: list[int] = []
        items: list[Item] = []
        dead: list[Dead] = []
        for item, place in zip(staged.items, _places(page, staged), strict=True):
            try:
                one, key = self._hash(item), key_bytes(key_of(item, self._key))
            except ItemInvalid as error:
                dead.append(
                    Dead(code="rejected", reason=error.message, item=bytes(item), place=self._name(segment, place))
                )
                continue
            entries.append(Entry(key, place, signed_hash(one)))
            hashes.append(one)
            items.append(item)
        return replace(staged, items=items, dead=(*staged.dead, *dead), origins=()) if dead else staged, entries, hashes

    def _hash(self, item: Item) -> int:
        if self._digester is not None:
            return self._digester.hash(item)
        return int.from_bytes(blake2b(item, digest_size=8).digest(), "big")

    def _without(self, staged: Staged, segment: int, entries: Sequence[Entry], twice: Mapping[int, Met]) -> Staged:
        already, dead = 0, list(staged.dead)
        for number, first in twice.items():
            item, entry = staged.items[number], entries[number]
            if first.hash == entry.hash:
                already += 1
                continue
            key = format_key(key_of(item, self._key), self._key)
            reason = f"{self._name(first.segment, first.place)} has the key {key} too, with other attributes"
            dead.append(Dead(code="duplicate", reason=reason, item=bytes(item), place=self._name(segment, entry.place)))
        items = [item for number, item in enumerate(staged.items) if number not in twice]
        return replace(staged, items=items, already=staged.already + already, dead=tuple(dead), origins=())


def key_bytes(key: Key) -> bytes:
    """16 bytes of a key: equal for equal keys, however their numbers are spelt."""
    parts: list[bytes] = []
    for value in key:
        part = number_text(value) if isinstance(value, Decimal) else value
        written = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        parts += (len(written).to_bytes(4, "big"), written)
    return blake2b(b"".join(parts), digest_size=16).digest()


def signed_hash(one: int) -> int:
    """An item's hash as a signed number of 64 bits, which is what is kept beside its key."""
    return one % (2 * _HALF) - _HALF


def _firsts(entries: Sequence[Entry]) -> list[int]:
    """Of each entry the number of the first one with its key: a line that became several items has them on one page."""
    first: dict[bytes, int] = {}
    return [first.setdefault(entry.key, number) for number, entry in enumerate(entries)]


def _places(page: Page, staged: Staged) -> Sequence[Place]:
    if len(page.places) != len(page.items):
        raise ValueError("a source in which keys may come twice says the place of each item")
    return [page.places[number] for number in staged.origins] if staged.origins else page.places


def _stands(one: Checkpoint, reached: tuple[bytes | None, bytes | None] | None) -> bool:
    """Whether the keys go as far as the checkpoint: its page was the last, or the one that was under way after it."""
    return reached is not None and (reached[1] is None if one.done else one.position in reached)
