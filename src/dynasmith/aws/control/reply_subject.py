"""Whether a whole reply of DynamoDB speaks of what was asked: a proxy that mixes up two connections, or answers from a
cache, gives right replies to other requests.
"""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final

from dynasmith.aws.control.binary import from_botocore
from dynasmith.errors import ItemInvalid
from dynasmith.items.digest import tree_hash

_NAMES: Final = ("TableName", "Table.TableName", "TableDescription.TableName", "ConsumedCapacity.TableName")
"""Where a reply names the table that it is about."""
_IDS_KEPT: Final = 1000
_EQUALS: Final = re.compile(r"(\S+) = (:\w+)")


def subject_fault(operation: str, asked: Mapping[str, Any], parsed: Mapping[str, Any]) -> str:
    """What says that a reply is about another table, or another item, than the request; empty where nothing does."""
    table = asked.get("TableName")
    if isinstance(table, str):
        for path in _NAMES:
            named = _at(parsed, path)
            if isinstance(named, str) and _last(named) != _last(table):
                return f"it is about the table {named[:255]}"
    if operation == "GetItem" and parsed.get("Item") and "ProjectionExpression" not in asked:
        return "" if _has_key(from_botocore(parsed["Item"]), asked["Key"]) else "its Item has another key"
    if operation == "Query" and not all(
        _in_partition(from_botocore(item), asked) for item in parsed.get("Items") or ()
    ):
        return "its Items have another key"
    if operation == "BatchGetItem":
        return _lookup_fault(asked["RequestItems"], parsed)
    if operation == "BatchWriteItem" and not _unwritten_were_sent(asked["RequestItems"], parsed["UnprocessedItems"]):
        return "its UnprocessedItems hold what was not sent"
    if operation == "TransactGetItems" and len(parsed["Responses"]) != len(asked["TransactItems"]):
        return f"its Responses are {len(parsed['Responses'])}, and {len(asked['TransactItems'])} were asked for"
    return ""


def _unwritten_were_sent(asked: Mapping[str, Any], left: Mapping[str, Any]) -> bool:
    """Whether each entry that a batch left is another one of those that were sent."""
    for table, entries in left.items():
        sent: Any = _of_table(asked, table)
        try:
            wanted = {_write_hash(each) for each in sent or ()}
            found = [_write_hash(each) for each in entries]
        except (ItemInvalid, KeyError, ValueError):
            return False
        if not wanted.issuperset(found) or len(set(found)) < len(found):
            return False
    return True


def _write_hash(entry: Mapping[str, Any]) -> Any:
    ((kind, write),) = entry.items()
    ((part, tree),) = write.items()
    return kind, part, tree_hash(from_botocore(tree))


def _lookup_fault(asked: Mapping[str, Any], parsed: Mapping[str, Any]) -> str:
    """The same for the items that were found by their keys, and for the keys that were not looked up."""
    for table, items in parsed["Responses"].items():
        wanted = _of_table(asked, table)
        if wanted is None:
            return f"its Responses name the table {table[:255]}"
        if "ProjectionExpression" not in wanted and not _distinct_keys(items, wanted["Keys"]):
            return "its Responses hold items that were not asked for"
    for table, unread in parsed["UnprocessedKeys"].items():
        wanted = _of_table(asked, table)
        if wanted is None or not _distinct_keys(unread.get("Keys") or (), wanted["Keys"]):
            return "its UnprocessedKeys hold what was not asked for"
    return ""


def _distinct_keys(items: Sequence[Mapping[str, Any]], keys: Sequence[Mapping[str, Any]]) -> bool:
    """Whether each item is one of another of these keys."""
    names = sorted(keys[0]) if keys else ()
    try:
        wanted = {tree_hash(key) for key in keys}
        found = [tree_hash({name: plain[name] for name in names}) for plain in map(from_botocore, items)]
    except (ItemInvalid, KeyError):
        return False
    return wanted.issuperset(found) and len(set(found)) == len(found)


def _in_partition(item: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether an item has the values that the key condition says are equal; attributes that were not read, pass."""
    names: Mapping[str, str] = asked.get("ExpressionAttributeNames") or {}
    values: Mapping[str, Any] = asked.get("ExpressionAttributeValues") or {}
    for term in str(asked.get("KeyConditionExpression", "")).split(" AND "):
        if equal := _EQUALS.fullmatch(term.strip()):
            name = names.get(equal[1], equal[1])
            if name in item and not _has_key({name: item[name]}, {name: values.get(equal[2])}):
                return False
    return True


def _has_key(item: Mapping[str, Any], key: Mapping[str, Any]) -> bool:
    return _distinct_keys([item], [key])


def _of_table(asked: Mapping[str, Any], table: str) -> Mapping[str, Any] | None:
    return next((wanted for name, wanted in asked.items() if _last(name) == _last(table)), None)


def _at(parsed: Mapping[str, Any], path: str) -> Any:
    found: Any = parsed
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _last(name: str) -> str:
    """The name in a table's ARN; a name as it is."""
    return name.rpartition("/")[2]


class RequestIds:
    """The request ids of the last replies of a client: the service gives none twice."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._order: deque[str] = deque()
        self._seen: set[str] = set()

    def repeats(self, request_id: str) -> bool:
        """Whether one of the last replies had this id; keeps it."""
        with self._lock:
            if request_id in self._seen:
                return True
            self._seen.add(request_id)
            self._order.append(request_id)
            if len(self._order) > _IDS_KEPT:
                self._seen.discard(self._order.popleft())
            return False
