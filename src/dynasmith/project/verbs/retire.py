"""retire, wired: a last export that is verified, then the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynasmith.engine import retire as engine_retire
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import RunError, UsageError
from dynasmith.jobs.service_transfer import is_s3
from dynasmith.plans.consent import Consent, named
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.backups.creation import create_backup
from dynasmith.project.verbs.export import export
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.tables.description import TableDescription

if TYPE_CHECKING:
    from dynasmith.models import Model


def retire(
    items: ItemWorld,
    exports: Mapping[str, str | None] | Mapping[type[Model], str | None],
    *,
    backup: bool | str = False,
    consent: Consent | None = None,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
) -> Iterator[dict[str, Any]]:
    """See `Project.retire_tables`."""
    world = items.world
    for where in exports.values():
        if is_s3(where):
            raise UsageError(
                "retire exports to a folder, which it compares by digest, not to S3.",
                hint=f"dynasmith export TABLE {where}, then retire it with --no-export",
            )
    found = [(world.control.describe(world.name_of(table)), where) for table, where in exports.items()]
    if isinstance(backup, str) and len(found) > 1:
        raise UsageError(
            f"A name is for the backup of one table, and there are {len(found)}.",
            hint="without a name each backup is called after its table and the time",
        )
    names = [description.table.name for description, _ in found]
    needs = (named(f"Retire table {name} of {{where}} and delete all its items?", name) for name in names)
    world.granted(consent, names, *needs)
    return (_retire(items, each, where, backup, listener, stopped) for each, where in found)


def _retire(
    items: ItemWorld,
    description: TableDescription,
    export_to: str | None,
    backup: bool | str,
    listener: Listener,
    stopped: StopFlag | None,
) -> dict[str, Any]:
    name = description.table.name
    digest = None
    if export_to is not None:
        if not Path(export_to).exists():
            export(items, name, export_to, listener=listener)
        compared = verify_sides(items, name, export_to)
        if not compared.equal:
            raise RunError(
                f"The export {export_to} differs from table {name}; nothing was deleted.",
                hint="something writes to the table, or the export is old: name another folder",
            )
        digest = str(compared.source)
    made = None
    if backup:
        own = backup if isinstance(backup, str) else ""
        made = create_backup(items.world, name, name=own, listener=listener).backup.arn
    engine_retire.retire(description, items.world.control, items.world.clock, stopped or StopFlag())
    return {"table": name, "export": export_to, "digest": digest, "backup": made}
