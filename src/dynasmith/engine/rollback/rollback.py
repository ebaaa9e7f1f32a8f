"""backup restore --into: one job that writes what the files of an export have, and deletes what they have not."""

from dynasmith.engine.backfill.sink import ChangeSink
from dynasmith.engine.backfill.unconfirmed_changes import UnconfirmedChanges
from dynasmith.engine.rollback.changes import RollbackRetry, RollbackSource, RollbackStage
from dynasmith.engine.transfer.copy import paced_pages, table_reader
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.runner import Pipeline, run_job
from dynasmith.engine.transfer.table_details import rates
from dynasmith.errors import CheckpointError
from dynasmith.jobs.job import Job
from dynasmith.jobs.report import Report
from dynasmith.jobs.segments import plan_segments
from dynasmith.jobs.spec import RollBack
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import ThrottleListener, permit_of


def begin_rollback(spec: RollBack, world: JobWorld) -> Claim:
    """Enter a rollback in the ledger, with its undo journal. ``spec.parts`` is how many files there are."""
    described, options = world.table(spec.target).description, spec.options
    own = plan_segments(described.size_bytes_estimate, workers=options.segments_at_once, asked=options.segments)
    job = new_job(spec, world.context, spec.parts + own, None)
    world.new_journal(job, world.table(spec.target))
    return world.ledger.begin(job)


def roll_back(spec: RollBack, claim: Claim, world: JobWorld) -> Report:
    """Make the items of the table those of the files, from where the job is; give the report.

    Each item is changed while it is as it was read, again where others changed it meanwhile, and is in the journal
    before the request is sent. Interrupted and errors of the service leave a job that can be resumed: at most a page a
    segment is looked at again. Raises CheckpointError where the files are not as many as they were.
    """
    return run_job(claim, rollback_pipeline(spec, claim.job, world), world.context)


def rollback_pipeline(spec: RollBack, job: Job, world: JobWorld) -> Pipeline:
    """From the files and the table to conditional changes, each in the journal before."""
    table, options = world.table(spec.target), spec.options
    updates, unsure, journal = world.updates(spec.target), UnconfirmedChanges(table.key), world.journal(job)
    files, spared = world.rollback_files(spec)
    writes = rates(table, "write", options.max_write_units, share=options.share)
    scanned = table_reader(table, job.segments - spec.parts, paced_pages(options, writes))

    async def source(heard: ThrottleListener) -> RollbackSource:
        opened = await files(heard)
        if opened.segments != spec.parts:
            raise CheckpointError(
                f"{spec.files} has {opened.segments:,} files, and had {spec.parts:,} when the job began.",
                hint="put the files back as they were, or cancel the job and begin again",
            )
        lookup = await table.access.lookup(table.name)()
        return RollbackSource(opened, await scanned(heard), lookup, spared, unsure, table.key)

    async def sink(heard: ThrottleListener) -> ChangeSink:
        permit = permit_of(heard)
        return ChangeSink(
            await updates(heard), table.key, RollbackRetry(), journal=journal, unsure=unsure, permit=permit
        )

    return Pipeline(
        source=source,
        sink=sink,
        stage=RollbackStage(),
        reads=rates(table, "read", options.max_read_units, share=options.share),
        writes=writes,
        width=ConcurrencyLimits(options.segments_at_once, options.lanes),
        digest=False,
        table=table.name,
        tables=(table,),
    )
