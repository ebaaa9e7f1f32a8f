"""--dry-run is taken by every verb: it is kept, refused, or there is nothing that it could change."""

import inspect

import click
import pytest

from cli.story import Story
from dynasmith.cli.main import VERBS, cli
from dynasmith.cli.shared_options import WITHOUT_DRY_RUN

READING = {
    "backup jobs", "backup list", "backup show",
    "check", "count", "describe", "doctor", "get", "import", "jobs list", "jobs show", "jobs wait", "list",
    "local logs",
    "lambda list", "lambda logs", "lambda policy", "permissions",
    "local status", "migrate list", "migrate outstanding",
    "migrate preflight", "migrate show", "migrate status", "migrate verify",
    "replace status",
    "metrics", "outputs", "plan", "query", "report", "render cloudformation", "render create-table", "render models",
    "render terraform", "scan", "schema", "completion", "help", "validate", "verify",
}  # fmt: skip


def commands() -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for verb in VERBS:
        command = cli.get_command(click.Context(cli), verb)
        assert command is not None
        parts = command.commands if isinstance(command, click.Group) else {}
        found |= {f"{verb} {name}": part for name, part in parts.items()} or {verb: command}
    return found


def test_every_verb_keeps_it_refuses_it_or_only_reads() -> None:
    keeping = {
        name
        for name, command in commands().items()
        if command.callback is not None and "dry_run" in inspect.getsource(inspect.unwrap(command.callback))
    }
    keeping.add("apply")  # it looks at it one function further down, as these do
    keeping |= {f"migrate {name}" for name in ("up", "down", "to", "all", "repeat", "rollback", "run", "reset")}
    assert keeping & WITHOUT_DRY_RUN == set()
    assert set(commands()) == keeping | WITHOUT_DRY_RUN | READING


@pytest.mark.parametrize("name", sorted(WITHOUT_DRY_RUN))
def test_one_that_has_none_refuses_it_and_does_nothing(story: Story, name: str) -> None:
    more = {
        "jobs pace": ["J", "--max-write-units", "1"],
        "jobs prune": ["J"],
        "lambda bundle": ["out.zip"],
        "migrate mark": ["0.0.1"],
        **{f"replace {each}": ["J"] for each in ("verify", "cutover", "back", "finish", "abort")},
        "worker": ["127.0.0.1:1"],
    }.get(name, [])
    words = more or (["J"] if name.startswith("jobs") else [])
    for said in ((*name.split(), *words, "--dry-run"), ("--dry-run", *name.split(), *words)):
        answer = story(*said)
        assert (answer.code, answer.error) == (2, f"{name} has no dry run; nothing changed.")
    assert [path.name for path in story.folder.iterdir()] == []
