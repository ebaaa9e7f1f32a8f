"""backup schedule, unschedule and jobs: the commands of the page, on the strict endpoint, over virtual days."""

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from aws_backup_calls import TRUST, make_role
from cli.story import table
from item_stories.kit import ItemStory

PAGE = Path(__file__).parents[2] / "docs/guide/backup-schedules.md"
COMMANDS = [line[12:].split() for line in re.findall(r"^\$ dynasmith .*$", PAGE.read_text("utf-8"), re.MULTILINE)]
THREE_DAYS = {"rules": [{"name": "daily", "schedule": "cron(0 2 * * ? *)", "keep_days": 3}]}


def client(story: ItemStory, service: str, **keys: str) -> Any:
    said = keys or {"aws_access_key_id": story.account, "aws_secret_access_key": "secret"}
    return boto3.client(service, endpoint_url=story.endpoint, region_name="us-east-1", **said)  # type: ignore[call-overload]  # the service is an argument here


@pytest.fixture
def orders(story: ItemStory) -> ItemStory:
    story.define(table("orders"))
    assert story("ensure").code == 0
    return story


def points(story: ItemStory) -> list[Any]:
    asked = {"BackupVaultName": "orders-backup-vault"}
    return list(client(story, "backup").list_recovery_points_by_backup_vault(**asked)["RecoveryPoints"])


def test_the_commands_of_the_page(orders: ItemStory) -> None:
    schedule, jobs, plans, listed_points, diagnose, unschedule = COMMANDS
    assert [words[1] for words in (schedule, jobs, unschedule)] == ["schedule", "jobs", "unschedule"]
    assert (orders(*schedule).code, points_or_none(orders)) == (4, [])
    assert orders(*schedule, "--dry-run").code == 0
    assert client(orders, "backup").list_backup_plans()["BackupPlansList"] == []
    answer = orders(*schedule, "--yes", "--json")
    assert answer.code == 0, answer.err
    made = answer.json
    assert (made["vault"], made["role"].rpartition("/")[2]) == ("orders-backup-vault", "dynasmith-backup")
    again = orders(*schedule, "--yes", "--json")
    assert (again.json["changed"], again.json["plan_id"]) == ([], made["plan_id"])
    outputs = orders("outputs", "orders", "--json").json[0]
    assert outputs["backup_selection_id"] == made["selection_id"]
    orders.served.clock.advance(days=1, hours=1)
    listed = orders(*jobs, "--check", "--json")
    assert (listed.code, [each["state"] for each in listed.json]) == (0, ["COMPLETED"])
    (job,) = listed.json
    assert orders("backup", "jobs", job["id"], "--json").json == [job]
    assert (orders(*diagnose).code, orders(*diagnose, "--json").json) == (0, [])
    (plan,) = orders(*plans, "--json").json
    assert (plan["vault"], plan["plan_id"]) == (made["vault"], made["plan_id"])
    assert [(each["name"], each["keep_days"], each["next_at"][10:]) for each in plan["rules"]] == [
        ("daily", 30, "T02:00:00Z")
    ]
    assert [each["id"] for each in plan["selections"]] == [made["selection_id"]]
    (point,) = plan["recovery_points"]
    assert point["arn"] == job["recovery_point_arn"]
    assert point["expires_at"][:10] > point["created_at"][:10]
    assert orders(*listed_points, "--json").json[0]["expires_at"] == point["expires_at"]
    assert "daily" in orders(*plans).out
    assert orders("backup", "list", "other", "--scheduled", "--json").json == []
    assert orders("backup", "list", "--scheduled", "--since", "1d").code == 2
    assert orders(*unschedule, "--yes").code == 0
    assert client(orders, "backup").list_backup_plans()["BackupPlansList"] == []
    assert len(points(orders)) == 1
    assert orders(*unschedule, "--yes", "--json").json["changed"] == []


def points_or_none(story: ItemStory) -> list[Any]:
    vaults = client(story, "backup").list_backup_vaults()["BackupVaultList"]
    return points(story) if vaults else []


def test_ten_days_of_a_definition_s_schedule_leave_what_retention_says(orders: ItemStory) -> None:
    orders.define(table("orders", backup_plan=THREE_DAYS))
    assert orders("backup", "schedule", "orders", "--yes").code == 0
    assert orders("check").code == 0
    for _ in range(10):
        orders.served.clock.advance(days=1)
        orders.put("orders", {"pk": {"S": "a"}})
    assert len(points(orders)) == 3
    listed = orders("backup", "jobs", "--table", "orders", "--limit", "4", "--state", "COMPLETED", "--json").json
    assert len(listed) == 4
    assert listed == sorted(listed, key=lambda each: str(each["started_at"]))
    orders.define(table("orders", backup_plan={"enabled": False}))
    assert orders("apply", "--only", "backup_plan", "--yes").code == 0
    (plan,) = client(orders, "backup").list_backup_plans()["BackupPlansList"]
    assert (
        client(orders, "backup").list_backup_selections(BackupPlanId=plan["BackupPlanId"])["BackupSelectionsList"] == []
    )


