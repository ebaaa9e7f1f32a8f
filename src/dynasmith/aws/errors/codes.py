"""What each error code of a service means: the one table for the control plane, the item flow, S3, the statements of a
BatchExecuteStatement and the reasons of a cancelled transaction.

Sources: the error shapes of botocore's models of DynamoDB and Application Auto Scaling; "Error handling with DynamoDB"
and "Common error types" for what no model has (signature, token, 5xx); ``BatchStatementErrorCodeEnum`` in the model for
the codes of statements; "TransactionCanceledException" in the API reference for those of reasons; "Error responses" in
that of S3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from dynasmith.errors import (
    BROKEN_REPLY,
    AccessDenied,
    ConditionFailed,
    CredentialsExpired,
    DynasmithError,
    LimitExceeded,
    NoCredentials,
    NotOffered,
    ServiceError,
    ServiceUnavailable,
    TableBusy,
    TableExists,
    TableNotFound,
    Throttled,
    ValidationRefused,
)


class RetryVerdict(Enum):
    """What to do about a failed request."""

    AGAIN = "again"
    """The service stumbled, or another write was in the way: the same request again, after a while."""
    SLOWER = "slower"
    """Throttled: the same request again, later, and everything slower."""
    CLOCK = "clock"
    """The signature's time was refused: sign with the service's clock, then again."""
    CREDENTIALS = "credentials"
    """The credentials expired: ask for new ones, then once again."""
    STOP = "stop"
    """The same request will never succeed."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means: the error of ours, whether the request is sent again, and what the reader does next.

    ``one_item``: the service refuses one item and will never take it; the other items of the request are no worse.
    """

    kind: type[DynasmithError]
    verdict: RetryVerdict = RetryVerdict.STOP
    hint: str = ""
    one_item: bool = False


BROKEN: Final = BROKEN_REPLY
"""The code of a reply of a botocore client that is not the service's (`dynasmith.aws.control.broken_replies`)."""

CANCELLED: Final = "TransactionCanceledException"
CONFLICTS: Final = ("TransactionConflict", "TransactionConflictException")
"""The reason of a cancelled transaction, or the error of one statement; and the error of a plain write."""

_THROTTLED = Meaning(
    Throttled, RetryVerdict.SLOWER, "the service throttled longer than the retries lasted; try again later, or slower"
)
_CONFLICT = Meaning(
    ServiceUnavailable,
    RetryVerdict.AGAIN,
    "other transactions kept writing the same item; try again when they are done",
)
_UNAVAILABLE = Meaning(ServiceUnavailable, RetryVerdict.AGAIN, "the service failed on its own; try again")
_INVALID = Meaning(ValidationRefused, hint="correct what the message names: another try would be refused too")
_INVALID_ITEM = Meaning(ValidationRefused, hint=_INVALID.hint, one_item=True)
_LIMIT_HINT = "a quota of the account or the table is reached; try again later, or raise the quota"
_CONDITION = Meaning(ConditionFailed, hint="an item is not as the write expects it: read it again")
_OTHER = Meaning(ServiceError)

