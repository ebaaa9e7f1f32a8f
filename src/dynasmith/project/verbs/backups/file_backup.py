"""backup create --to, wired: a verified export with the definition of its table, on any engine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from dynasmith.errors import RunError, UsageError
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.manifest import MANIFEST, beside
from dynasmith.ports.backups import TableBackup
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.backups.results import CreatedBackup
from dynasmith.project.verbs.export import export_files
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.project.world import World


def check_free(places: dict[str, Path]) -> None:
    """Raises UsageError where one of the places is taken: a backup never replaces another one."""
    taken = [str(place) for place in places.values() if place.exists()]
    if taken:
        raise UsageError(f"{', '.join(taken)} exists already.", hint="name another place")


def places_of(tables: list[str], to: Path) -> dict[str, Path]:
    """Where the export of each table goes: to ``to`` itself, of several tables to a folder below it for each."""
    return {table: to if len(tables) == 1 else to / table for table in tables}


def export_backup(world: World, table: str, place: Path, now: datetime, listener: Listener) -> CreatedBackup:
    """Export a table, and compare the export with it. Raises RunError where they differ: something writes to it."""
    began, items = world.clock.monotonic(), ItemWorld(world)
    export_files(items, table, place, listener=listener)
    compared = verify_sides(items, table, str(place))
    if not compared.equal:
        raise RunError(
            f"The export {place} differs from table {table}, which was written to meanwhile.",
            hint="remove it and try again when nothing writes, or make a backup of the service, without a folder",
        )
    files = [Path(part.path) for part in layout_of([str(place)]).parts]
    backup = TableBackup(
        name=str(place),
        arn="",
        table=table,
        type="user",
        state="AVAILABLE",
        created_at=now,
        size_bytes=sum(file.stat().st_size for file in files),
        item_count=compared.source.count,
    )
    manifest = place / MANIFEST if place.is_dir() else beside(place)
    return CreatedBackup(backup=backup, settings_file=str(manifest), waited_seconds=world.clock.monotonic() - began)
