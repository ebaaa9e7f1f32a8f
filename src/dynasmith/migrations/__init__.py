"""Versioned migrations: ``from dynasmith.migrations import Migration``.

What a file of migrations needs is here: the type of ``m``. The verbs are methods of ``project.migrations`` and
commands of ``dynasmith migrate``.
"""

from dynasmith.migrations.migration import Migration, Suspended, TableOperations

__all__ = ["Migration", "Suspended", "TableOperations"]
