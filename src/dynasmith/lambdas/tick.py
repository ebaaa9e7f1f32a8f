"""A function that ticks: it goes on with detached applies, on a schedule or as the task of a state machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from dynasmith.engine.ticks.tick import TickReport, report_of
from dynasmith.errors import Locked, UsageError
from dynasmith.jobs.job import Job
from dynasmith.lambdas.request_run import refuse_folder
from dynasmith.project.factory import load_world
from dynasmith.project.project import Project

TICK_SECONDS: Final = 30.0
"""How long a tick may stay for what takes seconds."""
RESERVE_SECONDS: Final = 10.0
"""How much of the function's time is left alone, for the last record and the answer."""


def tick(event: Any, context: Any) -> dict[str, Any]:
    """Go on with the detached apply ``event["job"]``, or with every one that waits where none is named.

    ``event["environment"]`` is the environment, else the project's default; other keys are left alone, so that the
    event of a schedule may be given as it is. The answer has ``done`` (every table of every job is as planned),
    ``failed`` (why a table does not go on, by ``JOB TABLE``), ``step`` of ``steps``, ``next_look_at`` (RFC 3339; null
    where nothing waits) and ``jobs``. A job that another process works on is left to it.

    Raises UsageError for another event, and what `Jobs.tick` raises, so that a schedule or a state machine tries again.
    """
    if not isinstance(event, dict) or not all(isinstance(event.get(key, ""), str) for key in ("job", "environment")):
        raise UsageError(
            "The event names no job or environment as text.", hint='{"environment": "prod", "job": "apply-..."}'
        )
    folder = os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd()
    world = load_world(env=event.get("environment") or None, directory=folder)
    left = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    try:
        refuse_folder("ledger", world.settings.ledger, '"table:NAME" or "s3://BUCKET/PREFIX"')
        return _answer(_ticked(Project(world), event.get("job") or "", max(0.0, min(TICK_SECONDS, left))))
    finally:
        world.close()


def _ticked(project: Project, job: str, seconds: float) -> list[TickReport]:
    jobs = [project.jobs.show(job)] if job else [each for each in project.jobs.list() if _waits(each)]
    reports = []
    for each in jobs:
        if each.over:  # a state machine that asks once more
            reports.append(report_of(each))
            continue
        try:
            reports.append(project.jobs.tick(each.id, seconds=seconds / max(1, len(jobs))))
        except Locked:
            reports.append(report_of(project.jobs.show(each.id)))
    return reports


def _waits(job: Job) -> bool:
    return job.verb == "apply" and job.state in ("waiting", "interrupted")


def _answer(reports: Sequence[TickReport]) -> dict[str, Any]:
    looks = [each.next_look for each in reports if each.next_look is not None]
    return {
        "done": all(each.done for each in reports),
        "failed": {f"{each.job.id} {table}": why for each in reports for table, why in each.failed.items()},
        "step": sum(each.step for each in reports),
        "steps": sum(each.steps for each in reports),
        "next_look_at": _text(min(looks)) if looks else None,
        "jobs": [
            {"id": each.job.id, "state": each.job.state, "step": each.step, "steps": each.steps, "seen": each.seen}
            for each in reports
        ],
    }


def _text(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
