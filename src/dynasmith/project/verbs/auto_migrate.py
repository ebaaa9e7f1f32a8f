"""auto-migrate, wired: tables, a backup, a copy, in this order."""

from __future__ import annotations

from dataclasses import dataclass

from dynasmith.errors import UsageError
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.copy import backup, copy_items
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.model_transforms import copy_transform
from dynasmith.project.verbs.tables import ensure
from dynasmith.project.verbs.transforms import AnyTransform
from dynasmith.project.world import TableName


@dataclass(frozen=True, slots=True)
class AutoMigration:
    """What to do, in this order: ensure ``table``; ``backup`` (a name, or True for the default one); ensure ``target``;
    with ``copy`` the items.

    ``transform`` takes an item (and ``ctx``) and returns one, none or many; one that it refuses stops the job unless it
    raises `ItemRefused` with ``policy="dead"``. ``batch_size`` is how many items are read and transformed at a time.
    """

    table: TableName
    target: TableName | None = None
    copy: bool = False
    backup: str | bool = False
    transform: AnyTransform | None = None
    batch_size: int | None = None
    consent: Consent | None = None


def auto_migrate(items: ItemWorld, wish: AutoMigration, *, listener: Listener) -> list[Report]:
    """Do it, and give a report for each copy. A backup without a target is the backup alone.

    Run again it finds the tables there; a backup of the same name is refused, a copied item is there already. Raises
    UsageError, before anything is done, where ``copy`` has no other table to go to.
    """
    if wish.copy and wish.target is None and not wish.backup:
        raise UsageError("copy=True needs a target.", hint="give target=, or backup= for a copy of the table itself")
    if wish.copy and wish.target is not None:
        second = items.side(_named(items, wish.target))
        name = items.at(second).physical(second.table)
        items.granted(wish.consent, second, name, f"Copy {_named(items, wish.table)} into {name} in {{where}}?")
    with items.same_tables() as same:
        return _migrated(same, wish, listener)


def _migrated(items: ItemWorld, wish: AutoMigration, listener: Listener) -> list[Report]:
    reports: list[Report] = []
    _ensure(items, wish.table)
    if wish.backup:
        name = wish.backup if isinstance(wish.backup, str) else ""
        reports.append(backup(items, _named(items, wish.table), name, listener=listener)[1])
    if wish.target is None:
        return reports
    _ensure(items, wish.target)
    if wish.copy:
        options = TransferOptions(batch_size=wish.batch_size)
        ends = items.side(_named(items, wish.table)), items.side(_named(items, wish.target))
        transform = copy_transform(wish.transform, wish.table, wish.target, items.folder)
        reports.append(copy_items(items, *ends, transform=transform, options=options, listener=listener))
    return reports


def _ensure(items: ItemWorld, table: TableName) -> None:
    world = items.world
    for error in ensure(world, world.tables([table])).failures.values():
        raise error


def _named(items: ItemWorld, table: TableName) -> str:
    return table if isinstance(table, str) else items.world.name_of(table)
