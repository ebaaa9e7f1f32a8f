"""The page History: migrations and applies, who, when, how long, and what proves it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dynasmith.console.job_words import described
from dynasmith.console.page import ConsolePage, LiveBlocks, PageRequest, path_of
from dynasmith.console.pages.apply import STATES as APPLY_STATES
from dynasmith.errors import DynasmithError
from dynasmith.jobs.job import Job
from dynasmith.jobs.spec import Apply
from dynasmith.migrations.report import MigrationRow

STATES = {
    "outstanding": ("dot", ""),
    "running": ("play", "info"),
    "interrupted": ("stop", "warn"),
    "failed": ("cross", "bad"),
    "applied": ("check", "good"),
    "marked": ("check", ""),
}
APPLIES_MAX = 200


def view(request: PageRequest) -> Mapping[str, Any]:
    """The migrations of the project, and the detached applies of its ledger, newest first."""
    failure: tuple[str, str] = ("", "")
    migrations: list[dict[str, Any]] = []
    current, lock, shown = "", None, request.console.shown
    try:
        status = request.project.migrations.status()
        current = status.current
        lock = status.lock if status.lock.state != "free" else None
        migrations = [migration(shown(row)) for row in reversed(request.project.migrations.list())]
        migrations += [migration(shown(row)) for row in reversed(request.project.migrations.list(named=True))]
    except DynasmithError as error:
        failure = request.console.masks(error.message), request.console.masks(error.hint)
    applies = [job for job in request.project.jobs.list() if isinstance(job.spec, Apply)]
    return {
        "message": failure[0],
        "hint": failure[1],
        "current": current,
        "lock": {"who": lock.who, "host": lock.host, "since": _time(lock.since), "command": lock.command}
        if lock
        else None,
        "migrations": migrations,
        "applies": [apply(job, described(request.console, job)) for job in reversed(applies[-APPLIES_MAX:])],
        "over": lock is None and all(job.over for job in applies),
        "commands": [request.command("migrate", "list"), request.command("jobs", "list")],
    }


def migration(row: MigrationRow) -> dict[str, Any]:
    """One migration as the page shows it."""
    icon, tone = STATES.get(row.state, ("info", ""))
    last = row.last
    return {
        "key": row.key,
        "name": row.description or row.name,
        "state": row.state,
        "icon": icon,
        "tone": tone,
        "flags": [flag.replace("_", " ") for flag in row.flags],
        "who": last.who if last else "",
        "host": last.host if last and last.host not in last.who else "",
        "at": _time(row.at),
        "seconds": row.elapsed_ms / 1000 if row.elapsed_ms else None,
        "read": last.counts.read if last else 0,
        "written": last.counts.written if last else 0,
        "checksum": last.checksum if last else "",
        "error": (last.error or "") if last else "",
    }


def apply(job: Job, shown: Mapping[str, Any]) -> dict[str, Any]:
    """One apply as the page shows it."""
    assert isinstance(job.spec, Apply)
    icon, tone = APPLY_STATES[job.state]
    return {
        "id": job.id,
        "path": path_of("plan", job.id),
        "tables": list(job.spec.progress),
        "state": job.state,
        "icon": icon,
        "tone": tone,
        "who": job.spec.consent,
        "at": _time(job.started_at),
        "seconds": (job.changed_at - job.started_at).total_seconds(),
        "step": job.spec.step,
        "steps": job.spec.steps,
        "reason": shown["reason"] or "",
    }


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


page = ConsolePage(
    path="/history",
    title="History",
    template="history.html",
    view=view,
    label="History",
    order=60,
    icon="history",
    live=LiveBlocks(("content",), seconds=2.0),
)
