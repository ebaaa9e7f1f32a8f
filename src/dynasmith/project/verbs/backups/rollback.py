"""backup restore --into, wired: the items of a table become those of a backup again, in place.

The source of the job is files. A backup of the service becomes such: it is restored to a table for the meantime, which
is exported and deleted again. Then one job writes every item of the files that the table has not or has otherwise, and
deletes what they have not; each change is in its undo journal before it is sent. Running it again goes on.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.engine.rollback.rollback import begin_rollback
from dynasmith.engine.run import run
from dynasmith.engine.transfer.verify import VerifyResult
from dynasmith.engine.waiter import StopFlag, delete_table
from dynasmith.errors import RunError, UsageError
from dynasmith.files.items.layout import layout_of
from dynasmith.items.key import KeySchema
from dynasmith.jobs.estimate import JobEstimate
from dynasmith.jobs.job import readable
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Restore, RollBack
from dynasmith.plans.consent import Consent, named
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.listener import Listener, RestoreStep, silent
from dynasmith.project.verbs.backups.estimates import estimate_rollback
from dynasmith.project.verbs.backups.file_backup import export_backup
from dynasmith.project.verbs.backups.restore import RestoreRequest, restore_job, restore_table, resume_restore
from dynasmith.project.verbs.backups.restore_source import KEPT, restore_of
from dynasmith.project.verbs.file_names import absolute
from dynasmith.project.verbs.file_restore import manifest_of
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_tables import check_sides
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.personal_data import is_protected
from dynasmith.project.verbs.restore_world import desired_table
from dynasmith.project.verbs.tables import exists
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.project.world import World

WHOLE: Final = "whole"
"""The file beside an export that was compared with its table."""
STREAMS = "triggers and streams of the table see every item that changes, and every deletion"


class RollbackReport(Struct, frozen=True, kw_only=True):
    """What `Backups.restore_into` did: items written, already there, deleted; whether the table is now equal to the
    source; ``job`` is what `Jobs.undo` takes back."""

    table: str
    source: str
    job: str
    written: int
    already: int
    deleted: int
    dead: int
    equal: bool

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "table": self.table,
            "source": self.source,
            "job": self.job,
            "written": self.written,
            "already": self.already,
            "deleted": self.deleted,
            "dead": self.dead,
            "equal": self.equal,
            "verified": "exact",
        }


class RollbackRehearsal(Struct, frozen=True, kw_only=True):
    """What `Backups.restore_into` would do: items of the source, items of the table (the service's estimate), and of a
    source in files the first keys that differ: ``missing`` is written, ``differs`` overwritten, ``extra`` deleted.
    ``notes`` say what it costs and who sees it; ``protected`` says that the table is in a protected environment, so
    that a door shows no values."""

    table: str
    source: str
    source_items: int | None
    table_items_estimate: int
    differences: tuple[dict[str, Any], ...]
    more: bool
    notes: tuple[str, ...]
    estimate: JobEstimate
    protected: bool = False

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
            "estimate": self.estimate.to_json(),
        }


def rehearse_rollback(world: World, source: str, table: str) -> RollbackRehearsal:
    """See `Backups.rehearse_restore_into`."""
    dry = ItemWorld(world.dry)
    side, spec = _checked(dry, source, table)
    end = dry.end(side)
    found: VerifyResult | None = verify_sides(dry, source, side) if spec.file else None
    notes = ("an undo journal keeps what is overwritten and deleted, and the keys of what is new", STREAMS)
    return RollbackRehearsal(
        table=end.name,
        source=source,
        source_items=spec.expected_items,
        table_items_estimate=end.description.item_count_estimate,
        differences=() if found is None else tuple({"kind": each.kind, "key": each.key} for each in found.differences),
        more=found is not None and found.more,
        notes=notes,
        estimate=estimate_rollback(dry, end, spec),
        protected=is_protected(dry, side, end.name),
    )


def roll_back(
    world: World, source: str, table: str, *, consent: Consent | None = None, listener: Listener = silent
) -> RollbackReport:
    """See `Backups.restore_into`."""
    items = ItemWorld(world)
    side, spec = _checked(items, source, table)
    name = items.end(side).name
    text = f"Make the items of {name} of {{where}} those of {source}, and delete all others? {STREAMS.capitalize()}."
    world.granted(consent, [name], named(text, name))
    jobs = ProjectJobWorld(items, listener)
    home = _Home(world, name, spec)
    claim = _stopped(items, name, source)
    if claim is None:
        files = absolute(source) if spec.file else home.exported(listener)
        _check_key(items.end(side).key, manifest_of(files).key, source, name)
        begun = RollBack(
            target=side,
            source=source,
            files=files,
            parts=len(layout_of([files]).parts),
            tables=jobs.identities(target=side),
            options=TransferOptions(),
        )
        claim = begin_rollback(begun, jobs)
    else:
        listener(RestoreStep(table=name, job=claim.job.id, sentence=f"Going on with job {claim.job.id}."))
        check_sides(claim.job, jobs)
    kept = readable(claim.job)
    assert isinstance(kept, RollBack)
    report = run(kept, claim, jobs)
    compared = verify_sides(items, kept.files, side)
    home.remove()
    done = items.ledger.checkpoints(report.job.id)
    return RollbackReport(
        table=name,
        source=source,
        job=report.job.id,
        written=sum(each.counts.written for number, each in done.items() if number < kept.parts),
        already=report.counts.unchanged + report.counts.already,
        deleted=sum(each.counts.written for number, each in done.items() if number >= kept.parts),
        dead=report.counts.dead,
        equal=compared.equal,
    )


def _stopped(items: ItemWorld, name: str, source: str) -> Claim | None:
    """Hold the rollback of that table to that source that was stopped, where there is one. Raises Locked."""
    for job in reversed(items.ledger.jobs()):
        spec = job.spec
        if isinstance(spec, RollBack) and job.resumable and (spec.target.table, spec.source) == (name, source):
            return items.ledger.claim(job.id)
    return None


def _checked(items: ItemWorld, source: str, table: str) -> tuple[Side, Restore]:
    """The side, by its physical name, and what the source is. Raises TableNotFound, BackupNotFound; UsageError for a
    source of another key, as far as what was kept with a backup says."""
    side = items.side(table)
    end = items.end(side)
    side, key = replace(side, table=end.name), end.key
    spec = restore_of(items.world, side, source, across_regions=False)
    if spec.file:
        _check_key(key, manifest_of(source).key, source, table)
    elif spec.before_from == KEPT and (kept := desired_table(spec, items.world)) is not None:
        _check_key(key, [(part.name, part.type) for part in kept.key], source, table)
    return side, spec


def _check_key(key: KeySchema, theirs: Iterable[Sequence[str]], source: str, table: str) -> None:
    """Raise UsageError where the items have another key than the table: all of the table would be deleted for them."""
    if [tuple(part) for part in theirs] != [(part.name, part.type) for part in key.parts]:
        raise UsageError(
            f"The items of {source} have another key than table {table}.",
            hint="name a backup or an export of a table of that key",
        )


class _Home:
    """Where a backup of the service becomes files: it is restored to a table for the meantime, exported, and the table
    is deleted again. Names and folder are those of the table and the backup, so that a run after a kill goes on."""

    def __init__(self, world: World, name: str, spec: Restore) -> None:
        self._world, self._source = world, spec.backup
        short = sha256(spec.backup.encode()).hexdigest()[:8]
        self._meantime = f"{name[:200]}-rollback-{short}"
        self._folder = Path(world.settings.folder) / ".dynasmith" / "rollbacks" / f"{name}-{short}"

    def exported(self, listener: Listener) -> str:
        """The files, made where they are not whole. Raises RunError where the restored items are known to be fewer
        than they were, UsageError where another table has the name."""
        files, whole = self._folder / "items", self._folder / WHOLE
        if not whole.exists():
            self._restored(listener)
            shutil.rmtree(files, ignore_errors=True)
            export_backup(self._world, self._meantime, files, self._world.clock.now(), listener)
            whole.touch()
        if exists(self._world, self._meantime):
            delete_table(self._meantime, self._world.control, self._world.clock, StopFlag())
        return str(files.absolute())

    def remove(self) -> None:
        """Remove the files: customers' data that nobody needs any more."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _restored(self, listener: Listener) -> None:
        table = self._meantime
        if exists(self._world, table):
            job = restore_job(self._world, table)
            if job is None:
                raise UsageError(f"Table {table} exists, and no restore made it.", hint="delete it, or rename it")
            if not job.resumable:
                return
            restored = resume_restore(self._world, table, listener=listener)
        else:
            request = RestoreRequest(target=table, source=self._source, settings=False)
            own = Consent(yes=True, confirm=tuple(need.name for need in self._world.protections([table])))
            restored = restore_table(self._world, request, consent=own, listener=listener)
        if restored.proof.equal is False:
            raise RunError(
                f"The backup {self._source} was restored to {restored.table}, and its items are not as many as they "
                "were.",
                hint=f"look at {restored.table}; nothing else was changed",
            )
