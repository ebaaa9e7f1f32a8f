"""The IAM actions that each verb needs, one entry a verb. docs/reference/permissions.md is written from it, and
tests/permissions runs every verb with exactly these actions, and with each of them taken away.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from dynasmith.aws.control.actions import VALIDATES
from dynasmith.aws.control.setting_actions import (
    LOOK,
    OLD_REPLICA,
    SCALING_READS,
    SETTING_ACTIONS,
    SETTING_READS,
)
from dynasmith.plans.retirement import needed
from dynasmith.tables.settings import SETTINGS

ReadSettings = Literal["none", "defined", "all"]


class VerbActions(Struct, frozen=True, kw_only=True):
    """What the caller of a verb must be allowed.

    ``needs``: without one of them it fails, and names it. ``unread``: without one of them it goes on, and says what it
    does not know. ``reads``: which settings it reads, with `SETTING_READS`: those of the definition, or all; one that
    is denied is left unread. ``changes``: it changes settings of the definition, with `SETTING_ACTIONS`. ``spare``: it
    asks for them, and leaves out without a word what only they show. ``also``: what it needs besides where it is
    asked for more, by a few words; ``also_unread`` the same of what it goes on without. ``history``: what it needs on
    the table of the history of migrations. ``steps``: it needs the actions of its steps, `migration_actions.STEPS`.
    ``prunes``: it removes what the definition does not have.
    """

    needs: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    reads: ReadSettings = "none"
    changes: bool = False
    spare: tuple[str, ...] = ()
    also: Mapping[str, tuple[str, ...]] = {}
    also_unread: Mapping[str, tuple[str, ...]] = {}
    history: tuple[str, ...] = ()
    steps: bool = False
    prunes: bool = False


_TTL: Final = ("dynamodb:DescribeTimeToLive",)
BY_KEY: Final = "--filter"
_SKIP: Final = {"--expired skip": _TTL}
_KEY: Final = {"a table that a KMS key encrypts": ("kms:DescribeKey",)}
_QUOTA: Final = ("dynamodb:ListTables",)
_ALL_READS: Final = tuple(dict.fromkeys(action for each in SETTING_READS.values() for action in each))
_METRICS: Final = ("cloudwatch:ListMetrics", "cloudwatch:GetMetricData")
_PLANS: Final = (
    "backup:ListBackupPlans",
    "backup:GetBackupPlan",
    "backup:ListBackupSelections",
    "backup:GetBackupSelection",
)
_VAULTED: Final = ("backup:ListBackupVaults", "backup:ListRecoveryPointsByBackupVault")

_OF_TRIGGERS: Final = (
    *("lambda:ListEventSourceMappings", "lambda:GetFunctionConfiguration", "iam:SimulatePrincipalPolicy"),
)
_OF_BACKUPS: Final = (
    *(*_PLANS, "backup:ListBackupVaults", "backup:ListBackupJobs", "backup:DescribeRegionSettings"),
    *("iam:GetRole", "iam:SimulatePrincipalPolicy"),
)
BY_SERVICE: Final = "what the service does as the caller"
_COPIES: Final = (
    *("dynamodb:DescribeContinuousBackups", "dynamodb:ListBackups", "dynamodb:DescribeKinesisStreamingDestination"),
)
"""Where items that were erased may still be."""
_CONDITIONAL: Final = (*_TTL, "dynamodb:PartiQLInsert", "dynamodb:BatchGetItem")
_IMPORT_LOGS: Final = (
    *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams"),
    *("logs:PutLogEvents", "logs:PutRetentionPolicy"),
)
_NOT_KEPT: Final = ("lambda:ListEventSourceMappings", "cloudwatch:DescribeAlarms", *SCALING_READS)
"""What settings are read with of which a report of a restore has no row where there are none."""
_FILLED: Final = (
    *("dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"),
    *("dynamodb:Scan", "dynamodb:UpdateItem"),
)
"""What a restore takes on the new table, which the service fills as the caller."""
_LEFTOVERS: Final = (
    *("backup:DeleteBackupSelection", "backup:DeleteBackupPlan", "backup:DeleteBackupVault"),
    *("iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"),
)
_STREAM: Final = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords")
_FOLLOWS: Final = (LOOK, "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", *_STREAM)
"""What one table that follows another takes, on both."""
_COMPARES: Final = (*_FOLLOWS, "dynamodb:Scan")
_ADMITS: Final = ("dynamodb:GetResourcePolicy", "dynamodb:PutResourcePolicy")
_FENCES: Final = (
    *(*_ADMITS, "dynamodb:DeleteResourcePolicy", "dynamodb:BatchWriteItem"),
    "dynamodb:DescribeTimeToLive",
)
_POINTS: Final = ("ssm:GetParameter", "ssm:PutParameter")
OWN_STREAM: Final = "a stream that it turns on and off"
POLICY_FENCE: Final = "its own policy as the fence"
SSM_POINTER: Final = "a pointer in Systems Manager"
FENCE_STAYS: Final = "a policy that keeps writers from the old table"
FENCED: Final = "while writes are stopped"
FENCED_POLICY: Final = "while writes are stopped, of a table with a policy"
RETIRED: Final = ("autoscaling", *(each.key.name for each in SETTINGS if needed(each)))
"""The settings that outlive their table, and that retire removes."""
_RETIRED_READS: Final = dict.fromkeys(action for name in RETIRED for action in SETTING_READS.get(name, ()))
RETIRE_READS: Final = tuple(each for each in _RETIRED_READS if each != "dynamodb:ListContributorInsights")
"""What retire must read; insights of indexes are left where they may not be read."""

VERB_ACTIONS: Final[Mapping[str, VerbActions]] = {
    "list": VerbActions(needs=("dynamodb:ListTables", LOOK)),
    "describe": VerbActions(needs=(LOOK,), reads="all"),
    "outputs": VerbActions(needs=(LOOK,), reads="all"),
    "import": VerbActions(needs=(LOOK,), reads="all", also={"--all, or a pattern": ("dynamodb:ListTables",)}),
    "render terraform": VerbActions(needs=(LOOK,), reads="all"),
    "render cloudformation": VerbActions(needs=(LOOK,), reads="all"),
    "render models": VerbActions(needs=(LOOK, "dynamodb:Scan"), reads="all"),
    "plan": VerbActions(needs=(LOOK,), reads="defined"),
    "check": VerbActions(needs=(LOOK,), reads="defined"),
    "ensure": VerbActions(needs=(LOOK, "dynamodb:CreateTable"), reads="defined", changes=True, spare=_QUOTA),
    "create": VerbActions(
        needs=(LOOK, "dynamodb:CreateTable"), reads="defined", changes=True, spare=(*_QUOTA, *_ALL_READS)
    ),
    "apply": VerbActions(
        needs=(LOOK,),
        reads="defined",
        changes=True,
        spare=_QUOTA,
        also={"tables to create": ("dynamodb:CreateTable",)},
    ),
    "apply --prune": VerbActions(needs=(LOOK,), reads="defined", changes=True, prunes=True, spare=_QUOTA),
    "delete": VerbActions(
        needs=(LOOK, "dynamodb:DeleteTable"),
        also={"a global table": OLD_REPLICA},
        spare=("dynamodb:DescribeContinuousBackups", "dynamodb:ListTagsOfResource"),
    ),
    "validate": VerbActions(
        needs=(LOOK,),
        unread=(
            *VALIDATES,
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListRolePolicies",
            "iam:SimulatePrincipalPolicy",
        ),
        reads="all",
        also_unread={"--items": ("dynamodb:Scan",)},
    ),
    "get": VerbActions(needs=(LOOK, "dynamodb:GetItem")),
    "put": VerbActions(needs=(LOOK, "dynamodb:PutItem")),
    "delete-item": VerbActions(needs=(LOOK, "dynamodb:DeleteItem")),
    "scan": VerbActions(needs=("dynamodb:Scan",)),
    "query": VerbActions(needs=(LOOK, "dynamodb:Query")),
    "count": VerbActions(needs=(LOOK, "dynamodb:Scan")),
    "count, of a key": VerbActions(needs=(LOOK, "dynamodb:Query")),
    "export": VerbActions(
        needs=(LOOK, "dynamodb:Scan"), reads="all", also=_SKIP, also_unread={BY_KEY: ("dynamodb:Query",)}
    ),
    "export, to S3": VerbActions(
        needs=(
            LOOK,
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:ExportTableToPointInTime",
            "dynamodb:DescribeExport",
            *("s3:ListBucket", "s3:GetObject"),
        ),
        spare=_TTL,
        also={
            BY_SERVICE: ("s3:PutObject", "s3:AbortMultipartUpload"),
            "an export that holds no item": ("dynamodb:Scan",),
            "resumed after a day": ("dynamodb:ListExports",),
            "--kms-key": ("kms:GenerateDataKey", "kms:Decrypt"),
            "--bucket-owner": ("s3:PutObjectAcl",),
        },
    ),
    "populate": VerbActions(needs=(LOOK, "dynamodb:BatchWriteItem"), spare=_TTL),
    "populate, another --mode": VerbActions(needs=(LOOK, "dynamodb:PutItem"), spare=_CONDITIONAL),
    "populate, from S3": VerbActions(
        needs=(LOOK, "dynamodb:BatchWriteItem", "s3:ListBucket", "s3:GetObject"), spare=_TTL
    ),
    "populate --by import": VerbActions(
        needs=(LOOK, "dynamodb:ImportTable", "dynamodb:DescribeImport", "s3:ListBucket", "s3:GetObject"),
        changes=True,
        also={
            BY_SERVICE: _IMPORT_LOGS,
            "resumed after a day": ("dynamodb:ListImports",),
            "lines that were refused": ("logs:FilterLogEvents",),
        },
    ),
    "populate --by bulk": VerbActions(
        needs=(
            LOOK,
            *("dynamodb:StartBulkPutItems", "dynamodb:DescribeBulkOperation", "dynamodb:PutItem"),
            *("s3:ListBucket", "s3:GetObject", "s3:PutObject"),
        ),
        also={"jobs cancel": ("dynamodb:CancelBulkOperation",), "resumed": ("dynamodb:ListBulkOperations",)},
    ),
    "copy": VerbActions(
        needs=(LOOK, "dynamodb:Scan", "dynamodb:BatchWriteItem"),
        spare=_TTL,
        also=_SKIP,
        also_unread={BY_KEY: ("dynamodb:Query",)},
    ),
    "copy, another --mode": VerbActions(needs=(LOOK, "dynamodb:Scan", "dynamodb:PutItem"), spare=_CONDITIONAL),
    "verify": VerbActions(needs=(LOOK, "dynamodb:Scan"), spare=(*_TTL, "dynamodb:BatchGetItem")),
    "backfill": VerbActions(
        needs=(LOOK, "dynamodb:Scan", "dynamodb:UpdateItem"), spare=(*_TTL, "dynamodb:PartiQLUpdate"), also=_SKIP
    ),
    "delete-items": VerbActions(needs=(LOOK, "dynamodb:Scan", "dynamodb:DeleteItem"), spare=_TTL),
    "erase": VerbActions(needs=(LOOK, "dynamodb:Query", "dynamodb:DeleteItem"), unread=_COPIES, spare=_TTL),
    "erase, of a table that is read whole": VerbActions(
        needs=(LOOK, "dynamodb:Scan", "dynamodb:DeleteItem"), unread=_COPIES, spare=_TTL
    ),
    "refresh": VerbActions(needs=(LOOK, "dynamodb:Scan", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem"), spare=_TTL),
    "replace start": VerbActions(
        needs=(*_COMPARES, "dynamodb:CreateTable", "dynamodb:BatchWriteItem"),
        unread=("dynamodb:CreateBackup", "dynamodb:DescribeBackup"),
        spare=(*_CONDITIONAL, *_QUOTA, *_ALL_READS),
        also={OWN_STREAM: ("dynamodb:UpdateTable",)},
    ),
    "replace verify": VerbActions(needs=_COMPARES, spare=_TTL, also={FENCE_STAYS: _ADMITS}),
    "replace cutover": VerbActions(
        needs=_COMPARES,
        spare=_TTL,
        also={OWN_STREAM: ("dynamodb:UpdateTable",), POLICY_FENCE: _FENCES, SSM_POINTER: _POINTS},
    ),
    "replace back": VerbActions(needs=_COMPARES, spare=_TTL, also={POLICY_FENCE: _FENCES, SSM_POINTER: _POINTS}),
    "replace finish": VerbActions(
        needs=_FOLLOWS,
        reads="defined",
        changes=True,
        spare=(*_TTL, *_QUOTA),
        also={OWN_STREAM: ("dynamodb:UpdateTable",), FENCE_STAYS: _ADMITS},
    ),
    "replace abort": VerbActions(
        needs=(LOOK,),
        spare=_TTL,
        also={
            OWN_STREAM: ("dynamodb:UpdateTable",),
            FENCED: ("dynamodb:GetResourcePolicy", "dynamodb:DeleteResourcePolicy"),
            FENCED_POLICY: ("dynamodb:PutResourcePolicy",),
        },
    ),
    "delete-items --keys": VerbActions(needs=(LOOK, "dynamodb:BatchGetItem", "dynamodb:DeleteItem"), spare=_TTL),
    "jobs undo": VerbActions(
        needs=(LOOK, "dynamodb:UpdateItem"),
        unread=("dynamodb:BatchGetItem",),
        spare=(*_TTL, "dynamodb:PartiQLUpdate"),
    ),
    "lambda list": VerbActions(
        needs=(LOOK, "lambda:ListEventSourceMappings"),
        unread=(
            *("iam:GetAccountAuthorizationDetails", "lambda:GetFunctionConfiguration", "kms:DescribeKey"),
            *_METRICS,
        ),
    ),
    "lambda attach": VerbActions(needs=(LOOK, "lambda:ListEventSourceMappings", "lambda:CreateEventSourceMapping")),
    "lambda attach, of a trigger that is there": VerbActions(
        needs=(LOOK, "lambda:ListEventSourceMappings", "lambda:UpdateEventSourceMapping")
    ),
    "lambda detach": VerbActions(
        needs=(LOOK, "lambda:ListEventSourceMappings", "lambda:DeleteEventSourceMapping"),
    ),
    "lambda grant": VerbActions(
        needs=(LOOK, "lambda:GetFunctionConfiguration", "iam:GetRolePolicy", "iam:PutRolePolicy"), also=_KEY
    ),
    "lambda grant --role": VerbActions(
        needs=(LOOK, "iam:GetRole", "iam:GetRolePolicy", "iam:PutRolePolicy"), also=_KEY
    ),
    "lambda revoke": VerbActions(needs=(LOOK, "iam:GetAccountAuthorizationDetails", "iam:DeleteRolePolicy"), also=_KEY),
    "lambda logs": VerbActions(needs=("lambda:GetFunctionConfiguration", "logs:FilterLogEvents")),
    "metrics": VerbActions(needs=(LOOK,), unread=_METRICS),
    "diagnose": VerbActions(
        needs=tuple(dict.fromkeys((LOOK, *_METRICS, *_OF_TRIGGERS, *_OF_BACKUPS))), spare=SCALING_READS
    ),
    "diagnose throttling": VerbActions(needs=(LOOK, *_METRICS), spare=SCALING_READS),
    "diagnose trigger": VerbActions(needs=(LOOK, *_OF_TRIGGERS, *_METRICS)),
    "diagnose backup": VerbActions(needs=(LOOK, *_OF_BACKUPS)),
    "backup create": VerbActions(needs=(LOOK, "dynamodb:CreateBackup", "dynamodb:DescribeBackup"), reads="all"),
    "backup schedule": VerbActions(
        needs=(LOOK, *_PLANS[:3], "backup:ListBackupVaults", *SETTING_ACTIONS["backup_plan"].new),
        spare=_PLANS[3:],
        also={**SETTING_ACTIONS["backup_plan"].also, "a plan that is there": SETTING_ACTIONS["backup_plan"].changed},
    ),
    "backup unschedule": VerbActions(
        needs=(
            LOOK,
            *_PLANS,
            *("backup:ListBackupVaults", "backup:DeleteBackupSelection", "backup:DeleteBackupPlan"),
        ),
    ),
    "backup restore": VerbActions(
        needs=(
            LOOK,
            *("dynamodb:ListBackups", "dynamodb:DescribeBackup", "dynamodb:RestoreTableFromBackup"),
            *_FILLED,
        ),
        spare=(*_VAULTED, *_NOT_KEPT, "dynamodb:TagResource"),
        reads="all",
        changes=True,
    ),
    "backup restore --at": VerbActions(
        needs=(LOOK, "dynamodb:DescribeContinuousBackups", "dynamodb:RestoreTableToPointInTime", *_FILLED),
        spare=(*_NOT_KEPT, "dynamodb:TagResource"),
        reads="all",
        changes=True,
    ),
    "backup restore, of AWS Backup": VerbActions(
        needs=(
            LOOK,
            *("backup:ListBackupVaults", "backup:DescribeRecoveryPoint", "backup:GetRecoveryPointRestoreMetadata"),
            *("backup:StartRestoreJob", "backup:DescribeRestoreJob", "iam:PassRole"),
        ),
        spare=(*_NOT_KEPT, "dynamodb:TagResource"),
        reads="all",
        changes=True,
    ),
    "backup restore --into": VerbActions(
        needs=(LOOK, "dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"),
        spare=(*_VAULTED, *_ALL_READS, "dynamodb:UpdateItem", "dynamodb:PartiQLUpdate", "dynamodb:TagResource"),
        also={
            "a backup": (
                *("dynamodb:ListBackups", "dynamodb:DescribeBackup", "dynamodb:RestoreTableFromBackup"),
                *(*_FILLED, "dynamodb:DeleteTable"),
            )
        },
    ),
    "backup list": VerbActions(needs=("dynamodb:ListBackups",), unread=_VAULTED),
    "backup show": VerbActions(needs=("dynamodb:ListBackups", "dynamodb:DescribeBackup"), spare=_VAULTED),
    "backup delete": VerbActions(
        needs=("dynamodb:ListBackups", "dynamodb:DescribeBackup", "dynamodb:DeleteBackup"), spare=_VAULTED
    ),
    "backup prune": VerbActions(needs=("dynamodb:ListBackups", "dynamodb:DeleteBackup")),
    "backup jobs": VerbActions(
        needs=("backup:ListBackupJobs",), also={"a job by its id": ("backup:DescribeBackupJob",)}
    ),
    "replicas": VerbActions(
        needs=(LOOK,),
        unread=("dynamodb:DescribeContinuousBackups", "dynamodb:ListTagsOfResource", *_METRICS),
        also={"--probe": ("dynamodb:PutItem", "dynamodb:DeleteItem")},
        also_unread={"--probe": ("dynamodb:GetItem",)},
    ),
    "retire": VerbActions(
        needs=(LOOK, *RETIRE_READS, "dynamodb:DeleteTable"),
        unread=("dynamodb:ListBackups",),
        spare=tuple(each for each in _ALL_READS if each not in RETIRE_READS),
        also={
            "--export": ("dynamodb:Scan",),
            "--backup": ("dynamodb:CreateBackup", "dynamodb:DescribeBackup"),
            "deletion protection": ("dynamodb:UpdateTable",),
            "replicas": OLD_REPLICA,
            **{name: SETTING_ACTIONS[name].removed or SETTING_ACTIONS[name].pruned for name in RETIRED},
            "a backup plan of dynasmith": _LEFTOVERS,
            "the role dynasmith-backup, where nothing needs it": ("iam:DetachRolePolicy", "iam:DeleteRole"),
        },
    ),
    "doctor": VerbActions(unread=("dynamodb:ListTables", LOOK), reads="all"),
}
"""By the words of the verb; those of ``migrate`` are in `migration_actions`."""

NO_ACTIONS: Final = (
    *("demo", "init", "schema", "fmt", "completion", "help", "local start", "local stop", "local status", "local logs"),
    *("permissions", "render create-table", "lambda bundle", "lambda policy", "migrate generate"),
    "replace status",
    *("jobs list", "jobs show", "jobs wait", "jobs pause", "jobs proceed", "jobs pace", "jobs cancel", "jobs prune"),
)
"""The verbs that call no service, where jobs are kept in a folder."""
OF_ITS_JOB: Final = (*("jobs resume", "worker", "console", "report"),)
"""The verbs that need what other verbs need: of the job that they go on with or work for, or that their pages offer."""
