"""`AwsItems`: a few items, one call each. For many items there is the item flow."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from dynasmith.aws.control.binary import from_botocore, to_botocore
from dynasmith.aws.control.chosen_read import Call, count_items, filtered_items, request_of
from dynasmith.aws.control.request_items import absent
from dynasmith.aws.control.session import Session
from dynasmith.errors import ConditionFailed, ServiceError, ServiceUnavailable, ValidationRefused
from dynasmith.items.condition.tree import Path
from dynasmith.items.digest import tree_hash
from dynasmith.items.read_path import ReadPath
from dynasmith.ports.tables import SomeItems

KEYS_A_BATCH = 100
"""BatchGetItem: at most 100 keys a request."""

BATCH_ROUNDS_MAX = 8
"""How often the keys that a BatchGetItem left unprocessed are asked for again before that is an error."""

_COMPARISONS = {"EQ": "=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}


class AwsItems:
    """Keeps `dynasmith.ports.tables.Items`. Items are DynamoDB JSON; binary values are base64 text."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, table: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """The item of that key, read consistently, or None. One call. Raises TableNotFound."""
        return next(iter(self.get_with_units(table, key).items), None)

    def get_with_units(self, table: str, key: Mapping[str, Any]) -> SomeItems:
        """The item of that key, or none, with the read units of reading it consistently. One call. Raises
        TableNotFound."""
        told = {"Key": to_botocore(key), "ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"}
        answer = self._call("GetItem", table, told)
        units = (answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0)
        item = from_botocore(answer.get("Item") or {})
        return SomeItems([item] if item else [], None, 1 if item else 0, units)

    def get_many(self, table: str, keys: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Those of the items that there are, read consistently, in no order; one call for 100 keys.

        What the service leaves unprocessed is asked for again, with botocore's back-off only, up to 8 times; then
        ServiceUnavailable.
        """
        found: list[dict[str, Any]] = []
        for start in range(0, len(keys), KEYS_A_BATCH):
            pending = [to_botocore(key) for key in keys[start : start + KEYS_A_BATCH]]
            for _ in range(BATCH_ROUNDS_MAX):
                asked = {"RequestItems": {table: {"Keys": pending, "ConsistentRead": True}}}
                answer = self._session.call("dynamodb", "BatchGetItem", asked, table=table)
                found += map(from_botocore, (answer.get("Responses") or {}).get(table, []))
                pending = ((answer.get("UnprocessedKeys") or {}).get(table) or {}).get("Keys", [])
                if not pending:
                    break
            else:
                raise ServiceUnavailable(
                    f"{table} did not return {len(pending)} of the items asked for.",
                    hint="it is throttled; try again later",
                    operation="dynamodb:BatchGetItem",
                )
        return found

    def put(self, table: str, item: Mapping[str, Any], *, only_new: bool = False) -> None:
        """Write one item whole. With ``only_new`` raises ConditionFailed where there is one of that key.

        A write whose answer was lost is sent again by botocore, and then meets itself: where it was sent again, what
        stands there is read (two calls more), and an item that equals ours is ours.
        """
        told: dict[str, Any] = {"Item": to_botocore(item)}
        if not only_new:
            self._call("PutItem", table, told)
            return
        try:
            self._call("PutItem", table, told | absent(item))
        except ConditionFailed as failed:
            if not _sent_again(failed) or not self._stands(table, item):
                raise

    def _stands(self, table: str, item: Mapping[str, Any]) -> bool:
        """Whether the table holds an item equal to this one."""
        key = self._call("DescribeTable", table, {})["Table"]["KeySchema"]
        there = self.get(table, {part["AttributeName"]: item[part["AttributeName"]] for part in key})
        return there is not None and tree_hash(there) == tree_hash(item)

    def delete(self, table: str, key: Mapping[str, Any]) -> bool:
        """Delete the item of that key; whether there was one. One call. Raises TableNotFound.

        Where botocore sent it again, because an answer was lost, False may mean that the first one deleted it.
        """
        answer = self._call("DeleteItem", table, {"Key": to_botocore(key), "ReturnValues": "ALL_OLD"})
        return bool(answer.get("Attributes"))

    def query(
        self,
        table: str,
        *,
        conditions: Mapping[str, Any],
        index: str | None = None,
        limit: int = 5,
        forward: bool = True,
    ) -> list[dict[str, Any]]:
        """The items of `query_page`."""
        return self.query_page(table, conditions=conditions, index=index, limit=limit, forward=forward).items

    def query_page(
        self,
        table: str,
        *,
        conditions: Mapping[str, Any],
        index: str | None = None,
        limit: int = 5,
        forward: bool = True,
        start: Mapping[str, Any] | None = None,
    ) -> SomeItems:
        """Up to ``limit`` items of a partition. Each of ``conditions`` maps a key attribute to its value in DynamoDB
        JSON (equal), or to ``(comparison, value...)``: EQ, LT, LE, GT, GE, BETWEEN (two values), BEGINS_WITH."""
        told = {**_conditions(conditions), "ScanIndexForward": forward}
        return self._collect("Query", table, told, index, limit, start)

    def scan(self, table: str, *, index: str | None = None, limit: int = 5) -> list[dict[str, Any]]:
        """The items of `scan_page`."""
        return self.scan_page(table, index=index, limit=limit).items

    def scan_page(
        self, table: str, *, index: str | None = None, limit: int = 5, start: Mapping[str, Any] | None = None
    ) -> SomeItems:
        """Some ``limit`` items, in no order that means anything, after the key ``start``."""
        return self._collect("Scan", table, {}, index, limit, start)

    def count_all(self, table: str, segments: int) -> int:
        """How many items there are: reads all of them, in parallel ``segments``, half a read unit for each 4 KB."""
        with ThreadPoolExecutor(segments, thread_name_prefix="dynasmith-count") as pool:
            parts = [{"Segment": segment, "TotalSegments": segments} for segment in range(segments)]
            return sum(pool.map(lambda part: self._counted("Scan", table, part)[0], parts))

    def count(self, table: str, *, index: str | None = None) -> tuple[int, float]:
        """How many items there are, and the read units.

        Reads all of them, one page of 1 MB after the other: half a read unit for each 4 KB.
        """
        return self._counted("Scan", table, {"IndexName": index} if index is not None else {})

    def read(
        self,
        table: str,
        read: ReadPath,
        *,
        attributes: Sequence[Path] = (),
        limit: int = 5,
        read_limit: int | None = None,
        forward: bool = True,
        start: Mapping[str, Any] | None = None,
    ) -> SomeItems:
        """Up to ``limit`` items of a chosen read after the key ``start``, of ``attributes`` only where some are named.

        With a filter it reads on until it has found as many and one more, has read ``read_limit`` items (None: no
        limit), or everything.
        """
        told = request_of(read, attributes)
        if read.is_query:
            told["ScanIndexForward"] = forward
        if read.filters:
            return filtered_items(self._caller(table), read, told, attributes, limit, read_limit, start)
        limit = limit if read_limit is None else min(limit, read_limit)
        return self._collect("Query" if read.is_query else "Scan", table, told, read.index, limit, start)

    def count_found(self, table: str, read: ReadPath) -> tuple[int, int, float]:
        """How many items a chosen read finds, how many it reads for that, and the read units; see `count_items`."""
        return count_items(self._caller(table), read)

    def _caller(self, table: str) -> Call:
        return lambda operation, told: self._call(operation, table, told)

    def _counted(self, operation: str, table: str, parameters: Mapping[str, Any]) -> tuple[int, float]:
        told: dict[str, Any] = {"Select": "COUNT", "ReturnConsumedCapacity": "TOTAL", **parameters}
        counted, units = 0, 0.0
        while True:
            answer = self._call(operation, table, told)
            counted += answer.get("Count", 0)
            units += (answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0)
            if not answer.get("LastEvaluatedKey"):
                return counted, units
            told["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _collect(
        self,
        operation: str,
        table: str,
        told: dict[str, Any],
        index: str | None,
        limit: int,
        start: Mapping[str, Any] | None,
    ) -> SomeItems:
        """Pages until there are ``limit`` items or no more: a page may be short, or empty, with more to come.

        A page that ends at its limit says nothing of what follows: another item is then asked for.
        """
        found: list[dict[str, Any]] = []
        told = {**told, "ReturnConsumedCapacity": "TOTAL"}
        if index is not None:
            told["IndexName"] = index
        last = None if start is None else to_botocore(start)
        following: dict[str, Any] | None = None
        scanned, units = 0, 0.0
        while len(found) <= limit:
            more = {"ExclusiveStartKey": last} if last else {}
            answer = self._call(operation, table, {**told, **more, "Limit": max(limit - len(found), 1)})
            found += map(from_botocore, answer.get("Items") or [])
            scanned += answer.get("ScannedCount", 0)
            units += (answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0)
            last = answer.get("LastEvaluatedKey")
            if len(found) == limit:
                following = last
            if not last:
                break
        goes_on = following if following and len(found) > limit else None
        return SomeItems(found[:limit], None if goes_on is None else from_botocore(goes_on), scanned, units)

    def _call(self, operation: str, table: str, told: dict[str, Any]) -> dict[str, Any]:
        return self._session.call("dynamodb", operation, {"TableName": table, **told}, table=table)


