"""Policy statements that would allow what was denied.

Source of which service takes which resource: "Actions, resources, and condition keys" of the Service Authorization
Reference for DynamoDB, Application Auto Scaling, KMS and STS.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dynasmith.aws.errors.action_resources import takes_no_resource

_ACTION = re.compile(r"perform: ([a-z0-9-]+:\w+)")
_DENIED = re.compile(r"(?:^|: )([a-z0-9-]+:[A-Z]\w+)[^:]* is not allowed: ")
_TABLE = re.compile(r"arn:[\w-]+:dynamodb:[^:]+:[^:]+:table/[^/]+")

#: The actions of operations that are not actions themselves.
_ACTIONS_OF: Final[Mapping[str, Sequence[str]]] = {
    "dynamodb:BatchExecuteStatement": ("dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"),
    "dynamodb:TransactGetItems": ("dynamodb:GetItem",),
    "dynamodb:TransactWriteItems": (
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:DeleteObjects": ("s3:DeleteObject",),
}


def actions_of(operation: str, message: str = "") -> Sequence[str]:
    """The IAM actions that a denied operation (``dynamodb:PutItem``) needs: the one that the service's words name, else
    those of the operation."""
    found = _ACTION.search(message)
    return (found[1],) if found else _ACTIONS_OF.get(operation, (operation,))


def denied_action(reason: str) -> str:
    """The action that a sentence about a denied call begins with; empty for another sentence."""
    found = _DENIED.search(reason)
    return found[1] if found else ""


def statement_for(
    actions: Iterable[str], table: str, *, region: str = "", account: str = "", resource: str = ""
) -> dict[str, Any]:
    """A policy statement that allows these actions on that table and its indexes, as narrow as IAM takes it.

    ``resource`` is an ARN that the service named, ``table`` may be one; else Region and account are ``*`` where they
    are not known. Actions of other services are allowed on the resource that the service named, or on every one.
    """
    wanted = sorted(set(actions))
    arn = f"arn:{partition_of(region)}:dynamodb:{region or '*'}:{account or '*'}:table/{table or '*'}"
    if found := _TABLE.match(resource) or _TABLE.match(table):
        arn = found[0]
    resources: Any = [arn, f"{arn}/index/*"]
    if not all(action.startswith("dynamodb:") and not takes_no_resource(action) for action in wanted):
        named = resource.startswith("arn:") and not any(map(takes_no_resource, wanted))
        resources = resource if named else "*"
    elif resource.startswith(f"{arn}/") and not resource.startswith(f"{arn}/index/"):
        resources = resource  # a backup, an export, a stream
    return {"Effect": "Allow", "Action": wanted[0] if len(wanted) == 1 else wanted, "Resource": resources}


def bucket_statement(actions: Iterable[str], bucket: str, prefix: str, *, region: str = "") -> dict[str, Any]:
    """A policy statement that allows these actions of S3 on the objects below ``prefix``, or on the bucket.

    Source of which action takes the bucket: the Service Authorization Reference for Amazon S3.
    """
    wanted = sorted(set(actions))
    arn = f"arn:{partition_of(region)}:s3:::{bucket}"
    resources = [arn] if "s3:ListBucket" in wanted else []
    if wanted != ["s3:ListBucket"]:
        resources.append(f"{arn}/{prefix}*")
    return {
        "Effect": "Allow",
        "Action": wanted[0] if len(wanted) == 1 else wanted,
        "Resource": resources[0] if len(resources) == 1 else resources,
    }


def partition_of(region: str) -> str:
    """The partition of a Region, as ARNs name it (botocore, partitions.json)."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov", "us-iso": "aws-iso", "us-isob": "aws-iso-b"}.get(
        region.rpartition("-")[0].rpartition("-")[0], "aws"
    )
