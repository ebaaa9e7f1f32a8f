"""export: every item of a table into files, or to a function. The sink's matter is the sink's; here is the flow."""

from dynasmith.engine.transfer.copy import (
    counting,
    expected_items,
    expiry,
    limited_pages,
    table_reader,
    transfer_segments,
    transfer_width,
)
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.key_read import read_rates
from dynasmith.engine.transfer.mask_check import check_masks, sealing_keys
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.parts import SeparateParts
from dynasmith.engine.transfer.runner import Pipeline, run_job
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.items.ctx import Context
from dynasmith.items.transform import Transform
from dynasmith.jobs.job import Job
from dynasmith.jobs.report import Report
from dynasmith.jobs.spec import Export, FunctionExport
from dynasmith.ports.checkpoints import Claim


def begin_export(spec: Export | FunctionExport, world: JobWorld) -> Claim:
    """Enter an export in the ledger. Raises UsageError for a transform that cannot be used, before there is a job."""
    source, options = world.table(spec.source), spec.options
    check_masks(world.function(spec.transform), source.key, options.on_error)
    segments = transfer_segments(source, options, world)
    return world.ledger.begin(new_job(spec, world.context, segments, expected_items(spec, source)))


def export(spec: Export | FunctionExport, claim: Claim, world: JobWorld) -> Report:
    """Write every item of a table into its sink, from where the job is; the digest of the report is the export's.

    Parts that were begun are cut to where their checkpoint says they were. Interrupted and errors leave a job that can
    be resumed; the export has each item once in any case.
    """
    return run_job(claim, export_pipeline(spec, claim.job, world), world.context)


def export_pipeline(spec: Export | FunctionExport, job: Job, world: JobWorld) -> Pipeline:
    """From the table through filter and transform to the files, or the function."""
    source, options = world.table(spec.source), spec.options
    transform_function = world.function(spec.transform)
    function = counting(transform_function, spec.personal)
    transform = None if function is None else Transform(function, Context(job.started_at, job.id, source.key))
    keep = expiry(source, job.started_at) if options.expired == "skip" else None
    stage = None if keep is None and transform is None else Steps(keep=keep, transform=transform)
    pages = limited_pages(options, is_whole=stage is None)
    reader, sink = table_reader(source, job.segments, pages), world.export_sink(spec)
    movable = source.access.portable and isinstance(spec, Export)
    return Pipeline(
        source=reader,
        sink=sink,
        stage=stage,
        reads=read_rates(options, source),
        width=transfer_width(options),
        digest=True,
        processes=options.processes if movable else 0,
        parts=SeparateParts(reader, sink, stage) if movable else None,
        table=source.name,
        total_items=expected_items(spec, source),
        limit=options.limit,
        tables=(source,),
        seal=sealing_keys(transform_function),
    )
