"""AWS managed policies that an engine may lack, as far as they concern DynamoDB, its backups and its streams.

Source: AWS Managed Policy Reference, AWSBackupServiceRolePolicyForBackup, AWSBackupServiceRolePolicyForRestores,
AWSLambdaDynamoDBExecutionRole and AWSLambdaBasicExecutionRole.
What they say of other services is left out here.
"""

from collections.abc import Mapping
from typing import Any

_PREFIX = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor"
_LAMBDA = "arn:aws:iam::aws:policy/service-role/AWSLambda"
_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
_READS_STREAMS = [f"dynamodb:{one}" for one in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")]
_TABLES, _BACKUPS = "arn:aws:dynamodb:*:*:table/*", "arn:aws:dynamodb:*:*:table/*/backup/*"


def _allow(actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


MANAGED: Mapping[str, Mapping[str, Any]] = {
    _PREFIX + "Backup": {
        "Version": "2012-10-17",
        "Statement": [
            _allow(["dynamodb:DescribeTable", "dynamodb:CreateBackup"], _TABLES),
            _allow(["dynamodb:DescribeBackup", "dynamodb:DeleteBackup"], _BACKUPS),
            _allow(["dynamodb:StartAwsBackupJob", "dynamodb:ListTagsOfResource"], _TABLES),
            _allow(["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"], "arn:aws:backup:*:*:backup-vault:*"),
            _allow(["tag:GetResources"], "*"),
        ],
    },
    _PREFIX + "Restores": {
        "Version": "2012-10-17",
        "Statement": [
            _allow(
                [
                    *("dynamodb:Scan", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:GetItem"),
                    *("dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:DescribeTable"),
                    "dynamodb:RestoreTableFromAwsBackup",
                ],
                _TABLES,
            ),
            _allow(["dynamodb:RestoreTableFromBackup"], _BACKUPS, _TABLES),
            _allow(["dynamodb:RestoreTableFromAwsBackup"], "arn:aws:backup:*:*:recovery-point:*"),
        ],
    },
    _LAMBDA + "DynamoDBExecutionRole": {
        "Version": "2012-10-17",
        "Statement": [_allow([*_READS_STREAMS, *_LOGS], "*")],
    },
    _LAMBDA + "BasicExecutionRole": {"Version": "2012-10-17", "Statement": [_allow(_LOGS, "*")]},
}
