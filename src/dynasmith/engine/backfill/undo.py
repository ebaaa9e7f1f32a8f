"""jobs undo: put back what a backfill changed, as long as nobody else changed it since.

The journal is read newest entry first, so that an item that was rewritten twice ends at its first before-image. Only
the attributes that the backfill wrote are put back, and only while they are as it left them: what others did to other
attributes stays, what they did to these is reported and left alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from dynasmith.engine.backfill.difference import Shown, difference
from dynasmith.engine.backfill.resolve import PutBack
from dynasmith.engine.backfill.sink import ChangeSink
from dynasmith.engine.backfill.survey import index_costs
from dynasmith.engine.transfer.asked import Flowing, asked_again, kept
from dynasmith.engine.transfer.copy import new_job
from dynasmith.engine.transfer.flow import Width
from dynasmith.engine.transfer.running import Around, Ways, run_job
from dynasmith.engine.transfer.sides import TableEnd, rates
from dynasmith.engine.transfer.stage import Staged
from dynasmith.items.key import Key, KeySchema, key_of
from dynasmith.items.size import item_bytes, write_units
from dynasmith.items.transform import Rewrite
from dynasmith.items.wire import attributes
from dynasmith.jobs.estimate import Estimate, with_cost, with_time
from dynasmith.jobs.report import Report
from dynasmith.ports.checkpoints import Claim, Ledger
from dynasmith.ports.items import Dead, Heard, Item, OpenSource, Page
from dynasmith.ports.journal import KeptJournal
from dynasmith.ports.updates import Change, OpenUpdates, decode_change, encode_change

VERB = "undo"
OpenKept = Callable[[], KeptJournal]
SHOWN = 3
PAGE_ENTRIES = 500


def undo(
    table: TableEnd,
    updates: OpenUpdates,
    ledger: Ledger,
    open_kept: OpenKept,
    segments: int,
    asked: Flowing | None = None,
    *,
    parameters: dict[str, Any] | None = None,
    around: Around | None = None,
) -> Report:
    """Put back every change in the journal, and give the report. ``segments`` are those of the backfill.

    An item that others changed since, in the attributes that the backfill wrote, is a dead letter with the code
    ``changed``; one that is gone is skipped; one that is as before already is there. Interrupted and errors leave a
    job that ``undo_again`` resumes.
    """
    asked, around = asked or Flowing(), around or Around()
    job = new_job(VERB, around, segments, kept(asked, parameters or {}))
    return _run(ledger.begin(job), table, updates, open_kept, asked, around)


def undo_again(
    claim: Claim, table: TableEnd, updates: OpenUpdates, open_kept: OpenKept, *, around: Around | None = None
) -> Report:
    """Resume an undo: at most one batch a segment is done again, which changes nothing."""
    return _run(claim, table, updates, open_kept, asked_again(claim.job.parameters), around or Around())


def _run(
    claim: Claim, table: TableEnd, updates: OpenUpdates, open_kept: OpenKept, asked: Flowing, around: Around
) -> Report:
    async def sink(heard: Heard) -> ChangeSink:
        return ChangeSink(await updates(heard), table.key, PutBack(table.key))

    ways = Ways(
        source=journal_source(open_kept, claim.job.segments, table.key),
        sink=sink,
        stage=Inverse(),
        writes=rates(table, "write", asked.max_write_units, share=asked.share),
        width=Width(asked.segments_at_once, asked.lanes),
        digest=False,
        table=table.name,
    )
    return run_job(claim, ways, around)


@dataclass(frozen=True, slots=True)
class Inverse:
    """From the changes of a frame to those that take them back."""

    async def __call__(self, items: Sequence[Item]) -> Staged:
        """Stage a frame: its keys are distinct, because a batch's are."""
        return Staged([encode_change(decode_change(item).inverse()) for item in items])


class JournalSource:
    """A journal, newest frame first, several frames a page. A start is the place of a frame in its segment's file."""

    def __init__(self, kept_journal: KeptJournal, segments: int, key: KeySchema) -> None:
        self._kept = kept_journal
        self._segments = segments
        self._key = key

    @property
    def segments(self) -> int:
        """As many as the backfill had."""
        return self._segments

    async def read(self, segment: int, start: bytes | None) -> Page:
        """Some frames, without what was surely not written. A damaged one is a dead letter.

        A page has each key once: an item that was rewritten twice is put back in two pages, one after the other.
        """
        place = self._kept.last(segment) if start is None else int(start)
        entries: list[bytes] = []
        dead: list[Dead] = []
        keys: set[Key] = set()
        while place is not None and len(entries) < PAGE_ENTRIES:
            frame = self._kept.read(segment, place)
            found = {key_of(decode_change(entry).before, self._key) for entry in frame.entries}
            if not keys.isdisjoint(found):
                break
            keys |= found
            entries += frame.entries
            if frame.damage:
                dead.append(Dead(code="journal", reason=frame.damage, place=f"segment {segment}"))
            place = frame.before
        following = None if place is None else str(place).encode()
        return Page(items=entries, next=following, read=len(entries), dead=tuple(dead))

    async def close(self) -> None:
        """Nothing is held open."""


def journal_source(open_kept: OpenKept, segments: int, key: KeySchema) -> OpenSource:
    """Opens a JournalSource."""

    async def opened(_heard: Heard) -> JournalSource:
        return JournalSource(open_kept(), segments, key)

    return opened


class UndoRehearsal(Struct, frozen=True):
    """What an undo would send: every change of the journal counts, since nobody looks at the table."""

    estimate: Estimate
    samples: tuple[Shown, ...]
    damaged: int = 0

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            **self.estimate.to_json(),
            "samples": [msgspec.to_builtins(sample) for sample in self.samples],
            "damaged_frames": self.damaged,
        }


def rehearse_undo(
    table: TableEnd,
    kept_journal: KeptJournal,
    segments: int,
    asked: Flowing,
    prices: Mapping[str, float | None] | None = None,
) -> UndoRehearsal:
    """Read the whole journal and add up what putting it back would cost. Sends nothing at all."""
    costs = index_costs(table)
    items = size = damaged = 0
    units = 0.0
    samples: list[Shown] = []
    for segment in range(segments):
        place = kept_journal.last(segment)
        while place is not None:
            frame = kept_journal.read(segment, place)
            damaged += bool(frame.damage)
            for entry in frame.entries:
                change = decode_change(entry).inverse()
                largest = max(item_bytes(change.before), item_bytes(change.after))
                items, size = items + 1, size + largest
                rewrite = _as_rewrite(change)
                units += write_units(largest) + costs.units(rewrite, largest)
                if len(samples) < SHOWN:
                    samples.append(difference(rewrite, table.key))
            place = frame.before
    estimate = with_cost(Estimate(items, size, 0.0, units, sampled=items), prices or {})
    rate = rates(table, "write", asked.max_write_units, share=asked.share).ceiling
    return UndoRehearsal(with_time(estimate, write_rate=rate), tuple(samples), damaged)


def _as_rewrite(change: Change) -> Rewrite:
    before = attributes(change.before)
    return Rewrite(
        before=change.before,
        after=change.after,
        assigned={name: bytes(value) for name, value in change.assigned.items()},
        removed=change.removed,
        expected={name: bytes(before[name]) if name in before else None for name in change.expected},
    )
