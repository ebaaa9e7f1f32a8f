"""backup delete and prune, wired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from dynasmith.errors import BackupNotFound, UsageError
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.backups import TableBackup
from dynasmith.project.verbs.backups.choice import backups_of, named
from dynasmith.project.verbs.backups.records import records_of
from dynasmith.project.verbs.backups.retention import beyond
from dynasmith.project.world import World


class PrunedBackups(Struct, frozen=True, kw_only=True):
    """The backups of a table that a rule deletes, and those that it keeps, each oldest first."""

    table: str
    deleted: tuple[TableBackup, ...]
    kept: tuple[TableBackup, ...]


def delete_backup(world: World, backup: str, *, consent: Consent | None = None) -> TableBackup:
    """See `Backups.delete`."""
    found = named(world, backup)
    if found.type == "aws":
        raise UsageError(
            f"{found.name} is a recovery point of AWS Backup, and only AWS Backup deletes it.",
            hint="the retention of its plan deletes it, or: aws backup delete-recovery-point",
        )
    text = f"Delete backup {found.name} of table {found.table} in {{where}}?"
    world.granted(consent, [found.table], question(text))
    _delete(world, [found])
    return found


def pruned(world: World, table: str, *, keep: int | None, older_than: timedelta | None) -> PrunedBackups:
    """What a prune of the backups of ``table`` (a physical name) deletes and keeps; it deletes nothing."""
    if keep is None and older_than is None:
        raise UsageError("Nothing says which backups to keep.", hint="give --keep, --older-than or both")
    found = sorted(backups_of(world).list(table), key=lambda each: (each.created_at, each.arn))
    if not found:
        world.control.describe(table, ())  # a name that is wrong is not a table without backups
    gone = beyond(found, world.clock.now(), keep=keep, older_than=older_than)
    return PrunedBackups(table=table, deleted=tuple(gone), kept=tuple(each for each in found if each not in gone))


def prune_backups(
    world: World, table: str, *, keep: int | None, older_than: timedelta | None, consent: Consent | None = None
) -> PrunedBackups:
    """See `Backups.prune`."""
    found = pruned(world, table, keep=keep, older_than=older_than)
    if found.deleted:
        count = len(found.deleted)
        text = f"Delete {count} {'backup' if count == 1 else 'backups'} of table {table} in {{where}}?"
        world.granted(consent, [table], question(text))
        _delete(world, found.deleted)
    return found


def _delete(world: World, backups: Sequence[TableBackup]) -> None:
    """The backup first: what is kept of one that is still there must stay."""
    control, records = backups_of(world), records_of(world)
    for each in backups:
        try:
            control.delete(each.arn)
        except BackupNotFound:  # another one deletes it too
            if len(backups) == 1:
                raise
        records.remove(each.arn)
