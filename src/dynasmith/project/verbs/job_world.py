"""One run of one job, wired: its tables, transform, files and journals are opened here, each once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from msgspec.structs import replace

from dynasmith.engine.transfer.erasure_world import ErasureWorld
from dynasmith.engine.transfer.key_files import KeyFiles
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.refresh_world import RefreshWorld
from dynasmith.engine.transfer.replacement_world import ReplacementWorld
from dynasmith.engine.transfer.restore_world import RestoreWorld
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.service_job import NO_LIMIT, WaitLimit
from dynasmith.engine.transfer.spared_keys import SparedKeys
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import CheckpointError
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.items.fingerprint import check_unchanged
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.source import FileSource
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Function
from dynasmith.jobs.job import Job
from dynasmith.jobs.journal import JournalHead
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import (
    DeleteItems,
    Erase,
    Export,
    FunctionExport,
    Populate,
    PopulateDatabase,
    PopulateFiles,
    PopulateItems,
    Refresh,
    Replace,
    Restore,
    RollBack,
    TransformRef,
)
from dynasmith.jobs.table_identity import TableIdentities
from dynasmith.ports.checkpoints import Ledger
from dynasmith.ports.items import OpenSink, OpenSource, ThrottleListener
from dynasmith.ports.journal import UndoJournal
from dynasmith.ports.listener import Listener, silent
from dynasmith.ports.updates import OpenUpdates
from dynasmith.project.verbs.export_files import files_sink
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.journals import Journals, KeptJournal, journals_of
from dynasmith.project.verbs.key_files import key_files
from dynasmith.project.verbs.populate_database import database_origin
from dynasmith.project.verbs.populate_files import check_key, resumed_files
from dynasmith.project.verbs.populate_s3 import resumed_objects, s3_name
from dynasmith.project.verbs.service_transfers import ProjectServiceWorld
from dynasmith.project.verbs.transform_fingerprint import transform_ref
from dynasmith.project.verbs.transforms import AnyTransform, function_of, name_of, repeated_transform
from dynasmith.tables.table import Table


class ProjectJobWorld:
    """Keeps `dynasmith.engine.transfer.job_world.JobWorld`.

    ``transform`` is what the caller gave: a job that begins has it, and one that ran a function without a name needs it
    again; ``in_place`` is for a backfill. ``sink`` and ``origin`` are what a job that begins has opened already,
    ``ledger`` is another one than the project's; ``waiting`` says whether the service is waited for. ``restoration``
    gives what a restore needs, ``refreshing`` what a refresh does, ``erasing`` knows
    the value of an erasure, and ``replacing`` the tables of a replacement.
    """

    def __init__(
        self,
        items: ItemWorld,
        listener: Listener = silent,
        *,
        transform: AnyTransform | None = None,
        in_place: bool = False,
        sink: OpenSink | None = None,
        origin: PopulateSource | None = None,
        ledger: Ledger | None = None,
        waiting: WaitLimit = NO_LIMIT,
        restoration: Callable[[Restore], RestoreWorld] | None = None,
        refreshing: Callable[[Refresh], RefreshWorld] | None = None,
        erasing: ErasureWorld | None = None,
        replacing: Callable[[Replace], ReplacementWorld] | None = None,
    ) -> None:
        self.items = items
        self.service = ProjectServiceWorld(items, listener, waiting)
        self.sink = sink
        self.origin = origin
        self._ledger = ledger
        self._restoration = restoration
        self._refreshing = refreshing
        self._erasing = erasing
        self._replacing = replacing
        self._listener = listener
        self._transform = transform
        self._in_place = in_place
        self._functions: dict[TransformRef | None, Function | None] = {}
        self._tables: dict[Side, TableEnd] = {}
        self._journals: dict[str, UndoJournal] = {}
        self._kept_journals: dict[str, KeptJournal] = {}

    @property
    def ledger(self) -> Ledger:
        """The project's, or the one that was given."""
        return self.items.ledger if self._ledger is None else self._ledger

    @property
    def context(self) -> RunContext:
        """The project's clock, and the caller's listener."""
        return self.items.context(self._listener)

    def table(self, side: Side) -> TableEnd:
        """The table of a side as it was described when it was first asked for. Raises TableNotFound."""
        if side not in self._tables:
            self._tables[side] = self.items.end(side)
        return self._tables[side]

    def adopt(self, source: Side, target: Side, ends: tuple[TableEnd, TableEnd]) -> None:
        """Take the ends of a copy that were described already."""
        self._tables |= {source: ends[0], target: ends[1]}

    def adopt_new(self, side: Side, table: Table) -> Side:
        """Take a target that is not there yet, as it will be created; its side, by its physical name."""
        side = replace(side, table=table.name)
        self._tables[side] = self.items.end_of(side, table)
        return side

    def renewed(self, target: Side) -> TableIdentities:
        """Which table a target is that was created meanwhile: it is described again."""
        del self._tables[target]
        return self.identities(target=target)

    def identities(self, *, source: Side | None = None, target: Side | None = None) -> TableIdentities:
        """Which tables these sides are."""
        return TableIdentities(
            source=None if source is None else self.table(source).identity,
            target=None if target is None else self.table(target).identity,
        )

    # --- the transform

    def function(self, transform: TransformRef | None) -> Function | None:
        """The transform that the caller gave, else the one that the job names. Loaded once. Raises UsageError."""
        given = self._transform
        if transform is not None:
            named, folder = transform.name, self.items.folder
            given = named if given is None else repeated_transform(given, named, folder)
        if transform not in self._functions:
            self._functions[transform] = self._function_of(given)
        return self._functions[transform]

    def transform_ref(self) -> TransformRef | None:
        """What a job that begins remembers of the transform that the caller gave; it is loaded for that."""
        if self._transform is None:
            return None
        function = self._function_of(self._transform)
        ref = transform_ref(name_of(self._transform), self.items.folder, function)
        self._functions[ref] = function
        return ref

    def _function_of(self, transform: AnyTransform | None) -> Function | None:
        if transform is None:
            return None
        return function_of(transform, self.items.folder, in_place=self._in_place, keys=self.items.world.cipher)

    # --- files and other origins

    def export_sink(self, spec: Export | FunctionExport) -> OpenSink:
        """Files, or the function that the caller gave. Raises CheckpointError where there is none."""
        if self.sink is not None:
            return self.sink
        match spec:
            case Export():
                return files_sink(self.items, spec.source, Path(spec.dest), spec.how, self._listener)
            case FunctionExport():
                raise CheckpointError(
                    "The items of this job went to a function that this process does not have.",
                    hint="start it again, or export the table into files",
                )
        assert_never(spec)

    def populate_source(self, spec: Populate) -> PopulateSource:
        """What the caller gave, else what the job names, as it was when the job began. Raises CheckpointError."""
        if self.origin is None:
            self.origin = self._resumed_origin(spec, self.table(spec.target))
        return self.origin

    def _resumed_origin(self, spec: Populate, target: TableEnd) -> PopulateSource:
        check_key(spec, target)
        page_items = spec.options.batch_size
        match spec:
            case PopulateDatabase():
                return database_origin(self.items, spec.database, target, page_items)
            case PopulateFiles() if s3_name(spec.files) is not None:
                return resumed_objects(self.items, spec, target)
            case PopulateFiles():
                return resumed_files(self.items, spec, target)
            case PopulateItems():
                raise CheckpointError(
                    "The job was populated from an iterable that this process does not have.",
                    hint="start it again: items that exist already are recognised",
                )
        assert_never(spec)

    # --- changes in place, and their journals

    def updates(self, side: Side) -> OpenUpdates:
        """Changes of single items of a table."""
        return self.items.updates(side, self.table(side))

    def new_journal(self, job: Job, table: TableEnd) -> UndoJournal:
        """The undo journal of a job that is about to begin. Raises RunError where it cannot be written."""
        head = JournalHead(job=job.id, table=table.name, where=table.access.where, segments=job.segments)
        self._journals[job.id] = self.journals.create(head)
        return self._journals[job.id]

    def journal(self, job: Job) -> UndoJournal:
        """The undo journal of a job. Raises RunError where there is none."""
        if job.id not in self._journals:
            self._journals[job.id] = self.journals.reopen(job.id)
        return self._journals[job.id]

    # --- deletions and restores

    def spared(self, spec: DeleteItems) -> SparedKeys | None:
        """The keys of an export. Raises UsageError where it is gone."""
        if not spec.beyond:
            return None
        key = self.table(spec.target).key
        return SparedKeys(self._files(spec.beyond, key), key, SeenKeys())

    def key_files(self, spec: DeleteItems) -> KeyFiles:
        """The files of keys, as they were when the job began; opened anew each time. Raises CheckpointError."""
        for path, before in spec.fingerprints.items():
            check_unchanged(path, before)
        return key_files(spec.keys, self.table(spec.target).key)

    def rollback_files(self, spec: RollBack) -> tuple[OpenSource, SparedKeys]:
        """The items of the files of a rollback, and their keys. Raises UsageError where they are gone."""
        key = self.table(spec.target).key
        opened = self._files(spec.files, key)
        return opened, SparedKeys(opened, key, SeenKeys())

    def _files(self, place: str, key: KeySchema) -> OpenSource:
        layout = layout_of([place])

        async def opened(_heard: ThrottleListener) -> FileSource:
            return FileSource(layout, key)

        return opened

    def restoration(self, spec: Restore) -> RestoreWorld:
        """What the caller gave for it. Raises CheckpointError where it gave none."""
        if self._restoration is None:
            raise CheckpointError("This process cannot restore a table.", hint="dynasmith jobs resume")
        return self._restoration(spec)

    def refreshing(self, spec: Refresh) -> RefreshWorld:
        """What the caller gave for it. Raises CheckpointError where it gave none."""
        if self._refreshing is None:
            raise CheckpointError("This process cannot refresh an environment.", hint="dynasmith jobs resume")
        return self._refreshing(spec)

    def erasing(self, spec: Erase) -> ErasureWorld:
        """What the caller gave. Raises CheckpointError where it gave none: the value of an erasure is kept nowhere."""
        if self._erasing is None:
            raise CheckpointError(
                "The value of an erasure is kept nowhere, so the job cannot go on without it.",
                hint=f"dynasmith erase {spec.recipe} with the same value goes on with the job",
            )
        return self._erasing

    def replacing(self, spec: Replace) -> ReplacementWorld:
        """What the caller gave for it. Raises CheckpointError where it gave none."""
        if self._replacing is None:
            raise CheckpointError("This process cannot replace a table.", hint="dynasmith jobs resume")
        return self._replacing(spec)

    def kept_journal(self, job_id: str) -> KeptJournal:
        """The undo journal of a backfill, to be read back; it must hold what the checkpoints of the job promise."""
        if job_id not in self._kept_journals:
            checkpoints = self.ledger.checkpoints(job_id)
            marks = {segment: checkpoint.mark for segment, checkpoint in checkpoints.items()}
            self._kept_journals[job_id] = self.journals.kept(job_id, marks)
        return self._kept_journals[job_id]

    @property
    def journals(self) -> Journals:
        """Where the undo journals of the project are."""
        return journals_of(self.items.world)
