"""The one place where botocore's errors become ours: most specific first, an unknown one keeps its code and request id.

Messages are the service's own words, which hold no secret; what botocore says about files and endpoints is not
repeated where it could hold one.
"""

import json
from typing import Any

from botocore import __version__ as botocore_version
from botocore import exceptions as foreign

from dynasmith.aws.broken_replies import BROKEN
from dynasmith.aws.control.permissions import statement_for
from dynasmith.aws.errors.codes import ABSENT, BUSY, DENIED, EXPIRED, KINDS, UNACCEPTED, UNOFFERED
from dynasmith.aws.transactions import CANCELLED, CONFLICTS, HINT, cancelled_as, codes_of, sentence
from dynasmith.errors import (
    AccessDenied,
    AccessError,
    CredentialsExpired,
    DynasmithError,
    LimitExceeded,
    NoCredentials,
    NotOffered,
    ProjectError,
    RunError,
    ServiceError,
    ServiceUnavailable,
    TableBusy,
    TableExists,
    TableNotFound,
    Throttled,
    Unreachable,
    ValidationRefused,
)
from dynasmith.ports.access import ResolvedAccess, is_loopback

_DOCTOR = "dynasmith doctor shows what was found and where"

_NOWHERE = ResolvedAccess()


def translate(
    error: Exception, operation: str, table: str = "", *, access: ResolvedAccess = _NOWHERE
) -> DynasmithError:
    """Our error for what botocore raised while doing ``operation`` (``dynamodb:DescribeTable``) on ``table``.

    Returns it; the caller raises it ``from error``. One of ours comes back as it is. Never raises.
    """
    if isinstance(error, DynasmithError):
        return error
    if isinstance(error, foreign.ClientError):
        return _of_service(error, operation, table, access)
    return _of_botocore(error, operation, table, access)


def not_offered_here(operation: str) -> NotOffered:
    """The error for an operation, or a parameter of one, that the installed botocore does not know."""
    return NotOffered(
        f"The installed botocore {botocore_version} does not know {operation}.",
        hint=f"it needs a newer botocore than {botocore_version}: python -m pip install --upgrade boto3",
    )


def _on(table: str) -> str:
    return f" on {table}" if table else ""


def _of_service(error: foreign.ClientError, operation: str, table: str, access: ResolvedAccess) -> DynasmithError:
    answer: dict[str, Any] = dict(error.response)
    told = answer.get("Error", {})
    code, message = str(told.get("Code", "")), str(told.get("Message", "")).strip()
    facts = answer.get("ResponseMetadata", {})
    status = int(facts.get("HTTPStatusCode", 0) or 0)
    request_id = str(facts.get("RequestId", ""))
    code = code.rsplit("#", 1)[-1]
    if _is_unoffered(code, message, status, operation, access):
        return unoffered_by(operation, access)
    if code == BROKEN:
        return ServiceUnavailable(
            f"{_verb(operation)}{_on(table)} got a reply that is not the service's: {message}.",
            hint="check the proxies on the way to " + (access.place or "the service") + ", then run it again",
            service_code=code,
            operation=operation,
            request_id=request_id,
        )
    if _is_page(message):
        return ServiceError(
            f"The engine at {access.place} failed at {_verb(operation)}{_on(table)} (HTTP {status}, a page of HTML).",
            hint="its log says why; another engine may do it",
            service_code=code,
            operation=operation,
            request_id=request_id,
        )
    if code in ABSENT and operation.startswith("dynamodb:") and table:
        return TableNotFound(table, hint=_absent_hint(access))
    if operation == "dynamodb:CreateTable" and code in (*BUSY, "TableAlreadyExistsException"):
        return TableExists(table)
    if code == "TableAlreadyExistsException":
        return TableExists(table)
    if code in BUSY:
        return TableBusy(
            f"{table or 'The table'} is busy: {message or code}",
            hint="an earlier change is still being made; try again",
        )
    if code in DENIED:
        return _denied(operation, table, message, access)
    if code in EXPIRED:
        return CredentialsExpired(
            "The AWS credentials have expired.", hint=f"log in again ({_login(access)}), then run it again"
        )
    if code in UNACCEPTED:
        return _unaccepted(code, message, access)
    return _refused(code, message, status, operation, table, request_id, answer)


