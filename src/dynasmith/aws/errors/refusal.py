"""A refusal of a service as one of our errors, the same for the control plane, the item flow and S3.

Messages are the service's own words, which hold no secret. Needs no botocore: processes that only move items have none.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynasmith.aws.errors.cancellation import cancelled_as
from dynasmith.aws.errors.codes import CANCELLED, is_clock, meaning_of
from dynasmith.aws.errors.policy_statement import actions_of, denied_action, statement_for
from dynasmith.errors import (
    AccessDenied,
    AccessError,
    CredentialsExpired,
    DynasmithError,
    NoCredentials,
    NotOffered,
    ServiceError,
    TableBusy,
    TableExists,
    TableNotFound,
    Throttled,
)
from dynasmith.ports.access import ResolvedAccess

DOCTOR_HINT = "dynasmith doctor shows what was found and where"
NOWHERE = ResolvedAccess()

_RESOURCE = re.compile(r"on resource: \"?(arn:[^\s\"]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReply:
    """What a service said when it refused a request. ``message`` has the reasons of a cancelled transaction."""

    status: int
    code: str
    message: str
    request_id: str
    #: The ThrottlingReasons, each "reason resource".
    throttled: tuple[str, ...] = ()
    #: Why each action of a transaction was cancelled; "" for an action that was not the reason.
    cancelled: tuple[str, ...] = ()


def refused(refusal: ErrorReply, operation: str, table: str, access: ResolvedAccess = NOWHERE) -> DynasmithError:
    """Our error for a refusal of ``operation`` (``dynamodb:PutItem``) on ``table``. Never raises."""
    meaning = meaning_of(refusal.code, refusal.status)
    if meaning.kind is TableNotFound and operation.startswith("dynamodb:") and table:
        return TableNotFound(table, hint=_absent_hint(access))
    if meaning.kind is TableExists or (meaning.kind is TableBusy and operation == "dynamodb:CreateTable"):
        return TableExists(table)
    if meaning.kind is TableBusy:
        return TableBusy(f"{table or 'The table'} is busy: {refusal.message or refusal.code}", hint=meaning.hint)
    if meaning.kind is AccessDenied:
        actions = actions_of(operation, refusal.message)
        where = resource_of(refusal.message)
        statement = statement_for(actions, table, region=access.region, account=access.account, resource=where)
        return denied(" and ".join(actions), on(table), refusal.message, statement)
    if meaning.kind is CredentialsExpired:
        return CredentialsExpired(
            "The AWS credentials have expired.", hint=f"log in again ({login(access)}), then run it again"
        )
    if meaning.kind is NoCredentials:
        return _unaccepted(refusal.code, refusal.message, access)
    if meaning.kind is NotOffered:
        return unoffered_by(operation, access)
    return _service_error(refusal, operation, table)


def verb_of(operation: str) -> str:
    """The operation without its service."""
    return operation.partition(":")[2] or operation


def on(table: str) -> str:
    """The table as the end of a sentence; empty where there is none."""
    return f" on {table}" if table else ""


def _service_error(refusal: ErrorReply, operation: str, table: str) -> ServiceError:
    code = refusal.code
    is_cancelled = code == CANCELLED and any(refusal.cancelled)
    meaning = cancelled_as(refusal.cancelled) if is_cancelled else meaning_of(code, refusal.status)
    kind = meaning.kind if issubclass(meaning.kind, ServiceError) else ServiceError
    where = f"{verb_of(operation)}{on(table)}"
    if is_cancelled:
        sentence = f"{where} was cancelled: {refusal.message}."
    else:
        request = f" (request {refusal.request_id})" if refusal.request_id and kind is ServiceError else ""
        words = f"{code}: {refusal.message}" if refusal.message else code or f"HTTP {refusal.status}"
        sentence = f"{where} was refused: {words}{request}"
    error = kind(sentence, hint=meaning.hint, service_code=code, operation=operation, request_id=refusal.request_id)
    if isinstance(error, Throttled):
        error.reasons = refusal.throttled
    return error


def resource_of(message: str) -> str:
    """The ARN that the service's words for a denied call name; empty where they name none."""
    found = _RESOURCE.search(message)
    return found[1].rstrip(".,") if found else ""


def allowing(statements: Sequence[Mapping[str, Any]], what: str = "it") -> str:
    """The hint that names the statements, as JSON to paste into a policy, that allow ``what``."""
    if len(statements) == 1:
        return f"this statement in the caller's policy allows {what}: {json.dumps(statements[0])}"
    return f"these statements in the caller's policy allow {what}: {json.dumps([*statements])}"


def denied(action: str, where: str, message: str, statement: Mapping[str, Any]) -> AccessDenied:
    """The error for a call that a permission is missing for, with the statement that allows it."""
    allow = allowing([statement])
    if "explicit deny" in message:
        allow = f"a policy denies it explicitly and must be changed first; then {allow}"
    return AccessDenied(
        f"{action}{where} is not allowed: {message or 'the service gave no reason'}",
        hint=allow,
        action=action,
        statement=statement,
    )


def unread_access(reason: str, table: str, access: ResolvedAccess, sentence: str = "") -> AccessError:
    """The error for something that could not be read, of which the reason was kept: AccessDenied with the statement
    that allows it where the reason is a refusal. ``sentence`` is what it says, by default the reason."""
    action = denied_action(reason)
    said = sentence or f"{reason}."
    if not action:
        return AccessError(said)
    where = resource_of(reason)
    statement = statement_for([action], table, region=access.region, account=access.account, resource=where)
    found = denied(action, "", reason, statement)
    found.message, found.args = said, (said,)
    return found


def unread_settings(reasons: Collection[str], table: str, access: ResolvedAccess) -> AccessError:
    """The error for several settings that could not be read: as `unread_access` of each, with all the statements."""
    errors = [unread_access(each, table, access) for each in reasons]
    refusals = [each for each in errors if isinstance(each, AccessDenied)]
    sentence = f"{'; '.join(each.message.rstrip('.') for each in errors)}."
    if not refusals:
        return AccessError(sentence)
    return AccessDenied(
        sentence,
        hint=allowing([each.statement for each in refusals]),
        action=" and ".join(each.action for each in refusals),
        statement=refusals[0].statement,
    )


def unoffered_by(operation: str, access: ResolvedAccess) -> NotOffered:
    """The error for an operation that the engine at the endpoint does not have."""
    service, _, verb = operation.partition(":")
    who = f"The engine at {access.endpoint_of(service)}" if access.isolated else f"The service at {access.place}"
    return NotOffered(f"{who} does not offer {service} {verb}.", hint="use an engine that offers it, or AWS")


def login(access: ResolvedAccess) -> str:
    """The command that logs in again."""
    return f"aws sso login --profile {access.profile}" if access.profile else "aws sso login, or new keys"


def _absent_hint(access: ResolvedAccess) -> str:
    if access.isolated:
        return "dynasmith list shows the existing tables"
    where = f" in {access.region}" if access.region else ""
    return f"dynasmith list shows the existing tables{where}; another Region is chosen with --region"


def _unaccepted(code: str, message: str, access: ResolvedAccess) -> NoCredentials:
    if is_clock(code, message):
        return NoCredentials(
            "The signature was refused, since the clock of this machine is wrong.",
            hint="set the clock, then run it again",
        )
    if "security token" in message and not access.isolated:
        region = access.region or "this Region"
        hint = f"the keys are not known in {region}, or {region} is not enabled for the account; {DOCTOR_HINT}"
    else:
        hint = DOCTOR_HINT
    return NoCredentials(f"The AWS credentials were not accepted ({code}).", hint=hint)
