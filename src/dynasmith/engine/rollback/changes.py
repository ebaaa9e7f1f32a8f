"""What a rollback changes: the items of the files that the table has not, or has otherwise, are written; those of the
table that the files have not are deleted. Pure, but for the reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec import Raw
from msgspec.structs import replace

from dynasmith.engine.backfill.sink import ChangeOutcome
from dynasmith.engine.backfill.unconfirmed_changes import UnconfirmedChanges, unwritten
from dynasmith.engine.deletion.deletion import DeletionRetry
from dynasmith.engine.transfer.spared_keys import SparedKeys
from dynasmith.engine.transfer.transform_stage import StagedPage
from dynasmith.items.key import Key, KeySchema, encode_key, key_of
from dynasmith.items.wire import RawItem, attributes
from dynasmith.ports.items import Item, Lookup, Page, Source
from dynasmith.ports.updates import (
    EXPECTED_NAMES_MAX,
    ItemChange,
    UpdateAnswer,
    deletion_of,
    encode_change,
    same_attributes,
    same_item,
)

EQUAL, SPARED = b"=", b"-"
"""In place of the change of an item of the files that is in the table as it is, and of one of the table that stays."""


def overwriting(current: Item, wanted: Item) -> ItemChange | None:
    """What makes ``current`` the item ``wanted``, while it is as it was read; None where it is."""
    if same_item(bytes(current), bytes(wanted)):
        return None
    before, after = attributes(bytes(current)), attributes(bytes(wanted))
    assigned = {
        name: Raw(bytes(value))
        for name, value in after.items()
        if name not in before or not same_attributes({name: value}, {name: before[name]})
    }
    removed = tuple(name for name in before if name not in after)
    every = (*before, *(name for name in after if name not in before))
    expected = (*assigned, *removed) if len(every) > EXPECTED_NAMES_MAX else every
    return ItemChange(Raw(bytes(current)), assigned, removed, expected)


def creation_of(wanted: Item) -> ItemChange:
    """The item, where no other has its key."""
    return ItemChange(before=Raw(bytes(wanted)), kind="create")


class RollbackSource:
    """The changes of a rollback: its first segments are those of the files, the others those of the table."""

    def __init__(
        self,
        files: Source,
        table: Source,
        lookup: Lookup,
        spared: SparedKeys,
        unsure: UnconfirmedChanges,
        key: KeySchema,
    ) -> None:
        self._files, self._table, self._lookup = files, table, lookup
        self._spared, self._unsure, self._key = spared, unsure, key
        self._begun: set[int] = set()

    @property
    def segments(self) -> int:
        """Those of both."""
        return self._files.segments + self._table.segments

    async def read(self, segment: int, start: bytes | None) -> Page:
        """A page of changes, as bytes; EQUAL and SPARED stand for what needs none."""
        of_files = segment < self._files.segments
        if of_files:
            page = await self._files.read(segment, start)
            changes = await self._written(page.items)
        else:
            page = await self._table.read(segment - self._files.segments, start)
            changes = await self._deleted(segment, page.items)
        return replace(page, items=changes, read=page.read + len(changes) - len(page.items), places=())

    async def close(self) -> None:
        """Close all three."""
        await self._files.close()
        await self._table.close()
        await self._lookup.close()

    async def _written(self, items: Sequence[Item]) -> list[bytes]:
        wanted: dict[Key, Item] = {key_of(item, self._key): item for item in items}
        found = await self._lookup.get([encode_key(key, self._key) for key in wanted]) if wanted else []
        current = {key_of(item, self._key): item for item in found}
        changes = [
            creation_of(item) if key not in current else overwriting(current[key], item) for key, item in wanted.items()
        ]
        equal = [EQUAL] * (len(items) - len(wanted))  # the same key twice in a page: the last one counts
        return [*(EQUAL if each is None else encode_change(each) for each in changes), *equal]

    async def _deleted(self, segment: int, items: Sequence[Item]) -> list[bytes]:
        """Of the first page also what an interrupted run perhaps deleted: a scan does not show it, and each must come
        to its end in the counts."""
        more: list[Item] = []
        if segment not in self._begun:
            self._begun.add(segment)
            shown = {key_of(item, self._key) for item in items}
            kept = [RawItem(bytes(one.change.before)) for one in self._unsure.pending(segment)]
            more = [item for item in kept if key_of(item, self._key) not in shown]
        every = [*items, *more]
        beyond = set(await self._spared.beyond(every))
        return [encode_change(deletion_of(bytes(item))) if n in beyond else SPARED for n, item in enumerate(every)]


@dataclass(frozen=True, slots=True)
class RollbackStage:
    """Counts what needs no change, and passes the changes on."""

    async def __call__(self, items: Sequence[Item]) -> StagedPage:
        """Stage a page."""
        marks = [bytes(item) if len(memoryview(item)) == 1 else b"" for item in items]
        numbers = [number for number, mark in enumerate(marks) if not mark]
        return StagedPage(
            [items[number] for number in numbers],
            unchanged=marks.count(EQUAL),
            skipped=marks.count(SPARED),
            origins=numbers,
        )


@dataclass(frozen=True, slots=True)
class RollbackRetry:
    """What becomes of a change that found its item changed: the item becomes what the files say all the same, and one
    that they do not have goes."""

    deletion: DeletionRetry = field(default_factory=lambda: DeletionRetry(None))

    def __call__(self, change: ItemChange, answer: UpdateAnswer) -> ChangeOutcome:
        """Again, or the end."""
        if change.kind == "delete":
            return self.deletion(change, answer)
        wanted = RawItem(bytes(change.before)) if change.kind == "create" else change.after
        if answer.current is None:
            return ChangeOutcome(again=creation_of(wanted), applied=answer.uncertain)
        again = overwriting(RawItem(answer.current), wanted)
        if again is None:
            return ChangeOutcome(end="written" if answer.uncertain else "unchanged", applied=answer.uncertain)
        return ChangeOutcome(again=again, applied=answer.uncertain and not unwritten(change, answer.current))
