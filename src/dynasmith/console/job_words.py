"""Jobs in words: what moves where, in which state, how far, how long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final

import msgspec

from dynasmith.console.state import Console
from dynasmith.jobs.activity import JobActivity
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, describe_job
from dynasmith.jobs.options import TransferOptions
from dynasmith.project.redaction import hidden_job

STATES: Final = {
    "running": ("play", "running", "info"),
    "paused": ("pause", "paused", "warn"),
    "waiting": ("clock", "waiting", "info"),
    "interrupted": ("hazard", "interrupted", "warn"),
    "failed": ("cross", "failed", "bad"),
    "done": ("check", "done", "good"),
    "cancelled": ("stop", "cancelled", ""),
}
"""Icon, word and tone of each state."""
_PLACES: Final = ("dest", "place", "backup", "file")
_NOISE: Final = (
    "source",
    "target",
    "tables",
    "fingerprints",
    "files",
    "flow",
    "ran_seconds",
    "estimated_items",
    "seed",
)
"""Parameters that are shown otherwise, or are for programs."""
_FLOW: Final = (
    "condition", "mode", "batch_size", "share", "consistent", "on_error", "expired", "processes", "max_read_units",
    "max_write_units", "limit_items",
)  # fmt: skip
_USUAL: Final = msgspec.to_builtins(TransferOptions())


def described(console: Console, job: Job) -> Mapping[str, Any]:
    """A job as `jobs show` gives it: without what may repeat values of items where the console hides them."""
    if not console.hides:
        return describe_job(job)
    plain = {job.reason} if job.plain_reason and not console.redact else set()
    return hidden_job(describe_job(job), plain)


def where_of(job: Job, parameters: Mapping[str, Any]) -> tuple[str, str]:
    """What it reads and what it writes: tables, files, a database; empty where there is none."""
    source, target = _side(parameters.get("source")), _side(parameters.get("target"))
    files = files_of(parameters)
    if not source and files:
        source = (PurePath(files[0]).name or files[0]) + (f" and {len(files) - 1:,} more" if len(files) > 1 else "")
    origin = parameters.get("from")
    if not source and isinstance(origin, Mapping):
        source = f"database {origin.get('table') or 'query'}"
    place = next((parameters[name] for name in _PLACES if isinstance(parameters.get(name), str)), "")
    if job.verb == "export":
        target = target or place
    elif not source:
        source = place or str(parameters.get("of") or "")
    return source, target


def files_of(parameters: Mapping[str, Any]) -> list[str]:
    """The files that it reads."""
    files = parameters.get("files")
    if isinstance(files, str):
        return [files]
    return [str(each) for each in files] if isinstance(files, Sequence) else []


def parameters_of(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was asked for beyond the tables, a name and a text each; what is as usual is left out."""
    flow = parameters.get("flow")
    asked = {name: value for name, value in parameters.items() if name not in _NOISE}
    if isinstance(flow, Mapping):
        asked |= {name: flow[name] for name in _FLOW if name in flow and flow[name] != _USUAL.get(name)}
    return [(name.replace("_", " "), _text(value)) for name, value in asked.items() if value not in (None, "", [], {})]


def newest_counts(job: Job, activity: JobActivity | None) -> Counts:
    """The counts of a job: those of its activity know of batches that are in no checkpoint yet."""
    if activity is not None and not job.over and activity.counts.read >= job.counts.read:
        return activity.counts
    return job.counts


def share_of(read: int, total: int | None, *, done: bool) -> float | None:
    """How far a job is, from 0 to 1; None where nobody knows."""
    if done:
        return 1.0
    return None if not total or total < read else read / total


def took_seconds(job: Job, now: datetime) -> float:
    """How long ago it began, or how long that took where it stands."""
    return max(
        0.0,
        ((now if job.state in ("running", "paused", "waiting") else job.changed_at) - job.started_at).total_seconds(),
    )


def ago(then: datetime, now: datetime) -> str:
    """``just now``, ``3 min ago``, ``2 h ago``, ``5 d ago``."""
    seconds = int((now - then).total_seconds())
    for size, word in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:,} {word} ago"
    return f"{seconds} s ago" if seconds > 0 else "just now"


def utc_text(time: datetime) -> str:
    """RFC 3339 in UTC."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _side(named: Any) -> str:
    if not isinstance(named, Mapping):
        return ""
    place = ", ".join(str(value) for name, value in named.items() if name in ("env", "endpoint", "region") and value)
    return f"{named.get('table', '')} ({place})" if place else str(named.get("table", ""))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,g}"
    if isinstance(value, str | int):
        return str(value)
    return ", ".join(_flat(value)) if isinstance(value, Mapping) else msgspec.json.encode(value).decode()


def _flat(value: Mapping[str, Any]) -> Iterator[str]:
    for name, each in value.items():
        if each not in (None, "", [], {}):
            yield f"{name}: {_text(each)}"
