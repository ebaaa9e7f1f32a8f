"""Faults: the engine's own reply with one member missing, of the wrong type, or contradicting the rest or the request.

Length and checksum are made right again. What no client can know from such a reply is left out, on purpose: a page from
which items were taken together with their part of Count, and a page whose LastEvaluatedKey was taken away, with a
checksum that is right. A checksum that is not (``headers.py``) gives both away.
"""

import copy
from collections.abc import Callable
from typing import Any

from faults.fault import BATCHES, ITEM_OPERATIONS, LOOKUPS, SCANS, STATEMENTS, Fault, edited

_REQUIRED = {
    "Items": SCANS,
    "Count": SCANS,
    "ScannedCount": SCANS,
    "UnprocessedItems": BATCHES,
    "Responses": STATEMENTS | LOOKUPS,
    "UnprocessedKeys": LOOKUPS,
    "ConsumedCapacity": ITEM_OPERATIONS,
}
_WRONG: dict[str, tuple[Any, ...]] = {
    "Items": ({}, "", 0, [None], [1], ["x"]),
    "Count": ("0", -1, 1.5, [], True),
    "ScannedCount": ("0", -1, 1.5, {}),
    "UnprocessedItems": ([], "", 0),
    "Responses": ("", 0),
    "UnprocessedKeys": ([], "", 0),
    "ConsumedCapacity": ("", 0),
}
_LAST_KEYS: tuple[Any, ...] = (
    None, {}, [], "x", 0, {"other": {"S": "x"}}, {"pk": "x"}, {"pk": {"S": 1}}, {"pk": {"N": "1"}},
)  # fmt: skip
INVENTED = {"pk": {"S": "nobody sent this"}, "n": {"N": "666"}}


def _without(name: str) -> Callable[[Any, Any], Any]:
    return lambda document, _: {key: value for key, value in document.items() if key != name}


def _with(name: str, value: Any) -> Callable[[Any, Any], Any]:
    return lambda document, _: document | {name: value}


def _count(change: int, *, scanned: bool = False) -> Callable[[Any, Any], Any]:
    name = "ScannedCount" if scanned else "Count"
    return lambda document, _: document | {name: max(0, document["Count"] + change)}


def _without_items(keep: int) -> Callable[[Any, Any], Any]:
    return lambda document, _: document | {"Items": document["Items"][:keep]}


def _repeated(document: Any, request: Any) -> Any:
    return document | {"LastEvaluatedKey": request["ExclusiveStartKey"]}


# --- writes -----------------------------------------------------------------------------------------------------------


def _sent(request: Any) -> tuple[str, list[Any]]:
    [(table, requests)] = request["RequestItems"].items()
    return table, requests


def _left(make: Callable[[str, list[Any]], Any]) -> Callable[[Any, Any], Any]:
    """UnprocessedItems that are made of the table and of what was sent; all of it was done."""
    return lambda document, request: document | {"UnprocessedItems": make(*_sent(request))}


def _changed(request: Any) -> Any:
    changed = copy.deepcopy(request)
    if "PutRequest" in changed:
        changed["PutRequest"]["Item"] |= {"n": {"N": "667"}}
    return changed


_PUT = {"PutRequest": {"Item": INVENTED}}
_UNPROCESSED: dict[str, Callable[[str, list[Any]], Any]] = {
    "an invented item": lambda table, _: {table: [_PUT]},
    "sent and invented items": lambda table, sent: {table: [*sent, _PUT]},
    "more than was sent": lambda table, sent: {table: [*sent, *[_PUT] * 30]},
    "an item twice": lambda table, sent: {table: [sent[0], sent[0]]},
    "every item twice": lambda table, sent: {table: [*sent, *sent]},
    "another table": lambda table, sent: {f"{table}-other": sent},
    "another table too": lambda table, sent: {table: sent[:1], f"{table}-other": sent[:1]},
    "an item that was changed": lambda table, sent: {table: [_changed(sent[0])]},
    "a delete": lambda table, sent: {table: [{"DeleteRequest": {"Key": {"pk": sent[0]["PutRequest"]["Item"]["pk"]}}}]},
    "neither put nor delete": lambda table, _: {table: [{}]},
    "null requests": lambda table, _: {table: [None]},
    "no list": lambda table, _: {table: {}},
    "null for the table": lambda table, _: {table: None},
    "an item that is none": lambda table, _: {table: [{"PutRequest": {"Item": "x"}}]},
    "an item without its key": lambda table, _: {table: [{"PutRequest": {"Item": {"n": {"N": "1"}}}}]},
}

# --- statements and lookups -------------------------------------------------------------------------------------------


def _responses(make: Callable[[list[Any]], Any]) -> Callable[[Any, Any], Any]:
    return lambda document, _: document | {"Responses": make(document["Responses"])}


