"""`dynasmith verify`."""

import sys
from contextlib import redirect_stdout
from typing import Any

import click

from dynasmith.cli.flow_options import TRANSPORT, cluster_of, placed_by, side, side_options
from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("verify", example="dynasmith verify orders orders_v2")
@click.argument("source")
@click.argument("target")
@click.option(
    "--transform",
    metavar="WHAT",
    help="Transform the source first, as the copy did: an operations file, or module:function.",
)
@click.option("--job", default="", metavar="JOB", help="Verify this copy, with its transform, its time and its filter.")
@click.option(
    "--limit", default=20, show_default=True, type=click.IntRange(0), help="Maximum number of differing keys to show."
)
@click.option("--processes", type=click.IntRange(1, 64), help="Read and compare in this many processes.")
@placed_by
@TRANSPORT
@side_options("source")
@side_options("target")
def command(invocation: Invocation, source: str, target: str, **given: Any) -> int:
    """Check by count and digest that two tables, or a table and an export, hold the same items. Exits 3 if not."""
    from dynasmith.cli.flow_report import FlowProgressView

    first, second = side("source", source, given), side("target", target, given)
    cluster, project = cluster_of(given), invocation.project()
    if given["job"]:
        given["job"] = project.jobs.find(given["job"])
    view = FlowProgressView(invocation.words(), redact=invocation.redact)
    with view as shown, redirect_stdout(sys.stderr):  # what the transform prints is no part of the answer
        found = invocation.shown(project.verify(first, second, on=cluster, listener=shown, **given))
    if invocation.as_json:
        print_json(found.to_json())
        return 0 if found.equal else 3
    page = invocation.page()
    done = "transformed" if given["transform"] else f"what {given['job']} made of it" if given["job"] else ""
    alike = source == target
    for name, digest, words in (
        (source, found.source, ["source"] * alike + [done] * bool(done)),
        (target, found.target, ["target"] * alike),
    ):
        page.print(f"{digest}  {name}" + (f" ({', '.join(words)})" if words else ""), markup=False)
    for difference in found.differences:
        live = "  (equal when read again: another writer is changing it)" if difference.changing else ""
        page.print(f"  {difference.kind:<8} {difference.key}{live}", markup=False)
    if found.more:
        page.print("  ... and more (--limit)", markup=False)
    if found.dead:
        page.print(f"  {found.dead} lines or items could not be read", markup=False)
    for hazard in found.hazards:
        page.print(f"  ! {hazard}", style="yellow", markup=False)
    for note in found.notes:
        page.print(f"  · {note}.", markup=False)
    if found.ran_user_code:
        page.print(f"Verify: {found.closing}.", markup=False)
    page.print("Equal." if found.equal else "They differ.", style="green" if found.equal else "bold red")
    return 0 if found.equal else 3
