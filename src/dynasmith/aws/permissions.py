"""Policy statements that would allow what was denied, and the actions that each verb needs.

Source of which service takes which resource: "Actions, resources, and condition keys" of the Service Authorization
Reference for DynamoDB, Application Auto Scaling, KMS and STS.
"""

from collections.abc import Iterable
from typing import Any

READS = (
    "dynamodb:ListTables",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeContributorInsights",
    "dynamodb:DescribeKinesisStreamingDestination",
    "dynamodb:GetResourcePolicy",
    "dynamodb:ListTagsOfResource",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "kms:DescribeKey",
    "sts:GetCallerIdentity",
)
"""The actions of everything that only reads: list, describe, import, plan, check, validate."""

WRITES = (
    "dynamodb:CreateTable",
    "dynamodb:UpdateTable",
    "dynamodb:DeleteTable",
    "dynamodb:UpdateTimeToLive",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateContributorInsights",
    "dynamodb:EnableKinesisStreamingDestination",
    "dynamodb:DisableKinesisStreamingDestination",
    "dynamodb:PutResourcePolicy",
    "dynamodb:DeleteResourcePolicy",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "application-autoscaling:RegisterScalableTarget",
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:DeregisterScalableTarget",
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:PutItem",
    "dynamodb:DeleteItem",
    "dynamodb:Query",
    "dynamodb:Scan",
)
"""The actions that change tables, and those of a few items."""

_ANY_RESOURCE = frozenset({"dynamodb:ListTables", "sts:GetCallerIdentity"})


def statement_for(actions: Iterable[str], table: str, *, region: str = "", account: str = "") -> dict[str, Any]:
    """A policy statement that allows these actions on that table and its indexes, as narrow as IAM takes it.

    Region and account are ``*`` where they are not known. Actions of services that know no table (Application Auto
    Scaling, KMS without a key) are allowed on every resource.
    """
    wanted = sorted(set(actions))
    arn = f"arn:{_partition(region)}:dynamodb:{region or '*'}:{account or '*'}:table/{table or '*'}"
    narrow = all(action.startswith("dynamodb:") and action not in _ANY_RESOURCE for action in wanted)
    resources: Any = [arn, f"{arn}/index/*"] if narrow else "*"
    return {"Effect": "Allow", "Action": wanted[0] if len(wanted) == 1 else wanted, "Resource": resources}


def _partition(region: str) -> str:
    """The partition of a Region, as ARNs name it (botocore, partitions.json)."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov", "us-iso": "aws-iso", "us-isob": "aws-iso-b"}.get(
        region.rpartition("-")[0].rpartition("-")[0], "aws"
    )
