"""delete-items: delete the items that meet a condition, or all, so that it can be resumed and undone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from dynasmith.engine.backfill.backfill import quota_left
from dynasmith.engine.backfill.canary import careful_source
from dynasmith.engine.backfill.sink import ChangeOutcome, ChangeSink
from dynasmith.engine.backfill.stage import Quota
from dynasmith.engine.backfill.unconfirmed_changes import UnconfirmedChanges
from dynasmith.engine.deletion.keyed_source import MISSING, REPEATED, KeyedSource
from dynasmith.engine.transfer.copy import paced_pages, table_reader
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.key_files import KeyFiles, count_keys
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.runner import Pipeline, run_job
from dynasmith.engine.transfer.spared_keys import SparedKeys
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.transform_stage import StagedPage
from dynasmith.errors import UsageError
from dynasmith.items.condition.condition import Condition, parse_condition
from dynasmith.items.key import KeySchema, key_of
from dynasmith.items.lazy import LazyItem
from dynasmith.items.wire import RawItem
from dynasmith.jobs.job import Job
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.segments import plan_segments
from dynasmith.jobs.spec import DeleteItems
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import Item, OpenSource, Page, Source, ThrottleListener, permit_of
from dynasmith.ports.journal import UndoJournal
from dynasmith.ports.updates import ItemChange, UpdateAnswer, deletion_of, encode_change


def begin_deletion(spec: DeleteItems, world: JobWorld) -> Claim:
    """Enter a deletion in the ledger, with its undo journal. Raises UsageError for a condition that is none and for a
    limit below 1, FileFormatError for a file with a line that is no key."""
    described, options = world.table(spec.target).description, spec.options
    check_limit(spec.limit_items)
    _condition(spec)
    if spec.keys:
        counted = count_keys(world.key_files(spec), world.table(spec.target).key, world.context)
        segments, items = counted.files, counted.read
    else:
        segments = plan_segments(
            described.size_bytes_estimate, workers=options.segments_at_once, asked=options.segments
        )
        items = described.item_count_estimate
    job = new_job(spec, world.context, segments, items or None)
    if spec.journal:
        world.new_journal(job, world.table(spec.target))
    return world.ledger.begin(job)


def check_limit(items: int | None) -> None:
    """Raise UsageError for a limit below 1."""
    if items is not None and items < 1:
        raise UsageError(f"A limit of {items} items deletes nothing.", hint="--dry-run deletes nothing, and counts")


def delete_items(spec: DeleteItems, claim: Claim, world: JobWorld) -> Report:
    """Delete every item that meets the condition of the job, from where the job is; give the report.

    Each is deleted while it is as it was read; one that others changed meanwhile is looked at again, and left where it
    does not meet the condition any more (skipped). It is in the journal before the request is sent. Interrupted and
    errors of the service leave a job that can be resumed: at most a page a segment is looked at again. At most the
    limit of the job is deleted, over all its runs; without a journal a run that was killed does not know what it
    deleted of those pages, and one that goes on may delete as many more.
    """
    journal = world.journal(claim.job) if spec.journal else None
    quota = quota_left(spec.limit_items, claim)
    return run_job(claim, deletion_pipeline(spec, claim.job, world, journal, quota), world.context)


def deletion_pipeline(
    spec: DeleteItems, job: Job, world: JobWorld, journal: UndoJournal | None, quota: Quota
) -> Pipeline:
    """From the table, filtered by the service, to conditional deletions, each in the journal before."""
    table, options, condition = world.table(spec.target), spec.options, _condition(spec)
    updates, unsure = world.updates(spec.target), UnconfirmedChanges(table.key)
    names = tuple(condition.filter().names.values()) if condition is not None else ()

    async def sink(heard: ThrottleListener) -> ChangeSink:
        return ChangeSink(
            await updates(heard),
            table.key,
            DeletionRetry(condition, names),
            journal=journal,
            unsure=unsure,
            quota=quota,
            permit=permit_of(heard),
        )

    writes = rates(table, "write", options.max_write_units, share=options.share)
    if spec.keys:
        source = keyed_source(table, world.key_files(spec), unsure)
    else:
        source = table_reader(table, job.segments, paced_pages(_limited_pages(options, quota), writes))
        source = with_unsure(source, unsure, table.key)
    return Pipeline(
        source=careful_source(source, quota, None),
        sink=sink,
        stage=DeletionStage(names, world.spared(spec), quota, table.key),
        reads=rates(table, "read", options.max_read_units, share=options.share),
        writes=writes,
        width=ConcurrencyLimits(options.segments_at_once, options.lanes),
        digest=False,
        table=table.name,
        total_items=job.estimated_items if spec.keys or condition is None else None,
        tables=(table,),
    )


def _limited_pages(options: TransferOptions, quota: Quota) -> TransferOptions:
    """A job that ends soon reads little beyond its end."""
    if quota.left is None or options.batch_size is not None:
        return options
    return replace(options, batch_size=max(100, min(1000, quota.left)))


def _condition(spec: DeleteItems) -> Condition | None:
    return parse_condition(spec.options.condition) if spec.options.condition else None


def keyed_source(table: TableEnd, keys: KeyFiles, unsure: UnconfirmedChanges) -> OpenSource:
    """Opens the items of a table whose keys files have."""

    async def source(heard: ThrottleListener) -> Source:
        lookup = await table.access.lookup(table.name)()
        return KeyedSource(await keys.files(heard), lookup, keys.store, table.key, unsure)

    return source


@dataclass(frozen=True, slots=True)
class DeletionStage:
    """From the items of a page to the bytes of their deletions. ``names`` are the attributes of the condition;
    ``quota`` is how many may still be deleted, each known by its ``key``."""

    names: Sequence[str] = ()
    spared: SparedKeys | None = None
    quota: Quota = field(default_factory=Quota)
    key: KeySchema | None = None

    async def __call__(self, items: Sequence[Item]) -> StagedPage:
        """Stage a page."""
        if self.spared is not None:
            numbers = await self.spared.beyond(items)
        else:
            numbers = [number for number, item in enumerate(items) if item not in (MISSING, REPEATED)]
        if self.key is not None and self.quota.left is not None:
            numbers = [number for number in numbers if self.quota.take(key_of(items[number], self.key))]
        changes = [encode_change(deletion_of(items[number], self.names)) for number in numbers]
        missing, repeated = items.count(MISSING), items.count(REPEATED)
        return StagedPage(
            changes,
            dropped=repeated,
            unchanged=missing,
            skipped=len(items) - len(changes) - missing - repeated,
            origins=numbers,
        )


@dataclass(frozen=True, slots=True)
class DeletionRetry:
    """What becomes of a deletion that found its item changed: it is deleted as it is now, if the condition still holds.

    One that is not there was deleted by others, or by an earlier try of the job.
    """

    condition: Condition | None
    names: Sequence[str] = ()

    def __call__(self, change: ItemChange, answer: UpdateAnswer) -> ChangeOutcome:
        """Again, or the end."""
        del change
        if answer.current is None:
            return ChangeOutcome(end="written" if answer.uncertain else "gone", applied=answer.uncertain)
        if self.condition is not None and not self.condition.matches(LazyItem(RawItem(answer.current))):
            return ChangeOutcome(end="skipped", applied=answer.uncertain)
        return ChangeOutcome(again=deletion_of(answer.current, self.names), applied=answer.uncertain)


@dataclass(slots=True)
class _SourceWithUnsure:
    """A table whose first page of each segment has the items too that an interrupted run perhaps deleted: a scan does
    not show what is gone, and each must come to its end in the counts."""

    table: Source
    unsure: UnconfirmedChanges
    key: KeySchema
    begun: set[int] = field(default_factory=set)

    @property
    def segments(self) -> int:
        """As the table has."""
        return self.table.segments

    async def read(self, segment: int, start: bytes | None) -> Page:
        """A page of the table."""
        page = await self.table.read(segment, start)
        if segment in self.begun:
            return page
        self.begun.add(segment)
        shown = {key_of(item, self.key) for item in page.items}
        kept = [bytes(one.change.before) for one in self.unsure.pending(segment)]
        more = [item for item in kept if key_of(item, self.key) not in shown]
        return replace(page, items=[*page.items, *more], read=page.read + len(more)) if more else page

    async def close(self) -> None:
        """Close the table."""
        await self.table.close()


def with_unsure(opened: OpenSource, unsure: UnconfirmedChanges, key: KeySchema) -> OpenSource:
    """Opens the table with what is unsure of it."""

    async def source(heard: ThrottleListener) -> Source:
        return _SourceWithUnsure(await opened(heard), unsure, key)

    return source
