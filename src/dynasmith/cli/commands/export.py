"""`dynasmith export`."""

import sys
from typing import Any

import click

from dynasmith.cli.flow_options import CONSISTENT, TRANSPORT, flow_options_but, flowing, side, side_options
from dynasmith.cli.shared import Invocation, verb
from dynasmith.errors import UsageError

STDOUT = "-"


@verb("export", example="dynasmith export orders orders.jsonl.gz")
@click.argument("table")
@click.argument("dest", metavar="FILE|FOLDER|-")
@click.option("--format", "style", type=click.Choice(["dynamodb", "plain", "plain-lossy", "csv", "tsv"]), default=None,
              help="DynamoDB JSON (default), plain JSON (no sets or binary), plain-lossy, CSV or TSV.")  # fmt: skip
@click.option(
    "--compress",
    type=click.Choice(["gz", "zst", "none"]),
    default=None,
    help="Compression; by default from the file name.",
)
@click.option("--split-bytes", type=click.IntRange(1_000), help="In a folder: begin a new file at this size.")
@TRANSPORT
@CONSISTENT
@flow_options_but("digest", "on_error", "max_write_units")
@side_options("source")
def command(invocation: Invocation, table: str, dest: str, **given: Any) -> int:
    """Export all items of a table to a file or a folder of files, with a manifest: counts, digest, definition.

    With - for the file the items go to standard output, a line each, and nothing is kept of the job.
    """
    from dynasmith.cli.flow_report import FlowProgressView, show_rehearsal, show_report
    from dynasmith.project.verbs.export_files import export_options

    if dest.startswith("s3://"):
        raise UsageError(
            "An export to S3 by the service is not offered by this version.", hint="name a file or a folder"
        )
    if dest == STDOUT:
        return _to_stdout(invocation, table, given)
    how = export_options(dest, style=given["style"], compression=given["compress"], split_bytes=given["split_bytes"])
    asked = flowing(given)
    source = side("source", table, given)
    items = invocation.project().items.over(given.pop("transport"))
    if invocation.dry_run:
        return show_rehearsal(invocation, items.rehearse_export(source, asked=asked))
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = items.export(source, dest, how=how, asked=asked, listener=shown)
    if not invocation.as_json and report.job.state == "done":
        invocation.say(f"Exported to {dest}. To load it into a table: dynasmith populate TABLE {dest}")
    return show_report(invocation, report)


def _to_stdout(invocation: Invocation, table: str, given: dict[str, Any]) -> int:
    """Data to standard output, words to standard error."""
    from dynasmith.cli.flow_report import FlowProgressView, show_rehearsal, show_report
    from dynasmith.jobs.options import ExportOptions

    for refused, name in ((invocation.as_json, "--json"), (invocation.redact, "--redact")):
        if refused and not invocation.dry_run:
            raise UsageError(f"{name} cannot be used where items go to standard output.", hint=f"remove {name}")
    how = ExportOptions(
        style=given["style"] or "dynamodb",
        compression=given["compress"] if given["compress"] in ("gz", "zst") else "",
        split_bytes=given["split_bytes"],
    )
    asked = flowing(given)
    source = side("source", table, given)
    items = invocation.project().items.over(given.pop("transport"))
    if invocation.dry_run:
        return show_rehearsal(invocation, items.rehearse_export(source, asked=asked))
    out = sys.stdout.buffer  # before the view, within which what is printed goes to standard error
    with FlowProgressView(invocation.words(), resumable=False) as shown:
        report = items.export_to(source, out, how=how, asked=asked, listener=shown)
    return show_report(invocation, report)
