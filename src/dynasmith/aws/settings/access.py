"""Access of functions and roles, as Lambda says the roles and IAM takes the policies."""

import json
from collections.abc import Mapping
from typing import Any, Final

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.live_access import (
    ABSENT_ROLE,
    account_roles,
    changeable_role,
    document_of_role,
    function_role,
    live_entries,
    unmodifiable,
)
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.errors import AccessDenied, DynasmithError, LimitExceeded, ServiceError, UsageError
from dynasmith.tables.access_policy import (
    TablePlace,
    canonical,
    entry_id,
    policy_name,
    role_name,
    same_access,
    with_entry,
    without_entry,
)
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.access import AccessSetting, Call, CallGrant, CallRevoke
from dynasmith.tables.table import Access, Table, known

INLINE_MAX_CHARACTERS: Final = 10_240
"""IAM quotas: the inline policies of a role together, without white space."""
_TOO_LARGE: Final = ("LimitExceeded", "LimitExceededException")
_UNMODIFIABLE: Final = ("UnmodifiableEntity", "UnmodifiableEntityException")


class ServiceAccess(ReadSetting[Call]):
    """PutRolePolicy, DeleteRolePolicy, GetRolePolicy, GetAccountAuthorizationDetails; Lambda's
    GetFunctionConfiguration."""

    setting = AccessSetting()
    needs_arn = True
    read_actions = ("iam:GetAccountAuthorizationDetails", "lambda:GetFunctionConfiguration", "kms:DescribeKey")
    write_actions = (
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "lambda:GetFunctionConfiguration",
        "kms:DescribeKey",
    )

    def request(self, table: str, arn: str, step: Call) -> ServiceRequest:
        """With the role's name in place of the function's and the whole policy, once they are known."""
        _, name = entry_id(step.entry)
        role = step.entry.held_by or name
        if isinstance(step, CallRevoke):
            return _iam("DeleteRolePolicy", {"RoleName": role, "PolicyName": policy_name(table)})
        document = with_entry(None, step.entry, TablePlace(arn=arn))
        return _put(role, policy_name(table), document or {})

    def completed_request(
        self, session: Service, described: TableDescription, step: Call, request: ServiceRequest
    ) -> ServiceRequest | None:
        place = place_of(session, described)
        return access_request(session, described.table.name, place, step)

    def refusal(self, session: Service, table: str, step: Call, error: DynasmithError) -> DynasmithError:
        if not isinstance(error, ServiceError):
            return error
        _, name = entry_id(step.entry)
        if error.service_code in _UNMODIFIABLE:
            return unmodifiable(name)
        if error.service_code in ABSENT_ROLE:
            return UsageError(f"The role of {name} does not exist.", hint="give the function a role that exists")
        if error.service_code in _TOO_LARGE:
            return LimitExceeded(
                f"The role of {name} has no room for another policy: its inline policies may have "
                f"{INLINE_MAX_CHARACTERS:,} characters together.",
                hint="move inline policies of the role into managed ones, or name fewer single actions and indexes",
                service_code=error.service_code,
                operation=error.operation,
                request_id=error.request_id,
            )
        return error

    def is_already(self, step: Call, table: Table) -> bool:
        there = [each for each in known(table.access, ()) if each.state != "left"]
        same = [each for each in there if entry_id(each) == entry_id(step.entry)]
        if isinstance(step, CallRevoke):
            return not same
        return any(same_access(step.entry, each) for each in same)

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        found = live_entries(session, described.table.name, lambda: place_of(session, described))
        return replace(described, table=replace(described.table, access=found))


def access_request(session: Service, table: str, place: TablePlace, step: Call) -> ServiceRequest | None:
    """The request that a grant or a removal is for the role as it is now; None where nothing is left to do.

    Raises UsageError where the function or the role does not exist, AccessError where the role is AWS's own.
    """
    role = role_of(session, step)
    there = document_of_role(session, role, policy_name(table))
    if isinstance(step, CallGrant):
        document = with_entry(there, step.entry, place)
    else:
        document = None if there is None else without_entry(there, step.entry, place)
    return None if document is None else policy_request(session, role, table, document)


def policy_request(session: Service, role: str, table: str, document: Mapping[str, Any]) -> ServiceRequest:
    """The request that makes ``document`` the role's policy for a table: a document without statements is deleted.
    The session notes the change, so that it reads the role again."""
    account_roles(session).changed(role)
    policy = policy_name(table)
    if not document["Statement"]:
        return _iam("DeleteRolePolicy", {"RoleName": role, "PolicyName": policy})
    return _put(role, policy, document)


def role_of(session: Service, step: Call) -> str:
    """The name of the role that a step changes."""
    if isinstance(step, CallRevoke) and step.entry.held_by:
        return step.entry.held_by
    kind, name = entry_id(step.entry)
    return changeable_role(session, name, function_role(session, name) if kind == "function" else "")


def place_of(session: Service, described: TableDescription) -> TablePlace:
    """The table, and the key of the customer that encrypts it: one call, and one of KMS where a key does."""
    name = described.table.name
    said = session.call("dynamodb", "DescribeTable", {"TableName": name}, table=name)["Table"].get("SSEDescription")
    key = str((said or {}).get("KMSMasterKeyArn") or "")
    if key and _is_of_aws(session, key):
        key = ""
    return TablePlace(arn=described.arn, key=key)


def _is_of_aws(session: Service, key: str) -> bool:
    """Whether AWS manages a key: callers need no action on it then. Raises AccessDenied where KMS may not be asked."""
    try:
        told = session.call("kms", "DescribeKey", {"KeyId": key})["KeyMetadata"]
    except AccessDenied:
        raise
    except DynasmithError:
        return False
    return bool(told.get("KeyManager") == "AWS")


def resolved_access(entries: tuple[Access, ...], region: str, account: str) -> tuple[Access, ...]:
    """The wish with functions of this Region and account by their names. Raises UsageError for a function or role of
    another account, and for one that is named twice."""
    found = tuple(_resolved(entry, region, account) for entry in entries)
    names = [entry_id(entry) for entry in found]
    for kind, name in names:
        if names.count((kind, name)) > 1:
            raise UsageError(f"The {kind} {name} has access twice.", hint="merge the two entries")
    return found


def _resolved(entry: Access, region: str, account: str) -> Access:
    for kind in ("function", "role"):
        said = getattr(entry, kind)
        if isinstance(said, UnsetType) or not said.startswith("arn:"):
            continue
        parts = said.split(":")
        if len(parts) < 6 or parts[2] != ("lambda" if kind == "function" else "iam"):
            raise UsageError(f"{said} is not the ARN of a {kind}.", hint="write its name")
        if account and parts[4] != account:
            raise UsageError(
                f"The {kind} {said} belongs to another account, whose roles cannot be changed from here.",
                hint="allow it in the resource_policy of the table, and grant it there with the account's own tools",
            )
        if kind == "role":
            return canonical(replace(entry, role=role_name(said)))
        if parts[3] == region:
            return canonical(replace(entry, function=":".join(parts[6:])))
    return canonical(entry)


def _put(role: str, policy: str, document: Mapping[str, Any]) -> ServiceRequest:
    text = json.dumps(document, separators=(",", ":"))
    return _iam("PutRolePolicy", {"RoleName": role, "PolicyName": policy, "PolicyDocument": text})


def _iam(operation: str, parameters: dict[str, Any]) -> ServiceRequest:
    return ServiceRequest(service="iam", operation=operation, parameters=parameters)
