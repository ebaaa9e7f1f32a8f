"""A restore from the files of an export: the table of its manifest, and its items by a populate of its own id."""

from __future__ import annotations

from dataclasses import replace as changed

from dynasmith.engine.run import run
from dynasmith.errors import RunError, UsageError
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.manifest import Manifest
from dynasmith.jobs.job import Job, readable
from dynasmith.jobs.spec import Restore
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.file_names import absolute
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_tables import check_sides
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.new_target import new_target
from dynasmith.project.verbs.populate import populate
from dynasmith.project.verbs.tables import create, exists
from dynasmith.tables.table import Table


def manifest_of(file: str) -> Manifest:
    """The manifest of an export. Raises UsageError where there is none with a definition, FileFormatError, RunError."""
    found = layout_of([absolute(file)]).manifest
    if found is None or found.definition is None:
        raise UsageError(
            f"{file} has no manifest with the definition of its table.",
            hint="name the folder or the file of an export of dynasmith; others are loaded by populate",
        )
    return found


def fill(items: ItemWorld, spec: Restore, table: Table, job_id: str, listener: Listener) -> None:
    """Make the table, where this job has not, and write the items of the files, from where an earlier run stopped.

    The items are those of a job of their own, whose id is that of the restore with another first word: it says whether
    this restore has made the table, and goes on where it was killed. Raises RunError where another table has the name.
    """
    child = f"populate-{job_id.partition('-')[2]}"
    at = items.at(spec.target)
    begun = _job(items, child)
    if begun is not None and begun.over:
        return
    if begun is not None:
        world = ProjectJobWorld(items, listener)
        check_sides(begun, world)
        claim = items.ledger.claim(child)
        run(readable(claim.job), claim, world)
        return
    if not exists(at, table):
        create(at, new_target(items, spec.target, table))
    elif items.end(spec.target).description.item_count_estimate or at.few_items.scan(table.name, limit=1):
        raise RunError(
            f"Table {table.name} exists and has items, and job {job_id} did not write them.",
            hint=f"dynasmith jobs cancel {job_id}, then restore to another name",
        )
    populate(
        changed(items, job_id=child),
        spec.target,
        spec.file,
        consent=Consent(yes=True, confirm=tuple(need.name for need in at.protections([table.name]))),
        listener=listener,
    )


def _job(items: ItemWorld, job_id: str) -> Job | None:
    return next((job for job in items.ledger.jobs() if job.id == job_id), None)
