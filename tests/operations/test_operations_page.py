"""The reference page of operations: every example on it is run, every operation is on it."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from dynasmith.items.condition import parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.plain import item_from_json
from dynasmith.items.value import same_value
from dynasmith.operations import VOCABULARY, parse_operations

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "operations.md").read_text("utf-8")
SECTIONS = {part.split("\n", 1)[0]: part for part in PAGE.split("\n## ")[1:]}
CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="page", key=KeySchema.of("pk"))
EXAMPLES = [
    (word, before, after)
    for word, section in SECTIONS.items()
    for before, after in re.findall(r"^\| `(\{.*?\})` \| `(\{.*\})` \|$", section, re.MULTILINE)
]


def fenced(section: str) -> Any:
    block = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert block is not None
    return yaml.safe_load(block[1])


def test_every_operation_has_a_section_with_examples() -> None:
    with_keys = {"encrypt", "decrypt", "mask", "hash", "shift_dates", "sample"}
    assert set(VOCABULARY) == {word for word, _, _ in EXAMPLES} | with_keys
    for word in with_keys:
        parse_operations({"version": 1, "operations": fenced(SECTIONS[word])})
    assert set(VOCABULARY) | {"In Python", "where, `--where` and `--filter`"} == set(SECTIONS)


@pytest.mark.parametrize(("word", "before", "after"), EXAMPLES)
def test_each_example_does_what_it_says_and_rests(word: str, before: str, after: str) -> None:
    operations = parse_operations({"version": 1, "operations": fenced(SECTIONS[word])})
    item = item_from_json(before)
    assert same_value(operations(item, CTX), item_from_json(after))
    assert same_value(operations(item, CTX), item_from_json(after))


def test_the_file_at_the_top_is_read() -> None:
    operations = parse_operations(fenced(PAGE))
    assert len(operations.operations) == 4
    item = {"name": "Ada Lovelace", "age": 36, "email": "a@b"}
    made = operations(item, CTX)
    assert made is not None
    assert made["gsi1pk"] == "user#a@b"
    assert operations({"age": 3, "name": "Bo"}, CTX) == {"age": 3, "name": "Bo"}


def test_the_conditions_on_the_page_are_read() -> None:
    shown = re.findall(r"`([^`]+)`", SECTIONS["where, `--where` and `--filter`"].split("\n| reach")[0])
    conditions = [text for text in shown if re.search(r"\(.+\)|BETWEEN|IN ", text) and text != "( )"]
    assert len(conditions) == 8
    for text in conditions:
        assert parse_condition(str(parse_condition(text))) == parse_condition(text)