def test_rules_of_the_command_line(orders: ItemStory) -> None:
    words = ("--weekly", "--rule", "hourly=cron(0 * * * ? *):7")
    assert orders("backup", "schedule", "orders", *words, "--yes").code == 0
    (plan,) = client(orders, "backup").list_backup_plans()["BackupPlansList"]
    said = client(orders, "backup").get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
    assert [(rule["RuleName"], rule["Lifecycle"]["DeleteAfterDays"]) for rule in said] == [
        ("weekly", 90),
        ("hourly", 7),
    ]
    imported = orders("import", "orders").out
    assert "backup_plan" in imported


def test_what_an_update_does_not_mention_stays(orders: ItemStory) -> None:
    assert orders("backup", "schedule", "orders", "--daily", "--yes").code == 0
    backup = client(orders, "backup")
    (plan,) = backup.list_backup_plans()["BackupPlansList"]
    document = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]
    (rule,) = document["Rules"]
    rule |= {"RecoveryPointTags": {"team": "shop"}, "StartWindowMinutes": 90}
    del rule["RuleId"]
    backup.update_backup_plan(BackupPlanId=plan["BackupPlanId"], BackupPlan=document)
    assert orders("backup", "schedule", "orders", "--rule", "daily=cron(0 3 * * ? *):5", "--yes").code == 0
    (rule,) = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
    assert (rule["RecoveryPointTags"], rule["StartWindowMinutes"]) == ({"team": "shop"}, 90)
    assert (rule["ScheduleExpression"], rule["Lifecycle"]) == ("cron(0 3 * * ? *)", {"DeleteAfterDays": 5})


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        ((), 2, "its definition has no backup_plan"),
        (("--rule", "daily=rate(1 day)"), 2, "is a rate, which AWS Backup does not take"),
        (("--rule", "daily=cron(0 2 * * * *)"), 2, "exactly one of the two must be ?"),
        (("--rule", "cron(0 2 * * ? *)"), 2, "is not NAME=cron(...)"),
    ],
)
def test_a_schedule_that_is_refused(orders: ItemStory, words: tuple[str, ...], code: int, part: str) -> None:
    answer = orders("backup", "schedule", "orders", *words, "--yes")
    assert (answer.code, part in answer.error, bool(answer.hint)) == (code, True, True), answer.err
    assert client(orders, "backup").list_backup_vaults()["BackupVaultList"] == []


def test_a_table_that_is_not_there(orders: ItemStory) -> None:
    assert orders("backup", "schedule", "nothing", "--daily", "--yes").error.startswith("Table nothing")
    assert orders("backup", "jobs", "NOT-A-JOB").error == "Backup job NOT-A-JOB was not found."
    assert orders("backup", "jobs", "--check").code == 3
    assert orders("backup", "jobs", "--state", "BROKEN").code == 2


def test_a_failed_job_is_told_with_its_reason(orders: ItemStory) -> None:
    role = make_role(client(orders, "iam"), "bare", TRUST, managed=False)
    orders.define(table("orders", backup_plan={"role": role, **THREE_DAYS}))
    assert orders("apply", "--only", "backup_plan", "--yes").code == 0
    orders.served.clock.advance(days=1, hours=1)
    answer = orders("backup", "jobs", "--table", "orders", "--check", "--json")
    assert (answer.code, answer.json[0]["state"]) == (3, "FAILED")
    assert "dynamodb:DescribeTable" in answer.json[0]["reason"]


def test_every_missing_action_is_named_at_once(orders: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    iam, sts = client(orders, "iam"), client(orders, "sts")
    arn = iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]

    def allow(*actions: str) -> None:
        body = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        iam.put_role_policy(RoleName="app", PolicyName="p", PolicyDocument=json.dumps(body))

    allow("dynamodb:*")
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="one")["Credentials"]
    for name, member in (
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ):
        monkeypatch.setenv(name, keys[member])
    words = ("backup", "schedule", "orders", "--daily", "--yes")
    error = orders(*words).error
    for action in ("backup:ListBackupPlans", "backup:CreateBackupVault", "iam:PassRole"):
        assert action in error, error
    allow("dynamodb:*", "backup:*", "iam:*", "iam:Simulate*", "kms:*", "backup-storage:*")
    iam.put_role_policy(
        RoleName="app",
        PolicyName="no",
        PolicyDocument=json.dumps({"Statement": [{"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"}]}),
    )
    answer = orders(*words)
    assert answer.code == 1
    assert answer.error.startswith("iam:PassRole for the backup plan of orders is not allowed"), answer.err
