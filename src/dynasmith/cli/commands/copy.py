"""`dynasmith copy`."""

from typing import Any

import click

from dynasmith.cli.flow_options import CONSISTENT, MODE, MOVED_BY, TRANSPORT, flow_options, flowing, side, side_options
from dynasmith.cli.shared import Invocation, verb


@verb("copy", example="dynasmith copy orders orders_v2 --transform shop.moves:split_name --create-target")
@click.argument("source")
@click.argument("target")
@click.option("--transform", metavar="WHAT", help="An operations file, or module:function.")
@click.option("--create-target", is_flag=True, help="Create the target table first, with the settings of the source.")
@click.option("--backup-first", is_flag=False, flag_value="", default=None, metavar="[NAME]",
              help="First back up the source to a new, verified table; default <table>_backup_YYYYmmdd.")  # fmt: skip
@MODE
@MOVED_BY
@TRANSPORT
@CONSISTENT
@flow_options
@side_options("source")
@side_options("target")
def command(invocation: Invocation, source: str, target: str, **given: Any) -> int:
    """Copy items from one table to another, also in another Region or account. Can be resumed if it is interrupted."""
    from dynasmith.cli.flow_report import FlowProgressView, show_rehearsal, show_report

    asked = flowing(given)
    first, second = side("source", source, given), side("target", target, given)
    project, transform = invocation.project(), given["transform"]
    items = project.items.over(given.pop("transport"))
    wish = {"transform": transform, "asked": asked, "create_target": given["create_target"]}
    if invocation.dry_run:
        return show_rehearsal(invocation, items.rehearse_copy(first, second, **wish))
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = items.copy(first, second, backup_first=given["backup_first"], listener=shown, **wish)
    return show_report(invocation, report)
