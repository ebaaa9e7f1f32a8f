"""`Migrations`: the verbs of versioned migrations, as ``project.migrations``."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Literal
from uuid import uuid4

from msgspec.structs import replace

from dynasmith.aws.stores.history.table import HistoryTable
from dynasmith.engine.migrations.runner import Runner, Stamp
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.errors import DynasmithError, RunError, UsageError
from dynasmith.files.migrations.folder import MigrationFolder, read_folder
from dynasmith.files.migrations.template import new_file
from dynasmith.migrations.event import LockRecord, MigrationEvent
from dynasmith.migrations.history import MigrationState
from dynasmith.migrations.path import Catalog, MigrationFile, PathStep, covered
from dynasmith.migrations.report import MigrationRow, MigrationStatus, PreflightAnswer, Rehearsal
from dynasmith.migrations.version import NOTHING, bumped, parse_version, version_of
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.history import HistoryHold
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.attempt import MigrationAttempt
from dynasmith.project.verbs.migrations.from_plan import lines_of
from dynasmith.project.verbs.migrations.preflight import preflight
from dynasmith.project.verbs.migrations.rehearsal import rehearse
from dynasmith.project.verbs.migrations.reverse import refuse_irreversible
from dynasmith.project.verbs.plan import make_plan
from dynasmith.project.world import World
from dynasmith.version import __version__

LOCK_WAIT_SECONDS = 60.0
"""How long a run waits for another one."""
Command = Literal["up", "down", "to", "all", "repeat", "rollback", "run", "reset"]


class Migrations:
    """The migrations of a project's folder, and their history in the environment.

    The history is a table (``history_table`` of the project file), made when the first migration runs. A verb that only
    reads finds an empty history where there is none. Raises UsageError for files that are broken, before anything is
    done; Locked where another run goes on for longer than ``lock_wait`` seconds.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    # --- look

    def status(self) -> MigrationStatus:
        """Where the environment is. Two calls. Raises UsageError for broken files."""
        folder, catalog = self._read()
        return MigrationStatus(
            current=str(catalog.history.current),
            outstanding=tuple(each.key for each in catalog.outstanding),
            open=tuple(self._row(catalog, each.key) for each in catalog.open),
            changed=tuple(each.key for each in catalog.changed),
            missing=catalog.missing,
            out_of_order=tuple(each.key for each in catalog.late),
            lock=catalog.history.lock,
            notes=folder.notes,
        )

    def list(self, *, named: bool = False) -> tuple[MigrationRow, ...]:
        """Every migration with a version, in its order; with ``named`` those without. Two calls. Raises UsageError for
        broken files."""
        _, catalog = self._read()
        keys = {each.key for each in catalog.files.files} | set(catalog.states)
        versions = {key: parsed for key in keys if (parsed := parse_version(key)) is not None}
        if named:
            return tuple(self._row(catalog, key) for key in sorted(keys - set(versions)))
        return tuple(self._row(catalog, key) for key in sorted(versions, key=lambda key: versions[key]))

    def outstanding(self, *, named: bool = False) -> tuple[str, ...]:
        """What was not applied: versions in order, or with ``named`` names. Two calls. Raises UsageError for broken
        files."""
        _, catalog = self._read()
        if named:
            states = catalog.states
            return tuple(each.name for each in catalog.files.named if each.name not in states)
        return tuple(each.key for each in catalog.outstanding)

    @checked()
    def show(self, migration: str) -> tuple[MigrationEvent, ...]:
        """What happened to a version or a named migration, oldest first. Raises UsageError where nothing did."""
        _, catalog = self._read()
        events = tuple(each for each in catalog.history.events if (each.version or each.name) == migration)
        if not events:
            raise UsageError(f"The history has no migration {migration}.", hint="dynasmith migrate list")
        return events

    def verify(self) -> tuple[str, ...]:
        """What does not agree: files that were changed or are missing, versions out of order, what began and did not
        end; where nothing is outstanding also tables that are not as they are defined.

        Nothing where all agrees. Costs two calls, and where tables are defined what `Project.plan` costs. Raises
        UsageError for broken files, DefinitionError.
        """
        status = self.status()
        return (
            *(f"{key} was changed after it was applied" for key in status.changed),
            *(f"{key} is applied, and its file is not here" for key in status.missing),
            *(f"{key} comes before {status.current} and is not applied" for key in status.out_of_order),
            *(f"{row.key} is {row.state}" for row in status.open),
            *status.notes,
            *(() if status.outstanding else self._drifted()),
        )

    def _drifted(self) -> Iterator[str]:
        tables = self._world.defined_tables()
        for planned in make_plan(self._world, tables).tables if tables else ():
            if planned.changes:
                yield f"table {planned.table} is not as it is defined (dynasmith plan {planned.table})"

    # --- choose

    @checked()
    def path(
        self,
        command: Command,
        argument: str = "",
        *,
        accept_changed: Sequence[str] = (),
        out_of_order: bool = False,
    ) -> tuple[PathStep, ...]:
        """What a command would run, in order. ``argument`` is a count (``up``, ``down``), a version, a run or a name.

        Raises UsageError for what cannot be run: files out of order, a changed or missing file, an unknown version.
        """
        _, catalog = self._read(accept_changed, out_of_order)
        return self._checked_path(catalog, _chosen(catalog, command, argument))

    @checked()
    def rehearse(
        self,
        command: Command,
        argument: str = "",
        *,
        accept_changed: Sequence[str] = (),
        out_of_order: bool = False,
    ) -> Rehearsal:
        """What a command would do: the steps of each migration, from its code in a process that cannot write, with
        estimates of units and cost. Writes nothing, no history either; reads what the code reads, and one DescribeTable
        a table. Raises UsageError as `path` does, RunError where the code takes longer than a minute."""
        return rehearse(
            ItemWorld(self._world),
            self._folder,
            self.path(command, argument, accept_changed=accept_changed, out_of_order=out_of_order),
        )

    def preflight(self) -> tuple[PreflightAnswer, ...]:
        """The seven points before a migration of production, each answered as far as it can be known from here. Costs
        what `rehearse` costs, and raises what it raises: UsageError, RunError."""
        path = self.path("all")
        return preflight(ItemWorld(self._world), path, self.rehearse("all")) if path else ()

    # --- run

    @checked()
    def up(
        self,
        count: int = 1,
        *,
        accept_changed: Sequence[str] = (),
        out_of_order: bool = False,
        restart_step: int = 0,
        rollback_on_failure: bool = False,
        lock_wait: float = LOCK_WAIT_SECONDS,
        consent: Consent | None = None,
        listener: Listener = silent,
        told: Callable[[MigrationEvent | str], None] = lambda _: None,
    ) -> tuple[MigrationEvent, ...]:
        """Apply the next ``count`` migrations; one that began goes on first. The last event of each.

        Needs the consent `yes`, and the name of a protected environment. Raises RunError where one fails (those before
        it stay applied), Interrupted where it is stopped, Locked, UsageError. Killed at any instant, the same call goes
        on. ``restart_step`` begins that step anew where its function was changed; ``rollback_on_failure`` takes back
        what this run did where one fails; ``told`` hears every event, and the lines of `log`.
        """
        return self._run(
            "up",
            str(count),
            accept_changed=accept_changed,
            out_of_order=out_of_order,
            restart_step=restart_step,
            rollback_on_failure=rollback_on_failure,
            lock_wait=lock_wait,
            consent=consent,
            listener=listener,
            told=told,
        )

    @checked()
    def run(
        self,
        command: Command,
        argument: str = "",
        *,
        accept_changed: Sequence[str] = (),
        out_of_order: bool = False,
        restart_step: int = 0,
        rollback_on_failure: bool = False,
        lock_wait: float = LOCK_WAIT_SECONDS,
        consent: Consent | None = None,
        listener: Listener = silent,
        told: Callable[[MigrationEvent | str], None] = lambda _: None,
    ) -> tuple[MigrationEvent, ...]:
        """Run what `path` gives for the same command. The last event of each. Consent and errors are those of `up`,
        and UsageError for a reset of a protected environment."""
        return self._run(
            command,
            argument,
            accept_changed=accept_changed,
            out_of_order=out_of_order,
            restart_step=restart_step,
            rollback_on_failure=rollback_on_failure,
            lock_wait=lock_wait,
            consent=consent,
            listener=listener,
            told=told,
        )

    @checked()
    def mark(
        self,
        version: str,
        *,
        through: bool = False,
        undo: bool = False,
        lock_wait: float = LOCK_WAIT_SECONDS,
        consent: Consent | None = None,
    ) -> tuple[MigrationEvent, ...]:
        """Write down that a version is applied (``through``: and all before it), or with ``undo`` that it is not; its
        code does not run. Needs the consent `yes`. Raises UsageError for a version that no file has, Locked."""
        _, catalog = self._read()
        target = version_of(version)
        if catalog.files.find(str(target)) is None:
            raise UsageError(f"There is no migration {target}.", hint="dynasmith migrate list")
        states = catalog.states
        wanted = [
            each
            for each in catalog.files.versioned
            if (version_of(each.key) <= target if through else version_of(each.key) == target)
            and _is_applied(states.get(each.key)) == undo
        ]
        if not wanted:
            return ()
        word = "not applied" if undo else "applied"
        names = ", ".join(each.key for each in wanted)
        self._granted(consent, f"Mark {names} as {word} in {{where}}, without running it?")
        stamp = self._stamp()
        with self._history().hold(stamp.run, "mark", stamp.who, wait_seconds=lock_wait) as hold:
            return tuple(hold.append(self._marked(each, stamp, undo=undo)) for each in wanted)

    @checked()
    def unlock(self, *, consent: Consent | None = None) -> LockRecord:
        """Take the lock from a run that holds it, whose writes no longer count; whose it was. Needs the consent `yes`.

        A run that was killed needs none: its lock is free after 15 s. Raises UsageError where nobody holds it.
        """
        lock = self._history().read().lock
        if lock.state == "free":
            raise UsageError("Nobody holds the lock of the migrations.", hint="dynasmith migrate status")
        self._granted(consent, f"Take the lock of {{where}} from {lock.who}, run {lock.run} ({lock.command})?")
        stamp = self._stamp()
        self._history().unlock(stamp.run, stamp.who)
        return lock

    @checked()
    def generate(self, message: str = "", *, bump: str = "patch", from_plan: bool = False) -> Path:
        """Write a new file of a migration after all that there are, and give its path. ``bump`` is major, minor, patch
        or a version. ``from_plan`` writes what differs between the definitions and the live tables as operations: costs
        what `Project.plan` costs. Raises UsageError where the version is not above all others, or nothing differs;
        DefinitionError.
        """
        _, catalog = self._read()
        last = max((version_of(each.key) for each in catalog.files.versioned), default=NOTHING)
        version = bumped(max(last, catalog.history.current), bump)
        lines: list[str] = []
        if from_plan:
            lines = lines_of(self._world, make_plan(self._world, self._world.tables()))
            if not lines:
                raise UsageError("The live tables are as they are defined: there is nothing to generate.")
        return new_file(self._folder, str(version), message, lines)

    # --- how

    def _run(
        self,
        command: Command,
        argument: str,
        *,
        accept_changed: Sequence[str],
        out_of_order: bool,
        restart_step: int,
        rollback_on_failure: bool,
        lock_wait: float,
        consent: Consent | None,
        listener: Listener,
        told: Callable[[MigrationEvent | str], None],
    ) -> tuple[MigrationEvent, ...]:
        _, catalog = self._read(accept_changed, out_of_order)
        path = self._checked_path(catalog, _chosen(catalog, command, argument))
        if not path:
            return ()
        if command == "reset" and self._world.settings.protected:
            raise UsageError(
                f"Environment {self._world.settings.environment} is protected, and reset throws its items away.",
                hint="reset an environment that is not protected",
            )
        self._granted(consent, _asks(path))
        with suppress(DynasmithError):  # what variables hold is known from then on, and kept out of the history
            self._world.defined_tables()
        stamp, stop = self._stamp(), StopRequest()
        with self._history().hold(stamp.run, command, stamp.who, wait_seconds=lock_wait) as hold:
            _, catalog = self._read(accept_changed, out_of_order)  # another run may have changed it while this waited
            path = self._checked_path(catalog, _chosen(catalog, command, argument))

            def opened(step: PathStep, begun: MigrationEvent, held: HistoryHold) -> MigrationAttempt:
                states = self._history().read().states
                return MigrationAttempt(
                    step,
                    begun,
                    held,
                    ItemWorld(self._world),
                    folder=self._folder,
                    exports=Path(self._world.settings.folder) / ".dynasmith" / "backups",
                    stop=stop,
                    told=told,
                    listener=listener,
                    restart=restart_step if step.goes_on else 0,
                    applied=_begun_up(states.get(step.file.key)),
                )

            runner = Runner(
                hold, opened, stamp, self._world.clock.now, accepted=accept_changed, told=told, masked=self._masked
            )
            try:
                done = runner.run(path, catalog.history)
            except RunError as failure:
                if not rollback_on_failure:
                    raise
                raise self._rolled_back(failure, runner, hold, stamp) from failure
            if command == "reset":
                done = [*done, *self._reset(hold, stamp, path[0].file)]
            for step, event in zip(path, done, strict=False):
                if event.kind == "reverted":
                    self._forget(hold, catalog.states.get(step.file.key), event)
        return tuple(done)

    def _rolled_back(self, failure: RunError, runner: Runner, hold: HistoryHold, stamp: Stamp) -> RunError:
        """Take back all that the run did, the failed migration first; the failure, with what became of it."""
        _, catalog = self._read()
        path = self._checked_path(catalog, catalog.rollback(stamp.run))
        names = ", ".join(step.file.key for step in path)
        done = runner.run(path, catalog.history)
        for step, event in zip(path, done, strict=True):
            self._forget(hold, catalog.states.get(step.file.key), event)
        return RunError(f"{failure.message} Took back {names}.", hint="fix it, then run it again")

    def _reset(self, hold: HistoryHold, stamp: Stamp, latest: MigrationFile) -> Sequence[MigrationEvent]:
        """Write down that what was applied is gone, and what the file stands for is there. Nothing is deleted."""
        _, catalog = self._read()
        covers = set(covered(catalog.files, latest))
        gone = [state for state in catalog.applied() if state.key not in covers]
        events = [
            MigrationEvent(number=0, kind="reverted", direction="down", version=state.key, name=state.last.name,
                           run=stamp.run, at=self._world.clock.now(), who=stamp.who, host=stamp.host, tool=stamp.tool)
            for state in gone
        ]  # fmt: skip
        files = [each for each in catalog.files.versioned if each.version in covers]
        return [hold.append(each) for each in (*events, *(self._marked(file, stamp, undo=False) for file in files))]

    def _forget(self, hold: HistoryHold, state: MigrationState | None, event: MigrationEvent) -> None:
        """Remove the steps of an up that was taken back."""
        begun = _begun_up(state)
        for each in (begun, replace(event, number=event.started)):
            if each is not None:
                hold.forget_steps(each)

    def _checked_path(self, catalog: Catalog, path: tuple[PathStep, ...]) -> tuple[PathStep, ...]:
        """The path, each of whose downs exists or can be derived. Raises UsageError."""
        for step in path:
            if step.direction == "up" or step.file.has_down:
                continue
            begun = _begun_up(catalog.states.get(step.file.key))
            if begun is None:
                raise UsageError(
                    f"{step.file.file} has no function down, and the history does not know what its up did.",
                    hint="write def down(m), or `dynasmith migrate mark --undo` it",
                )
            refuse_irreversible(step.file.file, self._history().recorded(begun))
        return path

    def _read(self, accepted: Sequence[str] = (), out_of_order: bool = False) -> tuple[MigrationFolder, Catalog]:
        folder = read_folder(self._folder)
        history = self._history().read()
        return folder, Catalog(
            files=folder.files, history=history, accepted=frozenset(accepted), out_of_order=out_of_order
        )

    @property
    def _folder(self) -> Path:
        return Path(self._world.settings.folder) / self._world.settings.migrations

    def _history(self) -> HistoryTable:
        world, settings = self._world, self._world.settings
        name = settings.new_name(settings.history_table)
        isolated = bool(world.session.access.endpoint)
        return HistoryTable(world.session.client("dynamodb"), name, settings.environment, guarded=not isolated)

    def _granted(self, consent: Consent | None, text: str) -> None:
        name = self._world.settings.new_name(self._world.settings.history_table)
        self._world.granted(consent, [name], question(text))

    def _row(self, catalog: Catalog, key: str) -> MigrationRow:
        file, state = catalog.files.find(key), catalog.states.get(key)
        flags = [
            word
            for word, keys in (
                ("changed", [each.key for each in catalog.changed]),
                ("missing", catalog.missing),
                ("out-of-order", [each.key for each in catalog.late]),
            )
            if key in keys
        ]
        return MigrationRow(
            key=key,
            name=file.name if file else state.last.name if state else "",
            description=file.description if file else "",
            state=state.state if state else "outstanding",
            flags=tuple(flags),
            at=state.last.at if state else None,
            elapsed_ms=state.last.elapsed_ms if state else 0,
            last=state.last if state else None,
        )

    def _marked(self, file: MigrationFile, stamp: Stamp, *, undo: bool) -> MigrationEvent:
        return MigrationEvent(
            number=0,
            kind="unmarked" if undo else "marked",
            version=file.version,
            name=file.name,
            run=stamp.run,
            at=self._world.clock.now(),
            checksum=file.checksum,
            who=stamp.who,
            host=stamp.host,
            tool=stamp.tool,
            account=stamp.account,
            region=stamp.region,
        )

    def _stamp(self) -> Stamp:
        where = self._world.where
        now = self._world.clock.now().astimezone(UTC)
        return Stamp(
            run=f"{now:%Y%m%dT%H%M%S}-{uuid4().hex[:6]}",
            who=f"{_user()}@{socket.gethostname()}:{os.getpid()}",
            host=socket.gethostname(),
            tool=__version__,
            account=where.account,
            region=where.region,
        )

    def _masked(self, text: str) -> str:
        return self._world.masks(text)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _is_applied(state: MigrationState | None) -> bool:
    return state is not None and state.is_applied


