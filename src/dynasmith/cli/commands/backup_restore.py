"""`dynasmith backup restore`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith.project.project import Project


@verb("restore", example="dynasmith backup restore orders-20261120-101500 --target orders-restored")
@click.argument("source", required=False, metavar="[BACKUP|FILE]")
@click.option("--target", metavar="NAME", help="Name of the new table. A restore never writes to an existing one.")
@click.option("--table", metavar="TABLE", help="Restore this table to the time of --at; an ARN if it is deleted.")
@click.option("--at", metavar="TIME|latest", help="The time, with its offset: 2026-11-20T10:15:00Z; or latest.")
@click.option("--without-indexes", is_flag=True, help="Restore without secondary indexes, which is faster.")
@click.option("--billing", type=click.Choice(["on-demand", "provisioned"]), help="Billing mode of the new table.")
@click.option("--encryption", metavar="KEY", help="aws-owned, aws-managed, or the ARN, id or alias of your key.")
@click.option(
    "--prove",
    metavar="FILE|s3://BUCKET/PREFIX",
    help="Compare every item with these files. In S3 the service exports the same second, unless an export is there.",
)
@click.option("--into", metavar="TABLE", help="Write the items into this existing table, and delete all others in it.")
@click.option("--no-settings", is_flag=True, help="Do not apply the settings that the service leaves out.")
@click.option("--resume", "resumes", is_flag=True, help="Continue the restore of --target that was stopped.")
def restore(invocation: Invocation, source: str | None, target: str | None, resumes: bool, **given: Any) -> int:
    """Restore a table from a backup, to a point in time, or from an export, always as a new table. Then verify the
    items and apply the settings that the service does not restore; exit 3 if something is not as before."""
    from dynasmith.cli.flow_report import FlowProgressView
    from dynasmith.cli.restore_report import RestoreProgress, show_restore

    if (into := given.pop("into")) is not None:
        return _into(invocation, source, into, target, resumes, given)
    if not target:
        raise UsageError("backup restore needs --target, the name of the new table.", hint="--target orders-restored")
    project = invocation.project()
    if resumes:
        if source or any(given.values()):
            raise UsageError(
                "--resume takes everything but --target from the restore that was stopped.", hint="remove the others"
            )
        with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
            report = project.backups.resume(target, listener=RestoreProgress(shown, invocation))
        return show_restore(invocation, report)
    request = _request(invocation, source, given)
    if invocation.dry_run:
        return _rehearsed(invocation, project, target, request)
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = project.backups.restore(target=target, listener=RestoreProgress(shown, invocation), **request)
    return show_restore(invocation, report)


def _into(
    invocation: Invocation, source: str | None, table: str, target: str | None, resumes: bool, given: dict[str, Any]
) -> int:
    """Roll the items of a table back in place."""
    from dynasmith.cli.flow_report import FlowProgressView
    from dynasmith.cli.restore_report import RestoreProgress, estimate_line

    if not source or target or resumes or any(given.values()):
        raise UsageError(
            "--into takes a backup or a file, and no other option.", hint="backup restore FILE --into TABLE"
        )
    backups = invocation.project().backups
    if invocation.dry_run:
        found = backups.rehearse_restore_into(source, table)
        hides = invocation.redact or found.protected
        for each in found.differences:
            invocation.say(f"{each['kind']}: {'(hidden)' if hides else each['key']}")
        if found.source_items is not None:
            invocation.say(
                f"The source has about {found.source_items:,} items, the table about {found.table_items_estimate:,}."
            )
        invocation.say(estimate_line(found.estimate, "the service does not say how long a restore takes"))
        for note in found.notes:
            invocation.say(f"Note: {note}.")
        invocation.say(f"Would make the items of {found.table} those of {found.source}. Dry run: nothing was changed.")
        if invocation.as_json:
            print_json(found.to_json() | ({"differences": []} if hides else {}))
        return 0
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = backups.restore_into(source, table, listener=RestoreProgress(shown, invocation))
    same = "equal to" if report.equal else "not equal to"
    invocation.say(
        f"{report.table}: {report.written:,} items written, {report.already:,} already there, {report.deleted:,} "
        f"deleted; {same} {report.source}. To undo it: dynasmith jobs undo {report.job}"
    )
    if invocation.as_json:
        print_json(report.to_json())
    return 0 if report.equal else 3


def _request(invocation: Invocation, source: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `Backups.restore`."""
    from dynasmith.cli.time_values import instant

    at: datetime | str | None = given["at"]
    if isinstance(at, str) and at != "latest":
        at = instant(at, "--at")
    return {
        "backup": source,
        "table": given["table"],
        "at": at,
        "region": invocation.text("region") if source and source.startswith("arn:") else "",
        "without_indexes": given["without_indexes"],
        "billing": given["billing"],
        "encryption": given["encryption"],
        "prove": given["prove"],
        "settings": not given["no_settings"],
    }


def _rehearsed(invocation: Invocation, project: Project, target: str, request: dict[str, Any]) -> int:
    from dynasmith.cli.restore_report import estimate_line

    found = project.backups.rehearse_restore(target=target, **request)
    if invocation.as_json:
        print_json(found.to_json() | project.where.to_json())
        return 0
    at = f" as it was at {found.at}" if found.at else ""
    invocation.say(f"Would restore {found.source}{at} to the new table {found.target} in {project.where}.")
    if found.items_expected is not None:
        invocation.say(f"About {found.items_expected:,} items; all of them are read once, to verify.")
    invocation.say(estimate_line(found.estimate, "the service does not say how long a restore takes"))
    if found.settings:
        invocation.say(f"Settings, from {found.settings_from}: {', '.join(found.settings)}.")
    elif not found.settings_from:
        invocation.say("Warning: nothing says what the settings of the table were.")
    invocation.say("Dry run: nothing was changed.")
    return 0
