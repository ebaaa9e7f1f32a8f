"""The two functions of ``examples/lambdas``, deployed on the embedded engine: set-up, and a migration from an event."""

from pathlib import Path
from typing import Any

import boto3
import pytest

from dynasmith.strict import StrictServer
from dynasmith.testing.function import FunctionDeployer

FOLDER = Path(__file__).parents[2] / "examples" / "lambdas"


@pytest.fixture
def tables(strict: StrictServer) -> Any:
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=strict.endpoint,
        region_name="us-east-1",
        aws_access_key_id="000000000000",
        aws_secret_access_key="test",
    )
    yield resource
    resource.meta.client.close()


def test_set_up_creates_what_is_missing_and_then_nothing(
    dynasmith_function: FunctionDeployer, strict: StrictServer, tables: Any
) -> None:
    function = dynasmith_function(FOLDER, handler="setup_tables.handler")
    first = function.invoke({})
    assert first.error is None, (first.payload, first.log)
    assert first.payload == {"created": ["users", "posts"], "existing": []}
    assert [key["AttributeName"] for key in tables.Table("posts").key_schema] == ["user_id", "day"]
    changes = len(strict.journal.changes)
    assert function.invoke(None).payload == {"created": [], "existing": ["users", "posts"]}
    assert len(strict.journal.changes) == changes
    assert function.invoke({"tables": ["users_v2"]}).payload["created"] == ["users_v2"]
    broken = function.invoke({"tables": ["absent"]})
    assert broken.error == "Unhandled"
    assert "No definition has a table absent." in broken.payload["errorMessage"]


def test_a_migration_from_an_event_backs_up_and_transforms(
    dynasmith_function: FunctionDeployer, strict: StrictServer, tables: Any
) -> None:
    set_up = dynasmith_function(FOLDER, handler="setup_tables.handler").invoke({})
    assert set_up.error is None, set_up.payload
    with tables.Table("users").batch_writer() as batch:
        for number in range(600):
            batch.put_item(Item={"id": f"{number:04d}", "name": f"Ann{number} Lee"})
        batch.put_item(Item={"id": "plato", "name": "Plato"})
    function = dynasmith_function(FOLDER, handler="migrate_users.handler")
    before = len(strict.journal)
    reply = function.invoke({"backup": "users_backup_20240101"})
    assert reply.error is None, (reply.payload, reply.log)
    assert reply.payload == {
        "backup": "users_backup_20240101",
        "tables": {"users_backup_20240101": {"read": 601, "written": 601}, "users_v2": {"read": 601, "written": 601}},
    }
    limits = {
        call.request.get("Limit") for call in list(strict.journal)[before:] if call.operation == "Scan" and call.request
    }
    assert 250 in limits
    assert tables.Table("users_v2").get_item(Key={"id": "0007"})["Item"] == {
        "id": "0007", "first_name": "Ann7", "last_name": "Lee",
    }  # fmt: skip
    assert tables.Table("users_v2").get_item(Key={"id": "plato"})["Item"] == {"id": "plato", "first_name": "Plato"}
    assert tables.Table("users_backup_20240101").get_item(Key={"id": "0007"})["Item"]["name"] == "Ann7 Lee"
    again = function.invoke({"backup": "users_backup_20240101"})
    assert again.error == "Unhandled"
    assert "users_backup_20240101" in again.payload["errorMessage"]
    third = function.invoke({"backup": "users_backup_20240102", "batch_size": 100})
    assert third.payload["tables"]["users_v2"] == {"read": 601, "written": 601}, third.payload
