"""A job that goes on from its checkpoints, under its own id."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from msgspec.structs import replace

from dynasmith.aws.control.actions import POINT_RESTORES, RESTORES, ROLLBACKS
from dynasmith.engine.backfill.backfill import look_again
from dynasmith.engine.run import run
from dynasmith.engine.transfer.refresh_world import RefreshWorld
from dynasmith.engine.transfer.replacement_world import ReplacementWorld
from dynasmith.jobs.job import readable
from dynasmith.jobs.report import Report
from dynasmith.jobs.service_transfer import is_s3, s3_place
from dynasmith.jobs.spec import (
    Backfill,
    BulkPut,
    PopulateFiles,
    Refresh,
    Replace,
    Restore,
    RollBack,
    ServiceExport,
    ServiceImport,
    Spec,
    transform_of,
)
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.backup_refusals import explained
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_tables import check_sides
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.needed_actions import BULK, EXPORT, IMPORT, POPULATE, naming_all
from dynasmith.project.verbs.restore_world import restore_world
from dynasmith.project.verbs.transform_fingerprint import check_masking_key, check_transform, with_current_transform
from dynasmith.project.verbs.transforms import AnyTransform


def _explained(items: ItemWorld, spec: Spec) -> AbstractContextManager[None]:
    """Names every action that the verb of the job needs where one is denied, as the verb itself does."""
    match spec:
        case Restore():
            return explained(items.world, "backup restore", (*RESTORES, *(POINT_RESTORES if spec.role else ())))
        case RollBack():
            return explained(items.world, "backup restore --into", ROLLBACKS)
        case ServiceExport():
            return naming_all(EXPORT, s3_place(spec.place), items.at(spec.source).session.access)
        case ServiceImport():
            return naming_all(IMPORT, s3_place(spec.place), items.at(spec.target).session.access)
        case BulkPut():
            return naming_all(BULK, s3_place(spec.place), items.at(spec.target).session.access)
        case PopulateFiles() if is_s3(spec.files[0]):
            return naming_all(POPULATE, s3_place(spec.files[0]), items.at(spec.target).session.access)
        case _:
            return nullcontext()


def resume(
    items: ItemWorld,
    job_id: str,
    *,
    transform: AnyTransform | None,
    accept_changed_transform: bool,
    listener: Listener,
    refreshing: Callable[[Refresh], RefreshWorld] | None = None,
    replacing: Callable[[Replace], ReplacementWorld] | None = None,
) -> Report:
    """See `Jobs.resume`. ``refreshing`` is for who can do the parts of a refresh, ``replacing`` for who can replace a
    table."""
    kept = items.ledger.show(job_id)
    spec = readable(kept)
    world = ProjectJobWorld(
        items,
        listener,
        transform=transform,
        in_place=isinstance(spec, Backfill),
        restoration=lambda spec: restore_world(items, spec, listener),
        refreshing=refreshing,
        replacing=replacing,
    )
    function = world.function(transform_of(spec))
    if transform is None and not accept_changed_transform:
        check_transform(job_id, spec, items.folder)
    check_masking_key(job_id, spec, function)
    check_sides(kept, world)
    claim = items.ledger.claim(job_id)
    try:
        spec = readable(claim.job)
        if accept_changed_transform:
            if isinstance(spec, Backfill) and function is not None:  # before it is kept: a refused one was not accepted
                look_again(spec, claim.job, function, world)
            spec = with_current_transform(spec, items.folder, function)
            claim.change(replace(claim.job, spec=spec))
        with _explained(items, spec):
            return items.priced(run(spec, claim, world))
    finally:
        claim.release()
