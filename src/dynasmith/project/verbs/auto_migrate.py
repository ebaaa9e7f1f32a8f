"""A table like another one, a backup table, and seed 1's auto-migrate with options: tables, backup, copy, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.engine.definition_import import as_definition
from dynasmith.engine.transfer.options import TransferOptions
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import RunError, TableExists, TableNotFound, UsageError
from dynasmith.jobs.report import Report
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.listener import Listener
from dynasmith.project.locations import Location
from dynasmith.project.transforms import AnyTransform
from dynasmith.project.world import World
from dynasmith.tables.settings import SETTINGS
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.project.verbs.items import ItemFlow


@dataclass(frozen=True, slots=True)
class AutoMigration:
    """What to do, in this order: ensure ``table``; ``backup`` (a name, or True for the default one); ensure ``target``;
    with ``copy`` the items.

    ``transform`` takes an item (and ``ctx``) and returns one, none or many; one that it refuses stops the job unless it
    raises `ItemRefused` with ``policy="dead"``. ``batch_size`` is how many items are read and transformed at a time.
    """

    table: str | Table
    target: str | Table | None = None
    copy: bool = False
    backup: str | bool = False
    transform: AnyTransform | None = None
    batch_size: int | None = None
    consent: Consent | None = None


def auto_migrate(items: ItemFlow, wish: AutoMigration, *, listener: Listener) -> list[Report]:
    """Do it, and give a report for each copy. A backup without a target is the backup alone.

    Run again it finds the tables there; a backup of the same name is refused, a copied item is there already. Raises
    UsageError, before anything is done, where ``copy`` has no other table to go to.
    """
    if wish.copy and wish.target is None and not wish.backup:
        raise UsageError("copy=True needs a target.", hint="give target=, or backup= for a copy of the table itself")
    if wish.copy and wish.target is not None:
        second = items.side(_named(wish.target))
        name = items.at(second).physical(second.table)
        asks = question(f"Copy {_named(wish.table)} into {name} in {{where}}?")
        items.at(second).granted(items.consent(wish.consent), [name], asks)
    with items.same_tables():
        return _migrated(items, wish, listener)


def _migrated(items: ItemFlow, wish: AutoMigration, listener: Listener) -> list[Report]:
    reports: list[Report] = []
    _ensure(items, wish.table)
    if wish.backup:
        name = wish.backup if isinstance(wish.backup, str) else ""
        reports.append(backup(items, _named(wish.table), name, listener=listener)[1])
    if wish.target is None:
        return reports
    _ensure(items, wish.target)
    if wish.copy:
        asked = TransferOptions(batch_size=wish.batch_size)
        ends = items.side(_named(wish.table)), items.side(_named(wish.target))
        reports.append(items.copy_items(*ends, transform=wish.transform, asked=asked, listener=listener))
    return reports


def backup(items: ItemFlow, source: str | Location, name: str, *, listener: Listener) -> tuple[str, Report]:
    """Copy a table with its definition into a new one, verified by digest; its name and the report.

    The name is ``<table>_backup_YYYYmmdd`` where none is given. Raises TableExists, RunError where the digests differ
    (somebody writes to the source). Stopped halfway it leaves the new table and a job that can be resumed.
    """
    first = items.side(source)
    seen = items.end(first)
    into = replace(first, table=name or f"{seen.name}_backup_{items.now().strftime('%Y%m%d')}")
    if items.at(into).exists(into.table):
        raise TableExists(into.table, hint="name another backup; nothing was copied")
    create_like(items, first, into)
    report = items.copy_items(first, into, listener=listener)
    if not items.verify(first, into).equal:
        raise RunError(
            f"The backup {into.table} differs from {seen.name}: somebody writes to it.",
            hint=f"dynasmith verify {seen.name} {into.table} shows where",
        )
    return into.table, report


def create_like(items: ItemFlow, source: str | Location, target: str | Location) -> Table:
    """Create the target from the source's definition (keys, indexes, billing, settings; no replicas, no policy).

    Raises TableExists. Its items come with `copy`.
    """
    first, second = items.side(source), items.side(target)
    wish = _like(items, first, second)
    items.at(second).create(wish)
    return wish


def new_name(place: World, name: str) -> str:
    """The physical name of a table that an environment gets: with its prefix and suffix, also where no definition has
    it."""
    if place.physical or (name.startswith(place.prefix) and name.endswith(place.suffix)):
        return name
    return f"{place.prefix}{name}{place.suffix}"


def copy_ends(
    items: ItemFlow, source: Location, target: Location, *, create_target: bool = False
) -> tuple[TableEnd, TableEnd]:
    """Both ends of a copy; with ``create_target`` the target as it would be created. Creates nothing.

    Raises TableNotFound, and TableExists for a target that is to be created and is there.
    """
    first = items.end(source)
    if create_target:
        name = new_name(items.at(target).place, target.table)
        if items.at(target).exists(name):
            raise TableExists(name, hint="remove --create-target to copy into it")
        return first, items.end_of(target, _like(items, source, target))
    try:
        return first, items.end(target)
    except TableNotFound as error:
        raise TableNotFound(error.table, hint="--create-target creates it from the source's definition") from error


def _like(items: ItemFlow, source: Location, target: Location) -> Table:
    return replace(
        as_definition(items.at(source).describe(source.table)),
        name=new_name(items.at(target).place, target.table),
        replicas=UNSET,
        consistency=UNSET,
        witness_region=UNSET,
        **{setting.field: UNSET for setting in SETTINGS if not setting.copied},
    )


def _ensure(items: ItemFlow, table: str | Table) -> None:
    for error in items.ensure([table]).failures.values():
        raise error


def _named(table: str | Table) -> str:
    return table.name if isinstance(table, Table) else table
