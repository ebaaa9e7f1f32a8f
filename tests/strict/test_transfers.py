"""Incremental and filtered exports, and imports, by the strict endpoint; what it refuses of them."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from strict_tables import defined, ready, refused, status

ON = {"PointInTimeRecoveryEnabled": True}
KEY = [{"AttributeName": "pk", "KeyType": "HASH"}]


@pytest.fixture
def bucket(account: str) -> str:
    """The name of a bucket that no other test uses: buckets of all accounts share their names."""
    return f"transfers-{account}"


@pytest.fixture
def s3(server: StrictServer, client_of: Callable[..., Any], bucket: str) -> Any:
    made = client_of(server.endpoint, "s3", s3={"addressing_style": "path"})
    made.create_bucket(Bucket=bucket)
    return made


@pytest.fixture
def arn(server: StrictServer, client: Any, s3: Any) -> str:
    """The ARN of a table with PITR and three items of an hour ago."""
    del s3
    ready(server, client)
    client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=ON)
    for key in ("kept", "changed", "gone"):
        _put(client, key, "old")
    server.clock.advance(hours=1)
    return str(client.describe_table(TableName="tab")["Table"]["TableArn"])


def _put(client: Any, key: str, value: str) -> None:
    client.put_item(TableName="tab", Item={"pk": {"S": key}, "v": {"S": value}})


def _records(
    server: StrictServer, client: Any, s3: Any, bucket: str, export: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    server.clock.advance(minutes=10)
    done = client.describe_export(ExportArn=export)["ExportDescription"]
    assert done["ExportStatus"] == "COMPLETED"

    def read(key: str) -> bytes:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    summary = json.loads(read(done["ExportManifest"]))
    files = [json.loads(line)["dataFileS3Key"] for line in read(summary["manifestFilesS3Key"]).splitlines()]
    records = [json.loads(line) for key in files for line in gzip.decompress(read(key)).splitlines()]
    assert len(records) == summary["itemCount"] == done["ItemCount"]
    return summary, records


@pytest.mark.parametrize("view", ["NEW_AND_OLD_IMAGES", "NEW_IMAGE"])
def test_an_incremental_export_has_what_changed(
    server: StrictServer, client: Any, s3: Any, bucket: str, arn: str, view: str
) -> None:
    begin = server.clock.time()
    server.clock.advance(minutes=5)
    _put(client, "changed", "newer")
    _put(client, "changed", "newest")
    _put(client, "added", "new")
    _put(client, "short", "lived")
    for key in ("gone", "short"):
        client.delete_item(TableName="tab", Key={"pk": {"S": key}})
    server.clock.advance(minutes=20)
    end = server.clock.time()
    server.clock.advance(minutes=1)
    _put(client, "kept", "later")
    window = {"ExportFromTime": begin, "ExportToTime": end, "ExportViewType": view}
    body = {"TableArn": arn, "S3Bucket": bucket, "S3Prefix": "inc", "ExportType": "INCREMENTAL_EXPORT"}
    made = client.export_table_to_point_in_time(**body, IncrementalExportSpecification=window)
    summary, records = _records(server, client, s3, bucket, made["ExportDescription"]["ExportArn"])
    assert (summary["exportType"], summary["outputView"]) == ("INCREMENTAL_EXPORT", view)
    found = {record["Keys"]["pk"]["S"]: record for record in records}
    assert set(found) == {"changed", "added", "gone"}
    assert found["changed"]["NewImage"]["v"] == {"S": "newest"}
    assert "NewImage" not in found["gone"]
    assert ("OldImage" in found["gone"], "OldImage" in found["added"]) == (view == "NEW_AND_OLD_IMAGES", False)
    assert begin * 1e6 <= int(found["changed"]["Metadata"]["WriteTimestampMicros"]["N"]) < end * 1e6


def test_an_export_keeps_what_its_filter_keeps(
    server: StrictServer, client: Any, s3: Any, bucket: str, arn: str
) -> None:
    wanted = {
        "FilterExpression": "#k = :k",
        "ExpressionAttributeNames": {"#k": "pk"},
        "ExpressionAttributeValues": {":k": {"S": "kept"}},
    }
    body = {"TableArn": arn, "S3Bucket": bucket}
    made = client.export_table_to_point_in_time(**body, FilterSpecification=wanted)["ExportDescription"]
    _, records = _records(server, client, s3, bucket, made["ExportArn"])
    assert [record["Item"]["pk"]["S"] for record in records] == ["kept"]
    broken = wanted | {"FilterExpression": "#k ="}
    assert refused(client.export_table_to_point_in_time, **body, FilterSpecification=broken)[0] == "ValidationException"


def test_exports_that_are_refused(server: StrictServer, client: Any, bucket: str, arn: str) -> None:
    now, export = server.clock.time(), client.export_table_to_point_in_time
    body: dict[str, Any] = {"TableArn": arn, "S3Bucket": bucket}
    incremental = body | {"ExportType": "INCREMENTAL_EXPORT"}
    assert refused(export, **incremental)[0] == "ValidationException"
    window = {"ExportFromTime": now - 60, "ExportToTime": now}
    assert "15 minutes" in refused(export, **incremental, IncrementalExportSpecification=window)[1]
    assert "needs ExportType" in refused(export, **body, IncrementalExportSpecification=window)[1]
    window = {"ExportFromTime": now - 86_000, "ExportToTime": now}
    assert refused(export, **incremental, IncrementalExportSpecification=window)[0] == "InvalidExportTimeException"
    assert refused(export, **body, S3SseKmsKeyId="alias/mine")[0] == "ValidationException"
    export(**body, ClientToken="once")
    assert refused(export, **body, S3Prefix="other", ClientToken="once")[0] == "ExportConflictException"
    failed = export(**body, S3BucketOwner="999999999999")["ExportDescription"]["ExportArn"]
    assert client.describe_export(ExportArn=failed)["ExportDescription"]["FailureCode"] == "S3AccessDenied"


def test_a_bucket_of_another_owner_is_refused(s3: Any, bucket: str, account: str) -> None:
    s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    assert refused(s3.list_objects_v2, Bucket=bucket, ExpectedBucketOwner="999999999999")[0] == "AccessDenied"


def _import(s3: Any, bucket: str, content: bytes, **more: Any) -> dict[str, Any]:
    s3.put_object(Bucket=bucket, Key="in/items", Body=content)
    table = {
        "TableName": "made",
        "KeySchema": KEY,
        "AttributeDefinitions": defined("pk"),
        "BillingMode": "PAY_PER_REQUEST",
    }
    source = {"S3Bucket": bucket, "S3KeyPrefix": "in/"}
    created = table | more.pop("created", {})
    return {"S3BucketSource": source, "InputFormat": "DYNAMODB_JSON", "TableCreationParameters": created, **more}


def test_an_import_makes_a_table_that_is_creating(server: StrictServer, client: Any, s3: Any, bucket: str) -> None:
    body = _import(s3, bucket, b'{"Item":{"pk":{"S":"a"}}}\n{"Item":{"pk":{"S":"b"}}}\n', ClientToken="once")
    arn = client.import_table(**body)["ImportTableDescription"]["ImportArn"]
    assert client.import_table(**body)["ImportTableDescription"]["ImportArn"] == arn
    other = body | {"InputCompressionType": "GZIP"}
    assert refused(client.import_table, **other)[0] == "ImportConflictException"
    assert refused(client.import_table, **(body | {"ClientToken": "two"}))[0] == "ResourceInUseException"
    assert status(client, "made") == "CREATING"
    assert client.describe_import(ImportArn=arn)["ImportTableDescription"]["ImportStatus"] == "IN_PROGRESS"
    server.clock.advance(minutes=10)
    described: dict[str, Any] = {"ImportStatus": "IN_PROGRESS"}
    while described["ImportStatus"] == "IN_PROGRESS":  # the engine reads on a thread of its own
        described = client.describe_import(ImportArn=arn)["ImportTableDescription"]
    assert (described["ImportStatus"], described["ImportedItemCount"]) == ("COMPLETED", 2)
    assert status(client, "made") == "ACTIVE"
    assert client.scan(TableName="made")["Count"] == 2


def test_imports_that_are_refused(client: Any, s3: Any, bucket: str) -> None:
    body = _import(s3, bucket, b"pk\na\n")
    csv = {"InputFormatOptions": {"Csv": {"Delimiter": ","}}}
    assert refused(client.import_table, **body, **csv)[0] == "ValidationException"
    unused = _import(s3, bucket, b"pk\na\n", created={"AttributeDefinitions": defined("pk", "unused")})
    assert refused(client.import_table, **unused)[0] == "ValidationException"