def _conditions(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a Query for these conditions."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    terms = [_term(number, name, said, names, values) for number, (name, said) in enumerate(conditions.items())]
    return {
        "KeyConditionExpression": " AND ".join(terms),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_botocore(values),
    }


def _sent_again(error: ServiceError) -> bool:
    """Whether botocore sent the request more than once."""
    said = error.__cause__.response if isinstance(error.__cause__, ClientError) else {}
    return bool(said.get("ResponseMetadata", {}).get("RetryAttempts"))


def _term(number: int, name: str, said: Any, names: dict[str, str], values: dict[str, Any]) -> str:
    """One term of a key condition; its placeholders are added to ``names`` and ``values``."""
    comparison, *operands = said if isinstance(said, tuple) else ("EQ", said)
    placeholders = [f":v{number}_{place}" for place in range(len(operands))]
    names[f"#n{number}"] = name
    values.update(zip(placeholders, operands, strict=True))
    if comparison == "BETWEEN" and len(operands) == 2:
        return f"#n{number} BETWEEN {placeholders[0]} AND {placeholders[1]}"
    if comparison == "BEGINS_WITH" and len(operands) == 1:
        return f"begins_with(#n{number}, {placeholders[0]})"
    if comparison in _COMPARISONS and len(operands) == 1:
        return f"#n{number} {_COMPARISONS[comparison]} {placeholders[0]}"
    raise ValidationRefused(
        f"{comparison} with {len(operands)} values is not a key condition.",
        hint="EQ, LT, LE, GT, GE, BEGINS_WITH take one value, BETWEEN two",
        operation="dynamodb:Query",
    )
