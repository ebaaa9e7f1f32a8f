"""Make a dirty key equal in the target: read it strongly, delete what is not wanted and its own, put what is wanted."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from dynasmith.engine.replacement.dirty_set import DirtyKey, DirtySet
from dynasmith.engine.replacement.item_mapping import ItemMapping, shown_key
from dynasmith.engine.replacement.marks import BY_VERIFY
from dynasmith.engine.replacement.own_writes import write_digest
from dynasmith.errors import DynasmithError, ItemInvalid, ServiceError, ValidationRefused
from dynasmith.items.transform import ItemRefused
from dynasmith.items.wire import RawItem
from dynasmith.ports.owned_items import OwnedItems
from dynasmith.ports.permit import sent_under

KEYS_AT_ONCE: Final = 100
"""Keys that are read with one BatchGetItem."""
HANDLINGS_AT_ONCE: Final = 16
_COLLECTION_TOO_LARGE: Final = "ItemCollectionSizeLimitExceededException"


@dataclass(frozen=True, slots=True)
class KeyOutcome:
    """What a handling came to: ``held`` names places with the keys that hold them (None for an item of no key),
    ``refused`` what the transform or the service said. ``changed`` says whether the target was changed, ``writes`` how
    many calls it took; ``unsent`` are the digests of writes that were not done, or that changed nothing."""

    held: tuple[tuple[bytes, bytes | None], ...] = ()
    refused: str = ""
    changed: bool = False
    writes: int = 0
    unsent: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedItems:
    """What the target must hold of a key, by place; ``refused`` says why it cannot be known."""

    items: Mapping[bytes, RawItem] = field(default_factory=dict)
    refused: str = ""


def wanted_items(item: RawItem | None, mapping: ItemMapping) -> WantedItems:
    """What the target must hold of an item of the source; nothing where there is none."""
    try:
        return WantedItems({} if item is None else mapping.items(item))
    except (ItemRefused, ItemInvalid) as refused:
        return WantedItems(refused=refused.message)


def make_equal(dirty: DirtyKey, made: WantedItems, mapping: ItemMapping, items: OwnedItems) -> KeyOutcome:
    """Handle one key, whose item was read strongly since it was taken. Killed anywhere it is done again."""
    if made.refused:
        return KeyOutcome(refused=made.refused)
    held, unsent = [], []
    changed, writes = False, 0
    for place in _unwanted(dirty, made):
        deleted = items.delete(place, dirty.key)
        writes += 1
        changed |= deleted
        if not deleted:
            unsent.append(write_digest(place, None))
    left = dict(made.items)
    for place, item in made.items.items():
        try:
            put = items.put(item, dirty.key)
        except ServiceError as error:
            if not _refuses_item(error):
                raise
            unsent += [write_digest(place, item) for place, item in left.items()]
            return KeyOutcome((), error.message, changed, writes + 1, tuple(unsent))
        del left[place]
        writes += 1
        changed |= put.changed
        if put.holder is not None:
            held.append((place, mapping.owner(put.holder)))
        if not put.changed:  # there is no record of it
            unsent.append(write_digest(place, item))
    return KeyOutcome(tuple(held), "", changed, writes, tuple(unsent))


def _refuses_item(error: ServiceError) -> bool:
    """Whether the target can never hold the item as it is: it is too large, or the key of an index has another type."""
    return isinstance(error, ValidationRefused) or error.service_code == _COLLECTION_TOO_LARGE


def _unwanted(dirty: DirtyKey, made: WantedItems) -> list[bytes]:
    return sorted(dirty.candidates - made.items.keys())


def _digests(dirty: DirtyKey, made: WantedItems) -> list[bytes]:
    """The digests of the writes that a handling may do."""
    if made.refused:
        return []
    deleted = [write_digest(place, None) for place in _unwanted(dirty, made)]
    return deleted + [write_digest(place, item) for place, item in made.items.items()]


class Announcer(Protocol):
    """Keeps which writes are about to be sent: `dynasmith.engine.replacement.own_write_log.OwnWriteLog`."""

    def announce(self, digests: Sequence[bytes]) -> None:
        """These are; they are kept when this returns."""
        ...

    def retract(self, digests: Sequence[bytes]) -> None:
        """These were not sent after all."""
        ...


BY_COMPARISON: Final = frozenset((BY_VERIFY,))


@dataclass(slots=True)
class DrainCounts:
    """What a drain did: keys that were made equal, calls that wrote, and the keys that a comparison alone made dirty
    and that were not equal."""

    keys: int = 0
    writes: int = 0
    changed: list[DirtyKey] = field(default_factory=list)


class Drain:
    """Handles dirty keys. ``check`` is called before each call that writes, and raises where nothing may be sent any
    more; ``own`` is told what is about to be written; ``forgotten`` is told what may be forgotten, before it is;
    ``now`` gives Unix seconds."""

    def __init__(
        self,
        dirty: DirtySet,
        mapping: ItemMapping,
        items: OwnedItems,
        *,
        now: Callable[[], float],
        check: Callable[[], None] = lambda: None,
        own: Announcer | None = None,
        forgotten: Callable[[Sequence[DirtyKey]], None] = lambda _: None,
    ) -> None:
        self._dirty, self._mapping, self._items = dirty, mapping, items
        self._now, self._check, self._own, self._forgotten = now, check, own, forgotten
        self.counts = DrainCounts()

    def run(self, most: int = KEYS_AT_ONCE, pool: ThreadPoolExecutor | None = None) -> int:
        """Handle up to so many keys; how many there were."""
        taken = self._dirty.take(most)
        if not taken:
            return 0
        left = {dirty.key: dirty for dirty in taken}
        try:
            self._check()
            found = self._items.read_source([dirty.key for dirty in taken])
            wanted = {dirty.key: wanted_items(found.get(dirty.key), self._mapping) for dirty in taken}
            taken = self._with_standing(taken, wanted)
            if self._own is not None:
                self._own.announce([digest for dirty in taken for digest in _digests(dirty, wanted[dirty.key])])
            each = map if pool is None else pool.map
            failed: list[DynasmithError] = []
            for dirty, outcome in zip(taken, each(lambda dirty: self._handle(dirty, wanted), taken), strict=True):
                if isinstance(outcome, DynasmithError):
                    failed.append(outcome)
                    continue
                self._settle(dirty, outcome)
                del left[dirty.key]
            if failed:
                raise failed[0]
        finally:
            for dirty in left.values():
                self._dirty.give_back(dirty)
        return len(taken)

    def _with_standing(self, taken: Sequence[DirtyKey], wanted: Mapping[bytes, WantedItems]) -> list[DirtyKey]:
        """The keys with those candidates alone at which an item of theirs stands that is not wanted. Of a key that
        changes often most places are empty by now; they are read a hundred at once, and a deletion is a call each. One
        that is announced and not done would hide a deletion by others."""
        places = {place for dirty in taken for place in _unwanted(dirty, wanted[dirty.key])}
        standing = self._items.read_target(sorted(places)) if places else {}
        owners = {place: self._mapping.owner(item) for place, item in standing.items()}
        own = ((dirty, {place for place in dirty.candidates if owners.get(place) == dirty.key}) for dirty in taken)
        return [replace(dirty, candidates=frozenset(candidates)) for dirty, candidates in own]

    def _handle(self, dirty: DirtyKey, wanted: Mapping[bytes, WantedItems]) -> KeyOutcome | DynasmithError:
        try:
            with sent_under(self._check):
                self._check()
                return make_equal(dirty, wanted[dirty.key], self._mapping, self._items)
        except DynasmithError as error:  # others of the same batch were handled, and are not handled again
            return error

    def _settle(self, dirty: DirtyKey, outcome: KeyOutcome) -> None:
        self.counts.writes += outcome.writes
        if self._own is not None:
            self._own.retract(outcome.unsent)
        if outcome.refused:
            self._dirty.block(dirty, outcome.refused, changed=outcome.changed)
            return
        if outcome.held:
            place, holder = outcome.held[0]
            where = shown_key(place, self._mapping.target)
            if holder is None:
                self._dirty.block(dirty, f"an item of another origin stands at {where}", changed=outcome.changed)
            else:
                reason = f"{shown_key(holder, self._mapping.source)} has {where} already"
                self._dirty.hold(dirty, holder, place, reason, self._now(), changed=outcome.changed)
            return
        self._forgotten([dirty])
        self._dirty.finish(dirty)
        self.counts.keys += 1
        if outcome.changed and dirty.by == BY_COMPARISON:
            self.counts.changed.append(dirty)
