"""`MigrationTester`: set up, seed, run, verify, and torn down always."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from dynasmith import Project
from dynasmith.errors import DefinitionError, UsageError
from dynasmith.local import start_ministack
from dynasmith.testing import MigrationTester, Migrator
from testing.child_run import write
from testing.faulty_projects import GOOD, PROJECTS

PEOPLE = [{"id": str(number), "name": f"Ann{number} Lee"} for number in range(100)]


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    """An engine that several testers use, one after the other."""
    with start_ministack() as engine:
        yield engine.endpoint


def tables(endpoint: str) -> list[str]:
    client = boto3.client(
        "dynamodb", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="x"
    )
    found: list[str] = client.list_tables()["TableNames"]
    client.close()
    return found


def is_split(migrator: Migrator) -> bool:
    items = migrator.items("users")
    return len(items) == 100 and all({"first", "last"} <= set(item) for item in items)


def test_set_up_seed_run_verify(engine: str, tmp_path: Path) -> None:
    before = dict(os.environ)
    with MigrationTester(write(tmp_path, GOOD), endpoint=engine) as tester:
        assert tester.run("to", "0.0.1").success
        tester.seed("users", PEOPLE)
        assert not tester.verify(is_split)
        result = tester.run()
        assert (result.success, result.error) == (True, "")
        assert result.duration_ms >= 0
        assert [event.kind for event in result.events] == ["started", "applied"]
        assert result.events[-1].counts.written == 100
        assert tester.verify(is_split)
        assert tester.run(lambda migrator: migrator.down()).success
        assert tester.verify(lambda migrator: migrator.current == "0.0.1")
        assert sorted(tables(engine)) == ["dynasmith-migrations", "users"]
    assert (tables(engine), dict(os.environ)) == ([], before)


def test_a_failure_is_a_result_and_is_torn_down(engine: str, tmp_path: Path) -> None:
    broken = {**GOOD, "migrations/0.0.2_split.py": "def up(m):\n    raise ValueError('no')\n"}
    tester = MigrationTester(write(tmp_path, broken), endpoint=engine)
    with pytest.raises(IndexError), tester:  # noqa: PT012  # the last line raises it, and the tester is torn down
        result = tester.run()
        assert not result.success
        assert result.error.startswith("Migration 0.0.2 split failed")
        assert [event.kind for event in result.events] == ["started", "applied", "started", "failed"]
        assert tester.run(lambda _: 1 / 0).error == "ZeroDivisionError: division by zero"
        tester.verify(lambda migrator: "first" in migrator.items("users")[0])
    assert tables(engine) == []


def test_what_cannot_be_set_up_leaves_nothing(engine: str, tmp_path: Path) -> None:
    before = dict(os.environ)
    tester = MigrationTester(write(tmp_path / "a", PROJECTS["definitions"]), endpoint=engine)
    with pytest.raises(DefinitionError):
        tester.set_up()
    with pytest.raises(UsageError, match="This tester is not set up"):
        tester.seed("users", [])

    def fails(project: Project) -> None:
        assert not project.ensure().failures
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        MigrationTester(write(tmp_path / "b", GOOD), endpoint=engine, baseline=fails).set_up()
    assert (tables(engine), dict(os.environ)) == ([], before)


def test_tables_that_are_there_already_are_refused_and_stay(engine: str, tmp_path: Path) -> None:
    client = boto3.client(
        "dynamodb", endpoint_url=engine, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="x"
    )
    client.create_table(
        TableName="users",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(UsageError, match=r"^users is at http://127.0.0.1:\d+ already"):
        MigrationTester(write(tmp_path, GOOD), endpoint=engine).set_up()
    assert tables(engine) == ["users"]
    client.delete_table(TableName="users")
    client.close()


@pytest.mark.parametrize("endpoint", ["https://dynamodb.eu-west-1.amazonaws.com", "http://dynamodb.us-east-1.api.aws"])
def test_aws_is_refused(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(UsageError, match=f"{endpoint} is AWS"):
        MigrationTester(write(tmp_path, GOOD), endpoint=endpoint).set_up()


def test_an_assertion_that_says_nothing_is_refused(engine: str, tmp_path: Path) -> None:
    with MigrationTester(write(tmp_path, GOOD), endpoint=engine) as tester:
        with pytest.raises(UsageError, match="The assertion gave None"):
            tester.verify(lambda _: None)  # type: ignore[arg-type, return-value]
        with pytest.raises(UsageError, match="set up already"):
            tester.set_up()
    tester.tear_down()


def test_it_needs_no_pytest_and_its_engine_ends_with_it(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["pytest"] = None
from dynasmith.testing import MigrationTester
with MigrationTester() as tester:
    print(tester.run().success, tester.project.where.endpoint)
"""
    write(tmp_path, GOOD)
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("True http://127.0.0.1:")
    assert [path.name for path in tmp_path.iterdir() if path.name == ".dynasmith"] == []
