"""One key twice in a job, however far apart: noticed before anything of it is sent.

The first item of a key is written. What becomes of another one is decided when the end of the first is known: where
that stands in the target, an equal one counts as there already, and any other is a dead letter that names the places of
both; where it was refused or skipped, the key is free, and the next one is sent in its place. What a filter and a
transform leave is looked at, not what a file holds. An item that has no digest, because it is malformed, is a dead
letter too: one bad value never stops the rest.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Final, TypeAlias

from msgspec import structs

from dynasmith.engine.transfer.key_register import JobKeys, KeyRegister, MetKeys
from dynasmith.engine.transfer.transform_stage import Stage, StagedPage
from dynasmith.errors import AccessDenied, ItemInvalid
from dynasmith.items.digest import Digest
from dynasmith.items.key import KeySchema, encode_key, format_key, key_bytes, key_of
from dynasmith.items.key_and_hash import keyed_reader
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.ports.duplicate_keys import KeyAnswer, KeyEntry
from dynasmith.ports.items import DeadLetter, Item, Lookup, Outcome, Page, Place, Source, merged
from dynasmith.ports.permit import Permit

_HALF: Final = 1 << 63
_LOW: Final = (1 << 64) - 1

Write: TypeAlias = Callable[[Sequence[Item]], Awaitable[Outcome]]
"""Sends items of distinct keys; fewer than all have an end only where the job was cancelled."""


@dataclass(slots=True)
class _Page:
    """The items of a page: those sent, in rounds, and those whose key came ``twice`` and that wait for the first.

    ``taken`` are those at whose key the target was seen to hold yet another item.
    """

    segment: int
    start: bytes | None
    following: bytes | None
    items: Sequence[Item]
    entries: Sequence[KeyEntry]
    sent: list[int] = field(default_factory=list)
    twice: dict[int, KeyAnswer] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    outcomes: list[Outcome] = field(default_factory=list)


class Deduplication:
    """Writes a staged page without what has a key that stands in the target by this job. ``keys`` is the register of
    the job, here or over a line; ``name`` says a place to a person.

    With ``digest`` items are equal as DynamoDB has it, and their hashes are those of the job's digest, so that they
    cost nothing more; without it they are equal where their bytes are. ``lookup`` opens the target by keys: in a
    run that goes on after another, which knows what was read and not what became of all of it, a key that comes twice
    is read there (100 keys a call); without it, or where the role may not, the first one is taken to stand.
    """

    def __init__(
        self,
        key: KeySchema,
        keys: KeyRegister,
        name: Callable[[int, Place], str],
        *,
        digest: bool = True,
        lookup: Callable[[], Awaitable[Lookup]] | None = None,
    ) -> None:
        self._key = key
        self._keys = keys
        self._name = name
        self._digest = digest
        self._read = keyed_reader(key) if digest else self._by_its_bytes
        self._lookup = lookup
        self._cut = False

    async def __call__(
        self, segment: int, start: bytes | None, page: Page, staged: StagedPage, write: Write
    ) -> tuple[StagedPage, Outcome]:
        """Write the page that began at ``start``: what was sent of it, and what became of that.

        A cancelled job is told by an outcome of fewer items than there are.
        """
        staged, entries, hashes = self._entries(segment, page, staged)
        own = _Page(segment, start, page.next, staged.items, entries)
        rest: Sequence[int] = range(len(entries))
        while rest:
            rest = await self._round(own, rest, write)
        outcome = merged(own.outcomes) if own.outcomes else Outcome()
        if self._cut and (own.twice or outcome.arrived < len(own.sent)):
            return replace(staged, items=[staged.items[number] for number in (*own.sent, *own.twice)]), outcome
        if own.twice:
            staged = self._without(staged, own)
        if not self._digest:
            return staged, outcome
        total = sum(hashes[number] for number in own.sent)
        return replace(staged, digest=Digest(len(own.sent), total % (1 << 128))), outcome

    async def _round(self, own: _Page, rest: Sequence[int], write: Write) -> Sequence[int]:
        """Send what has a key of its own; the numbers that must be looked at again, since a first one is not there.

        A segment waits for the writes of others only after its own was told: none waits for one that waits.
        """
        fresh, met = await self._meet(own, rest)
        gone: list[KeyEntry] = []
        if fresh:
            outcome = self._placed(own, await write([own.items[number] for number in fresh]))
            own.sent += fresh
            own.outcomes.append(outcome)
            self._cut = self._cut or outcome.arrived < len(fresh)
            keys = {key_bytes(key_of(other, self._key)) for other in outcome.others}
            gone = [own.entries[number] for number in fresh if own.entries[number].key in keys]
        await self._keys.tell(own.segment, gone, cut=self._cut)
        if self._cut or not own.twice:
            return ()
        state = await self._keys.settled(met.turns)
        self._cut = state.cut
        if self._cut:
            return ()
        freed = state.freed
        if state.unknown and freed == met.freed:
            freed = await self._look(own, freed)
        return sorted(own.twice) if freed > met.freed else ()

    async def _meet(self, own: _Page, rest: Sequence[int]) -> tuple[list[int], MetKeys]:
        """The numbers whose keys are free, which they are not any more; the others are ``twice``."""
        entries = [own.entries[number] for number in rest]
        first = _firsts(entries)
        firsts = [place for place, before in enumerate(first) if place == before]
        told = [entries[place] for place in firsts]
        met = await self._keys.meet(own.segment, own.start, own.following, told)
        twice = {firsts[place]: one for place, one in met.before.items()}
        if len(told) < len(entries):  # what comes twice within the page, where the first one may have come before too
            for place, before in enumerate(first):
                if place != before:
                    one = entries[before]
                    twice[place] = twice.get(before) or KeyAnswer(own.segment, one.place, one.hash)
        own.twice = {rest[place]: one for place, one in twice.items()}
        return [number for number in rest if number not in own.twice], met

    async def _look(self, own: _Page, freed: int) -> int:
        """After a resume, or where a worker is gone: what stands in the target decides. Where nothing does, or what a
        run that was killed had written in the place of the first one, the key is free. How often keys were ``freed``.
        """
        if self._lookup is None:
            return freed
        keys = {
            own.entries[number].key: encode_key(key_of(own.items[number], self._key), self._key) for number in own.twice
        }
        lookup = await self._lookup()
        try:
            standing = {key_bytes(key_of(one, self._key)): one for one in await lookup.get(list(keys.values()))}
        except AccessDenied:
            self._lookup = None  # the first one is taken to stand
            return freed
        finally:
            await lookup.close()
        for number, first in own.twice.items():
            entry, found = own.entries[number], standing.get(own.entries[number].key)
            stands = None if found is None else signed_hash(int.from_bytes(self._read(found)[1], "big"))
            if stands is None or (stands == entry.hash != first.hash):
                freed = await self._keys.free(first.segment, [KeyEntry(entry.key, first.place, first.hash)])
            elif stands not in (first.hash, entry.hash):
                own.taken.add(number)
        return freed

    async def recall(
        self, keys: JobKeys, ends: tuple[Source, Stage | None], at: Mapping[int, Checkpoint], permit: Permit
    ) -> None:
        """Before a job goes on: where keys of what was read are missing, read it again, up to the checkpoints.

        Costs reading, nothing is written. Raises Halted where the run stops; the next resume begins it again.
        """
        seen, (source, stage) = keys.seen, ends
        begun = {number: one for number, one in at.items() if one.done or one.position is not None}
        keys.unknown = bool(begun) or any(seen.reached(number) for number in at)
        if all(_stands(one, seen.reached(number)) for number, one in begun.items()):
            return
        seen.forget()
        for number, one in begun.items():
            start: bytes | None = None
            while True:
                await permit.enter()
                page = await source.read(number, start)
                staged = StagedPage(page.items) if stage is None else await stage(page.items)
                staged, entries, _ = self._entries(number, page, staged)
                await self._meet(_Page(number, start, page.next, staged.items, entries), range(len(entries)))
                start = page.next
                if start is None or (start == one.position and not one.done):
                    break
            await keys.tell(number, [], cut=False)

    def _entries(self, segment: int, page: Page, staged: StagedPage) -> tuple[StagedPage, list[KeyEntry], list[int]]:
        """An entry and a hash for each item; what cannot be read whole (a number that is none) is rejected."""
        entries: list[KeyEntry] = []
        hashes: list[int] = []
        items: list[Item] = []
        dead: list[DeadLetter] = []
        read, number, entry = self._read, int.from_bytes, KeyEntry._make
        tell, keep, take = entries.append, hashes.append, items.append
        for item, place in zip(staged.items, _places(page, staged), strict=True):
            try:
                key, made = read(item)
            except ItemInvalid as error:
                dead.append(
                    DeadLetter(
                        code="rejected", reason=error.message, item=bytes(item), place=self._name(segment, place)
                    )
                )
                continue
            one = number(made, "big")
            tell(entry((key, place, (one & _LOW) - _HALF)))  # signed_hash, without its call
            keep(one)
            take(item)
        if staged.dead or dead:
            here = [self._name(segment, page.places[number]) for number in staged.dead_origins]
            told = [structs.replace(one, place=place) for one, place in zip(staged.dead, here, strict=False)]
            staged = replace(staged, items=items, dead=(*told, *staged.dead[len(told) :], *dead), origins=None)
        return staged, entries, hashes

    def _placed(self, own: _Page, outcome: Outcome) -> Outcome:
        """The outcome with the places of what the target refused: by then an item is known by its key alone."""
        if not outcome.dead:
            return outcome
        places = {entry.key: self._name(own.segment, entry.place) for entry in own.entries}
        told = [
            structs.replace(one, place=one.place or places.get(key_bytes(key_of(one.item, self._key)), ""))
            for one in outcome.dead
        ]
        return structs.replace(outcome, dead=tuple(told))

    def _by_its_bytes(self, item: Item) -> tuple[bytes, bytes]:
        return key_bytes(key_of(item, self._key)), blake2b(item, digest_size=8).digest()

    def _without(self, staged: StagedPage, own: _Page) -> StagedPage:
        """The page without what came twice, each of which has its end now."""
        already, dead = 0, list(staged.dead)
        for number, first in own.twice.items():
            item, entry = own.items[number], own.entries[number]
            if first.hash == entry.hash and number not in own.taken:
                already += 1
                continue
            key = format_key(key_of(item, self._key), self._key)
            reason = f"{self._name(first.segment, first.place)} has the key {key} too, with other attributes"
            if number in own.taken:
                reason = f"another item has the key {key} already"
            place = self._name(own.segment, entry.place)
            dead.append(DeadLetter(code="duplicate", reason=reason, item=bytes(item), place=place))
        items = [own.items[number] for number in own.sent]
        return replace(staged, items=items, already=staged.already + already, dead=tuple(dead), origins=None)


def signed_hash(one: int) -> int:
    """An item's hash as a signed number of 64 bits, which is what is kept beside its key."""
    return one % (2 * _HALF) - _HALF


def _firsts(entries: Sequence[KeyEntry]) -> list[int]:
    """Of each entry the number of the first one with its key: a line that became several items has them on one page."""
    first: dict[bytes, int] = {}
    return [first.setdefault(entry.key, number) for number, entry in enumerate(entries)]


def _places(page: Page, staged: StagedPage) -> Sequence[Place]:
    if len(page.places) != len(page.items):
        raise ValueError("a source in which keys may come twice says the place of each item")
    return page.places if staged.origins is None else [page.places[number] for number in staged.origins]


def _stands(one: Checkpoint, reached: tuple[bytes | None, bytes | None] | None) -> bool:
    """Whether the keys go as far as the checkpoint: its page was the last, or the one that was under way after it."""
    return reached is not None and (reached[1] is None if one.done else one.position in reached)
