"""The IAM actions that each verb needs, one entry a verb. docs/reference/permissions.md is written from it, and
tests/permissions runs every verb with exactly these actions, and with each of them taken away.
"""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from dynasmith.aws.control.actions import VALIDATES
from dynasmith.aws.settings import SERVICE_SETTINGS

SCALING_READS: Final = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
)
SETTING_READS: Final[Mapping[str, tuple[str, ...]]] = {
    "autoscaling": SCALING_READS,
    **{
        each.setting.key.name: tuple(action for action in each.read_actions if action != "dynamodb:DescribeTable")
        for each in SERVICE_SETTINGS
        if each.read_actions != ("dynamodb:DescribeTable",)
    },
    "tags": ("dynamodb:ListTagsOfResource",),
}
"""What a setting is read with, beside DescribeTable, by its key in a definition."""

SETTING_CHANGES: Final[Mapping[str, tuple[str, ...]]] = {
    **{each.setting.key.name: each.write_actions for each in SERVICE_SETTINGS},
    "autoscaling": (
        "application-autoscaling:RegisterScalableTarget",
        "application-autoscaling:PutScalingPolicy",
        "application-autoscaling:DeregisterScalableTarget",
    ),
    "billing_mode": ("dynamodb:UpdateTable",),
    "global_secondary_indexes": ("dynamodb:UpdateTable",),
    "items": ("dynamodb:GetItem", "dynamodb:PutItem"),
    "on_demand_throughput": ("dynamodb:UpdateTable",),
    "provisioned_throughput": ("dynamodb:UpdateTable",),
    "replicas": ("dynamodb:UpdateTable", "dynamodb:CreateTableReplica", "dynamodb:DeleteTableReplica"),
    "tags": ("dynamodb:TagResource", "dynamodb:UntagResource"),
    "warm_throughput": ("dynamodb:UpdateTable",),
}
"""What a setting of a table that is there is changed with, by its key in a definition."""

ReadSettings = Literal["none", "defined", "all"]


class VerbActions(Struct, frozen=True, kw_only=True):
    """What the caller of a verb must be allowed.

    ``needs``: without one of them it fails, and names it. ``unread``: without one of them it goes on, and says what it
    does not know. ``reads``: which settings it reads, with `SETTING_READS`: those of the definition, or all; one that
    is denied is left unread. ``changes``: it changes settings of the definition, with `SETTING_CHANGES`. ``spare``: it
    asks for them, and leaves out without a word what only they show. ``also``: what it needs besides where it is
    asked for more, by a few words; ``also_unread`` the same of what it goes on without.
    """

    needs: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    reads: ReadSettings = "none"
    changes: bool = False
    spare: tuple[str, ...] = ()
    also: Mapping[str, tuple[str, ...]] = {}
    also_unread: Mapping[str, tuple[str, ...]] = {}


_LOOK: Final = "dynamodb:DescribeTable"
_TTL: Final = ("dynamodb:DescribeTimeToLive",)
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

