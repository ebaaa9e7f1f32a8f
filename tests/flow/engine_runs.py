"""The verbs of the engine over ends that a test has, in its own ledger: begun, and resumed in the same way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from dynasmith.engine.backfill.backfill import begin_backfill
from dynasmith.engine.backfill.concurrent_edits import UndoReport
from dynasmith.engine.backfill.undo import begin_undo
from dynasmith.engine.deletion.deletion import begin_deletion
from dynasmith.engine.run import run
from dynasmith.engine.transfer.copy import begin_copy
from dynasmith.engine.transfer.erasure_world import ErasureWorld
from dynasmith.engine.transfer.export import begin_export
from dynasmith.engine.transfer.job_world import ServiceWorld
from dynasmith.engine.transfer.key_files import KeyFiles
from dynasmith.engine.transfer.populate import begin_populate
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.refresh_world import RefreshWorld
from dynasmith.engine.transfer.replacement_world import ReplacementWorld
from dynasmith.engine.transfer.restore_world import RestoreWorld
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.spared_keys import SparedKeys
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.items.transform import Function
from dynasmith.jobs.job import Job, readable
from dynasmith.jobs.options import FirstRunLimits, TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import (
    Backfill,
    Copy,
    DeleteItems,
    Erase,
    FunctionExport,
    PopulateItems,
    Refresh,
    Replace,
    Restore,
    RollBack,
    Spec,
    Undo,
    sides_of,
)
from dynasmith.ports.checkpoints import Claim, Ledger
from dynasmith.ports.items import OpenSink, OpenSource
from dynasmith.ports.journal import JournalReader, UndoJournal
from dynasmith.ports.updates import OpenUpdates

OpenJournal: TypeAlias = Callable[[Job, bool], Any]
"""The journal of a job, made anew (True) or gone on with."""
SOURCE, TARGET = Side(table="source"), Side(table="target")
NO_OPTIONS = TransferOptions()


def copy_spec(options: TransferOptions = NO_OPTIONS) -> Copy:
    """A copy of a test, whose ends the test has."""
    return Copy(source=SOURCE, target=TARGET, options=options)


@dataclass
class GivenWorld:
    """A `JobWorld` in which everything is given. What a test does not give is not asked for."""

    ends: Mapping[str, TableEnd]
    ledger: Ledger = None  # type: ignore[assignment]  # a run that is resumed needs none
    around: RunContext | None = None
    transform: Function | None = None
    sink: OpenSink | None = None
    origin: PopulateSource | None = None
    open_updates: OpenUpdates | None = None
    open_journal: OpenJournal | None = None
    kept: Callable[[str], JournalReader] | None = None
    keys: Callable[[], KeyFiles] | None = None
    _journals: dict[str, Any] = field(default_factory=dict)

    @property
    def context(self) -> RunContext:
        return self.around or RunContext()

    def table(self, side: Side) -> TableEnd:
        return self.ends[side.table]

    def function(self, _transform: object) -> Function | None:
        return self.transform

    def export_sink(self, _spec: object) -> OpenSink:
        assert self.sink is not None
        return self.sink

    def populate_source(self, _spec: object) -> PopulateSource:
        assert self.origin is not None
        return self.origin

    def updates(self, _side: Side) -> OpenUpdates:
        assert self.open_updates is not None
        return self.open_updates

    def new_journal(self, job: Job, _table: TableEnd) -> UndoJournal:
        return self._journal(job, True)

    def journal(self, job: Job) -> UndoJournal:
        return self._journal(job, False)

    def _journal(self, job: Job, new: bool) -> UndoJournal:
        assert self.open_journal is not None
        if job.id not in self._journals:
            self._journals[job.id] = self.open_journal(job, new)
        journal: UndoJournal = self._journals[job.id]
        return journal

    @property
    def service(self) -> ServiceWorld:
        raise AssertionError("a run of the engine that moves items asks the service for nothing")

    def spared(self, spec: DeleteItems) -> SparedKeys | None:
        assert not spec.beyond
        return None

    def key_files(self, _spec: object) -> KeyFiles:
        assert self.keys is not None
        return self.keys()

    def rollback_files(self, spec: RollBack) -> tuple[OpenSource, SparedKeys]:  # noqa: ARG002
        raise AssertionError("a run of the engine that moves items rolls none back")

    def restoration(self, spec: Restore) -> RestoreWorld:  # noqa: ARG002
        raise AssertionError("a run of the engine that moves items restores no table")

    def refreshing(self, spec: Refresh) -> RefreshWorld:  # noqa: ARG002
        raise AssertionError("a run of the engine that moves items refreshes no environment")

    def erasing(self, spec: Erase) -> ErasureWorld:  # noqa: ARG002
        raise AssertionError("a run of the engine that moves items erases nobody")

    def replacing(self, spec: Replace) -> ReplacementWorld:  # noqa: ARG002
        raise AssertionError("a run of the engine that moves items replaces no table")

    def kept_journal(self, job_id: str) -> JournalReader:
        assert self.kept is not None
        return self.kept(job_id)


def copy(
    source: TableEnd,
    target: TableEnd,
    ledger: Ledger,
    asked: TransferOptions | None = None,
    *,
    transform: Function | None = None,
    around: RunContext | None = None,
) -> Report:
    """A copy from its beginning."""
    world = GivenWorld({"source": source, "target": target}, ledger, around, transform)
    spec = copy_spec(asked or NO_OPTIONS)
    return run(spec, begin_copy(spec, world), world)


def export(
    source: TableEnd,
    sink: OpenSink,
    ledger: Ledger,
    asked: TransferOptions | None = None,
    *,
    around: RunContext | None = None,
) -> Report:
    """An export into a sink from its beginning."""
    world = GivenWorld({"source": source}, ledger, around, sink=sink)
    spec = FunctionExport(source=SOURCE, options=asked or NO_OPTIONS)
    return run(spec, begin_export(spec, world), world)


def populate(
    origin: PopulateSource,
    target: TableEnd,
    ledger: Ledger,
    asked: TransferOptions | None = None,
    *,
    transform: Function | None = None,
    around: RunContext | None = None,
) -> Report:
    """A populate from its beginning."""
    world = GivenWorld({"target": target}, ledger, around, transform, origin=origin)
    spec = PopulateItems(target=TARGET, options=asked or NO_OPTIONS)
    return run(spec, begin_populate(spec, world), world)


def backfill(
    table: TableEnd,
    updates: OpenUpdates,
    ledger: Ledger,
    open_journal: OpenJournal,
    function: Function,
    asked: TransferOptions | None = None,
    *,
    careful: FirstRunLimits | None = None,
    journal: bool = True,
    around: RunContext | None = None,
) -> Report:
    """A backfill from its beginning."""
    world = GivenWorld({"target": table}, ledger, around, function, open_updates=updates, open_journal=open_journal)
    spec = Backfill(
        target=TARGET,
        journal=journal,
        careful=careful or FirstRunLimits(),
        canary_items=0,
        options=asked or NO_OPTIONS,
    )
    claim = begin_backfill(spec, world)
    return run(readable(claim.job), claim, world)


def resumed_backfill(
    claim: Claim,
    table: TableEnd,
    updates: OpenUpdates,
    open_journal: OpenJournal,
    function: Function,
    *,
    around: RunContext | None = None,
) -> Report:
    """A backfill from where it is."""
    world = GivenWorld(
        {"target": table}, around=around, transform=function, open_updates=updates, open_journal=open_journal
    )
    return run(readable(claim.job), claim, world)


def delete_items(
    table: TableEnd,
    updates: OpenUpdates,
    ledger: Ledger,
    open_journal: OpenJournal,
    asked: TransferOptions | None = None,
    *,
    around: RunContext | None = None,
    keys: Callable[[], KeyFiles] | None = None,
    limit: int | None = None,
) -> Report:
    """A deletion of items from its beginning; with ``keys`` of those that files name; at most ``limit``."""
    world = GivenWorld({"target": table}, ledger, around, open_updates=updates, open_journal=open_journal, keys=keys)
    files, options = "" if keys is None else "keys", asked or NO_OPTIONS
    spec = DeleteItems(target=TARGET, journal=True, keys=files, limit_items=limit, options=options)
    return run(spec, begin_deletion(spec, world), world)


def resumed_deletion(
    claim: Claim,
    table: TableEnd,
    updates: OpenUpdates,
    open_journal: OpenJournal,
    around: RunContext | None = None,
    keys: Callable[[], KeyFiles] | None = None,
) -> Report:
    """A deletion from where it is."""
    world = GivenWorld({"target": table}, around=around, open_updates=updates, open_journal=open_journal, keys=keys)
    return run(readable(claim.job), claim, world)


def undo(
    table: TableEnd,
    updates: OpenUpdates,
    ledger: Ledger,
    kept: Callable[[], JournalReader],
    asked: TransferOptions | None = None,
    *,
    around: RunContext | None = None,
) -> UndoReport:
    """An undo from its beginning."""
    world = GivenWorld({"target": table}, ledger, around, open_updates=updates, kept=lambda _job: kept())
    spec = Undo(target=TARGET, of="", options=asked or NO_OPTIONS)
    report = run(spec, begin_undo(spec, world), world)
    assert isinstance(report, UndoReport)
    return report


def resumed_undo(claim: Claim, table: TableEnd, updates: OpenUpdates, kept: Callable[[], JournalReader]) -> Report:
    """An undo from where it is."""
    world = GivenWorld({"target": table}, open_updates=updates, kept=lambda _job: kept())
    return run(readable(claim.job), claim, world)


def resumed(
    claim: Claim,
    *ends: TableEnd,
    transform: Function | None = None,
    around: RunContext | None = None,
    sink: OpenSink | None = None,
    origin: PopulateSource | None = None,
) -> Report:
    """The same job from where it is. ``ends`` are its tables, the source first."""
    spec: Spec = readable(claim.job)
    tables = {side.table: end for side, end in zip(sides_of(spec).values(), ends, strict=True)}
    world = GivenWorld(tables, around=around, transform=transform, sink=sink, origin=origin)
    return run(spec, claim, world)
