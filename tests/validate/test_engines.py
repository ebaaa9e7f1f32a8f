"""On engines: a table that nobody cared for, as it is really described."""

from collections.abc import Iterator
from typing import Any

import pytest

from dynasmith.aws.control.session import Session
from dynasmith.aws.control.tables import AwsTables
from dynasmith.ports.access import AccessOptions, AccessSection, resolve_access
from dynasmith.tables.description import TableDescription
from dynasmith.validate import check_table, summary
from validate.tables import good

pytestmark = pytest.mark.engine

NAME = "validate-bare"
VIEW = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


@pytest.fixture(params=["ministack", "moto"])
def session(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session for each engine in turn, without the machine's own AWS configuration."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    endpoint = request.getfixturevalue(f"{request.param}_endpoint")
    opened = Session(resolve_access(AccessOptions(endpoint=endpoint), {}, AccessSection(name="test")))
    yield opened
    opened.close()


@pytest.fixture
def bare(session: Session) -> Iterator[TableDescription]:
    """The description of a table with nothing but a key, whose stream was on and is off."""

    def call(operation: str, **parameters: Any) -> None:
        session.call("dynamodb", operation, {"TableName": NAME, **parameters}, table=NAME)

    call(
        "CreateTable",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification=VIEW,
    )
    call("UpdateTable", StreamSpecification={"StreamEnabled": False})
    yield AwsTables(session).describe(NAME)
    call("DeleteTable")


def test_a_bare_table_is_found_as_it_is(bare: TableDescription) -> None:
    found = {(finding.code, finding.severity) for finding in check_table(None, bare)}
    assert found >= {("DS003", "notice"), ("DS020", "warning"), ("DS022", "warning"), ("DS070", "warning")}
    # Encrypted with the key that AWS owns, on demand, no replicas: none of that is a finding.
    assert not {code for code, _ in found} & {"DS002", "DS010", "DS012", "DS030", "DS060"}


def test_its_summary_is_not_taken_in_by_what_is_not_shown(bare: TableDescription) -> None:
    lines = dict(summary(bare))
    assert lines["Status"] == "ACTIVE"
    assert lines["Encryption"] == "on, with a key that AWS owns"
    assert lines["Stream"] == "off"
    assert lines["Point-in-time recovery"] == "off"
    assert lines["Billing"] == "on demand"


def test_a_trigger_on_a_stream_that_was_turned_off_is_critical(bare: TableDescription) -> None:
    wish = good(name=NAME, key=bare.table.key)
    assert ("DS050", "critical") in {(finding.code, finding.severity) for finding in check_table(wish, bare)}
