"""Tables as other tools make them: ``import`` writes a definition that plans empty, and names what it leaves out."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config

from cli.story import Story, table
from dynasmith.strict import StrictServer
from dynasmith.strict.state.state import StrictTable

ARN = "arn:aws:dynamodb:us-east-1:{account}:table/orders"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/{}"
ROLE = "arn:aws:iam::123456789012:role/reader"


def client(story: Story, service: str) -> Any:
    """A client of another service of the engine, which the story closes."""
    assert story.client
    made = boto3.client(  # type: ignore[call-overload]  # the service is an argument here
        service,
        endpoint_url=story.endpoint,
        region_name="us-east-1",
        aws_access_key_id=story.account,
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    story._clients.append(made)  # which closes it
    return made


def make(story: Story, **more: Any) -> None:
    """A table of another tool's, with an index, ACTIVE."""
    capacity = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
    provisioned = more.get("BillingMode") == "PROVISIONED"
    index = {
        "IndexName": "by_a",
        "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
        **(capacity if provisioned else {}),
    }
    settings: dict[str, Any] = {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "a")],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [index],
        "BillingMode": "PAY_PER_REQUEST",
        **(capacity if provisioned else {}),
        **more,
    }
    story.client.create_table(TableName="orders", **settings)
    settled(lambda: story.client.describe_table(TableName="orders")["Table"]["TableStatus"], "ACTIVE")


def settled(status: Callable[[], str], wanted: str) -> None:
    assert wanted in (status() for _ in range(2000))


def strict_table(strict: StrictServer) -> StrictTable:
    return next(account.tables["orders"] for account in strict._world.accounts.values() if "orders" in account.tables)


def imported(story: Story) -> str:
    """The definition of the live table, which plans empty, also with --prune."""
    (story.folder / "imported.yaml").unlink(missing_ok=True)
    answer = story("import", "orders", "--out", "imported.yaml")
    assert answer.code == 0, answer.err
    for prune in ((), ("--prune",)):
        checked = story("check", "--config", "imported.yaml", *prune)
        assert checked.code == 0, checked.out + checked.err
    document = story("plan", "--config", "imported.yaml", "--json").json
    assert document["empty"]
    text = (story.folder / "imported.yaml").read_text(encoding="utf-8")
    for line in text.splitlines():
        assert not line.startswith("# ") or line.removeprefix("# ") in answer.err
    return text


def test_the_precision_of_a_kinesis_destination(strict_story: Story, strict: StrictServer) -> None:
    story = strict_story
    make(story)
    story.client.enable_kinesis_streaming_destination(
        TableName="orders",
        StreamArn=STREAM.format("one"),
        EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    )
    assert "precision: MICROSECOND" in imported(story)
    # Another stream keeps it, is a hazard, and so is none.
    for stream, kind in ((STREAM.format("two"), "kinesis-new"), (None, "kinesis-off")):
        wish = {"enabled": False} if stream is None else {"stream_arn": stream}
        story.define(table(kinesis_destination=wish))
        planned = story("plan", "--json").json["tables"][0]
        assert [hazard["kind"] for hazard in planned["hazards"]] == [kind]
        assert story("apply", "--yes").code == 0
        told = story.client.describe_kinesis_streaming_destination(TableName="orders")
        states = {each["StreamArn"]: each for each in told["KinesisDataStreamDestinations"]}
        assert states[STREAM.format("one")]["DestinationStatus"] == "DISABLED"
        assert states[STREAM.format("two")]["ApproximateCreationDateTimePrecision"] == "MICROSECOND"
    for precision in ("MICROSECOND", "MILLISECOND"):
        story.define(table(kinesis_destination={"stream_arn": STREAM.format("two"), "precision": precision}))
        assert story("apply", "--yes").code == 0
    changes = [call.operation for call in strict.journal if call.operation.endswith("KinesisStreamingDestination")]
    assert [each for each in changes if not each.startswith("Describe")][-1] == "UpdateKinesisStreamingDestination"
    assert story("check").code == 0
    assert "precision: MILLISECOND" in imported(story)


