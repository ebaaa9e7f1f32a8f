"""What an IAM action can be narrowed to, and the least statements that allow some of them.

Source: "Actions, resources, and condition keys" of the Service Authorization Reference, of DynamoDB, Application Auto
Scaling, AWS Backup, CloudTrail, CloudWatch, CloudWatch Logs, IAM, KMS, Lambda, S3 and Systems Manager. One that is not
here is allowed on every resource, because its service knows none for it, or none that is known before the call.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

_DYNAMODB: Final = "arn:{partition}:dynamodb:{region}:{account}:table/{table}"
_TABLE: Final = (_DYNAMODB,)
_ITEMS: Final = (_DYNAMODB, f"{_DYNAMODB}/index/*")
_LAMBDA: Final = "arn:{partition}:lambda:{region}:{account}:"
_ROLE: Final = ("arn:{partition}:iam::{account}:role/{role}",)
_BACKUP: Final = "arn:{partition}:backup:{region}:{account}:"
_PLANS, _VAULTS = (f"{_BACKUP}backup-plan:*",), (f"{_BACKUP}backup-vault:*",)
_TRAILS: Final = ("arn:{partition}:cloudtrail:{region}:{account}:trail/*",)
_ALARMS: Final = ("arn:{partition}:cloudwatch:{region}:{account}:alarm:*",)

_DYNAMODB_ANYWHERE: Final = frozenset(
    f"dynamodb:{each}"
    for each in ("ListBackups", "ListContributorInsights", "ListExports", "ListImports", "ListTables")
)
_DYNAMODB_OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    **{
        f"dynamodb:{each}": _ITEMS
        for each in (*("DescribeContributorInsights", "PartiQLSelect", "Query", "Scan", "UpdateContributorInsights"),)
    },
    **{f"dynamodb:{each}": (f"{_DYNAMODB}/backup/*",) for each in ("DeleteBackup", "DescribeBackup")},
    "dynamodb:RestoreTableFromBackup": (_DYNAMODB, f"{_DYNAMODB}/backup/*"),
    "dynamodb:DescribeExport": (f"{_DYNAMODB}/export/*",),
    "dynamodb:DescribeImport": (f"{_DYNAMODB}/import/*",),
    **{f"dynamodb:{each}": (f"{_DYNAMODB}/stream/*",) for each in ("DescribeStream", "GetRecords", "GetShardIterator")},
}
_OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    **{
        f"lambda:{each}": (f"{_LAMBDA}function:{{function}}",)
        for each in ("GetFunctionConfiguration", "InvokeFunction")
    },
    **{
        f"lambda:{each}": (f"{_LAMBDA}event-source-mapping:*",)
        for each in ("DeleteEventSourceMapping", "UpdateEventSourceMapping")
    },
    **{
        f"iam:{each}": _ROLE
        for each in (
            *("AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePolicy", "DetachRolePolicy", "GetRole"),
            *("GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies", "PassRole", "PutRolePolicy"),
            "SimulatePrincipalPolicy",
        )
    },
    **{
        f"backup:{each}": _PLANS
        for each in (
            *("CreateBackupSelection", "DeleteBackupPlan", "DeleteBackupSelection", "GetBackupPlan"),
            *("GetBackupSelection", "ListBackupSelections", "UpdateBackupPlan"),
        )
    },
    **{
        f"backup:{each}": _VAULTS
        for each in ("CreateBackupVault", "DeleteBackupVault", "ListRecoveryPointsByBackupVault", "StartBackupJob")
    },
    **{f"cloudwatch:{each}": _ALARMS for each in ("DeleteAlarms", "PutMetricAlarm")},
    **{f"cloudtrail:{each}": _TRAILS for each in ("GetEventSelectors", "GetTrailStatus")},
    "s3:ListBucket": ("arn:{partition}:s3:::{bucket}",),
    **{
        f"s3:{each}": ("arn:{partition}:s3:::{bucket}/*",)
        for each in ("AbortMultipartUpload", "DeleteObject", "GetObject", "PutObject", "PutObjectAcl")
    },
    **{
        f"ssm:{each}": ("arn:{partition}:ssm:{region}:{account}:parameter/{parameter}",)
        for each in ("GetParameter", "PutParameter")
    },
    "logs:FilterLogEvents": ("arn:{partition}:logs:{region}:{account}:log-group:/aws/lambda/{function}:*",),
}


class ResourceNames(Struct, frozen=True, kw_only=True):
    """What is known of the resources that actions are on; ``*`` where nothing is."""

    partition: str = "aws"
    region: str = "*"
    account: str = "*"
    table: str = "*"
    function: str = "*"
    role: str = "*"
    bucket: str = "*"
    parameter: str = "*"


def takes_no_resource(action: str) -> bool:
    """Whether an action is allowed on ``*`` only."""
    return not _patterns(action)


def resources_of(action: str, names: ResourceNames) -> tuple[str, ...]:
    """The resources that an action is narrowed to, ``("*",)`` where it cannot be."""
    known = {field: getattr(names, field) for field in names.__struct_fields__}
    return tuple(each.format(**known) for each in _patterns(action)) or ("*",)


def policy_statements(actions: Iterable[str], names: ResourceNames) -> list[dict[str, Any]]:
    """The statements that allow these actions, one for those on the same resources, narrow ones first."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for action in sorted(set(actions)):
        groups.setdefault(resources_of(action, names), []).append(action)
    return [
        {
            "Effect": "Allow",
            "Action": wanted[0] if len(wanted) == 1 else wanted,
            "Resource": resources[0] if len(resources) == 1 else [*resources],
        }
        for resources, wanted in sorted(groups.items(), key=lambda each: (each[0] == ("*",), each[0]))
    ]


def _patterns(action: str) -> tuple[str, ...]:
    if action.startswith("dynamodb:"):
        return () if action in _DYNAMODB_ANYWHERE else _DYNAMODB_OTHERS.get(action, _TABLE)
    return _OTHERS.get(action, ())
