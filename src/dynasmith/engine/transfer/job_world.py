"""What one run of a job needs of the world: its ends, its transform, its files and journals, and how it is run."""

from typing import Protocol

from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.items.transform import Function
from dynasmith.jobs.job import Job
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Export, FunctionExport, Populate, TransformRef
from dynasmith.ports.checkpoints import Ledger
from dynasmith.ports.items import OpenSink
from dynasmith.ports.journal import JournalReader, UndoJournal
from dynasmith.ports.updates import OpenUpdates


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

    def updates(self, side: Side) -> OpenUpdates:
        """Changes of single items of a table."""
        ...

    def new_journal(self, job: Job, table: TableEnd) -> UndoJournal:
        """The undo journal of a job that is about to begin. Raises RunError where it cannot be written."""
        ...

    def journal(self, job: Job) -> UndoJournal:
        """The undo journal of a job. Raises RunError where there is none."""
        ...

    def kept_journal(self, job_id: str) -> JournalReader:
        """The undo journal of a backfill, to be read back. Raises RunError where there is none."""
        ...
