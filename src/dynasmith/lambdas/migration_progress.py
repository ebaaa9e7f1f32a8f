"""How far the migrations of a request are: while they run, and from what is recorded."""

from __future__ import annotations

from msgspec.structs import replace

from dynasmith.engine.transfer.events import FlowEnded, FlowProgress, FlowStarted
from dynasmith.jobs.counts import Counts
from dynasmith.lambdas.request_run import RequestRun
from dynasmith.migrations.event import MigrationEvent, StepRecord
from dynasmith.ports.listener import Event
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.attempt import ITEM_STEPS, MigrationAttempt
from dynasmith.project.verbs.migrations.item_steps import counts_of
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.remote.protocol import RemoteProgress

LINES_MAX = 1000
"""Lines of an invocation that its reply carries: the last ones."""


class Watch:
    """Hears what a run says. ``done`` counts the migrations of the path that are over."""

    def __init__(self, run: RequestRun) -> None:
        self._run = run
        self._attempt: MigrationAttempt | None = None
        self._key = ""
        self._total: int | None = None
        self._moving = Counts()
        self._kept = Counts()
        self.lines: list[str] = []
        self.done = 0

    def opened(self, attempt: MigrationAttempt) -> None:
        """A migration begins or goes on."""
        self._attempt = attempt

    def told(self, said: MigrationEvent | str) -> None:
        """An event, or a line of a migration."""
        self._run.deadline.unit()
        if isinstance(said, str):
            self.lines = [*self.lines, said][-LINES_MAX:]
            return
        self._key = said.version or said.name
        if said.kind in ("started", "resumed", "reverting"):
            self._moving = self._kept = Counts()
        self.done += said.kind in ("applied", "reverted")

    def hears(self, event: Event) -> None:
        """An event of a job. Called from the thread of the flow."""
        if isinstance(event, FlowStarted):
            self._total = event.total_items
            self._moving = self._kept = Counts()
        elif isinstance(event, FlowProgress):
            if event.counts.read != self._moving.read:
                self._run.deadline.unit()
            self._moving = event.counts
        elif isinstance(event, FlowEnded):
            self._kept = event.counts

    def progress(self, *, waiting: bool) -> RemoteProgress:
        """How far the run is. What was written of pages that are left in the middle counts as read."""
        if self._attempt is None:
            return RemoteProgress(version=self._key, done=self.done, waiting=waiting)
        figures = self._attempt.figures
        return RemoteProgress(
            version=self._key,
            step=self._attempt.step,
            read=figures.counts.read + max(0, self._moving.read - self._kept.read),
            total=self._total,
            write_units=figures.write_units + max(0.0, self._moving.write_units - self._kept.write_units),
            name=self._attempt.place,
            done=self.done,
            waiting=waiting,
        )


def recorded_progress(run: RequestRun) -> RemoteProgress:
    """How far a request is by its records, also where its last invocation was killed. Only reads."""
    home = MigrationHome(run.world)
    history = home.history()
    found = history.read()
    mine = [event for event in found.events if event.run == run.request.request_id]
    done = sum(event.kind in ("applied", "reverted") for event in mine)
    opened = next((state for state in found.states.values() if state.is_open and mine), None)
    if opened is None or opened.begun is None:
        return RemoteProgress(done=done)
    steps = history.recorded(opened.begun)
    items = ItemWorld(run.world.dry)
    counts = sum((_counts(step, items) for step in steps), Counts())
    last = steps[-1] if steps else None
    of = f" of {last.table}" if last is not None and last.table else ""
    progress = RemoteProgress(
        version=opened.key, step=len(steps), read=counts.read, write_units=counts.write_units, done=done
    )
    return progress if last is None else replace(progress, name=f"step {last.ordinal} ({last.operation}{of})")


def _counts(step: StepRecord, items: ItemWorld) -> Counts:
    if step.state == "done":
        return counts_of(step.result) if step.operation in ITEM_STEPS and step.result is not None else Counts()
    if not step.job:
        return Counts()
    return sum((each.counts for each in items.ledger.checkpoints(step.job).values()), Counts())
