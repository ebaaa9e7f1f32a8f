"""The page Editors: its commands write the schemas, and the lines that it shows lead from a file to its schema."""

import json
import os
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from dynasmith.cli.commands.init import PROJECT, TABLES
from dynasmith.cli.main import run
from dynasmith.project.schemas import SCHEMAS, schema_file, schema_line, schema_text

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "editors.md").read_text("utf-8")


@pytest.fixture
def schemas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder in which the commands of the page were run."""
    monkeypatch.chdir(tmp_path)
    block = re.search(r"```console\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        words = shlex.split(line)[1:]
        if words[0] == "mkdir":
            os.makedirs(words[-1])
            continue
        _, verb, name, _, file = words
        assert run([verb, name]) == 0
        Path(file).write_text(capsys.readouterr().out, "utf-8")
    return tmp_path


def test_the_commands_write_every_schema(schemas: Path) -> None:
    assert {str(path.relative_to(schemas)) for path in schemas.rglob("*.json")} == {
        schema_file(name) for name in SCHEMAS
    }
    for name in SCHEMAS:
        assert (schemas / schema_file(name)).read_text("utf-8") == schema_text(name)


@pytest.mark.parametrize(
    ("file", "schema", "text"),
    [
        ("dynasmith.toml", "project", PROJECT),
        ("tables/orders.yaml", "definition", TABLES),
        ("operations/rename.yaml", "operations", "version: 1\noperations: [{rename: a, to: b}]\n"),
    ],
)
def test_a_line_leads_to_the_schema_of_its_file(schemas: Path, file: str, schema: str, text: str) -> None:
    line = schema_line(schema, "../" * file.count("/"))
    assert f"| `{line.strip()}` |" in PAGE
    path = schemas / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(line + text, "utf-8")
    place = re.search(r"(\S*\.json)", line)
    assert place is not None
    found = json.loads((path.parent / place[1].removeprefix("$schema=")).read_text("utf-8"))
    document: Any = tomllib.loads(path.read_text()) if file.endswith(".toml") else yaml.safe_load(path.read_text())
    assert [error.message for error in jsonschema.Draft202012Validator(found).iter_errors(document)] == []


def test_a_json_definition_names_its_schema(schemas: Path) -> None:
    line = f'"$schema": "../{schema_file("definition")}",'
    assert f"| `{line}` as the first key |" in PAGE
    document = json.loads("{" + line + '"tables": []}')
    jsonschema.validate(document, json.loads((schemas / schema_file("definition")).read_text("utf-8")))
