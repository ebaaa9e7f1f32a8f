"""What an erasure and its dry run look like: counts, hashes and what remains, no value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dynasmith.cli.counts import counted, dollars_text
from dynasmith.cli.exit_code import exit_of
from dynasmith.cli.job_json import report_json
from dynasmith.cli.shared_options import Invocation, print_json
from dynasmith.cli.where_report import say_where, where_json

if TYPE_CHECKING:
    from dynasmith import ErasureReport, TableErasureDryRun


def show_erased(invocation: Invocation, report: ErasureReport) -> int:
    """The end of an erasure: 1 where a table could not be erased, or not be read again."""
    if invocation.as_json:
        print_json(report_json(invocation, report) | where_json(invocation, report))
        return _exit(invocation, report)
    say_where(invocation, report)
    for each in report.erased:
        changed = f", {each.left:,} left because others changed them" if each.left else ""
        if each.state == "done":
            end = f"read again at {each.verified_at}, nothing found"
        else:
            end = f"{each.state}: {each.reason}" if each.reason else each.state
        invocation.say(f"  {each.table} ({each.how}): {counted(each.deleted, 'item')} deleted{changed}; {end}")
        for sentence in each.remains:
            invocation.say(f"    · {sentence}")
    if not any(each.deleted or each.left for each in report.erased):
        invocation.say("No table has an item of this value: is it the whole value, as the items have it?")
    units = f"{counted(report.counts.read_units, 'read unit')}, {counted(report.counts.write_units, 'write unit')}"
    invocation.say(f"{units}; {dollars_text(report.dollars)}. Hashes of the keys: dynasmith jobs show {report.job.id}")
    if not report.verified:
        invocation.say("Not everything is erased: run the same command again, it goes on with the job.")
    return _exit(invocation, report)


def _exit(invocation: Invocation, report: ErasureReport) -> int:
    return exit_of(invocation, report) or (0 if report.verified else 1)


def show_erasure_rehearsed(invocation: Invocation, found: Sequence[TableErasureDryRun]) -> int:
    """What a dry run of an erasure found."""
    if invocation.as_json:
        print_json([each.to_json() for each in found])
        return 0
    page = invocation.page()
    for each in found:
        count = "as many as there are" if each.found is None else counted(each.found, "item")
        page.print(f"{each.table} ({each.how}): {count}; {counted(each.read_units, 'read unit')}.", markup=False)
    page.print("Dry run: nothing was deleted.", markup=False)
    return 0
