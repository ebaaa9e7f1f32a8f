"""What came out of a variable is shown as ``${NAME}`` in every finding, whichever field of a definition holds it.

The fields are those of ``everything.yaml``, which has every key of the vocabulary. Each of them in turn holds a
variable: alone, inside a longer text, with a default, as a number; long, and as short as two letters.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dynasmith.errors import DefinitionError, ProjectError
from dynasmith.files.definitions import load_definitions
from dynasmith.files.project import environment_of, load_project
from dynasmith.files.project_settings import ENVIRONMENT, PROJECT
from dynasmith.tables.table import Table

HERE = Path(__file__).parent
FORMS = {
    "alone": ("${SECRET}", "S3CRET-hunter2"),
    "inside": ("pre-${SECRET}.post", "S3CRET-hunter2"),
    "number": ("${SECRET}", "987654321012"),
    "short": ("${SECRET}", "Øq"),
}


def leaves(document: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value that is no map and no list."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from leaves(value, (*way, name))
    elif isinstance(document, list):
        for place, value in enumerate(document):
            yield from leaves(value, (*way, place))
    else:
        yield way


def with_value(document: Any, way: tuple[Any, ...], value: Any) -> Any:
    if not way:
        return value
    changed = dict(document) if isinstance(document, dict) else list(document)
    changed[way[0]] = with_value(changed[way[0]], way[1:], value)
    return changed


def findings(path: Path, secret: str) -> tuple[list[str], tuple[Table, ...]]:
    """Every text that reading the file comes to, and the tables where it is sound."""
    try:
        read = load_definitions([path], "prod", {"SECRET": secret, "TEAM": "t", "ENV": "e"})
    except DefinitionError as error:
        told = [finding.sentence for finding in error.findings]
        return [*told, str(error), repr(error), error.hint, *map(repr, error.findings)], ()
    return [finding.sentence for finding in read.findings] + [repr(read.variables)], read.tables


@pytest.mark.parametrize("form", FORMS)
def test_no_finding_shows_what_a_variable_holds(tmp_path: Path, form: str) -> None:
    written, secret = FORMS[form]
    document = yaml.safe_load((HERE / "everything.yaml").read_text())
    (tmp_path / "orders-policy.json").write_text((HERE / "orders-policy.json").read_text())
    path, shown = tmp_path / "tables.yaml", 0
    for way in leaves(document):
        path.write_text(yaml.safe_dump(with_value(document, way, written), allow_unicode=True))
        told, tables = findings(path, secret)
        assert not [text for text in told if secret in text], (way, told)
        shown += any("${SECRET" in text for text in told)
        if tables:
            assert "${SECRET" not in repr(tables), (way, tables)  # what is read is what the variable holds
    assert shown > 20


def test_a_value_is_used_though_it_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "tables.yaml"
    path.write_text(
        "tables:\n  - name: ${NAME}-x\n    attributes: [{name: '${KEY}', type: S}]\n"
        "    key_schema: [{attribute_name: '${KEY}', key_type: HASH}]\n    billing_mode: ${MODE}\n"
        "    provisioned_throughput: {read: '${UNITS}', write: 5}\n    tags: {a: 'x${TAG}'}\n"
    )
    variables = {"NAME": "orders", "KEY": "pk", "MODE": "PROVISIONED", "UNITS": "7", "TAG": "tagged"}
    [table] = load_definitions([path], "", variables, prefix="p-").tables
    assert (table.name, table.key.partition[0].name, table.tags) == ("p-orders-x", "pk", {"a": "xtagged"})
    assert table.capacity.read == 7  # type: ignore[union-attr]
    assert type(table.name) is type(table.key.partition[0].name) is str


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [key.name for key in ENVIRONMENT.keys])
def test_no_sentence_about_an_environment_shows_it(tmp_path: Path, key: str, form: str) -> None:
    written, secret = FORMS[form]
    value = f'{{s3 = "{written}"}}' if key == "endpoints" else f'"{written}"'
    more = "local = true" if key == "endpoint" else ""
    more += '\nrole_arn = "r"' if key == "external_id" else ""
    (tmp_path / "dynasmith.toml").write_text(f"[environments.prod]\n{key} = {value}\n{more}\n")
    told = ""
    try:
        environment_of(load_project(directory=tmp_path, variables={}), "prod", {"SECRET": secret})
    except ProjectError as error:
        told = f"{error} {error.hint} {error!r}"
    assert secret not in told


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [key.name for key in PROJECT.keys if key.name != "environments"])
def test_no_sentence_about_a_project_shows_it(tmp_path: Path, key: str, form: str) -> None:
    written, secret = FORMS[form]
    value = {
        "definitions": f'["{written}"]',
        "models": f'["{written}"]',
        "jobs": f'{{ledger = "{written}"}}',
        "limits": f'{{gsi_per_table = "{written}"}}',
        "prices": f'{{million_read_units = "{written}"}}',
    }.get(key, f'"{written}"')
    (tmp_path / "dynasmith.toml").write_text(f"{key} = {value}\n")
    told = ""
    try:
        load_project(directory=tmp_path, variables={"SECRET": secret})
    except ProjectError as error:
        told = f"{error} {error.hint} {error!r}"
    assert secret not in told


@pytest.mark.parametrize(
    "text",
    [
        '[environments.prod]\nendpoint = "http://me:${SECRET}@127.0.0.1:1"',
        '[environments.prod]\nendpoints = {s3 = "http://${SECRET}@127.0.0.1:1"}',
        '[environments.prod]\nendpoint = "${SECRET}"',
        '[environments.prod]\nendpoint = "http://me:S3CRET@127.0.0.1:1"',
        '[jobs]\nledger = "s3://me:${SECRET}@bucket/x"',
        '[jobs]\njournal = "s3://me:S3CRET@bucket/x"',
    ],
)
def test_a_url_with_a_user_is_refused_in_a_project_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "dynasmith.toml").write_text(text + "\n")
    secret = "http://u:S3CRET@host:1" if '"${SECRET}"' in text else "S3CRET"
    with pytest.raises(ProjectError, match="a user or a password") as refused:
        environment_of(load_project(directory=tmp_path, variables={"SECRET": secret}), "prod", {"SECRET": secret})
    assert "S3CRET" not in f"{refused.value} {refused.value.hint}"
