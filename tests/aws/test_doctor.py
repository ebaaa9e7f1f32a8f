"""The doctor says what was found, where each value came from, and what fixes what is missing."""

from collections.abc import Callable

import pytest

from dynasmith.aws.control.doctor import OPERATIONS, PARAMETERS, DoctorCheck, diagnose
from dynasmith.aws.control.session import Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.plans.step import CallCreateTable
from dynasmith.ports.access import AccessKeys, AccessOptions, AccessSection, Secret, resolve_access
from dynasmith.tables.table import Key, KeyAttribute, Table

pytestmark = pytest.mark.engine


def says(checks: list[DoctorCheck], name: str) -> str:
    """What the check of that name says."""
    return next(check.says for check in checks if check.name == name)


def test_a_healthy_engine(session: Session, engine: str, name: str) -> None:
    key = Key(partition=(KeyAttribute(name="id", type="S"),))
    AwsTables(session).send(name, CallCreateTable(table=Table(name=name, key=key)))
    checks = diagnose(session, name)
    assert not [check for check in checks if check.state == "failed"]
    assert session.access.endpoint in says(checks, "environment")
    assert "(from --endpoint), none to AWS" in says(checks, "environment")
    assert says(checks, "endpoint") == f"DynamoDB answers at {session.access.endpoint}."
    assert "us-east-1" in says(checks, "region")
    assert {"ministack": "000000000000", "moto": "123456789012"}[engine] in says(checks, "account")
    allowed = {check.says for check in checks if check.name == "permissions" and check.state == "ok"}
    assert "dynamodb:DescribeTable is allowed." in allowed
    assert "reading tags is allowed." in allowed
    missing = [check.says for check in checks if check.name == "permissions" and check.state == "warning"]
    lacking = {"ministack": ["application-autoscaling"], "moto": ["ContributorInsights", "KinesisStreaming"]}[engine]
    assert len(missing) == len(lacking)
    for word, sentence in zip(lacking, missing, strict=True):
        assert word in sentence


def test_without_any_table_tags_are_not_judged(moto_endpoint: str) -> None:
    """The service calls it denied to read the tags of a table that there is not."""
    section = AccessSection(name="x", endpoint=moto_endpoint, region="ap-south-2")
    session = Session(resolve_access(AccessOptions(), {}, section))
    assert not any("tags" in check.says for check in diagnose(session))
    session.close()


def test_where_each_value_came_from(moto_endpoint: str) -> None:
    variables = {"AWS_REGION": "eu-west-1", "AWS_PROFILE": "prod", "AWS_ACCESS_KEY_ID": "AKIAHERE"}
    variables["AWS_SECRET_ACCESS_KEY"] = "hidden"
    access = resolve_access(AccessOptions(), variables, AccessSection(name="x", endpoint=moto_endpoint))
    checks = diagnose(Session(access))
    assert says(checks, "region") == "Region eu-west-1 (from AWS_REGION)."
    assert "AKIA... (from AWS_ACCESS_KEY_ID" in says(checks, "credentials")
    assert says(checks, "note") == "profile prod (AWS_PROFILE) is not used: AWS_ACCESS_KEY_ID is set."
    assert "hidden" not in str(checks)


def test_nothing_listens(open_endpoint: Callable[[str], Session]) -> None:
    last = diagnose(open_endpoint("http://127.0.0.1:9"))[-1]
    assert (last.name, last.state, last.says) == ("endpoint", "failed", "Nothing listens at http://127.0.0.1:9.")
    assert last.fix == "dynasmith local start --port 9"


def test_another_account(moto_endpoint: str) -> None:
    section = AccessSection(name="prod", endpoint=moto_endpoint, account="999999999999")
    failed = [
        check for check in diagnose(Session(resolve_access(AccessOptions(), {}, section))) if check.state == "failed"
    ]
    assert len(failed) == 1
    assert "is of account 999999999999" in failed[0].says
    assert failed[0].fix


def test_no_region_towards_aws() -> None:
    keys = AccessKeys(access_key="AKIAHERE", secret_key=Secret("s"))
    access = resolve_access(
        AccessOptions(access_key=keys.access_key, secret_key=keys.secret_key), {}, AccessSection(name="aws")
    )
    last = diagnose(Session(access))[-1]
    assert (last.name, last.state) == ("region", "failed")
    assert "AWS_REGION" in last.fix


def test_an_old_botocore_is_named(
    open_endpoint: Callable[[str], Session], moto_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dynasmith.aws.control.doctor.OPERATIONS", (*OPERATIONS, "SummonTable"))
    monkeypatch.setattr("dynasmith.aws.control.doctor.PARAMETERS", PARAMETERS | {"ListTables": ("Colour",)})
    versions = diagnose(open_endpoint(moto_endpoint))[0]
    assert versions.state == "warning"
    assert "does not know SummonTable, Colour of ListTables" in versions.says
    assert "pip install --upgrade boto3" in versions.fix