def _begun_up(state: MigrationState | None) -> MigrationEvent | None:
    """The event with which the up of a migration began that is applied, or began and did not end."""
    if state is None:
        return None
    begun: MigrationEvent | None = None
    for event in state.events:
        if event.kind == "started":
            begun = event
        elif event.kind in ("marked", "unmarked", "reverted"):
            begun = None
    return begun


def _chosen(catalog: Catalog, command: Command, argument: str) -> tuple[PathStep, ...]:
    match command:
        case "up":
            return catalog.up(_count(argument))
        case "down":
            return catalog.down(_count(argument))
        case "to":
            return catalog.to(argument)
        case "all":
            return catalog.all()
        case "repeat":
            return catalog.repeat()
        case "rollback":
            return catalog.rollback(argument)
        case "run":
            return catalog.run(argument)
        case "reset":
            return catalog.reset()


def _count(argument: str) -> int:
    if not argument:
        return 1
    if not argument.isdecimal() or not int(argument):
        raise UsageError(f"{argument!r} is not a number of migrations.", hint="give 1 or more")
    return int(argument)


def _asks(path: Sequence[PathStep]) -> str:
    ups = [step.file.key for step in path if step.direction == "up"]
    downs = [step.file.key for step in path if step.direction == "down"]
    words = [f"Take back {', '.join(downs)}"] if downs else []
    words += [f"{'apply' if words else 'Apply'} {', '.join(ups)}"] if ups else []
    return f"{' and '.join(words)} in {{where}}?"
