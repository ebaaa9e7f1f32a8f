"""`Migrations`: the verbs of versioned migrations, as ``project.migrations``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from dynasmith.aws.errors.policy_statement import denied_action
from dynasmith.errors import DynasmithError, RunError, UsageError
from dynasmith.files.migrations.template import new_file
from dynasmith.migrations.event import LockRecord, MigrationEvent
from dynasmith.migrations.path import Catalog, MigrationFile, PathStep
from dynasmith.migrations.report import MigrationRow, MigrationStatus, PreflightAnswer, Rehearsal
from dynasmith.migrations.version import NOTHING, bumped, parse_version, version_of
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.migrations.from_plan import lines_of
from dynasmith.project.verbs.migrations.migration_home import LOCK_WAIT_SECONDS, MigrationHome
from dynasmith.project.verbs.migrations.migration_run import MigrationRun
from dynasmith.project.verbs.migrations.onetable_methods import OneTableMethods
from dynasmith.project.verbs.migrations.path_choice import Command, chosen
from dynasmith.project.verbs.migrations.path_consent import may_destroy, needs_of_path
from dynasmith.project.verbs.migrations.preflight import preflight
from dynasmith.project.verbs.migrations.rehearsal import rehearse
from dynasmith.project.verbs.plan import make_plan
from dynasmith.project.world import World


class Migrations(OneTableMethods):
    """The migrations of a project's folder, and their history in the environment.

    The history is a table (``history_table`` of the project file), made when the first migration runs. A verb that only
    reads finds an empty history where there is none. Raises UsageError for files that are broken, before anything is
    done; Locked where another run goes on for longer than ``lock_wait`` seconds.
    """

    def __init__(self, world: World) -> None:
        self._world, self._home = world, MigrationHome(world)

    # --- look

    def status(self) -> MigrationStatus:
        """Where the environment is. Two calls. Raises UsageError for broken files."""
        folder, catalog = self._home.read()
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
        _, catalog = self._home.read()
        keys = {each.key for each in catalog.files.files} | set(catalog.states)
        versions = {key: parsed for key in keys if (parsed := parse_version(key)) is not None}
        if named:
            return tuple(self._row(catalog, key) for key in sorted(keys - set(versions)))
        return tuple(self._row(catalog, key) for key in sorted(versions, key=lambda key: versions[key]))

    def outstanding(self, *, named: bool = False) -> tuple[str, ...]:
        """What was not applied: versions in order, or with ``named`` names. Two calls. Raises UsageError for broken
        files."""
        _, catalog = self._home.read()
        if named:
            states = catalog.states
            return tuple(each.name for each in catalog.files.named if each.name not in states)
        return tuple(each.key for each in catalog.outstanding)

    @checked()
    def show(self, migration: str) -> tuple[MigrationEvent, ...]:
        """What happened to a version or a named migration, oldest first. Raises UsageError where nothing did."""
        _, catalog = self._home.read()
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
        if not tables:
            return
        plan = make_plan(self._world, tables)
        yield from (f"table {each.table} could not be compared: {each.message.rstrip('.')}" for each in plan.failures)
        for planned in plan.tables:
            if planned.changes:
                yield f"table {planned.table} is not as it is defined (dynasmith plan {planned.table})"
            for note in planned.notes:
                if note.kind == "not-offered" and denied_action(note.text):
                    yield f"table {planned.table} could not be compared as a whole: {note.text}"

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
        _, catalog = self._home.read(accept_changed, out_of_order)
        return self._home.checked_path(catalog, chosen(catalog, command, argument))

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
        return self._rehearsed(self.path(command, argument, accept_changed=accept_changed, out_of_order=out_of_order))

    def _rehearsed(self, path: Sequence[PathStep]) -> Rehearsal:
        return rehearse(ItemWorld(self._world), self._home.folder, path, self._home.reverse_of)

    def preflight(self) -> tuple[PreflightAnswer, ...]:
        """The seven points before a migration of production, each answered as far as it can be known from here; a
        program stops where an ``answer`` is "no". Empty where nothing is outstanding. Costs what `rehearse` costs, a
        DescribeTable and two calls of CloudWatch a table, and one for each 100 alarms of the Region; raises what
        `rehearse` raises: UsageError, RunError. Writes nothing."""
        path = self.path("all")
        items = ItemWorld(self._world)
        with items.dry.world.control.sharing():
            return preflight(items, path, self.rehearse("all")) if path else ()

    # --- run

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
        rehearsed: Rehearsal | None = None,
        listener: Listener = silent,
        told: Callable[[MigrationEvent | str], None] = lambda _: None,
    ) -> tuple[MigrationEvent, ...]:
        """Run what `path` gives for the same command; one that began goes on first. The last event of each. What a
        run before it does while this one waits for the lock is not done again, and nothing comes in its place.

        Needs the consent `yes`, the name of a protected environment, and the name of each table whose items a step
        destroys (``confirm``): known from ``rehearsed``, what `rehearse` gave for the same command, else from a
        rehearsal where the files speak of such steps. A step that nobody foresaw stops the run before it begins
        (ConsentRequired); the same call goes on with the name. Raises RunError where one fails (those before
        it stay applied), Interrupted where it is stopped, Locked, UsageError also for a reset of a protected
        environment. Killed at any instant, the same call goes on. ``restart_step`` begins that step anew where its
        function was changed; ``rollback_on_failure`` takes back what this run did where one fails; ``told`` hears every
        event, and the lines of `log`.
        """
        _, catalog = self._home.read(accept_changed, out_of_order)
        path = self._home.checked_path(catalog, chosen(catalog, command, argument))
        if not path:
            return ()
        if command == "reset" and self._world.settings.protected:
            raise UsageError(
                f"Environment {self._world.settings.environment} is protected, and reset throws its items away.",
                hint="reset an environment that is not protected",
            )
        if rehearsed is None and may_destroy(self._home.folder, path):
            with suppress(RunError):  # what could not be rehearsed is asked for when its step is about to begin
                rehearsed = self._rehearsed(path)
        given = self._home.granted(consent, *needs_of_path(path, rehearsed))
        with suppress(DynasmithError):  # what variables hold is known from then on, and kept out of the history
            self._world.defined_tables()
        return MigrationRun(
            self._home,
            command,
            argument,
            accept_changed=accept_changed,
            out_of_order=out_of_order,
            restart_step=restart_step,
            rollback_on_failure=rollback_on_failure,
            listener=listener,
            told=told,
            consent=given,
        ).run(lock_wait, path)

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
        wanted = _to_mark(self._home.read()[1], version, through=through, undo=undo)
        if not wanted:
            return ()
        word = "not applied" if undo else "applied"
        names = ", ".join(each.key for each in wanted)
        self._home.granted(consent, question(f"Mark {names} as {word} in {{where}}, without running it?"))
        stamp = self._home.stamp()
        with self._home.history().hold(stamp.run, "mark", stamp.who, wait_seconds=lock_wait) as hold:
            # Another run may have changed it while this waited.
            wanted = _to_mark(self._home.read()[1], version, through=through, undo=undo)
            return tuple(hold.append(self._home.marked(each, stamp, undo=undo)) for each in wanted)

    @checked()
    def unlock(self, *, consent: Consent | None = None) -> LockRecord:
        """Take the lock from a run that holds it, whose writes no longer count; whose it was. Needs the consent `yes`.

        A run that was killed needs none: its lock is free after 15 s. Raises UsageError where nobody holds it.
        """
        lock = self._home.history().read().lock
        if lock.state == "free":
            raise UsageError("The migrations are not locked.", hint="dynasmith migrate status")
        text = f"Take the lock of {{where}} from {lock.who}, run {lock.run} ({lock.command})?"
        self._home.granted(consent, question(text))
        stamp = self._home.stamp()
        self._home.history().unlock(stamp.run, stamp.who)
        return lock

    @checked()
    def generate(self, message: str = "", *, bump: str = "patch", from_plan: bool = False) -> Path:
        """Write a new file of a migration after all that there are, and give its path. ``bump`` is major, minor, patch
        or a version. ``from_plan`` writes what differs between the definitions and the live tables as operations: costs
        what `Project.plan` costs. Raises UsageError where the version is not above all others, or nothing differs;
        DefinitionError, RunError where a live table cannot be read.
        """
        _, catalog = self._home.read()
        last = max((version_of(each.key) for each in catalog.files.versioned), default=NOTHING)
        version = bumped(max(last, catalog.history.current), bump)
        lines: list[str] = []
        if from_plan:
            plan = make_plan(self._world, self._world.tables())
            for failure in plan.failures:
                raise RunError(failure.message, hint=failure.hint)
            lines = lines_of(self._world, plan)
            if not lines:
                raise UsageError("The live tables are as they are defined: there is nothing to generate.")
        return new_file(self._home.folder, str(version), message, lines)

    # --- how

    def _row(self, catalog: Catalog, key: str) -> MigrationRow:
        file, state = catalog.files.find(key), catalog.states.get(key)
        flags = [
            word
            for word, keys in (
                ("changed", [each.key for each in catalog.changed]),
                ("missing", catalog.missing),
                ("out_of_order", [each.key for each in catalog.late]),
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


def _to_mark(catalog: Catalog, version: str, *, through: bool, undo: bool) -> Sequence[MigrationFile]:
    """What `mark` has to write down. Raises UsageError for a version that no file has."""
    target = version_of(version)
    if catalog.files.find(str(target)) is None:
        raise UsageError(f"There is no migration {target}.", hint="dynasmith migrate list")
    states = catalog.states
    return [
        each
        for each in catalog.files.versioned
        if (version_of(each.key) <= target if through else version_of(each.key) == target)
        and ((state := states.get(each.key)) is not None and state.is_applied) == undo
    ]
