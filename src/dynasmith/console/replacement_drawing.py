"""A replacement as its page draws it: the states as a rail, its two tables, figures, and what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from dynasmith.console.markup import duration
from dynasmith.jobs.replacement_progress import STATES as STEPS
from dynasmith.jobs.replacement_progress import ReplacementProgress
from dynasmith.jobs.replacement_readiness import no_way_back_because, readiness
from dynasmith.jobs.replacement_report import Replacement

_BEFORE: Final = STEPS[: STEPS.index("cutover")]
WORDS: Final = {
    "planned": "a safety point is made",
    "target": "the new table is created",
    "capturing": "changes are captured",
    "copying": "every item is copied",
    "draining": "changes since then are applied",
    "following": "each change is followed",
    "verified": "both tables were compared",
    "cutover": "writes are stopped, the pointer is switched",
    "following back": "the new table is in use",
    "cutover back": "writes are stopped, the pointer is switched back",
    "finished": "the rest of the definition is applied",
    "aborted": "ended, the old table is in use",
}
_FENCE_WORDS: Final = {"policy": "writes denied by its policy"}


def rail(progress: ReplacementProgress) -> list[dict[str, str]]:
    """Every state in its order: which are behind, which one it is in, which come. The switch back stands in the place
    of the cut-over, since it leads to the states before that."""
    aborted, is_back = progress.state == "aborted", progress.state == "cutover back"
    steps = [
        each for each in STEPS if (each != "aborted" or aborted) and each != ("cutover" if is_back else "cutover back")
    ]
    if is_back:
        steps.remove("cutover back")
        steps.insert(len(_BEFORE), "cutover back")
    here, icon = steps.index(progress.state), "arrow-back" if is_back else "play"
    return [
        {
            "name": step,
            "words": WORDS[step],
            "place": "passed" if number < here and not aborted else "here" if number == here else "ahead",
            "icon": "check" if number < here and not aborted else icon if number == here else "dot",
        }
        for number, step in enumerate(steps)
    ]


def tables(report: Replacement) -> Mapping[str, Any]:
    """The two tables: which one is in use, which are fenced, and in which direction changes go."""
    progress = report.progress
    icon, words = _flow(progress, report.goes_back)
    ends = (
        (report.source_table, "old table", not progress.new_in_use),
        (report.target_table, "new table", progress.new_in_use),
    )
    return {
        "ends": [
            {
                "name": name,
                "role": role,
                "in_use": in_use,
                "fence": _FENCE_WORDS.get(kind, "writes stopped by a command")
                if (kind := progress.fences.get(name))
                else "",
            }
            for name, role, in_use in ends
        ],
        "icon": icon,
        "words": words,
    }


def _flow(progress: ReplacementProgress, goes_back: bool) -> tuple[str, str]:
    """An icon and the words of where changes go."""
    if progress.state in ("planned", "target"):
        return "dot", "nothing is copied yet"
    if progress.state in ("finished", "aborted"):
        return "stop", "nothing is followed any more"
    if not progress.new_in_use:
        return "arrow", "changes go to the new table"
    return ("arrow-back", "changes go back to the old table") if goes_back else ("stop", "there is no way back")


def notice(report: Replacement, now: datetime) -> tuple[str, str, str]:
    """The tone, the icon and the sentence of whether the application can be switched."""
    progress = report.progress
    if progress.state == "following back":
        why = no_way_back_because(progress, report.goes_back, now)
        if why:
            return "info", "wait", f"Ready to go back: no, because {why}."
        return "good", "check", "Ready to go back: yes."
    if why := readiness(progress, now).not_ready_because:
        return "info", "wait", f"Ready to cut over: no, because {why}."
    return "good", "check", "Ready to cut over: yes."


def figures(progress: ReplacementProgress) -> list[tuple[str, str, str]]:
    """What is counted: a word, an amount, a unit."""
    keys = progress.keys
    found = [
        ("Dirty keys", f"{keys.dirty:,}", "keys"),
        ("Blocked keys", f"{keys.blocked:,}", "keys"),
        ("Made equal", f"{keys.handled:,}", "keys"),
        ("Changes read", f"{keys.records:,}", "records"),
    ]
    if progress.differences is not None:
        found.append(("Last comparison", f"{progress.differences:,}", "differences"))
    if progress.foreign:
        found.append(("Of no source item", f"{progress.foreign:,}", "items"))
    if progress.conflicts:
        found.append(("Conflicts", f"{progress.conflicts:,}", "keys"))
    return [("Lag", duration(keys.lag_seconds), ""), *found]


def offered_actions(report: Replacement, now: datetime) -> list[str]:
    """What may be done with it in the state in which it is. Where nothing goes back both tables are not compared after
    the cut-over; ``verify`` only passes over what is gone from the stream."""
    progress = report.progress
    if progress.state in _BEFORE:
        return ["resume", "verify", *(["ask-to-cut-over"] if progress.state == "verified" else []), "abort"]
    if progress.state == "cutover":  # one that was killed: writes may be stopped
        return ["resume", *([] if progress.switches else ["abort"])]
    if progress.state == "following back":
        compares = report.goes_back or readiness(progress, now).must_compare
        back = ["ask-to-go-back"] if report.goes_back else []
        return ["resume", *(["verify"] if compares else []), *back, "finish"]
    return ["resume"] if progress.state == "cutover back" else []


def resume_label(report: Replacement) -> str:
    """What the button is called that goes on with it."""
    if report.progress.state != "following back":
        return "Go on"
    return "Follow now" if report.goes_back else "Look for late writes"


def command_lines(report: Replacement, now: datetime) -> list[tuple[str, tuple[str, ...]]]:
    """A label, and the words of the command, of what the page shows and offers."""
    job, progress = report.job.id, report.progress
    words = {
        "resume": (resume_label(report), ("jobs", "resume", job)),
        "verify": ("Compare both tables again", ("replace", "verify", job)),
        "ask-to-cut-over": ("Cut over", ("replace", "cutover", job, "--pointer", "file:PATH")),
        "ask-to-go-back": ("Go back to the old table", ("replace", "back", job)),
        "abort": ("End it, both tables stay", ("replace", "abort", job)),
        "finish": ("Finish it", ("replace", "finish", job)),
    }
    waits = set()
    if readiness(progress, now).not_ready_because:
        waits.add("ask-to-cut-over")
    if no_way_back_because(progress, report.goes_back, now):
        waits.add("ask-to-go-back")
    return [
        ("Show it", ("replace", "status", job)),
        *(words[name] for name in offered_actions(report, now) if name not in waits),
    ]
