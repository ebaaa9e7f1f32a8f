"""`dynasmith doctor`."""

import click
import msgspec

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("doctor", example="dynasmith doctor --env prod")
@click.option("--table", default="", metavar="TABLE", help="Check the permissions on this table.")
def command(invocation: Invocation, table: str) -> int:
    """Check versions, credentials, account, Region, endpoint and permissions: what was found, where it
    came from, and how to fix what is missing."""
    import json

    from rich.text import Text

    from dynasmith.project.verbs.doctor import doctor_checks

    world = invocation.world()
    checks = doctor_checks(world.session, world.masks, table)
    failed = any(check.state == "failed" for check in checks)
    if invocation.as_json:
        print_json([msgspec.to_builtins(check) for check in checks])
        return 1 if failed else 0
    page = invocation.page()
    marks = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}
    for check in checks:
        mark, colour = marks[check.state]
        page.print(Text.assemble((f"{mark} ", colour), (f"{check.name:<14}", "bold"), check.says))
        if check.fix:
            page.print(f"                {check.fix}", style="dim", markup=False)
        if check.statement:
            page.print(f"                allow it with {json.dumps(check.statement)}", style="dim", markup=False)
    return 1 if failed else 0
