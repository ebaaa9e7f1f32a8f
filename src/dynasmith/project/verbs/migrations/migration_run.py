"""`MigrationRun`: one command that runs migrations, under the lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from dynasmith.engine.migrations.runner import Runner, Stamp
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.errors import RunError, UsageError
from dynasmith.migrations.event import MigrationEvent
from dynasmith.migrations.history import MigrationState
from dynasmith.migrations.path import PathStep, covered
from dynasmith.ports.history import HistoryHold
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.attempt import MigrationAttempt
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.project.verbs.migrations.path_choice import Command, chosen


@dataclass(frozen=True, slots=True)
class MigrationRun:
    """What a command was asked to run. See `Migrations.run`."""

    home: MigrationHome
    command: Command
    argument: str
    accept_changed: Sequence[str]
    out_of_order: bool
    restart_step: int
    rollback_on_failure: bool
    listener: Listener
    told: Callable[[MigrationEvent | str], None]

    def run(self, lock_wait: float) -> tuple[MigrationEvent, ...]:
        """Run it; the last event of each migration."""
        home, stop = self.home, StopRequest()
        stamp = home.stamp()
        with home.history().hold(stamp.run, self.command, stamp.who, wait_seconds=lock_wait) as hold:
            # Another run may have changed what there is while this one waited.
            _, catalog = home.read(self.accept_changed, self.out_of_order)
            path = home.checked_path(catalog, chosen(catalog, self.command, self.argument))
            runner = Runner(
                hold,
                lambda step, begun, held: self._attempt(step, begun, held, stop),
                stamp,
                home.world.clock.now,
                accepted=self.accept_changed,
                covers=covered(catalog.files, path[0].file) if self.command == "reset" else (),
                told=self.told,
                masked=home.world.masks,
            )
            try:
                done = runner.run(path, catalog.history)
            except RunError as failure:
                if not self.rollback_on_failure:
                    raise
                raise self._rolled_back(failure, runner, hold, stamp) from failure
            for step, event in zip(path, done, strict=True):
                if event.kind == "reverted":
                    _forget(hold, catalog.states.get(step.file.key), event)
            marks = [each for event in done if event.covers for each in self._marks(hold, stamp, event)]
        return (*done, *marks)

    def _attempt(self, step: PathStep, begun: MigrationEvent, held: HistoryHold, stop: StopRequest) -> MigrationAttempt:
        state = self.home.history().read().states.get(step.file.key)
        return MigrationAttempt(
            step,
            begun,
            held,
            ItemWorld(self.home.world),
            folder=self.home.folder,
            exports=self.home.exports,
            stop=stop,
            told=self.told,
            listener=self.listener,
            restart=self.restart_step if step.goes_on else 0,
            applied=None if state is None else state.begun_up,
        )

    def _rolled_back(self, failure: RunError, runner: Runner, hold: HistoryHold, stamp: Stamp) -> RunError:
        """Take back all that the run did, the failed migration first; the failure, with what became of it."""
        _, catalog = self.home.read()
        try:
            path = self.home.checked_path(catalog, catalog.rollback(stamp.run))
            done = runner.run(path, catalog.history)
        except (UsageError, RunError) as refused:
            return RunError(f"{failure.message} It could not be taken back: {refused.message}", hint=refused.hint)
        names = ", ".join(step.file.key for step in path)
        for step, event in zip(path, done, strict=True):
            _forget(hold, catalog.states.get(step.file.key), event)
        return RunError(f"{failure.message} Took back {names}.", hint="fix it, then run it again")

    def _marks(self, hold: HistoryHold, stamp: Stamp, reset: MigrationEvent) -> Sequence[MigrationEvent]:
        """Write down that what was applied, or had begun, is gone, and what the reset stands for is there. Nothing is
        deleted. Of a reset that was taken back nothing is written."""
        if reset.kind != "applied":
            return ()
        _, catalog = self.home.read()
        covers = set(reset.covers)
        gone = [state for state in (*catalog.applied(), *catalog.open) if state.key not in covers]
        events = [
            MigrationEvent(
                number=0,
                kind="reverted",
                direction="down",
                version=state.key,
                name=state.last.name,
                run=stamp.run,
                at=self.home.world.clock.now(),
                who=stamp.who,
                host=stamp.host,
                tool=stamp.tool,
            )
            for state in gone
        ]
        files = [each for each in catalog.files.versioned if each.version in covers]
        return [hold.append(each) for each in (*events, *(self.home.marked(file, stamp, undo=False) for file in files))]


def _forget(hold: HistoryHold, state: MigrationState | None, event: MigrationEvent) -> None:
    """Remove the steps of an up that was taken back."""
    begun = None if state is None else state.begun_up
    for each in (begun, replace(event, number=event.started)):
        if each is not None:
            hold.forget_steps(each)
