"""What a path of migrations would do: its steps from a recording in the guarded process, with estimates."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC
from pathlib import Path
from typing import Final

import msgspec

from dynasmith.engine.user_code.dry_run import DryRunGuard, GuardedTransform, kept_dry
from dynasmith.errors import TableNotFound
from dynasmith.jobs.estimate import JobEstimate, estimate_units, with_cost
from dynasmith.migrations.path import PathStep
from dynasmith.migrations.report import Rehearsal, RehearsedMigration, RehearsedStep
from dynasmith.ports.guard import Guard
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.recorded_migration import PathRecorder, RecordedPath, RecordedStep

DEADLINE_SECONDS: Final = 60.0
"""How long the code of all migrations of a path may take in a dry run."""
NOT_GUARDED: Final = (
    "the code of migrations ran in a process whose calls to AWS with boto3 went to a guard; HTTP, files and other"
    " programs are not guarded: what it did there, it did"
)
_ALL_ITEMS: Final = frozenset({"backfill", "rename", "remove", "add", "copy_to"})
"""Steps that read every item, and may write each."""
_DESTROYING: Final = {"drop_table": "the table and all its items go", "drop_index": "queries of the index fail"}


def rehearse(
    items: ItemWorld, folder: Path, path: Sequence[PathStep], *, deadline_seconds: float = DEADLINE_SECONDS
) -> Rehearsal:
    """Call each migration of the path in a process that cannot write, and estimate what its steps cost.

    What a migration reads it reads from the tables as they are: one that depends on an earlier one of the path is
    rehearsed as far as that goes.
    """
    dry = items.dry
    world = dry.world
    recording = PathRecorder(folder, path, world.settings.environment, world.clock.now().astimezone(UTC))

    def opened() -> AbstractContextManager[Guard]:
        from dynasmith.aws.control.guard.server import open_guard

        return open_guard(world.session, transport=dry.transport)

    guard: DryRunGuard
    with kept_dry(GuardedTransform(opened, deadline_seconds), recording) as guard:
        assert guard.process is not None
        recorded = msgspec.json.decode(guard.process(b""), type=list[RecordedPath])
    sizes = _Sizes(dry)
    made = [_rehearsed(step, found, sizes) for step, found in zip(path, recorded, strict=True)]
    steps = [step for migration in made for step in migration.steps]
    reads = sum(step.read_units or 0.0 for step in steps)
    writes = sum(step.write_units or 0.0 for step in steps)
    total = with_cost(JobEstimate(0, 0, reads, writes), dry.prices())
    hazards = [f"{step.operation} of {step.table}: {step.hazard}" for step in steps if step.hazard]
    return Rehearsal(
        migrations=tuple(made),
        dollars=total.dollars,
        notes=(NOT_GUARDED,),
        hazards=(*hazards, *(hazard.replace("the transform", "its code", 1) for hazard in guard.hazards)),
        closing=guard.closing,
    )


class _Sizes:
    """Items and bytes of tables, as the service last counted them; each described once."""

    def __init__(self, items: ItemWorld) -> None:
        self._items = items
        self._known: dict[str, tuple[int, int] | None] = {}

    def of(self, table: str) -> tuple[int, int] | None:
        """Items and bytes; None for a table that is not there."""
        if table not in self._known:
            world = self._items.world
            try:
                found = world.control.describe(world.physical(table), ())
                self._known[table] = (found.item_count_estimate, found.size_bytes_estimate)
            except TableNotFound:
                self._known[table] = None
        return self._known[table]


def _rehearsed(step: PathStep, found: RecordedPath, sizes: _Sizes) -> RehearsedMigration:
    return RehearsedMigration(
        key=step.file.key,
        name=step.file.name,
        description=step.file.description,
        direction=step.direction,
        goes_on=step.goes_on,
        steps=tuple(_estimated(each, sizes) for each in found.steps),
        stopped=found.stopped,
        log=found.log,
    )


def _estimated(step: RecordedStep, sizes: _Sizes) -> RehearsedStep:
    size = sizes.of(step.table) if step.table and step.operation in _ALL_ITEMS else None
    estimate = estimate_units(*size, ()) if size is not None else None
    return RehearsedStep(
        operation=step.operation,
        table=step.table,
        words=step.words,
        items=None if estimate is None else estimate.items,
        read_units=None if estimate is None else estimate.read_units,
        write_units=None if estimate is None else estimate.write_units,
        hazard=_DESTROYING.get(step.operation, ""),
    )
