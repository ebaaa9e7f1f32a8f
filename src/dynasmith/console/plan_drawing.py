"""A plan as a picture: for each table a lane with its changes, hazards and steps, placed for SVG. Plain data; pure."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dynasmith.console.page import path_of
from dynasmith.jobs.spec import TableProgress
from dynasmith.plans.change import Change, Conflict, ReplaceTable
from dynasmith.plans.estimate import usual_seconds
from dynasmith.plans.explain import explain, step_text
from dynasmith.plans.plan import Plan, TablePlan
from dynasmith.plans.refusal import refusals
from dynasmith.plans.step import Step, Wait
from dynasmith.tables.settings.base import CostEstimate, Hazard
from dynasmith.tables.table import known

WIDTH: Final = 340
LINE: Final = 17
GAP: Final = 16
PADDING: Final = 9
TEXT_X: Final = 44
CHARACTERS: Final = 42
LINES_MAX: Final = 5
SYMBOLS: Final = {
    "+": ("plus", "good", "new"),
    "~": ("delta", "warn", "changed"),
    "-": ("minus", "bad", "removed"),
    "±": ("swap", "bad", "removed and created again"),
}


@dataclass(frozen=True)
class StepState:
    """How far one step is: ``planned``, ``running``, ``done`` or ``failed``, and what is said under it."""

    state: str
    words: str = ""
    percent: float | None = None


def lanes(
    plan: Plan, progress: Mapping[str, TableProgress] | None = None, heard: Mapping[tuple[str, int], Any] | None = None
) -> list[dict[str, Any]]:
    """A lane for each table that changes or has something to say; ``progress`` is that of an apply that began."""
    shown = [table for table in plan.tables if table.changes or table.notes or table.steps]
    return [lane(table, (progress or {}).get(table.table), heard or {}) for table in shown]


def lane(table: TablePlan, progress: TableProgress | None, heard: Mapping[tuple[str, int], Any]) -> dict[str, Any]:
    """One table: words, and the nodes of its picture."""
    refused = refusals(table)
    seconds = [usual_seconds(step, known(table.size_bytes_estimate, 0)) for step in table.steps]
    states = [_state(table, number, progress, heard) for number in range(1, len(table.steps) + 1)]
    nodes, height = ([], 0) if refused else _nodes(table, states)
    return {
        "name": table.table,
        "path": path_of("tables", table.table),
        "icon": "delta" if table.exists else "plus",
        "word": "changes" if table.exists else "new",
        "state": _lane_state(progress),
        "failed": progress.failed if progress else "",
        "changes": [
            change_words(change) for change in table.changes if not isinstance(change, ReplaceTable | Conflict)
        ],
        "refusals": [{"message": each.message, "way_out": each.way_out} for each in refused],
        "hazards": [] if refused else [_hazard(each) for each in table.hazards],
        "notes": [note.text for note in table.notes],
        "costs": [] if refused else [_cost(each) for each in table.estimates],
        "seconds": (sum(low for low, _ in seconds), sum(high for _, high in seconds)),
        "done": progress.place if progress else 0,
        "steps": len(table.steps),
        "nodes": nodes,
        "width": WIDTH,
        "height": height,
    }


def _lane_state(progress: TableProgress | None) -> str:
    if progress is None:
        return "planned"
    return "failed" if progress.failed else "done" if progress.done else "running"


def _state(
    table: TablePlan, number: int, progress: TableProgress | None, heard: Mapping[tuple[str, int], Any]
) -> StepState:
    step = table.steps[number - 1]
    if progress is None:
        low, high = usual_seconds(step, known(table.size_bytes_estimate, 0))
        return StepState("planned", f"usually {span(low, high)}" if high >= 1 else "")
    event = heard.get((table.table, number))
    if number <= progress.place:
        seconds = event.seconds if event is not None and event.done else 0.0
        return StepState("done", f"done in {seconds_text(seconds)}" if seconds >= 0.05 else "done")
    if number > progress.place + 1:
        return StepState("planned")
    if progress.failed:
        return StepState("failed", progress.failed)
    seen = (event.seen if event is not None else "") or progress.seen
    waited = f"{seconds_text(event.seconds)}: " if event is not None and seen and event.seconds else ""
    return StepState("running", f"{waited}{seen}" or "under way", progress.percent)


def _nodes(table: TablePlan, states: list[StepState]) -> tuple[list[dict[str, Any]], int]:
    """Consents first, as gates that the way leads through, then the steps in their order."""
    nodes: list[dict[str, Any]] = []
    y = 1
    for hazard in table.hazards:
        text = f"{hazard.path or 'the table'}: {hazard.why}"
        nodes.append(_node(y, "hazard", "hazard", "!", text, f"needs {hazard.flag}", None))
        y += nodes[-1]["height"] + GAP
    for number, (step, state) in enumerate(zip(table.steps, states, strict=True), start=1):
        nodes.append(_node(y, _kind(step), state.state, str(number), step_text(step), state.words, state.percent))
        y += nodes[-1]["height"] + GAP
    return nodes, max(y - GAP + 1, 1)


def _kind(step: Step) -> str:
    return "wait" if isinstance(step, Wait) else "call"


def _node(y: int, kind: str, state: str, mark: str, text: str, below: str, percent: float | None) -> dict[str, Any]:
    lines, under = wrapped(text), wrapped(below)
    height = 2 * PADDING + LINE * (len(lines) + len(under)) + (8 if percent is not None else 0)
    return {
        "y": y,
        "height": height,
        "kind": kind,
        "state": state,
        "mark": mark,
        "middle": y + height / 2,
        "text": text,
        "below": below,
        "lines": [(y + PADDING + LINE * at + 13, line) for at, line in enumerate(lines)],
        "under": [(y + PADDING + LINE * (at + len(lines)) + 13, line) for at, line in enumerate(under)],
        "percent": percent,
        "bar_y": y + height - PADDING - 2,
    }


def wrapped(text: str) -> list[str]:
    """The lines of a text in a node; a longer one is cut, and its title has it whole."""
    lines = textwrap.wrap(text, CHARACTERS, break_long_words=True)
    return lines if len(lines) <= LINES_MAX else [*lines[: LINES_MAX - 1], f"{lines[LINES_MAX - 1][:-1]}…"]


def change_words(change: Change) -> dict[str, str]:
    """A change in the words of `explain`, with an icon, a tone and a word for its symbol."""
    line = explain(change)
    icon, tone, word = SYMBOLS[line.symbol]
    return {"icon": icon, "tone": tone, "word": word, "path": line.path, "text": line.text}


def _hazard(hazard: Hazard) -> dict[str, str]:
    index = hazard.flag.rpartition(" ")[2] if hazard.consent == "rebuild-index" else ""
    return {"path": hazard.path, "why": hazard.why, "flag": hazard.flag, "consent": hazard.consent, "index": index}


def _cost(cost: CostEstimate) -> dict[str, str]:
    parts = []
    for word, dollars in (("once", cost.once), ("monthly", cost.monthly)):
        if dollars is None:
            parts.append(f"{word} unknown")
        elif dollars:
            parts.append(f"{word} ${dollars:,.2f}")
    return {"path": cost.path or "the table", "text": ", ".join(parts) or "less than $0.01", "basis": cost.basis}


def span(low: float, high: float) -> str:
    """``1 s to 20 min``, ``up to 2 s``; one of them where both read alike."""
    first, last = seconds_text(low), seconds_text(high)
    return first if first == last else f"{first} to {last}" if low else f"up to {last}"


def seconds_text(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.1f} s" if 0 < seconds < 10 and seconds != int(seconds) else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
