"""``import``: which live tables are meant, and their definition, which was read back before it is given."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

from dynasmith.engine.definition_import import as_definition, left_out, without_defaults
from dynasmith.engine.planner import CONCURRENT_TABLES
from dynasmith.errors import RunError, UsageError
from dynasmith.files.definitions import read_back
from dynasmith.project.world import World
from dynasmith.tables.render import bare_name, render_yaml

_WILD = frozenset("*?[")


def import_tables(world: World, names: Sequence[str], *, every_table: bool = False, minimal: bool = False) -> str:
    """See `Project.import_tables`."""
    wanted, settings = chosen_tables(world, names, every_table=every_table), world.settings
    with world.control.sharing(), ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
        found = tuple(pool.map(world.control.describe, wanted))
    defined = tuple(as_definition(each) for each in found)
    if minimal:
        defined = tuple(map(without_defaults, defined))
    missing = [
        f"{each.table.name}: {text}."
        for each in found
        for text in left_out(each, world.control.unoffered(tuple(each.unread)))
    ]
    comment = "\n".join(["Not in this definition, and left as it is:", *missing]) if missing else ""
    document = render_yaml(defined, comment=comment, prefix=settings.prefix, suffix=settings.suffix, minimal=minimal)
    back = read_back(document, quotas=settings.quotas, prefix=settings.prefix, suffix=settings.suffix).tables
    for table, read in zip(defined, back, strict=True):
        if table != read:
            raise RunError(
                f"The definition of table {table.name} reads back as another table.",
                hint="nothing was written; this is a defect of dynasmith, report it with `describe --json`",
            )
    return document


def chosen_tables(world: World, names: Sequence[str], *, every_table: bool) -> list[str]:
    """The physical names that are meant, each once: named ones in their order, those of a pattern by name."""
    live = sorted(world.control.names()) if every_table or any(_WILD & set(name) for name in names) else []
    prefix, suffix = world.settings.prefix, world.settings.suffix
    bare = {name: bare_name(name, prefix, suffix) for name in live if name.startswith(prefix) and name.endswith(suffix)}
    chosen: list[str] = list(bare) if every_table else []
    for name in names:
        if not _WILD & set(name):
            chosen.append(world.physical(name))
            continue
        fitting = [each for each, short in bare.items() if fnmatchcase(short, name) or fnmatchcase(each, name)]
        if not fitting:
            raise UsageError(f"No table fits {name}.", hint="dynasmith list shows the tables")
        chosen += fitting
    if every_table and not chosen:
        raise UsageError("There are no tables to import.", hint="dynasmith list shows the tables of the environment")
    return list(dict.fromkeys(chosen))
