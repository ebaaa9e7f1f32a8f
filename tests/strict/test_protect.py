"""Backups, restores and exports are done rightly or refused; the lie of an engine is never passed on."""

import base64
import gzip
import hashlib
import json
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from strict_tables import UNITS, defined, index, ready, refused, status

ON = {"PointInTimeRecoveryEnabled": True}
OFF = {"PointInTimeRecoveryEnabled": False}


def _pitr(client: Any, spec: dict[str, Any], name: str = "tab") -> dict[str, Any]:
    said = client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=spec)
    description: dict[str, Any] = said["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return description


def _put(client: Any, key: str, value: str) -> None:
    client.put_item(TableName="tab", Item={"pk": {"S": key}, "v": {"S": value}})


def _items(client: Any, name: str) -> dict[str, str]:
    page = client.scan(TableName=name, ConsistentRead=True)
    return {item["pk"]["S"]: item["v"]["S"] for item in page["Items"]}


def _restore(server: StrictServer, client: Any, at: float, target: str = "then", **more: Any) -> dict[str, str]:
    client.restore_table_to_point_in_time(SourceTableName="tab", TargetTableName=target, RestoreDateTime=at, **more)
    assert status(client, target) == "CREATING"
    assert refused(client.scan, TableName=target)[0] == "ResourceNotFoundException"
    server.clock.advance(minutes=20)
    assert status(client, target) == "ACTIVE"
    return _items(client, target)


def test_a_restore_without_pitr_is_refused(server: StrictServer, client: Any) -> None:
    ready(server, client)
    code, message = refused(
        client.restore_table_to_point_in_time,
        SourceTableName="tab",
        TargetTableName="then",
        UseLatestRestorableTime=True,
    )
    assert code == "PointInTimeRecoveryUnavailableException"
    assert "not enabled for table 'tab'" in message


def test_a_new_table_has_no_backups_for_a_moment(server: StrictServer, client: Any) -> None:
    client.create_table(
        TableName="tab",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=defined("pk"),
        BillingMode="PAY_PER_REQUEST",
    )
    server.clock.advance(10)
    body = {"TableName": "tab", "PointInTimeRecoverySpecification": ON}
    assert refused(client.update_continuous_backups, **body)[0] == "ContinuousBackupsUnavailableException"
    server.clock.advance(10)
    assert _pitr(client, ON)["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_restore_has_the_items_of_its_time(server: StrictServer, client: Any) -> None:
    ready(server, client)
    for key in ("untouched", "changed", "deleted", "batched", "updated", "moved", "stated"):
        _put(client, key, "old")
    _pitr(client, ON)
    server.clock.advance(hours=1)
    then = server.clock.time()
    server.clock.advance(minutes=1)
    _put(client, "changed", "new")
    client.delete_item(TableName="tab", Key={"pk": {"S": "deleted"}})
    client.batch_write_item(
        RequestItems={
            "tab": [
                {"PutRequest": {"Item": {"pk": {"S": "batched"}, "v": {"S": "new"}}}},
                {"PutRequest": {"Item": {"pk": {"S": "added"}, "v": {"S": "new"}}}},
            ]
        }
    )
    values = {":v": {"S": "new"}}
    update = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": values}
    client.update_item(TableName="tab", Key={"pk": {"S": "updated"}}, **update)
    client.transact_write_items(
        TransactItems=[
            {"Update": {"TableName": "tab", "Key": {"pk": {"S": "moved"}}, **update}},
            {"Put": {"TableName": "tab", "Item": {"pk": {"S": "transacted"}, "v": {"S": "new"}}}},
        ]
    )
    client.execute_statement(Statement="UPDATE tab SET v = 'new' WHERE pk = ?", Parameters=[{"S": "stated"}])
    client.execute_statement(Statement="INSERT INTO tab VALUE {'pk': 'inserted', 'v': ?}", Parameters=[{"S": "new"}])
    server.clock.advance(minutes=1)
    between = server.clock.time()
    server.clock.advance(minutes=1)
    _put(client, "changed", "newest")
    server.clock.advance(hours=1)
    now = _items(client, "tab")
    assert (now["changed"], now["stated"], "deleted" in now) == ("newest", "new", False)
    old = dict.fromkeys(("untouched", "changed", "deleted", "batched", "updated", "moved", "stated"), "old")
    assert _restore(server, client, then) == old
    new = {"batched", "added", "updated", "moved", "transacted", "stated", "inserted", "changed"}
    assert _restore(server, client, between, "later") == {"untouched": "old"} | dict.fromkeys(new, "new")
    client.restore_table_to_point_in_time(SourceTableName="tab", TargetTableName="latest", UseLatestRestorableTime=True)
    server.clock.advance(minutes=20)
    assert _items(client, "latest") == now


def test_the_window_is_kept(server: StrictServer, client: Any) -> None:
    ready(server, client)
    _pitr(client, {**ON, "RecoveryPeriodInDays": 2})
    began = server.clock.time()
    body = {"SourceTableName": "tab", "TargetTableName": "then"}
    restore = client.restore_table_to_point_in_time
    assert refused(restore, **body, RestoreDateTime=began - 60)[0] == "InvalidRestoreTimeException"
    server.clock.advance(hours=1)
    assert refused(restore, **body, RestoreDateTime=server.clock.time())[0] == "InvalidRestoreTimeException"
    assert refused(restore, **body)[0] == "ValidationException"
    assert refused(restore, SourceTableName="tab", TargetTableName="tab", RestoreDateTime=began)[0] == (
        "TableAlreadyExistsException"
    )
    server.clock.advance(days=3)
    described = client.describe_continuous_backups(TableName="tab")["ContinuousBackupsDescription"]
    window = described["PointInTimeRecoveryDescription"]
    length = window["LatestRestorableDateTime"] - window["EarliestRestorableDateTime"]
    assert length.total_seconds() == 2 * 86_400 - 300
    assert refused(restore, **body, RestoreDateTime=began)[0] == "InvalidRestoreTimeException"
    _pitr(client, OFF)
    _pitr(client, ON)
    at = server.clock.time() - 3600
    assert refused(restore, **body, RestoreDateTime=at)[0] == "InvalidRestoreTimeException"
    bad = {"TableName": "tab", "PointInTimeRecoverySpecification": {**ON, "RecoveryPeriodInDays": 35}}
    client.update_continuous_backups(**bad)


def test_a_restored_table_lacks_what_the_service_leaves_out(server: StrictServer, client: Any) -> None:
    ready(
        server,
        client,
        AttributeDefinitions=defined("pk", "a"),
        GlobalSecondaryIndexes=[index("by_a"), index("by_a_too")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        Tags=[{"Key": "team", "Value": "x"}],
        DeletionProtectionEnabled=True,
        TableClass="STANDARD_INFREQUENT_ACCESS",
    )
    client.update_time_to_live(TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"})
    _pitr(client, ON)
    server.clock.advance(hours=1)
    arn = client.create_backup(TableName="tab", BackupName="nightly")["BackupDetails"]["BackupArn"]
    server.clock.advance(minutes=1)
    client.restore_table_from_backup(TargetTableName="from-backup", BackupArn=arn)
    override = [index("by_a")]
    _restore(server, client, server.clock.time() - 600, "then", GlobalSecondaryIndexOverride=override)
    for name in ("then", "from-backup"):
        table = client.describe_table(TableName=name)["Table"]
        assert "StreamSpecification" not in table
        assert "TableClassSummary" not in table
        assert table["DeletionProtectionEnabled"] is False
        assert table["RestoreSummary"]["RestoreInProgress"] is False
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        assert ttl == {"TimeToLiveStatus": "DISABLED"}
        backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"
        assert client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"] == []
        client.delete_table(TableName=name)
    kept = client.describe_table(TableName="tab")["Table"]
    assert kept["DeletionProtectionEnabled"] is True
    more = {"SourceTableName": "tab", "TargetTableName": "never", "UseLatestRestorableTime": True}
    unknown = [index("by_b", "b")]
    message = refused(client.restore_table_to_point_in_time, **more, GlobalSecondaryIndexOverride=unknown)[1]
    assert "the source has no index by_b" in message


def test_a_backup_is_creating_then_available_and_kept_of_its_moment(server: StrictServer, client: Any) -> None:
    ready(server, client, BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    _put(client, "a", "old")
    arn = client.create_backup(TableName="tab", BackupName="nightly")["BackupDetails"]["BackupArn"]

    def state() -> str:
        return str(client.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"])

    assert state() == "CREATING"
    assert client.list_backups(TableName="tab")["BackupSummaries"][0]["BackupStatus"] == "CREATING"
    assert refused(client.delete_backup, BackupArn=arn)[0] == "BackupInUseException"
    target = {"TargetTableName": "then", "BackupArn": arn}
    assert refused(client.restore_table_from_backup, **target)[0] == "BackupInUseException"
    server.clock.advance(20)
    assert state() == "AVAILABLE"
    _put(client, "a", "new")
    client.restore_table_from_backup(**target)
    assert status(client, "then") == "CREATING"
    server.clock.advance(minutes=20)
    assert _items(client, "then") == {"a": "old"}
    table = client.describe_table(TableName="then")["Table"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert table["RestoreSummary"]["SourceBackupArn"] == arn
    assert refused(client.restore_table_from_backup, **target)[0] == "TableAlreadyExistsException"
    client.delete_backup(BackupArn=arn)
    assert refused(client.describe_backup, BackupArn=arn)[0] == "BackupNotFoundException"


def test_an_export_writes_files_and_manifests(server: StrictServer, client: Any, client_of: Any) -> None:
    s3 = client_of(server.endpoint, "s3", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="exports")
    ready(server, client)
    arn = client.describe_table(TableName="tab")["Table"]["TableArn"]
    body: dict[str, Any] = {"TableArn": arn, "S3Bucket": "exports", "S3Prefix": "daily"}
    export = client.export_table_to_point_in_time
    assert refused(export, **body)[0] == "PointInTimeRecoveryUnavailableException"
    _pitr(client, ON)
    for number in range(7):
        _put(client, str(number), "old")
    server.clock.advance(minutes=1)
    then = server.clock.time()
    server.clock.advance(minutes=1)
    _put(client, "later", "new")
    made = export(**body, ExportTime=then, ClientToken="once")["ExportDescription"]
    assert made["ExportStatus"] == "IN_PROGRESS"
    assert export(**body, ExportTime=then, ClientToken="once")["ExportDescription"]["ExportArn"] == made["ExportArn"]
    assert len(client.list_exports(TableArn=arn)["ExportSummaries"]) == 1
    assert client.describe_export(ExportArn=made["ExportArn"])["ExportDescription"]["ExportStatus"] == "IN_PROGRESS"
    server.clock.advance(minutes=6)
    done = client.describe_export(ExportArn=made["ExportArn"])["ExportDescription"]
    assert (done["ExportStatus"], done["ItemCount"]) == ("COMPLETED", 7)

    def read(key: str) -> bytes:
        content: bytes = s3.get_object(Bucket="exports", Key=key)["Body"].read()
        return content

    summary = json.loads(read(done["ExportManifest"]))
    assert (summary["itemCount"], summary["s3Prefix"], summary["outputFormat"]) == (7, "daily", "DYNAMODB_JSON")
    items = []
    for line in read(summary["manifestFilesS3Key"]).splitlines():
        entry = json.loads(line)
        content = read(entry["dataFileS3Key"])
        assert base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode() == entry["md5Checksum"]
        found = [json.loads(text)["Item"] for text in gzip.decompress(content).splitlines()]
        assert len(found) == entry["itemCount"]
        items += found
    assert sorted(item["pk"]["S"] for item in items) == [str(number) for number in range(7)]
    assert all(item["v"] == {"S": "old"} for item in items)


def test_an_export_that_cannot_be_done_says_so(server: StrictServer, client: Any) -> None:
    ready(server, client)
    _pitr(client, ON)
    arn = client.describe_table(TableName="tab")["Table"]["TableArn"]
    body = {"TableArn": arn, "S3Bucket": "no-such-bucket"}
    made = client.export_table_to_point_in_time(**body)["ExportDescription"]["ExportArn"]
    failed = client.describe_export(ExportArn=made)["ExportDescription"]
    assert (failed["ExportStatus"], failed["FailureCode"]) == ("FAILED", "S3NoSuchBucket")
    message = refused(client.export_table_to_point_in_time, **body, ExportFormat="ION")[1]
    assert "DYNAMODB_JSON only" in message
    assert refused(client.describe_export, ExportArn=made + "x")[0] == "ExportNotFoundException"


def test_a_history_that_grows_too_large_begins_anew(
    server: StrictServer, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(server, client)
    _pitr(client, ON)
    began = server.clock.time()
    server.clock.advance(hours=1)
    monkeypatch.setattr("dynasmith.strict.state.history.HISTORY_BYTES_MAX", 2_000)
    _put(client, "large", "x" * 3_000)
    _put(client, "next", "y")
    server.clock.advance(hours=1)
    body = {"SourceTableName": "tab", "TargetTableName": "then"}
    assert refused(client.restore_table_to_point_in_time, **body, RestoreDateTime=began)[0] == (
        "InvalidRestoreTimeException"
    )


def test_a_statement_with_quoted_names_and_literals_is_seen(server: StrictServer, client: Any) -> None:
    ready(server, client)
    _put(client, "it's", "old")
    _pitr(client, ON)
    server.clock.advance(hours=1)
    then = server.clock.time()
    client.execute_statement(Statement="UPDATE \"tab\" SET v = 'new' WHERE \"pk\" = 'it''s'")
    server.clock.advance(hours=1)
    assert _items(client, "tab") == {"it's": "new"}
    assert _restore(server, client, then - 1) == {"it's": "old"}


def test_statements_whose_key_is_not_told_are_seen_by_comparison(server: StrictServer, client: Any) -> None:
    ready(server, client)
    _put(client, "a", "old")
    _pitr(client, ON)
    server.clock.advance(hours=1)
    then = server.clock.time()
    server.clock.advance(minutes=1)
    client.execute_statement(Statement="UPDATE tab SET v = 'new' WHERE 'a' = pk")
    added = {"M": {"pk": {"S": "b"}, "v": {"S": "new"}}}
    client.execute_statement(Statement="INSERT INTO tab VALUE ?", Parameters=[added])
    server.clock.advance(hours=1)
    assert _items(client, "tab") == {"a": "new", "b": "new"}
    assert _restore(server, client, then) == {"a": "old"}
