"""`dynasmith validate`."""

from typing import Any

import click
import msgspec

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("validate", example="dynasmith validate orders --env prod")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--offline", is_flag=True, help="Check only the definitions; make no calls.")
def command(invocation: Invocation, tables: tuple[str, ...], offline: bool) -> int:
    """Check configuration and best practice, and print findings with codes. Exits 3 if one is critical."""
    verdict = invocation.project().validate(tables, offline=offline)
    if invocation.as_json:
        print_json(invocation.world().masks.document([msgspec.to_builtins(each) for each in verdict.findings]))
    else:
        _draw(invocation, verdict)
    return 3 if verdict.critical else 0


def _draw(invocation: Invocation, verdict: Any) -> None:
    from rich.text import Text

    from dynasmith.cli.drawings import SEVERITY_COLOURS

    page, masked = invocation.page(), invocation.masked
    for finding in verdict.findings:
        place = f"{finding.table} {finding.path}".strip()
        colour = SEVERITY_COLOURS[finding.severity]
        page.print(Text.assemble((f"{finding.severity:<9}", colour), (f"{finding.code}  ", "dim"), (place, "bold")))
        page.print(f"           {masked(finding.why)}", markup=False)
        page.print(f"           {masked(finding.fix)}", style="dim", markup=False)
    for accepted in verdict.accepted:
        finding = accepted.finding
        page.print(
            f"accepted {finding.code}  {finding.table} {finding.path}: {accepted.reason}", style="dim", markup=False
        )
    counts = dict.fromkeys(SEVERITY_COLOURS, 0)
    for finding in verdict.findings:
        counts[finding.severity] += 1
    page.print(", ".join(f"{number} {severity}" for severity, number in counts.items()) + ".", markup=False)
