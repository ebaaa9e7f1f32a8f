"""The page of an apply: the picture of its plan, with how far each step is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynasmith.console.apply_runs import ApplyRuns
from dynasmith.console.job_words import described
from dynasmith.console.page import ActionAnswer, ConsolePage, LiveBlocks, NextPage, PageAction, PageRequest
from dynasmith.console.plan_drawing import lanes
from dynasmith.errors import UsageError
from dynasmith.jobs.job import Job
from dynasmith.jobs.spec import Apply
from dynasmith.plans.plan import decode_plan

STATES = {
    "running": ("play", "info"),
    "waiting": ("wait", "info"),
    "paused": ("pause", "warn"),
    "interrupted": ("stop", "warn"),
    "done": ("check", "good"),
    "failed": ("cross", "bad"),
    "cancelled": ("stop", "warn"),
}


def view(request: PageRequest) -> Mapping[str, Any]:
    """The plan of the job and where each table is."""
    job = request.project.jobs.show(request.names["job"])
    spec = spec_of(job)
    runs = request.console.kept(ApplyRuns)
    carried = runs.carries(job.id)
    plan = decode_plan(spec.plan.encode(), "the plan of the job")
    icon, tone = STATES[job.state]
    return {
        "job": job.id,
        "state": job.state,
        "state_icon": icon,
        "state_tone": tone,
        "reason": described(request.console, job)["reason"] or "",
        "who": spec.consent,
        "began": _time(job.started_at),
        "changed": _time(job.changed_at),
        "eta": _time(spec.eta) if spec.eta and not job.over else "",
        "step": spec.step,
        "steps": spec.steps,
        "lanes": lanes(request.console.shown(plan), spec.progress, runs.heard(job.id)),
        "carried": carried,
        "can_go_on": not carried and job.state in ("waiting", "interrupted", "failed"),
        "can_cancel": not job.over,
        "over": not carried and (job.over or job.state == "failed"),
        "command": request.command("jobs", "show", job.id),
        "go_on_command": request.command("jobs", "resume", job.id),
    }


def spec_of(job: Job) -> Apply:
    """What an apply keeps. Raises UsageError for a job of another verb."""
    if not isinstance(job.spec, Apply):
        raise UsageError(f"Job {job.id} is no apply.", hint="the page Jobs shows it")
    return job.spec


def go_on(request: PageRequest) -> ActionAnswer:
    """Go on with an apply that no process works on."""
    job = request.project.jobs.show(request.names["job"])
    spec_of(job)
    if job.over:
        raise UsageError(f"Apply {job.id} is {job.state}; there is nothing left to do.", hint="plan again")
    request.console.kept(ApplyRuns).carry(job.id)
    return NextPage(say="This console goes on with it.")


def cancel(request: PageRequest) -> ActionAnswer:
    """Stop it before its next call."""
    request.project.jobs.cancel(request.names["job"])
    return NextPage(say="It stops before its next call. What was sent stays.")


def _time(moment: Any) -> str:
    return "" if moment is None else str(moment.isoformat())


page = ConsolePage(
    path="/plan/{job}",
    title="Apply",
    template="apply.html",
    view=view,
    under="/plan",
    live=LiveBlocks(("content",), seconds=0.5),
    actions={"go_on": PageAction(go_on), "cancel": PageAction(cancel)},
)
