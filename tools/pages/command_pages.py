"""reference/commands/: a page for each verb, made from click's own tree: usage, options, an example."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

import click

from dynasmith.cli.main import VERBS, cli
from dynasmith.cli.shared_options import NAMES, shared_options

_INDEX: Final = """\
# Commands

Every command, in the order of `dynasmith --help`. The [shared options](shared-options.md) are options of all of them.

| command | |
|---|---|
"""
_SHARED: Final = """\
# Shared options

Every command takes these options, before or after the verb: `dynasmith --env test list` is `dynasmith list --env test`.

"""


def command_pages() -> Mapping[str, str]:
    """The pages by their place: one for each verb, the shared options, and the list."""
    verbs = {name: _command(name) for name in VERBS}
    rows = "".join(f"| [`{name}`]({name}.md) | {line} |\n" for name, (_, line) in VERBS.items())
    tree = "\n".join(["", "```{toctree}", ":hidden:", "", "shared-options", *verbs, "```", ""])
    pages = {f"reference/commands/{name}.md": verb_page(name, command) for name, command in verbs.items()}
    pages["reference/commands/shared-options.md"] = _SHARED + "\n".join(_options(_shared())) + "\n"
    return {"reference/commands/index.md": _INDEX + rows + tree, **pages}


def verb_page(name: str, command: click.Command) -> str:
    """The page of one verb; the verbs of a group are sections of it."""
    lines = [f"# dynasmith {name}", "", *_described(name, command)]
    if isinstance(command, click.Group):
        for part, inner in command.commands.items():
            lines += [f"## dynasmith {name} {part}", "", *_described(f"{name} {part}", inner)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _command(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    return command


def _described(name: str, command: click.Command) -> Iterator[str]:
    yield from _prose(command.help or "")
    context = click.Context(command, info_name=f"dynasmith {name}")
    yield from (
        "```console",
        f"$ {' '.join([context.command_path, *command.collect_usage_pieces(context)])}",
        "```",
        "",
    )
    own = [each for each in command.params if isinstance(each, click.Option) and each.name not in NAMES]
    if own:
        yield from _options(own)
        yield ""
    if command.epilog:
        example, _, more = command.epilog.removeprefix("Example: ").partition("\n")
        yield from ("Example:", "", "```console", f"$ {example}", "```", "")
        yield from _prose(more)


def _options(options: list[click.Option]) -> Iterator[str]:
    yield from ("| option | |", "|---|---|")
    for each in options:
        if not each.hidden:
            names = ", ".join(f"`{name}`" for name in each.opts) + "".join(f" / `{n}`" for n in each.secondary_opts)
            yield f"| {names}{_metavar(each)} | {_cell(each.help or '')}{_default(each)} |"


def _metavar(option: click.Option) -> str:
    """What stands for the value, as in the help; a bar in it would end the cell of a table."""
    if option.is_flag or option.count:
        return ""
    return f" *{_cell(option.make_metavar(click.Context(cli)).removesuffix(' RANGE'))}*"


def _default(option: click.Option) -> str:
    value = option.default
    if option.is_flag or option.multiple or not isinstance(value, str | int | float) or value == "":
        return ""
    return f" (default `{value}`)" if str(value) not in (option.help or "") else ""


def _cell(text: str) -> str:
    return _escaped(" ".join(text.split())).replace("|", "\\|")


def _escaped(text: str) -> str:
    """Text of a help line, in which Markdown may read no HTML and no emphasis."""
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _prose(text: str) -> Iterator[str]:
    """Paragraphs of a help text; what click keeps as it stands (after a backspace) is a block."""
    for paragraph in textwrap.dedent(text).strip().split("\n\n"):
        if paragraph.startswith("\b"):
            yield from ("```text", paragraph.removeprefix("\b").strip("\n"), "```", "")
        elif paragraph.strip():
            yield from (_escaped(" ".join(paragraph.split())), "")


@click.command()
@shared_options
def _bare() -> None:
    """A command that has the shared options only."""


def _shared() -> list[click.Option]:
    return [each for each in _bare.params if isinstance(each, click.Option)]
