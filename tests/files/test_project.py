"""The project file: found upward, every mistake with its line, environments that cannot be misread."""

from pathlib import Path

import pytest

from dynasmith.errors import ProjectError
from dynasmith.files.definitions import load_definitions
from dynasmith.files.environment import LOCAL_ENDPOINT, Environment
from dynasmith.files.project import environment_of, find_project, load_project
from dynasmith.limits import Quotas

FULL = """\
definitions = ["tables/*.yaml", "more.json"]
migrations = "steps"
default_environment = "prod"

[jobs]
ledger = "table:jobs"
journal = "s3://bucket/journal"

[limits]
gsi_per_table = 30

[prices]
million_write_units = 1.25

[environments.local]
endpoint = "http://127.0.0.1:9000"

[environments.prod]
region = "eu-west-1"
profile = "prod"
account = "123456789012"
role_arn = "arn:aws:iam::123456789012:role/deploy"
external_id = "x"
access_key_id = "${KEY}"
secret_access_key = "${SECRET}"
session_token = "${TOKEN:-}"
table_prefix = "prod-"
table_suffix = "-v1"
protected = true
dry_run_role_arn = "arn:aws:iam::123456789012:role/reader"
use_fips = true
use_dualstack = "${DUAL}"
ca_bundle = "certificates.pem"

[environments.vpc]
endpoint = "https://vpce.example:443"
engine = "dynalite"
endpoints = {application-autoscaling = "http://127.0.0.1:8001"}
"""


