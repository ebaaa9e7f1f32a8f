"""What a person is asked before migrations run in a function: the path, its hazards, what it costs at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dynasmith.errors import ConsentRequired, DynasmithError
from dynasmith.lambdas.request_run import RequestRun, digest
from dynasmith.migrations.path import PathStep
from dynasmith.migrations.report import Rehearsal
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.project.verbs.migrations.rehearsal import DEADLINE_SECONDS, rehearse
from dynasmith.remote.protocol import RemoteQuestion

REHEARSAL_SECONDS_MIN: Final = 3.0
"""A rehearsal starts a process that imports dynasmith and the migrations; below this nothing comes of it."""


def plan_hash(run: RequestRun, path: Sequence[PathStep]) -> str:
    """What a consent is given to: the migrations of a path with their files, and where they run."""
    where = run.world.where
    steps = [[step.file.key, step.direction, step.goes_on, step.file.checksum] for step in path]
    return digest([run.request.command, where.environment, where.account, where.region, where.endpoint, steps])


def ask_about(
    path: Sequence[PathStep], plan: str, required: ConsentRequired, rehearsal: Rehearsal | None, note: str
) -> RemoteQuestion:
    """The question about a path, of which ``rehearsal`` says what it costs and destroys."""
    steps = [] if rehearsal is None else [step for each in rehearsal.migrations for step in each.steps]
    names = [need.name for need in required.needs if need.name]
    estimate: dict[str, Any] = {}
    if rehearsal is not None:
        estimate = {
            "items": sum(step.items or 0 for step in steps),
            "read_units": rehearsal.read_units,
            "write_units": rehearsal.write_units,
            "seconds": rehearsal.seconds,
            "dollars": rehearsal.dollars,
        }
    stopped = [] if rehearsal is None else [
        f"{each.key} cannot be rehearsed to its end: {each.stopped}" for each in rehearsal.migrations if each.stopped
    ]  # fmt: skip
    return RemoteQuestion(
        question=" ".join(need.question for need in required.needs),
        path=[
            {
                "version": step.file.key,
                "name": step.file.name,
                "description": step.file.description,
                "direction": step.direction,
                "goes_on": step.goes_on,
            }
            for step in path
        ],
        hazards=[] if rehearsal is None else list(rehearsal.hazards),
        estimate=msgspec.to_builtins(estimate),
        notes=[note, *stopped] if note else stopped,
        confirm=names[0] if names else "",
        names=names,
        plan=plan,
    )


def rehearsed_in_time(run: RequestRun, path: Sequence[PathStep]) -> tuple[Rehearsal | None, str]:
    """A rehearsal of the path's code, where the function has the time for it, else why there is none."""
    left = run.deadline.seconds
    seconds = DEADLINE_SECONDS if left is None else min(DEADLINE_SECONDS, left)
    if seconds < REHEARSAL_SECONDS_MIN:
        return None, "Hazards and cost are not known: the function has too little time for a rehearsal."
    home = MigrationHome(run.world)
    try:
        return rehearse(ItemWorld(run.world), home.folder, path, home.reverse_of, deadline_seconds=seconds), ""
    except DynasmithError as error:
        return None, f"Hazards and cost are not known: {error.message}"
