"""backup restore --into, wired: the items of a table become those of a backup again, in place.

Four steps, each a job or a call that is safe to do again: what the table holds now is exported and compared, so that it
can be had back; where the source is a backup of the service, it is restored to a table for the meantime and exported;
every item of it is written; what it does not have is deleted, with an undo journal. Running it again continues.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from msgspec import Struct

from dynasmith.engine.deletion.deletion import begin_deletion
from dynasmith.engine.run import run
from dynasmith.engine.transfer.verify import VerifyResult
from dynasmith.engine.waiter import StopFlag, delete_table
from dynasmith.errors import RunError, UsageError
from dynasmith.files.items.manifest import Manifest
from dynasmith.jobs.job import readable
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import DeleteItems
from dynasmith.plans.consent import Consent, named
from dynasmith.ports.listener import Listener, RestoreStep, silent
from dynasmith.project.verbs.backups.file_backup import export_backup
from dynasmith.project.verbs.backups.restore import RestoreRequest, restore_table
from dynasmith.project.verbs.file_names import absolute, is_file
from dynasmith.project.verbs.file_restore import manifest_of
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.populate import populate
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.project.world import World

STREAMS = "triggers and streams of the table see every item that changes, and every deletion"


class RollbackReport(Struct, frozen=True, kw_only=True):
    """What `Backups.restore_into` did: items written, already there, deleted; whether the table is now equal to the
    source; ``before`` is the export of what it held until then."""

    table: str
    source: str
    before: str
    written: int
    already: int
    deleted: int
    equal: bool
    jobs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "table": self.table,
            "source": self.source,
            "before": self.before,
            "written": self.written,
            "already": self.already,
            "deleted": self.deleted,
            "equal": self.equal,
            "verified": "exact",
            "jobs": list(self.jobs),
        }


class RollbackRehearsal(Struct, frozen=True, kw_only=True):
    """What `Backups.restore_into` would do: items of the source, items of the table (the service's estimate), and of a
    source in files the first keys that differ: ``missing`` is written, ``differs`` overwritten, ``extra`` deleted.
    ``notes`` say what it costs and who sees it."""

    table: str
    source: str
    source_items: int | None
    table_items_estimate: int
    differences: tuple[dict[str, Any], ...]
    more: bool
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "table": self.table,
            "source": self.source,
            "source_items": self.source_items,
            "table_items_estimate": self.table_items_estimate,
            "differences": list(self.differences),
            "more": self.more,
            "notes": list(self.notes),
        }


def rehearse_rollback(world: World, source: str, table: str) -> RollbackRehearsal:
    """See `Backups.rehearse_restore_into`."""
    dry = ItemWorld(world.dry)
    side, manifest = _checked(dry, source, table)
    end = dry.end(side)
    found: VerifyResult | None = None if manifest is None else verify_sides(dry, source, side)
    notes = (
        "every item of the source is written, and every item of the table is read three times and exported first",
        STREAMS,
    )
    return RollbackRehearsal(
        table=end.name,
        source=source,
        source_items=None if manifest is None else manifest.count,
        table_items_estimate=end.description.item_count_estimate,
        differences=() if found is None else tuple({"kind": each.kind, "key": each.key} for each in found.differences),
        more=found is not None and found.more,
        notes=notes,
    )


def roll_back(
    world: World, source: str, table: str, *, consent: Consent | None = None, listener: Listener = silent
) -> RollbackReport:
    """See `Backups.restore_into`."""
    items = ItemWorld(world)
    side, manifest = _checked(items, source, table)
    name, now = items.end(side).name, world.clock.now()
    text = f"Make the items of {name} of {{where}} those of {source}, and delete all others? {STREAMS.capitalize()}."
    world.granted(consent, [name], named(text, name))
    home = Path(world.settings.folder) / ".dynasmith" / "rollbacks" / f"{name}-{now:%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"

    def say(sentence: str) -> None:
        listener(RestoreStep(table=name, job="", sentence=sentence))

    before = str(export_backup(world, name, home / "before", now, listener).backup.name)
    say(f"What {name} holds now is in {before}; to have it back: dynasmith backup restore {before} --into {table}")
    files = absolute(source) if manifest is not None else _exported(world, source, name, home, now, listener)
    yes = Consent(yes=True, confirm=tuple(need.name for need in world.protections([name])))
    written = populate(items, side, files, consent=yes, listener=listener)
    deleted = _delete_others(items, side, files, listener)
    compared = verify_sides(items, files, side)
    return RollbackReport(
        table=name,
        source=source,
        before=before,
        written=written.counts.written,
        already=written.counts.already,
        deleted=deleted.counts.written,
        equal=compared.equal,
        jobs=(written.job.id, deleted.job.id),
    )


def _checked(items: ItemWorld, source: str, table: str) -> tuple[Side, Manifest | None]:
    """The side and the manifest of files. Raises TableNotFound; UsageError for files of another key."""
    side = items.side(table)
    key = [(part.name, part.type) for part in items.end(side).key.parts]
    if source.startswith("arn:") or not is_file(source):
        return side, None
    manifest = manifest_of(source)
    if [tuple(part) for part in manifest.key] != key:
        raise UsageError(
            f"The items of {source} have another key than table {table}.", hint="name an export of a table of that key"
        )
    return side, manifest


def _exported(world: World, source: str, name: str, home: Path, now: datetime, listener: Listener) -> str:
    """The items of a backup as files: it is restored to a table for the meantime, which is deleted again."""
    meantime = f"{name[:200]}-rollback-{now:%Y%m%d%H%M%S}-{uuid4().hex[:6]}"
    request = RestoreRequest(target=meantime, source=source, settings=False)
    own = Consent(yes=True, confirm=tuple(need.name for need in world.protections([meantime])))
    restored = restore_table(world, request, consent=own, listener=listener)
    if restored.proof.equal is False:
        raise RunError(
            f"The backup {source} was restored to {restored.table}, and its items are not as many as they were.",
            hint=f"look at {restored.table}; nothing of {name} was changed",
        )
    place = export_backup(world, restored.table, home / "source", now, listener).backup.name
    delete_table(restored.table, world.control, world.clock, StopFlag())
    return place


def _delete_others(items: ItemWorld, side: Side, files: str, listener: Listener) -> Report:
    """Delete the items of the table whose keys the files do not have, with an undo journal."""
    world = ProjectJobWorld(items, listener)
    spec = DeleteItems(
        target=side,
        journal=True,
        tables=world.identities(target=side),
        beyond=files,
        options=TransferOptions(),
    )
    claim = begin_deletion(spec, world)
    return items.priced(run(readable(claim.job), claim, world))