def _project(folder: Path, text: str, name: str = "dynasmith.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_of_a_project_file_is_read(tmp_path: Path) -> None:
    path = _project(tmp_path, FULL)
    project = load_project(directory=tmp_path, variables={})
    assert project.path == str(path)
    assert project.directory == str(tmp_path)
    assert project.definitions == (str(tmp_path / "tables/*.yaml"), str(tmp_path / "more.json"))
    assert (project.migrations, project.history_table) == ("steps", "dynasmith-migrations")
    assert (project.jobs.ledger, project.jobs.journal) == ("table:jobs", "s3://bucket/journal")
    assert project.limits == Quotas(gsi_per_table=30)
    assert project.prices == {"million_write_units": 1.25}
    assert project.environments == ("local", "prod", "vpc", "aws")
    given = {"KEY": "AKIA", "SECRET": "s3cret", "DUAL": "true"}
    prod = environment_of(project, variables=given)
    assert prod == Environment(
        name="prod",
        declared=True,
        region="eu-west-1",
        profile="prod",
        account="123456789012",
        role_arn="arn:aws:iam::123456789012:role/deploy",
        external_id="x",
        access_key_id="AKIA",
        secret_access_key="s3cret",
        session_token="",
        table_prefix="prod-",
        table_suffix="-v1",
        protected=True,
        dry_run_role_arn="arn:aws:iam::123456789012:role/reader",
        use_fips=True,
        use_dualstack=True,
        ca_bundle=str(tmp_path / "certificates.pem"),
    )
    assert environment_of(project, "local", {}).endpoint == "http://127.0.0.1:9000"
    assert environment_of(project, "vpc", {}).engine == "dynalite"
    assert environment_of(project, "vpc", {}).endpoints == {"application-autoscaling": "http://127.0.0.1:8001"}


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    _project(tmp_path, FULL)
    given = {"KEY": "AKIA", "SECRET": "s3cret", "TOKEN": "t0ken", "DUAL": "false"}
    shown = repr(environment_of(load_project(directory=tmp_path, variables={}), "prod", given))
    assert "region='eu-west-1'" in shown
    for secret in ("AKIA", "s3cret", "t0ken"):
        assert secret not in shown


@pytest.mark.parametrize("said", ['"s3cret"', '"${SECRET:-s3cret}"', '"x${SECRET}"', "5"])
def test_a_secret_that_stands_in_the_file_is_refused(tmp_path: Path, said: str) -> None:
    _project(tmp_path, f'[environments.prod]\naccess_key_id = "${{KEY}}"\nsecret_access_key = {said}\n')
    with pytest.raises(ProjectError) as error:
        load_project(directory=tmp_path, variables={})
    assert "dynasmith.toml:3: environments.prod.secret_access_key is a secret and must not stand in the file" in str(
        error.value
    )


def test_the_project_is_found_upward_and_in_pyproject(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    _project(tmp_path, '[project]\nname = "x"\n[tool.dynasmith]\ndefinitions = ["t.json"]\n', "pyproject.toml")
    _project(tmp_path / "a", '[project]\nname = "not ours"\n', "pyproject.toml")
    assert find_project(inner) == tmp_path / "pyproject.toml"
    assert load_project(directory=inner, variables={}).definitions == (str(tmp_path / "t.json"),)
    own = _project(tmp_path, "", "dynasmith.toml")
    assert find_project(inner) == own


def test_a_definition_file_goes_before_those_of_the_project(tmp_path: Path) -> None:
    _project(tmp_path, FULL)
    named = tmp_path / "mine.json"
    named.write_text('{"tables": []}')
    project = load_project(named, tmp_path, {})
    assert project.definitions == (str(named),)
    assert "prod" in project.environments


def test_a_toml_file_is_a_definition_where_it_says_tables(tmp_path: Path) -> None:
    definition = _project(tmp_path, "tables = []\n", "tables.toml")
    other = _project(tmp_path, 'default_environment = "aws"\n', "other.toml")
    assert load_project(definition, tmp_path, {}).definitions == (str(definition),)
    assert load_project(other, tmp_path, {}).default_environment == "aws"


def test_without_a_project_file_tables_config_json_serves(tmp_path: Path) -> None:
    assert load_project(directory=tmp_path, variables={}).definitions == ()
    (tmp_path / "tables_config.json").write_text('{"tables": []}')
    project = load_project(directory=tmp_path, variables={})
    assert project.definitions == (str(tmp_path / "tables_config.json"),)
    assert (project.path, project.default_environment, project.limits) == ("", "local", Quotas())
    assert environment_of(project, None, {}).name == "local"


def test_local_and_aws_exist_without_being_declared(tmp_path: Path) -> None:
    project = load_project(directory=tmp_path, variables={})
    assert environment_of(project, "local", {}) == Environment(name="local", endpoint=LOCAL_ENDPOINT, local=True)
    assert environment_of(project, "aws", {}) == Environment(name="aws")


def test_a_declared_local_that_says_nothing_of_it_keeps_its_endpoint(tmp_path: Path) -> None:
    _project(tmp_path, '[environments.local]\ntable_prefix = "dev-"\n')
    local = environment_of(load_project(directory=tmp_path, variables={}), "local", {})
    assert (local.endpoint, local.local, local.table_prefix) == (LOCAL_ENDPOINT, True, "dev-")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("local = true", "Environment test is local and has no endpoint."),
        ('endpoint = "127.0.0.1:8000"', "The endpoint of environment test is '127.0.0.1:8000', which is not a URL."),
        (
            'endpoint = "http://127.0.0.1:1"\nendpoints = {lambda = "x"}',
            "The endpoints.lambda of environment test is 'x', which is not a URL.",
        ),
        (
            'local = true\nendpoint = "https://dynamodb.eu-west-1.amazonaws.com"',
            "Environment test is local, and its endpoint is an address of AWS.",
        ),
        ('account = "12"', "The account of environment test is '12', which is not an account id."),
        ('access_key_id = "${KEY}"', "Environment test has one of access_key_id and secret_access_key."),
        ('external_id = "x"', "Environment test has an external_id and no role_arn."),
        ('engine = "moto"', "Environment test has an engine and no endpoint."),
        (
            'endpoint = "http://127.0.0.1:1"\nengine = "mots"',
            "The engine of environment test is 'mots', which is not known.",
        ),
    ],
)
def test_an_environment_that_cannot_be_is_refused(tmp_path: Path, said: str, words: str) -> None:
    _project(tmp_path, f"[environments.test]\n{said}\n")
    project = load_project(directory=tmp_path, variables={})
    with pytest.raises(ProjectError) as error:
        environment_of(project, "test", {"KEY": "k"})
    assert str(error.value) == words
    assert error.value.hint


