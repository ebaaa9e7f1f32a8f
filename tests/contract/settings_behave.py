"""Behaviours of a table's settings: what was set is what is described, and what the service refuses is refused."""

import json
import time
from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

from contract.behaviours import behaviour
from contract.subject import AcceptedFinding, Subject, refused, until


@behaviour("deletion protection: DeleteTable is refused until it is off")
def deletion_protection(it: Subject) -> None:
    name = it.create(DeletionProtectionEnabled=True)
    assert it.describe(name)["DeletionProtectionEnabled"] is True
    refused(it.db.delete_table, "ValidationException", TableName=name)
    it.db.update_table(TableName=name, DeletionProtectionEnabled=False)
    assert it.until_active(name).get("DeletionProtectionEnabled", False) is False
    it.db.delete_table(TableName=name)


@behaviour("table class: set at creation and changed later")
def table_class(it: Subject) -> None:
    name = it.create(TableClass="STANDARD_INFREQUENT_ACCESS")
    assert it.describe(name)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    it.db.update_table(TableName=name, TableClass="STANDARD")
    table = it.until_active(name)
    assert table.get("TableClassSummary", {"TableClass": "STANDARD"})["TableClass"] == "STANDARD"


@behaviour("tags: given at creation, added, replaced, removed, listed")
def tags(it: Subject) -> None:
    name = it.create(Tags=[{"Key": "team", "Value": "checkout"}])
    arn = it.describe(name)["TableArn"]

    def held() -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in it.db.list_tags_of_resource(ResourceArn=arn)["Tags"]}

    assert held() == {"team": "checkout"}
    it.db.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "basket"}, {"Key": "env", "Value": "dev"}])
    until(lambda: held() == {"team": "basket", "env": "dev"})
    it.db.untag_resource(ResourceArn=arn, TagKeys=["team"])
    until(lambda: held() == {"env": "dev"})


def _time_to_live(it: Subject, name: str, attribute: str, *, enabled: bool) -> None:
    wish = {"AttributeName": attribute, "Enabled": enabled}
    it.db.update_time_to_live(TableName=name, TimeToLiveSpecification=wish)


@behaviour("TTL: off at first, on with its attribute")
def time_to_live(it: Subject) -> None:
    name = it.create()
    assert it.db.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"
    _time_to_live(it, name, "expires_at", enabled=True)
    live = it.db.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert live["AttributeName"] == "expires_at"
    assert live["TimeToLiveStatus"] in ("ENABLING", "ENABLED")


@behaviour("a second change of TTL within the hour: ValidationException")
def time_to_live_twice(it: Subject) -> None:
    name = it.create()
    _time_to_live(it, name, "expires_at", enabled=True)
    wish = {"AttributeName": "expires_at", "Enabled": False}
    refused(it.db.update_time_to_live, "ValidationException", TableName=name, TimeToLiveSpecification=wish)


@behaviour("point-in-time recovery: off at first, on with 35 days")
def recovery(it: Subject) -> None:
    name = it.create()

    def held() -> dict[str, object]:
        described = it.db.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        return dict(described["PointInTimeRecoveryDescription"])

    assert held()["PointInTimeRecoveryStatus"] == "DISABLED"
    wish: dict[str, object] = {"PointInTimeRecoveryEnabled": True}
    it.db.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wish)
    until(lambda: held()["PointInTimeRecoveryStatus"] == "ENABLED")
    assert held().get("RecoveryPeriodInDays", 35) == 35


