"""Where changes go: into the journal, then into the table, and again where another writer came first."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from msgspec import Raw
from msgspec.structs import replace as changed

from dynasmith.engine.backfill.concurrent_edits import EditNotes
from dynasmith.engine.backfill.no_journal import NoJournal
from dynasmith.engine.backfill.stage import Quota
from dynasmith.engine.backfill.unconfirmed_changes import (
    UnconfirmedChange,
    UnconfirmedChanges,
    covers,
    unwritten,
    with_earlier,
)
from dynasmith.items.key import KeySchema, format_key, key_of
from dynasmith.items.wire import Units
from dynasmith.jobs.retry import CONTENDED, Retry
from dynasmith.ports.items import DeadLetter, Item, Outcome, total
from dynasmith.ports.journal import UndoJournal
from dynasmith.ports.permit import Halted, Permit
from dynasmith.ports.updates import ItemChange, UpdateAnswer, Updates, decode_change, encode_change


@dataclass(frozen=True, slots=True)
class ChangeOutcome:
    """What a conflict comes to. Either ``again``, a change of the item as it is now, or an end.

    ``end``: written (a lost reply: it had been done), unchanged, already, skipped, gone (of a deletion that found no
    item: what earlier tries of the job did tells the end), dead. ``applied`` says whether the
    change that met the conflict may have been written, so that its journal entry counts. ``names`` are the attributes
    that others changed and that an undo therefore leaves.
    """

    again: ItemChange | None = None
    end: str = ""
    dead: DeadLetter | None = None
    applied: bool = False
    names: Sequence[str] = ()


class Resolver(Protocol):
    """Decides what becomes of a change whose condition did not hold. Pure."""

    def __call__(self, change: ItemChange, answer: UpdateAnswer) -> ChangeOutcome:
        """What to do next with the change, after this answer."""
        ...


@dataclass(slots=True)
class _Tally:
    """What became of the changes of one batch."""

    ends: dict[str, int] = field(default_factory=dict)
    dead: list[DeadLetter] = field(default_factory=list)
    units: list[Units] = field(default_factory=list)
    retried: int = 0

    def end(self, word: str) -> None:
        self.ends[word] = self.ends.get(word, 0) + 1

    def bury(self, code: str, reason: str, item: bytes) -> None:
        self.dead.append(DeadLetter(code=code, reason=reason, item=item))

    @property
    def outcome(self) -> Outcome:
        ends = self.ends
        return Outcome(
            written=ends.get("written", 0),
            unchanged=ends.get("unchanged", 0),
            already=ends.get("already", 0),
            skipped=ends.get("skipped", 0),
            retried=self.retried,
            units=total(self.units) if self.units else Units(),
            dead=tuple(self.dead),
        )


class ChangeSink:
    """Takes the bytes of changes. Each is in the journal and on the disk before it is sent.

    ``resolve`` decides about conflicts, at most ``contended.tries`` times an item; then it is a dead letter.
    ``unsure`` is what an interrupted run perhaps wrote already; ``quota`` keeps a place for each. ``notes`` learns what
    others changed, in the place of a journal. Nothing is kept in the journal, nor sent, where ``permit`` says no.
    """

    def __init__(
        self,
        updates: Updates,
        key: KeySchema,
        resolve: Resolver,
        *,
        journal: UndoJournal | None = None,
        unsure: UnconfirmedChanges | None = None,
        quota: Quota | None = None,
        notes: EditNotes | None = None,
        permit: Permit | None = None,
        contended: Retry = CONTENDED,
        chance: Random | None = None,
    ) -> None:
        self._updates = updates
        self._key = key
        self._resolve = resolve
        self._journal: UndoJournal = journal or notes or NoJournal()
        self._notes = notes
        self._quota = quota or Quota()
        self._contended = contended
        self._chance = chance or Random()
        self._unsure = unsure or UnconfirmedChanges(key)
        self._permit = permit
        if permit is not None:
            self._journal.guard(permit.check_lease)

    @property
    def batch_items(self) -> int:
        """Changes of one batch."""
        return self._updates.batch_items

    async def begin(self, segment: int, mark: bytes) -> bool:
        """Go on behind the mark. What stands behind it in the journal was perhaps sent: its items come again."""
        entries = await self._journal.begin(segment, mark)
        if entries:
            self._quota.keep(segment, self._unsure.add(segment, entries))
        return True

    async def mark(self, segment: int) -> bytes:
        """How far the journal of the segment goes. Its page is acknowledged: nothing of it is unsure any more."""
        self._unsure.settled(segment)
        self._quota.settled(segment)
        return await self._journal.mark(segment)

    async def finish(self, digest: str) -> None:
        """Nothing to finish."""

    async def close(self) -> None:
        """Close the journal and the connections."""
        await self._journal.close()
        await self._updates.close()

    async def write(self, segment: int, items: Sequence[Item], *, only_new: bool = False) -> Outcome:  # noqa: ARG002
        """Write one batch of changes of distinct keys; returns when the end of each is known, or the run stops."""
        changes = [decode_change(item) for item in items]
        earlier = [list(self._unsure.take(change.before)) for change in changes]
        tally = _Tally()
        delays = self._contended.delays(self._chance.random)
        while True:
            try:
                if self._permit is not None:
                    await self._permit.enter()
            except Halted:
                return tally.outcome
            kept = [with_earlier(change, known) for change, known in zip(changes, earlier, strict=True)]
            ids = await self._journal.append(segment, [encode_change(change) for change in kept])
            sent = await self._updates.send(changes)
            entries = [
                UnconfirmedChange(segment, one, change, mine=True) for one, change in zip(ids, kept, strict=True)
            ]
            ends = zip(changes, sent.answers, entries, earlier, strict=True)
            await self._keep_others(segment, sent.answers, entries)
            # What is not known of an item's entries goes along with the change that is sent next.
            again = {
                place: change
                for place, end in enumerate(ends)
                if (change := self._ended(segment, *end, tally)) is not None
            }
            tally.units.append(sent.units)
            tally.retried += sent.retried
            if not again:
                return tally.outcome
            delay = next(delays, None)
            if delay is None:
                for change in again.values():
                    key = format_key(key_of(change.before, self._key), self._key)
                    tally.bury("contended", f"item {key} was changed by others at every try", bytes(change.before))
                return tally.outcome
            tally.retried += len(again)
            await (asyncio.sleep(delay) if self._permit is None else self._permit.sleep(delay))
            changes, earlier = list(again.values()), [earlier[place] for place in again]

    async def _keep_others(
        self, segment: int, answers: Sequence[UpdateAnswer], entries: Sequence[UnconfirmedChange]
    ) -> None:
        """An item that was deleted is kept as it was then, where it was another than the entry of its deletion says."""
        others = [
            (changed(entry.change, before=Raw(answer.current)), entry.id)
            for answer, entry in zip(answers, entries, strict=True)
            if answer.kind == "done" and answer.current is not None
        ]
        if others:
            await self._journal.append(segment, [encode_change(change) for change, _ in others])
            self._journal.void(segment, [place for _, place in others])

    def _ended(
        self,
        segment: int,
        change: ItemChange,
        answer: UpdateAnswer,
        entry: UnconfirmedChange,
        earlier: list[UnconfirmedChange],
        tally: _Tally,
    ) -> ItemChange | None:
        """Count the end of one change; or the change that must be sent instead, of the item as it is now.

        Only what was surely not written is voided, and what the entry of a later change holds. Takes from ``earlier``
        what was, and adds what the lost reply of this change leaves unknown.
        """
        if answer.kind == "done":
            tally.end("written")
            self._journal.void(segment, [one.id for one in earlier if covers(change, one.change)])
            self._note(segment, change)
            return None
        if answer.kind == "unsent":
            self._journal.void(segment, [] if answer.uncertain else [entry.id])
            return None
        if answer.kind == "refused":
            tally.bury(answer.code, answer.reason, bytes(change.before))
            self._journal.void(segment, [] if answer.uncertain else [entry.id])
            return None
        current = answer.current
        unwritten_ones = [one for one in earlier if current is not None and unwritten(one.change, current)]
        earlier[:] = [one for one in earlier if one not in unwritten_ones]
        resolved = self._resolve(change, answer)
        self._journal.void(segment, [one.id for one in (*unwritten_ones, *(() if resolved.applied else (entry,)))])
        if resolved.again is not None:
            earlier += [entry] if resolved.applied else []
            return resolved.again
        if resolved.dead is not None:
            tally.dead.append(resolved.dead)
            self._note(segment, change, resolved.names)
            return None
        self._note(segment, change if current is not None else None)
        end = resolved.end
        if end in ("unchanged", "gone") and earlier:
            end = "written" if any(one.mine for one in earlier) else "already"
        tally.end("skipped" if end == "gone" else end)
        return None

    def _note(self, segment: int, change: ItemChange | None, left: Sequence[str] = ()) -> None:
        """Note what others did to an item: ``left`` are attributes of ours that they changed."""
        if self._notes is None or change is None or not (left or change.others):
            return
        key = format_key(key_of(change.before, self._key), self._key)
        if left:
            self._notes.left(segment, key, left)
        else:
            self._notes.beside(segment, key, change.others)
