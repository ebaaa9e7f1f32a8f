"""Whether AWS Backup can take a role, and whether the role lets it do a job."""

from collections.abc import Iterable

from dynasmith.strict.iam.judgement import AccessRequest, judge
from dynasmith.strict.services.roles import role
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.state import Account

SERVICE = "backup.amazonaws.com"
# Managed policy AWSBackupServiceRolePolicyForBackup; usage notes of the developer guide for the second.
BACKS_UP = ("dynamodb:DescribeTable", "dynamodb:CreateBackup")
BACKS_UP_MANAGED = ("dynamodb:DescribeTable", "dynamodb:StartAwsBackupJob")
_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "GetItem", "Query", "Scan", "BatchWriteItem")
RESTORES_INTO = tuple(f"dynamodb:{one}" for one in _WRITES)


async def untrusted(world: StrictWorld, account: Account, arn: str) -> str:
    """Why AWS Backup cannot take a role, as it says it; "" where it can."""
    found = await role(world, account, arn)
    asked = AccessRequest(SERVICE, "sts:AssumeRole", arn, service=True)
    if found is not None and judge(asked, (), found.trust) == "allowed":
        return ""
    # https://github.com/hashicorp/terraform-provider-aws, internal/service/backup/selection.go waits for its end.
    return f"IAM Role {arn} cannot be assumed by AWS Backup"


async def first_missing(world: StrictWorld, account: Account, arn: str, needed: Iterable[tuple[str, str]]) -> str:
    """Why a role does not let a job run: that it cannot be taken, or the first action that it lacks, and no other; ""
    where it lets it."""
    why = await untrusted(world, account, arn)
    if why:
        return why
    found = await role(world, account, arn)
    assert found is not None
    for action, resource in needed:
        context = {"aws:principalarn": (arn,), "aws:requestedregion": (account.key[1],)}
        if judge(AccessRequest(arn, action, resource, context=context), found.policies) != "allowed":
            return f"The IAM role {arn} is not authorized to perform: {action} on resource: {resource}"
    return ""
