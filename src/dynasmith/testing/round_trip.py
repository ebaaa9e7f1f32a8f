"""Every migration up, down and up again; and the tables after all of them against their definitions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from dynasmith.errors import DynasmithError
from dynasmith.plans.explain import explain
from dynasmith.project.project import world_of
from dynasmith.project.verbs.plan import make_plan
from dynasmith.testing.migrator import Migrator, seed
from dynasmith.testing.table_snapshot import differences

ItemsOfVersions: TypeAlias = Mapping[str, Mapping[str, Iterable[Mapping[str, Any]]]]
"""By version and table: the items that are written before the version goes up."""


def round_trip_faults(migrator: Migrator, *, items: ItemsOfVersions, one_way: Collection[str]) -> Iterator[str]:
    """Where an up, a down or a second up fails or leaves something else; the first fault ends it, since what follows
    stands on it. ``one_way`` are versions that only go up."""
    versions = migrator.versions
    yield from _unknown(versions, items, "dynasmith_items")
    yield from _unknown(versions, one_way, "dynasmith_irreversible")
    for version in versions:
        try:
            seed(migrator, items.get(version, {}))
            fault = _round_trip(migrator, version, back=version not in one_way)
        except DynasmithError as error:
            fault = _sentence(error)
        if fault:
            yield f"{version}: {fault}"
            return


def definition_faults(migrator: Migrator, *, items: ItemsOfVersions) -> Iterator[str]:
    """Where the tables are not as they are defined after all migrations."""
    versions = migrator.versions
    yield from _unknown(versions, items, "dynasmith_items")
    for version in versions:
        try:
            seed(migrator, items.get(version, {}))
            migrator.to(version)
        except DynasmithError as error:
            yield f"{version}: {_sentence(error)}"
            return
    world = world_of(migrator.project)
    tables = world.tables()
    plan = make_plan(world, tables, prune=True, allow_delete_items=True)
    yield from (f"table {each.table}: {each.message}" for each in plan.failures)
    for planned in plan.tables:
        for change in planned.changes:
            line = explain(change)
            yield f"table {planned.table} is not as it is defined: {line.symbol} {line.path} {line.text}".rstrip()
    for name in sorted(set(migrator.snapshots()) - {table.name for table in tables}):
        yield f"table {name} is made by migrations, and has no definition."


def _round_trip(migrator: Migrator, version: str, *, back: bool) -> str:
    before = migrator.snapshots()
    migrator.to(version)
    if not back:
        return ""
    after = migrator.snapshots()
    migrator.down()
    if found := differences(before, migrator.snapshots()):
        return f"its down does not leave what was there before it: {'; '.join(found)}."
    migrator.to(version)
    if found := differences(after, migrator.snapshots(), values=False):
        return f"its second up does not leave what the first one did: {'; '.join(found)}."
    return ""


def _unknown(versions: Collection[str], named: Iterable[str], source: str) -> Iterator[str]:
    for each in named:
        if each not in versions:
            yield f"{source} has version {each}, and there is no such migration."


def _sentence(error: DynasmithError) -> str:
    return f"{error.message} {error.hint}".strip()
