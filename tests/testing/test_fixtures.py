"""The fixtures of a project in the shell of somebody who works in production: torn down always, and nothing leaves."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dynasmith.testing import migration_tests
from dynasmith.testing.migration_collection import NAMES
from testing.child_run import ChildRun, run_pytest, write
from testing.faulty_projects import GOOD

SHELL = {
    "AWS_PROFILE": "shop-prod",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
    "AWS_SESSION_TOKEN": "token",
    "AWS_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.eu-central-1.amazonaws.com",
    "AWS_ENDPOINT_URL_S3": "https://s3.eu-central-1.amazonaws.com",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "DYNASMITH_ENV": "prod",
}
PROJECT = """\
definitions = ["tables.yaml"]
default_environment = "prod"

[jobs]
ledger = "s3://shop-prod-jobs/ledger"

[environments.prod]
endpoint = "https://dynamodb.eu-central-1.amazonaws.com"
region = "eu-central-1"
profile = "shop-prod"
protected = true
table_prefix = "prod-"

[environments.test]
region = "eu-west-1"
account = "111122223333"
protected = true
table_prefix = "test-"
"""
TESTS = """\
import os
from pathlib import Path

import boto3
import pytest

from dynasmith.errors import UsageError

PIDS = Path(__file__).parent / "pids"
boto3.DEFAULT_SESSION = SESSION = object()  # as a module of the project may have made one, of production


def test_the_project_is_where_the_test_is(dynasmith_project, dynasmith_tables, dynasmith_endpoint, dynasmith_engine):
    with PIDS.open("a") as file:
        file.write(f"{dynasmith_engine.pid}\\n")
    assert [table.name for table in dynasmith_tables] == ["test-users"]
    assert dynasmith_project.where.endpoint == dynasmith_endpoint
    assert (dynasmith_project.where.region, os.environ["AWS_REGION"]) == ("eu-west-1", "eu-west-1")
    assert not dynasmith_project.protected


@pytest.mark.parametrize("service", ["dynamodb", "s3", "sts", "kms", "lambda"])
def test_every_client_is_where_the_test_is(dynasmith_endpoint, service):
    client = boto3.client(service)
    assert client.meta.endpoint_url == dynasmith_endpoint
    assert client._request_signer._credentials.access_key == "test"
    client.close()


def test_a_project_of_the_code_is_there_too(dynasmith_project, dynasmith_tables, dynasmith_endpoint, request):
    from dynasmith import Project

    with Project.load(directory=request.path.parent, env="prod") as own:
        assert own.where.endpoint == dynasmith_endpoint


def test_a_failing_one_in_the_middle(dynasmith_tables, dynasmith_project):
    dynasmith_project.populate("users", [{"id": "1"}])
    raise ValueError("it fails")


def test_the_next_one_finds_nothing(dynasmith_project):
    assert list(dynasmith_project.names()) == []
    assert list(dynasmith_project.jobs.list()) == []


def test_no_other_environment_can_be_opened(dynasmith_tables, dynasmith_project):
    from dynasmith import Side

    with pytest.raises(UsageError, match="cannot open another environment"):
        dynasmith_project.copy(Side(table="users", env="prod"), "users")


def test_a_name_that_is_asked_for_is_given(dynasmith_tables, dynasmith_project):
    dynasmith_project.populate("users", [{"id": "1"}])
    dynasmith_project.delete("users")
    assert list(dynasmith_project.names()) == []


