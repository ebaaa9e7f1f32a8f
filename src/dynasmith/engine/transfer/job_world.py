"""What one run of a job needs of the world: its ends, its transform, its files and journals, and how it is run."""

from collections.abc import Sequence
from typing import Protocol

from dynasmith.engine.transfer.erasure_world import ErasureWorld
from dynasmith.engine.transfer.key_files import KeyFiles
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.refresh_world import RefreshWorld
from dynasmith.engine.transfer.replacement_world import ReplacementWorld
from dynasmith.engine.transfer.restore_world import RestoreWorld
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.service_job import WaitLimit
from dynasmith.engine.transfer.spared_keys import SparedKeys
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.items.transform import Function
from dynasmith.jobs.job import Job
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import (
    DeleteItems,
    Erase,
    Export,
    FunctionExport,
    Populate,
    Refresh,
    Replace,
    Restore,
    RollBack,
    TransformRef,
)
from dynasmith.ports.checkpoints import Ledger
from dynasmith.ports.items import OpenSink, OpenSource
from dynasmith.ports.journal import JournalReader, UndoJournal
from dynasmith.ports.service_transfer import BulkPuts, Exports, Imports, TransferObjects
from dynasmith.ports.updates import OpenUpdates
from dynasmith.tables.table import Table


class ServiceWorld(Protocol):
    """What a job needs that waits for an export or import of the service."""

    @property
    def waiting(self) -> WaitLimit:
        """Whether the service is waited for, and how long."""
        ...

    def exports(self, side: Side) -> Exports:
        """The service's exports of the table of a side."""
        ...

    def imports(self, side: Side) -> Imports:
        """The service's imports into the table of a side."""
        ...

    def bulk_puts(self, side: Side) -> BulkPuts:
        """The service's bulk writes into the table of a side."""
        ...

    def objects(self, side: Side, bucket: str, owner: str) -> TransferObjects:
        """A bucket with the access of a side; ``owner`` is the account that must own it, empty for any."""
        ...

    def defined(self, side: Side, definition: str) -> Table:
        """The table of a definition that a spec keeps. Raises DefinitionError."""
        ...

    def settle(self, side: Side, definition: str) -> Sequence[str]:
        """Apply the settings of a definition that its table does not have; a sentence for each that stays different."""
        ...


class JobWorld(Protocol):
    """One run of one job asks it for everything that its spec names. What was given once stays the same for the run."""

    @property
    def ledger(self) -> Ledger:
        """Where the job is kept."""
        ...

    @property
    def context(self) -> RunContext:
        """Who listens, which clock, which loop."""
        ...

    def table(self, side: Side) -> TableEnd:
        """The table of a side as it was described. Raises TableNotFound."""
        ...

    def function(self, transform: TransformRef | None) -> Function | None:
        """The transform. Raises UsageError where it cannot be found again."""
        ...

    def export_sink(self, spec: Export | FunctionExport) -> OpenSink:
        """Where the items of an export go. Raises CheckpointError for a function that this process does not have."""
        ...

    def populate_source(self, spec: Populate) -> PopulateSource:
        """Where the items of a populate come from. Raises CheckpointError where they are not those that it began with,
        or cannot be had in this process."""
        ...

    @property
    def service(self) -> ServiceWorld:
        """What the service does by itself."""
        ...

    def updates(self, side: Side) -> OpenUpdates:
        """Changes of single items of a table."""
        ...

    def new_journal(self, job: Job, table: TableEnd) -> UndoJournal:
        """The undo journal of a job that is about to begin. Raises RunError where it cannot be written."""
        ...

    def journal(self, job: Job) -> UndoJournal:
        """The undo journal of a job. Raises RunError where there is none."""
        ...

    def spared(self, spec: DeleteItems) -> SparedKeys | None:
        """The keys that a deletion leaves alone; None where it leaves none."""
        ...

    def key_files(self, spec: DeleteItems) -> KeyFiles:
        """The files whose keys a deletion takes. Raises CheckpointError where one changed since the job began."""
        ...

    def rollback_files(self, spec: RollBack) -> tuple[OpenSource, SparedKeys]:
        """The items of the files of a rollback, and their keys. Raises UsageError where they are gone."""
        ...

    def restoration(self, spec: Restore) -> RestoreWorld:
        """What a restore needs of the environment of its new table."""
        ...

    def refreshing(self, spec: Refresh) -> RefreshWorld:
        """What a refresh needs of its environments."""
        ...

    def erasing(self, spec: Erase) -> ErasureWorld:
        """What an erasure needs, the value among it. Raises CheckpointError in a process that does not have that."""
        ...

    def replacing(self, spec: Replace) -> ReplacementWorld:
        """What a replacement needs of its tables. Raises CheckpointError in a process that cannot replace one."""
        ...

    def kept_journal(self, job_id: str) -> JournalReader:
        """The undo journal of a backfill, to be read back. Raises RunError where there is none."""
        ...
