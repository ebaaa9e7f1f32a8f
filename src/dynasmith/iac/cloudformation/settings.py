"""The settings of a table that are one value each. In a global table some belong to the replica of each Region."""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import UnsetType

from dynasmith.iac.cloudformation.keys import insights
from dynasmith.iac.cloudformation.part import Properties, StackPart, StackSubject
from dynasmith.iac.unsaid import Unsaid
from dynasmith.tables.policy import STREAM_ARN, TABLE_ARN, placed
from dynasmith.tables.table import (
    Consistency,
    Encryption,
    EncryptionKind,
    KinesisDestination,
    Recovery,
    Replica,
    known,
)

_TABLES: Final = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"


def stream(subject: StackSubject) -> StackPart:
    """`StreamSpecification`; left out where the stream is off, or not managed."""
    view = known(subject.table.stream, None)
    return StackPart(properties={} if view is None else {"StreamSpecification": {"StreamViewType": str(view)}})


def time_to_live(subject: StackSubject) -> StackPart:
    """`TimeToLiveSpecification`; left out where it is off, or not managed."""
    attribute = known(subject.table.time_to_live, None)
    said = {"TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": True}}
    return StackPart(properties={} if attribute is None else said)


def encryption(subject: StackSubject) -> StackPart:
    """`SSESpecification`."""
    wanted = subject.table.encryption
    if isinstance(wanted, UnsetType):
        return StackPart()
    return StackPart(properties={"SSESpecification": _encryption(wanted, with_key=not subject.is_global)})


def _encryption(wanted: Encryption, *, with_key: bool) -> Properties:
    if wanted.kind is EncryptionKind.AWS_OWNED:
        return {"SSEEnabled": False}
    key = {"KMSMasterKeyId": wanted.key} if with_key and not isinstance(wanted.key, UnsetType) else {}
    return {"SSEEnabled": True, "SSEType": "KMS", **key}


def of_region(subject: StackSubject) -> StackPart:
    """What a table has by itself, and a global table in each Region: recovery, protection, class, tags, insights, a
    Kinesis stream and a policy. Without replicas it is the table's own."""
    table = subject.table
    own, unsaid = _own(subject)
    if not subject.is_global:
        return StackPart(properties=own, unsaid=unsaid)
    encryption = known(table.encryption, None)
    if encryption is not None and not isinstance(encryption.key, UnsetType):
        own["SSESpecification"] = {"KMSMasterKeyId": encryption.key}
    replicas = [{"Region": subject.region, **own}, *(_replica(each) for each in known(table.replicas, ()))]
    return StackPart(properties={"Replicas": replicas}, unsaid=unsaid)


def _own(subject: StackSubject) -> tuple[Properties, tuple[Unsaid, ...]]:
    table, unsaid = subject.table, []
    said: dict[str, Any] = {}
    if not isinstance(table.recovery, UnsetType):
        said["PointInTimeRecoverySpecification"] = _recovery(table.recovery)
    if not isinstance(table.deletion_protection, UnsetType):
        said["DeletionProtectionEnabled"] = table.deletion_protection
    if not isinstance(table.table_class, UnsetType):
        said["TableClass"] = str(table.table_class)
    if tags := known(table.tags, {}):
        said["Tags"] = _tag_list(tags)
    said |= insights(table.contributor_insights)
    if (kinesis := known(table.kinesis_stream, None)) is not None:
        said["KinesisStreamSpecification"] = _kinesis(kinesis)
    if (policy := known(table.resource_policy, None)) is not None:
        policy = placed(policy, "", "" if subject.live is None else subject.live.stream_arn)
        if STREAM_ARN in policy:
            unsaid.append(subject.unsaid("resource_policy", "it names the stream, whose ARN is known once it is there"))
        else:
            said["ResourcePolicy"] = {"PolicyDocument": _with_own_arn(json.loads(policy), table.name)}
    return said, tuple(unsaid)


def _with_own_arn(value: Any, name: str) -> Any:
    """A part of a policy with the ARN of its own table, which cannot refer to its own resource."""
    match value:
        case dict():
            return {key: _with_own_arn(each, name) for key, each in value.items()}
        case list():
            return [_with_own_arn(each, name) for each in value]
        case str() if TABLE_ARN in value:
            return {"Fn::Sub": value.replace("${", "${!").replace(TABLE_ARN, f"{_TABLES}{name}")}
        case _:
            return value


def _recovery(wanted: Recovery | None) -> Properties:
    if wanted is None:
        return {"PointInTimeRecoveryEnabled": False}
    days = {} if isinstance(wanted.days, UnsetType) else {"RecoveryPeriodInDays": wanted.days}
    return {"PointInTimeRecoveryEnabled": True, **days}


def _kinesis(wanted: str | KinesisDestination) -> Properties:
    if isinstance(wanted, str):
        return {"StreamArn": wanted}
    return {"StreamArn": wanted.stream, "ApproximateCreationDateTimePrecision": str(wanted.precision)}


def _tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _replica(replica: Replica) -> Properties:
    said: dict[str, Any] = {"Region": replica.region}
    if not isinstance(replica.recovery, UnsetType):
        said["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": replica.recovery}
    if not isinstance(replica.deletion_protection, UnsetType):
        said["DeletionProtectionEnabled"] = replica.deletion_protection
    if not isinstance(replica.table_class, UnsetType):
        said["TableClass"] = str(replica.table_class)
    if not isinstance(replica.key, UnsetType):
        said["SSESpecification"] = {"KMSMasterKeyId": replica.key}
    if not isinstance(replica.tags, UnsetType):
        said["Tags"] = _tag_list(replica.tags)
    return said


def consistency(subject: StackSubject) -> StackPart:
    """`MultiRegionConsistency`, of a global table."""
    wanted = known(subject.table.consistency, Consistency.EVENTUAL)
    return StackPart(properties={"MultiRegionConsistency": "STRONG"} if wanted is Consistency.STRONG else {})


def witness_region(subject: StackSubject) -> StackPart:
    """`GlobalTableWitnesses`."""
    wanted = known(subject.table.witness_region, None)
    return StackPart(properties={} if wanted is None else {"GlobalTableWitnesses": [{"Region": wanted}]})


def items(subject: StackSubject) -> StackPart:
    """Nothing: items are no setting of a table."""
    if not known(subject.table.items, ()):
        return StackPart()
    return StackPart(
        unsaid=(subject.unsaid("items", "items of a table are not part of it there; dynasmith writes them"),)
    )
