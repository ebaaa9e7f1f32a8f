"""export: every item of a table into files. The files are the sink's matter; here is the flow."""

from typing import Any

from dynasmith.engine.transfer.copy import expiry, new_job, table_reader
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.options import TransferOptions, asked_again, kept
from dynasmith.engine.transfer.runner import Pipeline, RunContext, run_job
from dynasmith.engine.transfer.table_details import TableEnd, rates
from dynasmith.engine.transfer.transform_stage import Steps
from dynasmith.jobs.report import Report
from dynasmith.jobs.segments import plan_segments
from dynasmith.ports.checkpoints import Claim, Ledger
from dynasmith.ports.items import OpenSink


def export(
    source: TableEnd,
    sink: OpenSink,
    ledger: Ledger,
    asked: TransferOptions | None = None,
    *,
    parameters: dict[str, Any] | None = None,
    around: RunContext | None = None,
) -> Report:
    """Write every item of ``source`` into ``sink`` and give the report; its digest is the export's.

    Interrupted and errors leave a job that ``export_again`` resumes; the export has each item once in any case.
    """
    asked = asked or TransferOptions()
    around = around or RunContext()
    segments = plan_segments(
        source.description.size_bytes_estimate, workers=asked.segments_at_once, asked=asked.segments
    )
    total = source.description.item_count_estimate or None
    job = new_job("export", around, segments, kept(asked, parameters or {}, total))
    return _run(ledger.begin(job), source, sink, asked, around)


def export_again(claim: Claim, source: TableEnd, sink: OpenSink, *, around: RunContext | None = None) -> Report:
    """Resume an export: parts are cut to where their checkpoint says they were, and go on from there."""
    return _run(claim, source, sink, asked_again(claim.job.parameters), around or RunContext())


def _run(claim: Claim, source: TableEnd, sink: OpenSink, asked: TransferOptions, around: RunContext) -> Report:
    keep = expiry(source, claim.job) if asked.expired == "skip" else None
    ways = Pipeline(
        source=table_reader(source, claim.job.segments, asked),
        sink=sink,
        stage=None if keep is None else Steps(keep=keep),
        reads=rates(source, "read", asked.max_read_units, share=asked.share),
        width=ConcurrencyLimits(asked.segments_at_once, asked.lanes),
        digest=True,
        table=source.name,
        total_items=source.description.item_count_estimate or None,
        tables=(source,),
    )
    return run_job(claim, ways, around)
