"""`RemoteMigrations`: the verbs of migrations, done by a function next to the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from dynasmith.errors import ConsentNeed, RunError
from dynasmith.files.migrations.folder import checksums
from dynasmith.migrations.event import MigrationCounts, MigrationEvent
from dynasmith.migrations.report import MigrationRow, MigrationStatus, PreflightAnswer, Rehearsal
from dynasmith.plans.consent import Consent, granted
from dynasmith.ports.functions import RemoteFunction
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.project.verbs.migrations.path_choice import Command
from dynasmith.project.verbs.remote.conversation import Conversation, RemoteCommand
from dynasmith.project.world import World
from dynasmith.remote.protocol import RemoteProgress, RemoteQuestion

T = TypeVar("T")
ARGUMENTS = {"up": "count", "down": "count", "to": "version", "run": "name", "rollback": "run"}
"""What the argument of a command is called in a request."""
COMMANDS = frozenset({"up", "down", "to", "all", "repeat", "rollback", "run", "reset"})
LOCK_WAIT_SECONDS = 60.0


class RemoteResult(Struct, frozen=True, kw_only=True):
    """What became of one migration in a function: its state now, and the number of the event that says so."""

    version: str
    state: str
    event: int
    name: str = ""
    direction: str = "up"
    elapsed_ms: int = 0
    counts: MigrationCounts = MigrationCounts()


class RemoteMigrations:
    """Versioned migrations, done by a function that has the same files. What it looks at, it looks at there.

    Every call is an invocation at least. Raises RemoteFailure with what the function refuses or fails at (UsageError
    there has the exit code 2: other files than here, folders for records), Unreachable, AccessDenied, Locked.
    """

    def __init__(self, world: World, function: RemoteFunction) -> None:
        self._world, self._function = world, function
        self._home = MigrationHome(world)

    # --- look

    def status(self) -> MigrationStatus:
        """As `Migrations.status`. Raises UsageError for broken files here, RunError for errors there."""
        return self._looked("status", MigrationStatus)

    def list(self, *, named: bool = False) -> tuple[MigrationRow, ...]:
        """As `Migrations.list`. Raises UsageError for broken files here, RunError for errors there."""
        return self._looked("list", tuple[MigrationRow, ...], named=named)

    def outstanding(self, *, named: bool = False) -> tuple[str, ...]:
        """As `Migrations.outstanding`. Raises UsageError for broken files here, RunError for errors there."""
        return self._looked("outstanding", tuple[str, ...], named=named)

    @checked()
    def show(self, migration: str) -> tuple[MigrationEvent, ...]:
        """As `Migrations.show`. Raises UsageError for broken files here, RunError for errors there."""
        return self._looked("show", tuple[MigrationEvent, ...], migration=migration)

    def verify(self) -> tuple[str, ...]:
        """As `Migrations.verify`. Raises UsageError for broken files here, RunError for errors there."""
        return self._looked("verify", tuple[str, ...])

    def preflight(self) -> tuple[PreflightAnswer, ...]:
        """As `Migrations.preflight`. Raises UsageError for broken files here, RunError for errors there."""
        return self._looked("preflight", tuple[PreflightAnswer, ...])

    @checked()
    def rehearse(
        self,
        command: Command,
        argument: str = "",
        *,
        accept_changed: Sequence[str] = (),
        out_of_order: bool = False,
    ) -> Rehearsal:
        """As `Migrations.rehearse`, in a function that writes nothing. Raises UsageError for broken files here,
        RunError for errors there."""
        arguments = _arguments(command, argument) | ({"out_of_order": True} if out_of_order else {})
        result = self._done(command, arguments, dry_run=True, accept_changed=tuple(accept_changed))
        return _read(result, Rehearsal)

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
        continue_run: str = "",
        consent: Consent | None = None,
        asked: Callable[[RemoteQuestion], None] = lambda _: None,
        told: Callable[[RemoteProgress | str], None] = lambda _: None,
    ) -> tuple[RemoteResult, ...]:
        """Run what `Migrations.run` would, in as many invocations as it takes; what became of each migration.

        Needs the consent `yes`, and the name of a protected environment: ``asked`` hears the path with its hazards and
        cost before it is asked for. Raises UsageError for broken files here, RunError for errors there and where two
        invocations get no further, Locked, ConsentRequired, and Interrupted: the hint then has the command that goes
        on. ``continue_run`` is that run. ``told`` hears of progress and the lines of `log`.
        """
        arguments = _arguments(command, argument)
        said = {"out_of_order": out_of_order, "restart_step": restart_step, "rollback_on_failure": rollback_on_failure}
        arguments |= {name: value for name, value in said.items() if value}
        result = self._done(
            command,
            arguments,
            accept_changed=tuple(accept_changed),
            lock_wait=lock_wait,
            run=continue_run,
            consent=consent,
            asked=asked,
            told=told,
        )
        return _read(result, tuple[RemoteResult, ...])

    # --- how

    def _looked(self, name: str, kind: type[T], **arguments: str | bool) -> T:
        return _read(self._done(name, {key: value for key, value in arguments.items() if value}), kind)

    def _done(
        self,
        name: str,
        arguments: dict[str, Any],
        *,
        dry_run: bool = False,
        accept_changed: tuple[str, ...] = (),
        lock_wait: float = LOCK_WAIT_SECONDS,
        run: str = "",
        consent: Consent | None = None,
        asked: Callable[[RemoteQuestion], None] = lambda _: None,
        told: Callable[[RemoteProgress | str], None] = lambda _: None,
    ) -> object:
        world = self._world
        given = world.consent if consent is None else consent
        run_id = run or self._home.stamp().run
        command = RemoteCommand(
            name=f"migrate.{name}",
            arguments=arguments,
            environment=world.settings.environment,
            dry_run=dry_run or world.session.only_reads,
            run=run_id,
            files=checksums(self._home.folder),
            accept_changed=accept_changed,
            goes_on=bool(run),
            look="migrate.progress" if name in COMMANDS else "",
            again=f"dynasmith {_words(name, arguments)} --env {world.settings.environment} "
            f"--remote {self._function.name} --continue {run_id}",
            lock_wait=lock_wait,
        )

        def agree(ask: RemoteQuestion, needs: list[ConsentNeed]) -> Consent:
            asked(ask)
            return granted(given, needs, lambda: world.where)

        return Conversation(self._function, command, world.clock, consent=given, agree=agree, told=told).result()


def _arguments(command: str, argument: str) -> dict[str, Any]:
    name = ARGUMENTS.get(command)
    if name is None or not argument:
        return {}
    return {name: int(argument) if name == "count" and argument.isdecimal() else argument}


def _words(command: str, arguments: dict[str, Any]) -> str:
    """The command as a person types it."""
    name = ARGUMENTS.get(command, "")
    said = str(arguments[name]) if name in arguments else ""
    option = "--run " if command == "rollback" and said else ""
    return f"migrate {command} {option}{said}".rstrip()


def _read(result: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(result, kind)
    except msgspec.ValidationError as error:
        raise RunError(
            f"The answer of the function cannot be read: {error}.",
            hint="use the same version of dynasmith here and in the function",
        ) from error
