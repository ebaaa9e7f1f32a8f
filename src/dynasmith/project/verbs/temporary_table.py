"""Tables that are there for as long as a block runs: created under a name of their own, and deleted at its end."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from dynasmith.engine.waiter import StopFlag, delete_table
from dynasmith.errors import DynasmithError, RunError, TableNotFound, UsageError
from dynasmith.plans.consent import Consent, question
from dynasmith.project.verbs.models import open_db
from dynasmith.project.verbs.tables import ensure
from dynasmith.project.world import World
from dynasmith.tables.table import Index, Table, known

if TYPE_CHECKING:
    from dynasmith.engine.db.db import Db
    from dynasmith.models import Model

NAME_MAX = 200
"""Characters of the table's own name in that of a temporary one, which may have 255."""


@contextmanager
def temporary_tables(world: World, models: Sequence[type[Model]], consent: Consent | None) -> Iterator[Db]:
    """See `Project.temporary_table`."""
    if not models:
        raise UsageError("temporary_table needs a class of Model.", hint="with project.temporary_table(User) as db:")
    if world.session.only_reads:
        raise UsageError("This project is dry, and a temporary table is created.", hint="use the project itself")
    wanted = {table.name: table for table in world.tables(models)}
    names = {name: _temporary_name(world, name) for name in wanted}
    shown = " and ".join(names.values())
    needs = [] if world.session.access.isolated else [question(f"Create {shown} in {{where}}, and delete it again?")]
    world.granted(consent, list(names.values()), *needs)
    own = replace(world, model_tables=_tables_of(world, models, names))
    try:
        done = ensure(world, [_bare(table, names[name]) for name, table in wanted.items()])
        for error in done.failures.values():
            raise error
        yield open_db(own)
    finally:
        _delete(world, list(names.values()))


def _tables_of(world: World, models: Sequence[type[Model]], names: Mapping[str, str]) -> dict[type[Model], str]:
    """The temporary table of each class, those of the project that share it too."""
    known_models = (*world.definitions_with(models).models, *models)
    tables = {model: world.model_table(model) for model in known_models}
    return {**world.model_tables, **{model: names[table] for model, table in tables.items() if table in names}}


def _temporary_name(world: World, table: str) -> str:
    return f"{table[:NAME_MAX]}_temporary_{world.clock.now():%Y%m%d%H%M%S}_{uuid4().hex[:8]}"


def _bare(table: Table, name: str) -> Table:
    """What code sees of a table: key, indexes, TTL and stream. It is billed on demand, and nothing keeps it."""
    indexes = known(table.indexes, ())
    return Table(
        name=name,
        key=table.key,
        indexes=tuple(Index(name=each.name, key=each.key, projection=each.projection) for each in indexes),
        local_indexes=table.local_indexes,
        time_to_live=table.time_to_live,
        stream=table.stream,
    )


def _delete(world: World, names: Sequence[str]) -> None:
    """Delete the tables, all of them. What the block raised goes on; a table that stays is noted in it, or raised."""
    raised, failed = sys.exc_info()[1], []
    for name in names:
        try:
            with suppress(TableNotFound):
                delete_table(name, world.control, world.clock, StopFlag())
        except DynasmithError as error:
            failed.append(f"Temporary table {name} was not deleted: {world.masks(error.message)}")
    if failed and raised is not None:
        raised.add_note("\n".join(failed))
    elif failed:
        raise RunError("\n".join(failed), hint=f"dynasmith delete {' '.join(names)}")
