"""What happens to the items of a page between source and sink: filter, transform, the check for one key twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dynasmith.items.digest import Digest, digest_items
from dynasmith.items.key import Key, KeySchema, format_key, key_of
from dynasmith.items.transform import ItemRefused, Policy, Transform
from dynasmith.items.wire import RawItem
from dynasmith.ports.items import Dead, Item


@dataclass(frozen=True, slots=True)
class Staged:
    """The items that a page became, and the arithmetic: read + fanned_out - dropped = items + already + dead."""

    items: Sequence[Item]
    fanned_out: int = 0
    dropped: int = 0
    already: int = 0
    dead: tuple[Dead, ...] = ()


class Stage(Protocol):
    """From the items of a page to those to be written."""

    async def __call__(self, items: Sequence[Item]) -> Staged: ...


@dataclass(frozen=True, slots=True)
class Steps:
    """The stage in this process. ``keep`` drops items, ``transform`` changes them, ``distinct`` is the target's key.

    ``distinct`` is needed wherever two items of one page may have one key: after a transform, and from files. An item
    that a transform refuses stops the job, or goes to the dead letters where its policy or the job's ``policy`` says.
    """

    keep: Callable[[Item], bool] | None = None
    transform: Transform | None = None
    distinct: KeySchema | None = None
    policy: Policy = "stop"

    @property
    def idle(self) -> bool:
        """Whether pages pass untouched."""
        return self.keep is None and self.transform is None and self.distinct is None

    async def __call__(self, items: Sequence[Item]) -> Staged:
        """Stage a page: on the loop, since a page is a few milliseconds."""
        return self.apply(items)

    def apply(self, items: Sequence[Item]) -> Staged:
        """Stage a page."""
        dropped = 0
        if self.keep is not None:
            kept = [item for item in items if self.keep(item)]
            dropped, items = len(items) - len(kept), kept
        fanned_out, dead = 0, list[Dead]()
        if self.transform is not None:
            items, fanned_out, gone, dead = self._transformed(self.transform, items)
            dropped += gone
        if self.distinct is None:
            return Staged(items, fanned_out, dropped, 0, tuple(dead))
        items, already, twice = distinct_items(items, self.distinct)
        return Staged(items, fanned_out, dropped, already, (*dead, *twice))

    def _transformed(self, transform: Transform, items: Sequence[Item]) -> tuple[list[Item], int, int, list[Dead]]:
        made: list[Item] = []
        dead: list[Dead] = []
        fanned_out = dropped = 0
        copy = transform.copy
        for item in items:
            try:
                results = copy(item if type(item) is RawItem else RawItem(bytes(item)))
            except ItemRefused as refused:
                if (refused.policy or self.policy) == "stop":
                    raise
                dead.append(Dead(code="transform", reason=refused.message, item=bytes(item)))
                continue
            if len(results) == 1:
                made.append(results[0])
            elif not results:
                dropped += 1
            else:
                fanned_out += len(results) - 1
                made.extend(results)
        return made, fanned_out, dropped, dead


def distinct_items(items: Sequence[Item], key: KeySchema) -> tuple[Sequence[Item], int, list[Dead]]:
    """The items without those whose key came before; an equal one counts as there already, another one is dead."""
    first: dict[Key, Item] = {}
    for item in items:
        first.setdefault(key_of(item, key), item)
    if len(first) == len(items):
        return items, 0, []
    already, dead = 0, list[Dead]()
    for item in items:
        found = key_of(item, key)
        if first[found] is item:
            continue
        if digest_items([first[found]]) == digest_items([item]):
            already += 1
        else:
            dead.append(
                Dead(
                    code="duplicate", reason=f"an item before it has the key {format_key(found, key)}", item=bytes(item)
                )
            )
    return list(first.values()), already, dead


def digest_less(items: Sequence[Item], others: Sequence[bytes]) -> Digest:
    """The digest of ``items`` without ``others``, which are some of them."""
    whole = digest_items(items)
    if not others:
        return whole
    less = digest_items(others)
    return Digest(whole.count - less.count, (whole.total - less.total) % (1 << 128))
