"""What a worker opens to change items in place, and to put them back."""

from collections.abc import Callable
from dataclasses import dataclass

from dynasmith.engine.backfill.concurrent_edits import EditNotes
from dynasmith.engine.backfill.journal_source import OpenJournalSource
from dynasmith.engine.backfill.resolution import PutBack, RetryOutcome
from dynasmith.engine.backfill.sink import ChangeSink
from dynasmith.engine.backfill.stage import Quota, Rewriter, RewriteStage
from dynasmith.engine.backfill.unconfirmed_changes import UnconfirmedChanges
from dynasmith.engine.backfill.worker_journal import RemoteJournal
from dynasmith.engine.transfer.parts import OpenedParts, opened_parts
from dynasmith.engine.transfer.transform_stage import Stage
from dynasmith.items.key import KeySchema
from dynasmith.ports.items import Item, OpenSource, ThrottleListener, permit_of
from dynasmith.ports.remote_reference import RemoteReference
from dynasmith.ports.updates import OpenUpdates


@dataclass(frozen=True, slots=True)
class BackfillParts:
    """The parts of a backfill: its stage and its sink know of one another what an interrupted run perhaps wrote."""

    source: OpenSource
    updates: OpenUpdates
    key: KeySchema
    rewriter: Rewriter
    journal: RemoteReference | None = None
    keep: Callable[[Item], bool] | None = None

    async def __call__(self, heard: ThrottleListener) -> OpenedParts:
        """Open them."""
        unsure, quota = UnconfirmedChanges(self.key), Quota()

        async def sink(listener: ThrottleListener) -> ChangeSink:
            return ChangeSink(
                await self.updates(listener),
                self.key,
                RetryOutcome(self.rewriter),
                journal=None if self.journal is None else RemoteJournal(self.journal),
                unsure=unsure,
                quota=quota,
                permit=permit_of(listener),
            )

        stage = RewriteStage(self.rewriter, quota, unsure, self.keep)
        return await opened_parts(self.source, sink, stage, heard)


@dataclass(frozen=True, slots=True)
class UndoParts:
    """The parts of an undo. What others changed since is in the marks of its segments."""

    source: OpenJournalSource
    updates: OpenUpdates
    stage: Stage

    async def __call__(self, heard: ThrottleListener) -> OpenedParts:
        """Open them."""
        notes = EditNotes()

        async def sink(listener: ThrottleListener) -> ChangeSink:
            key = self.source.key
            return ChangeSink(await self.updates(listener), key, PutBack(key), notes=notes, permit=permit_of(listener))

        async def source(_listener: ThrottleListener) -> object:
            return await self.source.opened(notes)

        return await opened_parts(source, sink, self.stage, heard)  # type: ignore[arg-type]  # it is a Source