_RESPONSES: dict[str, Callable[[list[Any]], Any]] = {
    "empty": lambda _: [],
    "one shorter": lambda all_: all_[:-1],
    "one longer": lambda all_: [*all_, {}],
    "twice": lambda all_: all_ * 2,
    "null entries": lambda all_: [None for _ in all_],
    "strings": lambda all_: ["" for _ in all_],
    "an object": lambda _: {},
    "errors that are null": lambda all_: [{"Error": 1} for _ in all_],
    "errors without a code": lambda all_: [{"Error": {}} for _ in all_],
}


def _found(make: Callable[[str, list[Any]], Any]) -> Callable[[Any, Any], Any]:
    def edit(document: Any, request: Any) -> Any:
        [table] = request["RequestItems"]
        return document | {"Responses": make(table, document["Responses"].get(table, []))}

    return edit


_FOUND: dict[str, Callable[[str, list[Any]], Any]] = {
    "an invented item": lambda table, items: {table: [*items, INVENTED]},
    "an item twice": lambda table, items: {table: items * 2 or [INVENTED]},
    "another table": lambda table, items: {f"{table}-other": items or [INVENTED]},
    "a list": lambda _, items: items,
    "no list for the table": lambda table, _: {table: {}},
    "null items": lambda table, _: {table: [None]},
}


def _unread(make: Callable[[str, list[Any]], Any]) -> Callable[[Any, Any], Any]:
    def edit(document: Any, request: Any) -> Any:
        [(table, wanted)] = request["RequestItems"].items()
        return document | {"UnprocessedKeys": make(table, wanted["Keys"])}

    return edit


_OTHER_KEY = {"pk": {"S": "nobody asked for this"}}
_UNREAD: dict[str, Callable[[str, list[Any]], Any]] = {
    "an invented key": lambda table, _: {table: {"Keys": [_OTHER_KEY]}},
    "a key twice": lambda table, keys: {table: {"Keys": [keys[0], keys[0]]}},
    "another table": lambda table, keys: {f"{table}-other": {"Keys": keys}},
    "no keys": lambda table, _: {table: {}},
    "a list": lambda table, keys: {table: keys},
}


def _capacity(change: dict[str, Any]) -> Callable[[Any, Any], Any]:
    def edit(document: Any, _: Any) -> Any:
        found = document["ConsumedCapacity"]
        return document | {
            "ConsumedCapacity": [each | change for each in found] if isinstance(found, list) else found | change
        }

    return edit


MEMBERS: tuple[Fault, ...] = (
    *(edited(f"no {name}", operations, _without(name)) for name, operations in _REQUIRED.items()),
    *(edited(f"{name} null", operations, _with(name, None)) for name, operations in _REQUIRED.items()),
    *(
        edited(f"{name} {value!r}", _REQUIRED[name], _with(name, value))
        for name, values in _WRONG.items()
        for value in values
    ),
    edited("Count one more", SCANS, _count(1)),
    edited("Count one less", SCANS, _count(-1)),
    edited("Count 0", SCANS, _count(-(10**9))),
    edited("ScannedCount below Count", SCANS, _count(-1, scanned=True)),
    edited("an item dropped", SCANS, _without_items(-1)),
    edited("every item dropped", SCANS, _without_items(0)),
    edited("no Items and no Count", SCANS, lambda d, _: {k: v for k, v in d.items() if k not in ("Items", "Count")}),
    edited("LastEvaluatedKey repeats the start", SCANS, _repeated, later=True),
    *(edited(f"LastEvaluatedKey {value!r}", SCANS, _with("LastEvaluatedKey", value)) for value in _LAST_KEYS),
    edited("ConsumedCapacity an empty list", ITEM_OPERATIONS, _with("ConsumedCapacity", [])),
    edited("ConsumedCapacity an empty object", ITEM_OPERATIONS, _with("ConsumedCapacity", {})),
    edited("ConsumedCapacity of another table", ITEM_OPERATIONS, _capacity({"TableName": "another-table"})),
    edited("ConsumedCapacity no number", ITEM_OPERATIONS, _capacity({"CapacityUnits": "x"})),
    *(edited(f"UnprocessedItems: {name}", BATCHES, _left(make)) for name, make in _UNPROCESSED.items()),
    *(edited(f"Responses: {name}", STATEMENTS, _responses(make)) for name, make in _RESPONSES.items()),
    *(edited(f"Responses of a lookup: {name}", LOOKUPS, _found(make)) for name, make in _FOUND.items()),
    *(edited(f"UnprocessedKeys: {name}", LOOKUPS, _unread(make)) for name, make in _UNREAD.items()),
)
