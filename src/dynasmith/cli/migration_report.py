"""Migrations as people and programs read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

import msgspec

from dynasmith.cli.counts import counted, dollars_text
from dynasmith.cli.flow_figures import left_text
from dynasmith.project.redaction import HIDDEN

if TYPE_CHECKING:
    from dynasmith.migrations.event import MigrationEvent
    from dynasmith.migrations.path import PathStep
    from dynasmith.migrations.report import MigrationRow, MigrationStatus, Rehearsal, RehearsedStep

_WORDS = {
    "started": "begins",
    "resumed": "goes on",
    "reverting": "is taken back",
    "interrupted": "was stopped",
    "failed": "failed",
    "applied": "is applied",
    "reverted": "was taken back",
    "revert_failed": "could not be taken back",
    "marked": "is marked as applied",
    "unmarked": "is marked as not applied",
}


def as_json(value: Any) -> Any:
    """A value as JSON: times in RFC 3339, names as they are."""
    return msgspec.to_builtins(value)


def row_json(row: MigrationRow) -> dict[str, Any]:
    """A migration as programs read it (contract); ``version`` is its name where it has no version."""
    event = row.last
    return {
        "version": row.key,
        "name": row.name,
        "description": row.description,
        "state": row.state,
        "flags": list(row.flags),
        "started_at": None if event is None else as_json(event.started_at),
        "applied_at": as_json(row.at) if row.state in ("applied", "marked") else None,
        "elapsed_ms": row.elapsed_ms,
        "event": as_json(event),
    }


def status_json(status: MigrationStatus) -> dict[str, Any]:
    """Where an environment is, as programs read it."""
    document: dict[str, Any] = as_json(status)
    return document | {"open": [row_json(row) for row in status.open]}


def rehearsal_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """What a path would do, as programs read it."""
    document: dict[str, Any] = as_json(rehearsal)
    for part in (document, *(step for each in document["migrations"] for step in each["steps"])):
        part["cost_dollars"] = part.pop("dollars")
    for each in document["migrations"]:
        each["version"] = each.pop("key")
    return document


def path_lines(path: Sequence[PathStep]) -> list[str]:
    """The path of a command, a line each."""
    return [
        f"  {'^' if step.direction == 'up' else 'v'} {step.file.key:<12} {step.file.description}"
        + (" (goes on)" if step.goes_on else "")
        for step in path
    ]


def event_line(event: MigrationEvent) -> str:
    """An event as one sentence."""
    name = f"{event.version} {event.name}".strip()
    ended = event.kind in ("applied", "reverted", "failed", "interrupted", "revert_failed")
    took = f" after {left_text(event.elapsed_ms / 1000)}" if ended else ""
    counts = event.counts
    items = f": {counts.read:,} items read, {counts.written:,} written" if ended and counts.read else ""
    dead = f", {counts.dead:,} dead letters" if counts.dead else ""
    return f"{name} {_WORDS.get(event.kind, event.kind)}{took}{items}{dead}."


def event_details(event: MigrationEvent) -> list[str]:
    """An event of `show`: when, what, who, and what it said."""
    attempt = f", attempt {event.attempts}" if event.attempts > 1 else ""
    host = f" on {event.host}" if event.host and event.host not in event.who else ""
    place = " in a function" if event.where == "lambda" else ""
    tool = f", dynasmith {event.tool}" if event.tool else ""
    lines = [
        f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}  {event_line(event)}",
        f"    run {event.run}{attempt} by {event.who}{host}{place}{tool}",
    ]
    if event.read_units or event.write_units:
        lines.append(f"    {event.read_units:,.1f} read units, {event.write_units:,.1f} write units")
    lines += [f"    job {job}" for job in event.jobs]
    lines += [f"    backup {event.backup}"] if event.backup else []
    lines += [f"    {line}" for line in event.log]
    lines += [f"    error: {event.error}"] if event.error else []
    return lines


def row_line(row: MigrationRow) -> str:
    """A migration of `list`."""
    when = f"{row.at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if row.at else ""
    flags = f"  ({', '.join(row.flags).replace('_', '-')})" if row.flags else ""
    return f"{row.key:<14} {row.state:<12} {when:<21} {row.description or row.name}{flags}".rstrip()


def attention_line(row: MigrationRow) -> str:
    """What a person must look at in a migration, for stderr; empty where nothing."""
    if row.state in ("failed", "interrupted", "running"):
        return f"{row.key} is {row.state}{f': {row.last.error}' if row.last is not None and row.last.error else ''}"
    return f"Warning: {row.key} was changed after it was applied." if "changed" in row.flags else ""


def rehearsal_lines(rehearsal: Rehearsal) -> list[str]:
    """What a path would do, for a person."""
    lines = []
    for each in rehearsal.migrations:
        goes_on = " (goes on)" if each.goes_on else ""
        lines.append(f"{'^' if each.direction == 'up' else 'v'} {each.key}  {each.description}{goes_on}".rstrip())
        for number, step in enumerate(each.steps, 1):
            lines.append(f"    {number}. {_step_words(step)}{_step_figures(step)}")
            lines += [f"       ! {step.hazard}"] if step.hazard else []
        if not each.steps and not each.stopped:
            lines.append("    no steps")
        lines += [f"    log: {line}" for line in each.log]
        if each.stopped:
            at = f"{each.key} step {len(each.steps)}" if each.steps else f"the beginning of {each.key}"
            lines.append(f"    cannot be rehearsed beyond {at}: {each.stopped}")
    return lines


def _step_words(step: RehearsedStep) -> str:
    """The words of a step; under --redact, which hides them, its operation."""
    if step.words != HIDDEN:
        return step.words
    return f"{step.operation} of {step.table}" if step.table else step.operation


def _step_figures(step: RehearsedStep) -> str:
    """What is estimated of a step, in brackets."""
    if step.items is None:
        return ""
    parts = [f"about {counted(step.items, 'item')}"]
    if step.write_units:
        parts.append(f"at most {counted(step.write_units, 'write unit')}")
    if step.seconds is not None and step.seconds >= 1:
        parts.append(f"about {left_text(step.seconds)}")
    return f" ({', '.join(parts)})"


def estimate_line(rehearsal: Rehearsal) -> str:
    """The estimate of a path as one sentence; empty where it moves no items."""
    if not rehearsal.read_units and not rehearsal.write_units:
        return ""
    units = f"{counted(rehearsal.read_units, 'read unit')}, {counted(rehearsal.write_units, 'write unit')}"
    seconds = rehearsal.seconds
    taking = "time unknown" if seconds is None else "less than a second"
    if seconds is not None and seconds >= 1:
        taking = f"about {left_text(seconds)}"
    return f"At most {units}; {taking}; {dollars_text(rehearsal.dollars)} on demand."
