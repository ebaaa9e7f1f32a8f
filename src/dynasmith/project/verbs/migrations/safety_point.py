"""What items can be restored from once a step has destroyed them: made before the step begins, named in the history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from dynasmith.errors import AccessDenied, NotOffered, RunError, TableNotFound
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.backups.creation import create_backup
from dynasmith.project.verbs.export import export_files
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.table_items import has_items
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.tables.table import Recovery

SafetyKind: TypeAlias = Literal["recovery", "backup", "export"]


class SafetyPoint(Struct, frozen=True, kw_only=True):
    """What a table can be restored from as it was ``at``: point-in-time recovery, a backup, or an export that was
    compared with the table. ``place`` is the ARN of the table or of the backup, or the folder of the export."""

    kind: SafetyKind
    place: str
    at: datetime

    def __str__(self) -> str:
        if self.kind == "recovery":
            return f"point-in-time recovery of {self.place} to {self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return self.place


def make_safety_point(
    items: ItemWorld, table: str, name: str, exports: Path, listener: Listener, told: Callable[[str], None]
) -> SafetyPoint | None:
    """Make sure that the items of a table can be restored; None where there is no such table, or no item in it.

    Point-in-time recovery is enough where it is on and the service is AWS (engines only say that it is on). Else a
    backup ``name`` is made and waited for, and where the engine has none or the role may not, an export into a folder
    of ``exports``, which is compared with the table. ``told`` hears a sentence before what takes long.

    Raises RunError where none of these can be had. Stopped halfway, it begins again, and goes on with its export.
    """
    world = items.world
    physical = world.physical(table)
    try:
        described = world.control.describe(physical, ("recovery",))
    except TableNotFound:
        return None
    if not has_items(items.world, physical):
        return None
    now = world.clock.now()
    if isinstance(described.table.recovery, Recovery) and not world.session.access.isolated:
        return SafetyPoint(kind="recovery", place=described.arn, at=now)
    told(f"making a backup of table {physical} first")
    try:
        made = create_backup(world, physical, name=name, listener=listener)
        return SafetyPoint(kind="backup", place=made.backup.arn, at=now)
    except (NotOffered, AccessDenied) as refused:
        told(f"there is no backup ({refused.message.rstrip('.')}): exporting table {physical} instead")
    folder = exports / f"{name}-{physical}"
    if not folder.exists():
        export_files(items, table, str(folder), listener=listener)
    if not verify_sides(items, table, str(folder)).equal:
        raise RunError(
            f"The export {folder} differs from table {physical}: something writes to the table, or the export is old.",
            hint="turn on point-in-time recovery, or allow dynamodb:CreateBackup; else remove the export, and run this "
            "again while nobody writes",
        )
    return SafetyPoint(kind="export", place=str(folder), at=now)
