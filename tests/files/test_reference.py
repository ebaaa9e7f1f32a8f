"""The reference page is what the code says, and every example of definitions is sound."""

import json
import re
from pathlib import Path

import pytest
import yaml

from dynasmith.files.definitions import load_definitions
from dynasmith.files.documents import read_text
from dynasmith.tables.definition_keys import TABLE
from dynasmith.tables.document import Node
from dynasmith.tables.findings import FORM_CODES
from dynasmith.tables.parse import ParseOptions, parse
from pages.definition import definition_page
from pages.key_examples import EVERY, START

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "definitions"
SIX = (
    "global-table.yaml",
    "provisioned-autoscaling.yaml",
    "simple-table.yaml",
    "table-with-backup.yaml",
    "table-with-gsi.yaml",
    "table-with-lambda.yaml",
)


def test_every_code_of_the_parser_is_listed() -> None:
    used: set[str] = set()
    for folder in ("tables", "files", "models"):
        for source in (ROOT / "src" / "dynasmith" / folder).glob("*.py"):
            used |= set(re.findall(r'"(D0\d\d)"', source.read_text(encoding="utf-8")))
    assert used == set(FORM_CODES)


def test_the_six_examples_are_there() -> None:
    assert tuple(path.name for path in sorted(EXAMPLES.glob("*.yaml"))) == SIX


@pytest.mark.parametrize("name", SIX)
def test_an_example_is_sound(name: str) -> None:
    definitions = load_definitions([EXAMPLES / name], variables={})
    assert len(definitions.tables) == 1
    assert [finding.sentence for finding in definitions.findings] == []


def test_the_examples_are_one_set() -> None:
    assert len(load_definitions([EXAMPLES / "*.yaml"], variables={}).tables) == len(SIX)


def test_every_definition_of_the_guide_is_sound() -> None:
    guide = (ROOT / "docs" / "guide" / "definitions.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(yaml|json|toml)\n(.*?)```", guide, re.DOTALL)
    definitions = [(suffix, text) for suffix, text in blocks if "key_schema" in text]
    assert {suffix for suffix, _ in definitions} == {"yaml", "json", "toml"}
    for suffix, text in definitions:
        node = read_text(text, "guide", f".{suffix}")
        assert isinstance(node, Node), node
        for environment in ("", "prod"):
            reading = ParseOptions(environment, read_named=lambda definition, name: '{"Statement": []}')  # noqa: ARG005
            parsed = parse([node], reading)
            assert [finding.sentence for finding in parsed.findings] == []
            assert parsed.tables


def test_each_key_of_a_table_has_an_example_that_is_sound() -> None:
    page, shown = definition_page(), set[str]()
    for text in EVERY:
        keys = yaml.safe_load(START) | yaml.safe_load(text)
        node = read_text(json.dumps({"tables": [keys]}), "example", ".json")
        assert isinstance(node, Node), node
        parsed = parse([node], ParseOptions("", read_named=lambda definition, name: '{"Statement": []}'))  # noqa: ARG005
        assert [finding.sentence for finding in parsed.findings] == []
        assert text.rstrip("\n") in page
        shown |= keys.keys()
    assert shown == {key.name for key in TABLE.keys}
