"""What the tests of AWS Backup make again and again: a table, a role, a vault, a plan with a selection."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from dynasmith.strict import StrictServer
from item_stories.kit import ItemStory
from strict_tables import ready

MANAGED = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


@dataclass
class Protected:
    """A table ``tab`` at an endpoint, and clients of what backs it up."""

    server: StrictServer
    dynamodb: Any
    backup: Any
    iam: Any
    table: str
    role: str

    def plan(self, schedule: str = "cron(0 2 * * ? *)", **rule: Any) -> str:
        """A plan with one rule, and a selection of the table; its id."""
        made = self.backup.create_backup_plan(BackupPlan=plan_of(schedule, **rule))
        identity = str(made["BackupPlanId"])
        self.backup.create_backup_selection(
            BackupPlanId=identity,
            BackupSelection={"SelectionName": "tab", "IamRoleArn": self.role, "Resources": [self.table]},
        )
        return identity

    def start(self, **more: Any) -> dict[str, Any]:
        """A backup job of the table."""
        asked = {"BackupVaultName": "safe", "ResourceArn": self.table, "IamRoleArn": self.role, **more}
        return dict(self.backup.start_backup_job(**asked))

    def jobs(self, **asked: Any) -> list[dict[str, Any]]:
        """Every job, the newest first."""
        return list(self.backup.list_backup_jobs(**asked)["BackupJobs"])

    def points(self) -> list[dict[str, Any]]:
        """The recovery points in the vault."""
        return list(self.backup.list_recovery_points_by_backup_vault(BackupVaultName="safe")["RecoveryPoints"])


def at_noon(server: StrictServer) -> None:
    """Move an endpoint's clock on to noon: a test that counts the runs of a schedule counts the same at every hour."""
    server.clock.advance((43_200 - server.clock.time()) % 86_400)


def plan_of(schedule: str, **rule: Any) -> dict[str, Any]:
    """A plan with one rule."""
    said = {"RuleName": "daily", "TargetBackupVaultName": "safe", "ScheduleExpression": schedule, **rule}
    return {"BackupPlanName": "tab", "Rules": [said]}


def make_role(iam: Any, name: str, trust: dict[str, Any] = TRUST, managed: bool = True) -> str:
    """A role that AWS Backup takes, with its managed policies."""
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    for which in ("Backup", "Restores") if managed else ():
        iam.attach_role_policy(RoleName=name, PolicyArn=MANAGED + which)
    return str(role["Arn"])


def protected(server: StrictServer, client_of: Callable[..., Any]) -> Protected:
    """A table with two items, a role and a vault; it is noon."""
    at_noon(server)
    clients = {name: client_of(server.endpoint, name) for name in ("dynamodb", "backup", "iam")}
    dynamodb = clients["dynamodb"]
    ready(server, dynamodb)
    for key in ("a", "b"):
        dynamodb.put_item(TableName="tab", Item={"pk": {"S": key}, "v": {"S": key}})
    arn = dynamodb.describe_table(TableName="tab")["Table"]["TableArn"]
    role = make_role(clients["iam"], "backups")
    clients["backup"].create_backup_vault(BackupVaultName="safe")
    return Protected(server, dynamodb, clients["backup"], clients["iam"], arn, role)


def as_role(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the commands of a story run as a role ``app``; what is given says what it may do from now on."""
    keys = {"aws_access_key_id": story.account, "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    iam, sts = (boto3.client(each, endpoint_url=story.endpoint, **keys) for each in ("iam", "sts"))  # type: ignore[call-overload]  # the service is an argument here
    arn = iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]

    def allow(*actions: str) -> None:
        body = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=json.dumps(body))

    allow("sts:GetCallerIdentity")
    taken = sts.assume_role(RoleArn=arn, RoleSessionName="one")["Credentials"]
    for name, member in (
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ):
        monkeypatch.setenv(name, taken[member])
    return allow
