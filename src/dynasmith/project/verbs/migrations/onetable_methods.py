"""The methods of `Migrations` about the history of OneTable Migrate."""

from __future__ import annotations

from dynasmith.migrations.onetable_history import OneTableMarks
from dynasmith.plans.consent import Consent
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.migrations.migration_home import LOCK_WAIT_SECONDS, MigrationHome
from dynasmith.project.verbs.migrations.onetable_marks import mark_from_onetable, onetable_marks


class OneTableMethods:
    """What OneTable Migrate did to a table, taken over into the history."""

    _home: MigrationHome

    @checked()
    def onetable_marks(self, table: str) -> OneTableMarks:
        """What the history that OneTable Migrate keeps in ``table`` would mark as applied, and what it would not, each
        with its reason. Writes nothing; one Query for each MB of that history, and one DescribeTable.

        A version whose newest row there is a success is marked where it has a file here and is not applied yet. Not
        marked is what failed (which OneTable counts as applied), has no version, or no file. Raises TableNotFound, and
        UsageError where the table has no such history, keys that keep only one row of it, or a version of which there
        is no file here.
        """
        return onetable_marks(self._home, table)

    @checked()
    def mark_from_onetable(
        self, table: str, *, lock_wait: float = LOCK_WAIT_SECONDS, consent: Consent | None = None
    ) -> OneTableMarks:
        """Mark what `onetable_marks` gives, without running it: its ``events`` are those that were written. Repeated
        it writes nothing more; stopped halfway it is repeated. Needs the consent `yes`. Raises what `onetable_marks`
        raises, TableNotFound and UsageError, and Locked."""
        return mark_from_onetable(self._home, table, lock_wait=lock_wait, consent=consent)
