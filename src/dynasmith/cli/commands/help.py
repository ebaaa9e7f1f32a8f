"""`dynasmith help`."""

from __future__ import annotations

import click

from dynasmith.cli.help_topics import TOPICS
from dynasmith.cli.shared_options import Invocation, print_json, shared_lines, verb
from dynasmith.cli.suggestions import unknown_topic


@verb("help", example="dynasmith help options")
@click.argument("words", nargs=-1, metavar="[TOPIC|VERB]...")
def command(invocation: Invocation, words: tuple[str, ...]) -> int:
    """Print the help of a verb, or a topic: options, exit-codes, conditions, items, environments. Lists both alone."""
    text = _text(click.get_current_context(), words)
    if invocation.as_json:
        print_json({"topic": " ".join(words), "text": text})
        return 0
    click.echo(text.rstrip())
    return 0


def _text(context: click.Context, words: tuple[str, ...]) -> str:
    root = context.find_root()
    if not words:
        topics = "\n".join(f"  {name:<14}{line}" for name, (line, _) in TOPICS.items())
        return f"{root.get_help()}\n\nTopics (dynasmith help TOPIC):\n{topics}\n"
    if len(words) == 1 and words[0] in TOPICS:
        line, text = TOPICS[words[0]]
        return f"{line}\n\n{text or _options(root)}"
    found: click.Command = root.command
    here = root
    for place, word in enumerate(words):
        inner = found.get_command(here, word) if isinstance(found, click.Group) else None
        if inner is None:
            known = found.list_commands(here) if isinstance(found, click.Group) else []
            raise unknown_topic(" ".join(words[: place + 1]), word, [*known, *(() if place else TOPICS)])
        found = inner
        here = click.Context(found, parent=here, info_name=word)
    return found.get_help(here)


def _options(context: click.Context) -> str:
    formatter = context.make_formatter()
    formatter.write_dl(shared_lines(context))
    return formatter.getvalue()
