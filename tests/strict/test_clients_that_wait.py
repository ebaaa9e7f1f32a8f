"""Clients that wait for the endpoint, on the machine's clock or on the endpoint's, get on; a wait in vain is said."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynasmith import Consent, Project
from dynasmith.errors import DynasmithError
from dynasmith.project.world import SystemClock
from dynasmith.strict import StrictServer
from strict_tables import create, defined, index

YES = Consent(yes=True)
POLLS_MAX = 200
EVERYTHING = """
tables:
  - name: orders
    attributes: [{name: id, type: S}, {name: state, type: S}]
    key_schema: [{attribute_name: id, key_type: HASH}]
    global_secondary_indexes: [{name: by_state, key_schema: [{attribute_name: state, key_type: HASH}]}]
    point_in_time_recovery: {enabled: true}
    time_to_live: {attribute: expires_at}
    stream: {view_type: NEW_IMAGE}
    deletion_protection: true
"""


@pytest.fixture
def polled(ministack_endpoint: str) -> Iterator[StrictServer]:
    """What the fixture ``strict`` gives, over an engine that tests share."""
    with StrictServer(ministack_endpoint, auto_advance=True, stall_seconds=60) as running:
        yield running
        running.wipe()


def until(over: Callable[[], bool]) -> None:
    for _ in range(POLLS_MAX):
        if over():
            return
    raise AssertionError(f"not over after {POLLS_MAX} polls")


def accepted(call: Callable[..., Any], **arguments: Any) -> None:
    """Send a call again until it is accepted, as programs do that know of no state to poll."""

    def over() -> bool:
        try:
            call(**arguments)
        except ClientError:
            return False
        return True

    until(over)


@pytest.mark.parametrize("clock", ["machine", "endpoint"])
def test_a_project_applies_and_deletes_everything(strict: StrictServer, tmp_path: Path, clock: str) -> None:
    (tmp_path / "tables.yaml").write_text(EVERYTHING)
    time = strict.clock if clock == "endpoint" else None
    with Project.load(
        tmp_path / "tables.yaml", endpoint=strict.endpoint, clock=time, consent=Consent(yes=True)
    ) as project:
        assert project.apply(project.plan()).failures == {}
        assert project.plan().is_empty
        report = project.populate("orders", [{"id": "1", "state": "open"}])
        assert (report.counts.read, report.counts.written) == (1, 1)
        project.copy("orders", lambda _page: None)
        (tmp_path / "tables.yaml").write_text(
            EVERYTHING.replace("deletion_protection: true", "deletion_protection: false")
        )
    with Project.load(
        tmp_path / "tables.yaml", endpoint=strict.endpoint, clock=time, consent=Consent(yes=True)
    ) as project:
        assert project.apply(project.plan(), consent=Consent(yes=True)).failures == {}
        project.delete("orders", consent=Consent(confirm="orders"))
        assert not project.exists("orders")


def test_calls_that_are_sent_again_until_they_are_accepted(polled: StrictServer, client_of: Any) -> None:
    client = client_of(polled.endpoint)
    create(client, AttributeDefinitions=defined("pk", "a"), GlobalSecondaryIndexes=[index("by_a")])
    on = {"PointInTimeRecoveryEnabled": True}
    accepted(client.put_item, TableName="tab", Item={"pk": {"S": "1"}, "a": {"S": "x"}})
    accepted(client.update_continuous_backups, TableName="tab", PointInTimeRecoverySpecification=on)
    more = {"AttributeDefinitions": defined("a", "b"), "GlobalSecondaryIndexUpdates": [{"Create": index("by_b", "b")}]}
    client.update_table(TableName="tab", **more)
    accepted(client.update_table, TableName="tab", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_a"}}])
    accepted(client.delete_table, TableName="tab")
    until(lambda: "tab" not in client.list_tables()["TableNames"])


def test_backups_restores_and_exports_are_over_for_whoever_looks(polled: StrictServer, client_of: Any) -> None:
    client = client_of(polled.endpoint)
    client_of(polled.endpoint, "s3").create_bucket(Bucket="waited")
    create(client)
    accepted(client.create_backup, TableName="tab", BackupName="one")
    until(lambda: all(one["BackupStatus"] == "AVAILABLE" for one in client.list_backups()["BackupSummaries"]))
    backup = client.list_backups()["BackupSummaries"][0]["BackupArn"]
    client.restore_table_from_backup(TargetTableName="two", BackupArn=backup)
    until(lambda: client.describe_table(TableName="two")["Table"]["TableStatus"] == "ACTIVE")
    on = {"PointInTimeRecoveryEnabled": True}
    accepted(client.update_continuous_backups, TableName="tab", PointInTimeRecoverySpecification=on)
    polled.clock.advance(minutes=2)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}})
    written = polled.clock.time()

    def latest() -> float:
        said = client.describe_continuous_backups(TableName="tab")["ContinuousBackupsDescription"]
        return float(said["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"].timestamp())

    until(lambda: latest() > written)
    arn = client.describe_table(TableName="tab")["Table"]["TableArn"]
    client.export_table_to_point_in_time(TableArn=arn, S3Bucket="waited")
    until(lambda: client.list_exports()["ExportSummaries"][0]["ExportStatus"] == "COMPLETED")


def test_a_wait_in_vain_ends_with_what_was_waited_for(ministack_endpoint: str, client_of: Any) -> None:
    with StrictServer(ministack_endpoint, stall_seconds=0.05) as server:
        client = client_of(server.endpoint)
        create(client)
        refusal: dict[str, Any] = {}

        def over() -> bool:
            try:
                return bool(client.describe_table(TableName="tab")["Table"]["TableStatus"] == "ACTIVE")
            except ClientError as error:
                refusal.update(error.response["Error"])
                return True

        for _ in range(100_000):
            if over():
                break
        assert refusal["Code"] == "StrictTimeoutException"
        assert "DescribeTable tab" in refusal["Message"]
        assert "strict.clock.advance()" in refusal["Message"]
        server.clock.advance(minutes=1)
        assert client.describe_table(TableName="tab")["Table"]["TableStatus"] == "ACTIVE", "what was waited for came"
        server.wipe()


class Impatient(SystemClock):
    """The machine's clock, of somebody who asks again at once."""

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


def test_a_project_that_waits_in_vain_says_why(ministack_endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "tables.yaml").write_text(EVERYTHING)
    with (
        StrictServer(ministack_endpoint, stall_seconds=0.05) as server,
        Project.load(
            tmp_path / "tables.yaml", endpoint=server.endpoint, clock=Impatient(), consent=Consent(yes=True)
        ) as project,
    ):
        failures = project.apply(project.plan()).failures
        server.wipe()
    assert "Nothing has changed for 0.05 seconds" in failures["orders"].message
    assert isinstance(failures["orders"], DynasmithError)


def test_different_calls_and_a_clock_that_moves_are_no_stall(ministack_endpoint: str, client_of: Any) -> None:
    with StrictServer(ministack_endpoint, stall_seconds=1e-9) as server:
        client = client_of(server.endpoint)
        create(client)
        server.clock.advance(60)
        for number in range(30):
            client.get_item(TableName="tab", Key={"pk": {"S": str(number)}})
        for _ in range(30):
            client.describe_table(TableName="tab")
            server.clock.advance(1)
        server.wipe()
