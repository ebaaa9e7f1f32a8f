"""The commands of migrations in a function: `migrate.status`, `migrate.up` and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.files.migrations.folder import checksums
from dynasmith.lambdas.migration_progress import recorded_progress
from dynasmith.lambdas.migration_work import MigrationWork
from dynasmith.lambdas.request_run import RequestRun
from dynasmith.project.verbs.migrations.migration_home import MigrationHome
from dynasmith.project.verbs.migrations.migrations import Migrations
from dynasmith.project.verbs.migrations.path_choice import Command
from dynasmith.remote.protocol import Reply

Look: TypeAlias = Literal["status", "list", "outstanding", "show", "verify", "preflight", "progress"]
COMMANDS: Final = (*get_args(Look), *get_args(Command))


class LookArguments(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of a command that only reads."""

    named: bool = False
    migration: str = ""


class RunArguments(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of a command that runs migrations."""

    count: int | None = None
    version: str = ""
    name: str = ""
    run: str = ""
    out_of_order: bool = False
    restart_step: int = 0
    rollback_on_failure: bool = False

    @property
    def argument(self) -> str:
        """What the command is about: a count, a version, a name or a run."""
        return self.version or self.name or self.run or ("" if self.count is None else str(self.count))


class MigrationCommand:
    """One command of migrations."""

    def __init__(self, run: RequestRun) -> None:
        self._run = run
        self._name = run.request.command.partition(".")[2]

    def reply(self) -> Reply:
        """What it gives back. Raises DynasmithError."""
        if self._name not in COMMANDS:
            raise UsageError(f"There is no command migrate.{self._name}.", hint=f"there are: {', '.join(COMMANDS)}")
        if self._name == "progress":
            return self._run.reply("continue", progress=recorded_progress(self._run))
        self._refuse_other_files()
        if self._name in get_args(Look):
            return self._run.reply("done", result=self._look(self._run.arguments(LookArguments)))
        arguments = self._run.arguments(RunArguments)
        command: Command = self._name  # type: ignore[assignment]  # it is one of them
        self._run.refuse_folders()
        accepted = self._run.request.consent.accept_changed
        if self._run.request.dry_run:
            rehearsal = Migrations(self._run.world.dry).rehearse(
                command, arguments.argument, accept_changed=accepted, out_of_order=arguments.out_of_order
            )
            return self._run.reply("done", result=msgspec.to_builtins(rehearsal))
        return MigrationWork(
            self._run,
            command,
            arguments.argument,
            out_of_order=arguments.out_of_order,
            restart_step=arguments.restart_step,
            rollback_on_failure=arguments.rollback_on_failure,
        ).reply()

    def _look(self, arguments: LookArguments) -> Any:
        migrations = Migrations(self._run.world.dry)
        looks: dict[str, Callable[[], Any]] = {
            "status": migrations.status,
            "list": lambda: migrations.list(named=arguments.named),
            "outstanding": lambda: migrations.outstanding(named=arguments.named),
            "show": lambda: migrations.show(arguments.migration),
            "verify": migrations.verify,
            "preflight": migrations.preflight,
        }
        return msgspec.to_builtins(looks[self._name]())

    def _refuse_other_files(self) -> None:
        """Raise UsageError where the client has other migrations than the function."""
        here = self._run.request.files
        if here is None:
            return
        there = checksums(MigrationHome(self._run.world).folder)
        differing = [key for key in sorted(here.keys() & there.keys()) if here[key] != there[key]]
        faults = [f"{', '.join(keys)} {words}" for keys, words in (
            (differing, "are other files"),
            (sorted(_migrations(here) - there.keys()), "are not in the function"),
            (sorted(_migrations(there) - here.keys()), "are only in the function"),
        ) if keys]  # fmt: skip
        if faults:
            raise UsageError(
                f"The function has other migrations than your folder: {'; '.join(faults)}.",
                hint="bundle the function again and deploy it, or check out the version of your code that it has",
            )


def _migrations(files: Mapping[str, str]) -> set[str]:
    """Those of a folder's files that are migrations: a bundle leaves modules out that git ignores."""
    return {each for each in files if not each.endswith(".py")}
