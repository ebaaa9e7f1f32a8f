"""backup restore --into, wired: the items of a table become those of a backup again, in place.

Four steps, each a job or a call that is safe to do again: what the table holds now is exported and compared, so that it
can be had back; where the source is a backup of the service, it is restored to a table for the meantime and exported;
every item of it is written; what it does not have is deleted, with an undo journal. Running it again does the steps
again, and names what the run that was stopped has left.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from msgspec import Struct

from dynasmith.engine.deletion.deletion import begin_deletion
from dynasmith.engine.run import run
from dynasmith.engine.transfer.verify import VerifyResult
from dynasmith.engine.waiter import StopFlag, delete_table
from dynasmith.errors import RunError, UsageError
from dynasmith.items.key import KeySchema
from dynasmith.jobs.job import readable
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import DeleteItems
from dynasmith.plans.consent import Consent, named
from dynasmith.ports.listener import Listener, RestoreStep, silent
from dynasmith.project.verbs.backups.file_backup import export_backup
from dynasmith.project.verbs.backups.restore import RestoreRequest, restore_table
from dynasmith.project.verbs.backups.restore_source import KEPT, restore_of
from dynasmith.project.verbs.file_names import absolute
from dynasmith.project.verbs.file_restore import manifest_of
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.populate import populate
from dynasmith.project.verbs.restore_world import desired_table
from dynasmith.project.verbs.tables import exists
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.project.world import World

DONE: Final = "done"
"""The file in the folder of a run that came to its end."""
_RUN_ID: Final = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}\Z")
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
    side, in_files, count = _checked(dry, source, table)
    end = dry.end(side)
    found: VerifyResult | None = verify_sides(dry, source, side) if in_files else None
    notes = (
        "every item of the source is written, and every item of the table is read three times and exported first",
        STREAMS,
    )
    return RollbackRehearsal(
        table=end.name,
        source=source,
        source_items=count,
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
    side, in_files, _ = _checked(items, source, table)
    name, now = items.end(side).name, world.clock.now()
    text = f"Make the items of {name} of {{where}} those of {source}, and delete all others? {STREAMS.capitalize()}."
    world.granted(consent, [name], named(text, name))
    root, run_id = Path(world.settings.folder) / ".dynasmith" / "rollbacks", f"{now:%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
    home = root / f"{name}-{run_id}"

    def say(sentence: str) -> None:
        listener(RestoreStep(table=name, job="", sentence=sentence))

    for sentence in _left(world, root, name):
        say(sentence)
    before = str(export_backup(world, name, home / "before", now, listener).backup.name)
    say(f"What {name} holds now is in {before}; to have it back: dynasmith backup restore {before} --into {table}")
    files = absolute(source) if in_files else _exported(world, source, _meantime(name, run_id), home, now, listener)
    _check_key(items.end(side).key, manifest_of(files).key, source, name)
    yes = Consent(yes=True, confirm=tuple(need.name for need in world.protections([name])))
    written = populate(items, side, files, consent=yes, listener=listener)
    deleted = _delete_others(items, side, files, listener)
    compared = verify_sides(items, files, side)
    (home / DONE).touch()
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


def _checked(items: ItemWorld, source: str, table: str) -> tuple[Side, bool, int | None]:
    """The side, whether the source is files, and how many items it has, as far as that is known. Raises TableNotFound,
    BackupNotFound; UsageError for a source of another key, as far as what was kept with a backup says."""
    side = items.side(table)
    key = items.end(side).key
    spec = restore_of(items.world, side, source, across_regions=False)
    if spec.file:
        _check_key(key, manifest_of(source).key, source, table)
    elif spec.before_from == KEPT and (kept := desired_table(spec, items.world)) is not None:
        _check_key(key, [(part.name, part.type) for part in kept.key], source, table)
    return side, bool(spec.file), spec.expected_items


def _check_key(key: KeySchema, theirs: Iterable[Sequence[str]], source: str, table: str) -> None:
    """Raise UsageError where the items have another key than the table: all of the table would be deleted for them."""
    if [tuple(part) for part in theirs] != [(part.name, part.type) for part in key.parts]:
        raise UsageError(
            f"The items of {source} have another key than table {table}.",
            hint="name a backup or an export of a table of that key",
        )


def _meantime(name: str, run_id: str) -> str:
    """The table to which a run restores a backup of the service for the meantime."""
    return f"{name[:200]}-rollback-{run_id}"


def _left(world: World, root: Path, name: str) -> Iterator[str]:
    """What runs that were stopped have left: what the table held before them, and their tables for the meantime."""
    for before in sorted(root.glob(f"{glob.escape(name)}-*/before")):
        run_id = before.parent.name[len(name) + 1 :]
        if not _RUN_ID.match(run_id) or (before.parent / DONE).exists():
            continue
        yield f"An earlier run did not end; what {name} held before it is in {before}; remove it when nobody needs it."
        if exists(world, table := _meantime(name, run_id)):
            yield f"Table {table} is left of it; to delete it: dynasmith delete {table} --physical --confirm {table}"


def _exported(world: World, source: str, meantime: str, home: Path, now: datetime, listener: Listener) -> str:
    """The items of a backup as files: it is restored to a table for the meantime, which is deleted again."""
    request = RestoreRequest(target=meantime, source=source, settings=False)
    own = Consent(yes=True, confirm=tuple(need.name for need in world.protections([meantime])))
    restored = restore_table(world, request, consent=own, listener=listener)
    if restored.proof.equal is False:
        raise RunError(
            f"The backup {source} was restored to {restored.table}, and its items are not as many as they were.",
            hint=f"look at {restored.table}; nothing else was changed",
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
