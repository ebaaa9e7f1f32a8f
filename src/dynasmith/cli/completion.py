"""What a shell completes on the command line: verbs and options by click, and names of tables, environments, jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from dynasmith.project.completion import CompletionPlace

SHELLS = ("bash", "zsh", "fish")
_OF_TABLES = ("table", "tables")
_OF_JOBS = ("job", "jobs")
_OF_FILES = ("files", "dest", "folder", "out", "source")
_FILES_TOO = ("WHAT", "SOURCE")
"""Values of options that are a file more often than not: an operations file, what a definition is made of."""


class CompletedText(click.types.StringParamType):
    """A text whose values a shell completes: with names, and with ``files`` where no name begins so."""

    def __init__(self, names: Callable[[CompletionPlace], tuple[str, ...]], *, files: str = "") -> None:
        self._names, self._files = names, files

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, without those that stand there already."""
        given: Any = ctx.params.get(param.name or "") if param.nargs == -1 else ()
        names = self._names(_place(ctx))
        found = [CompletionItem(name) for name in names if name.startswith(incomplete) and name not in (given or ())]
        return found if found or not self._files else [CompletionItem(incomplete, type=self._files)]


TABLE = CompletedText(lambda place: place.tables())
TABLE_OR_FILE = CompletedText(lambda place: place.tables(), files="file")
ENVIRONMENT = CompletedText(lambda place: place.environments())
JOB = CompletedText(lambda place: place.jobs())
FILE = CompletedText(lambda _: (), files="file")
FOLDER = CompletedText(lambda _: (), files="dir")


def complete_arguments(command: click.Command) -> click.Command:
    """Let the shell complete the tables, jobs and environments among the parameters of a command."""
    for parameter in command.params:
        if isinstance(parameter.type, click.types.StringParamType):
            found = _argument(command, parameter) if isinstance(parameter, click.Argument) else _option(parameter)
            parameter.type = found or parameter.type
    return command


def _argument(command: click.Command, parameter: click.Argument) -> CompletedText | None:
    """What completes an argument of a verb."""
    name = parameter.name or ""
    if name in _OF_TABLES:
        return TABLE
    if name in ("source", "target") and command.name in ("copy", "verify"):
        return TABLE_OR_FILE if command.name == "verify" else TABLE
    if name in _OF_JOBS and "ID" not in (parameter.metavar or ""):
        return JOB
    return FILE if name in _OF_FILES else None


def _option(parameter: click.Parameter) -> CompletedText | None:
    """What completes an option, by what its help calls the value."""
    metavar = str(parameter.metavar or "")
    if parameter.name in ("env", "source_env", "target_env"):
        return ENVIRONMENT
    if metavar in ("DIR", "FOLDER"):
        return FOLDER
    if metavar.startswith("FILE") or metavar in _FILES_TOO:
        return FILE
    return {"TABLE": TABLE, "JOB": JOB}.get(metavar)


def _place(context: click.Context) -> CompletionPlace:
    """Where the words so far lead; those after the verb are nearer."""
    from dynasmith.project.completion import CompletionPlace

    said: dict[str, str] = {}
    here: click.Context | None = context
    while here is not None:
        for name in ("config", "env", "directory", "endpoint"):
            if here.params.get(name):
                said.setdefault(name, here.params[name])
        here = here.parent
    return CompletionPlace(**said)
