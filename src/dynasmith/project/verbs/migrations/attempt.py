"""One call of ``up`` or ``down``: the file loaded, its steps replayed, and what came of it summed up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from dynasmith.engine.migrations.runner import Figures
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.errors import RunError
from dynasmith.files.migrations.loader import LoadedMigration, loaded, refuse_deferred
from dynasmith.jobs.counts import Counts
from dynasmith.migrations.event import MigrationCounts, MigrationEvent, StepRecord
from dynasmith.migrations.migration import Suspended
from dynasmith.migrations.path import PathStep
from dynasmith.migrations.steps import Replay
from dynasmith.ports.history import HistoryHold
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.item_steps import ItemSteps, counts_of
from dynasmith.project.verbs.migrations.reverse import derived_down
from dynasmith.project.verbs.migrations.running_migration import RunningMigration
from dynasmith.project.verbs.migrations.step_log import AnsweringSteps, StepLog
from dynasmith.project.verbs.transforms import AnyTransform

ITEM_STEPS = frozenset(
    {"backfill", "rename", "remove", "add", "copy_to", "populate", "delete_where", "delete_all", "undo"}
)
"""Steps whose result are counts of items."""


class MigrationAttempt:
    """Keeps `dynasmith.engine.migrations.runner.Attempt`."""

    def __init__(
        self,
        step: PathStep,
        begun: MigrationEvent,
        hold: HistoryHold,
        items: ItemWorld,
        *,
        folder: Path,
        exports: Path,
        stop: StopRequest,
        told: Callable[[str], None],
        listener: Listener,
        allowed: Callable[[str], None],
        restart: int = 0,
        applied: MigrationEvent | None = None,
    ) -> None:
        self._step, self._begun, self._hold, self._folder = step, begun, hold, folder
        title = f"Migration {step.file.title}"
        origin = f"migration:{step.file.version}:{step.file.name}".rstrip(":")
        self._jobs = ItemSteps(replace(items, stop=stop, term=hold.term), origin, listener)
        self._steps = StepLog(
            title,
            hold,
            begun,
            Replay(title, hold.steps(begun), restart),
            stopping=lambda: stop.asked,
            note=lambda line: self._m.note(line),
        )
        self._m = RunningMigration(
            self._steps,
            items.world,
            self._jobs,
            begun,
            step.direction,
            folder=folder,
            exports=exports,
            told=told,
            listener=listener,
            allowed=allowed,
        )
        self._imports: dict[str, str] = {}
        self._applied = applied

    @property
    def place(self) -> str:
        """The step at which it is."""
        return self._steps.place

    @property
    def step(self) -> int:
        """The number of that step, from 1; 0 before the first."""
        return self._steps.replay.asked

    def run(self) -> None:
        """Load the file, call its function, and hold its steps against the recorded ones."""
        with ExitStack() as opened:
            migration = opened.enter_context(loaded(self._folder, self._step.file))
            try:
                refuse_deferred(self._function(migration)(self._m), self._step.file.file, self._step.direction)
            finally:
                self._imports = migration.imports
                self._steps.close()
        self._steps.end()

    def _function(self, migration: LoadedMigration) -> Callable[[Any], Any]:
        found = migration.function(self._step.direction)
        if found is not None:
            return found
        direction = self._step.direction
        if direction == "up" or self._step.file.has_down:
            raise RunError(f"{direction} of {self._step.file.file} is not a function.")
        assert self._applied is not None  # looked at before the first migration of the path began
        records = self._hold.recorded(self._applied)
        return derived_down(records, self._undo(records, migration), self._steps, self._jobs, self._m)

    def _undo(self, records: Sequence[StepRecord], migration: LoadedMigration) -> dict[int, AnyTransform]:
        """The transforms that the backfills of the up name for a down: it is called again, and its steps answer. Where
        none names one, it is not called: an up that failed would fail again."""
        wanted = {record.ordinal for record in records if record.undo}
        if not wanted:
            return {}
        up = migration.function("up")
        assert up is not None
        title = f"Migration {self._step.file.title}"
        answering = AnsweringSteps(
            title, self._hold, self._begun, Replay(title, records), stopping=lambda: False, note=lambda _: None
        )
        asked = self._m.over_records(answering)
        with suppress(Suspended, SystemExit, Exception):
            up(asked)
        if missing := wanted - asked.undo.keys():
            raise RunError(
                f"The up of {title} does not name any more what takes step {min(missing)} back.",
                hint="put back the undo= of its backfill",
            )
        return asked.undo

    @property
    def figures(self) -> Figures:
        """The sums over the steps that are done and the job of the one under way."""
        found = [counts_of(each.result) for each in self._steps.done if _counts_items(each)]
        jobs = [job for each in self._steps.done for job in (*each.replaced, each.job) if job]
        found += [self._jobs.counts(job) for each in self._steps.done for job in each.replaced]
        begun = [] if self._steps.under_way is None else [self._steps.under_way]
        under_way = [job for each in begun for job in (*each.replaced, each.job) if job]
        found += map(self._jobs.counts, under_way)
        jobs += under_way
        total = sum(found, Counts())
        backups = [each.backup for each in (*self._steps.done, *begun) if each.backup]
        return Figures(
            counts=MigrationCounts(
                read=total.read,
                written=total.written,
                already=total.already + total.unchanged,
                dead=total.dead,
            ),
            read_units=total.read_units,
            write_units=total.write_units,
            jobs=tuple(jobs),
            imports=self._imports,
            log=tuple(self._m.lines),
            backup=", ".join(backups) or None,
        )


def _counts_items(record: StepRecord) -> bool:
    return record.operation in ITEM_STEPS and record.result is not None