@behaviour("point-in-time recovery of fewer days is described with those days")
def recovery_days(it: Subject) -> None:
    name = it.create()
    wish = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}
    it.db.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wish)
    described = it.db.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert described["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] == 7


@behaviour("encryption with the key of the service: SSEDescription says KMS and ENABLED, and goes when it is off")
def encryption(it: Subject) -> None:
    name = it.create(SSESpecification={"Enabled": True, "SSEType": "KMS"})
    described = it.describe(name)["SSEDescription"]
    assert (described["SSEType"], described["Status"]) == ("KMS", "ENABLED")
    assert described["KMSMasterKeyArn"].startswith("arn:aws:kms:")
    it.db.update_table(TableName=name, SSESpecification={"Enabled": False})
    after = it.until_active(name).get("SSEDescription", {"Status": "DISABLED"})
    assert after["Status"] == "DISABLED"


@behaviour("stream: on with its view, off, on again with a new ARN")
def stream(it: Subject) -> None:
    name = it.create(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    first = it.describe(name)
    assert first["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    it.db.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
    off = it.until_active(name).get("StreamSpecification", {"StreamEnabled": False})
    assert off["StreamEnabled"] is False
    it.db.update_table(
        TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    )
    again = it.until_active(name)
    assert again["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert again["LatestStreamArn"] != first["LatestStreamArn"]


@behaviour("enabling a stream that is on: ValidationException")
def stream_twice(it: Subject) -> None:
    name = it.create(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    wish = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    refused(it.db.update_table, "ValidationException", TableName=name, StreamSpecification=wish)


def _changes(it: Subject, name: str) -> list[str]:
    """The events of the stream of a table, in order, once a change that is made for this is among them."""
    arn, streams = it.describe(name)["LatestStreamArn"], it.client("dynamodbstreams")
    it.db.put_item(TableName=name, Item={"pk": {"S": "last"}})
    found: list[str] = []

    def all_read() -> bool:
        found.clear()
        for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            asked = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            records = streams.get_records(ShardIterator=streams.get_shard_iterator(**asked)["ShardIterator"])["Records"]
            found.extend(f"{one['eventName']} {one['dynamodb']['Keys']['pk']['S']}" for one in records)
        return "INSERT last" in found

    until(all_read)
    return found


@behaviour("stream: each write that changes an item makes a record, and one that changes nothing makes none")
def stream_records(it: Subject) -> None:
    name = it.create(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    for value in ("1", "1", "2"):
        it.db.put_item(TableName=name, Item={"pk": {"S": "a"}, "v": {"N": value}})
    it.db.delete_item(TableName=name, Key={"pk": {"S": "a"}})
    assert _changes(it, name) == ["INSERT a", "MODIFY a", "REMOVE a", "INSERT last"]


@behaviour("stream: a PartiQL statement makes a record")
def stream_of_statements(it: Subject) -> None:
    name = it.create(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    it.db.put_item(TableName=name, Item={"pk": {"S": "a"}})
    it.db.execute_statement(Statement=f"""DELETE FROM "{name}" WHERE pk = 'a'""")
    assert _changes(it, name) == ["INSERT a", "REMOVE a", "INSERT last"]


@behaviour("the maximum of on-demand throughput is kept, and goes with -1")
def on_demand_maximum(it: Subject) -> None:
    name = it.create(OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50})
    held = it.describe(name)["OnDemandThroughput"]
    assert (held["MaxReadRequestUnits"], held["MaxWriteRequestUnits"]) == (100, 50)
    it.db.update_table(TableName=name, OnDemandThroughput={"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1})
    gone = it.until_active(name).get("OnDemandThroughput", {})
    assert gone.get("MaxReadRequestUnits", -1) == -1


@behaviour("warm throughput that is raised is described, and a new on-demand table has 12,000 and 4,000")
def warm_throughput(it: Subject) -> None:
    name = it.create()
    first = it.describe(name)["WarmThroughput"]
    assert (first["ReadUnitsPerSecond"], first["WriteUnitsPerSecond"]) == (12_000, 4_000)
    wish = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000}
    it.db.update_table(TableName=name, WarmThroughput=wish)
    raised = it.until_active(name)["WarmThroughput"]
    assert {unit: raised[unit] for unit in wish} == wish


@behaviour("a replica is described with the table, and the table is there in the other Region")
def replicas(it: Subject) -> None:
    name = it.create(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    it.db.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])

    def active() -> bool:
        found = it.describe(name).get("Replicas", [])
        return [(each["RegionName"], each["ReplicaStatus"]) for each in found] == [("eu-west-1", "ACTIVE")]

    assert it.describe(name).get("Replicas"), "no replica is described"
    until(active)
    assert it.client("dynamodb", "eu-west-1").describe_table(TableName=name)["Table"]["TableName"] == name
    it.db.update_table(TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-1"}}])
    until(lambda: not it.describe(name).get("Replicas"))


@behaviour("resource policy: put, read, deleted; PolicyNotFoundException where there is none")
def resource_policy(it: Subject) -> None:
    arn = it.describe(it.create())["TableArn"]
    refused(it.db.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn)
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},'
        f'"Action":"dynamodb:GetItem","Resource":"{arn}"}}]}}'
    )
    it.db.put_resource_policy(ResourceArn=arn, Policy=policy)
    assert "dynamodb:GetItem" in it.db.get_resource_policy(ResourceArn=arn)["Policy"]
    it.db.delete_resource_policy(ResourceArn=arn)
    refused(it.db.get_resource_policy, "PolicyNotFoundException", ResourceArn=arn)


def _denial(arn: str, sid: str) -> str:
    statement = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "dynamodb:PutItem", "Resource": arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@behaviour("resource policy: a wrong ExpectedRevisionId, and NO_POLICY where there is one: PolicyNotFoundException")
def resource_policy_revision(it: Subject) -> None:
    arn = it.describe(it.create())["TableArn"]
    put, absent = it.db.put_resource_policy, "PolicyNotFoundException"
    refused(put, absent, ResourceArn=arn, Policy=_denial(arn, "a"), ExpectedRevisionId="1")
    put(ResourceArn=arn, Policy=_denial(arn, "a"), ExpectedRevisionId="NO_POLICY")
    refused(put, absent, ResourceArn=arn, Policy=_denial(arn, "b"), ExpectedRevisionId="NO_POLICY")


@behaviour("resource policy: a second update within 15 seconds is refused")
def resource_policy_pause(it: Subject) -> None:
    arn = it.describe(it.create())["TableArn"]
    it.db.put_resource_policy(ResourceArn=arn, Policy=_denial(arn, "a"))
    try:
        it.db.put_resource_policy(ResourceArn=arn, Policy=_denial(arn, "b"))
    except ClientError:
        return  # the documentation does not say with which error
    raise AcceptedFinding("it takes the second one")


@behaviour("resource policy: what it denies to everybody is refused to the account of the table too")
def resource_policy_denies(it: Subject) -> None:
    name = it.create()
    arn = it.describe(name)["TableArn"]
    it.db.put_resource_policy(ResourceArn=arn, Policy=_denial(arn, "a"))
    # The service enforces it a while later; an engine on this machine at once or never.
    for _ in range(60 if it.name == "external" else 1):
        try:
            it.db.put_item(TableName=name, Item={"pk": {"S": "a"}})
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            return
        time.sleep(1 if it.name == "external" else 0)
    raise AcceptedFinding("the write passes")


@behaviour("contributor insights: off at first, on")
def contributor_insights(it: Subject) -> None:
    name = it.create()
    assert it.db.describe_contributor_insights(TableName=name)["ContributorInsightsStatus"] == "DISABLED"
    it.db.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE")
    until(lambda: it.db.describe_contributor_insights(TableName=name)["ContributorInsightsStatus"] == "ENABLED")


@behaviour("Kinesis destination: none at first, ACTIVE once it is enabled, DISABLED later")
def kinesis_destination(it: Subject) -> None:
    name = it.create()
    kinesis = it.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    described = kinesis.describe_stream(StreamName=name)["StreamDescription"]
    arn = described["StreamARN"]

    def status() -> list[str]:
        held = it.db.describe_kinesis_streaming_destination(TableName=name)["KinesisDataStreamDestinations"]
        return [each["DestinationStatus"] for each in held]

    assert status() == []
    it.db.enable_kinesis_streaming_destination(TableName=name, StreamArn=arn)
    until(lambda: status() == ["ACTIVE"])
    it.db.disable_kinesis_streaming_destination(TableName=name, StreamArn=arn)
    until(lambda: status() in (["DISABLED"], []))


@behaviour("autoscaling: target and policy are registered, described, and gone when deregistered")
def autoscaling(it: Subject) -> None:
    scaling = it.client("application-autoscaling")
    which = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{it.name_of_table()}",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    scaling.register_scalable_target(**which, MinCapacity=5, MaxCapacity=50)
    metric = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
    scaling.put_scaling_policy(
        **which,
        PolicyName="write",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0, "PredefinedMetricSpecification": metric},
    )
    asked = {"ServiceNamespace": "dynamodb", "ResourceIds": [which["ResourceId"]]}
    targets = scaling.describe_scalable_targets(**asked)["ScalableTargets"]
    assert [(each["MinCapacity"], each["MaxCapacity"]) for each in targets] == [(5, 50)]
    of_one = {"ServiceNamespace": "dynamodb", "ResourceId": which["ResourceId"]}
    policies = scaling.describe_scaling_policies(**of_one)["ScalingPolicies"]
    assert policies[0]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70.0
    scaling.delete_scaling_policy(**which, PolicyName="write")
    scaling.deregister_scalable_target(**which)
    assert scaling.describe_scalable_targets(**asked)["ScalableTargets"] == []


@behaviour("STS says who calls: account and ARN")
def identity(it: Subject) -> None:
    said = it.client("sts").get_caller_identity()
    assert said["Account"].isdigit()
    assert said["Arn"].startswith("arn:aws:")


@behaviour("a backup is listed, restored into a new table with its items, and deleted")
def backup_restore(it: Subject) -> None:
    name = it.create()
    it.put(name, 10)
    arn = it.db.create_backup(TableName=name, BackupName="contract")["BackupDetails"]["BackupArn"]

    def status() -> str:
        found = it.db.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"]
        return str(found)

    until(lambda: status() == "AVAILABLE")
    it.db.delete_item(TableName=name, Key={"pk": {"S": "k0000"}})
    target = it.name_of_table()
    it.db.restore_table_from_backup(TargetTableName=target, BackupArn=arn)
    it.until_active(target)
    assert it.db.scan(TableName=target, Select="COUNT")["Count"] == 10
    listed = it.db.list_backups(TableName=name)["BackupSummaries"]
    assert [each["BackupArn"] for each in listed] == [arn]
    it.db.delete_backup(BackupArn=arn)
    assert it.db.list_backups(TableName=name).get("BackupSummaries", []) == []


@behaviour("restore to a point in time without recovery switched on: PointInTimeRecoveryUnavailableException")
def restore_needs_recovery(it: Subject) -> None:
    name = it.create()
    refused(
        it.db.restore_table_to_point_in_time,
        "PointInTimeRecoveryUnavailableException",
        SourceTableName=name,
        TargetTableName=it.name_of_table(),
        UseLatestRestorableTime=True,
    )


@behaviour("restore to a point in time gives the items of that time")
def restore_to_a_time(it: Subject) -> None:
    name = it.create()
    it.put(name, 3)
    wish = {"PointInTimeRecoveryEnabled": True}
    it.db.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wish)
    at = datetime.now(UTC) + timedelta(seconds=1)
    until(lambda: datetime.now(UTC) > at + timedelta(seconds=1))
    it.db.delete_item(TableName=name, Key={"pk": {"S": "k0000"}})
    target = it.name_of_table()
    it.db.restore_table_to_point_in_time(SourceTableName=name, TargetTableName=target, RestoreDateTime=at)
    it.until_active(target)
    assert it.db.scan(TableName=target, Select="COUNT")["Count"] == 3


@behaviour("an S3 export of a table is described as COMPLETED with the table's item count")
def export_to_s3(it: Subject) -> None:
    name = it.create()
    it.put(name, 7)
    recovery_on = {"PointInTimeRecoveryEnabled": True}
    it.db.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery_on)
    bucket = f"bucket-{name}"
    files = it.client("s3")
    files.create_bucket(Bucket=bucket)
    arn = it.describe(name)["TableArn"]
    started = it.db.export_table_to_point_in_time(TableArn=arn, S3Bucket=bucket, S3Prefix="contract")
    asked = started["ExportDescription"]["ExportArn"]

    def export() -> dict[str, object]:
        return dict(it.db.describe_export(ExportArn=asked)["ExportDescription"])

    until(lambda: export()["ExportStatus"] != "IN_PROGRESS")
    assert export()["ExportStatus"] == "COMPLETED"
    assert export()["ItemCount"] == 7
    try:
        keys = [each["Key"] for each in files.list_objects_v2(Bucket=bucket).get("Contents", [])]
    except ClientError as error:
        raise AssertionError("the bucket cannot be listed") from error
    assert any(key.endswith("manifest-files.json") for key in keys), f"no manifest among {len(keys)} files"
