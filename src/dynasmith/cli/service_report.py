"""The end of an export or import that the service did, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynasmith.cli.counts import counted
from dynasmith.cli.exit_code import exit_of
from dynasmith.cli.where_report import say_where

if TYPE_CHECKING:
    from dynasmith.cli.shared_options import Invocation
    from dynasmith.jobs.report import Report
    from dynasmith.jobs.service_transfer import ServiceResult

_LABELS = {
    "manifest": "Manifest",
    "export_arn": "Export",
    "import_arn": "Import",
    "operation_arn": "Bulk write",
    "errors_at": "Errors of items",
}


def show_service(invocation: Invocation, report: Report, result: ServiceResult) -> int:
    """Sentences on standard error; the code is that of `exit_of`."""
    say_where(invocation, report)
    fields, job = result.fields, report.job
    state = "" if job.state == "done" else f" ({job.state})"
    counts = report.counts
    if result.over:
        size = f", {counted(fields['billed_bytes'], 'byte')} billed" if fields.get("billed_bytes") else ""
        failed = f", {counts.dead:,} failed" if counts.dead else ""
        invocation.say(f"{job.verb}{state}: {counted(counts.written, 'item')}{failed}{size}.")
    checked = fields.get("checked")
    if checked:
        invocation.say(
            f"Checked: both manifests, {counted(checked['files'], 'data file')}, "
            f"{counted(checked['etags'], 'checksum')}."
        )
    for name, label in _LABELS.items():
        if fields.get(name):
            invocation.say(f"{label}: {fields[name]}")
    for sentence in (*result.notes, *result.problems):
        invocation.say(sentence if sentence.endswith(".") else f"{sentence}.")
    return exit_of(invocation, report)
