"""What a backfill makes of a page: the changes of those items that are not in the new shape yet."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from dynasmith.engine.backfill.unconfirmed_changes import UnconfirmedChanges
from dynasmith.engine.transfer.transform_stage import StagedPage
from dynasmith.engine.workers.user_traceback import trace_of
from dynasmith.errors import ItemInvalid
from dynasmith.items.key import Key, KeySchema, check_key, key_of
from dynasmith.items.size import ITEM_BYTES_MAX, check_item
from dynasmith.items.transform import ItemRefused, ItemSkipped, Policy, Rewrite, Transform
from dynasmith.items.wire import RawItem
from dynasmith.ports.items import DeadLetter, Item
from dynasmith.ports.updates import change_of, encode_change


@dataclass(slots=True)
class Quota:
    """How many items a job may still change; None for all. Shared by its stage, its source and its sink.

    Items that an interrupted run perhaps changed have a place of their own until their pages were read again.
    """

    left: int | None = None
    kept: dict[Key, int] = field(default_factory=dict)
    unsettled: set[int] = field(default_factory=set)
    _settled: asyncio.Event = field(default_factory=asyncio.Event)

    def keep(self, segment: int, keys: Iterable[Key]) -> None:
        """Keep a place for each of these, until the segment is ``settled``."""
        self.kept |= dict.fromkeys(keys, segment)
        self.unsettled.add(segment)

    def take(self, key: Key) -> bool:
        """Whether an item may be changed, or was; it counts then."""
        if self.left is None:
            return True
        if self.left <= (0 if self.kept.pop(key, None) is not None else len(self.kept)):
            return False
        self.left -= 1
        return True

    def settled(self, segment: int) -> None:
        """The page of a segment is acknowledged: what was kept for it and not used is free."""
        if segment in self.unsettled:
            self.kept = {key: of for key, of in self.kept.items() if of != segment}
            self.unsettled.discard(segment)
            self._settled.set()

    async def all_settled(self) -> None:
        """Wait until every page that an interrupted run began is acknowledged."""
        while self.unsettled:
            self._settled.clear()
            await self._settled.wait()


@dataclass(frozen=True, slots=True)
class Rewriter:
    """A transform with what the table asks of its results: the 400 KB, and the keys of its indexes.

    ``indexes`` are the key schemas of the table's indexes by name. ``policy`` is what becomes of an item that is
    refused where the transform does not say.
    """

    transform: Transform
    indexes: dict[str, KeySchema] = field(default_factory=dict)
    policy: Policy = "stop"

    def rewrite(self, raw: RawItem) -> Rewrite | None:
        """How one item changes; None where it does not. Raises ItemRefused and ItemSkipped."""
        found = self.transform.rewrite(raw)
        if found is not None:
            self._check(found)
        return found

    def stops(self, refused: ItemRefused) -> bool:
        """Whether a refused item ends the job."""
        return (refused.policy or self.policy) == "stop"

    def _check(self, found: Rewrite) -> None:
        changed = (*found.assigned, *found.removed) if self.indexes else ()
        try:
            # The wire is never shorter than the size that counts, so most items are not measured.
            if len(memoryview(found.after)) > ITEM_BYTES_MAX:
                check_item(found.after)
            for name, key in self.indexes.items():
                if any(name in changed for name in key.names):
                    check_key(found.after, key, index=name)
        except ItemInvalid as cause:
            hinted = ItemInvalid(
                cause.message, hint=cause.hint or "leave the attribute out, or give it a value that fits"
            )
            raise self.transform.refused(found.before, hinted) from cause


@dataclass(frozen=True, slots=True)
class RewriteStage:
    """From the items of a page to the bytes of their changes. An item already in the new shape costs no write; it
    counts as unchanged, or as already there where an interrupted run of the job wrote it."""

    rewriter: Rewriter
    quota: Quota
    unsure: UnconfirmedChanges
    keep: Callable[[Item], bool] | None = None

    async def __call__(self, items: Sequence[Item]) -> StagedPage:
        """Stage a page. Raises ItemRefused where a transform fails and the policy is to stop."""
        changes: list[bytes] = []
        dead: list[DeadLetter] = []
        dropped = unchanged = already = skipped = 0
        for item in items:
            if self.keep is not None and not self.keep(item):
                dropped += 1
                continue
            raw = item if type(item) is RawItem else RawItem(bytes(item))
            try:
                found = self.rewriter.rewrite(raw)
            except ItemSkipped:
                skipped += 1
                continue
            except ItemRefused as refused:
                if self.rewriter.stops(refused):
                    raise
                dead.append(
                    DeadLetter(code="transform", reason=refused.message, item=bytes(item), trace=trace_of(refused))
                )
                continue
            if found is None:
                written = self.unsure.written(raw)
                if written:
                    self._may_change(raw)
                already, unchanged = already + written, unchanged + (not written)
            elif self._may_change(raw):
                changes.append(encode_change(change_of(found)))
            else:
                skipped += 1
        return StagedPage(
            changes,
            dropped=dropped,
            already=already,
            dead=tuple(dead),
            unchanged=unchanged,
            skipped=skipped,
        )

    def _may_change(self, raw: RawItem) -> bool:
        return self.quota.left is None or self.quota.take(key_of(raw, self.unsure.key))
