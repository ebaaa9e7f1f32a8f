"""Rules of Lambda's event source mappings of DynamoDB streams. Their operations are named ``lambda:...``."""

from collections.abc import Mapping
from typing import Final

from dynasmith.strict.rules.event_filters import FILTERS_MAX, pattern_problem
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, rule
from dynasmith.strict.state.mappings import OPTIONS, StreamMapping

RULES: list[StrictRule] = []
LAMBDA_API = "https://docs.aws.amazon.com/lambda/latest/api/"
LAMBDA_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/"
CREATE, UPDATE, DELETE = (f"lambda:{verb}EventSourceMapping" for verb in ("Create", "Update", "Delete"))
_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "BatchSize": (1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 300),
    "ParallelizationFactor": (1, 10),
    "MaximumRetryAttempts": (-1, 10_000),
    "MaximumRecordAgeInSeconds": (-1, 604_800),
    "TumblingWindowInSeconds": (0, 900),
}
"""API reference, CreateEventSourceMapping; for streams."""
RECORD_AGE_SECONDS_MIN: Final = 60
_COMMON = ("FunctionName", "EventSourceArn", "StartingPosition", "Enabled", "Tags", "UUID", *OPTIONS)
_RESPONSES = ("ReportBatchItemFailures",)
_POSITIONS = ("TRIM_HORIZON", "LATEST")


def _bad(message: str) -> Refusal:
    return Refusal("InvalidParameterValueException", message)


def _constraint(value: object, member: str, needs: str) -> Refusal:
    name = member[:1].lower() + member[1:]
    message = f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {needs}"
    return Refusal("ValidationException", message)


def mapping_of(ask: JudgedRequest) -> StreamMapping | None:
    """The mapping that a call names."""
    return ask.account.mappings.get(str(ask.body.get("UUID")))


@rule(
    RULES,
    "mapping-known",
    UPDATE,
    DELETE,
    "lambda:GetEventSourceMapping",
    refuses="a mapping that is not there",
    source=LAMBDA_API + "API_UpdateEventSourceMapping.html (ResourceNotFoundException)",
)
def _known(ask: JudgedRequest) -> Refusal | None:
    if mapping_of(ask) is not None:
        return None
    return Refusal("ResourceNotFoundException", "The resource you requested does not exist.", 404)


@rule(
    RULES,
    "mapping-in-use",
    UPDATE,
    DELETE,
    refuses="a change of a mapping that is Creating, Enabling, Disabling, Updating or Deleting",
    source=LAMBDA_API + "API_UpdateEventSourceMapping.html (ResourceInUseException)",
)
def _in_use(ask: JudgedRequest) -> Refusal | None:
    mapping = mapping_of(ask)
    if mapping is None or ask.now >= mapping.due:
        return None
    message = f"Cannot change the event source mapping {mapping.uuid} because it is in use ({mapping.moving})."
    return Refusal("ResourceInUseException", message)


@rule(
    RULES,
    "mapping-range",
    CREATE,
    UPDATE,
    refuses="a batch size outside 1 to 10,000, a batching window over 300 s, a parallelization factor outside 1 to 10, "
    "retries outside -1 to 10,000, a record age outside -1 to 604,800 s, a tumbling window over 900 s",
    source=LAMBDA_API + "API_CreateEventSourceMapping.html (Valid Range of each)",
)
def _range(ask: JudgedRequest) -> Refusal | None:
    for member, (least, most) in _RANGES.items():
        value = ask.body.get(member)
        if value is None:
            continue
        if value < least:
            return _constraint(value, member, f"Member must have value greater than or equal to {least}")
        if value > most:
            return _constraint(value, member, f"Member must have value less than or equal to {most}")
    return None


@rule(
    RULES,
    "mapping-record-age",
    CREATE,
    UPDATE,
    refuses="a record age of 0 to 59 s",
    source="https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/lambda/"
    "event_source_mapping.go (-1, or between 60 and 604800)",
    certainty="observed",
)
def _record_age(ask: JudgedRequest) -> Refusal | None:
    value = ask.body.get("MaximumRecordAgeInSeconds")
    if value is None or value == -1 or value >= RECORD_AGE_SECONDS_MIN:
        return None
    return _bad(f"MaximumRecordAgeInSeconds must be -1 or at least {RECORD_AGE_SECONDS_MIN}, not {value}")


