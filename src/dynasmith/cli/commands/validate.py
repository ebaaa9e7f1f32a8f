"""`dynasmith validate`."""

from collections.abc import Sequence
from typing import Any

import click
import msgspec
from msgspec.structs import replace

from dynasmith.cli.flow_options import UNITS
from dynasmith.cli.redaction import HIDDEN
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.validate import Finding, ItemFinding, PracticeResult
from dynasmith.validate import checklist as points_of

PRACTICE_COLOURS = {"passed": "green", "finding": "yellow", "cannot be known here": "dim"}


@verb("validate", example="dynasmith validate orders --env prod")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--offline", is_flag=True, help="Check only the definitions; make no calls.")
@click.option("--items", is_flag=True, help="Also check the items by the validators of their model classes.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Problems to show a class.")
@click.option("--max-read-units", type=UNITS, help="Limit in read units a second, for --items.")
@click.option("--checklist", is_flag=True, help="Show how each point of the checklist of best practices stands.")
def command(
    invocation: Invocation,
    tables: tuple[str, ...],
    offline: bool,
    items: bool,
    limit: int,
    max_read_units: float | None,
    checklist: bool,
) -> int:
    """Check configuration and best practice, and print findings with codes. Exits 3 if one is critical."""
    verdict = invocation.project().validate(
        tables, offline=offline, items=items, limit=limit, max_read_units=max_read_units
    )
    if invocation.redact:
        verdict = replace(verdict, findings=tuple(_redacted(each) for each in verdict.findings))
    if checklist:
        _check_list(invocation, points_of(verdict))
    elif invocation.as_json:
        print_json(invocation.world().masks.document([msgspec.to_builtins(each) for each in verdict.findings]))
    else:
        _draw(invocation, verdict)
    return 3 if verdict.critical else 0


def _check_list(invocation: Invocation, results: Sequence[PracticeResult]) -> None:
    from rich.text import Text

    if invocation.as_json:
        print_json(invocation.world().masks.document([each.to_json() for each in results]))
        return
    page, masked = invocation.page(), invocation.masked
    for each in results:
        if each.point == 1:
            page.print(Text(each.table, "bold"))
        codes = f"  {', '.join(each.found or each.codes)}" if each.codes else ""
        colour = PRACTICE_COLOURS[each.state]
        page.print(Text.assemble(f"{each.point:>3} ", (f"{each.state:<21}", colour), each.practice, (codes, "dim")))
        if each.why:
            page.print(f"    {masked(each.why)}", style="dim", markup=False)


def _redacted(finding: Finding) -> Finding:
    return finding.redacted(HIDDEN) if isinstance(finding, ItemFinding) else finding


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
