"""What a reply that is not 200 means: try again, slow down, mend the clock or the credentials, or give up.

Source of the codes: the error shapes of botocore's DynamoDB model, and "Error handling with DynamoDB" (which lists
the common ones that no model has: signature, token, 5xx).
"""

from dataclasses import dataclass
from enum import Enum

import msgspec

from dynasmith.aws.data.exchange import HttpReply
from dynasmith.aws.transactions import CANCELLED, CONFLICTS, HINT, cancelled_as, codes_of, only_conflicts, sentence
from dynasmith.errors import (
    AccessDenied,
    ConditionFailed,
    CredentialsExpired,
    DynasmithError,
    LimitExceeded,
    NoCredentials,
    ServiceError,
    ServiceUnavailable,
    TableNotFound,
    Throttled,
    ValidationRefused,
)
from dynasmith.items.value import NOT_JSON


class RetryVerdict(Enum):
    """What to do about a failed request."""

    AGAIN = "again"
    """The service stumbled, or another write was in the way: the same request again, after a while."""
    SLOWER = "slower"
    """Throttled: the same request again, later, and everything slower."""
    CLOCK = "clock"
    """The signature's time was refused: sign with the service's clock, then again."""
    CREDENTIALS = "credentials"
    """The credentials ran out: ask for new ones, then once again."""
    STOP = "stop"
    """The same request will never succeed."""


_THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "ThrottlingError",
        "TooManyRequestsException",
    }
)
_STUMBLES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "InternalServerErrorException",
        "ReplicatedWriteConflictException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_CLOCKS = frozenset({"RequestTimeTooSkewed", "RequestExpired", "InvalidSignatureException"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
_UNKNOWN_KEYS = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "MissingAuthenticationTokenException", "InvalidAccessKeyId"}
)


class Reason(msgspec.Struct, frozen=True):
    """One of the service's ThrottlingReasons: ``reason`` as it says (``TableWriteProvisionedThroughput...``)."""

    reason: str = ""
    resource: str = ""


class _Body(msgspec.Struct, frozen=True):
    type: str = msgspec.field(name="__type", default="")
    code: str = ""
    message: str = ""
    capital: str = msgspec.field(name="Message", default="")
    reasons: tuple[Reason, ...] = msgspec.field(name="ThrottlingReasons", default=())
    small: tuple[Reason, ...] = msgspec.field(name="throttlingReasons", default=())
    cancelled: tuple[dict[str, object], ...] = msgspec.field(name="CancellationReasons", default=())
    item: msgspec.Raw = msgspec.field(name="Item", default_factory=msgspec.Raw)


@dataclass(frozen=True, slots=True)
class Failure:
    """A reply that is not 200, understood. ``item`` stood there when a condition failed, if it was asked for."""

    verdict: RetryVerdict
    status: int
    code: str
    message: str
    request_id: str
    reasons: tuple[Reason, ...] = ()
    item: bytes | None = None
    #: Why each action of a transaction was cancelled; "" for an action that was not the reason.
    cancelled: tuple[str, ...] = ()

    @property
    def nameless(self) -> bool:
        """Whether a refusal does not say what is wrong: it is then not the service that refused."""
        return self.verdict is RetryVerdict.STOP and self.code == f"HTTP{self.status}"

    @property
    def sentence(self) -> str:
        """One sentence for a report or a dead letter."""
        said = f"{self.code}: {self.message}" if self.message else self.code
        return f"{said} (HTTP {self.status}{', request ' + self.request_id if self.request_id else ''})"


def failure_of(answer: HttpReply) -> Failure:
    """Understand a reply whose status is not 200. Never raises: what it cannot read is judged by the status."""
    try:
        body = msgspec.json.decode(answer.body, type=_Body)
    except NOT_JSON:
        body = _Body(message=answer.body[:200].decode("utf-8", "replace"))
    code = (body.type or body.code).rsplit("#", 1)[-1].split(":", 1)[0]
    if not code:
        code = answer.headers.get("x-amzn-errortype", "").split(":", 1)[0] or f"HTTP{answer.status}"
    message = sentence(body.cancelled) or body.message or body.capital
    cancelled = codes_of(body.cancelled)
    return Failure(
        verdict=RetryVerdict.AGAIN if only_conflicts(cancelled) else _verdict(answer.status, code, message),
        status=answer.status,
        code=code,
        message=message,
        request_id=answer.headers.get("x-amzn-requestid", ""),
        reasons=body.reasons or body.small,
        item=bytes(body.item) or None,
        cancelled=tuple(cancelled),
    )


def _verdict(status: int, code: str, message: str) -> RetryVerdict:
    if code in _THROTTLES or status == 429:
        return RetryVerdict.SLOWER
    if code in _STUMBLES or status >= 500 or status == 408:
        return RetryVerdict.AGAIN
    if code in _CLOCKS and ("Signature expired" in message or "not yet current" in message or "kew" in code + message):
        return RetryVerdict.CLOCK
    if code == "RequestExpired":
        return RetryVerdict.CLOCK
    return RetryVerdict.CREDENTIALS if code in _EXPIRED else RetryVerdict.STOP


def error_of(failure: Failure, operation: str, table: str) -> DynasmithError:
    """The error of ours for a failure that no retry mended."""
    said, action = failure.sentence, f"dynamodb:{operation}"
    match failure.code:
        case "ResourceNotFoundException" | "TableNotFoundException":
            return TableNotFound(table)
        case "AccessDeniedException" | "AccessDenied":
            return AccessDenied(
                f"{action} on {table} is not allowed: {failure.message}",
                hint=f"allow the action {action} on the table to whoever runs this",
                action=action,
            )
        case code if code in _EXPIRED:
            return CredentialsExpired(f"The AWS credentials ran out: {said}", hint="log in again, then resume the job")
        case code if code in _UNKNOWN_KEYS or code in _CLOCKS:
            return NoCredentials(
                f"The AWS credentials were not accepted: {said}",
                hint="check the keys, the Region and this machine's clock; dynasmith doctor shows them",
            )
    kind, hint = _kind_of(failure)
    error = kind(
        f"{operation} on {table} was refused: {said}",
        hint=hint,
        service_code=failure.code,
        operation=operation,
        request_id=failure.request_id,
    )
    if isinstance(error, Throttled):
        error.reasons = tuple(f"{r.reason} {r.resource}".strip() for r in failure.reasons)
    return error


def _kind_of(failure: Failure) -> tuple[type[ServiceError], str]:
    if failure.code in CONFLICTS:
        return ServiceUnavailable, f"{HINT}; then resume the job"
    if failure.code == CANCELLED and any(failure.cancelled):
        return cancelled_as(failure.cancelled)
    if failure.verdict is RetryVerdict.SLOWER:
        return Throttled, "resume it later, or with a lower pace (--max-write-units, --max-read-units)"
    if failure.verdict is RetryVerdict.AGAIN:
        return ServiceUnavailable, "the service failed for long; resume the job"
    match failure.code:
        case "ConditionalCheckFailedException" | "ConditionalCheckFailed":
            return ConditionFailed, "somebody else changed the item meanwhile; look at it, then run this again"
        case "ValidationException" | "ValidationError" | "SerializationException":
            return ValidationRefused, "it would be refused again: correct what the message names"
        case "LimitExceededException" | "ItemCollectionSizeLimitExceededException":
            return LimitExceeded, "a quota is reached: run this again later, or ask AWS to raise the quota"
        case _:
            return ServiceError, "the DynamoDB API reference explains the code; AWS Support can look up the request id"
