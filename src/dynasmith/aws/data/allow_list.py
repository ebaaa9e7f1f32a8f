"""The allow-list of a dry run: which calls only read. What it does not name is refused, whatever it is.

Used twice: for dynasmith's own clients of a dry run, and for what user code asks the guard to pass on.
"""

import re
from collections.abc import Mapping
from typing import Any

READS = frozenset({"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"})
"""Reads of items (API reference of DynamoDB)."""

STATEMENTS = {"ExecuteStatement": "", "BatchExecuteStatement": "Statements"}
"""Operations of PartiQL, and the list that holds their statements. A statement reads when it is a SELECT."""

_LOOKS = re.compile(r"(Describe|List)[A-Z][A-Za-z0-9]*\Z")
_SELECT = re.compile(r"\s*SELECT\s", re.IGNORECASE)

OWN_READS = frozenset(
    {
        "backup:GetBackupPlan",
        "backup:GetBackupSelection",
        "backup:GetRecoveryPointRestoreMetadata",
        "cloudwatch:GetMetricData",
        "dynamodb:GetResourcePolicy",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:SimulatePrincipalPolicy",
        "kms:Decrypt",  # values of encrypted attributes
        "kms:GenerateDataKey",  # it changes nothing: the key is kept by whoever asked
        "lambda:GetFunctionConfiguration",
        "logs:FilterLogEvents",
        "s3:GetObject",  # a job, or an undo journal, that is kept in S3; an export
        "s3:HeadObject",
        "sts:AssumeRole",  # how the clients of a dry run get the role that may only read
        "sts:GetCallerIdentity",
    }
)
"""Calls of dynasmith itself that read and that no rule below names."""


_GETS = re.compile(r"Get[A-Z][A-Za-z0-9]*\Z")
_GETTERS = frozenset({"backup", "cloudwatch", "iam", "lambda", "logs"})
"""Services whose every operation that begins with Get only reads (their API references)."""


def only_reads(operation: str, request: Mapping[str, Any]) -> bool:
    """Whether a call of DynamoDB with these parameters only reads."""
    if operation in READS or _LOOKS.match(operation):
        return True
    if operation not in STATEMENTS:
        return False
    listed = STATEMENTS[operation]
    statements = request.get(listed) if listed else [request]
    return (
        isinstance(statements, list)
        and bool(statements)
        and all(isinstance(one, Mapping) and _selects(one.get("Statement")) for one in statements)
    )


def own_call_reads(service: str, operation: str, request: Mapping[str, Any]) -> bool:
    """Whether a call of dynasmith's own only reads: those of DynamoDB, and looks at other services."""
    if f"{service}:{operation}" in OWN_READS or (service == "dynamodb" and only_reads(operation, request)):
        return True
    return bool(_LOOKS.match(operation) or (service in _GETTERS and _GETS.match(operation)))


def _selects(statement: object) -> bool:
    return isinstance(statement, str) and bool(_SELECT.match(statement))
