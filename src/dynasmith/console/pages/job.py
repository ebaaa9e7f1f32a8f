"""The page Job: how far and how fast it is, what throttled it, and where; pause, pace, cancel, resume, undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from dynasmith.console.charts.bars import throttle_bars
from dynasmith.console.charts.heat import segments_map
from dynasmith.console.charts.lines import ChartLine, Point, line_chart
from dynasmith.console.job_runs import JobRuns, refuse_hooks
from dynasmith.console.job_words import (
    STATES,
    ago,
    described,
    files_of,
    newest_counts,
    parameters_of,
    share_of,
    took_seconds,
    utc_text,
    where_of,
)
from dynasmith.console.page import (
    ActionAnswer,
    ConsolePage,
    LiveBlocks,
    NextPage,
    PageAction,
    PageDialog,
    PageRequest,
    path_of,
)
from dynasmith.errors import UsageError
from dynasmith.jobs.activity import ActivitySample, JobActivity, rates
from dynasmith.jobs.job import Job
from dynasmith.jobs.spec import Apply, Backfill, BulkPut, DeleteItems, Replace, RollBack, ServiceExport, ServiceImport
from dynasmith.project.redaction import hidden_dead_letter

_UNDONE: Final = (Backfill, DeleteItems, RollBack)
_OF_SERVICE: Final = (ServiceExport, ServiceImport, BulkPut)
DEAD_MAX: Final = 20
"""Dead letters that are shown."""
FILES_MAX: Final = 20
"""Files of a job that are named."""
_FAR_LIMIT: Final = 1.5
"""A limit above so many times the largest rate is out of the picture: it would make a flat line of the rate."""


def view(request: PageRequest) -> Mapping[str, Any]:
    """The job, its figures, its charts, and what may be done with it now."""
    job = _job(request)
    activity = request.project.jobs.activity(job.id)
    shown = described(request.console, job)
    counts, now = newest_counts(job, activity), datetime.now(UTC)
    source, target = where_of(job, shown["parameters"])
    running = job.state == "running" and activity is not None
    last = activity.samples[-1] if activity is not None and activity.samples else None
    return {
        "id": job.id,
        "verb": job.verb,
        "replacement": path_of("replacements", job.id) if isinstance(job.spec, Replace) else "",
        "state": (*STATES[job.state],),
        "reason": request.console.masks(shown["reason"] or ""),
        "source": source,
        "target": target,
        "started": utc_text(job.started_at),
        "ago": ago(job.started_at, now),
        "at_work": job.state in ("running", "paused", "waiting"),
        "took": took_seconds(job, now),
        "share": share_of(counts.read, job.total_items, done=job.state == "done"),
        "total": job.total_items,
        "read": counts.read,
        "ends": _ends(job, counts),
        "arithmetic": counts.arithmetic,
        "rate": activity.items_per_second if running and activity else None,
        "left": activity.remaining_seconds if running and activity else None,
        "units": [
            (word, count) for word, count in (("Read", counts.read_units), ("Write", counts.write_units)) if count
        ],
        "dead": counts.dead,
        "retried": counts.retried,
        "throttled": counts.throttled,
        "bars": throttle_bars(counts.throttles),
        "items_chart": _items_chart(activity),
        "units_chart": _units_chart(activity),
        "map": segments_map(activity.segments, activity.parts, job.total_items) if activity else None,
        "apply": _apply(request, job),
        "parameters": [(name, request.console.masks(text)) for name, text in parameters_of(shown["parameters"])],
        "facts": _facts(job, shown["parameters"]),
        "limits": (last.read_limit if last else None, last.write_limit if last else None),
        "may": _may(job),
        "commands": _commands(request, job),
        "digest": job.digest,
        "over": job.over,
    }


def _job(request: PageRequest) -> Job:
    return request.project.jobs.show(request.names["job"])


def _ends(job: Job, counts: Any) -> list[tuple[str, int]]:
    """What became of the items: a count and a word each, without zeros."""
    words = ("written", "unchanged", "already", "skipped", "dropped", "fanned_out")
    found = [(word.replace("_", " "), getattr(counts, word)) for word in words]
    return [(word, count) for word, count in found if count or (word == "written" and job.verb != "apply")]


def _may(job: Job) -> list[str]:
    """What may be done with it in the state in which it is."""
    steered = not isinstance(job.spec, (*_OF_SERVICE, Apply, Replace))
    may = {
        "pause": job.state == "running" and steered,
        "proceed": job.state == "paused",
        "resume": job.state in ("interrupted", "failed", "waiting") and not isinstance(job.spec, Apply),
        "tick": isinstance(job.spec, Apply) and not job.over,
        "pace": not job.over and steered,
        # One that nobody runs is ended on its own page, which asks before it changes the table.
        "cancel": not job.over and (job.state in ("running", "paused") or not isinstance(job.spec, Replace)),
        "undo": isinstance(job.spec, _UNDONE) and job.state not in ("running", "paused"),
    }
    return [name for name, is_so in may.items() if is_so]


def _commands(request: PageRequest, job: Job) -> list[tuple[str, str]]:
    """The command lines of what the page shows and does."""
    found = [("Show it", request.command("jobs", "show", job.id))]
    if job.counts.dead:
        found.append(("Fetch its dead letters", request.command("jobs", "show", job.id, "--dead") + " > dead.jsonl"))
    words = {
        "pause": ("Pause it", ()),
        "proceed": ("Let it go on", ()),
        "pace": ("Set its pace", ("--max-write-units", "100")),
        "cancel": ("Cancel it", ()),
        "resume": ("Resume it", ()),
        "undo": ("Undo it", ()),
    }
    for name in _may(job):
        if name in words:
            label, more = words[name]
            found.append((label, request.command("jobs", name, job.id, *more)))
    return found


def _facts(job: Job, parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [("Segments", f"{job.segments:,}"), ("Run by", job.owner), ("Begun by", job.origin)]
    facts.append(("Files", ", ".join(files_of(parameters)[:FILES_MAX])))
    return [(name, text) for name, text in facts if text]


def _apply(request: PageRequest, job: Job) -> dict[str, Any] | None:
    """Where a detached apply is; None for another job."""
    if not isinstance(job.spec, Apply):
        return None
    report = request.project.jobs.progress(job.id)
    return {
        "step": report.step,
        "steps": report.steps,
        "seen": sorted(report.seen.items()),
        "failed": sorted((table, request.console.masks(why)) for table, why in report.failed.items()),
        "next_look": utc_text(report.next_look) if report.next_look else "",
        "eta": utc_text(report.eta) if report.eta else "",
    }


# --- charts -----------------------------------------------------------------------------------------------------------


def _items_chart(activity: JobActivity | None) -> dict[str, Any]:
    points = rates(activity.samples, "read") if activity else []
    return line_chart("Items", "items a second", [ChartLine("read", 1, points, filled=True)])


def _units_chart(activity: JobActivity | None) -> dict[str, Any]:
    samples = activity.samples if activity else ()
    lines = []
    for name, colour in (("read", 3), ("write", 1)):
        points = rates(samples, f"{name}_units")
        top = max((value for _, value in points if value is not None), default=0.0)
        if top:
            lines.append(ChartLine(f"{name} units", colour, points, filled=name == "write"))
            lines.append(ChartLine(f"limit of {name}s", 2 if name == "write" else 4, _limits(samples, name, top), True))
    return line_chart("Capacity", "units a second", lines)


def _limits(samples: Sequence[ActivitySample], name: str, top: float) -> list[Point]:
    """The limit of the pace at each sample, where it is near enough to be in the picture."""
    found: list[Point] = []
    for sample in samples[1:]:
        limit = getattr(sample, f"{name}_limit")
        found.append((sample.at, limit if limit is not None and limit <= _FAR_LIMIT * top else None))
    return found


# --- actions ----------------------------------------------------------------------------------------------------------


def pause(request: PageRequest) -> ActionAnswer:
    """Let it wait."""
    request.project.jobs.pause(request.names["job"])
    return NextPage(say="The job pauses within a second.")


def proceed(request: PageRequest) -> ActionAnswer:
    """Let it go on."""
    request.project.jobs.proceed(request.names["job"])
    return NextPage(say="The job continues.")


def pace(request: PageRequest) -> ActionAnswer:
    """Another pace; an empty field leaves its side alone."""
    read, write = (_units(request, f"{side}_units") for side in ("read", "write"))
    request.project.jobs.pace(request.names["job"], max_read_units=read, max_write_units=write)
    return NextPage(say="The pace is changed.")


def _units(request: PageRequest, name: str) -> float | None:
    text = request.form.text(name).strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{text} is not a valid rate.", hint="give capacity units a second, such as 100") from error


def dead_letters(request: PageRequest) -> ActionAnswer:
    """The first of them, since somebody asked; without values where the console hides them."""
    job = _job(request)
    found = [each.to_json() for each in request.project.jobs.dead_letters(job.id)]
    shown = [hidden_dead_letter(each) if request.console.hides else each for each in found[:DEAD_MAX]]
    rows = [
        {
            "code": each["code"],
            "reason": request.console.masks(each["reason"]),
            "place": each["place"],
            "text": json_text(each["item"]) if "item" in each else each["line"],
        }
        for each in shown
    ]
    target = where_of(job, described(request.console, job)["parameters"])[1].partition(" (")[0]
    return PageDialog(
        "job_dead.html",
        {
            "rows": rows,
            "total": len(found),
            "fetch": request.command("jobs", "show", job.id, "--dead") + " > dead.jsonl",
            "load": request.command("populate", target, "dead.jsonl") if target and job.verb != "export" else "",
        },
    )


def json_text(item: Any) -> str:
    """An item as one line of JSON."""
    return msgspec.json.encode(item).decode()


def ask_to_cancel(request: PageRequest) -> ActionAnswer:
    """The question before it."""
    job = _job(request)
    return PageDialog("job_cancel.html", {"id": job.id, "written": job.counts.written})


def cancel(request: PageRequest) -> ActionAnswer:
    """End it for good."""
    request.project.jobs.cancel(request.names["job"])
    return NextPage(say="The job is cancelled. What it wrote stays.")


def resume(request: PageRequest) -> ActionAnswer:
    """Run it on in this console."""
    refuse_hooks(_job(request))
    jobs, job = request.project.jobs, request.names["job"]
    request.console.kept(JobRuns).begin(lambda listener: jobs.resume(job, listener=listener))
    return NextPage(say="The job goes on in this console, and ends with it.")


def tick(request: PageRequest) -> ActionAnswer:
    """Go on with a detached apply by one tick."""
    report = request.project.jobs.tick(request.names["job"], seconds=5.0)
    return NextPage(
        say="Everything is as planned." if report.done else f"{report.step} of {report.steps} steps are done."
    )


def undo(request: PageRequest) -> ActionAnswer:
    """Put back what it changed, as a job of its own. The reader is asked first."""
    jobs, job, consent = request.project.jobs, request.names["job"], request.consent
    begun = request.console.kept(JobRuns).begin(lambda listener: jobs.undo(job, consent=consent, listener=listener))
    return NextPage(path_of("jobs", begun) if begun else "", say="The job is being undone.")


page = ConsolePage(
    path="/jobs/{job}",
    title="Job",
    template="job.html",
    view=view,
    under="/jobs",
    live=LiveBlocks(("state", "actions", "figures", "charts", "segments", "pace", "commands")),
    actions={
        "pause": PageAction(pause),
        "proceed": PageAction(proceed),
        "pace": PageAction(pace),
        "dead": PageAction(dead_letters, changes=False),
        "ask-to-cancel": PageAction(ask_to_cancel),
        "cancel": PageAction(cancel),
        "resume": PageAction(resume),
        "tick": PageAction(tick),
        "undo": PageAction(undo),
    },
)
