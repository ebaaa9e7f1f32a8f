"""What a change of an item says in a stream: nothing where nothing changed, else the images of the stream's view."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dynasmith.strict.measures.sizes import item_bytes
from dynasmith.strict.state.stream_log import StreamLog

BY_SERVICE: Final[Mapping[str, str]] = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
"""The userIdentity of what time to live deletes (API reference, Identity)."""
_SETS: Final = ("SS", "NS", "BS")
_OLD: Final = frozenset({"OLD_IMAGE", "NEW_AND_OLD_IMAGES"})
_NEW: Final = frozenset({"NEW_IMAGE", "NEW_AND_OLD_IMAGES"})


def changed(before: bytes | None, after: bytes | None) -> bool:
    """Whether two images (JSON) are of different items; the order of attributes and of sets is none."""
    if before is None or after is None or before == after:
        return before != after
    return bool(_ordered(msgspec.json.decode(before)) != _ordered(msgspec.json.decode(after)))


_PLAIN: Final = re.compile(r"(0|-?[1-9][0-9]{0,37})\Z")


def is_canonical(value: Any) -> bool:
    """Whether an item is kept just as it says: its numbers are whole and have no other spelling."""
    if isinstance(value, list):
        return all(map(is_canonical, value))
    if not isinstance(value, dict):
        return True
    for name, one in value.items():
        if name == "N" and isinstance(one, str):
            if not _PLAIN.match(one) or (one[-1] == "0" and len(one) > 1):
                return False
        elif name == "NS" or not is_canonical(one):
            return False
    return True


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: sorted(one) if name in _SETS and isinstance(one, list) and _is_texts(one) else _ordered(one)
        for name, one in value.items()
    }


def _is_texts(values: list[Any]) -> bool:
    return all(isinstance(one, str) for one in values)


def record_of(
    log: StreamLog,
    before: bytes | None,
    after: bytes | None,
    number: int,
    at: float,
    identity: Mapping[str, str] | None,
) -> dict[str, Any]:
    """The record of a change, as GetRecords answers it. ``identity`` is who made it, where the service says who."""
    old = None if before is None else msgspec.json.decode(before)
    new = None if after is None else msgspec.json.decode(after)
    item = new or old or {}
    keys = {name: item[name] for name, _ in log.key_schema}
    images: dict[str, Any] = {}
    if new is not None and log.view in _NEW:
        images["NewImage"] = new
    if old is not None and log.view in _OLD:
        images["OldImage"] = old
    record: dict[str, Any] = {
        "eventID": uuid.uuid4().hex,
        "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": log.region,
        "dynamodb": {
            "ApproximateCreationDateTime": float(int(at)),
            "Keys": keys,
            **images,
            "SequenceNumber": str(number),
            "SizeBytes": sum(item_bytes(one) for one in (keys, *images.values())),
            "StreamViewType": log.view,
        },
    }
    return record if identity is None else {**record, "userIdentity": dict(identity)}


def as_event(said: Mapping[str, Any], stream: str) -> dict[str, Any]:
    """A record as Lambda gives it to a function."""
    event = {**said, "eventSourceARN": stream}
    identity = said.get("userIdentity")
    if identity is not None:
        # Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB": its names begin small there.
        event["userIdentity"] = {name[:1].lower() + name[1:]: value for name, value in identity.items()}
    return event
