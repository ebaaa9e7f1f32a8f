"""The codes of the services, by what the reader does next."""

from dynasmith.errors import (
    ConditionFailed,
    LimitExceeded,
    ServiceError,
    ServiceUnavailable,
    Throttled,
    ValidationRefused,
)

# Codes of the service, by what the reader does next. The first group are the error shapes of botocore's models, the
# second what no model has ("Error handling with DynamoDB", and the common errors of AWS query and JSON services).
KINDS: dict[str, type[ServiceError]] = {
    **dict.fromkeys(("ConditionalCheckFailedException", "DuplicateItemException"), ConditionFailed),
    **dict.fromkeys(
        (
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "ThrottlingException",
            "Throttling",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequestsException",
            "SlowDown",
        ),
        Throttled,
    ),
    **dict.fromkeys(
        ("LimitExceededException", "ItemCollectionSizeLimitExceededException", "TooManyTagsException"), LimitExceeded
    ),
    **dict.fromkeys(
        (
            "ValidationException",
            "ValidationError",
            "SerializationException",
            "IdempotentParameterMismatchException",
            "InvalidExportTimeException",
            "InvalidRestoreTimeException",
            "InvalidNextTokenException",
            "ExportConflictException",
            "ImportConflictException",
            "BulkOperationConflictException",
        ),
        ValidationRefused,
    ),
    **dict.fromkeys(
        (
            "InternalServerError",
            "InternalServerErrorException",
            "InternalServiceException",
            "InternalFailure",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "TransactionInProgressException",
            "TransactionConflictException",
            "ReplicatedWriteConflictException",
            "ConcurrentUpdateException",
            "RequestTimeout",
        ),
        ServiceUnavailable,
    ),
    # Things other than tables that are not there, or are there already: the service's sentence says which.
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
            "TransactionCanceledException",
        ),
        ServiceError,
    ),
}
ABSENT = ("ResourceNotFoundException", "TableNotFoundException", "ResourceNotFound")  # the last one is moto's
"""No table of that name."""

BUSY = (
    "ResourceInUseException",
    "TableInUseException",
    "BackupInUseException",
    "ContinuousBackupsUnavailableException",
)
"""An earlier change is still being made; at CreateTable: the table is there."""

DENIED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized")
"""A permission is missing."""

EXPIRED = ("ExpiredTokenException", "ExpiredToken", "RequestExpired", "TokenRefreshRequired")
"""The credentials were good once."""

UNACCEPTED = (
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
    "RequestTimeTooSkewed",
)
"""The credentials, or the clock that signed with them, are not accepted."""

UNOFFERED = ("UnknownOperationException", "UnknownOperation", "NotImplemented", "NotYetImplemented", "InvalidAction")
"""There is no such operation."""


KNOWN_CODES = frozenset(
    (*KINDS, *ABSENT, *BUSY, *DENIED, *EXPIRED, *UNACCEPTED, *UNOFFERED, "TableAlreadyExistsException")
)
"""Every code of a service that has a translation of its own."""
