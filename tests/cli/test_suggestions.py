"""What a mistyped or foreign word leads to: a verb that is there, by meaning, never one that destroys; or "not yet"."""

import click
import pytest

from cli.story import Story
from cli.verb_names import leaves
from dynasmith.cli.main import VERBS, cli
from dynasmith.cli.suggestions import (
    DESTROYING,
    DESTROYING_OPTIONS,
    GROUP_MEANINGS,
    MEANINGS,
    NOT_YET,
    OPTION_MEANINGS,
)

LEAVES = set(leaves(cli))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("diff", "plan"),
        ("status", "check"),
        ("show", "describe"),
        ("destroy", "list"),
        ("rollback", "jobs"),
        ("seed", "populate"),
        ("rm", "list"),
        ("drift", "check"),
        ("ls", "list"),
        ("cp", "copy"),
        ("dump", "export"),
        ("new", "init"),
        ("up", "plan"),
        ("down", "migrate"),
        ("migrations", "migrate"),
        ("plann", "plan"),
        ("exp", "export"),
        ("Describe", "describe"),
    ],
)
def test_a_word_leads_to_a_verb(story: Story, word: str, meant: str) -> None:
    answer = story(word)
    assert (answer.code, answer.error, answer.hint) == (2, f"{word} is not a verb.", f"Did you mean {meant}?")


@pytest.mark.parametrize("word", ["reset"])
def test_what_is_to_come_is_said_to_be_not_there_yet(story: Story, word: str) -> None:
    answer = story(word, "orders")
    assert (answer.code, answer.error) == (2, f"{word} is not in this version yet.")
    assert answer.hint.startswith("in this version ")


@pytest.mark.parametrize(
    "word",
    [
        "delet",
        "delete_item",
        "retired",
        "delte",
        "retir",
        "drop",
        "remove",
        "prune",
        "deletes",
        "truncate",
        "delete-itmes",
    ],
)
def test_no_word_leads_to_a_verb_that_destroys(story: Story, word: str) -> None:
    hint = story(word).hint
    assert not any(verb in hint for verb in DESTROYING)


def test_the_maps_name_verbs_and_options_that_there_are() -> None:
    options = {name for verb in LEAVES for name in _options(verb)}
    assert set(MEANINGS.values()) <= LEAVES | set(VERBS)
    assert not set(MEANINGS.values()) & DESTROYING
    assert not set(MEANINGS) & set(VERBS)
    assert not set(NOT_YET) & (set(VERBS) | set(MEANINGS))
    assert DESTROYING <= LEAVES
    assert set(OPTION_MEANINGS.values()) <= options - DESTROYING_OPTIONS
    assert options >= DESTROYING_OPTIONS
    for group, meanings in GROUP_MEANINGS.items():
        assert {f"{group} {verb}" for verb in meanings.values()} <= LEAVES - DESTROYING
        assert not {f"{group} {word}" for word in meanings} & LEAVES


def _options(verb: str) -> set[str]:
    command: click.Command = cli
    for name in verb.split():
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return {name for parameter in command.params for name in parameter.opts}


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("jobs", "rm", "x"), "Did you mean jobs list?"),
        (("jobs", "prun", "x"), "Run dynasmith jobs --help to list the verbs."),
        (("local", "up"), "Did you mean local start?"),
        (("local", "stat"), "Did you mean local status?"),
        (("plan", "--environment", "x"), "Did you mean --env?"),
        (("apply", "--allow-delete-item"), "dynasmith apply --help"),
        (("plan", "--endpont", "x"), "Did you mean --endpoint?"),
        (("copy", "a", "b", "--where", "x"), "Did you mean --filter?"),
        (("backfill", "a", "--no-jornal"), "dynasmith backfill --help"),
    ],
)
def test_verbs_of_groups_and_options(story: Story, words: tuple[str, ...], hint: str) -> None:
    answer = story(*words)
    assert (answer.code, answer.hint) == (2, hint), answer.err
