"""replace, wired: begin, go on, show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import urandom

import msgspec

from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.engine.replacement.goal import has_reached
from dynasmith.engine.replacement.replacement import begin_replacement
from dynasmith.engine.run import run
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import UsageError
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Function, Transform
from dynasmith.jobs.job import Job, job_id, readable
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.replacement_progress import ReplacementGoal, ReplacementProgress
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Copy, Replace
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_resume import resume
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.replacements.check import check_items, check_source, new_table, shows_too_little
from dynasmith.project.verbs.replacements.names import next_name
from dynasmith.project.verbs.replacements.replacement_world import ProjectReplacementWorld


def planned_replacement(
    items: ItemWorld,
    table: str,
    *,
    new_name: str = "",
    transform: str | None = None,
    reverse: str | None = None,
    source_key: Mapping[str, str] | None = None,
    restart_stream: bool = False,
    until: ReplacementGoal = "verified",
    options: TransferOptions | None = None,
) -> Replace:
    """The replacement as a job would do it, checked against the two tables; reads only."""
    if reverse is not None and transform is None:
        raise UsageError("--reverse undoes a transform, and there is none.", hint="remove it: items stay as they are")
    moves_keys = transform is not None
    described = check_source(items, table, moves_keys=moves_keys, restart_stream=restart_stream)
    made = new_table(items, table, new_name or next_name(table))
    began = items.now()
    source, target = Side(table=described.table.name), Side(table=made.name)
    ref = ProjectJobWorld(items, transform=transform).transform_ref()
    asked = options or TransferOptions()
    spec = Replace(
        source=source,
        target=target,
        definition=msgspec.json.encode(made).decode(),
        transform=ref,
        inverse=ProjectJobWorld(items, transform=reverse).transform_ref(),
        owners=dict(source_key or {}),
        restart_stream=restart_stream and shows_too_little(described, moves_keys=moves_keys),
        until=until,
        began=began,
        progress=ReplacementProgress(copy_job=job_id(Copy.verb, began, urandom(3))),
        options=msgspec.structs.replace(asked, consistent=True, on_error="dead", digest=False),
    )
    world = ProjectJobWorld(items, transform=transform)
    ends = (items.end(source), items.end_of(target, made))
    inverse = ProjectJobWorld(items, transform=reverse).function(spec.inverse)
    bound = _bound(spec, world.function(ref), *ends)
    check_items(*ends, bound, spec.owners, AwsModelItems(items.world.session), _bound(spec, inverse, *reversed(ends)))
    return spec


def _bound(spec: Replace, function: Function | None, source: TableEnd, target: TableEnd) -> Transform | None:
    if function is None:
        return None
    return Transform(function, Context(spec.began, spec.progress.copy_job, source.key), target=target.key)


def replace(
    items: ItemWorld, spec: Replace, *, consent: Consent | None = None, listener: Listener = silent
) -> Replacement:
    """Begin a replacement that was planned."""
    text = f"Replace {spec.source.table} by {spec.target.table}, which is created and filled, in {{where}}?"
    if not spec.goes_back:
        text += " Without --reverse there is no way back after a cut-over."
    if spec.restart_stream:
        text += " Its stream is turned off and on, and its readers lose what is unread."
    items.granted(consent, spec.source, spec.source.table, text)
    world = ProjectJobWorld(items, listener, replacing=_world_of(items, listener))
    claim = begin_replacement(spec, world)
    report = items.priced(run(readable(claim.job), claim, world))
    assert isinstance(report, Replacement)
    return report


def go_on(
    items: ItemWorld,
    job_id: str,
    until: ReplacementGoal,
    *,
    max_read_units: float | None = None,
    listener: Listener = silent,
    **changes: object,
) -> Replacement:
    """Go on with a replacement to another goal; ``changes`` are of its progress. A limit of reads that is given is that
    of every later run."""
    _change(items, job_id, until, changes, max_read_units)
    replacing = _world_of(items, listener, commanded=True)
    report = resume(
        items, job_id, transform=None, accept_changed_transform=False, listener=listener, replacing=replacing
    )
    assert isinstance(report, Replacement)
    return report


def _world_of(
    items: ItemWorld, listener: Listener, *, commanded: bool = False
) -> Callable[[Replace], ProjectReplacementWorld]:
    return lambda spec: ProjectReplacementWorld.of(items, spec, listener, commanded=commanded)


def _change(
    items: ItemWorld,
    job_id: str,
    until: ReplacementGoal,
    changes: Mapping[str, object],
    max_read_units: float | None,
) -> None:
    replacement_of(items, job_id)
    claim = items.ledger.claim(job_id)
    try:
        spec = readable(claim.job)
        assert isinstance(spec, Replace)
        progress = msgspec.structs.replace(spec.progress, **changes)
        limit = spec.options.max_read_units if max_read_units is None else max_read_units
        options = msgspec.structs.replace(spec.options, max_read_units=limit)
        spec = msgspec.structs.replace(spec, progress=progress, until=until, options=options)
        claim.change(msgspec.structs.replace(claim.job, spec=spec))
    finally:
        claim.release()


def replacement_of(items: ItemWorld, job_id: str) -> tuple[Job, Replace]:
    """The job of a replacement. Raises UsageError for another job, RunError where there is none."""
    job = items.ledger.show(job_id)
    if not isinstance(job.spec, Replace):
        raise UsageError(f"Job {job.id} is a {job.verb}, and replaces no table.", hint="dynasmith jobs list")
    return job, job.spec


def shown(items: ItemWorld, job_id: str) -> Replacement:
    """How far a replacement is, from the ledger; the counts are those of its copy so far."""
    job, spec = replacement_of(items, job_id)
    copied = next((each.counts for each in items.ledger.jobs() if each.id == spec.progress.copy_job), job.counts)
    found = Replacement(
        job,
        copied,
        job.ran_seconds,
        source_table=spec.source.table,
        target_table=spec.target.table,
        progress=spec.progress,
        reached=has_reached(spec),
        goes_back=spec.goes_back,
    )
    priced = items.priced(found)
    assert isinstance(priced, Replacement)
    return priced
