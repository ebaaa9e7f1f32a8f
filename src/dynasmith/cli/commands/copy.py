"""`dynasmith copy`."""

from typing import Any

import click

from dynasmith.cli.flow_options import (
    CONSISTENT,
    LIMIT_ITEMS,
    MODE,
    MOVED_BY,
    TRANSPORT,
    cluster_of,
    flow_options,
    placed_by,
    side,
    side_options,
)
from dynasmith.cli.mask_options import mask_options, read_mask_options
from dynasmith.cli.remote_options import refuse_cluster, remote_of, remote_options
from dynasmith.cli.remote_report import told_by
from dynasmith.cli.shared_options import Invocation, verb
from dynasmith.errors import UsageError


@verb("copy", example="dynasmith copy orders orders_v2 --transform shop.moves:split_name --create-target")
@click.argument("source")
@click.argument("target")
@mask_options
@click.option("--create-target", is_flag=True, help="Create the target table first, with the settings of the source.")
@click.option("--keep-target-items", is_flag=True,
              help="Let items stay that the target holds from before, and that may be unmasked.")  # fmt: skip
@click.option("--backup-first", is_flag=False, flag_value="", default=None, metavar="[NAME]",
              help="First back up the source to a new, verified table; default <table>_backup_YYYYmmdd.")  # fmt: skip
@MODE
@MOVED_BY
@placed_by
@TRANSPORT
@CONSISTENT
@LIMIT_ITEMS
@flow_options
@side_options("source")
@side_options("target")
@remote_options
def command(invocation: Invocation, source: str, target: str, **given: Any) -> int:
    """Copy items from one table to another, also in another Region or account. Can be resumed if it is interrupted."""
    from dynasmith.cli.flow_report import FlowProgressView, show_rehearsal, show_report

    personal = read_mask_options(given)
    first, second = side("source", source, given), side("target", target, given)
    cluster = cluster_of(given)
    remote = remote_of(invocation, given)
    if remote is not None:
        refuse_cluster(cluster)
        backup = given.pop("backup_first")
        if backup is not None:
            raise UsageError("--backup-first has no remote.", hint="back it up first, or add --no-remote")
        if personal:
            raise UsageError("--allow-personal has no remote.", hint="mask it, or add --no-remote")
        if invocation.dry_run:
            return show_rehearsal(invocation, remote.rehearse_copy(first, second, **given))
        return show_report(invocation, remote.copy(first, second, told=told_by(invocation), **given))
    project, backup = invocation.project(), given.pop("backup_first")
    if invocation.dry_run:
        return show_rehearsal(invocation, project.dry_run.copy(first, second, **given))
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        backup_first = False if backup is None else backup or True
        consent = invocation.consent(allow_personal=personal)
        report = project.copy(
            first, second, backup_first=backup_first, listener=shown, consent=consent, on=cluster, **given
        )
    return show_report(invocation, report)
