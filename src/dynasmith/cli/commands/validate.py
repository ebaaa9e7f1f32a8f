"""`dynasmith validate`."""

from collections.abc import Sequence
from typing import Any, Literal

import click
from msgspec.structs import replace

from dynasmith.cli.findings_document import FORMS, findings_document
from dynasmith.cli.flow_options import UNITS
from dynasmith.cli.item_count import ItemCount
from dynasmith.cli.new_file import check_new, write_or_print
from dynasmith.cli.shared_options import Invocation, verb
from dynasmith.documentation import FINDINGS, code_page
from dynasmith.errors import SeveralFailed, UsageError
from dynasmith.project.redaction import HIDDEN
from dynasmith.validate import Finding, ItemFinding, ItemsFinding, PracticeResult
from dynasmith.validate import checklist as points_of

PRACTICE_COLOURS = {"passed": "green", "finding": "yellow", "cannot be known here": "dim"}


@verb("validate", example="dynasmith validate orders --env prod")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--offline", is_flag=True, help="Check only the definitions; make no calls.")
@click.option(
    "--items",
    type=ItemCount(),
    is_flag=False,
    flag_value="1000",
    metavar="[N|all]",
    help="Also check items: N of each table from random segments (1000 without a number), or all.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Problems to show a class, keys a fault."
)
@click.option("--max-read-units", type=UNITS, help="Limit in read units a second, for --items.")
@click.option("--checklist", is_flag=True, help="Show how each point of the checklist of best practices stands.")
@click.option("--format", "form", type=click.Choice(FORMS), help="How to write the findings; text where none is named.")
@click.option("--out", metavar="FILE", help="Write the findings to a new file, not to stdout.")
def command(
    invocation: Invocation,
    tables: tuple[str, ...],
    offline: bool,
    items: int | Literal["all"] | None,
    limit: int,
    max_read_units: float | None,
    checklist: bool,
    form: str | None,
    out: str | None,
) -> int:
    """Check configuration and best practice, and print findings with codes. Exits 3 if one is critical."""
    from dynasmith.cli.flow_report import FlowProgressView

    form = _form(invocation, form, checklist=checklist, out=out)
    with FlowProgressView(invocation.words(), redact=invocation.redact, resumable=False) as shown:
        verdict = invocation.project().validate(
            tables,
            offline=offline,
            items=items or False,
            limit=limit,
            max_read_units=max_read_units,
            listener=shown,
        )
    if invocation.redact:
        accepted = tuple(replace(each, finding=_redacted(each.finding)) for each in verdict.accepted)
        verdict = replace(verdict, findings=tuple(map(_redacted, verdict.findings)), accepted=accepted)
    if form == "text":
        _check_list(invocation, points_of(verdict)) if checklist else _draw(invocation, verdict)
    else:
        write_or_print(out, findings_document(verdict, form, invocation.world().masks, checklist=checklist))
    if verdict.failures:
        raise SeveralFailed(verdict.failures, done=len(verdict.unknown))
    return 3 if verdict.critical else 0


def _form(invocation: Invocation, form: str | None, *, checklist: bool, out: str | None) -> str:
    """The format that is meant. Raises UsageError for options that contradict each other, and for a file that cannot
    be written, before anything is read."""
    if invocation.as_json and form not in (None, "json"):
        raise UsageError(f"--json and --format {form} are two formats.", hint="use one of them")
    form = "json" if invocation.as_json else form or "text"
    if checklist and form not in ("text", "json"):
        raise UsageError(f"--checklist has no format {form}.", hint="use --format json or text, or leave it out")
    if out is not None and form == "text":
        raise UsageError("--out needs a format for files.", hint="add --format json, junit or sarif")
    if out is not None:
        check_new(out)
    return form


def _check_list(invocation: Invocation, results: Sequence[PracticeResult]) -> None:
    from rich.text import Text

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
    return finding.redacted(HIDDEN) if isinstance(finding, ItemFinding | ItemsFinding) else finding


def _draw(invocation: Invocation, verdict: Any) -> None:
    from rich.text import Text

    from dynasmith.cli.drawings import SEVERITY_COLOURS

    page, masked = invocation.page(), invocation.masked
    for finding in verdict.findings:
        place = f"{finding.table} {finding.path}".strip()
        colour = SEVERITY_COLOURS[finding.severity]
        page.print(
            Text.assemble(
                (f"{finding.severity:<9}", colour),
                (f"{finding.code}  ", f"dim link {code_page(finding.code)}"),
                (place, "bold"),
            )
        )
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
    if verdict.findings:
        page.print(f"What a code means: {FINDINGS}", style="dim", markup=False, soft_wrap=True)
