"""The IAM actions of what a function runs, as narrow as the calls that are made. tests/lambdas/test_policy.py runs
steps and verbs under them, and holds them equal to the calls that it sees.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from dynasmith.aws.errors.action_resources import takes_no_resource
from dynasmith.aws.settings import SERVICE_SETTINGS

_LOOK: Final = ("dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive")
_DESCRIBE: Final = (
    *_LOOK,
    "application-autoscaling:DescribeScalableTargets",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeContributorInsights",
    "dynamodb:DescribeKinesisStreamingDestination",
    "dynamodb:GetResourcePolicy",
    "dynamodb:ListContributorInsights",
    "dynamodb:ListTagsOfResource",
)
_REWRITE: Final = (*_LOOK, "dynamodb:GetItem", "dynamodb:PartiQLUpdate", "dynamodb:Scan", "dynamodb:UpdateItem")
_READ: Final = (*_LOOK, "dynamodb:Scan")
_FILL: Final = (
    *_LOOK,
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLInsert",
    "dynamodb:PutItem",
)
_BACKUP: Final = ("dynamodb:CreateBackup", "dynamodb:DescribeBackup", "dynamodb:DescribeContinuousBackups")
_CLEAR: Final = (*_READ, *_BACKUP, "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem")
_INDEX: Final = ("dynamodb:DescribeTable", "dynamodb:UpdateTable")

STEP_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "add": _REWRITE,
    "add_index": _INDEX,
    "backfill": _REWRITE,
    "copy_to": (*_READ, *_FILL),
    "create_table": (*_DESCRIBE, "dynamodb:CreateTable", "dynamodb:ListTables"),
    "delete_all": _CLEAR,
    "delete_where": _CLEAR,
    "drop_index": _INDEX,
    "drop_table": (*_DESCRIBE, *_BACKUP, "dynamodb:DeleteTable"),
    "populate": _FILL,
    "remove": _REWRITE,
    "rename": _REWRITE,
    "set": _DESCRIBE,
}
"""What a step of a migration, and taking it back, does to the tables of the project; settings are further ones."""

VERB_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "backfill": _REWRITE,
    "copy": (*_READ, *_FILL),
    "ensure": STEP_ACTIONS["create_table"],
    "populate": _FILL,
}
"""What a verb does to the tables of the project."""

MOVING_STEPS: Final = frozenset(STEP_ACTIONS) - {"add_index", "create_table", "drop_index", "drop_table", "set"}
"""The steps that are jobs, with records in the ledger, and those that can be taken back with a journal."""

HISTORY_ACTIONS: Final = (
    "dynamodb:CreateTable",
    "dynamodb:DeleteItem",
    "dynamodb:DescribeTable",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateItem",
)
"""What the history of migrations and its lock need of their table."""

LEDGER_ACTIONS: Final = tuple(each for each in HISTORY_ACTIONS if each != "dynamodb:UpdateContinuousBackups")
"""What the records of jobs need of their table."""

JOURNAL_IN_S3: Final = ("s3:GetObject", "s3:PutObject")
LEDGER_IN_S3: Final = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
"""What undo journals and records of jobs need of their objects, beside ``s3:ListBucket``: a lock is deleted."""


def takes_no_table(action: str) -> bool:
    """Whether no ARN of a table narrows an action, so that it is allowed on every resource."""
    return takes_no_resource(action) or not action.startswith("dynamodb:")


def setting_actions(words: Iterable[str]) -> frozenset[str]:
    """The actions that change the settings of a table that have these keys in a definition."""
    wanted = frozenset(words)
    found: set[str] = set()
    for each in SERVICE_SETTINGS:
        if each.setting.key.name in wanted:
            found |= {*each.read_actions, *each.write_actions}
    if "tags" in wanted:
        found |= {"dynamodb:TagResource", "dynamodb:UntagResource"}
    if wanted & {"billing_mode", "provisioned_throughput", "on_demand_throughput", "warm_throughput", "replicas"}:
        found.add("dynamodb:UpdateTable")
    if "autoscaling" in wanted:
        found |= {
            f"application-autoscaling:{each}"
            for each in (
                "DeregisterScalableTarget",
                "DescribeScalingPolicies",
                "PutScalingPolicy",
                "RegisterScalableTarget",
            )
        }
    return frozenset(found)
