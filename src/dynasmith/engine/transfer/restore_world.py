"""What a restore needs of the environment of its new table."""

from typing import Protocol

from dynasmith.engine.planner import PlanOptions
from dynasmith.jobs.restore_report import ItemProof
from dynasmith.jobs.spec import Restore
from dynasmith.jobs.table_identity import TableIdentity
from dynasmith.ports.backups import BackupControl
from dynasmith.ports.clock import Clock
from dynasmith.ports.tables import Items, Tables
from dynasmith.tables.table import Table


class RestoreWorld(Protocol):
    """One run of one restore asks it."""

    @property
    def tables(self) -> Tables:
        """The control plane."""
        ...

    @property
    def items(self) -> Items:
        """A few items, for plans."""
        ...

    @property
    def backups(self) -> BackupControl:
        """The calls about backups."""
        ...

    @property
    def clock(self) -> Clock:
        """The project's clock."""
        ...

    @property
    def plan_options(self) -> PlanOptions:
        """Prices and quotas of the environment."""
        ...

    def desired(self, spec: Restore) -> Table | None:
        """What the new table is to be, under its own name; None where nothing says what the table was. Raises
        DefinitionError for a definition that is not valid."""
        ...

    def needs_own_consent(self, spec: Restore, table: str) -> bool:
        """Whether a write to this table needs a consent that the restore, by its target, did not get."""
        ...

    def identity(self, spec: Restore) -> TableIdentity:
        """Which table the target is now. Raises TableNotFound."""
        ...

    def fill(self, spec: Restore, job_id: str) -> None:
        """Make the table of an export, where it is not there, and write its items, from where an earlier run stopped.
        Raises RunError where another table has the name."""
        ...

    def count(self, spec: Restore) -> int:
        """How many items the new table has, by reading all of them."""
        ...

    def compare(self, spec: Restore, file: str, job_id: str) -> ItemProof:
        """Whether the new table has the items of a file or an export, each compared. An export to S3 that is not there
        is made first, as a job whose id is made of ``job_id``."""
        ...
