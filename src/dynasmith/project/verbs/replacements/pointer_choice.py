"""Which pointer a replacement switches: the one that is given, else the one of the project file."""

from __future__ import annotations

from dynasmith.errors import UsageError
from dynasmith.jobs.spec import Replace
from dynasmith.project.settings import EnvironmentSettings
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.replacements.names import base_name
from dynasmith.project.verbs.replacements.pointers import pointer_of

TABLE = "{table}"
"""Stands for the name of the table in a pointer of the project file, as in `dynasmith.pointer.table`."""


def chosen_pointer(items: ItemWorld, spec: Replace, given: str | None) -> str:
    """The pointer of a cut-over: ``given``; else that of a cut-over that has begun; else the one of the project file,
    which must name one of the two tables.

    A table that replaced another one has a name of its own (``orders-v2``), and its application may still ask for
    ``orders``: of the pointers of both names the one is taken that names the table. Raises UsageError where there is
    none or it says nothing yet, since an application may read another place, and PointerError where it cannot be read.
    Reads up to two pointers of the project file.
    """
    source, target = spec.source.table, spec.target.table
    if given:
        return given.replace(TABLE, items.world.settings.defined_name(source))
    if spec.progress.fenced_at is not None and spec.progress.pointer:
        return spec.progress.pointer
    places = project_pointers(items.world.settings, source)
    if not places:
        raise UsageError(
            "Nothing says where the application reads the name of its table.",
            hint="--pointer file:PATH, ssm:/NAME or hook:COMMAND, or pointer in [replace] of the project file",
        )
    named = {place: pointer_of(place, items.folder, items.world.session).read().table for place in places}
    for place, table in named.items():
        if table in (source, target):
            return place
    for place, table in named.items():
        if table is not None:
            return place  # the cut-over says which table it names, and refuses it
    raise UsageError(
        f"The pointer {places[0]} of the project file says nothing yet.",
        hint=f"write {source} into it, or name the place that the application reads: --pointer {places[0]}",
    )


def project_pointers(settings: EnvironmentSettings, table: str) -> tuple[str, ...]:
    """The pointers that the project file has for a table (its physical name), by its name in the definition and by the
    name that it had before it was replaced; none where the file names no pointer."""
    if not settings.pointer:
        return ()
    name = settings.defined_name(table)
    return tuple(dict.fromkeys(settings.pointer.replace(TABLE, each) for each in (name, base_name(name))))
