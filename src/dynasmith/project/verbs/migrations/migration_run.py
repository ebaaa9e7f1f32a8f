"""`MigrationRun`: one command that runs migrations, under the lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from dynasmith.engine.migrations.runner import Runner, Stamp
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.errors import DynasmithError, RunError, UsageError
from dynasmith.migrations.event import MigrationEvent
from dynasmith.migrations.history import MigrationState, unfinished_reset
from dynasmith.migrations.path import Catalog, PathStep, covered, still_agreed
from dynasmith.plans.consent import NO_CONSENT, Consent
from dynasmith.ports.history import HistoryHold
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.attempt import MigrationAttempt
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.project.verbs.migrations.path_choice import Command, chosen
from dynasmith.project.verbs.migrations.path_consent import StepConsent


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
    stop: StopRequest = field(default_factory=StopRequest)
    """What stops the run between two migrations, and at the next step of one."""
    opened: Callable[[MigrationAttempt], None] = lambda _: None
    """Hears of every attempt before it runs."""
    consent: Consent = NO_CONSENT
    """What was consented to: the names of the tables that may lose items."""
    takes_back: bool = False
    """Whether it takes back what the same run did, which needs no name of a table."""

    def run(self, lock_wait: float, agreed: Sequence[PathStep]) -> tuple[MigrationEvent, ...]:
        """Run what is left of the path that was ``agreed`` to; the last event of each migration."""
        home = self.home
        stamp = home.stamp()
        with home.history().hold(stamp.run, self.command, stamp.who, wait_seconds=lock_wait) as hold:
            # Another run may have changed what there is while this one waited.
            _, catalog = home.read(self.accept_changed, self.out_of_order)
            if (reset := unfinished_reset(catalog.history)) is not None:
                self.marks(hold, replace(stamp, run=reset.run), reset)
                _, catalog = home.read(self.accept_changed, self.out_of_order)
            path = still_agreed(agreed, home.checked_path(catalog, chosen(catalog, self.command, self.argument)))
            try:
                return self.under(hold, stamp, catalog, path)
            except RunError as failure:
                if not self.rollback_on_failure:
                    raise
                raise self._rolled_back(failure, hold, stamp) from failure

    def under(
        self, hold: HistoryHold, stamp: Stamp, catalog: Catalog, path: Sequence[PathStep]
    ) -> tuple[MigrationEvent, ...]:
        """Run a path under the lock; the last event of each migration. Raises as `Runner.run` does."""
        runner = Runner(
            hold,
            self._attempt,
            stamp,
            self.home.world.clock.now,
            accepted=self.accept_changed,
            covers=covered(catalog.files, path[0].file) if self.command == "reset" and path else (),
            told=self.told,
            masked=self.home.world.masks,
            stopping=lambda: self.stop.asked,
        )
        done = runner.run(path, catalog.history)
        for step, event in zip(path, done, strict=True):
            if event.kind == "reverted":
                _forget(hold, catalog.states.get(step.file.key), event)
        marks = [each for event in done if event.covers for each in self.marks(hold, stamp, event)]
        return (*done, *marks)

    def _attempt(self, step: PathStep, begun: MigrationEvent, held: HistoryHold) -> MigrationAttempt:
        items = ItemWorld(self.home.world)
        is_own = self.takes_back or (self.rollback_on_failure and step.direction == "down")
        state = self.home.history().read().states.get(step.file.key)
        attempt = MigrationAttempt(
            step,
            begun,
            held,
            items,
            folder=self.home.folder,
            exports=self.home.exports,
            stop=self.stop,
            told=self.told,
            listener=self.listener,
            allowed=StepConsent(items, self.consent, is_given=is_own),
            restart=self.restart_step if step.goes_on else 0,
            applied=None if state is None else state.begun_up,
        )
        self.opened(attempt)
        return attempt

    def _rolled_back(self, failure: RunError, hold: HistoryHold, stamp: Stamp) -> RunError:
        """Take back all that the run did, the failed migration first; the failure, with what became of it."""
        _, catalog = self.home.read()
        try:
            path = self.home.checked_path(catalog, catalog.rollback(stamp.run))
            self.under(hold, stamp, catalog, path)
        except (UsageError, RunError) as refused:
            return not_taken_back(failure.message, refused)
        return taken_back(failure.message, [step.file.key for step in path])

    def marks(self, hold: HistoryHold, stamp: Stamp, reset: MigrationEvent) -> Sequence[MigrationEvent]:
        """Write down that what was applied, or had begun, is gone, and what the reset stands for is there. Nothing is
        deleted. Of a reset that was taken back nothing is written, and nothing is written twice in a run."""
        if reset.kind != "applied":
            return ()
        _, catalog = self.home.read()
        marked = {each.version for each in catalog.history.events if each.kind == "marked" and each.run == stamp.run}
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
        files = [each for each in catalog.files.versioned if each.version in covers - marked]
        return [hold.append(each) for each in (*events, *(self.home.marked(file, stamp, undo=False) for file in files))]


def taken_back(failure: str, keys: Sequence[str]) -> RunError:
    """The failure of a run, all of which was taken back."""
    return RunError(f"{failure} Took back {', '.join(keys)}.", hint="fix it, then run it again")


def not_taken_back(failure: str, refused: DynasmithError) -> RunError:
    """The failure of a run that could not be taken back."""
    return RunError(f"{failure} It could not be taken back: {refused.message}", hint=refused.hint)


def _forget(hold: HistoryHold, state: MigrationState | None, event: MigrationEvent) -> None:
    """Remove the steps of an up that was taken back."""
    begun = None if state is None else state.begun_up
    for each in (begun, replace(event, number=event.started)):
        if each is not None:
            hold.forget_steps(each)
