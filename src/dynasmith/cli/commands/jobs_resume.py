"""`dynasmith jobs resume`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from dynasmith.cli.flow_options import cluster_of, placed_by
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.wait_options import Duration
from dynasmith.errors import DynasmithError, Locked, RunError, SeveralFailed, UsageError

if TYPE_CHECKING:
    from dynasmith import TickReport
    from dynasmith.jobs.cluster import Cluster
    from dynasmith.jobs.job import Job
    from dynasmith.jobs.report import Report
    from dynasmith.project.project import Project


@verb("resume", example="dynasmith jobs resume copy-20261120T101500-1a2b3c")
@click.argument("job", required=False)
@placed_by
@click.option("--accept-changed-transform", is_flag=True, help="Continue although the transform has changed.")
@click.option(
    "--for", "duration", type=Duration(), metavar="DURATION", help="Stay this long with a detached apply (30s)."
)
@click.option("--replan", is_flag=True, help="Plan a detached apply again: somebody else changed its table. Asks.")
@click.option("--all", "every", is_flag=True, help="Continue every job that waits or was interrupted.")
@click.option("--verb", "verb_name", metavar="VERB", help="With --all: only jobs of this verb, such as apply.")
def resume(
    invocation: Invocation,
    job: str | None,
    accept_changed_transform: bool,
    duration: timedelta | None,
    replan: bool,
    every: bool,
    verb_name: str | None,
    **given: Any,
) -> int:
    """Continue a job from its checkpoints, with the same id. Exits 5 if another process runs the job.

    A detached apply goes on by one tick, and exits 0 also where it is not done yet: jobs wait tells that.
    """
    if every == (job is not None):
        raise UsageError("Give a job or --all.", hint="dynasmith jobs list shows them")
    if verb_name is not None and not every:
        raise UsageError("--verb chooses among all jobs.", hint="add --all")
    if every and replan:
        raise UsageError("--replan is for one job.", hint="name the job")
    cluster = cluster_of(given)
    if every and cluster is not None:
        raise UsageError("--on is for one job.", hint="name the job")
    project = invocation.project()
    if every:
        return _all(invocation, project, verb_name, duration)
    assert job is not None
    found = project.jobs.show(project.jobs.find(job))
    if found.verb == "apply":
        if cluster is not None:
            raise UsageError(f"{found.id} moves no items.", hint="remove --on")
        return _tick(invocation, project, found, duration, replan=replan)
    if duration is not None or replan:
        option = "--for" if duration is not None else "--replan"
        raise UsageError(f"{option} is for a detached apply, and {found.id} is a {found.verb}.", hint="leave it out")
    from dynasmith.cli.flow_report import show_report

    report = _moved(invocation, project, found, cluster, accept_changed_transform=accept_changed_transform)
    return show_report(invocation, report)


def _moved(
    invocation: Invocation,
    project: Project,
    job: Job,
    cluster: Cluster | None = None,
    *,
    accept_changed_transform: bool = False,
) -> Report:
    from dynasmith.cli.flow_report import FlowProgressView

    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        return project.jobs.resume(
            job.id, accept_changed_transform=accept_changed_transform, on=cluster, listener=shown
        )


def _tick(invocation: Invocation, project: Project, job: Job, duration: timedelta | None, *, replan: bool) -> int:
    from dynasmith.cli.drawings import draw_plan
    from dynasmith.cli.tick_report import show_tick

    if replan:
        plan = project.jobs.replan(job.id)
        if not invocation.as_json:
            draw_plan(invocation.words(), invocation.shown(plan), project.environment, steps=False)
        consent = invocation.consent(prune=any(each.prune for each in plan.tables))
        project.jobs.accept_plan(job.id, plan, consent=consent)
    return show_tick(invocation, _ticked(invocation, project, job, duration))


def _ticked(invocation: Invocation, project: Project, job: Job, duration: timedelta | None) -> TickReport:
    from dynasmith.cli.progress import StepProgressView

    seconds = 30.0 if duration is None else duration.total_seconds()
    with StepProgressView(invocation.words(), redact=invocation.redact) as shown:
        return project.jobs.tick(job.id, seconds=seconds, listener=shown)


def _all(invocation: Invocation, project: Project, verb_name: str | None, duration: timedelta | None) -> int:
    """Every job that can go on, one after the other; one that another process runs is left to it."""
    from dynasmith.cli.job_json import job_json
    from dynasmith.cli.tick_report import tick_lines
    from dynasmith.jobs.spec import UnreadableSpec

    jobs = [
        job
        for job in project.jobs.list()
        if job.state in ("waiting", "interrupted")
        and (verb_name is None or job.verb == verb_name)
        and not isinstance(job.spec, UnreadableSpec)
        and not job.origin
    ]
    failures: dict[str, DynasmithError] = {}
    for job in jobs:
        try:
            if job.verb == "apply":
                report = _ticked(invocation, project, job, duration)
                lines = tick_lines(report)
                if report.failed:
                    failures[job.id] = RunError(" ".join(report.failed.values()), hint="dynasmith jobs list")
            else:
                _moved(invocation, project, job)
                lines = [f"{job.id} is done."]
        except Locked as running:
            lines = [running.message]
        except DynasmithError as error:
            failures[job.id] = error
            continue
        for line in lines:
            invocation.say(line)
    if not jobs:
        invocation.say("No job waits." if verb_name is None else f"No job of {verb_name} waits.")
    if failures:
        raise SeveralFailed(failures, done=len(jobs) - len(failures))
    if invocation.as_json:
        print_json([job_json(invocation, project.jobs.show(job.id)) for job in jobs])
    return 0