VERB_ACTIONS: Final[Mapping[str, VerbActions]] = {
    "list": VerbActions(needs=("dynamodb:ListTables", _LOOK)),
    "describe": VerbActions(needs=(_LOOK,), reads="all"),
    "outputs": VerbActions(needs=(_LOOK,), reads="all"),
    "import": VerbActions(needs=(_LOOK,), reads="all", also={"--all, or a pattern": ("dynamodb:ListTables",)}),
    "render terraform": VerbActions(needs=(_LOOK,), reads="all"),
    "render cloudformation": VerbActions(needs=(_LOOK,), reads="all"),
    "render models": VerbActions(needs=(_LOOK, "dynamodb:Scan"), reads="all"),
    "plan": VerbActions(needs=(_LOOK,), reads="defined"),
    "check": VerbActions(needs=(_LOOK,), reads="defined"),
    "ensure": VerbActions(needs=(_LOOK, "dynamodb:CreateTable"), reads="defined", changes=True, spare=_QUOTA),
    "create": VerbActions(
        needs=(_LOOK, "dynamodb:CreateTable"), reads="defined", changes=True, spare=(*_QUOTA, *_ALL_READS)
    ),
    "apply": VerbActions(
        needs=(_LOOK,),
        reads="defined",
        changes=True,
        spare=_QUOTA,
        also={"tables to create": ("dynamodb:CreateTable",)},
    ),
    "delete": VerbActions(
        needs=(_LOOK, "dynamodb:DeleteTable"),
        also={"a global table": ("dynamodb:UpdateTable", "dynamodb:DeleteTableReplica")},
    ),
    "validate": VerbActions(
        needs=(_LOOK,),
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
    "get": VerbActions(needs=(_LOOK, "dynamodb:GetItem")),
    "put": VerbActions(needs=(_LOOK, "dynamodb:PutItem")),
    "delete-item": VerbActions(needs=(_LOOK, "dynamodb:DeleteItem")),
    "scan": VerbActions(needs=("dynamodb:Scan",)),
    "query": VerbActions(needs=(_LOOK, "dynamodb:Query")),
    "count": VerbActions(needs=(_LOOK, "dynamodb:Scan")),
    "count, of a key": VerbActions(needs=(_LOOK, "dynamodb:Query")),
    "export": VerbActions(needs=(_LOOK, "dynamodb:Scan"), reads="all", also=_SKIP),
    "populate": VerbActions(needs=(_LOOK, "dynamodb:BatchWriteItem"), spare=_TTL),
    "copy": VerbActions(needs=(_LOOK, "dynamodb:Scan", "dynamodb:BatchWriteItem"), spare=_TTL, also=_SKIP),
    "verify": VerbActions(needs=(_LOOK, "dynamodb:Scan"), spare=_TTL),
    "backfill": VerbActions(
        needs=(_LOOK, "dynamodb:Scan", "dynamodb:UpdateItem"), spare=(*_TTL, "dynamodb:PartiQLUpdate"), also=_SKIP
    ),
    "delete-items": VerbActions(needs=(_LOOK, "dynamodb:Scan", "dynamodb:DeleteItem"), spare=_TTL),
    "erase": VerbActions(
        needs=(_LOOK, "dynamodb:Query", "dynamodb:DeleteItem"),
        unread=(
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:ListBackups",
            "dynamodb:DescribeKinesisStreamingDestination",
        ),
        spare=_TTL,
    ),
    "erase, of a table that is read whole": VerbActions(
        needs=(_LOOK, "dynamodb:Scan", "dynamodb:DeleteItem"),
        unread=(
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:ListBackups",
            "dynamodb:DescribeKinesisStreamingDestination",
        ),
        spare=_TTL,
    ),
    "refresh": VerbActions(
        needs=(_LOOK, "dynamodb:Scan", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem"), spare=_TTL
    ),
    "delete-items --keys": VerbActions(needs=(_LOOK, "dynamodb:BatchGetItem", "dynamodb:DeleteItem"), spare=_TTL),
    "jobs undo": VerbActions(
        needs=(_LOOK, "dynamodb:UpdateItem"),
        unread=("dynamodb:BatchGetItem",),
        spare=(*_TTL, "dynamodb:PartiQLUpdate"),
    ),
    "lambda list": VerbActions(
        needs=(_LOOK, "lambda:ListEventSourceMappings"),
        unread=("iam:GetAccountAuthorizationDetails", "lambda:GetFunctionConfiguration", "kms:DescribeKey"),
        spare=_METRICS,
    ),
    "lambda attach": VerbActions(needs=(_LOOK, "lambda:ListEventSourceMappings", "lambda:CreateEventSourceMapping")),
    "lambda attach, of a trigger that is there": VerbActions(
        needs=(_LOOK, "lambda:ListEventSourceMappings", "lambda:UpdateEventSourceMapping")
    ),
    "lambda detach": VerbActions(
        needs=(_LOOK, "lambda:ListEventSourceMappings", "lambda:DeleteEventSourceMapping"),
    ),
    "lambda grant": VerbActions(
        needs=(_LOOK, "lambda:GetFunctionConfiguration", "iam:GetRolePolicy", "iam:PutRolePolicy"), also=_KEY
    ),
    "lambda grant --role": VerbActions(
        needs=(_LOOK, "iam:GetRole", "iam:GetRolePolicy", "iam:PutRolePolicy"), also=_KEY
    ),
    "lambda revoke": VerbActions(
        needs=(_LOOK, "iam:GetAccountAuthorizationDetails", "iam:DeleteRolePolicy"), also=_KEY
    ),
    "lambda logs": VerbActions(needs=("lambda:GetFunctionConfiguration", "logs:FilterLogEvents")),
    "metrics": VerbActions(needs=(_LOOK,), unread=_METRICS),
    "diagnose throttling": VerbActions(needs=(_LOOK, *_METRICS), spare=SCALING_READS),
    "diagnose trigger": VerbActions(
        needs=(
            _LOOK,
            "lambda:ListEventSourceMappings",
            "lambda:GetFunctionConfiguration",
            "iam:SimulatePrincipalPolicy",
        ),
        spare=_METRICS,
    ),
    "diagnose backup": VerbActions(
        needs=(
            _LOOK,
            *_PLANS,
            "backup:ListBackupVaults",
            "backup:ListBackupJobs",
            "backup:DescribeRegionSettings",
            "iam:GetRole",
            "iam:SimulatePrincipalPolicy",
        ),
    ),
    "backup create": VerbActions(needs=(_LOOK, "dynamodb:CreateBackup", "dynamodb:DescribeBackup"), reads="all"),
    "backup list": VerbActions(needs=("dynamodb:ListBackups",), unread=_VAULTED),
    "backup show": VerbActions(needs=("dynamodb:ListBackups", "dynamodb:DescribeBackup"), spare=_VAULTED),
    "backup delete": VerbActions(
        needs=("dynamodb:ListBackups", "dynamodb:DescribeBackup", "dynamodb:DeleteBackup"), spare=_VAULTED
    ),
    "backup prune": VerbActions(needs=("dynamodb:ListBackups", "dynamodb:DeleteBackup")),
    "backup jobs": VerbActions(needs=("backup:ListBackupJobs",)),
    "replicas": VerbActions(
        needs=(_LOOK,),
        unread=("dynamodb:DescribeContinuousBackups", "dynamodb:ListTagsOfResource", *_METRICS),
        also={"--probe": ("dynamodb:PutItem", "dynamodb:DeleteItem")},
        also_unread={"--probe": ("dynamodb:GetItem",)},
    ),
    "doctor": VerbActions(unread=("dynamodb:ListTables", _LOOK), reads="all"),
}
"""By the words of the verb. Those of retire, of migrations, of S3, of schedules and of restores are in `actions`."""
