"""help: topics, verbs, and what each help names in one line."""

import pytest

from cli.story import Story
from cli.test_dry_run_of_verbs import commands
from dynasmith.cli.help_topics import TOPICS
from dynasmith.cli.shared_options import NAMES, OPTIONS


def test_topics_and_verbs(story: Story) -> None:
    shown = story("help")
    assert shown.code == 0
    assert all(f"  {name} " in shown.out for name in TOPICS)
    for name, (line, text) in TOPICS.items():
        topic = story("help", name)
        assert (topic.code, topic.err) == (0, "")
        assert topic.out.startswith(line)
        assert text.rstrip() in topic.out
    options = story("help", "options").out
    assert all(f"--{name.replace('_', '-').removeprefix('as-')}" in options for name in NAMES)
    assert len(OPTIONS) == len(NAMES)
    assert story("help", "scan").out == story("scan", "--help").out
    assert story("help", "jobs", "resume").out == story("jobs", "resume", "--help").out
    assert story("help", "exit-codes", "--json").json["topic"] == "exit-codes"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("exitcodes",), "Did you mean exit-codes?"),
        (("scna",), "Did you mean scan?"),
        (("jobs", "resum"), "Did you mean resume?"),
        (("scan", "more"), "dynasmith help lists the topics and the verbs"),
        (("zzz",), "dynasmith help lists the topics and the verbs"),
    ],
)
def test_what_is_unknown_is_one_sentence(story: Story, words: tuple[str, ...], hint: str) -> None:
    answer = story("help", *words)
    assert (answer.code, answer.out, answer.hint) == (2, "", hint)
    assert answer.error == f"{' '.join(words)} is neither a topic nor a verb."


def test_every_help_names_the_shared_options_in_one_line(story: Story) -> None:
    for name in commands():
        text = " ".join(story(*name.split(), "--help").out.split())
        assert "--role-arn, --external-id" in text, name
        assert "(dynasmith help options)" in text, name
        assert "Hide the values of items in all output" not in text, name


@pytest.mark.parametrize("words", [(), ("jobs",), ("backup",), ("render",), ("local",)])
def test_a_group_without_a_verb_prints_its_help(story: Story, words: tuple[str, ...]) -> None:
    answer = story(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == story(*words, "--help").out
    as_json = story(*words, "--json")
    assert (as_json.code, as_json.json["error"]["code"]) == (2, "usage")