def test_insights_of_an_index_and_their_mode(strict_story: Story) -> None:
    story = strict_story
    make(story)
    story.client.update_contributor_insights(
        TableName="orders", ContributorInsightsAction="ENABLE", ContributorInsightsMode="THROTTLED_KEYS"
    )
    story.client.update_contributor_insights(TableName="orders", IndexName="by_a", ContributorInsightsAction="ENABLE")
    text = imported(story)
    assert text.count("contributor_insights: {enabled: true, mode: THROTTLED_KEYS}") == 1
    assert text.count("contributor_insights: {enabled: true, mode: ACCESSED_AND_THROTTLED_KEYS}") == 1
    changed = text.replace("ACCESSED_AND_THROTTLED_KEYS}", "THROTTLED_KEYS}")
    (story.folder / "imported.yaml").write_text(changed, encoding="utf-8")
    assert story("apply", "--yes", "--config", "imported.yaml").code == 0
    told = story.client.describe_contributor_insights(TableName="orders", IndexName="by_a")
    assert told["ContributorInsightsMode"] == "THROTTLED_KEYS"
    off = changed.replace("{enabled: true, mode: THROTTLED_KEYS}", "{enabled: false}")
    (story.folder / "imported.yaml").write_text(off, encoding="utf-8")
    planned = story("plan", "--config", "imported.yaml", "--json").json["tables"][0]
    assert [hazard["path"] for hazard in planned["hazards"]] == [
        "global_secondary_indexes.by_a.contributor_insights",
        "contributor_insights",
    ]
    assert story("apply", "--yes", "--config", "imported.yaml").code == 0
    # A new table, and a new index, get them too.
    (story.folder / "imported.yaml").write_text(text.replace("orders", "others"), encoding="utf-8")
    assert story("apply", "--yes", "--config", "imported.yaml").code == 0
    assert story("check", "--config", "imported.yaml").code == 0


def test_a_scaling_target_without_policy(strict_story: Story) -> None:
    story = strict_story
    make(story, BillingMode="PROVISIONED")
    scaling = client(story, "application-autoscaling")
    common = {"ServiceNamespace": "dynamodb", "ResourceId": "table/orders"}
    for dimension in ("Read", "Write"):
        scaling.register_scalable_target(
            **common, ScalableDimension=f"dynamodb:table:{dimension}CapacityUnits", MinCapacity=5, MaxCapacity=50
        )
    scaling.put_scaling_policy(
        **common,
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        PolicyName="reads",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 55.0,
            "DisableScaleIn": True,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"},
        },
    )
    text = imported(story)
    assert "read: {min: 5, max: 50, target: 55, disable_scale_in: true}" in text
    assert "cooldown" not in text, "a default is not written as a fact"
    assert "write:" not in text.split("autoscaling:")[1].splitlines()[0]
    assert "registered for autoscaling of write capacity without a policy" in text
    # A definition that mentions neither target nor scale-in keeps both.
    capacity = {"read": 5, "write": 5}
    story.define(
        table(
            billing_mode="PROVISIONED",
            provisioned_throughput=capacity,
            autoscaling={"read": {"min": 7, "max": 70}},
        )
    )
    assert story("apply", "--yes").code == 0
    (policy,) = scaling.describe_scaling_policies(**common)["ScalingPolicies"]
    kept = policy["TargetTrackingScalingPolicyConfiguration"]
    assert (kept["TargetValue"], kept["DisableScaleIn"], policy["PolicyName"]) == (55.0, True, "reads")
    assert story("check").code == 0


@pytest.mark.parametrize("form", ["bare id", "alias/aws/dynamodb", "unknown alias"])
def test_a_key_by_another_name(strict_story: Story, strict: StrictServer, form: str) -> None:
    story = strict_story
    keys = client(story, "kms")
    key = keys.create_key()["KeyMetadata"]
    make(story, SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key["Arn"]})
    if form == "alias/aws/dynamodb":
        story.client.update_table(TableName="orders", SSESpecification={"Enabled": True, "SSEType": "KMS"})
        settled(lambda: story.client.describe_table(TableName="orders")["Table"]["TableStatus"], "ACTIVE")
        settled(lambda: story.client.describe_table(TableName="orders")["Table"]["SSEDescription"]["Status"], "ENABLED")
        story.define(table(encryption={"type": "CUSTOMER", "key": "alias/aws/dynamodb"}))
        assert story("check").code == 0, "that alias is the key that AWS manages"
    elif form == "bare id":
        live = strict_table(strict)
        assert live.sse is not None
        live.sse = {**live.sse, "KMSMasterKeyArn": key["KeyId"]}  # as the service says it of some tables
        for said in (key["KeyId"], key["Arn"]):
            story.define(table(encryption={"type": "CUSTOMER", "key": said}))
            assert story("check").code == 0
        story.define(table(encryption={"type": "CUSTOMER", "key": "11111111-2222-3333-4444-555555555555"}))
        assert story("check").code == 3, "another key is a difference"
    else:
        story.define(table(encryption={"type": "CUSTOMER", "key": "alias/nobody"}))
        checked = story("check")
        assert checked.code == 0
        assert "cannot be known" in checked.out
        return
    imported(story)


