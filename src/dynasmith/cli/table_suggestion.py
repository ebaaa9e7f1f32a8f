"""A table that is not there: the defined one whose name is nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynasmith.errors import DynasmithError, TableNotFound
from dynasmith.tables.findings import did_you_mean

if TYPE_CHECKING:
    from dynasmith.project.project import Project


def suggest_table(error: TableNotFound, project: Project) -> None:
    """Put the nearest defined table before the hint of an error about one that is not there. No call."""
    from dynasmith.project.project import world_of

    world = world_of(project)
    prefix, suffix = world.settings.prefix, world.settings.suffix
    try:
        defined = [table.name for table in world.definitions.tables]
    except DynasmithError:
        return
    if error.table not in defined:
        names = [name.removeprefix(prefix).removesuffix(suffix) for name in defined]
        meant = did_you_mean(error.table.removeprefix(prefix).removesuffix(suffix), names)
        error.hint = f"{meant} {error.hint}".strip()
