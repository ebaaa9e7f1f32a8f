"""Policy statements that would allow what was denied.

Source of which service takes which resource: "Actions, resources, and condition keys" of the Service Authorization
Reference for DynamoDB, Application Auto Scaling, KMS and STS.
"""

from collections.abc import Iterable
from typing import Any

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


def bucket_statement(actions: Iterable[str], bucket: str, prefix: str, *, region: str = "") -> dict[str, Any]:
    """A policy statement that allows these actions of S3 on the objects below ``prefix``, or on the bucket.

    Source of which action takes the bucket: the Service Authorization Reference for Amazon S3.
    """
    wanted = sorted(set(actions))
    arn = f"arn:{_partition(region)}:s3:::{bucket}"
    resources = [arn] if "s3:ListBucket" in wanted else []
    if wanted != ["s3:ListBucket"]:
        resources.append(f"{arn}/{prefix}*")
    return {
        "Effect": "Allow",
        "Action": wanted[0] if len(wanted) == 1 else wanted,
        "Resource": resources[0] if len(resources) == 1 else resources,
    }


def _partition(region: str) -> str:
    """The partition of a Region, as ARNs name it (botocore, partitions.json)."""
    return {"cn": "aws-cn", "us-gov": "aws-us-gov", "us-iso": "aws-iso", "us-isob": "aws-iso-b"}.get(
        region.rpartition("-")[0].rpartition("-")[0], "aws"
    )
