"""AWS Backup at the strict endpoint, asked by boto3: what is due is made, kept as long as it says, and restored."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from aws_backup_calls import MANAGED, Protected, make_role, plan_of, protected
from dynasmith.strict import StrictServer
from strict_tables import refused, status


@pytest.fixture
def held(server: StrictServer, client_of: Callable[..., Any]) -> Protected:
    return protected(server, client_of)


def _items(held: Protected, name: str) -> dict[str, str]:
    return {item["pk"]["S"]: item["v"]["S"] for item in held.dynamodb.scan(TableName=name)["Items"]}


def _put(held: Protected, key: str, value: str) -> None:
    held.dynamodb.put_item(TableName="tab", Item={"pk": {"S": key}, "v": {"S": value}})


def _restored(held: Protected, point: str, target: str) -> dict[str, str]:
    asked = {"RecoveryPointArn": point, "Metadata": {"targetTableName": target}, "IamRoleArn": held.role}
    job = held.backup.start_restore_job(**asked)["RestoreJobId"]
    assert held.backup.describe_restore_job(RestoreJobId=job)["Status"] == "PENDING"
    held.server.clock.advance(minutes=30)
    said = held.backup.describe_restore_job(RestoreJobId=job)
    assert said["Status"] == "COMPLETED", said
    assert (said["Status"], said["CreatedResourceArn"]) == ("COMPLETED", held.table.replace("/tab", f"/{target}"))
    assert status(held.dynamodb, target) == "ACTIVE"
    return _items(held, target)


def test_a_job_passes_through_its_states_and_holds_what_was_there(held: Protected) -> None:
    job = held.start()["BackupJobId"]
    _put(held, "a", "later")
    assert held.backup.describe_backup_job(BackupJobId=job)["State"] == "CREATED"
    held.server.clock.advance(65)
    assert held.backup.describe_backup_job(BackupJobId=job)["State"] == "RUNNING"
    held.server.clock.advance(60)
    said = held.backup.describe_backup_job(BackupJobId=job)
    assert said["State"] == "COMPLETED"
    assert said["CompletionDate"] > said["CreationDate"]
    point = said["RecoveryPointArn"]
    assert [one["RecoveryPointArn"] for one in held.points()] == [point]
    by_table = held.backup.list_recovery_points_by_resource(ResourceArn=held.table)["RecoveryPoints"]
    assert [one["RecoveryPointArn"] for one in by_table] == [point]
    assert held.backup.describe_backup_vault(BackupVaultName="safe")["NumberOfRecoveryPoints"] == 1
    assert _restored(held, point, "then") == {"a": "a", "b": "b"}


def test_ten_days_of_a_schedule_leave_what_retention_says(held: Protected) -> None:
    held.plan(Lifecycle={"DeleteAfterDays": 3})
    begun = held.server.clock.now()
    for day in range(10):
        _put(held, "a", str(day))
        held.server.clock.advance(days=1)
    points = sorted(held.points(), key=lambda one: str(one["CreationDate"]))
    assert len(held.jobs()) == 10
    assert len(points) == 3
    for point in points:
        created = point["CreationDate"].astimezone(UTC)
        assert (created.hour, created.minute) == (2, 0)
        assert (point["CalculatedLifecycle"]["DeleteAt"] - point["CreationDate"]).days == 3
        assert point["CreatedBy"]["BackupRuleName"] == "daily"
        # What the table held at two o'clock, though nobody called then.
        day = (created - begun.replace(hour=0, minute=0, second=0, microsecond=0)).days
        assert _restored(held, point["RecoveryPointArn"], f"of-{created:%d}")["a"] == str(day - 1)
    listed = held.dynamodb.list_backups(TableName="tab", BackupType="AWS_BACKUP")["BackupSummaries"]
    assert {one["BackupArn"] for one in listed} >= {point["RecoveryPointArn"] for point in points}
    assert held.dynamodb.list_backups(TableName="tab")["BackupSummaries"] == []


def test_what_is_due_is_made_before_the_next_write(held: Protected) -> None:
    held.plan()
    held.server.clock.advance(days=1)
    _put(held, "a", "after two o'clock")
    (point,) = held.points()
    held.server.clock.advance(minutes=5)
    assert _restored(held, point["RecoveryPointArn"], "then")["a"] == "a"


def test_a_weekly_schedule_and_its_next_runs(held: Protected) -> None:
    identity = held.plan("cron(0 2 ? * SUN *)")
    said = held.backup.get_backup_plan(BackupPlanId=identity, MaxScheduledRunsPreview=3)
    times = [one["ExecutionTime"].astimezone(UTC) for one in said["ScheduledRunsPreview"]]
    assert [(time.isoweekday(), time.hour) for time in times] == [(7, 2)] * 3
    assert (times[1] - times[0]).days == 7
    assert said["BackupPlan"]["Rules"][0]["StartWindowMinutes"] == 480


@pytest.mark.parametrize(
    ("schedule", "rule", "part"),
    [
        ("rate(1 day)", {}, "is not cron"),
        ("cron(0 2 * * * *)", {}, "exactly one of its day fields"),
        ("cron(0 2 ? * ? *)", {}, "exactly one of its day fields"),
        ("cron(0 2 * * ?)", {}, "5 fields"),
        ("cron(0 24 * * ? *)", {}, "not between 0 and 23"),
        ("cron(*/60 * * * ? *)", {}, "step"),
        ("cron(0 2 * * ? *)", {"Lifecycle": {"DeleteAfterDays": 89, "MoveToColdStorageAfterDays": 0}}, "at least 1"),
        ("cron(0 2 * * ? *)", {"Lifecycle": {"DeleteAfterDays": 96, "MoveToColdStorageAfterDays": 7}}, "90 days"),
        ("cron(0 2 * * ? *)", {"StartWindowMinutes": 59}, "at least 60"),
        ("cron(0 2 * * ? *)", {"StartWindowMinutes": 60, "CompletionWindowMinutes": 60}, "longer"),
        ("cron(0 2 * * ? *)", {"TargetBackupVaultName": "nowhere"}, "nowhere does not exist"),
        ("cron(0 2 * * ? *)", {"EnableContinuousBackup": True}, "EnableContinuousBackup"),
        ("cron(0 2 * * ? *)", {"CopyActions": [{"DestinationBackupVaultArn": "arn:x"}]}, "CopyActions"),
    ],
)
def test_a_plan_that_is_refused(held: Protected, schedule: str, rule: dict[str, Any], part: str) -> None:
    code, message = refused(held.backup.create_backup_plan, BackupPlan=plan_of(schedule, **rule))
    assert code == "InvalidParameterValueException"
    assert part in message
    assert held.backup.list_backup_plans()["BackupPlansList"] == []


def test_the_least_retention_after_cold_storage_is_taken(held: Protected) -> None:
    held.plan(Lifecycle={"DeleteAfterDays": 97, "MoveToColdStorageAfterDays": 7})


def test_what_has_parts_is_not_deleted(held: Protected) -> None:
    identity = held.plan()
    assert refused(held.backup.delete_backup_plan, BackupPlanId=identity)[0] == "InvalidRequestException"
    job = held.start()
    assert refused(held.backup.delete_backup_vault, BackupVaultName="safe")[0] == "InvalidRequestException"
    asked = {"BackupVaultName": "safe", "RecoveryPointArn": job["RecoveryPointArn"]}
    assert refused(held.backup.delete_recovery_point, **asked)[0] == "InvalidResourceStateException"
    held.server.clock.advance(minutes=5)
    held.backup.delete_recovery_point(**asked)
    held.backup.delete_backup_vault(BackupVaultName="safe")
    (selection,) = held.backup.list_backup_selections(BackupPlanId=identity)["BackupSelectionsList"]
    held.backup.delete_backup_selection(BackupPlanId=identity, SelectionId=selection["SelectionId"])
    held.backup.delete_backup_plan(BackupPlanId=identity)
    assert refused(held.backup.get_backup_plan, BackupPlanId=identity)[0] == "ResourceNotFoundException"


def test_a_vault_that_is_not_there_is_described_as_if_it_were_denied(held: Protected) -> None:
    assert refused(held.backup.describe_backup_vault, BackupVaultName="nope")[0] == "AccessDeniedException"
    assert refused(held.backup.create_backup_vault, BackupVaultName="safe")[0] == "AlreadyExistsException"
    held.backup.create_backup_vault(BackupVaultName="again", CreatorRequestId="one")
    held.backup.create_backup_vault(BackupVaultName="again", CreatorRequestId="one")
    names = [one["BackupVaultName"] for one in held.backup.list_backup_vaults()["BackupVaultList"]]
    assert names == ["safe", "again"]


def test_a_role_that_aws_backup_cannot_take(held: Protected) -> None:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:TagSession"}]}
    role = make_role(held.iam, "other", trust)
    for arn in (role, role.replace("other", "nobody")):
        code, message = refused(held.start, IamRoleArn=arn)
        assert (code, message) == (
            "InvalidParameterValueException",
            f"IAM Role {arn} cannot be assumed by AWS Backup",
        )


def test_a_role_that_lacks_two_actions_is_told_the_first_alone(held: Protected) -> None:
    role = make_role(held.iam, "bare", managed=False)
    job = held.start(IamRoleArn=role)["BackupJobId"]
    assert held.backup.describe_backup_job(BackupJobId=job)["State"] == "CREATED"
    held.server.clock.advance(minutes=5)
    said = held.backup.describe_backup_job(BackupJobId=job)
    assert said["State"] == "FAILED"
    assert said["StatusMessage"].endswith(f"perform: dynamodb:DescribeTable on resource: {held.table}")
    allow = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "dynamodb:Describe*", "Resource": "*"}],
    }
    held.iam.put_role_policy(RoleName="bare", PolicyName="p", PolicyDocument=json.dumps(allow))
    job = held.start(IamRoleArn=role)["BackupJobId"]
    held.server.clock.advance(minutes=5)
    assert "dynamodb:CreateBackup" in held.backup.describe_backup_job(BackupJobId=job)["StatusMessage"]
    held.iam.attach_role_policy(RoleName="bare", PolicyArn=MANAGED + "Backup")
    job = held.start(IamRoleArn=role)["BackupJobId"]
    held.server.clock.advance(minutes=5)
    assert held.backup.describe_backup_job(BackupJobId=job)["State"] == "COMPLETED"
    assert len(held.jobs(ByState="FAILED")) == 2


def test_a_region_that_is_not_opted_in(held: Protected) -> None:
    held.plan()
    held.backup.update_region_settings(ResourceTypeOptInPreference={"DynamoDB": False})
    assert held.backup.describe_region_settings()["ResourceTypeOptInPreference"] == {"DynamoDB": False}
    assert refused(held.start)[0] == "InvalidRequestException"
    held.server.clock.advance(days=1, hours=1)
    (job,) = held.jobs()
    assert (job["State"], "not opted in" in job["StatusMessage"]) == ("FAILED", True)
    held.server.rules.off("aws-backup-opt-in")
    held.start()


def test_a_table_that_is_gone_fails_its_job(held: Protected) -> None:
    held.plan()
    held.dynamodb.delete_table(TableName="tab")
    held.server.clock.advance(days=1, hours=1)
    (job,) = held.jobs()
    assert (job["State"], "does not exist" in job["StatusMessage"]) == ("FAILED", True)


def test_only_its_vault_deletes_a_backup_of_aws_backup(held: Protected) -> None:
    point = held.start()["RecoveryPointArn"]
    held.server.clock.advance(minutes=5)
    assert refused(held.dynamodb.delete_backup, BackupArn=point)[0] == "ValidationException"
    said = held.dynamodb.describe_backup(BackupArn=point)["BackupDescription"]["BackupDetails"]
    assert (said["BackupType"], said["BackupStatus"]) == ("AWS_BACKUP", "AVAILABLE")
    held.dynamodb.restore_table_from_backup(BackupArn=point, TargetTableName="by-dynamodb")


def test_advanced_features_make_points_of_aws_backup_alone(held: Protected) -> None:
    held.backup.update_region_settings(ResourceTypeManagementPreference={"DynamoDB": True})
    point = held.start(Lifecycle={"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 100})["RecoveryPointArn"]
    assert ":recovery-point:" in point
    held.server.clock.advance(minutes=5)
    assert held.dynamodb.list_backups(BackupType="ALL")["BackupSummaries"] == []
    where = {"BackupVaultName": "safe", "RecoveryPointArn": point}
    assert held.backup.describe_recovery_point(**where)["StorageClass"] == "WARM"
    assert _restored(held, point, "then") == {"a": "a", "b": "b"}
    held.server.clock.advance(days=2)
    assert held.backup.describe_recovery_point(**where)["StorageClass"] == "COLD"
    held.server.clock.advance(days=100)
    assert refused(held.backup.describe_recovery_point, **where)[0] == "ResourceNotFoundException"


def test_a_restore_that_fails_says_why(held: Protected) -> None:
    point = held.start()["RecoveryPointArn"]
    held.server.clock.advance(minutes=5)
    asked: dict[str, Any] = {"RecoveryPointArn": point, "IamRoleArn": held.role}
    assert refused(held.backup.start_restore_job, **asked, Metadata={})[0] == "InvalidParameterValueException"
    job = held.backup.start_restore_job(**asked, Metadata={"targetTableName": "tab"})["RestoreJobId"]
    held.server.clock.advance(minutes=5)
    said = held.backup.describe_restore_job(RestoreJobId=job)
    assert (said["Status"], said["StatusMessage"]) == ("FAILED", "Table already exists: tab")
    bare = make_role(held.iam, "bare", managed=False)
    job = held.backup.start_restore_job(**asked | {"IamRoleArn": bare}, Metadata={"targetTableName": "new"})
    held.server.clock.advance(minutes=5)
    said = held.backup.describe_restore_job(RestoreJobId=job["RestoreJobId"])
    assert "dynamodb:RestoreTableFromBackup" in said["StatusMessage"]


def test_a_stopped_job_leaves_no_point(held: Protected) -> None:
    job = held.start()["BackupJobId"]
    held.backup.stop_backup_job(BackupJobId=job)
    assert held.backup.describe_backup_job(BackupJobId=job)["State"] == "ABORTED"
    assert held.points() == []


def test_a_deleted_table_with_recovery_leaves_a_backup_for_35_days(held: Protected) -> None:
    held.dynamodb.update_continuous_backups(
        TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    held.dynamodb.create_backup(TableName="tab", BackupName="by-hand")
    held.server.clock.advance(minutes=1)
    held.dynamodb.delete_table(TableName="tab")
    held.server.clock.advance(minutes=1)
    assert [one["BackupName"] for one in held.dynamodb.list_backups()["BackupSummaries"]] == ["by-hand"]
    (system,) = held.dynamodb.list_backups(TableName="tab", BackupType="SYSTEM")["BackupSummaries"]
    assert system["BackupName"] == "tab$DeletedTableBackup"
    kept = system["BackupExpiryDateTime"] - system["BackupCreationDateTime"]
    assert round(kept.total_seconds() / 86_400) == 35
    held.dynamodb.restore_table_from_backup(BackupArn=system["BackupArn"], TargetTableName="tab")
    held.server.clock.advance(minutes=30)
    assert _items(held, "tab") == {"a": "a", "b": "b"}
    held.server.clock.advance(days=36)
    assert held.dynamodb.list_backups(BackupType="SYSTEM")["BackupSummaries"] == []
    assert refused(held.dynamodb.describe_backup, BackupArn=system["BackupArn"])[0] == "BackupNotFoundException"


def test_lists_have_pages(held: Protected) -> None:
    for _ in range(5):
        held.start()
    first = held.backup.list_backup_jobs(MaxResults=2)
    second = held.backup.list_backup_jobs(MaxResults=2, NextToken=first["NextToken"])
    last = held.backup.list_backup_jobs(MaxResults=2, NextToken=second["NextToken"])
    found = [one["BackupJobId"] for page in (first, second, last) for one in page["BackupJobs"]]
    assert len(set(found)) == 5
    assert "NextToken" not in last
    for number in range(4):
        held.dynamodb.create_backup(TableName="tab", BackupName=f"backup-{number}")
    pages = held.dynamodb.list_backups(Limit=3)
    rest = held.dynamodb.list_backups(Limit=3, ExclusiveStartBackupArn=pages["LastEvaluatedBackupArn"])
    assert len(pages["BackupSummaries"]) + len(rest["BackupSummaries"]) == 4


def test_what_the_endpoint_does_not_do_is_refused_by_name(held: Protected) -> None:
    for call, asked in (
        (held.backup.list_frameworks, {}),
        (held.backup.put_backup_vault_lock_configuration, {"BackupVaultName": "safe", "MinRetentionDays": 1}),
    ):
        code, message = refused(call, **asked)
        assert code == "UnknownOperationException"
        assert "does not offer AWS Backup's" in message


def test_a_fault_strikes_aws_backup_too(held: Protected) -> None:
    held.server.fault("ListBackupPlans", kind="access-denied")
    assert refused(held.backup.list_backup_plans)[0] == "AccessDeniedException"
    assert held.backup.list_backup_plans()["BackupPlansList"] == []
    assert [call.error for call in held.server.journal.of("ListBackupPlans")] == ["AccessDeniedException", ""]


@pytest.mark.parametrize(
    ("text", "after", "due"),
    [
        ("cron(0 2 * * ? *)", "2026-01-31T02:00:00", "2026-02-01T02:00:00"),
        ("cron(30 1,13 ? * MON-FRI *)", "2026-01-30T13:30:00", "2026-02-02T01:30:00"),
        ("cron(0 0 L * ? *)", "2026-02-01T00:00:00", "2026-02-28T00:00:00"),
        ("cron(0 0 LW * ? *)", "2026-02-01T00:00:00", "2026-02-27T00:00:00"),
        ("cron(0 0 1W * ? *)", "2026-08-01T00:00:00", "2026-08-03T00:00:00"),
        ("cron(0 0 ? * 6L *)", "2026-01-01T00:00:00", "2026-01-30T00:00:00"),
        ("cron(0 0 ? * TUE#2 *)", "2026-01-01T00:00:00", "2026-01-13T00:00:00"),
        ("cron(0 12/6 1 JAN,JUL ? *)", "2026-01-01T18:00:00", "2026-07-01T12:00:00"),
        ("cron(0 0 29 2 ? *)", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("cron(0 0 30 2 ? *)", "2026-01-01T00:00:00", ""),
        ("cron(0 0 1 1 ? 2026)", "2026-01-01T00:00:00", ""),
    ],
)
def test_when_a_schedule_is_due(text: str, after: str, due: str) -> None:
    from dynasmith.strict.state.cron import read_cron

    found = read_cron(text).next_after(datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp())
    said = "" if found is None else datetime.fromtimestamp(found, UTC).replace(tzinfo=None).isoformat()
    assert said == due
