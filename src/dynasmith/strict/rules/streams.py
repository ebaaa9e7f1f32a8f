"""Rules of DynamoDB Streams."""

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule

RULES: list[StrictRule] = []
STREAMS_API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"
_AT = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")


@rule(
    RULES,
    "stream-records-1000",
    "GetRecords",
    refuses="more than 1,000 records in one call",
    source="botocore, data/dynamodbstreams (LimitExceededException)",
)
def _records(ask: JudgedRequest) -> Refusal | None:
    if int(ask.body.get("Limit") or 1) <= 1_000:
        return None
    return Refusal("LimitExceededException", "GetRecords takes a Limit of at most 1000")


@rule(
    RULES,
    "stream-page-100",
    "DescribeStream",
    "ListStreams",
    refuses="a page of more than 100 shards or streams",
    source="botocore, data/dynamodbstreams (Limit); that it is this error is our reading",
    certainty="assumed",
)
def _page(ask: JudgedRequest) -> Refusal | None:
    limit = int(ask.body.get("Limit") or 1)
    return None if limit <= 100 else invalid(f"Limit must be at most 100, it is {limit}")


@rule(
    RULES,
    "stream-sequence-number",
    "GetShardIterator",
    refuses="AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER without a sequence number, TRIM_HORIZON or LATEST with one",
    source=STREAMS_API + "API_streams_GetShardIterator.html; that it is this error is our reading",
    certainty="assumed",
)
def _number(ask: JudgedRequest) -> Refusal | None:
    kind, number = ask.body.get("ShardIteratorType"), ask.body.get("SequenceNumber")
    if kind in _AT and not str(number or "").isdigit():
        return invalid(f"The ShardIteratorType {kind} needs a SequenceNumber")
    if kind not in _AT and number is not None:
        return invalid(f"The ShardIteratorType {kind} takes no SequenceNumber")
    return None
