"""The requests of a chosen read: Query or Scan with its expressions, page after page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from dynasmith.aws.control.binary import from_botocore, to_botocore
from dynasmith.items.condition.condition import Expressions
from dynasmith.items.condition.tree import Path
from dynasmith.items.read_path import ReadPath
from dynasmith.ports.tables import SomeItems

FIRST_PAGE_ITEMS = 100
"""How many items the first page of a read with a filter looks at; each page looks at twice as many as the one before,
so that a filter which most items pass reads little, and one which few pass needs few calls."""
PAGE_ITEMS_MAX = 100_000

Call: TypeAlias = Callable[[str, dict[str, Any]], dict[str, Any]]
"""An operation with its parameters: the answer."""


def request_of(read: ReadPath, attributes: Sequence[Path] = ()) -> dict[str, Any]:
    """The parameters of a chosen read, with ``attributes`` only where some are named, and those that it goes on by."""
    told: dict[str, Any] = {"IndexName": read.index} if read.index is not None else {}
    expressions = Expressions()
    if read.key_terms:
        told["KeyConditionExpression"] = expressions.of(read.key_terms)
    if read.filters:
        told["FilterExpression"] = expressions.of(read.filters)
    if attributes:
        named = _tops(attributes)
        going_on = [Path((name,)) for name in read.key_names if name not in named] if read.filters else []
        told["ProjectionExpression"] = expressions.paths([*attributes, *going_on])
    if expressions.names:
        told["ExpressionAttributeNames"] = expressions.names
    if expressions.values:
        told["ExpressionAttributeValues"] = to_botocore(expressions.values)
    return told


def filtered_items(
    call: Call,
    read: ReadPath,
    told: Mapping[str, Any],
    attributes: Sequence[Path],
    limit: int,
    read_limit: int | None,
    start: Any,
) -> SomeItems:
    """Up to ``limit`` items of a read with a filter, after the key ``start``. Reads on until it has found as many and
    one more, has read ``read_limit`` items, or everything: half a read unit for each 4 KB."""
    found: list[dict[str, Any]] = []
    scanned, units, reached = 0, 0.0, None
    for answer in _pages(call, read, told, limit + 1, read_limit, start):
        found += map(from_botocore, answer.get("Items") or [])
        scanned += answer.get("ScannedCount", 0)
        units += _units(answer)
        reached = answer.get("LastEvaluatedKey")
        if len(found) > limit:
            break
    following: dict[str, Any] | None
    if len(found) > limit:
        following = {name: found[limit - 1][name] for name in read.key_names}
    else:
        following = from_botocore(reached) if reached else None
    shown = found[:limit]
    if attributes:
        named = _tops(attributes)
        shown = [{name: value for name, value in item.items() if name in named} for item in shown]
    return SomeItems(shown, following, scanned, units)


def count_items(call: Call, read: ReadPath) -> tuple[int, int, float]:
    """How many items a chosen read finds, how many it reads for that, and the read units. Reads all of them."""
    counted, scanned, units = 0, 0, 0.0
    for answer in _pages(call, read, request_of(read) | {"Select": "COUNT"}, None, None, None):
        counted += answer.get("Count", 0)
        scanned += answer.get("ScannedCount", 0)
        units += _units(answer)
    return counted, scanned, units


def _pages(
    call: Call,
    read: ReadPath,
    told: Mapping[str, Any],
    wanted: int | None,
    read_limit: int | None,
    start: Mapping[str, Any] | None,
) -> Iterator[dict[str, Any]]:
    """The answers; ``wanted`` items are looked for (None: all), and no page looks at more than may be needed. They end
    where ``read_limit`` items have been read."""
    last = None if start is None else to_botocore(start)
    size, left = max(FIRST_PAGE_ITEMS, wanted or 0), read_limit
    while True:
        parameters = {**told, "ReturnConsumedCapacity": "TOTAL", **({"ExclusiveStartKey": last} if last else {})}
        if wanted is not None:
            parameters["Limit"] = size if left is None else min(size, left)
            size = min(2 * size, PAGE_ITEMS_MAX)
        answer = call("Query" if read.is_query else "Scan", parameters)
        yield answer
        last = answer.get("LastEvaluatedKey")
        left = None if left is None else left - answer.get("ScannedCount", 0)
        if not last or (left is not None and left <= 0):
            return


def _tops(attributes: Sequence[Path]) -> set[str]:
    return {str(path.parts[0]) for path in attributes}


def _units(answer: Mapping[str, Any]) -> float:
    return float((answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0))