@rule(
    RULES,
    "mapping-position",
    CREATE,
    refuses="a mapping of a stream without a starting position, or with one that DynamoDB has not (AT_TIMESTAMP)",
    source=LAMBDA_GUIDE + "services-ddb-params.html (StartingPosition)",
)
def _position(ask: JudgedRequest) -> Refusal | None:
    value = ask.body.get("StartingPosition")
    if value is None:
        return _constraint("null", "startingPosition", "Member must not be null")
    return None if value in _POSITIONS else _bad(f"Unsupported starting position {value} for a DynamoDB stream")


@rule(
    RULES,
    "mapping-of-streams",
    CREATE,
    UPDATE,
    refuses="options of other sources than DynamoDB streams (queues, topics, scaling, document databases)",
    source=LAMBDA_GUIDE + "services-ddb-params.html",
    certainty="assumed",
)
def _of_streams(ask: JudgedRequest) -> Refusal | None:
    others = sorted(name for name, value in ask.body.items() if name not in _COMMON and value not in (None, [], {}))
    return _bad(f"{others[0]} is not supported for a DynamoDB stream") if others else None


@rule(
    RULES,
    "mapping-responses",
    CREATE,
    UPDATE,
    refuses="response types other than ReportBatchItemFailures",
    source=LAMBDA_API + "API_CreateEventSourceMapping.html (FunctionResponseTypes)",
)
def _responses(ask: JudgedRequest) -> Refusal | None:
    for one in ask.body.get("FunctionResponseTypes") or ():
        if one not in _RESPONSES:
            return _constraint(one, "functionResponseTypes", f"Member must satisfy enum value set: {[*_RESPONSES]}")
    return None


@rule(
    RULES,
    "mapping-filters",
    CREATE,
    UPDATE,
    refuses="more than five filters, and a pattern that is not valid",
    source=LAMBDA_GUIDE + "invocation-eventfiltering.html",
)
def _filters(ask: JudgedRequest) -> Refusal | None:
    filters = (ask.body.get("FilterCriteria") or {}).get("Filters") or ()
    if len(filters) > FILTERS_MAX:
        return _bad(f"The number of filters exceeds the limit of {FILTERS_MAX}")
    for one in filters:
        problem = pattern_problem(str(one.get("Pattern") or ""))
        if problem:
            return _bad(f"Invalid filter pattern definition: {problem}.")
    return None


@rule(
    RULES,
    "mapping-destination",
    CREATE,
    UPDATE,
    refuses="a destination for failures that is not a standard queue, a standard topic or a bucket; any for success",
    source=LAMBDA_GUIDE + "services-ddb-params.html (DestinationConfig)",
)
def _destination(ask: JudgedRequest) -> Refusal | None:
    config = ask.body.get("DestinationConfig") or {}
    if (config.get("OnSuccess") or {}).get("Destination"):
        return _bad("A destination for success is not supported for a DynamoDB stream")
    arn = (config.get("OnFailure") or {}).get("Destination")
    if not arn:
        return None
    parts = str(arn).split(":", 5)
    service = parts[2] if len(parts) == 6 and parts[0] == "arn" and parts[5] else ""
    if service not in {"sqs", "sns", "s3"}:
        return _bad(f"The destination ARN {arn} is invalid: it must be an SQS queue, an SNS topic or an S3 bucket.")
    if service != "s3" and str(arn).endswith(".fifo"):
        return _bad(f"The destination ARN {arn} is invalid: FIFO queues and topics are not supported.")
    return None


@rule(
    RULES,
    "mapping-stream",
    CREATE,
    refuses="a stream that is not there, or that is off",
    source=LAMBDA_API + "API_CreateEventSourceMapping.html (InvalidParameterValueException)",
    certainty="observed",
)
def _stream(ask: JudgedRequest) -> Refusal | None:
    arn, table = ask.body.get("EventSourceArn"), ask.table
    if table is not None and table.stream.view is not None and table.stream.arn == arn:
        return None
    return _bad(f"Stream not found: {arn}")


@rule(
    RULES,
    "mapping-once",
    CREATE,
    refuses="a second mapping of one stream to one function",
    source=LAMBDA_API + "API_CreateEventSourceMapping.html (ResourceConflictException)",
)
def _once(ask: JudgedRequest) -> Refusal | None:
    wanted = (ask.body.get("EventSourceArn"), ask.body.get("FunctionName"))
    there = next((one for one in ask.account.mappings.values() if (one.stream, one.function) == wanted), None)
    return None if there is None else _twice(there)


def _twice(there: StreamMapping) -> Refusal:
    message = (
        f'The event source arn (" {there.stream} ") and function (" {there.function} ") provided mapping already '
        f"exists. Please update or delete the existing mapping with UUID {there.uuid}"
    )
    return Refusal("ResourceConflictException", message, 409)
