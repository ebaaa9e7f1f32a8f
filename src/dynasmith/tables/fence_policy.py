"""The fence of a replacement: one statement in the resource policy of a table that denies its writes to everybody.

An explicit denial binds principals of the table's own account too. Transactions are judged by their actions, PartiQL by
its own; the service-linked role that replicates a global table is left out, since denying it stops replication. Nothing
else is denied: the policy itself, descriptions and reads stay as they are. Sources: Developer Guide, "Resource-based
policy considerations" and "DynamoDB global tables security"; Service Authorization Reference for DynamoDB.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from dynasmith.tables.document_shape import canonical_json

FENCE_SID: Final = "DynasmithFence"
FENCED_ACTIONS: Final = tuple(
    f"dynamodb:{action}"
    for action in (
        *("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"),
        *("PartiQLInsert", "PartiQLUpdate", "PartiQLDelete", "StartBulkPutItems"),
    )
)
_REPLICATION: Final = "role/aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication"


def fenced_policy(policy: str | None, table_arn: str, passes: Sequence[str] = ()) -> str:
    """A policy (None: none) with the fence in it, in place of one that was there. ``passes`` are patterns of the ARNs
    of principals that may still write. ValueError for a policy that is no JSON object."""
    whole = _whole(policy)
    partition, account = table_arn.split(":")[1], table_arn.split(":")[4]
    replication = f"arn:{partition}:iam::{account}:{_REPLICATION}"
    statement = {
        "Sid": FENCE_SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(FENCED_ACTIONS),
        "Resource": table_arn,
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": [replication, *passes]}},
    }
    return canonical_json({**whole, "Statement": [*_others(whole), statement]})


def unfenced_policy(policy: str) -> str | None:
    """A policy without the fence; None where nothing is left of it. ValueError for a policy that is no JSON object."""
    whole = _whole(policy)
    others = _others(whole)
    return canonical_json({**whole, "Statement": others}) if others else None


def is_fenced(policy: str | None) -> bool:
    """Whether a policy has the fence."""
    return policy is not None and len(_others(whole := _whole(policy))) < len(_statements(whole))


def principal_patterns(caller_arn: str) -> tuple[str, ...]:
    """What ``aws:PrincipalArn`` may be for a caller, by the ARN that STS says: of a session the role, whose path STS
    leaves out."""
    parts = caller_arn.split(":")
    kind, _, rest = parts[-1].partition("/")
    if len(parts) < 6 or kind != "assumed-role":
        return (caller_arn,)
    role = f"arn:{parts[1]}:iam::{parts[4]}:role/"
    name = rest.partition("/")[0]
    return (f"{role}{name}", f"{role}*/{name}")


def _whole(policy: str | None) -> dict[str, Any]:
    value = {"Version": "2012-10-17"} if policy is None else json.loads(policy)
    if not isinstance(value, dict):
        raise ValueError("a policy is a JSON object")  # noqa: TRY004  # wrong text, not a wrong call
    return value


def _statements(whole: dict[str, Any]) -> list[Any]:
    found = whole.get("Statement") or []
    return found if isinstance(found, list) else [found]


def _others(whole: dict[str, Any]) -> list[Any]:
    return [one for one in _statements(whole) if not (isinstance(one, dict) and one.get("Sid") == FENCE_SID)]
