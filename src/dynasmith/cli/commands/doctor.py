"""`dynasmith doctor`."""

import click
import msgspec

from dynasmith.cli.shared import Invocation, print_json, verb


@verb("doctor", example="dynasmith doctor --env prod")
@click.option("--table", default="", metavar="TABLE", help="Try the rights on this table.")
def command(invocation: Invocation, table: str) -> int:
    """Versions, credentials, account, Region, endpoint and rights: what was found, from where, and what mends it."""
    import json

    from rich.text import Text

    from dynasmith.aws.doctor import diagnose

    checks = diagnose(invocation.project().session, table)
    failed = any(check.state == "failed" for check in checks)
    if invocation.as_json:
        print_json(invocation.project().masks.document([msgspec.to_builtins(check) for check in checks]))
        return 1 if failed else 0
    page, masked = invocation.page(), invocation.masked
    marks = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}
    for check in checks:
        mark, colour = marks[check.state]
        page.print(Text.assemble((f"{mark} ", colour), (f"{check.name:<14}", "bold"), masked(check.says)))
        if check.mend:
            page.print(f"                {masked(check.mend)}", style="dim", markup=False)
        if check.statement:
            page.print(
                f"                allow it with {masked(json.dumps(check.statement))}", style="dim", markup=False
            )
    return 1 if failed else 0
