"""The table of a model class, named as the environment does."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.project.world import World
from dynasmith.tables.table import Table


def table_of_class(world: World, kind: Any) -> Table:
    """The table of a model class. Raises UsageError for what is none."""
    from dynasmith.models import Model, tables_of  # the extra ``models``

    if not (isinstance(kind, type) and issubclass(kind, Model)):
        raise UsageError(
            f"{kind!r} is not a table.", hint="give a Table, a model class, or the name of a table that is defined"
        )
    [table] = tables_of(kind)
    settings = world.settings
    return table if settings.physical else replace(table, name=f"{settings.prefix}{table.name}{settings.suffix}")
