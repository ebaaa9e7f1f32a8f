"""One account for all tests of this folder, whose tables are made once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.story import clean_shell, gsi, new_account, table
from dynasmith.strict import StrictServer
from permissions.kit import DAILY, GLOBAL, ROLE, SCALING, Account, RoleStory

ELSEWHERE = {"AWS": "arn:aws:iam::000000000009:root"}
DENY = {"Sid": "x", "Effect": "Deny", "Principal": ELSEWHERE, "Action": "dynamodb:DeleteTable", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [DENY]}


@pytest.fixture(scope="module")
def home(ministack_endpoint: str, moto_endpoint: str) -> Iterator[Account]:
    """The account, behind an endpoint whose clock moves on; its role, a function and streams that tables name."""
    with StrictServer(ministack_endpoint, moto_endpoint, auto_advance=True, capacity=False) as served:
        served.clock.advance((43_200 - served.clock.time()) % 86_400)
        made = Account(served, new_account(), ministack_endpoint)
        made.role(ROLE)
        made.function("ship")
        made.function("mail")
        made.client("kinesis").create_stream(StreamName="changes", ShardCount=1)
        yield made
        for name in ("ship", "mail"):
            made.client("lambda").delete_function(FunctionName=name)
        served.wipe()
        made.close()


def definition(home: Account) -> dict[str, Any]:
    """A table with every setting that is read by a call of its own."""
    kinesis = home.client("kinesis").describe_stream(StreamName="changes")["StreamDescription"]["StreamARN"]
    key = home.client("kms").create_key()["KeyMetadata"]["Arn"]
    capacity = {"provisioned_throughput": {"read": 5, "write": 5}, "autoscaling": SCALING}
    return table(
        "orders",
        billing_mode="PROVISIONED",
        stream={"view_type": "NEW_AND_OLD_IMAGES"},
        global_secondary_indexes=[gsi("by_day", "day", contributor_insights={"enabled": True}, **capacity)],
        contributor_insights={"enabled": True},
        kinesis_destination={"stream_arn": kinesis},
        encryption={"type": "CUSTOMER", "key": key},
        resource_policy=POLICY,
        backup_plan=DAILY,
        alarms=[{"kind": "write_throttled", "threshold": 1, "minutes": 5}],
        access=[{"function": "ship", "allow": ["read", "stream"]}],
        triggers=[{"function": "ship", "maximum_retry_attempts": 1}],
        tags={"team": "shop"},
        point_in_time_recovery={"enabled": True},
        time_to_live={"enabled": True, "attribute": "expires"},
        **capacity,
    )


@pytest.fixture
def rich(home: Account, story: RoleStory) -> None:
    """A table ``orders`` with everything around it, and a table ``plain``; made by the first test that asks."""
    if not home.definition:
        made = definition(home)
        story.define(made)
        story.owner("apply", "--yes")
        story.owner("put", "orders", "pk=a")
        home.client("dynamodb").create_table(
            TableName="plain",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        story.define(table("world", **GLOBAL), name="world.json")
        story.owner("apply", "--yes", "--config", "world.json")
        home.client("s3").create_bucket(Bucket=f"trail-{home.number}")
        home.client("cloudtrail").create_trail(Name="audit", S3BucketName=f"trail-{home.number}")
        plan = {"Rules": [{"RuleName": "all", "TargetBackupVaultName": "orders-backup-vault"}]}
        made_plan = home.client("backup").create_backup_plan(BackupPlan={"BackupPlanName": "everything", **plan})
        every = {
            "SelectionName": "all",
            "IamRoleArn": f"arn:aws:iam::{home.number}:role/dynasmith-backup",
            "Resources": ["arn:aws:dynamodb:*:*:table/*"],
        }
        home.client("backup").create_backup_selection(BackupPlanId=made_plan["BackupPlanId"], BackupSelection=every)
        home.definition = made
    story.define(home.definition)
    story.define(table("scratch"), name="scratch.json")
    story.write("rows.jsonl", '{"pk": "b"}')
    story.write("shape.yaml", "version: 1\noperations:\n  - {add: country, value: CH}\n")


@pytest.fixture
def story(
    home: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[RoleStory]:
    """A folder and a shell that know the endpoint of the account only."""
    clean_shell(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", home.served.endpoint)
    for module in (
        "engine.transfer.service_job",
        "engine.restore.restore",
        "engine.waiter",
    ):  # the clock moves by itself
        monkeypatch.setattr(f"dynasmith.{module}.POLL_SECONDS_MAX", 0.05)
    sts = home.client("sts")
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{home.number}:role/{ROLE}", RoleSessionName="one")["Credentials"]
    keys = {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
    made = RoleStory(tmp_path, home.served.endpoint, home.number, capsys, home=home, keys=keys, patch=monkeypatch)
    yield made
    made.close()
