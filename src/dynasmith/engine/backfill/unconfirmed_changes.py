"""Changes that an interrupted run kept in its journal and perhaps sent, and whose pages are done again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Raw

from dynasmith.items.key import Key, KeySchema, key_of
from dynasmith.items.value import write_tree
from dynasmith.items.wire import RawItem, attributes
from dynasmith.ports.journal import JournalEntry, JournalEntryId
from dynasmith.ports.updates import ItemChange, decode_change, same_attributes, still_expected


@dataclass(frozen=True, slots=True)
class UnconfirmedChange:
    """One entry of which it is not known whether it was written: behind the mark of its segment, or, with ``mine``, of
    this run, whose reply was lost."""

    segment: int
    id: JournalEntryId
    change: ItemChange
    mine: bool = False


@dataclass(slots=True)
class UnconfirmedChanges:
    """They are few: at most a page a segment. What became of one is known by a strong look at its item only: a scan
    may be late, and show an item as it was before its change.
    """

    key: KeySchema
    known: dict[Key, list[UnconfirmedChange]] = field(default_factory=dict)

    def add(self, segment: int, entries: Sequence[JournalEntry]) -> set[Key]:
        """The entries of a segment behind its mark; gives their keys."""
        keys = set()
        for entry in entries:
            change = decode_change(entry.change)
            key = key_of(change.before, self.key)
            self.known.setdefault(key, []).append(UnconfirmedChange(segment, entry.id, change))
            keys.add(key)
        return keys

    def written(self, item: RawItem) -> bool:
        """Whether an item that needs nothing was written by the interrupted run, as far as it can be told: it does not
        prove the contrary."""
        if not self.known:
            return False
        found = self.known.get(key_of(item, self.key), ())
        return any(not unwritten(one.change, item) for one in found)

    def pending(self, segment: int) -> list[UnconfirmedChange]:
        """What is unsure of a segment, the newest of each item."""
        return [one for found in self.known.values() for one in found[-1:] if one.segment == segment]

    def take(self, item: RawItem) -> Sequence[UnconfirmedChange]:
        """What is unsure of an item that, as it was read, must be changed again."""
        return self.known.pop(key_of(item, self.key), ()) if self.known else ()

    def settled(self, segment: int) -> None:
        """The page of a segment is acknowledged: nothing of it is unsure any more."""
        if self.known:
            left = {key: [one for one in found if one.segment != segment] for key, found in self.known.items()}
            self.known = {key: found for key, found in left.items() if found}


def unwritten(change: ItemChange, item: RawItem | bytes) -> bool:
    """Whether ``item`` proves that ``change`` was not written: it is as the change expected it, or, of the attributes
    that are written all at once, some are as before and none is as the change leaves it.

    That a change does not stand proves nothing: it may have been written, and one attribute changed by others since.
    """
    if still_expected(change, item):
        return True
    if change.kind != "update":  # it may have been deleted, and another put there
        return False
    parts, before, after = attributes(item), attributes(change.before), attributes(change.after)
    return any(same(name, before, parts) for name in change.names) and not any(
        same(name, after, parts) for name in change.names
    )


def same(name: str, one: Mapping[str, Raw], other: Mapping[str, Raw]) -> bool:
    """Whether an attribute is in both with one value, or in neither."""
    return same_attributes({name: one[name]}, other) if name in one else name not in other


def covers(change: ItemChange, earlier: ItemChange) -> bool:
    """Whether the condition of ``change`` holds on all that ``earlier`` writes: once it is written, it is known what
    became of them."""
    return change.kind == "delete" or set(earlier.names) <= set(change.expected)


def with_earlier(change: ItemChange, earlier: Sequence[UnconfirmedChange]) -> ItemChange:
    """What the journal keeps of a change whose item the job perhaps changed before: from the first before-image to the
    last after-image, so that one entry takes all of it back.

    An attribute that others wrote in between goes back to what they wrote; one that they wrote and that ``change`` does
    not touch stays in the entry as the job left it, so that an undo finds it changed.
    """
    known = [one.change for one in reversed(earlier) if covers(change, one.change)]
    if not known or change.kind != "update":
        return change
    found, after = attributes(change.before), attributes(change.after)
    names = {*change.names, *(name for one in known for name in one.names)}
    target, left = dict(found), dict[str, Raw | None]()
    for name in sorted(names):
        wrote = [one for one in known if name in one.names]
        ours = [one for one in wrote if same(name, attributes(one.after), found)]
        if not ours and name not in change.names:
            if any(same(name, attributes(one.before), found) for one in wrote):
                continue  # as it was before
            ours, last = wrote, attributes(wrote[0].after).get(name)
        else:
            last = after.get(name)
        value = attributes(ours[0].before).get(name) if ours else found.get(name)
        left[name] = last
        target.pop(name, None)
        if value is not None:
            target[name] = value
    return ItemChange(
        before=RawItem(write_tree(target)),
        assigned={name: value for name, value in left.items() if value is not None},
        removed=tuple(name for name, value in left.items() if value is None),
        expected=tuple(sorted({*left, *change.expected})),
    )
