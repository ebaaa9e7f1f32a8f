"""The change stream of a table, read by boto: `dynasmith.ports.streams.StreamReader`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynasmith.aws.control.binary import from_botocore
from dynasmith.aws.control.session import Session
from dynasmith.errors import ServiceError
from dynasmith.items.value import write_tree
from dynasmith.items.wire import RawItem
from dynasmith.ports.streams import (
    ChangeKind,
    ChangeRecord,
    IteratorExpired,
    RecordPage,
    RecordsTrimmed,
    Shard,
    StreamTurnedOff,
)

PAGE_RECORDS: Final = 1_000
"""Records of a page at most (API reference, GetRecords); or 1 MB."""
PAGE_BYTES_FULL: Final = 500_000
"""From this size on more is taken to stand behind a page."""
_SERVICE: Final = "dynamodbstreams"
_KINDS: Final[Mapping[str, ChangeKind]] = {"INSERT": "insert", "MODIFY": "modify", "REMOVE": "remove"}
_TIME_TO_LIVE: Final = "dynamodb.amazonaws.com"
"""Who deletes expired items (Developer Guide, "DynamoDB Streams and time to live")."""
_OFF: Final = ("DISABLING", "DISABLED")


class AwsChangeStream:
    """One stream, by its ARN. ``table`` is the one that errors name. Safe to use from several threads."""

    def __init__(self, session: Session, arn: str, table: str) -> None:
        self._session, self._arn, self._table = session, arn, table

    def shards(self) -> Sequence[Shard]:
        """Every shard that the stream has now; one call for 100 of them."""
        found: list[Shard] = []
        request: dict[str, Any] = {"StreamArn": self._arn}
        while True:
            described = self._call("DescribeStream", request)["StreamDescription"]
            if described["StreamStatus"] in _OFF:
                raise StreamTurnedOff(self._table)
            found += [_shard(each) for each in described["Shards"]]
            last = described.get("LastEvaluatedShardId")
            if not last:
                return found
            request = {"StreamArn": self._arn, "ExclusiveStartShardId": last}

    def iterator(self, shard: str, after: str) -> str:
        """Where to read a shard."""
        place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        where = place if after else {"ShardIteratorType": "TRIM_HORIZON"}
        return str(self._call("GetShardIterator", {"StreamArn": self._arn, "ShardId": shard, **where})["ShardIterator"])

    def page(self, iterator: str) -> RecordPage:
        """Up to 1,000 records."""
        answer = self._call("GetRecords", {"ShardIterator": iterator, "Limit": PAGE_RECORDS})
        records = [_record(each) for each in answer["Records"]]
        size = sum(len(bytes(image)) for each in records for image in (each.old, each.new) if image is not None)
        return RecordPage(
            records=records,
            next=answer.get("NextShardIterator") or None,
            more=len(records) >= PAGE_RECORDS or size >= PAGE_BYTES_FULL,
        )

    def _call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._session.call(_SERVICE, operation, request, table=self._table)
        except ServiceError as error:
            if error.service_code == "ExpiredIteratorException":
                raise IteratorExpired from error
            if error.service_code == "TrimmedDataAccessException":
                raise RecordsTrimmed from error
            if error.service_code == "LimitExceededException":
                error.hint = "two others read the stream already: let one of them pause, or detach it (lambda detach)"
            raise


def _shard(described: Mapping[str, Any]) -> Shard:
    closed = bool(described.get("SequenceNumberRange", {}).get("EndingSequenceNumber"))
    return Shard(described["ShardId"], described.get("ParentShardId") or "", closed)


def _record(record: Mapping[str, Any]) -> ChangeRecord:
    change, who = record["dynamodb"], record.get("userIdentity") or {}
    return ChangeRecord(
        keys=_raw(change["Keys"]),
        old=_raw(change["OldImage"]) if change.get("OldImage") else None,
        new=_raw(change["NewImage"]) if change.get("NewImage") else None,
        sequence=str(change["SequenceNumber"]),
        kind=_KINDS.get(str(record.get("eventName"))),
        expired=who.get("principalId") == _TIME_TO_LIVE,
    )


def _raw(item: Mapping[str, Any]) -> RawItem:
    return RawItem(write_tree(from_botocore(item)))