def test_a_replica_s_key_and_the_own_region_in_the_list(strict_story: Story, strict: StrictServer) -> None:
    story = strict_story
    make(story, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    strict_table(strict).replicas |= {"us-east-1": "ACTIVE", "eu-west-1": "ACTIVE"}
    text = imported(story)
    assert "us-east-1" not in text.split("replicas:")[1]
    own, other = {"region": "us-east-1"}, {"region": "eu-west-1", "key": "alias/theirs"}
    story.define(table(stream={"view_type": "NEW_AND_OLD_IMAGES"}, replicas=[own, other]))
    planned = story("plan", "--json")
    assert planned.code == 0
    assert planned.json["empty"]
    (note,) = [each for each in planned.json["tables"][0]["notes"] if each["kind"] == "unknown"]
    assert note["path"] == "replicas.eu-west-1.key"
    assert "the service does not say its key" in note["text"]


def test_a_resource_policy_in_another_spelling(strict_story: Story) -> None:
    story = strict_story
    make(story, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    described = story.client.describe_table(TableName="orders")["Table"]
    arn = described["TableArn"]
    live = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]},
                "Action": ["dynamodb:Query", "dynamodb:GetItem"],
                "Resource": [arn, f"{arn}/index/*"],
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "dynamodb:DeleteItem",
                "Resource": f"{arn}-archive",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
    story.client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(live))
    text = imported(story)
    assert "{table_arn}" in text
    assert "{table_arn}/index/*" in text
    assert f"{arn}-archive" in text, "another table's ARN stays"
    wish: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Action": ["dynamodb:DeleteItem"],
                "Principal": {"AWS": "*"},
                "Effect": "Deny",
                "Resource": [f"{arn}-archive"],
                "Condition": {"Bool": {"AWS:SecureTransport": False}},
            },
            {
                "Effect": "Allow",
                "Principal": {"AWS": "123456789012"},
                "Action": ["dynamodb:getitem", "dynamodb:query"],
                "Resource": ["{table_arn}/index/*", "{table_arn}"],
            },
        ],
    }
    story.define(table(resource_policy=wish))
    assert story("check").code == 0
    wish["Statement"][1]["Principal"] = {"AWS": ROLE}
    story.define(table(resource_policy=wish))
    assert story("check").code == 3
    planned = story("plan", "--json").json["tables"][0]
    assert [hazard["kind"] for hazard in planned["hazards"]] == ["policy-new"]
    assert story("apply", "--yes").code == 0
    assert story("check").code == 0


def test_a_policy_names_the_table_and_its_stream_before_they_are_there(strict_story: Story) -> None:
    story = strict_story
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "dynamodb:GetRecords"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": ["{table_arn}", "{stream_arn}"]}]}
    story.define(table(resource_policy=policy))
    refused = story("plan")
    assert refused.code == 1
    assert "names the table's stream, and the table has none" in refused.out
    story.define(table(resource_policy=policy, stream={"view_type": "NEW_IMAGE"}))
    assert story("apply", "--yes").code == 0
    for view in ("NEW_IMAGE", "KEYS_ONLY"):
        story.define(table(resource_policy=policy, stream={"view_type": view}))
        applied = story("apply", "--yes")
        assert applied.code == 0, applied.err
        described = story.client.describe_table(TableName="orders")["Table"]
        told = json.loads(story.client.get_resource_policy(ResourceArn=described["TableArn"])["Policy"])
        assert told["Statement"][0]["Resource"] == [described["TableArn"], described["LatestStreamArn"]]
        assert story("check").code == 0
    assert "{stream_arn}" in imported(story)


def test_a_ceiling_that_is_not_mentioned_stays(strict_story: Story) -> None:
    story = strict_story
    make(story, OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50})
    story.define(table(on_demand_throughput={"max_read": 200}))
    assert story("apply", "--yes").code == 0
    ceilings = story.client.describe_table(TableName="orders")["Table"]["OnDemandThroughput"]
    assert ceilings == {"MaxReadRequestUnits": 200, "MaxWriteRequestUnits": 50}
    assert story("check").code == 0
    story.define(table(on_demand_throughput={"max_write": -1}))
    assert story("apply", "--yes").code == 0
    ceilings = story.client.describe_table(TableName="orders")["Table"]["OnDemandThroughput"]
    assert ceilings == {"MaxReadRequestUnits": 200}
    assert "on_demand_throughput: {max_read: 200}" in imported(story)
