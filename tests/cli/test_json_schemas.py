"""Every verb that prints JSON has a schema. The stories hold each of their documents against it: `Story` calls
`check_document` after every command."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli.json_documents import check_document, verb_of
from cli.story import Story
from cli.verb_names import leaves
from dynasmith.cli.json_types.outputs import OUTPUTS
from dynasmith.cli.json_types.schema import ERROR, output_file, output_names, output_schema
from dynasmith.cli.main import VERBS, cli

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
UNITS = ("bytes", "seconds", "ms", "dollars", "days", "units")
OF_OTHERS = {"PolicyDocument"}
"""Documents whose words are another's: an IAM policy."""


def test_every_verb_has_a_schema() -> None:
    assert set(leaves(cli)) - set(OUTPUTS) == {"demo", "worker"}  # which print for people alone
    verbs = dict.fromkeys(name.partition(" ")[0] for name in OUTPUTS)
    assert list(verbs) == [name for name in VERBS if name not in ("demo", "worker")], "in the order of the help"


@pytest.mark.parametrize("name", output_names())
def test_a_schema_is_one_and_closed(name: str) -> None:
    schema = output_schema(name)
    Draft202012Validator.check_schema(schema)
    for title, definition in schema.get("$defs", {}).items():
        assert definition["description"], title
        assert definition["additionalProperties"] is False, title


def keys() -> Iterator[tuple[str, str]]:
    for name in output_names():
        for title, definition in output_schema(name).get("$defs", {}).items():
            if title not in OF_OTHERS:
                yield from ((title, key) for key in definition["properties"])


def test_keys_are_snake_case_and_end_in_their_unit() -> None:
    named = sorted(set(keys()))
    assert [each for each in named if not SNAKE.fullmatch(each[1])] == []
    inside = {unit: [key for _, key in named if re.search(rf"(^|_){unit}_", key)] for unit in UNITS}
    assert {unit: found for unit, found in inside.items() if found} == {
        "bytes": ["size_bytes_estimate"] * len(inside["bytes"]),
    }


def test_the_check_of_documents_can_fail() -> None:
    check_document(["count", "orders", "--json"], 0, json.dumps(counted()))
    for broken in (counted(more=1), counted(count="1"), {"table": "orders"}):
        with pytest.raises(AssertionError):
            check_document(["count", "orders", "--json"], 0, json.dumps(broken))
    error = {"code": "usage", "message": "m", "hint": "", "exit": 2, "docs": "d"}
    check_document(["count", "--json"], 2, json.dumps({ERROR: error}))
    with pytest.raises(AssertionError):
        check_document(["count", "--json"], 1, json.dumps({ERROR: error}))


def counted(**more: Any) -> dict[str, Any]:
    return {"table": "orders", "index": None, "count": 1, "estimate": False, "read_units": 0.5, **more}


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        ("--env prod --json jobs --yes list", "jobs list"),
        ("migrate 0.1.3 --json", "migrate to"),
        ("--json", ""),
        ("--profile list plan --json", "plan"),
    ],
)
def test_the_verb_of_a_command_line(words: str, verb: str) -> None:
    assert verb_of(words.split()) == verb


def test_the_command_prints_them(story: Story) -> None:
    assert story("schema", "output", "jobs", "list").json == output_schema("jobs list")
    assert story("schema", "output", "error").json["title"] == "an error, with --json"
    assert list(story("schema", "output").json) == [*OUTPUTS, ERROR]
    assert output_schema("jobs list")["$id"].endswith(output_file("jobs list"))


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("output", "jobs"), "jobs list, jobs show"),
        (("output", "descrbe"), "did you mean describe?"),
        (("definition", "jobs"), "dynasmith schema output jobs"),
    ],
)
def test_an_output_that_there_is_not(story: Story, words: tuple[str, ...], hint: str) -> None:
    answer = story("schema", *words)
    assert (answer.code, answer.hint.startswith(hint)) == (2, True), answer


def test_the_tour_has_no_json(story: Story) -> None:
    assert story("demo", "--json").code == 2
