"""The page Jobs: every job of the ledger, the newest first, with how far and how fast it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from dynasmith.console.charts.lines import sparkline
from dynasmith.console.job_words import (
    STATES,
    ago,
    described,
    newest_counts,
    share_of,
    took_seconds,
    utc_text,
    where_of,
)
from dynasmith.console.page import ConsolePage, LiveBlocks, PageRequest, path_of
from dynasmith.jobs.activity import JobActivity, rates
from dynasmith.jobs.job import Job

ROWS_MAX: Final = 500
"""Jobs that are shown at once."""
_AT_WORK: Final = ("running", "paused")


def view(request: PageRequest) -> Mapping[str, Any]:
    """The rows, and how many jobs are in each state."""
    unreadable: list[str] = []
    jobs = request.project.jobs.list(unreadable=unreadable.append)
    wanted, state = request.query.text("filter").strip().lower(), request.query.text("state")
    counts = {name: sum(each.state == name for each in jobs) for name in STATES}
    found = [each for each in reversed(jobs) if not state or each.state == state]
    named = [(each, where_of(each, described(request.console, each)["parameters"])) for each in found]
    shown = [(each, where) for each, where in named if wanted in f"{each.id} {where[0]} {where[1]}".lower()]
    now = datetime.now(UTC)
    return {
        "rows": [_row(request, each, where, now) for each, where in shown[:ROWS_MAX]],
        "total": len(jobs),
        "more": max(0, len(shown) - ROWS_MAX),
        "filter": request.query.text("filter"),
        "state": state,
        "counts": [(name, *STATES[name], count) for name, count in counts.items() if count],
        "unreadable": unreadable[:5],
        "command": request.command("jobs", "list"),
    }


def _row(request: PageRequest, job: Job, where: tuple[str, str], now: datetime) -> dict[str, Any]:
    """One job; what it did over time is read for a job that is at work."""
    activity = request.project.jobs.activity(job.id) if job.state in _AT_WORK else None
    counts = newest_counts(job, activity)
    icon, word, tone = STATES[job.state]
    return {
        "id": job.id,
        "path": path_of("jobs", job.id),
        "verb": job.verb,
        "source": where[0],
        "target": where[1],
        "icon": icon,
        "word": word,
        "tone": tone,
        "reason": request.console.masks(described(request.console, job)["reason"] or ""),
        "read": counts.read,
        "written": counts.written,
        "dead": counts.dead,
        "share": share_of(counts.read, job.total_items, done=job.state == "done"),
        "rate": activity.items_per_second if activity and job.state == "running" else None,
        "spark": _spark(activity),
        "left": activity.remaining_seconds if activity and job.state == "running" else None,
        "took": took_seconds(job, now),
        "started": utc_text(job.started_at),
        "ago": ago(job.started_at, now),
    }


def _spark(activity: JobActivity | None) -> dict[str, Any]:
    return sparkline("Rate", "items a second", [] if activity is None else rates(activity.samples, "read"))


page = ConsolePage(
    path="/jobs",
    title="Jobs",
    template="jobs.html",
    view=view,
    label="Jobs",
    order=30,
    icon="jobs",
    live=LiveBlocks(("summary", "list"), seconds=2.0),
)
