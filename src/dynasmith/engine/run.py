"""Run a job: the one way, for a job that begins and for one that is resumed, whichever its verb."""

from typing import assert_never

from dynasmith.engine.backfill.backfill import backfill
from dynasmith.engine.backfill.undo import undo
from dynasmith.engine.deletion.deletion import delete_items
from dynasmith.engine.erasure.erasure import erase
from dynasmith.engine.refresh.refresh import refresh
from dynasmith.engine.replacement.replacement import replace
from dynasmith.engine.restore.restore import restore
from dynasmith.engine.rollback.rollback import roll_back
from dynasmith.engine.transfer.bulk_put import bulk_put
from dynasmith.engine.transfer.copy import copy
from dynasmith.engine.transfer.export import export
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.populate import populate
from dynasmith.engine.transfer.service_export import service_export
from dynasmith.engine.transfer.service_import import service_import
from dynasmith.errors import UsageError
from dynasmith.jobs.report import Report
from dynasmith.jobs.spec import (
    Apply,
    Backfill,
    BulkPut,
    Copy,
    DeleteItems,
    Erase,
    Export,
    FunctionExport,
    PopulateDatabase,
    PopulateFiles,
    PopulateItems,
    Refresh,
    Replace,
    Restore,
    RollBack,
    ServiceExport,
    ServiceImport,
    Spec,
    Undo,
)
from dynasmith.ports.checkpoints import Claim


def run(spec: Spec, claim: Claim, world: JobWorld) -> Report:
    """Do what ``spec`` says from where the claimed job is, to its end or to where it stops, and give the report.

    A job that begins has no checkpoints; that is all that is different. Releases the claim. Raises Interrupted when a
    signal ended it, LeaseLost when another run may have the job, else what went wrong; in all cases it can be resumed.
    """
    try:
        match spec:
            case Copy():
                return copy(spec, claim, world)
            case Export() | FunctionExport():
                return export(spec, claim, world)
            case ServiceExport():
                return service_export(spec, claim, world)
            case ServiceImport():
                return service_import(spec, claim, world)
            case BulkPut():
                return bulk_put(spec, claim, world)
            case PopulateFiles() | PopulateDatabase() | PopulateItems():
                return populate(spec, claim, world)
            case Backfill():
                return backfill(spec, claim, world)
            case DeleteItems():
                return delete_items(spec, claim, world)
            case Undo():
                return undo(spec, claim, world)
            case Restore():
                return restore(spec, claim, world)
            case RollBack():
                return roll_back(spec, claim, world)
            case Apply() | Refresh() | Erase() | Replace():
                return _run_parts(spec, claim, world)
        assert_never(spec)
    finally:
        claim.release()


def _run_parts(spec: Apply | Refresh | Erase | Replace, claim: Claim, world: JobWorld) -> Report:
    """The same for a job of several tables, or of several jobs."""
    match spec:
        case Apply():
            raise UsageError(f"Job {claim.job.id} applies a plan: it goes on in ticks.", hint="project.jobs.tick(job)")
        case Refresh():
            return refresh(spec, claim, world)
        case Erase():
            return erase(spec, claim, world)
        case Replace():
            return replace(spec, claim, world)
    assert_never(spec)
