"""What DescribeTable leaves out is filled in, and what it says is read as it is meant."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec import UNSET

from dynasmith.aws.control.describe import description_of, encryption_of
from dynasmith.errors import NoEffect
from dynasmith.tables.policy import canonical_policy
from dynasmith.tables.table import (
    Billing,
    Capacity,
    Consistency,
    Encryption,
    EncryptionKind,
    Key,
    KeyAttribute,
    OnDemandMaximum,
    Replica,
    StreamView,
    TableClass,
    Warm,
)

LEAST: dict[str, Any] = {
    "TableName": "orders",
    "TableStatus": "ACTIVE",
    "TableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/orders",
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "N"},
    ],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
}
INDEX = {
    "IndexName": "by_at",
    "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["z", "b"]},
    "IndexStatus": "ACTIVE",
}


def test_a_table_that_was_never_told_otherwise() -> None:
    """An old provisioned table: its answer has no billing, class, encryption, stream, protection, ceilings."""
    table = description_of(LEAST).table
    assert table.billing is Billing.PROVISIONED
    assert table.capacity == Capacity(read=3, write=4)
    assert table.table_class is TableClass.STANDARD
    assert table.stream is None
    assert table.deletion_protection is False
    assert table.on_demand_maximum == OnDemandMaximum()
    assert (table.indexes, table.local_indexes, table.replicas) == ((), (), ())
    assert (table.consistency, table.witness_region) == (UNSET, UNSET)
    assert encryption_of(LEAST, managed_by_aws=False) == Encryption(kind=EncryptionKind.AWS_OWNED)


def test_what_takes_a_call_of_its_own_is_not_guessed() -> None:
    table = description_of(LEAST).table
    for setting in ("time_to_live", "recovery", "tags", "resource_policy", "autoscaling", "contributor_insights"):
        assert getattr(table, setting) is UNSET


def test_a_stream_that_is_off_though_its_last_arn_survives() -> None:
    answer = LEAST | {
        "StreamSpecification": {"StreamEnabled": False},
        "LatestStreamArn": "arn:s",
        "LatestStreamLabel": "l",
    }
    described = description_of(answer)
    assert described.table.stream is None
    assert (described.stream_arn, described.stream_label) == ("arn:s", "l")
    on = LEAST | {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "OLD_IMAGE"}}
    assert description_of(on).table.stream is StreamView.OLD_IMAGE


def test_on_demand_has_ceilings_and_no_capacity() -> None:
    answer = LEAST | {
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "OnDemandThroughput": {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": -1},
        "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"},
    }
    described = description_of(answer)
    assert described.table.billing is Billing.ON_DEMAND
    assert described.table.capacity is UNSET
    assert described.table.on_demand_maximum == OnDemandMaximum(read=5, write=None)
    assert described.table.warm == Warm(read=12000, write=4000)
    assert described.unread == {}


def test_warm_throughput_of_nothing_is_not_read() -> None:
    described = description_of(LEAST | {"WarmThroughput": {"ReadUnitsPerSecond": 0, "WriteUnitsPerSecond": 0}})
    assert described.table.warm is UNSET
    assert "warm" in described.unread


def test_indexes_are_sorted_with_their_projections() -> None:
    other = INDEX | {"IndexName": "a_first", "Projection": {"ProjectionType": "ALL"}, "ItemCount": 7}
    described = description_of(LEAST | {"GlobalSecondaryIndexes": [INDEX, other]})
    assert isinstance(described.table.indexes, tuple)
    assert [index.name for index in described.table.indexes] == ["a_first", "by_at"]
    by_at = described.table.index("by_at")
    assert by_at is not None
    assert by_at.projection.attributes == ("b", "z")
    assert by_at.key == Key(partition=(KeyAttribute(name="at", type="N"),), sort=(KeyAttribute(name="id", type="S"),))
    assert [state.item_count_estimate for state in described.indexes] == [7, 0]


def test_an_index_that_goes_is_no_part_of_the_table_and_still_has_a_state() -> None:
    described = description_of(LEAST | {"GlobalSecondaryIndexes": [INDEX | {"IndexStatus": "DELETING"}]})
    assert described.table.indexes == ()
    state = described.index_state("by_at")
    assert state is not None
    assert state.status == "DELETING"


def test_a_building_index_says_whether_it_backfills() -> None:
    described = description_of(
        LEAST | {"GlobalSecondaryIndexes": [INDEX | {"IndexStatus": "CREATING", "Backfilling": True}]}
    )
    state = described.index_state("by_at")
    assert state is not None
    assert (state.status, state.backfilling) == ("CREATING", True)
    assert described.table.index("by_at") is not None


def test_replicas_without_the_own_region() -> None:
    answer = LEAST | {
        "Replicas": [
            {"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"},
            {"RegionName": "us-east-1", "ReplicaStatus": "CREATION_FAILED", "ReplicaStatusDescription": "why"},
            {
                "RegionName": "eu-central-1",
                "ReplicaStatus": "ACTIVE",
                "KMSMasterKeyId": "key",
                "ReplicaTableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
            },
            {"RegionName": "ap-south-1", "ReplicaStatus": "DELETING"},
        ],
        "MultiRegionConsistency": "STRONG",
        "GlobalTableWitnesses": [{"RegionName": "eu-west-2"}],
    }
    described = description_of(answer)
    assert described.table.replicas == (
        Replica(region="eu-central-1", key="key", table_class=TableClass.INFREQUENT_ACCESS),
        Replica(region="us-east-1"),
    )
    assert (described.table.consistency, described.table.witness_region) == (Consistency.STRONG, "eu-west-2")
    assert [state.region for state in described.replicas] == ["ap-south-1", "eu-central-1", "us-east-1"]
    failed = described.replica_state("us-east-1")
    assert failed is not None
    assert (failed.status, failed.reason) == ("CREATION_FAILED", "why")


@pytest.mark.parametrize(
    ("said", "managed", "encryption"),
    [
        (
            {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "k"},
            True,
            Encryption(kind=EncryptionKind.AWS_MANAGED),
        ),
        (
            {"Status": "UPDATING", "SSEType": "KMS", "KMSMasterKeyArn": "k"},
            False,
            Encryption(kind=EncryptionKind.CUSTOMER, key="k"),
        ),
        (
            {"Status": "DISABLED", "SSEType": "KMS", "KMSMasterKeyArn": "k"},
            True,
            Encryption(kind=EncryptionKind.AWS_OWNED),
        ),
    ],
)
def test_encryption(said: dict[str, str], managed: bool, encryption: Encryption) -> None:
    answer = LEAST | {"SSEDescription": said}
    assert encryption_of(answer, managed_by_aws=managed) == encryption
    assert description_of(answer).encryption_status == said["Status"]


def test_what_is_never_planned_is_a_notice() -> None:
    answer = LEAST | {
        "VectorIndexes": [{"IndexName": "similar"}],
        "GlobalTableVersion": "2017.11.29",
        "GlobalTableSettingsReplicationMode": "ENABLED",
    }
    text = " | ".join(description_of(answer).notices)
    assert "similar" in text
    assert "2017.11.29" in text
    assert "several accounts" in text
    assert description_of(LEAST).notices == ()


def test_times_are_utc() -> None:
    made = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert description_of(LEAST | {"CreationDateTime": made}).created_at == "2026-01-02T01:04:05.000Z"


def test_a_key_whose_type_is_not_said_is_no_guess() -> None:
    with pytest.raises(NoEffect, match="type of the key attribute id"):
        description_of(LEAST | {"AttributeDefinitions": []})


def test_policies_that_say_the_same_are_the_same_text() -> None:
    one = '{ "Version": "2012-10-17",\n "Statement": [] }'
    assert canonical_policy(one) == canonical_policy('{"Statement":[],"Version":"2012-10-17"}')
