"""The JSON Schema of project files accepts what is read as one, and refuses every key that is not."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from dynasmith.errors import ProjectError
from dynasmith.files.project import environment_of, load_project
from dynasmith.files.project_settings import ENVIRONMENT, PROJECT, project_schema
from example_counts import examples
from kind_documents import changed, every_key, every_unknown_key

SCHEMA = project_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def toml(value: Any) -> str:
    """A value as TOML, which has no null: what is null is left out."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items() if inner is not None)
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(toml(inner) for inner in value if inner is not None) + "]"
    return json.dumps(value)


def refusal(folder: Path, document: dict[str, Any], variable: str = "7") -> str:
    """What is said against a project file and its environments; empty: nothing."""
    path = folder / "dynasmith.toml"
    path.write_text("".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in document.items()), "utf-8")
    variables = {"SOME": variable}
    try:
        project = load_project(path, variables=variables)
        for name in project.sections:
            environment_of(project, name, variables)
    except ProjectError as error:
        return error.message
    return ""


def written(document: dict[str, Any]) -> dict[str, Any]:
    """The document as TOML gives it back."""
    text = "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in document.items() if value is not None)
    return tomllib.loads(text)


def test_it_is_a_schema_and_no_key_is_without_words() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == {key.name for key in PROJECT.keys}
    assert set(SCHEMA["$defs"]["environment"]["properties"]) == {key.name for key in ENVIRONMENT.keys}
    for part in (SCHEMA, *SCHEMA["$defs"].values()):
        assert all(each["description"] for each in part["properties"].values())


def test_every_key_is_valid_and_every_other_is_refused(tmp_path: Path) -> None:
    for place, document in every_key(PROJECT):
        assert VALIDATOR.is_valid(document), place
        assert "is not a key of" not in refusal(tmp_path, document), place
    for place, document in every_unknown_key(PROJECT):
        assert not VALIDATOR.is_valid(document), place
        assert refusal(tmp_path, document), place


@pytest.mark.parametrize("secret", [key.name for key in ENVIRONMENT.keys if key.variable_only])
@pytest.mark.parametrize(
    ("value", "valid"), [("${SOME}", True), ("${SOME:-}", True), ("AKIA", False), ("a${SOME}", False)]
)
def test_a_secret_is_a_variable(tmp_path: Path, secret: str, value: str, valid: bool) -> None:
    document = {"environments": {"prod": {secret: value}}}
    assert VALIDATOR.is_valid(document) is valid
    assert ("is a secret" in refusal(tmp_path, document)) is not valid


@given(changed(PROJECT), st.sampled_from(("7", "true", "x")))
@examples(150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_what_is_read_is_valid(tmp_path: Path, document: dict[str, Any], variable: str) -> None:
    document = written(document)
    if not refusal(tmp_path, document, variable):
        assert [error.message for error in VALIDATOR.iter_errors(document)] == []
