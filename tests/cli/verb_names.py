"""The verbs of the command line, by their words."""

from collections.abc import Iterator

import click

from dynasmith.cli.main import VERBS, cli


def leaves(command: click.Command, name: str = "") -> Iterator[str]:
    """The words of every verb below a command."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        names = VERBS if command is cli else command.list_commands(context)
        for each in names:
            inner = command.get_command(context, each)
            assert inner is not None
            yield from leaves(inner, f"{name} {each}".strip())
    else:
        yield name
