"""`dynasmith export`."""

import sys
from typing import Any

import click

from dynasmith.cli.flow_options import (
    CONSISTENT,
    LIMIT_ITEMS,
    MOVED_BY,
    TRANSPORT,
    cluster_of,
    flow_options_but,
    placed_by,
    side,
    side_options,
)
from dynasmith.cli.mask_options import mask_options, read_mask_options
from dynasmith.cli.shared_options import Invocation, verb
from dynasmith.cli.wait_options import service_wait_options, waiting
from dynasmith.errors import UsageError

STDOUT = "-"


@verb("export", example="dynasmith export orders orders.jsonl.gz")
@click.argument("table")
@click.argument("dest", metavar="FILE|FOLDER|-|s3://BUCKET/PREFIX")
@mask_options
@click.option(
    "--format",
    type=click.Choice(["dynamodb", "plain", "plain-lossy", "csv", "tsv", "ion"]),
    default=None,
    help="DynamoDB JSON (default), plain JSON (no sets or binary), plain-lossy, CSV, TSV; ion in S3.",
)
@click.option(
    "--compress",
    type=click.Choice(["gz", "zst", "none"]),
    default=None,
    help="Compression; by default from the file name.",
)
@click.option("--split-bytes", type=click.IntRange(1_000), help="In a folder: begin a new file at this size.")
@click.option("--at", metavar="TIME", help="In S3: the table as it was at this time; default now.")
@click.option("--incremental", metavar="FROM..TO", help="In S3: the changes between two times, 15 minutes to 24 hours.")
@click.option("--kms-key", default="", metavar="KEY", help="In S3: encrypt the files with this key of KMS.")
@click.option("--bucket-owner", default="", metavar="ACCOUNT", help="In S3: the account of a bucket that is not yours.")
@service_wait_options
@MOVED_BY
@placed_by
@TRANSPORT
@CONSISTENT
@LIMIT_ITEMS
@flow_options_but("digest", "on_error", "max_write_units")
@side_options("source")
def command(invocation: Invocation, table: str, dest: str, **given: Any) -> int:
    """Export all items of a table to a file or a folder of files, with a manifest: counts, digest, definition.

    With - for the file the items go to standard output, a line each, and nothing is kept of the job. With s3:// the
    service exports: it uses no read units, and the table needs point-in-time recovery. What is personal leaves a
    protected environment masked or by name.
    """
    from dynasmith.cli.flow_report import FlowProgressView, show_rehearsal, show_report
    from dynasmith.cli.time_values import instant, window

    personal = read_mask_options(given)
    given["at"] = None if given["at"] is None else instant(given["at"], "--at")
    given["incremental"] = None if given["incremental"] is None else window(given["incremental"], "--incremental")
    waits = waiting(given.pop("no_wait"), given.pop("wait_timeout"))
    cluster = cluster_of(given)
    if cluster is not None and (dest == STDOUT or dest.startswith("s3://")):
        raise UsageError(f"No workers write to {dest}.", hint="name a file or a folder, or remove --on")
    if dest == STDOUT:
        _refuse_of_s3(given)
        return _to_stdout(invocation, table, given, personal)
    source, project = side("source", table, given), invocation.project()
    if invocation.dry_run:
        return show_rehearsal(invocation, project.dry_run.export(source, dest, **given))
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        consent = invocation.consent(allow_personal=personal)
        report = project.export(source, dest, listener=shown, consent=consent, on=cluster, **given, **waits)
    if report.service is None and not invocation.as_json and report.job.state == "done":
        invocation.say(f"Exported to {dest}. To load it into a table: dynasmith populate TABLE {dest}")
    return show_report(invocation, report)


def _refuse_of_s3(given: dict[str, Any]) -> None:
    """Standard output takes none of the options of an export to S3."""
    for name in ("at", "incremental", "kms_key", "bucket_owner"):
        if given.pop(name):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} is of an export to S3.", hint=f"name s3://BUCKET/PREFIX, or remove {option}")
    if given["format"] == "ion":
        raise UsageError("ion is a format of the service.", hint="name s3://BUCKET/PREFIX, or another format")


def _to_stdout(invocation: Invocation, table: str, given: dict[str, Any], personal: frozenset[str]) -> int:
    """Data to standard output, words to standard error."""
    from dynasmith.cli.flow_report import FlowProgressView, show_rehearsal, show_report

    for refused, name in ((invocation.as_json, "--json"), (bool(invocation.values.get("redact")), "--redact")):
        if refused and not invocation.dry_run:
            raise UsageError(f"{name} cannot be used where items go to standard output.", hint=f"remove {name}")
    if given.pop("split_bytes"):
        raise UsageError("Standard output cannot be split.", hint="name a folder, or remove --split-bytes")
    if given.pop("processes"):
        raise UsageError("Standard output is written by one process.", hint="name a file, or remove --processes")
    source, project = side("source", table, given), invocation.project()
    if invocation.dry_run:
        return show_rehearsal(invocation, project.dry_run.export(source, **given))
    out = sys.stdout.buffer  # before the view, within which what is printed goes to standard error
    with FlowProgressView(invocation.words(), resumable=False) as shown:
        consent = invocation.consent(allow_personal=personal)
        report = project.export_to(source, out, listener=shown, consent=consent, **given)
    return show_report(invocation, report)
