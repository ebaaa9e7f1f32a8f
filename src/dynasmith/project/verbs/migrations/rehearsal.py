"""What a path of migrations would do: its steps from a recording in the guarded process, with estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC
from pathlib import Path
from typing import Final

import msgspec

from dynasmith.engine.user_code.dry_run import DryRunGuard, GuardedTransform, kept_dry
from dynasmith.jobs.estimate import JobEstimate
from dynasmith.migrations.path import PathStep
from dynasmith.migrations.report import Rehearsal, RehearsedMigration, RehearsedStep
from dynasmith.ports.guard import Guard
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.recorded_migration import PathRecorder, RecordedPath, RecordedStep
from dynasmith.project.verbs.migrations.step_estimates import StepEstimates, summed

DEADLINE_SECONDS: Final = 60.0
"""How long the code of all migrations of a path may take in a dry run."""
NOT_GUARDED: Final = (
    "the code of migrations ran in a process whose calls to AWS with boto3 went to a guard; HTTP, files and other"
    " programs are not guarded: what it did there, it did"
)

Derived = Callable[[PathStep], Iterable[RecordedStep]]
"""The steps of a down that nobody wrote, from the history."""


def rehearse(
    items: ItemWorld,
    folder: Path,
    path: Sequence[PathStep],
    derived: Derived,
    *,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Rehearsal:
    """Call each migration of the path in a process that cannot write, and estimate what its steps cost.

    What a migration reads it reads from the tables as they are: one that depends on an earlier one of the path is
    rehearsed as far as that goes.
    """
    dry = items.dry
    world = dry.world
    recording = PathRecorder(folder, path, world.settings, world.clock.now().astimezone(UTC))

    def opened() -> AbstractContextManager[Guard]:
        from dynasmith.aws.control.guard.server import open_guard

        return open_guard(world.session, transport=dry.transport, counts_writes=True)

    guard: DryRunGuard
    with kept_dry(GuardedTransform(opened, deadline_seconds), recording) as guard:
        assert guard.process is not None
        recorded = msgspec.json.decode(guard.process(b""), type=list[RecordedPath])
    estimates, destroys = StepEstimates(dry, folder), dict[str, None]()
    made = [
        _rehearsed(step, found, tuple(derived(step)) if found.is_derived else found.steps, estimates, destroys)
        for step, found in zip(path, recorded, strict=True)
    ]
    total = summed([estimate for _, found in made for estimate in found])
    migrations = tuple(migration for migration, _ in made)
    hazards = [
        f"{each.key} step {number}: {step.hazard}"
        for each in migrations
        for number, step in enumerate(each.steps, 1)
        if step.hazard
    ]
    called = tuple(hazard.replace("the transform", "its code", 1) for hazard in guard.hazards)
    return Rehearsal(
        migrations=migrations,
        read_units=total.read_units,
        write_units=total.write_units,
        seconds=total.seconds,
        dollars=total.dollars,
        notes=(NOT_GUARDED,),
        hazards=(*hazards, *called),
        destroys=tuple(destroys),
        called=called,
        closing=guard.closing,
    )


def _rehearsed(
    step: PathStep,
    found: RecordedPath,
    steps: Sequence[RecordedStep],
    estimates: StepEstimates,
    destroys: dict[str, None],
) -> tuple[RehearsedMigration, list[JobEstimate]]:
    shown, known = [], []
    for each in steps:
        estimate = estimates.of(each)
        hazard = "; ".join(estimates.hazards(each, estimate))
        if destroyed := estimates.destroyed(each):
            destroys[destroyed] = None
        known += [estimate] if estimate is not None else []
        shown.append(_shown(each, estimate, hazard))
    return RehearsedMigration(
        key=step.file.key,
        name=step.file.name,
        description=step.file.description,
        direction=step.direction,
        goes_on=step.goes_on,
        steps=tuple(shown),
        stopped=found.stopped,
        log=found.log,
    ), known


def _shown(step: RecordedStep, estimate: JobEstimate | None, hazard: str) -> RehearsedStep:
    return RehearsedStep(
        operation=step.operation,
        table=step.table,
        words=step.words,
        items=None if estimate is None else estimate.items,
        read_units=None if estimate is None else estimate.read_units,
        write_units=None if estimate is None else estimate.write_units,
        seconds=None if estimate is None else estimate.seconds,
        dollars=None if estimate is None else estimate.dollars,
        hazard=hazard,
    )
