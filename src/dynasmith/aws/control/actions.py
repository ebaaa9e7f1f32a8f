"""The IAM actions that each kind of verb takes. docs/reference/permissions.md lists them.

Source: "Actions, resources, and condition keys" of the Service Authorization Reference for DynamoDB, Application Auto
Scaling, KMS and STS.
"""

from typing import Literal

from dynasmith.aws.settings import SERVICE_SETTINGS
from dynasmith.aws.settings.backup_plan import ServiceBackupPlan


def _of_settings(which: Literal["read_actions", "write_actions"], known: set[str]) -> list[str]:
    """What the settings add to the actions that are ``known`` already."""
    return sorted({action for each in SERVICE_SETTINGS for action in getattr(each, which)} - known)


READS = (
    "dynamodb:ListTables",
    "dynamodb:DescribeTable",
    "dynamodb:ListTagsOfResource",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "sts:GetCallerIdentity",
    *_of_settings("read_actions", {"dynamodb:DescribeTable"}),
)
"""The actions of everything that only reads: list, describe, import, plan, check, validate."""

WRITES = (
    "dynamodb:CreateTable",
    "dynamodb:UpdateTable",
    "dynamodb:DeleteTable",
    *_of_settings("write_actions", {"dynamodb:UpdateTable"}),
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "application-autoscaling:RegisterScalableTarget",
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:DeregisterScalableTarget",
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:Query",
    "dynamodb:Scan",
)
"""The actions that change tables, and those of a few items."""

MOVES = (
    "dynamodb:Scan",
    "dynamodb:BatchWriteItem",
    "dynamodb:PutItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
)
"""The actions of copy, export, populate and verify. A source needs the first alone; docs/reference/permissions.md."""

BACKFILL = ("dynamodb:Scan", "dynamodb:GetItem", "dynamodb:PartiQLUpdate", "dynamodb:UpdateItem")
"""The actions of a backfill and of its undo: of the last two one is enough, the first of them is cheaper."""

BACKUPS = (
    "dynamodb:CreateBackup",
    "dynamodb:DescribeBackup",
    "dynamodb:ListBackups",
    "dynamodb:DeleteBackup",
)
"""The actions of backup create, show, list, and of delete and prune, beside those of reading."""

VAULTED = ("backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault")
"""The actions of backup list for recovery points of AWS Backup; ``--scheduled`` needs those of the schedules too."""

SCHEDULES = (
    *ServiceBackupPlan.read_actions,
    *ServiceBackupPlan.write_actions,
    "backup:DeleteBackupPlan",
    "backup:ListBackupJobs",
    "backup:DescribeBackupJob",
    "backup:DescribeRegionSettings",
    "iam:SimulatePrincipalPolicy",
)
"""The actions of backup schedule, unschedule and jobs, of the setting ``backup_plan``, and of diagnose backup."""

METRICS = ("cloudwatch:ListMetrics", "cloudwatch:GetMetricData")
"""The actions of metrics, of diagnose throttling, and of what validate says about load, beside those of reading. They
know no resource: the statement is for ``*``."""

REPLICAS = ("dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:DeleteItem", *METRICS)
"""The actions of replicas, beside those of reading: the first three for --probe, GetItem in each Region; the others for
the lag."""

VALIDATES = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "backup:ListBackupJobs",
    "backup:DescribeRegionSettings",
    *METRICS,
)
"""What validate asks of other services beside the actions of reading; one that is denied is a notice."""

RETIRES = (
    "dynamodb:DeleteTableReplica",
    "dynamodb:ListBackups",
    "backup:DeleteBackupPlan",
    "backup:DeleteBackupVault",
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:DetachRolePolicy",
    "iam:DeleteRole",
)
"""The actions of retire, beside those of reading and of changing tables, in the Region of each replica; those of backup
create with ``--backup``, of export with ``--export``. The service asks for the first where a replica is removed
(ReplicationGroupUpdate: DeleteTableReplica in that Region)."""

