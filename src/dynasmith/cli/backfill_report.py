"""What a backfill, its dry run, its check and its undo look like."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dynasmith import ConcurrentEdits, UndoReport
from dynasmith.cli.counts import counted, dollars_text, either, seconds_text
from dynasmith.cli.exit_code import exit_of
from dynasmith.cli.job_json import report_json
from dynasmith.cli.shared_options import Invocation, print_json
from dynasmith.cli.where_report import say_where, where_json
from dynasmith.jobs.spec import Backfill, DeleteItems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dynasmith import BackfillDryRun, CheckResult, DeletionDryRun, ItemDifference, UndoDryRun
    from dynasmith.jobs.estimate import JobEstimate
    from dynasmith.jobs.report import Report


def show_changes(invocation: Invocation, report: Report) -> int:
    """The end of a backfill, a deletion of items or an undo, whichever it was."""
    shown = {"undo": show_undone, "delete-items": show_deleted}
    return shown.get(report.job.verb, show_backfill)(invocation, report)


def show_deleted(invocation: Invocation, report: Report) -> int:
    """The end of a deletion of items; 3 where there are dead letters."""
    job, counts = report.job, report.counts
    if invocation.as_json:
        print_json(report_json(invocation, report) | where_json(invocation, report))
        return exit_of(invocation, report)
    say_where(invocation, report)
    already = f", {counts.already:,} already deleted" if counts.already else ""
    already += f", {counted(counts.unchanged, 'key')} without an item" if counts.unchanged else ""
    already += f", {counted(counts.dropped, 'key')} repeated" if counts.dropped else ""
    limit = job.spec.limit_items if isinstance(job.spec, DeleteItems) else None
    beyond = "" if limit is None else "they are beyond the limit, or "
    skipped = f", {counts.skipped:,} left because {beyond}others changed or deleted them" if counts.skipped else ""
    invocation.say(f"delete-items: {counted(counts.written, 'item')} deleted{already}{skipped}, {counts.dead:,} dead.")
    if limit is not None and counts.written + counts.already >= limit:
        invocation.say(f"It ended at its limit of {counted(limit, 'item')}; there may be more.")
    _spent(invocation, report)
    if counts.dead:
        invocation.say(f"Dead letters: {report.dead_letters}")
    if counts.written and isinstance(job.spec, DeleteItems) and job.spec.journal:
        invocation.say(f"To undo it: dynasmith jobs undo {job.id}")
    return exit_of(invocation, report)


def show_backfill(invocation: Invocation, report: Report) -> int:
    """The end of a backfill; 3 where there are dead letters."""
    job, counts = report.job, report.counts
    if invocation.as_json:
        print_json(report_json(invocation, report) | where_json(invocation, report))
        return exit_of(invocation, report)
    say_where(invocation, report)
    already = f"{counts.already:,} already written, " if counts.already else ""
    invocation.say(
        f"backfill: {counts.read:,} read, {counts.written:,} written, {already}{counts.unchanged:,} unchanged, "
        f"{counts.skipped:,} skipped, {counts.dead:,} dead, {counts.retried:,} retried."
    )
    _spent(invocation, report)
    if job.state == "interrupted":
        invocation.say(f"The canary is done. Check its items, then change the rest: dynasmith jobs resume {job.id}")
    if counts.dead:
        invocation.say(f"Dead letters: {report.dead_letters}")
    if counts.written and isinstance(job.spec, Backfill) and job.spec.journal:
        invocation.say(f"To undo it: dynasmith jobs undo {job.id}")
    return exit_of(invocation, report)


def show_undone(invocation: Invocation, report: Report) -> int:
    """The end of an undo; 3 where others changed items since."""
    counts = report.counts
    if invocation.as_json:
        print_json(report_json(invocation, report) | where_json(invocation, report))
        return exit_of(invocation, report)
    say_where(invocation, report)
    invocation.say(
        f"undo: {counts.written:,} put back, {counts.already:,} already as before, "
        f"{counts.skipped:,} no longer in the table, {counts.dead:,} left unchanged."
    )
    _spent(invocation, report)
    if isinstance(report, UndoReport):
        _others(invocation, invocation.shown(report.others))
    if counts.dead:
        invocation.say(f"Items left unchanged, with reasons: {report.dead_letters}")
    return exit_of(invocation, report)


def _others(invocation: Invocation, others: ConcurrentEdits) -> None:
    """What others changed since: the counts, and some keys of each kind."""
    kinds = (
        (others.beside, others.beside_keys, "put back; other attributes, which others have changed since, stay"),
        (others.left, others.left_keys, "left unchanged, because others have changed what the backfill wrote"),
    )
    for count, keys, words in kinds:
        if count:
            invocation.say(f"{count:,} {words}:")
            for key in keys:
                invocation.say(f"  {key}")
            if count > len(keys):
                invocation.say(f"  and {count - len(keys):,} more")
    if others.unseen:
        invocation.say("Whether others changed other attributes is unknown: the role lacks dynamodb:BatchGetItem.")


def _spent(invocation: Invocation, report: Report) -> None:
    counts = report.counts
    units = f"{counted(counts.read_units, 'read unit')}, {counted(counts.write_units, 'write unit')}"
    invocation.say(f"{units}; {dollars_text(report.dollars)}.")


def show_rehearsed(invocation: Invocation, rehearsal: BackfillDryRun) -> int:
    """What a dry run of a backfill found."""
    rehearsal = invocation.shown(rehearsal)
    if invocation.as_json:
        print_json(rehearsal.to_json())
        return 0
    page, estimate = invocation.page(), rehearsal.estimate
    if rehearsal.counted:
        said = f"{rehearsal.changed:,} of {counted(estimate.items, 'item')} would change: every item was read."
    else:
        said = (
            f"About {rehearsal.changed:,} of {counted(estimate.items, 'item')} would change, give or take "
            f"{rehearsal.error:,} ({either(estimate.sampled, 'was', 'were')} read)."
        )
    page.print(said, markup=False)
    for name, count in rehearsal.attributes.items():
        page.print(f"  {name}: changed in {count:,} of {counted(estimate.sampled, 'item')}", markup=False)
    _estimate(invocation, estimate)
    _samples(invocation, rehearsal.samples)
    for note in rehearsal.notes:
        page.print(f"  · {note}", markup=False)
    for hazard in rehearsal.hazards:
        page.print(f"  ! {hazard}", style="yellow", markup=False)
    page.print(f"Dry run: {rehearsal.closing}.", markup=False)
    return 0


def _of_keys(rehearsal: DeletionDryRun) -> str:
    estimate = rehearsal.estimate
    repeated = f", and {rehearsal.repeated:,} that came before" if rehearsal.repeated else ""
    about, how = ("", "") if rehearsal.counted else ("about ", f" ({estimate.sampled:,} were looked up)")
    return (
        f"{counted(estimate.items, 'key')}{repeated}: {about}{counted(rehearsal.deleted, 'item')} would be deleted, "
        f"{about}{either(rehearsal.missing, 'is', 'are')} not in the table{how}."
    )


def show_deletion_rehearsed(
    invocation: Invocation, table: str, rehearsal: DeletionDryRun, *, whole: bool, by_keys: bool = False
) -> int:
    """What a dry run of a deletion found; ``whole``: of every item, ``by_keys``: of those of a file."""
    rehearsal = invocation.shown(rehearsal)
    cheaper = f"deleting the table costs no write units: dynasmith delete {table}, then apply its definition"
    if invocation.as_json:
        print_json(rehearsal.to_json() | {"notes": [cheaper] if whole else []})
        return 0
    page, estimate = invocation.page(), rehearsal.estimate
    if by_keys:
        said = _of_keys(rehearsal)
    elif rehearsal.counted:
        said = f"{rehearsal.deleted:,} of {counted(estimate.items, 'item')} would be deleted: every item was read."
    else:
        said = (
            f"About {rehearsal.deleted:,} of {counted(estimate.items, 'item')} would be deleted, give or take "
            f"{rehearsal.error:,} ({either(estimate.sampled, 'was', 'were')} read)."
        )
    page.print(said, markup=False)
    if rehearsal.limit_items is not None:
        page.print(f"The job would end after {counted(rehearsal.limit_items, 'item')}.", markup=False)
    _estimate(invocation, estimate)
    for key in rehearsal.keys:
        page.print(f"  - {key}", style="red", markup=False)
    if whole:
        page.print(f"  · {cheaper}", markup=False)
    page.print("Dry run: nothing was deleted.", markup=False)
    return 0


def show_undo_rehearsed(invocation: Invocation, rehearsal: UndoDryRun) -> int:
    """What a dry run of an undo found."""
    rehearsal = invocation.shown(rehearsal)
    if invocation.as_json:
        print_json(rehearsal.to_json())
        return 0
    page = invocation.page()
    page.print(f"{counted(rehearsal.estimate.items, 'change')} would be put back.", markup=False)
    _estimate(invocation, rehearsal.estimate)
    _samples(invocation, rehearsal.samples)
    if rehearsal.damaged:
        lost = either(rehearsal.damaged, "frame of the journal is", "frames of the journal are")
        said = f"{lost} missing or damaged: what the job wrote there cannot be put back."
        page.print(said, style="yellow", markup=False)
    page.print("Dry run: nothing was written.", markup=False)
    return 0


def show_checked(invocation: Invocation, checked: CheckResult) -> int:
    """Whether a table has the new shape; 3 where not."""
    checked = invocation.shown(checked)
    if invocation.as_json:
        print_json(checked.to_json())
    else:
        page = invocation.page()
        said = f"{counted(checked.read, 'item')}: {either(checked.unchanged, 'has', 'have')} the new shape"
        said += f", {either(checked.changed, 'does', 'do')} not"
        said += f", {either(checked.refused, 'is', 'are')} refused." if checked.refused else "."
        page.print(said, markup=False)
        _samples(invocation, checked.differing)
        for reason in (*checked.reasons, *checked.hazards):
            page.print(f"  ! {reason}", style="yellow", markup=False)
        for note in checked.notes:
            page.print(f"  · {note}", markup=False)
        if checked.ran_user_code:
            page.print(f"Check: {checked.closing}.", markup=False)
    return 0 if checked.clean else 3


def _estimate(invocation: Invocation, estimate: JobEstimate) -> None:
    seconds = estimate.seconds
    taking = "time unknown" if seconds is None or math.isinf(seconds) else f"{seconds_text(seconds)} at this pace"
    units = f"{counted(estimate.read_units, 'read unit')}, {counted(estimate.write_units, 'write unit')}"
    invocation.page().print(f"{units}; {taking}; {dollars_text(estimate.dollars)}.", markup=False)


def _samples(invocation: Invocation, samples: Sequence[ItemDifference]) -> None:
    page = invocation.page()
    for sample in samples:
        stay = either(sample.untouched, "attribute stays as it is", "attributes stay as they are")
        page.print(f"{sample.key} ({stay})", style="bold", markup=False)
        for line in sample.lines:
            page.print(f"  {line}", style="red" if line.startswith("-") else "green", markup=False)
