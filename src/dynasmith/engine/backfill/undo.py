"""jobs undo: put back what a backfill changed, or a deletion deleted, as long as nobody else changed it since.

The journal is read newest entry first, so that an item that was rewritten twice ends at its first before-image. Only
the attributes that the backfill wrote are put back, and only while they are as it left them: what others did to other
attributes stays, what they did to these is left alone, and both is reported: each item is read once, strongly, before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dynasmith.engine.backfill.concurrent_edits import EditNotes, UndoReport
from dynasmith.engine.backfill.difference import ItemDifference, difference
from dynasmith.engine.backfill.journal_source import JournalSource, OpenJournalSource
from dynasmith.engine.backfill.resolution import PutBack
from dynasmith.engine.backfill.sink import ChangeSink
from dynasmith.engine.backfill.survey import index_costs
from dynasmith.engine.backfill.worker_journal import JournalReaderService
from dynasmith.engine.backfill.worker_parts import UndoParts
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.runner import Pipeline, run_job
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.transform_stage import StagedPage
from dynasmith.items.size import item_bytes, read_units, write_units
from dynasmith.items.transform import Rewrite
from dynasmith.items.value import write_tree
from dynasmith.items.wire import RawItem, attributes
from dynasmith.jobs.estimate import JobEstimate, with_cost, with_time
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.spec import Undo
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import Item, ThrottleListener, permit_of
from dynasmith.ports.journal import JournalReader
from dynasmith.ports.updates import ItemChange, decode_change, encode_change

SHOWN = 3


def begin_undo(spec: Undo, world: JobWorld) -> Claim:
    """Enter an undo in the ledger. Raises RunError where the backfill has no journal."""
    segments = world.kept_journal(spec.of).head.segments
    return world.ledger.begin(new_job(spec, world.context, segments))


def undo(spec: Undo, claim: Claim, world: JobWorld) -> UndoReport:
    """Put back every change in the journal, from where the job is, and give the report.

    An item that others changed since, in the attributes that the backfill wrote, is a dead letter with the code
    ``changed``; one that is gone is skipped; one that is as before already is there. Interrupted and errors leave a
    job that can be resumed: at most one batch a segment is done again, which changes nothing.
    """
    notes = EditNotes()
    report = run_job(claim, undo_pipeline(spec, claim.job, world, notes), world.context)
    figures = {each.name: getattr(report, each.name) for each in fields(report)}
    return UndoReport(**figures, others=notes.all)


def undo_pipeline(spec: Undo, job: Job, world: JobWorld, notes: EditNotes) -> Pipeline:
    """From the journal, newest first, through the inverse of each change to conditional updates of the table."""
    table, options = world.table(spec.target), spec.options
    updates, service = world.updates(spec.target), JournalReaderService(world.kept_journal(spec.of))
    origin = OpenJournalSource(service, job.segments, table.key, table.access.lookup(table.name))
    movable = table.access.portable

    async def source(_heard: ThrottleListener) -> JournalSource:
        return await origin.opened(notes)

    async def sink(heard: ThrottleListener) -> ChangeSink:
        return ChangeSink(await updates(heard), table.key, PutBack(table.key), notes=notes, permit=permit_of(heard))

    return Pipeline(
        source=source,
        sink=sink,
        stage=Inverse(),
        reads=rates(table, "read", options.max_read_units, share=options.share),
        writes=rates(table, "write", options.max_write_units, share=options.share),
        width=ConcurrencyLimits(options.segments_at_once, options.lanes),
        digest=False,
        processes=options.processes if movable else 0,
        parts=UndoParts(origin, updates, Inverse()) if movable else None,
        table=table.name,
        tables=(table,),
    )


@dataclass(frozen=True, slots=True)
class Inverse:
    """From the changes of a frame to those that take them back."""

    async def __call__(self, items: Sequence[Item]) -> StagedPage:
        """Stage a frame: its keys are distinct, because a batch's are."""
        changes = [decode_change(item) for item in items]
        return StagedPage([encode_change(replace(change.inverse(), others=change.others)) for change in changes])


class UndoDryRun(Struct, frozen=True):
    """What an undo would send: every change of the journal counts, since nobody looks at the table. ``protected`` says
    that the table is in a protected environment, so that a door shows no values."""

    estimate: JobEstimate
    samples: tuple[ItemDifference, ...]
    damaged: int = 0
    protected: bool = False

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            **self.estimate.to_json(),
            "samples": [msgspec.to_builtins(sample) for sample in self.samples],
            "damaged_frames": self.damaged,
        }


def rehearse_undo(
    table: TableEnd,
    kept_journal: JournalReader,
    segments: int,
    asked: TransferOptions,
    prices: Mapping[str, float | None] | None = None,
) -> UndoDryRun:
    """Read the whole journal and add up what putting it back would cost. Sends nothing at all."""
    costs = index_costs(table)
    items = size = damaged = 0
    units = reads = 0.0
    samples: list[ItemDifference] = []
    for segment in range(segments):
        place = kept_journal.last(segment)
        while place is not None:
            frame = kept_journal.read(segment, place)
            damaged += bool(frame.damage)
            for entry in frame.entries:
                change = decode_change(entry).inverse()
                largest = max(item_bytes(change.before), item_bytes(change.after))
                items, size = items + 1, size + largest
                rewrite = _as_rewrite(change, table.key.names)
                reads += read_units(item_bytes(change.before), consistent=True)
                units += write_units(largest) + costs.units(rewrite, largest)
                if len(samples) < SHOWN:
                    samples.append(difference(rewrite, table.key))
            place = frame.before
    estimate = with_cost(JobEstimate(items, size, reads, units, sampled=items), prices or {})
    rate = rates(table, "write", asked.max_write_units, share=asked.share).ceiling
    reading = rates(table, "read", asked.max_read_units, share=asked.share).ceiling
    return UndoDryRun(with_time(estimate, read_rate=reading, write_rate=rate), tuple(samples), damaged)


def _as_rewrite(change: ItemChange, key: Sequence[str]) -> Rewrite:
    before = attributes(change.before)
    if change.kind == "create":
        return Rewrite(
            before=RawItem(write_tree({name: before[name] for name in key})),
            after=RawItem(bytes(change.before)),
            assigned={name: bytes(value) for name, value in before.items() if name not in key},
            removed=(),
            expected={},
        )
    if change.kind == "delete":
        return Rewrite(
            before=change.before,
            after=change.after,
            assigned={},
            removed=tuple(name for name in before if name not in key),
            expected={},
        )
    return Rewrite(
        before=change.before,
        after=change.after,
        assigned={name: bytes(value) for name, value in change.assigned.items()},
        removed=change.removed,
        expected={name: bytes(before[name]) if name in before else None for name in change.expected},
    )