def test_only_the_environment_that_is_asked_for_needs_its_variables(tmp_path: Path) -> None:
    _project(tmp_path, '[environments.a]\nregion = "${A}"\n[environments.b]\nregion = "b"\n')
    project = load_project(directory=tmp_path, variables={})
    assert environment_of(project, "b", {}).region == "b"
    with pytest.raises(ProjectError) as error:
        environment_of(project, "a", {})
    assert "dynasmith.toml:2: environments.a.region uses the variable A, which is not set" in str(error.value)


def test_an_environment_that_is_not_there_is_named(tmp_path: Path) -> None:
    _project(tmp_path, '[environments.production]\nregion = "b"\n')
    with pytest.raises(ProjectError) as error:
        environment_of(load_project(directory=tmp_path, variables={}), "prodution", {})
    assert (str(error.value), error.value.hint) == (
        "Environment prodution does not exist.",
        "did you mean production?",
    )


def test_every_mistake_of_a_project_file_comes_at_once(tmp_path: Path) -> None:
    path = _project(
        tmp_path,
        "definition = []\n[limits]\ngsi_per_tabel = 3\n[environments.prod]\nregoin = 'x'\nprotected = 'yes'\n"
        "[environments.local]\nendpoint_url = 'x'\n[jobs]\nledger = 5\n",
    )
    with pytest.raises(ProjectError) as error:
        load_project(directory=tmp_path, variables={})
    assert str(error.value).splitlines() == [
        f"{path}:1: definition is not a key of a project file (did you mean definitions?)",
        f"{path}:3: limits.gsi_per_tabel is not a key of [limits] (did you mean gsi_per_table?)",
        f"{path}:5: environments.prod.regoin is not a key of an environment (did you mean region?)",
        f'{path}:6: environments.prod.protected expects true or false, not "yes" (write true)',
        f"{path}:8: environments.local.endpoint_url is not a key of an environment (did you mean endpoint?)",
        f'{path}:10: jobs.ledger expects text, not the number 5 (put it in quotes: "5")',
    ]
    assert error.value.exit == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("definitions = [", ":1: is not TOML: "),
        ("environments = 5", ":1: environments expects a map, not the number 5"),
        ('default_environment = "${NOT_SET_ANYWHERE}"', ":1: default_environment uses the variable NOT_SET_ANYWHERE"),
        ('remote = "h"', ":1: remote "),
        ("models = [5]", ":1: models[0] expects text, not the number 5"),
        ("[environments.x]\nremote = 5", ":2: environments.x.remote expects text, not the number 5"),
    ],
)
def test_what_is_no_project_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = _project(tmp_path, text)
    with pytest.raises(ProjectError) as error:
        load_project(directory=tmp_path, variables={})
    assert str(error.value).startswith(f"{path}{words}")


def test_a_config_or_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"The file .*absent\.json does not exist\."):
        load_project(tmp_path / "absent.json", tmp_path, {})
    with pytest.raises(ProjectError, match="is not a file"):
        load_project(tmp_path, tmp_path, {})
    with pytest.raises(ProjectError, match=r"The directory .*nowhere does not exist\."):
        load_project(directory=tmp_path / "nowhere", variables={})


def test_a_folder_whose_name_looks_like_a_glob_is_no_glob(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]c"
    (folder / "tables").mkdir(parents=True)
    _project(folder, 'definitions = ["tables/*.json", "one.json"]\n')
    (folder / "tables" / "t.json").write_text('{"tables": []}')
    (folder / "one.json").write_text('{"tables": []}')
    definitions = load_definitions(load_project(directory=folder, variables={}).definitions, variables={})
    assert definitions.sources == (str(folder / "tables" / "t.json"), str(folder / "one.json"))
