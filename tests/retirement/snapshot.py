"""Everything that an engine has around tables, by boto3: what a retirement must leave as it was."""

from collections.abc import Iterator
from typing import Any

import boto3

from item_stories.kit import ItemStory

REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-1")


def client(story: ItemStory, service: str, region: str = "us-east-1") -> Any:
    """A client of the strict endpoint."""
    return boto3.client(  # type: ignore[call-overload]  # the service is an argument here
        service,
        endpoint_url=story.endpoint,
        region_name=region,
        aws_access_key_id=story.account,
        aws_secret_access_key="secret",
    )


def snapshot(story: ItemStory) -> set[str]:
    """One line for each thing that is there, with what it says; of three Regions and of IAM."""
    found = {f"iam {line}" for line in _of_iam(client(story, "iam"))}
    for region in REGIONS:
        for part in (_tables, _scaling, _backups, _mappings, _alarms, _streams):
            found |= {f"{region} {line}" for line in part(story, region)}
    return found


def _of_iam(iam: Any) -> Iterator[str]:
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        yield f"role {name}"
        for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            yield f"role {name} has {policy['PolicyArn']}"
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            text = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            yield f"role {name} allows {policy}: {text}"


def _tables(story: ItemStory, region: str) -> Iterator[str]:
    dynamodb = client(story, "dynamodb", region)
    for name in dynamodb.list_tables()["TableNames"]:
        said = dynamodb.describe_table(TableName=name)["Table"]
        replicas = sorted(each["RegionName"] for each in said.get("Replicas", ()))
        protected, stream = said.get("DeletionProtectionEnabled"), said.get("LatestStreamArn")
        yield f"table {name} {said['TableId']} {replicas} protected={protected} {stream}"
        insights = dynamodb.describe_contributor_insights(TableName=name)["ContributorInsightsStatus"]
        yield f"table {name} insights {insights}"
        kinesis = dynamodb.describe_kinesis_streaming_destination(TableName=name)
        for each in kinesis["KinesisDataStreamDestinations"]:
            yield f"table {name} kinesis {each['StreamArn']} {each['DestinationStatus']}"
        count = len(dynamodb.scan(TableName=name)["Items"])
        yield f"table {name} items {count}"
    for each in dynamodb.list_backups()["BackupSummaries"]:
        yield f"backup {each['BackupName']} of {each['TableName']} {each['BackupType']}"


def _scaling(story: ItemStory, region: str) -> Iterator[str]:
    scaling = client(story, "application-autoscaling", region)
    for each in scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]:
        yield f"target {each['ResourceId']} {each['ScalableDimension']} {each['MinCapacity']}-{each['MaxCapacity']}"
    for each in scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]:
        yield f"scaling policy {each['PolicyName']} of {each['ResourceId']} {each['ScalableDimension']}"


def _backups(story: ItemStory, region: str) -> Iterator[str]:
    backup = client(story, "backup", region)
    for plan in backup.list_backup_plans()["BackupPlansList"]:
        yield f"plan {plan['BackupPlanName']}"
        for each in backup.list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"]:
            yield f"plan {plan['BackupPlanName']} selects {each['SelectionName']} as {each['IamRoleArn']}"
    for vault in backup.list_backup_vaults()["BackupVaultList"]:
        yield f"vault {vault['BackupVaultName']} points {vault['NumberOfRecoveryPoints']}"


def _mappings(story: ItemStory, region: str) -> Iterator[str]:
    lambdas = client(story, "lambda", region)
    for each in lambdas.list_functions()["Functions"]:
        yield f"function {each['FunctionName']}"
    for each in lambdas.list_event_source_mappings()["EventSourceMappings"]:
        yield f"mapping {each['UUID']} {each['EventSourceArn']} to {each['FunctionArn']}"


def _alarms(story: ItemStory, region: str) -> Iterator[str]:
    for each in client(story, "cloudwatch", region).describe_alarms()["MetricAlarms"]:
        yield f"alarm {each['AlarmName']}"


def _streams(story: ItemStory, region: str) -> Iterator[str]:
    for name in client(story, "kinesis", region).list_streams()["StreamNames"]:
        yield f"kinesis stream {name}"