def _refused(
    code: str, message: str, status: int, operation: str, table: str, request_id: str, answer: dict[str, Any]
) -> ServiceError:
    reasons = answer.get("CancellationReasons") or ()
    if code == CANCELLED and (why := sentence(reasons)):
        kind, hint = cancelled_as(codes_of(reasons))
        return kind(
            f"{_verb(operation)}{_on(table)} was cancelled: {why}.",
            hint=hint,
            service_code=code,
            operation=operation,
            request_id=request_id,
        )
    kind = KINDS.get(code) or (ServiceUnavailable if status >= 500 else Throttled if status == 429 else ServiceError)
    hints: dict[type[ServiceError], str] = {
        Throttled: "the service throttled longer than the retries lasted; try again later",
        LimitExceeded: "a quota of the account or the table is reached; try again later, or raise the quota",
        ServiceUnavailable: "the service failed on its own; try again",
    }
    request = f" (request {request_id})" if request_id and kind is ServiceError else ""
    said = f"{code}: {message}" if message else code or f"HTTP {status}"
    refused = kind(
        f"{_verb(operation)}{_on(table)} was refused: {said}{request}",
        hint=HINT if code in CONFLICTS else hints.get(kind, ""),
        service_code=code,
        operation=operation,
        request_id=request_id,
    )
    if isinstance(refused, Throttled):
        reasons = answer.get("ThrottlingReasons") or answer.get("throttlingReasons") or ()
        refused.reasons = tuple(f"{r.get('reason', '')} {r.get('resource', '')}".strip() for r in reasons)
    return refused


def _verb(operation: str) -> str:
    return operation.partition(":")[2] or operation


_EVERY_ENGINE_HAS = frozenset(
    f"dynamodb:{verb}"
    for verb in (
        *("CreateTable", "DeleteTable", "DescribeTable", "ListTables", "UpdateTable"),
        *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem"),
    )
)


def _is_page(message: str) -> bool:
    return message[:20].lower().startswith(("<!doctype", "<html"))


def _is_unoffered(code: str, message: str, status: int, operation: str, access: ResolvedAccess) -> bool:
    """Whether the answer says that there is no such service or operation.

    AWS says so by a code. Engines answer in their own ways: 404 or 501, a page of HTML, or an empty 400 (the code is
    then the status, as botocore puts it). For what every engine has, such an answer is a failure of the engine.
    """
    if code in UNOFFERED:
        return True
    if not access.isolated or operation in _EVERY_ENGINE_HAS:
        return False
    bare = code in ("", str(status)) and (_is_page(message) or not message or status in (404, 501))
    return bare or "notyetimplemented" in message.replace(" ", "").lower() or status == 501


def unoffered_by(operation: str, access: ResolvedAccess) -> NotOffered:
    """The error for an operation that the engine at the endpoint does not have."""
    service, _, verb = operation.partition(":")
    who = f"The engine at {access.endpoint_of(service)}" if access.isolated else f"The service at {access.place}"
    return NotOffered(
        f"{who} does not offer {service} {verb}.", hint="where it matters, use an engine that has it, or AWS"
    )


def _absent_hint(access: ResolvedAccess) -> str:
    if access.isolated:
        return "dynasmith list shows the tables there are"
    where = f" in {access.region}" if access.region else ""
    return f"dynasmith list shows the tables there are{where}; another Region is chosen with --region"


def _denied(operation: str, table: str, message: str, access: ResolvedAccess) -> AccessDenied:
    statement = statement_for([operation], table, region=access.region, account=access.account)
    return AccessDenied(
        f"{operation}{_on(table)} is not allowed: {message or 'the service gave no reason'}",
        hint=f"this statement in the caller's policy allows it: {json.dumps(statement)}",
        action=operation,
        statement=statement,
    )


def _login(access: ResolvedAccess) -> str:
    return f"aws sso login --profile {access.profile}" if access.profile else "aws sso login, or new keys"


def _unaccepted(code: str, message: str, access: ResolvedAccess) -> NoCredentials:
    if code == "RequestTimeTooSkewed" or "Signature expired" in message or "not yet current" in message:
        return NoCredentials(
            "The signature was refused, since the clock of this machine is wrong.",
            hint="set the clock, then run it again",
        )
    if "security token" in message and not access.isolated:
        region = access.region or "this Region"
        hint = f"the keys are not known in {region}, or {region} is not enabled for the account; {_DOCTOR}"
    else:
        hint = _DOCTOR
    return NoCredentials(f"The AWS credentials were not accepted ({code}).", hint=hint)


