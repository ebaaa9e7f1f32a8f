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


class CompletedText(click.types.StringParamType):
    """A text whose values a shell completes."""

    def __init__(self, names: Callable[[CompletionPlace], tuple[str, ...]]) -> None:
        self._names = names

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, without those that stand there already."""
        given: Any = ctx.params.get(param.name or "") if param.nargs == -1 else ()
        names = self._names(_place(ctx))
        return [CompletionItem(name) for name in names if name.startswith(incomplete) and name not in (given or ())]


TABLE = CompletedText(lambda place: place.tables())
ENVIRONMENT = CompletedText(lambda place: place.environments())
JOB = CompletedText(lambda place: place.jobs())


def complete_arguments(command: click.Command) -> click.Command:
    """Let the shell complete the tables, jobs and environments among the parameters of a command."""
    for parameter in command.params:
        name = parameter.name or ""
        if not isinstance(parameter.type, click.types.StringParamType):
            continue
        if isinstance(parameter, click.Argument):
            if name in _OF_TABLES or (command.name in ("copy", "verify") and name in ("source", "target")):
                parameter.type = TABLE
            elif name in _OF_JOBS and command.name != "diagnose":
                parameter.type = JOB
        elif name in ("env", "source_env", "target_env"):
            parameter.type = ENVIRONMENT
    return command


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
