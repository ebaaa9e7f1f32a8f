"""Each mistake of a definition: one sentence that says where and what, exit 2, and nothing is applied."""

import json
from typing import Any

import pytest

from cli.story import Story, gsi, table

FINE = table("fine")


def _with(name: str | None = "orders", **more: Any) -> str:
    """A file with a sound table and one with these keys changed; None removes a key."""
    changed = {key: value for key, value in {**table(), "name": name, **more}.items() if value is not None}
    return json.dumps({"tables": [FINE, changed]})


def _key(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"attribute_name": name, "key_type": kind} for name, kind in pairs]


def _typed(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in pairs]


TWENTY_ONE = table(global_secondary_indexes=[gsi(f"by_{number}", f"a{number}") for number in range(21)])
CASES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "not JSON": ("tables.json", '{"tables": [', ("tables.json:1", "JSON")),
    "not YAML": ("tables.yaml", "tables: [\n  - {name: orders\n", ("tables.yaml:", "YAML")),
    "not TOML": ("tables.toml", "[[tables]\nname = 1\n", ("tables.toml:1", "TOML")),
    "no format by its name": ("tables.txt", "tables", ("tables.txt", "tables")),
    "tables is missing": ("tables.json", '{"environments": {}}', ("tables.json", "tables")),
    "tables is misspelt": ("tables.json", json.dumps({"tabels": [FINE]}), ("tabels",)),
    "no name": ("tables.json", _with(name=None), ("tables[1]", "name")),
    "the same name twice": ("tables.json", _with("fine"), ("tables[1]", "fine", "tables[0]")),
    "a bad name": ("tables.json", _with("or ders!"), ("tables[1].name", "or ders!")),
    "an unknown key": ("tables.json", _with(colour="red"), ("tables[1].colour",)),
    "a key attribute without type": (
        "tables.json",
        _with(key_schema=_key(("pk", "HASH"), ("sk", "RANGE"))),
        ("tables[1]", "sk"),
    ),
    "a typed attribute that no key uses": (
        "tables.json",
        _with(attributes=_typed(("pk", "S"), ("age", "N"))),
        ("tables[1].attributes[1]", "age"),
    ),
    "an unknown type": ("tables.json", _with(attributes=_typed(("pk", "X"))), ("tables[1].attributes[0].type", '"X"')),
    "two partition keys": (
        "tables.json",
        _with(attributes=_typed(("pk", "S"), ("sk", "S")), key_schema=_key(("pk", "HASH"), ("sk", "HASH"))),
        ("tables[1].key_schema", "one"),
    ),
    "PROVISIONED without capacity": (
        "tables.json",
        _with(billing_mode="PROVISIONED"),
        ("tables[1]", "provisioned_throughput"),
    ),
    "21 GSIs": ("tables.json", json.dumps({"tables": [FINE, TWENTY_ONE]}), ("tables[1].global_secondary", "21", "20")),
}


@pytest.mark.parametrize("case", CASES)
def test_one_sentence_exit_2_and_nothing_applied(story: Story, case: str) -> None:
    name, text, words = CASES[case]
    (story.folder / name).write_text(text, encoding="utf-8")
    for command in (("ensure",), ("apply", "--yes"), ("plan",)):
        answer = story(*command, "--config", name)
        assert answer.code == 2, answer
        assert [word for word in words if word not in answer.error] == [], answer.error
        assert "\n" not in answer.error
        assert answer.out == ""
    assert story.live() == []


def test_every_mistake_of_every_table_at_once(story: Story) -> None:
    story.define(table(colour="red"), table("no way"), table("fine"))
    answer = story("ensure")
    assert answer.code == 2
    assert len([line for line in answer.err.splitlines() if line.startswith("Error: ")]) == 2
    document = story("ensure", "--json").json["error"]
    assert (document["code"], document["exit"], len(document["findings"])) == ("definition", 2, 2)
    assert story.live() == []


def test_what_was_meant_is_offered(story: Story) -> None:
    broken = table("orders")
    broken["key_schema"] = [{"atribute_name": "pk", "key_type": "HASH"}]
    story.define(broken)
    assert "attribute_name" in story("plan").err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("ensure", "--config", "absent.json"), "The file absent.json does not exist."),
        (("ensure", "--directory", "absent"), "The directory absent does not exist."),
        (("ensure", "--env", "prd"), "Environment prd does not exist."),
        (("ensure",), "No table definitions were found."),
        (("ensur",), "ensur is not a verb."),
        (("ensure", "--endpoint", "localhost:8000"), "The endpoint 'localhost:8000' (--endpoint) is not a valid URL."),
        (("apply", "orders", "--plan", "p.json"), "apply takes tables or --plan, not both."),
        (("apply", "--plan", "absent.plan"), "The plan absent.plan cannot be read: No such file or directory."),
        (("delete",), "Missing argument 'TABLE...'."),
        (("list", "--frobnicate"), "No such option '--frobnicate'."),
        (("plan", "--only", "coluor"), None),
    ],
)
def test_a_command_that_is_said_wrongly(story: Story, words: tuple[str, ...], sentence: str | None) -> None:
    if sentence is None:
        story.define(table())
        sentence = "coluor is not a setting of a table."
    answer = story(*words)
    assert (answer.code, answer.error) == (2, sentence)
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("document", ['{"format": 1', '{"format": 99, "tables": []}', "[]", ""])
def test_a_plan_file_that_is_none_does_nothing(story: Story, document: str) -> None:
    story.define(table())
    story.write("broken.plan", document)
    answer = story("apply", "--plan", "broken.plan", "--yes")
    assert answer.code == 2
    assert "broken.plan" in answer.error
    assert answer.hint
    assert story.live() == []
