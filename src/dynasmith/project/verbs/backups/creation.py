"""backup create, wired: the definition of each table is kept, then the service makes the backup."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from dynasmith.engine.backup import begin_backup, wait_for_backup
from dynasmith.engine.definition_import import as_definition
from dynasmith.engine.waiter import StopFlag, WaitBudget
from dynasmith.errors import DynasmithError, UsageError
from dynasmith.plans.consent import Consent
from dynasmith.ports.backup_records import BackupRecord
from dynasmith.ports.listener import BackupWaiting, Listener, silent
from dynasmith.project.verbs.backup_refusals import explained
from dynasmith.project.verbs.backups.choice import backups_of
from dynasmith.project.verbs.backups.file_backup import check_free, export_backup, places_of
from dynasmith.project.verbs.backups.records import records_of, unread_of
from dynasmith.project.verbs.backups.results import BackupCreation, CreatedBackup
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.personal_data import refuse_leaving
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_of import document_of
from dynasmith.tables.table import UNMANAGED_YET, Table

NAME_MAX_CHARACTERS: Final = 255
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{3,255}\Z")
_STAMP: Final = "%Y%m%d-%H%M%S"


def backup_name(table: str, now: datetime) -> str:
    """``<table>-YYYYmmdd-HHMMSS``; of a long name of a table what a backup's name has room for."""
    stamp = now.strftime(_STAMP)
    return f"{table[: NAME_MAX_CHARACTERS - len(stamp) - 1]}-{stamp}"


def check_name(name: str) -> None:
    """Raises UsageError for what the service does not take as a name (API reference, CreateBackup)."""
    if not _NAME.match(name):
        raise UsageError(
            f"{name!r} is not a valid name of a backup.", hint="3 to 255 letters, digits, dots, hyphens and underscores"
        )


def create_backup(
    world: World, table: TableName, *, name: str = "", wait_seconds: float | None = None, listener: Listener = silent
) -> CreatedBackup:
    """One backup of one table, with its definition kept beside it; what `create_backups` does of one. Raises its
    error."""
    made = create_backups(world, [table], name=name, wait_seconds=wait_seconds, listener=listener)
    for error in made.failures.values():
        raise error
    return made.created[0]


def create_backups(
    world: World,
    tables: Sequence[TableName],
    *,
    name: str = "",
    to: str | Path | None = None,
    wait_seconds: float | None = None,
    consent: Consent | None = None,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
) -> BackupCreation:
    """See `Backups.create`. ``wait_seconds`` is how long is waited in all, 0 for not at all."""
    names = list(dict.fromkeys(map(world.name_of, tables)))
    if name:
        check_name(name)
    if to is not None and str(to).lower().startswith("s3:"):
        raise UsageError(
            f"A backup cannot be files in S3, and {to} is a place there.",
            hint="`dynasmith export TABLE s3://BUCKET/PREFIX` exports to S3; a backup of the service needs no folder",
        )
    if name and len(names) > 1:
        raise UsageError(
            f"A name is for the backup of one table, and there are {len(names)}.",
            hint="without a name each backup is called after its table and the time",
        )
    described = [world.control.describe(each) for each in names]  # all are looked at before one is backed up
    if to is not None:
        refuse_leaving(ItemWorld(world), [each.table.name for each in described], consent)
        return _exported(world, [each.table.name for each in described], Path(to).expanduser().absolute(), listener)
    records_of(world).open()
    stop, budget, now = stopped or StopFlag(), WaitBudget(world.clock, wait_seconds), world.clock.now()
    begun: list[CreatedBackup] = []
    failures: dict[str, DynasmithError] = {}
    for each in described:
        try:
            with explained(world, "backup create"):
                begun.append(_begin(world, each, name or backup_name(each.table.name, now), stop))
        except DynasmithError as error:
            failures[each.table.name] = error
    created = []
    for one in begun:
        try:
            created.append(one if wait_seconds == 0 else _waited(world, one, listener, stop, budget))
        except DynasmithError as error:
            failures[one.backup.table] = error
    return BackupCreation(created=tuple(created), failures=failures)


def _exported(world: World, tables: list[str], to: Path, listener: Listener) -> BackupCreation:
    places, now = places_of(tables, to), world.clock.now()
    check_free(places)
    created, failures = [], {}
    for table, place in places.items():
        try:
            created.append(export_backup(world, table, place, now, listener))
        except DynasmithError as error:
            failures[table] = error
    return BackupCreation(created=tuple(created), failures=failures)


def _begin(world: World, described: TableDescription, name: str, stop: StopFlag) -> CreatedBackup:
    """Send the call, then keep the definition under the ARN that the service gave."""
    records, table = records_of(world), described.table
    backup = begin_backup(table.name, name, backups_of(world), world.clock, stop)
    unread = unread_of(world, described)
    records.keep(
        BackupRecord(
            arn=backup.arn,
            name=backup.name,
            table=table.name,
            table_id=described.table_id,
            created_at=backup.created_at,
            definition=document_of(_definition(world, described)),
            unread=unread,
        )
    )
    return CreatedBackup(backup=backup, settings_file=records.where(backup.arn), waited_seconds=0.0, unread=unread)


def _definition(world: World, described: TableDescription) -> Table:
    """What the table is, and what only the project's definition says of it: a restore names that at least."""
    live = as_definition(described)
    defined = next((table for table in world.defined_tables() if table.name == live.name), None)
    return live if defined is None else replace(live, **{each: getattr(defined, each) for each in UNMANAGED_YET})


def _waited(
    world: World, begun: CreatedBackup, listener: Listener, stop: StopFlag, budget: WaitBudget
) -> CreatedBackup:
    since, backup = world.clock.monotonic(), begun.backup

    def seen(state: str, waited: float) -> None:
        listener(BackupWaiting(table=backup.table, backup=backup.name, state=state, waited_seconds=waited))

    found = wait_for_backup(backup, backups_of(world), world.clock, stop, seen, budget)
    return CreatedBackup(
        backup=found,
        settings_file=begun.settings_file,
        waited_seconds=world.clock.monotonic() - since,
        unread=begun.unread,
    )