def test_what_was_left_by_another_run_is_refused(dynasmith_endpoint, dynasmith_engine, request):
    client = boto3.client(
        "dynamodb", endpoint_url=dynasmith_engine.endpoint, region_name="eu-west-1", aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    key = {"AttributeName": "id"}
    client.create_table(TableName="test-users", KeySchema=[{**key, "KeyType": "HASH"}],
                        AttributeDefinitions=[{**key, "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST")
    try:
        with pytest.raises(pytest.fail.Exception, match="test-users is at .* already: left by another run"):
            request.getfixturevalue("dynasmith_project")
    finally:
        client.delete_table(TableName="test-users")
        client.close()


def test_the_shell_is_as_it_was():
    assert boto3.DEFAULT_SESSION is SESSION
    assert os.environ["AWS_PROFILE"] == "shop-prod"
    assert os.environ["AWS_ENDPOINT_URL_S3"] == "https://s3.eu-central-1.amazonaws.com"
    assert "AWS_ENDPOINT_URL" not in os.environ
    assert "AWS_CONFIG_FILE" not in os.environ
"""
ELSEWHERE = """\
definitions = ["tables.yaml"]

[environments.test.endpoints]
s3 = "https://s3.eu-central-1.amazonaws.com"
"""
REFUSED = """\
import pytest


@pytest.fixture(scope="session")
def strict_upstream():
    return "http://dynamodb.eu-central-1.amazonaws.com"


def test_an_engine_at_aws(strict):
    pass
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[ChildRun, Path]:
    folder = tmp_path_factory.mktemp("fixtures")
    write(folder, {"pytest.ini": "[pytest]\ndynasmith_env = test\n", "dynasmith.toml": PROJECT})
    write(folder / "shop", {**GOOD, "dynasmith.toml": PROJECT, "test_shop.py": TESTS})
    elsewhere = {
        **GOOD,
        "dynasmith.toml": ELSEWHERE,
        "test_elsewhere.py": "def test_it(dynasmith_project):\n    pass\n",
    }
    write(folder / "elsewhere", elsewhere)
    write(folder / "refused", {**GOOD, "test_refused.py": REFUSED})
    return run_pytest(folder, "--import-mode=importlib", shell=SHELL), folder


def test_what_fails_is_what_is_to_fail(ran: tuple[ChildRun, Path]) -> None:
    run, _ = ran
    failed = {name for name, outcome in run.outcomes.items() if outcome in ("FAILED", "ERROR")}
    assert failed == {
        "shop/test_shop.py::test_a_failing_one_in_the_middle",
        "elsewhere/test_elsewhere.py::test_it",
        "refused/test_refused.py::test_an_engine_at_aws",
    }, run.text
    assert sum(outcome == "PASSED" for outcome in run.outcomes.values()) == TESTS.count("\ndef test_") - 1 + 4
    assert "Environment test sends a service to https://s3.eu-central-1.amazonaws.com" in run.text
    assert "http://dynamodb.eu-central-1.amazonaws.com is AWS, and tests write and delete." in run.text


def test_the_engines_end_with_the_run_and_nothing_is_left_in_the_project(ran: tuple[ChildRun, Path]) -> None:
    _, folder = ran
    pids = [int(line) for line in (folder / "shop" / "pids").read_text().split()]
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert not list(folder.rglob(".dynasmith"))


def test_nothing_is_imported_before_a_fixture_is_asked_for(tmp_path: Path) -> None:
    test = """\
import sys


def test_it():
    heavy = {"boto3", "botocore", "msgspec", "aiohttp", "ministack", "dynasmith.project.project", "dynasmith.strict"}
    assert not heavy & set(sys.modules)
"""
    ran = run_pytest(write(tmp_path, {"test_it.py": test, "pytest.ini": "[pytest]\n"}), "-p", "no:hypothesispytest")
    assert ran.code == 0, ran.text


ON = "[pytest]\ndynasmith_migration_tests = all\ntestpaths = tests\n"


@pytest.mark.parametrize(
    ("words", "collected"),
    [
        ((), 5),
        (("tests/test_one.py",), 1),
        (("tests/test_one.py::test_one", "pytest.ini::test_order_is_linear"), 2),
    ],
)
def test_the_option_adds_its_tests_to_folders(tmp_path: Path, words: tuple[str, ...], collected: int) -> None:
    write(tmp_path, {**GOOD, "pytest.ini": ON, "tests/test_one.py": "def test_one():\n    pass\n"})
    ran = run_pytest(tmp_path, "--collect-only", "-q", *words)
    assert re.search(rf"^{collected} tests? collected", ran.text, re.M), ran.text


def test_the_names_of_the_option_are_those_of_the_tests() -> None:
    assert sorted(NAMES) == migration_tests.__all__


def test_the_option_takes_names_of_tests_only(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "pytest.ini").write_text("[pytest]\ndynasmith_migration_tests = test_everything\n")
    ran = run_pytest(tmp_path, "-q")
    assert ran.code == 4
    assert "dynasmith_migration_tests has 'test_everything'; known are all, test_files_load" in ran.text
