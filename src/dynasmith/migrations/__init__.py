"""Versioned migrations: ``from dynasmith.migrations import Migration``.

What a file of migrations needs is here: the type of ``m``. The verbs are methods of ``project.migrations`` and
commands of ``dynasmith migrate``; what they return is here too.
"""

from dynasmith.migrations.event import LockRecord, MigrationCounts, MigrationEvent
from dynasmith.migrations.migration import Migration, Suspended, TableOperations
from dynasmith.migrations.onetable_history import OneTableMark, OneTableMarks, OneTableRemainder
from dynasmith.migrations.path import MigrationFile, PathStep
from dynasmith.migrations.report import (
    MigrationRow,
    MigrationStatus,
    PreflightAnswer,
    Rehearsal,
    RehearsedMigration,
    RehearsedStep,
)

__all__ = [
    "LockRecord",
    "Migration",
    "MigrationCounts",
    "MigrationEvent",
    "MigrationFile",
    "MigrationRow",
    "MigrationStatus",
    "OneTableMark",
    "OneTableMarks",
    "OneTableRemainder",
    "PathStep",
    "PreflightAnswer",
    "Rehearsal",
    "RehearsedMigration",
    "RehearsedStep",
    "Suspended",
    "TableOperations",
]
