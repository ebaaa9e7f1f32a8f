"""`dynasmith delete-items`."""

from typing import Any

import click

from dynasmith.cli.commands.backfill import SampleSize
from dynasmith.cli.flow_options import CONSISTENT, flow_options_but
from dynasmith.cli.shared_options import Invocation, refuse_given, verb


@verb("delete-items", example='dynasmith delete-items sessions --where "expires < 1700000000" --dry-run')
@click.argument("table")
@click.option("--where", default="", metavar="CONDITION", help="Delete only items that meet it, also when deleted.")
@click.option("--keys", metavar="FILE", help="Delete the items whose keys are in this file: JSON lines or CSV.")
@click.option("--all", is_flag=True, help="Delete every item.")
@click.option("--no-journal", is_flag=True, help="Keep nothing of the items: they cannot be put back.")
@click.option("--limit-items", type=click.IntRange(1), metavar="N", help="Delete at most N items, then end the job.")
@click.option("--sample", type=SampleSize(), default=1000, show_default=True,
              help="Items that --dry-run reads; all reads every item.")  # fmt: skip
@CONSISTENT
@flow_options_but("digest", "filter", "expired", "on_error")
def command(invocation: Invocation, table: str, **given: Any) -> int:
    """Delete many items of a table. You type its name to confirm. Can be resumed and undone."""
    from dynasmith.cli.backfill_report import show_deleted, show_deletion_rehearsed
    from dynasmith.cli.flow_report import FlowProgressView

    sample, journal = given.pop("sample"), not given.pop("no_journal")
    if invocation.dry_run:
        own = {name: value for name, value in given.items() if name not in ("segments", "batch_size")}
        found = invocation.project().dry_run.delete_items(table, sample=sample or None, **own)
        return show_deletion_rehearsed(invocation, table, found, whole=given["all"], by_keys=given["keys"] is not None)
    refuse_given("--dry-run", ("sample",))
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = invocation.project().delete_items(table, journal=journal, listener=shown, **given)
    return show_deleted(invocation, report)
