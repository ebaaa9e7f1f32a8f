"""What a function says while it does a verb, for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dynasmith.cli.shared_options import Invocation
from dynasmith.project.redaction import HIDDEN

if TYPE_CHECKING:
    from dynasmith.project.verbs.remote.remote_migrations import RemoteResult
    from dynasmith.remote.protocol import RemoteProgress, RemoteQuestion

_WORDS = {"applied": "is applied", "outstanding": "was taken back", "marked": "is marked as applied"}


def ask_lines(ask: RemoteQuestion) -> list[str]:
    """What a function would do: its path, hazards and cost."""
    lines = [
        f"  {'^' if step['direction'] == 'up' else 'v'} {step['version']:<12} {step['description']}"
        + (" (goes on)" if step["goes_on"] else "")
        for step in ask.path
    ]
    estimate = ask.estimate
    if estimate.get("write_units") or estimate.get("read_units"):
        dollars = estimate.get("dollars")
        cost = f", ${dollars:,.2f} on demand" if dollars is not None else ""
        lines.append(
            f"  at most {estimate['read_units']:,.1f} read units and {estimate['write_units']:,.1f} write units{cost}"
        )
    lines += [f"Warning: {hazard}." for hazard in ask.hazards]
    lines += [f"Note: {note}" for note in ask.notes]
    return lines


def progress_line(invocation: Invocation, said: RemoteProgress | str) -> str:
    """How far it is, or a line of a migration, which may repeat values."""
    if isinstance(said, str):
        return HIDDEN if invocation.redact else said
    items = f", {said.read:,} items read" if said.read else ""
    of = f" of about {said.total:,}" if items and said.total else ""
    waits = ", waiting for the service" if said.waiting else ""
    what = f"{said.version}: {said.name}" if said.version and said.name else said.name or said.version
    return f"{what or 'nothing yet'}{items}{of}{waits}; going on."


def told_by(invocation: Invocation) -> Callable[[RemoteProgress | str], None]:
    """Says how far a verb is."""
    return lambda said: invocation.say(progress_line(invocation, said))


def result_line(result: RemoteResult) -> str:
    """What became of one migration."""
    named = result.name if result.name != result.version else ""
    counts = result.counts
    items = f": {counts.read:,} items read, {counts.written:,} written" if counts.read else ""
    dead = f", {counts.dead:,} dead letters" if counts.dead else ""
    return f"{f'{result.version} {named}'.strip()} {_WORDS.get(result.state, result.state)}{items}{dead}."
