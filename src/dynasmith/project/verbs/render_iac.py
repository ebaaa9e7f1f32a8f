"""Definitions as infrastructure as code: what is there of their tables is looked up for the imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from dynasmith.engine.planner import CONCURRENT_TABLES
from dynasmith.errors import TableNotFound
from dynasmith.iac.cloudformation import cloudformation_text
from dynasmith.iac.files import RenderedFiles
from dynasmith.iac.terraform import terraform_text
from dynasmith.plans.alarm_parts import alarm_parts
from dynasmith.plans.notes import DEFINITION_WORDS
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table


def render_terraform(
    world: World, names: Sequence[TableName], *, provider: Literal[5, 6], imports: bool
) -> RenderedFiles:
    """See `Render.terraform`."""
    tables, live = _tables(world, names, imports=imports)
    made = terraform_text(tables, live, provider=provider)
    files = {"versions.tf": made.versions, "tables.tf": made.tables, "imports.tf": made.imports}
    return RenderedFiles(
        form="terraform",
        files={name: text for name, text in files.items() if text},
        unsaid=made.unsaid,
        notes=_notes(world, live),
    )


def render_cloudformation(world: World, names: Sequence[TableName], *, imports: bool) -> RenderedFiles:
    """See `Render.cloudformation`."""
    tables, live = _tables(world, names, imports=imports)
    made = cloudformation_text(tables, live, region=world.session.region)
    files = {"template.yaml": made.template, "resources-to-import.json": made.imports}
    return RenderedFiles(
        form="cloudformation",
        files={name: text for name, text in files.items() if text},
        unsaid=made.unsaid,
        notes=_notes(world, live),
    )


def _tables(
    world: World, names: Sequence[TableName], *, imports: bool
) -> tuple[tuple[Table, ...], dict[str, TableDescription]]:
    """The defined tables, with an alarm for each part that is watched, and what is there of them."""
    defined = world.tables(names)
    live = live_tables(world, defined) if imports else {}
    return tuple(alarm_parts(table, live.get(table.name)) for table in defined), live


def _notes(world: World, live: Mapping[str, TableDescription]) -> tuple[str, ...]:
    """What could not be read of the live tables."""
    return tuple(
        f"{name}: {DEFINITION_WORDS.get(setting, setting)} could not be read: {reason}."
        for name, described in live.items()
        for setting, reason in sorted(described.unread.items())
        if setting not in (*world.control.unoffered(tuple(described.unread)), "warm")  # which no form says
    )


def live_tables(world: World, tables: Sequence[Table]) -> dict[str, TableDescription]:
    """Those of the tables that are there, by name."""

    def described(table: Table) -> TableDescription | None:
        try:
            return world.control.describe(table.name)
        except TableNotFound:
            return None

    with world.control.sharing(), ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
        found = tuple(pool.map(described, tables))
    return {each.table.name: each for each in found if each is not None}
