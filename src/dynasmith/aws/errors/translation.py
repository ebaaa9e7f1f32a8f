"""The one place where botocore's errors become ours: most specific first, an unknown one keeps its code and request id.

Messages are the service's own words, which hold no secret; what botocore says about files and endpoints is not
repeated where it could hold one.
"""

from typing import Any

from botocore import __version__ as botocore_version
from botocore import exceptions as foreign

from dynasmith.aws.errors.cancellation import codes_of, sentence
from dynasmith.aws.errors.codes import BROKEN, meaning_of
from dynasmith.aws.errors.refusal import DOCTOR_HINT, NOWHERE, ErrorReply, login, on, refused, unoffered_by, verb_of
from dynasmith.errors import (
    AccessError,
    CredentialsExpired,
    DynasmithError,
    NoCredentials,
    NotOffered,
    ProjectError,
    RunError,
    ServiceError,
    ServiceUnavailable,
    Unreachable,
    ValidationRefused,
)
from dynasmith.ports.access import ResolvedAccess, is_loopback


def translate(error: Exception, operation: str, table: str = "", *, access: ResolvedAccess = NOWHERE) -> DynasmithError:
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


def _of_service(error: foreign.ClientError, operation: str, table: str, access: ResolvedAccess) -> DynasmithError:
    answer: dict[str, Any] = dict(error.response)
    fault = answer.get("Error", {})
    code, message = str(fault.get("Code", "")), str(fault.get("Message", "")).strip()
    facts = answer.get("ResponseMetadata", {})
    status = int(facts.get("HTTPStatusCode", 0) or 0)
    request_id = str(facts.get("RequestId", ""))
    code = code.rsplit("#", 1)[-1]
    if _is_unoffered(code, message, status, operation, access):
        return unoffered_by(operation, access)
    if code == BROKEN:
        return ServiceUnavailable(
            f"{verb_of(operation)}{on(table)} got a reply that is not the service's: {message}.",
            hint="check the proxies on the way to " + (access.place or "the service") + ", then run it again",
            service_code=code,
            operation=operation,
            request_id=request_id,
        )
    if _is_page(message):
        return ServiceError(
            f"The engine at {access.place} failed at {verb_of(operation)}{on(table)} (HTTP {status}, a page of HTML).",
            hint="its log says why; another engine may do it",
            service_code=code,
            operation=operation,
            request_id=request_id,
        )
    reasons = answer.get("CancellationReasons") or ()
    throttled = answer.get("ThrottlingReasons") or answer.get("throttlingReasons") or ()
    reply = ErrorReply(
        status=status,
        code=code,
        message=sentence(reasons) or message,
        request_id=request_id,
        throttled=tuple(f"{r.get('reason', '')} {r.get('resource', '')}".strip() for r in throttled),
        cancelled=tuple(codes_of(reasons)),
    )
    return refused(reply, operation, table, access)


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
    if meaning_of(code).kind is NotOffered:
        return True
    if not access.isolated or operation in _EVERY_ENGINE_HAS:
        return False
    bare = code in ("", str(status)) and (_is_page(message) or not message or status in (404, 501))
    return bare or "notyetimplemented" in message.replace(" ", "").lower() or status == 501


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
            return CredentialsExpired("The AWS login has expired or does not exist.", hint=login(access))
        case foreign.CredentialRetrievalError():
            return AccessError(
                f"The AWS credentials could not be read from {error.kwargs.get('provider', 'their source')}.",
                hint=DOCTOR_HINT,
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
                f"{verb_of(operation)}{on(table)} got no answer in time.",
                hint="whether it was done is not known; run it again",
                operation=operation,
            )
        case foreign.EndpointConnectionError() | foreign.ConnectTimeoutError():
            return unreachable(access.endpoint_of(operation.partition(":")[0]), access)
        case foreign.HTTPClientError():
            broken = Unreachable(
                f"The connection to {access.place} broke.",
                hint="whether the last call was done is not known; run it again",
            )
            broken.broke = True
            return broken
        case foreign.ParamValidationError() if "Unknown parameter in input" in str(error):
            return not_offered_here(f"{_unknown_parameter(str(error))} of {verb_of(operation)}")
        case foreign.ParamValidationError():
            return ValidationRefused(
                f"{verb_of(operation)}{on(table)} cannot be sent: {_one_line(str(error))}", operation=operation
            )
        case foreign.UnknownServiceError() | foreign.DataNotFoundError() | foreign.OperationNotPageableError():
            return not_offered_here(operation)
        case (
            foreign.InvalidRegionError()
            | foreign.InvalidEndpointDiscoveryConfigurationError()
            | foreign.ConfigParseError()
        ):
            return ProjectError(_one_line(str(error)), hint=DOCTOR_HINT)
        case _:
            return RunError(
                f"{verb_of(operation)}{on(table)} failed: {type(error).__name__}: {_one_line(str(error))}",
                hint=DOCTOR_HINT,
            )


def unreachable(endpoint: str, access: ResolvedAccess) -> Unreachable:
    """The error for an endpoint where nothing listens; for this machine, with the command that fixes it."""
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
