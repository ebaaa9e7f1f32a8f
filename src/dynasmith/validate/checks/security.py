"""Who can read the items: the key that encrypts them, the resource policy, keys shown in graphs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UnsetType

from dynasmith.tables.table import EncryptionKind
from dynasmith.validate.check import Check, Problem, Subject
from dynasmith.validate.checks.state import KEY_STATES


def _key(subject: Subject) -> Iterator[Problem]:
    # The key that AWS owns encrypts too and cannot be lost: a table without SSEDescription is never a finding.
    status = "" if subject.live is None else subject.live.status
    if status not in KEY_STATES:
        return
    if status == "INACCESSIBLE_ENCRYPTION_CREDENTIALS":
        yield Problem("encryption", "DynamoDB cannot use the KMS key that encrypts the table.")
    else:
        yield Problem(
            "encryption",
            f"The table is {status}, since its KMS key could not be used for seven days.",
            fix="restore the backup that DynamoDB made of it, under another name or after deleting what is left",
        )


def _open_policy(subject: Subject) -> Iterator[Problem]:
    # The definition's too, while a live table is judged: it is what the next apply puts.
    tables = [subject.table] if subject.desired is None else [subject.table, subject.desired]
    for policy in sorted({table.resource_policy for table in tables if isinstance(table.resource_policy, str)}):
        statements = json.loads(policy).get("Statement", [])
        for number, statement in enumerate(statements if isinstance(statements, list) else [statements], start=1):
            if isinstance(statement, dict) and _is_open(statement):
                said = statement.get("Sid") or f"number {number}"
                yield Problem("resource_policy", f"Statement {said} allows everybody, in every AWS account.")


def _is_open(statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow" or statement.get("Condition"):
        return False
    principal = statement.get("Principal", {})
    named = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
    # NotPrincipal with Allow is everybody but the ones it names.
    return "NotPrincipal" in statement or "*" in ([named] if isinstance(named, str) else named)


def _insights(subject: Subject) -> Iterator[Problem]:
    encryption = subject.table.encryption
    if isinstance(encryption, UnsetType) or subject.table.contributor_insights is not True:
        return
    if encryption.kind is not EncryptionKind.AWS_OWNED:
        whose = "your KMS key" if encryption.kind is EncryptionKind.CUSTOMER else "the key aws/dynamodb"
        yield Problem("contributor_insights", f"Contributor insights are on, and {whose} encrypts the table.")


CHECKS = (
    Check(
        code="DS010",
        title="The key that encrypts the table can be used",
        why="Reads and writes fail; after seven days DynamoDB archives the table to a backup.",
        fix="enable the key again, or allow DynamoDB to use it, within seven days",
        source="API, TableDescription, TableStatus; Developer Guide, Encryption at rest usage notes",
        severities=("critical",),
        look=_key,
        live=True,
    ),
    Check(
        code="DS011",
        title="The resource policy does not allow everybody",
        why="Anybody with an AWS account could do what it allows; block public access refuses such a policy.",
        fix="name the principals, or add a condition (aws:PrincipalOrgID, aws:SourceVpce ...)",
        source="Developer Guide, Blocking public access with resource-based policies",
        severities=("critical",),
        look=_open_policy,
        reads=("resource_policy",),
    ),
    Check(
        code="DS012",
        title="Contributor insights do not show keys that a KMS key protects",
        why="CloudWatch shows partition and sort keys of busy items in plain text.",
        fix="turn contributor insights off, or suppress the finding if keys hold nothing personal",
        source="API, UpdateContributorInsights",
        severities=("warning",),
        look=_insights,
        reads=("encryption", "contributor_insights"),
    ),
)
