"""A job that goes on from its checkpoints, under its own id."""

from __future__ import annotations

from msgspec.structs import replace

from dynasmith.engine.backfill.backfill import look_again
from dynasmith.engine.run import run
from dynasmith.jobs.job import readable
from dynasmith.jobs.report import Report
from dynasmith.jobs.spec import Backfill, transform_of
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_tables import check_sides
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.restore_world import restore_world
from dynasmith.project.verbs.transform_fingerprint import check_transform, with_current_transform
from dynasmith.project.verbs.transforms import AnyTransform


def resume(
    items: ItemWorld,
    job_id: str,
    *,
    transform: AnyTransform | None,
    accept_changed_transform: bool,
    listener: Listener,
) -> Report:
    """See `Jobs.resume`."""
    kept = items.ledger.show(job_id)
    spec = readable(kept)
    world = ProjectJobWorld(
        items,
        listener,
        transform=transform,
        in_place=isinstance(spec, Backfill),
        restoration=lambda spec: restore_world(items, spec, listener),
    )
    function = world.function(transform_of(spec))
    if transform is None and not accept_changed_transform:
        check_transform(job_id, spec, items.folder)
    check_sides(kept, world)
    claim = items.ledger.claim(job_id)
    try:
        spec = readable(claim.job)
        if accept_changed_transform:
            if isinstance(spec, Backfill) and function is not None:  # before it is kept: a refused one was not accepted
                look_again(spec, claim.job, function, world)
            spec = with_current_transform(spec, items.folder)
            claim.change(replace(claim.job, spec=spec))
        return items.priced(run(spec, claim, world))
    finally:
        claim.release()
