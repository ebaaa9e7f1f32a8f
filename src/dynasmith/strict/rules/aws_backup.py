"""Rules of AWS Backup. Their operations are named ``backup:...``, since some have names that DynamoDB has too."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, rule
from dynasmith.strict.rules.tables import GUIDE
from dynasmith.strict.state.cron import BadSchedule, read_cron

RULES: list[StrictRule] = []
BACKUP_API = "https://docs.aws.amazon.com/aws-backup/latest/devguide/"
PLAN_WRITES = ("backup:CreateBackupPlan", "backup:UpdateBackupPlan")
COLD_STORAGE_DAYS_MIN = 90  # API_Lifecycle.html
START_WINDOW_MINUTES_MIN = 60  # API_BackupRule.html (StartWindowMinutes)
_PLAN_NAME = re.compile(r"[a-zA-Z0-9\-_.]{1,50}")
_VAULT_NAME = re.compile(r"[a-zA-Z0-9\-_]{2,50}")
# Members of a rule that ask for what the endpoint does not have.
_NOT_DONE = (
    "EnableContinuousBackup",
    "CopyActions",
    "TargetLogicallyAirGappedBackupVaultArn",
    "IndexActions",
    "ScanActions",
)


def _bad(message: str) -> Refusal:
    return Refusal("InvalidParameterValueException", message)


def _request(message: str) -> Refusal:
    return Refusal("InvalidRequestException", message)


def _rules_of(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (body.get("BackupPlan") or {}).get("Rules") or ()


@rule(
    RULES,
    "aws-backup-not-done",
    *PLAN_WRITES,
    "backup:CreateBackupSelection",
    refuses="what the endpoint does not do: continuous backups, copies, air-gapped vaults, indexes, scans, and "
    "selections by tags or conditions",
    source="the endpoint never pretends",
)
def _not_done(ask: JudgedRequest) -> Refusal | None:
    for one in _rules_of(ask.body):
        for member in _NOT_DONE:
            if one.get(member):
                return _bad(f"The strict endpoint does AWS Backup without {member}, and never pretends")
    selection = ask.body.get("BackupSelection") or {}
    for member in ("ListOfTags", "Conditions"):
        said = selection.get(member)
        if said and (member == "ListOfTags" or any(said.values())):
            return _bad(f"The strict endpoint selects by Resources, without {member}, and never pretends")
    return None


@rule(
    RULES,
    "aws-backup-vault-known",
    "backup:DeleteBackupVault",
    "backup:ListRecoveryPointsByBackupVault",
    "backup:StartBackupJob",
    *("backup:DescribeRecoveryPoint", "backup:DeleteRecoveryPoint", "backup:GetRecoveryPointRestoreMetadata"),
    refuses="a vault that is not there",
    source=BACKUP_API + "API_DeleteBackupVault.html (ResourceNotFoundException)",
)
def _vault_known(ask: JudgedRequest) -> Refusal | None:
    name = str(ask.body.get("BackupVaultName"))
    if name in ask.account.aws_backup.vaults:
        return None
    return Refusal("ResourceNotFoundException", f"Backup vault {name} does not exist")


@rule(
    RULES,
    "aws-backup-vault-hidden",
    "backup:DescribeBackupVault",
    refuses="describing a vault that is not there, as if it were denied (AccessDeniedException)",
    source="https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/backup/vault.go",
    certainty="observed",
)
def _vault_hidden(ask: JudgedRequest) -> Refusal | None:
    if str(ask.body.get("BackupVaultName")) in ask.account.aws_backup.vaults:
        return None
    return Refusal("AccessDeniedException", "Insufficient privileges to perform this action.", 403)


@rule(
    RULES,
    "aws-backup-vault-new",
    "backup:CreateBackupVault",
    refuses="a second vault of one name, and a name that is not 2 to 50 letters, digits, - and _",
    source=BACKUP_API + "API_CreateBackupVault.html (AlreadyExistsException)",
)
def _vault_new(ask: JudgedRequest) -> Refusal | None:
    name = str(ask.body.get("BackupVaultName"))
    if not _VAULT_NAME.fullmatch(name):
        return _bad(f"Backup vault name {name} is invalid")
    known = ask.account.aws_backup.vaults.get(name)
    if known is None or (known.request_id and known.request_id == ask.body.get("CreatorRequestId")):
        return None
    return Refusal("AlreadyExistsException", f"Backup vault with the same name already exists: {known.arn}")


@rule(
    RULES,
    "aws-backup-vault-not-empty",
    "backup:DeleteBackupVault",
    refuses="deleting a vault that has recovery points",
    source=BACKUP_API + "API_DeleteBackupVault.html (InvalidRequestException)",
)
def _vault_not_empty(ask: JudgedRequest) -> Refusal | None:
    name = str(ask.body.get("BackupVaultName"))
    if not ask.account.aws_backup.points_of(name):
        return None
    return _request(f"Backup vault cannot be deleted because it contains recovery points: {name}")


@rule(
    RULES,
    "aws-backup-plan-known",
    *("backup:UpdateBackupPlan", "backup:GetBackupPlan", "backup:DeleteBackupPlan", "backup:CreateBackupSelection"),
    *("backup:GetBackupSelection", "backup:ListBackupSelections", "backup:DeleteBackupSelection"),
    refuses="a plan or a selection that is not there",
    source=BACKUP_API
    + "API_GetBackupPlan.html (ResourceNotFoundException); where the model of an operation has no such "
    "error, InvalidParameterValueException",
)
def _plan_known(ask: JudgedRequest) -> Refusal | None:
    plan = ask.account.aws_backup.plans.get(str(ask.body.get("BackupPlanId")))
    code = "ResourceNotFoundException"
    if plan is None:
        if ask.operation == "backup:CreateBackupSelection":
            code = "InvalidParameterValueException"
        return Refusal(code, f"Cannot find Backup plan with ID {ask.body.get('BackupPlanId')}")
    selection = ask.body.get("SelectionId")
    if selection is not None and selection not in plan.selections:
        return Refusal(code, f"Cannot find Backup selection with ID {selection}")
    return None


@rule(
    RULES,
    "aws-backup-plan-form",
    *PLAN_WRITES,
    refuses="a plan without rules, a name that is not 1 to 50 letters, digits, - . and _, a vault that is not there",
    source=BACKUP_API + "API_BackupPlanInput.html; the answer about the vault is our reading",
    certainty="assumed",
)
def _plan_form(ask: JudgedRequest) -> Refusal | None:
    plan = ask.body.get("BackupPlan") or {}
    names = [str(plan.get("BackupPlanName")), *(str(one.get("RuleName")) for one in _rules_of(ask.body))]
    for name in names:
        if not _PLAN_NAME.fullmatch(name):
            return _bad(f"Invalid name: {name}")
    if not plan.get("Rules"):
        return _bad("A backup plan must have at least one rule")
    for one in _rules_of(ask.body):
        if one.get("TargetBackupVaultName") not in ask.account.aws_backup.vaults:
            return _bad(f"Backup vault {one.get('TargetBackupVaultName')} does not exist")
    return None


@rule(
    RULES,
    "aws-backup-schedule",
    *PLAN_WRITES,
    refuses="a schedule that is not cron(...) with exactly one ? in its day fields; rate(...) above all",
    source="https://github.com/hashicorp/terraform-provider-aws/issues/8269; "
    + BACKUP_API
    + "API_BackupRuleInput.html",
    certainty="observed",
)
def _schedule(ask: JudgedRequest) -> Refusal | None:
    for one in _rules_of(ask.body):
        said = one.get("ScheduleExpression")
        if said is None:
            continue
        try:
            ZoneInfo(one.get("ScheduleExpressionTimezone", "UTC"))
            read_cron(said)
        except (BadSchedule, KeyError, ValueError) as error:
            return _bad(f"Invalid schedule expression of rule {one.get('RuleName')}: {error}")
    return None


def _lifecycles(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield body.get("Lifecycle") or {}
    yield from (one.get("Lifecycle") or {} for one in _rules_of(body))


@rule(
    RULES,
    "aws-backup-lifecycle",
    *PLAN_WRITES,
    "backup:StartBackupJob",
    refuses="keeping backups less than 90 days longer than the move to cold storage, and days below 1",
    source=BACKUP_API + "API_Lifecycle.html",
)
def _lifecycle(ask: JudgedRequest) -> Refusal | None:
    for said in _lifecycles(ask.body):
        keep, cold = said.get("DeleteAfterDays"), said.get("MoveToColdStorageAfterDays")
        if any(days is not None and days < 1 for days in (keep, cold)):
            return _bad("Invalid lifecycle. Days must be at least 1")
        if keep is not None and cold is not None and keep < cold + COLD_STORAGE_DAYS_MIN:
            return _bad(
                f"Invalid lifecycle. DeleteAfterDays cannot be less than {COLD_STORAGE_DAYS_MIN} days apart from "
                "MoveToColdStorageAfterDays"
            )
    return None


@rule(
    RULES,
    "aws-backup-windows",
    *PLAN_WRITES,
    "backup:StartBackupJob",
    refuses="a start window below 60 minutes, and a completion window that is not longer than it",
    source=BACKUP_API + "API_BackupRule.html (StartWindowMinutes); that the second is longer is our reading",
    certainty="assumed",
)
def _windows(ask: JudgedRequest) -> Refusal | None:
    for said in (ask.body, *_rules_of(ask.body)):
        start = said.get("StartWindowMinutes")
        end = said.get("CompletionWindowMinutes", said.get("CompleteWindowMinutes"))
        if start is not None and start < START_WINDOW_MINUTES_MIN:
            return _bad(f"StartWindowMinutes must be at least {START_WINDOW_MINUTES_MIN}")
        if start is not None and end is not None and end <= start:
            return _bad("CompletionWindowMinutes must be longer than StartWindowMinutes")
    return None


@rule(
    RULES,
    "aws-backup-plan-new",
    "backup:CreateBackupPlan",
    refuses="a plan that is there already, word for word",
    source=BACKUP_API + "API_CreateBackupPlan.html (AlreadyExistsException)",
)
def _plan_new(ask: JudgedRequest) -> Refusal | None:
    for plan in ask.account.aws_backup.plans.values():
        if plan.said == ask.body.get("BackupPlan") and plan.request_id != ask.body.get("CreatorRequestId"):
            return Refusal("AlreadyExistsException", f"Backup plan with the same plan document exists: {plan.identity}")
    return None


@rule(
    RULES,
    "aws-backup-plan-has-selections",
    "backup:DeleteBackupPlan",
    refuses="deleting a plan that has selections",
    source=BACKUP_API + "API_DeleteBackupPlan.html",
)
def _plan_has_selections(ask: JudgedRequest) -> Refusal | None:
    plan = ask.account.aws_backup.plans[str(ask.body["BackupPlanId"])]
    if not plan.selections:
        return None
    return _request("Related backup plan selections must be deleted prior to backup plan deletion")


@rule(
    RULES,
    "aws-backup-selection-form",
    "backup:CreateBackupSelection",
    refuses="a selection of nothing, a name that is not 1 to 50 letters, digits, - . and _, a second one of a name "
    "in a plan",
    source=BACKUP_API + "API_BackupSelection.html; that nothing is refused is our reading",
    certainty="assumed",
)
def _selection_form(ask: JudgedRequest) -> Refusal | None:
    said = ask.body.get("BackupSelection") or {}
    name = str(said.get("SelectionName"))
    if not _PLAN_NAME.fullmatch(name):
        return _bad(f"Invalid selection name: {name}")
    if not said.get("Resources"):
        return _bad("A backup selection must have resources")
    plan = ask.account.aws_backup.plans[str(ask.body["BackupPlanId"])]
    if any(one.said["SelectionName"] == name for one in plan.selections.values()):
        return Refusal("AlreadyExistsException", f"Backup selection with the same name already exists: {name}")
    return None


@rule(
    RULES,
    "aws-backup-opt-in",
    "backup:StartBackupJob",
    refuses="a backup of a table where the Region is not opted in for DynamoDB (off: it is made all the same); a job "
    "of a plan fails with this reason",
    source=BACKUP_API + "service-opt-in.html; the guide lets a plan that names a resource pass, this rule does not",
    certainty="assumed",
)
def _opted_in(ask: JudgedRequest) -> Refusal | None:
    return None if ask.account.aws_backup.opted_in.get("DynamoDB") else _request(NOT_OPTED_IN)


NOT_OPTED_IN = "DynamoDB is not opted in for AWS Backup in this Region"


@rule(
    RULES,
    "aws-backup-resource",
    "backup:StartBackupJob",
    refuses="a backup of what is not a table that is there",
    source=BACKUP_API + "API_StartBackupJob.html; the code is our reading",
    certainty="assumed",
)
def _resource(ask: JudgedRequest) -> Refusal | None:
    arn = str(ask.body.get("ResourceArn"))
    if ":dynamodb:" not in arn or ":table/" not in arn:
        return _bad(f"The strict endpoint backs up DynamoDB tables only, not {arn}")
    return None if ask.table is not None else Refusal("ResourceNotFoundException", f"Resource {arn} does not exist")


@rule(
    RULES,
    "aws-backup-point-known",
    *("backup:DescribeRecoveryPoint", "backup:DeleteRecoveryPoint", "backup:GetRecoveryPointRestoreMetadata"),
    "backup:StartRestoreJob",
    refuses="a recovery point that is not there, or not in the vault",
    source=BACKUP_API + "API_DescribeRecoveryPoint.html (ResourceNotFoundException)",
)
def _point_known(ask: JudgedRequest) -> Refusal | None:
    arn, vault = str(ask.body.get("RecoveryPointArn")), ask.body.get("BackupVaultName")
    point = ask.account.aws_backup.points.get(arn)
    if point is not None and vault in {None, point.vault}:
        return None
    return Refusal("ResourceNotFoundException", f"Recovery point {arn} does not exist")


@rule(
    RULES,
    "aws-backup-point-making",
    "backup:DeleteRecoveryPoint",
    "backup:StartRestoreJob",
    refuses="deleting or restoring a recovery point that is still being made",
    source=BACKUP_API + "API_DeleteRecoveryPoint.html (InvalidResourceStateException)",
)
def _point_making(ask: JudgedRequest) -> Refusal | None:
    point = ask.account.aws_backup.points[str(ask.body["RecoveryPointArn"])]
    if ask.now >= point.completed_at:
        return None
    if ask.operation == "backup:StartRestoreJob":
        return _request(f"Recovery point {point.arn} is still being created")
    return Refusal("InvalidResourceStateException", f"Recovery point {point.arn} is still being created")


@rule(
    RULES,
    "aws-backup-restore-metadata",
    "backup:StartRestoreJob",
    refuses="a restore without targetTableName, with metadata that a table does not take, or without a role",
    source=BACKUP_API + "restoring-dynamodb.html; what else is refused is our reading",
    certainty="assumed",
)
def _metadata(ask: JudgedRequest) -> Refusal | None:
    said = ask.body.get("Metadata") or {}
    unknown = said.keys() - {"targetTableName", "encryptionType", "kmsMasterKeyArn", "aws:backup:request-id"}
    if unknown:
        return _bad(f"Invalid restore metadata: {sorted(unknown)[0]}")
    if not said.get("targetTableName"):
        return _bad("Invalid restore metadata. targetTableName is required")
    return None if ask.body.get("IamRoleArn") else _bad("IamRoleArn is required to restore a DynamoDB table")


@rule(
    RULES,
    "aws-backup-job-known",
    *("backup:DescribeBackupJob", "backup:StopBackupJob"),
    *("backup:DescribeRestoreJob", "backup:GetRestoreJobMetadata"),
    refuses="a job that is not there",
    source=BACKUP_API + "API_DescribeBackupJob.html (ResourceNotFoundException)",
)
def _job_known(ask: JudgedRequest) -> Refusal | None:
    held = ask.account.aws_backup
    for member, jobs in (("BackupJobId", held.jobs), ("RestoreJobId", held.restores)):
        if member in ask.body and ask.body[member] not in jobs:
            return Refusal("ResourceNotFoundException", f"Cannot find job with ID {ask.body[member]}")
    return None


@rule(
    RULES,
    "aws-backup-keeps-its-backups",
    "DeleteBackup",
    refuses="deleting a backup that AWS Backup made: only its vault deletes it",
    source=GUIDE + "UsageNotesAWS.html; the code is our reading",
    certainty="assumed",
)
def _keeps(ask: JudgedRequest) -> Refusal | None:
    backup = ask.account.backups.get(str(ask.body.get("BackupArn")))
    if backup is None or backup.kind != "AWS_BACKUP":
        return None
    return Refusal(
        "ValidationException", f"Backup is managed by AWS Backup and is deleted from its vault: {backup.arn}"
    )
