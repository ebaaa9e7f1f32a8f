"""`dynasmith jobs list | show | pause | proceed | cancel | pace | prune`; the others have files of their own."""

from __future__ import annotations

import json

import click

from dynasmith.cli.commands.jobs_resume import resume
from dynasmith.cli.commands.jobs_undo import undo
from dynasmith.cli.commands.jobs_wait import wait
from dynasmith.cli.details import detail_lines
from dynasmith.cli.flow_options import UNITS
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.suggestions import VerbGroup
from dynasmith.errors import UsageError


@click.group("jobs", cls=VerbGroup, epilog="Example: dynasmith jobs list")
def command() -> None:
    """List, resume, pause, pace, cancel and undo runs of copy, export, populate and backfill."""


@verb("list", example="dynasmith jobs list")
def list_(invocation: Invocation) -> int:
    """List jobs, oldest first."""
    from dynasmith.cli.job_json import job_json
    from dynasmith.cli.jobs_table import jobs_table

    left_out: list[str] = []
    project = invocation.project()
    jobs = project.jobs.list(unreadable=left_out.append)
    for sentence in left_out:
        invocation.say(f"Warning: {sentence}")
    if invocation.as_json:
        print_json([job_json(invocation, job) for job in jobs])
        return 0
    if not jobs:
        invocation.say("No jobs that can be read." if left_out else "No jobs.")
        return 0
    invocation.page().print(jobs_table(jobs, invocation.world().clock.now()))
    return 0


@verb("show", example="dynasmith jobs show copy-20261120T101500-1a2b3c")
@click.argument("job")
@click.option("--full", is_flag=True, help="Show every parameter of the job too.")
@click.option(
    "--dead", is_flag=True, help="Show the dead letters instead, a line of JSON each, as populate takes them."
)
def show(invocation: Invocation, job: str, full: bool, dead: bool) -> int:
    """Show one job: what moves where, state, counts. An ARN shows an export, import or bulk write of the service."""
    from dynasmith.cli.job_json import job_json
    from dynasmith.cli.job_summary import job_summary
    from dynasmith.cli.tick_report import tick_lines

    jobs = invocation.project().jobs
    if dead:
        return _show_dead(invocation, job)
    if job.startswith("arn:"):
        described = dict(jobs.of_service(job))
    else:
        found = jobs.show(jobs.find(job))
        if found.verb == "apply" and not (invocation.as_json or full):
            for line in tick_lines(jobs.progress(found.id)):
                click.echo(line)
            return 0
        activity = jobs.activity(found.id)
        described = job_json(invocation, found) | {"activity": activity and activity.to_json()}
    if invocation.as_json:
        print_json(described)
        return 0
    shown = described if job.startswith("arn:") else job_summary(described, full=full)
    for line in detail_lines(shown, invocation.world().clock.now()):
        click.echo(line)
    return 0


def _show_dead(invocation: Invocation, job: str) -> int:
    """The dead letters as data; their values are hidden where values are."""
    from dynasmith.project.redaction import hidden_dead_letter

    found = [each.to_json() for each in invocation.project().jobs.dead_letters(job)]
    if invocation.redact:
        found = [hidden_dead_letter(each) for each in found]
    if invocation.as_json:
        print_json(found)
        return 0
    for each in found:  # as the file of dead letters has it, which populate takes
        line = {"Item": each.pop("item"), **each} if "item" in each else each
        click.echo(json.dumps(line, ensure_ascii=False))
    if not found:
        invocation.say("The job has no dead letters.")
    return 0


@verb("cancel", example="dynasmith jobs cancel copy-20261120T101500-1a2b3c")
@click.argument("job")
def cancel(invocation: Invocation, job: str) -> int:
    """Cancel a job for good. Items that it has written stay."""
    from dynasmith.cli.flow_report import FlowProgressView

    job = invocation.project().jobs.find(job)
    with FlowProgressView(
        invocation.words(), redact=invocation.redact
    ):  # it may have to wait for the lease of a run that was killed, and says so
        invocation.project().jobs.cancel(job)
    return _told(invocation, job, f"Cancelled {job}.")


@verb("pause", example="dynasmith jobs pause copy-20261120T101500-1a2b3c")
@click.argument("job")
def pause(invocation: Invocation, job: str) -> int:
    """Pause a running job, within a second."""
    jobs = invocation.project().jobs
    job = jobs.find(job)
    jobs.pause(job)
    return _told(invocation, job, f"Paused {job}. To continue it: dynasmith jobs proceed {job}")


@verb("proceed", example="dynasmith jobs proceed copy-20261120T101500-1a2b3c")
@click.argument("job")
def proceed(invocation: Invocation, job: str) -> int:
    """Continue a paused job."""
    jobs = invocation.project().jobs
    job = jobs.find(job)
    jobs.proceed(job)
    return _told(invocation, job, f"{job} continues.")


@verb("pace", example="dynasmith jobs pace copy-20261120T101500-1a2b3c --max-write-units 500")
@click.argument("job")
@click.option("--max-read-units", type=UNITS, help="Limit in read units a second.")
@click.option("--max-write-units", type=UNITS, help="Limit in write units a second.")
def pace(invocation: Invocation, job: str, max_read_units: float | None, max_write_units: float | None) -> int:
    """Change the pace of a job, also while it is running. Never asks."""
    if max_read_units is None and max_write_units is None:
        raise UsageError("No pace was given.", hint="use --max-read-units or --max-write-units")
    jobs = invocation.project().jobs
    job = jobs.find(job)
    jobs.pace(job, max_read_units=max_read_units, max_write_units=max_write_units)
    return _told(invocation, job, f"Changed the pace of {job}.")


@verb("prune", example="dynasmith jobs prune copy-20261120T101500-1a2b3c")
@click.argument("jobs", nargs=-1, metavar="JOB...")
@click.option("--older-than", metavar="AGE", help="Remove all jobs that ended longer ago: 12h, 30d, 2w.")
def prune(invocation: Invocation, jobs: tuple[str, ...], older_than: str | None) -> int:
    """Remove the files of finished jobs, including dead letters and undo journals, which hold your data."""
    from dynasmith.jobs.choice import age_of

    if bool(jobs) == (older_than is not None):
        raise UsageError("Give either jobs or --older-than.", hint="for example --older-than 30d")
    ledger = invocation.project().jobs
    if older_than is not None:
        found = [job.id for job in ledger.older_than(age_of(older_than))]
    else:
        found = list(dict.fromkeys(map(ledger.find, jobs)))
    ledger.prune(*found)
    for job in found:
        invocation.say(f"Removed {job}.")
    if older_than is not None and not found:
        invocation.say(f"No job ended longer ago than {older_than}.")
    if invocation.as_json:
        print_json(found)
    return 0


def _told(invocation: Invocation, job: str, sentence: str) -> int:
    """What was done with a job: a sentence, or with ``--json`` the job as it is now."""
    from dynasmith.cli.job_json import job_json

    if invocation.as_json:
        print_json(job_json(invocation, invocation.project().jobs.show(job)))
    else:
        invocation.say(sentence)
    return 0


for each in (list_, show, resume, wait, cancel, pause, proceed, pace, undo, prune):
    command.add_command(each)