def _of_botocore(error: Exception, operation: str, table: str, access: ResolvedAccess) -> DynasmithError:
    """Our error for what went wrong before or beside the service's answer."""
    match error:
        case foreign.NoCredentialsError() | foreign.PartialCredentialsError() | foreign.NoAuthTokenError():
            return NoCredentials(
                "No AWS credentials were found.",
                hint="set AWS_PROFILE, or keys, or use --env local; dynasmith doctor shows where it looked",
            )
        case foreign.ProfileNotFound():
            return ProjectError(
                f"The AWS profile {error.kwargs.get('profile', access.profile)} does not exist.",
                hint="aws configure list-profiles shows those there are; an environment is chosen with --env",
            )
        case foreign.NoRegionError():
            return ProjectError(
                "No AWS Region is set.", hint="set AWS_REGION, or region in the environment, or --region"
            )
        case (
            foreign.UnauthorizedSSOTokenError()
            | foreign.SSOTokenLoadError()
            | foreign.TokenRetrievalError()
            | foreign.RefreshWithMFAUnsupportedError()
        ):
            return CredentialsExpired("The AWS login has expired or never was.", hint=_login(access))
        case foreign.CredentialRetrievalError():
            return AccessError(
                f"The AWS credentials could not be had from {error.kwargs.get('provider', 'their source')}.",
                hint=_DOCTOR,
            )
        case foreign.SSLError():
            return Unreachable(
                f"TLS with {access.place} failed.", hint="set ca_bundle in the environment where a proxy has its own CA"
            )
        case foreign.ProxyConnectionError():
            return Unreachable(
                f"The proxy on the way to {access.place} does not answer.", hint="check HTTPS_PROXY and NO_PROXY"
            )
        case foreign.ReadTimeoutError():
            return ServiceUnavailable(
                f"{_verb(operation)}{_on(table)} got no answer in time.",
                hint="whether it was done is not known; run it again",
                operation=operation,
            )
        case foreign.EndpointConnectionError() | foreign.ConnectTimeoutError():
            return unreachable(access.endpoint_of(operation.partition(":")[0]), access)
        case foreign.HTTPClientError():
            return Unreachable(
                f"The connection to {access.place} broke.",
                hint="whether the last call was done is not known; run it again",
            )
        case foreign.ParamValidationError() if "Unknown parameter in input" in str(error):
            return not_offered_here(f"{_unknown_parameter(str(error))} of {_verb(operation)}")
        case foreign.ParamValidationError():
            return ValidationRefused(
                f"{_verb(operation)}{_on(table)} cannot be sent: {_one_line(str(error))}", operation=operation
            )
        case foreign.UnknownServiceError() | foreign.DataNotFoundError() | foreign.OperationNotPageableError():
            return not_offered_here(operation)
        case (
            foreign.InvalidRegionError()
            | foreign.InvalidEndpointDiscoveryConfigurationError()
            | foreign.ConfigParseError()
        ):
            return ProjectError(_one_line(str(error)), hint=_DOCTOR)
        case _:
            return RunError(
                f"{_verb(operation)}{_on(table)} failed: {type(error).__name__}: {_one_line(str(error))}", hint=_DOCTOR
            )


def unreachable(endpoint: str, access: ResolvedAccess) -> Unreachable:
    """The error for an endpoint where nothing listens; for this machine, with the command that mends it."""
    if endpoint and is_loopback(endpoint):
        port = endpoint.rsplit(":", 1)[-1].strip("/")
        more = f" --port {port}" if port.isdigit() and port != "8000" else ""
        return Unreachable(f"Nothing listens at {endpoint}.", hint=f"dynasmith local start{more}")
    where = endpoint or access.place
    return Unreachable(f"Nothing answers at {where}.", hint="check the address, the Region, the network and the proxy")


def _unknown_parameter(message: str) -> str:
    return message.partition('Unknown parameter in input: "')[2].partition('"')[0] or "a parameter"


def _one_line(message: str) -> str:
    return " ".join(message.split())
