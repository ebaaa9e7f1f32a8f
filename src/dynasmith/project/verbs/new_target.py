"""A target that a verb creates first: like the source of a copy, or from the manifest of an export."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.errors import TableExists, UsageError
from dynasmith.files.definitions import exported_table
from dynasmith.files.items.layout import Layout, layout_of
from dynasmith.jobs.side import Side
from dynasmith.project.model_classes import is_model
from dynasmith.project.verbs.file_names import absolute
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.tables import exists
from dynasmith.project.verbs.transforms import AnyTransform, class_made
from dynasmith.tables.rules.names import table_name_fault
from dynasmith.tables.settings import SETTINGS
from dynasmith.tables.table import Table, known

_HINT = "name the folder or the file of an export of dynasmith, or create the table first: dynasmith create {table}"


def new_target(items: ItemWorld, side: Side, definition: Table) -> Table:
    """The table that is created at ``side`` from ``definition``: with the prefix and suffix of its environment, without
    replicas and what else belongs to the table that the definition is of (a policy, for example). Raises UsageError for
    a name that no table can have."""
    name = items.at(side).settings.new_name(side.table)
    check_table_name(name)
    return replace(
        definition,
        name=name,
        replicas=UNSET,
        consistency=UNSET,
        witness_region=UNSET,
        **{setting.field: UNSET for setting in SETTINGS if not setting.copied},
    )


def check_table_name(name: str) -> None:
    """Raise UsageError for a name that no table can have."""
    if fault := table_name_fault(name):
        raise UsageError(
            f"{name[:80]!r} cannot be the name of a table: it {fault}.",
            hint="3 to 255 letters, digits, dots, hyphens and underscores",
        )


def class_target(items: ItemWorld, target: object, transform: AnyTransform | None) -> Table | None:
    """The table that a copy creates where a class says it: the target's, or the one that the transform makes
    instances of. None where the source's definition says it."""
    if is_model(target):
        return items.world.tables([target])[0]
    made = class_made(transform, items.folder)
    if made is None or not isinstance(target, str | Side):
        return None
    defined = items.world.tables([made])[0]
    table = new_target(items, items.side(target), defined)
    return defined if defined.name == table.name else table


def check_free(items: ItemWorld, side: Side, verb: str) -> str:
    """The name that a new target gets. Raises TableExists where a table has it. One call."""
    at = items.at(side)
    name = at.settings.new_name(side.table)
    if exists(at, name):
        raise TableExists(name, hint=f"remove --create-target to {verb} it")
    return name


def exported_target(items: ItemWorld, side: Side, names: Sequence[str] | None) -> Table:
    """The table that a populate creates from the manifest of the export in ``names`` (None: the source is not files).

    Reads the manifest, creates nothing. Raises UsageError where there is no manifest with a definition, TableExists,
    DefinitionError for a definition that is not valid.
    """
    layout = layout_of([absolute(name) for name in names]) if names else Layout(())
    if not names or layout.manifest is None or layout.manifest.definition is None:
        source = ", ".join(names or ()) or "this source"
        raise UsageError(
            f"A target is created from the manifest of an export, and {source} has none with a definition.",
            hint=_HINT.format(table=side.table),
        )
    check_free(items, side, "populate")
    quotas = items.at(side).settings.quotas
    table = exported_table(layout.manifest.definition, f"the manifest of {names[0]}", quotas=quotas)
    return new_target(items, side, table)


def defined_target(items: ItemWorld, side: Side) -> Table:
    """The table that a populate creates as it is defined. Raises UsageError where no definition has it, TableExists."""
    at = items.at(side)
    (table,) = at.tables([side.table])
    if exists(at, table.name):
        raise TableExists(table.name, hint="remove --create to populate it")
    return table


def creation_note(table: Table) -> str:
    """What would be created, for a dry run."""
    key = ", ".join(f"{part.name} ({part.type})" for part in table.key)
    indexes = [index.name for index in known(table.indexes, ())]
    indexes += [index.name for index in known(table.local_indexes, ())]
    word = "index" if len(indexes) == 1 else "indexes"
    listed = f", the {word} {', '.join(indexes)}" if indexes else ""
    return f"table {table.name} would be created, with the key {key}{listed}"
