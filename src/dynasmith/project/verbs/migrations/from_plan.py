"""The source of a migration that makes what a plan would change: operations whose reverse is derived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dynasmith.plans.change import AddIndex, CreateTable, DropIndex, RebuildIndex
from dynasmith.plans.plan import Plan, TablePlan
from dynasmith.project.world import World
from dynasmith.tables.document_of import document_of
from dynasmith.tables.table import Index, Projection, ProjectionKind

NOT_SETTINGS = frozenset(
    {"name", "attributes", "key_schema", "global_secondary_indexes", "local_secondary_indexes", "items", "replicas"}
)
"""Words of a definition that ``m.table(...).set`` does not change."""


def lines_of(world: World, plan: Plan) -> list[str]:
    """The lines of ``up``: a call an operation, and a comment for each change that no operation makes."""
    return [line for table in plan.tables for line in _lines(world, table)]


def _lines(world: World, planned: TablePlan) -> Iterator[str]:
    if not planned.changes:
        return
    name = planned.table if world.settings.physical else world.settings.defined_name(planned.table)
    if any(isinstance(change, CreateTable) for change in planned.changes):
        yield f"m.create_table({name!r})"
        return
    table = f"m.table({name!r})"
    left = []
    for change in planned.changes:
        match change:
            case AddIndex():
                yield _add_index(table, change.index)
            case DropIndex():
                yield f"{table}.drop_index({change.index.name!r})"
            case RebuildIndex():
                yield f"{table}.drop_index({change.before.name!r})"
                yield _add_index(table, change.after)
            case _:
                left.append(type(change).__name__)
    words = _settings(world, planned) if left else {}
    if words:
        said = ", ".join(f"{word}={value!r}" for word, value in words.items())
        yield f"{table}.set({said})"
    unsaid = [name for name in left if name in _NO_OPERATION]
    if unsaid:
        yield f"# {planned.table}: {', '.join(sorted(set(unsaid)))} has no operation; `dynasmith apply` makes it"


_NO_OPERATION = frozenset(
    {"ReplaceTable", "Conflict", "AddReplica", "DropReplica", "SetReplica", "PutItem", "DeleteItem"}
)


def _settings(world: World, planned: TablePlan) -> dict[str, Any]:
    """The settings that differ, in the words of a definition, as they are wanted."""
    wanted = document_of(planned.desired)
    live = document_of(world.control.describe(planned.table).table)
    return {
        word: value
        for word, value in wanted.items()
        if word not in NOT_SETTINGS and value != live.get(word) and (word in live or value)
    }


def _add_index(table: str, index: Index) -> str:
    partition = tuple(each.name for each in index.key.partition)
    sort = tuple(each.name for each in index.key.sort)
    said = [repr(index.name), f"partition_key={_one(partition)!r}"]
    said += [f"sort_key={_one(sort)!r}"] if sort else []
    said += [f"types={ {each.name: each.type for each in index.key}!r}"]
    if index.projection != Projection():
        said += [f"projection={_projection(index.projection)!r}"]
    return f"{table}.add_index({', '.join(said)})"


def _projection(projection: Projection) -> str | list[str]:
    if projection.kind is ProjectionKind.INCLUDE:
        return list(projection.attributes)
    return projection.kind.value


def _one(names: Sequence[str]) -> str | tuple[str, ...]:
    return names[0] if len(names) == 1 else tuple(names)
