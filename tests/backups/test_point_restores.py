"""backup restore from a recovery point of AWS Backup: its own restore job, then settings and verification as ever."""

import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from aws_backup_calls import make_role
from backups.test_restore_stories import SETTINGS, settings_of, shop
from item_stories.kit import ItemStory

__all__ = ["shop"]


@pytest.fixture
def clients(shop: ItemStory, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Clients of AWS Backup and IAM at the same endpoint."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", shop.endpoint)
    made = {
        name: boto3.client(
            name,
            endpoint_url=shop.endpoint,
            region_name=os.environ["AWS_REGION"],
            aws_access_key_id=shop.account,
            aws_secret_access_key="secret",
        )
        for name in ("backup", "iam", "dynamodb")
    }
    yield made
    for client in made.values():
        client.close()


def point_of(shop: ItemStory, clients: dict[str, Any]) -> str:
    """A recovery point of the table, made as a plan makes it."""
    role = make_role(clients["iam"], f"backups-{shop.account}")
    clients["backup"].create_backup_vault(BackupVaultName="safe")
    arn = clients["dynamodb"].describe_table(TableName="orders")["Table"]["TableArn"]
    job = clients["backup"].start_backup_job(BackupVaultName="safe", ResourceArn=arn, IamRoleArn=role)
    for _ in range(100):
        shop.served.clock.advance(minutes=5)
        if clients["backup"].describe_backup_job(BackupJobId=job["BackupJobId"])["State"] == "COMPLETED":
            break
    return str(job["RecoveryPointArn"])


def test_a_recovery_point_comes_back_whole(shop: ItemStory, clients: dict[str, Any]) -> None:
    point, before = point_of(shop, clients), shop.digest("orders")

    shop.direct.delete_item(TableName="orders", Key={"pk": {"S": "sets"}})
    answer = shop("backup", "restore", point, "--target", "orders-2", "--yes", "--json")

    assert answer.code == 0, answer.err
    assert answer.json["source"] == point
    assert set(SETTINGS) <= set(settings_of(answer.json))
    assert shop.digest("orders-2") == before
    assert len(clients["backup"].list_restore_jobs()["RestoreJobs"]) == 1
    refused = shop("backup", "restore", point, "--target", "orders-3", "--yes", "--without-indexes")
    assert refused.code == 2


def test_a_restore_job_that_fails_says_why(shop: ItemStory, clients: dict[str, Any]) -> None:
    point = point_of(shop, clients)
    role = f"backups-{shop.account}"
    managed = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores"
    clients["iam"].detach_role_policy(RoleName=role, PolicyArn=managed)
    answer = shop("backup", "restore", point, "--target", "orders-2", "--yes")
    assert answer.code == 1
    assert answer.error.startswith(f"AWS Backup could not restore {point}: ")
    assert role in answer.hint


def test_points_with_an_arn_of_aws_backup_are_listed_shown_and_restored(
    shop: ItemStory, clients: dict[str, Any]
) -> None:
    clients["backup"].update_region_settings(ResourceTypeManagementPreference={"DynamoDB": True})
    point, before = point_of(shop, clients), shop.digest("orders")
    assert ":recovery-point:" in point
    assert shop("backup", "create", "orders", "--name", "by-hand").code == 0
    for words in (("orders",), (), ("orders", "--type", "aws")):
        assert point in [each["arn"] for each in shop("backup", "list", *words, "--json").json], words
    listed = shop("backup", "list", "orders", "--type", "aws", "--json").json
    assert [(each["arn"], each["type"], each["table"]) for each in listed] == [(point, "aws", "orders")]
    assert point not in [each["arn"] for each in shop("backup", "list", "orders", "--type", "user", "--json").json]
    for name in (point, listed[0]["name"]):
        assert shop("backup", "show", name, "--json").json == listed[0]
    answer = shop("backup", "restore", point, "--target", "orders-2", "--yes", "--json")
    assert (answer.code, shop.digest("orders-2")) == (0, before), answer.err
