"""From a command to the path of migrations that it runs, and the question before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from dynasmith.errors import UsageError
from dynasmith.migrations.path import Catalog, PathStep

Command: TypeAlias = Literal["up", "down", "to", "all", "repeat", "rollback", "run", "reset"]


def chosen(catalog: Catalog, command: Command, argument: str) -> tuple[PathStep, ...]:
    """What a command runs. Raises UsageError."""
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


def question_about(path: Sequence[PathStep]) -> str:
    """What a person is asked before a path runs."""
    ups = [step.file.key for step in path if step.direction == "up"]
    downs = [step.file.key for step in path if step.direction == "down"]
    words = [f"Take back {', '.join(downs)}"] if downs else []
    words += [f"{'apply' if words else 'Apply'} {', '.join(ups)}"] if ups else []
    return f"{' and '.join(words)} in {{where}}?"