TRIGGERS = (
    "dynamodb:DescribeTable",
    "lambda:ListEventSourceMappings",
    "lambda:CreateEventSourceMapping",
    "lambda:UpdateEventSourceMapping",
    "lambda:DeleteEventSourceMapping",
    "cloudwatch:GetMetricData",
    "lambda:GetFunctionConfiguration",
    "logs:FilterLogEvents",
    "iam:SimulatePrincipalPolicy",
)
"""The actions of lambda attach, detach, list and logs, and of the setting ``triggers``. Without CloudWatch a list has
no ages; without the last but one there are no logs; the last says what a role lacks where Lambda refuses it."""

RESTORES = (
    "dynamodb:RestoreTableFromBackup",
    "dynamodb:RestoreTableToPointInTime",
    "dynamodb:DescribeBackup",
    "dynamodb:ListBackups",
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
)
"""The actions of backup restore, beside those of reading and of changing settings. The service asks for those of items
on the new table, by which it fills it ("Restoring a table from a backup", permissions)."""

ROLLBACKS = (
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:Scan",
    "dynamodb:BatchGetItem",
    "dynamodb:PutItem",
    "dynamodb:PartiQLUpdate",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
)
"""The actions of backup restore --into from files; from a backup those of backup restore and CreateTable, DeleteTable
besides. Of PartiQLUpdate and UpdateItem the second is enough, the first is cheaper."""

POINT_RESTORES = (
    "backup:ListBackupVaults",
    "backup:DescribeRecoveryPoint",
    "backup:GetRecoveryPointRestoreMetadata",
    "backup:StartRestoreJob",
    "backup:DescribeRestoreJob",
    "iam:PassRole",
)
"""The actions of backup restore from a recovery point of AWS Backup, beside those of reading and of changing settings.
The last on the role that made the recovery point."""

ENCRYPTION = ("kms:GenerateDataKey", "kms:Decrypt")
"""The actions of encrypted attributes with a key of KMS, on that key: the first to write, the second to read."""

JOBS_IN_S3 = ("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject")
"""The actions of jobs and undo journals that are kept in a bucket; ``jobs prune`` needs the last one, nothing else."""

EXPORT_TO_S3 = (
    "dynamodb:DescribeTable",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:ExportTableToPointInTime",
    "dynamodb:DescribeExport",
    "dynamodb:ListExports",
    "dynamodb:Scan",
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
    "s3:AbortMultipartUpload",
)
"""The actions of an export to S3 by the service: it writes as the caller. The manifests and files are read afterwards;
Scan is of one item, where an export holds none. Developer Guide, "Requesting a table export": IAM permissions."""

POPULATE_FROM_S3 = (
    "dynamodb:DescribeTable",
    "dynamodb:BatchWriteItem",
    "dynamodb:PutItem",
    "s3:ListBucket",
    "s3:GetObject",
)
"""The actions of a populate that reads objects itself, beside those of `MOVES` that its mode needs."""

BULK_FROM_S3 = (
    "dynamodb:DescribeTable",
    "dynamodb:StartBulkPutItems",
    "dynamodb:DescribeBulkOperation",
    "dynamodb:ListBulkOperations",
    "dynamodb:CancelBulkOperation",
    "dynamodb:PutItem",
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
)
"""The actions of a bulk write by the service, by the names of its operations; it never ran, so it is not tried."""

IMPORT_FROM_S3 = (
    "dynamodb:DescribeTable",
    "dynamodb:ImportTable",
    "dynamodb:DescribeImport",
    "dynamodb:ListImports",
    "s3:ListBucket",
    "s3:GetObject",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "logs:PutRetentionPolicy",
    "logs:FilterLogEvents",
)
"""The actions of an import by the service, which reads and logs as the caller; the last reads the errors of items.
Settings that an import leaves out need `WRITES`. Developer Guide, "Requesting a table import": IAM permissions."""
