"""Steps of a migration that are jobs of items: begun under an id that is written down before, and resumed by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from os import urandom
from typing import Any

import msgspec

from dynasmith.engine.transfer.jobs import cancel
from dynasmith.errors import LeaseLost, RunError
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, job_id
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.migrations.event import StepRecord
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.backfill import Backfills
from dynasmith.project.verbs.copy import copy
from dynasmith.project.verbs.delete_items import delete_items
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_resume import resume
from dynasmith.project.verbs.journals import journals_of
from dynasmith.project.verbs.populate import populate
from dynasmith.project.verbs.transforms import AnyTransform


@dataclass(frozen=True)
class ItemSteps:
    """Runs jobs for a migration. ``origin`` is what the jobs remember of it."""

    items: ItemWorld
    origin: str
    listener: Listener

    def of(self, verb: str) -> VerbJobs:
        """The jobs of a step that is a job of that verb."""
        return VerbJobs(self, verb)

    def has_written(self, job: str) -> bool:
        """Whether a job did a page, or has something in its undo journal: it may have been written."""
        found = self._find(job)
        if found is None:
            return False
        if found.over or self.items.ledger.checkpoints(job):
            return True
        try:
            journal = journals_of(self.items.world).kept(job, {})
        except RunError:  # it has none
            return False
        return any(journal.last(segment) is not None for segment in range(found.segments))

    def give_up(self, job: str) -> None:
        """Cancel a job in whose place another one begins, so that nobody takes it up."""
        found = self._find(job)
        if found is not None and not found.over:
            cancel(self.items.ledger, job, self.items.now)

    def is_known(self, job: str) -> bool:
        """Whether a job began at all."""
        return self._find(job) is not None

    def counts(self, job: str) -> Counts:
        """What a job did so far; nothing where it did not begin."""
        found = self._find(job)
        return Counts() if found is None else found.counts

    def backfill(
        self, record: StepRecord, goes_on: bool, table: str, transform: AnyTransform, options: TransferOptions
    ) -> Counts:
        """Change items in place, with an undo journal."""
        begin = Backfills(self._named(record)).run
        return self._run(
            record,
            goes_on,
            transform,
            lambda: begin(table, transform, asked=options, consent=self._consent(table), listener=self.listener),
        )

    def copy(
        self, record: StepRecord, goes_on: bool, ends: tuple[str, str], transform: Any, options: TransferOptions
    ) -> Counts:
        """Copy the items of a table into another."""
        return self._run(
            record,
            goes_on,
            transform,
            lambda: copy(
                self._named(record),
                *ends,
                transform=transform,
                options=options,
                consent=self._consent(ends[1]),
                listener=self.listener,
            ),
        )

    def populate(self, record: StepRecord, goes_on: bool, table: str, file: str, options: TransferOptions) -> Counts:
        """Write the items of a file."""
        return self._run(
            record,
            goes_on,
            None,
            lambda: populate(
                self._named(record),
                table,
                file,
                options=options,
                consent=self._consent(table),
                listener=self.listener,
            ),
        )

    def delete(self, record: StepRecord, goes_on: bool, table: str, options: TransferOptions) -> Counts:
        """Delete items, with an undo journal."""
        return self._run(
            record,
            goes_on,
            None,
            lambda: delete_items(
                self._named(record),
                table,
                options=options,
                consent=self._consent(table),
                listener=self.listener,
            ),
        )

    def undo(self, record: StepRecord, goes_on: bool, of: str) -> Counts:
        """Put back what a backfill changed."""
        table = self.items.ledger.show(of)
        target = getattr(table.spec, "target", None)
        begin = Backfills(self._named(record)).undo
        name = target.table if target is not None else ""
        return self._run(
            record,
            goes_on,
            None,
            lambda: begin(of, consent=self._consent(name), listener=self.listener),
        )

    def _run(
        self, record: StepRecord, goes_on: bool, transform: AnyTransform | None, begin: Callable[[], Report]
    ) -> Counts:
        del goes_on
        found = self._find(record.job)
        if found is None or not found.over:
            found = self._go_on(found, transform, begin).job
        if found.state == "cancelled":  # also while it ran: its report is of what it did until then
            raise RunError(
                f"Job {found.id} of this step was cancelled.",
                hint=f"begin the step again with --restart-step {record.ordinal}",
            )
        return found.counts

    def _go_on(self, found: Job | None, transform: AnyTransform | None, begin: Callable[[], Report]) -> Report:
        """Begin a job, or resume it."""
        try:
            if found is None:
                return begin()
            return resume(
                self.items, found.id, transform=transform, accept_changed_transform=True, listener=self.listener
            )
        except LeaseLost as lost:
            raise LeaseLost(lost.message, hint="run the command again: it goes on where this one was") from lost

    def _named(self, record: StepRecord) -> ItemWorld:
        return replace(self.items, job_id=record.job, origin=self.origin)

    def _find(self, job: str) -> Job | None:
        if not job:
            return None
        try:
            return self.items.ledger.show(job)
        except RunError:
            return None

    def _consent(self, table: str) -> Consent:
        """The person agreed to the migration as a whole."""
        world = self.items.world
        names = {need.name for need in world.protections([world.physical(table)]) if need.name}
        return Consent(yes=True, confirm=names)


@dataclass(frozen=True)
class VerbJobs:
    """Keeps `dynasmith.project.verbs.migrations.step_log.JobsOfSteps`."""

    steps: ItemSteps
    verb: str

    def new_id(self) -> str:
        """An id for a job that begins now."""
        return job_id(self.verb, self.steps.items.now(), urandom(3))

    def is_known(self, job: str) -> bool:
        """Whether a job began at all."""
        return self.steps.is_known(job)

    def has_written(self, job: str) -> bool:
        """Whether it wrote something, or may have."""
        return self.steps.has_written(job)

    def give_up(self, job: str) -> None:
        """End it."""
        self.steps.give_up(job)


def counts_json(counts: Counts) -> dict[str, Any]:
    """Counts as a step keeps them."""
    plain: dict[str, Any] = msgspec.to_builtins(counts)
    return plain


def counts_of(result: Any) -> Counts:
    """Counts that a step kept."""
    return msgspec.convert(result, Counts)