CODES: Final[Mapping[str, Meaning]] = {
    **dict.fromkeys(
        (
            "ConditionalCheckFailedException",
            "ConditionalCheckFailed",
            "DuplicateItemException",
            "DuplicateItem",
            "PreconditionFailed",
        ),
        _CONDITION,
    ),
    **dict.fromkeys(
        (
            "ProvisionedThroughputExceededException",
            "ProvisionedThroughputExceeded",
            "RequestLimitExceeded",
            "ThrottlingException",
            "ThrottlingError",
            "Throttling",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequestsException",
            "SlowDown",
        ),
        _THROTTLED,
    ),
    **dict.fromkeys(CONFLICTS, _CONFLICT),
    **dict.fromkeys(
        (
            "InternalServerError",
            "InternalServerErrorException",
            "InternalServiceException",
            "InternalFailure",
            "InternalError",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "TransactionInProgressException",
            "ReplicatedWriteConflictException",
            "ConcurrentUpdateException",
            "ConditionalRequestConflict",
            "OperationAborted",
            "RequestTimeout",
        ),
        _UNAVAILABLE,
    ),
    **dict.fromkeys(("LimitExceededException", "TooManyTagsException"), Meaning(LimitExceeded, hint=_LIMIT_HINT)),
    **dict.fromkeys(
        ("ItemCollectionSizeLimitExceededException", "ItemCollectionSizeLimitExceeded"),
        Meaning(LimitExceeded, hint=_LIMIT_HINT, one_item=True),
    ),
    **dict.fromkeys(("ValidationException", "ValidationError", "SerializationException"), _INVALID_ITEM),
    **dict.fromkeys(
        (
            "IdempotentParameterMismatchException",
            "InvalidExportTimeException",
            "InvalidRestoreTimeException",
            "InvalidNextTokenException",
            "ExportConflictException",
            "ImportConflictException",
            "BulkOperationConflictException",
        ),
        _INVALID,
    ),
    **dict.fromkeys(
        # The last is moto's.
        ("ResourceNotFoundException", "TableNotFoundException", "ResourceNotFound"),
        Meaning(TableNotFound),
    ),
    "TableAlreadyExistsException": Meaning(TableExists),
    # At CreateTable: the table is there.
    **dict.fromkeys(
        (
            "ResourceInUseException",
            "TableInUseException",
            "BackupInUseException",
            "ContinuousBackupsUnavailableException",
        ),
        Meaning(TableBusy, hint="an earlier change is still in progress; try again"),
    ),
    **dict.fromkeys(
        ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized"), Meaning(AccessDenied)
    ),
    **dict.fromkeys(
        ("ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired"),
        Meaning(CredentialsExpired, RetryVerdict.CREDENTIALS),
    ),
    # The time of the signature is more than 15 minutes (DynamoDB: 5) from the service's.
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired"), Meaning(NoCredentials, RetryVerdict.CLOCK)),
    **dict.fromkeys(
        (
            "UnrecognizedClientException",
            "InvalidClientTokenId",
            "InvalidAccessKeyId",  # S3's word for it
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "AuthFailure",
            "OptInRequired",
        ),
        Meaning(NoCredentials),
    ),
    **dict.fromkeys(
        ("UnknownOperationException", "UnknownOperation", "NotImplemented", "NotYetImplemented", "InvalidAction"),
        Meaning(NotOffered),
    ),
    # Other things than tables that are not there, or are there already: the service's sentence says which.
    **dict.fromkeys(
        (
            "BackupNotFoundException",
            "ExportNotFoundException",
            "ImportNotFoundException",
            "BulkOperationNotFoundException",
            "GlobalTableNotFoundException",
            "GlobalTableAlreadyExistsException",
            "IndexNotFoundException",
            "PolicyNotFoundException",
            "ReplicaAlreadyExistsException",
            "ReplicaNotFoundException",
            "ObjectNotFoundException",
            "NotFoundException",
            "FailedResourceAccessException",
            "PointInTimeRecoveryUnavailableException",
            CANCELLED,
            "NoSuchBucket",
            "NoSuchKey",
            "PermanentRedirect",
            "TemporaryRedirect",
            "AuthorizationHeaderMalformed",
        ),
        _OTHER,
    ),
}


def meaning_of(code: str, status: int = 0) -> Meaning:
    """What a code means; one that the table does not have is judged by the HTTP status."""
    if found := CODES.get(code):
        return found
    if status == 429:
        return _THROTTLED
    return _UNAVAILABLE if status >= 500 or status == 408 else _OTHER


def verdict_of(code: str, status: int = 0, message: str = "") -> RetryVerdict:
    """Whether a request that was refused is sent again. A status of 429, 408 or 5xx counts for every code."""
    known = meaning_of(code, status)
    if known.verdict is RetryVerdict.SLOWER or status == 429:
        return RetryVerdict.SLOWER
    if known.verdict is RetryVerdict.AGAIN or status >= 500 or status == 408:
        return RetryVerdict.AGAIN
    return RetryVerdict.CLOCK if known.kind is NoCredentials and is_clock(code, message) else known.verdict


def is_clock(code: str, message: str) -> bool:
    """Whether credentials were refused for the time of the signature."""
    return (
        meaning_of(code).verdict is RetryVerdict.CLOCK
        or "Signature expired" in message
        or "not yet current" in message
        or "skew" in message.lower()
    )


def is_throttle(code: str) -> bool:
    """Whether a code says that the request was throttled."""
    return meaning_of(code).verdict is RetryVerdict.SLOWER


def is_passing(code: str) -> bool:
    """Whether the same request may succeed later: it was throttled, or the service stumbled."""
    return meaning_of(code).verdict in (RetryVerdict.SLOWER, RetryVerdict.AGAIN)
