"""diagnose TABLE backup: every cause is named at once, with what was seen."""

import json
from typing import Any

import pytest

from aws_backup_calls import TRUST, make_role
from backups.test_schedules import THREE_DAYS, client
from cli.story import table
from item_stories.kit import ItemStory


@pytest.fixture
def orders(story: ItemStory) -> ItemStory:
    story.define(table("orders"))
    assert story("ensure").code == 0
    return story


def codes(story: ItemStory) -> dict[str, str]:
    """The causes with what was seen."""
    answer = story("diagnose", "orders", "backup", "--json")
    assert answer.code == (3 if answer.json else 0), answer.err
    return {each["code"]: each["evidence"] for each in answer.json}


def with_role(story: ItemStory, **more: Any) -> str:
    role = make_role(client(story, "iam"), "bare", TRUST, managed=False)
    story.define(table("orders", backup_plan={"role": role, **THREE_DAYS, **more}))
    assert story("apply", "--only", "backup_plan", "--yes").code == 0
    return role


def test_a_table_without_a_plan(orders: ItemStory) -> None:
    assert list(codes(orders)) == ["DG103"]


def test_all_missing_actions_of_the_role_at_once_and_the_retry(orders: ItemStory) -> None:
    role = with_role(orders)
    orders.served.clock.advance(days=1, hours=1)
    found = codes(orders)
    assert list(found) == ["DG108", "DG109"]
    assert found["DG108"] == f"{role} may not dynamodb:CreateBackup, dynamodb:DescribeTable, dynamodb:StartAwsBackupJob"
    assert "dynamodb:DescribeTable" in found["DG109"]
    assert orders("diagnose", "orders", "backup", "--fix").code == 4
    assert client(orders, "dynamodb").list_backups()["BackupSummaries"] == []
    answer = orders("diagnose", "orders", "backup", "--fix", "--yes", "--json")
    assert [(each["code"], each["fixed"]) for each in answer.json] == [("DG108", False), ("DG109", True)]
    assert len(client(orders, "dynamodb").list_backups()["BackupSummaries"]) == 1


def test_region_vault_key_and_trust(orders: ItemStory) -> None:
    key = client(orders, "kms").create_key()["KeyMetadata"]
    with_role(orders, vault="safe", kms_key=key["Arn"])
    backup, iam = client(orders, "backup"), client(orders, "iam")
    backup.update_region_settings(ResourceTypeOptInPreference={"DynamoDB": False})
    client(orders, "kms").disable_key(KeyId=key["KeyId"])
    nobody = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.update_assume_role_policy(RoleName="bare", PolicyDocument=nobody)
    assert list(codes(orders)) == ["DG102", "DG105", "DG107", "DG108"]
    backup.delete_backup_vault(BackupVaultName="safe")
    iam.delete_role(RoleName="bare")
    assert list(codes(orders)) == ["DG102", "DG104", "DG106"]


def test_a_table_that_is_not_active(orders: ItemStory) -> None:
    client(orders, "dynamodb").delete_table(TableName="orders")
    found = codes(orders)
    assert found.pop("DG101") == "the table orders is DELETING"
    assert list(found) == ["DG103"]


def test_what_cannot_be_looked_at(orders: ItemStory) -> None:
    orders.served.fault("DescribeRegionSettings", kind="access-denied", times=None)
    answer = orders("diagnose", "orders", "backup")
    assert (answer.code, "is not allowed" in answer.error) == (1, True)
    assert orders("diagnose", "nothing", "backup").code == 1
