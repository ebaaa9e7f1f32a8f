"""The records of an export: every item of a full one, the changed keys of an incremental one.

Layout and records are those of the developer guide, "DynamoDB table export output format".
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dynasmith.strict.expressions.evaluate import Evaluation
from dynasmith.strict.expressions.expression import read_expression
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.services.write_images import as_of, key_of
from dynasmith.strict.state.history import Images
from dynasmith.strict.state.state import StrictTable

Keeps = Callable[[Mapping[str, Any]], bool]


def keeps_of(body: Mapping[str, Any]) -> Keeps:
    """Whether an export keeps an item: its FilterExpression, where it has one."""
    given = body.get("FilterSpecification") or {}
    text = given.get("FilterExpression")
    if not text:
        return lambda _: True
    root = read_expression("FilterExpression", text).root
    names, values = given.get("ExpressionAttributeNames") or {}, given.get("ExpressionAttributeValues") or {}
    evaluation = Evaluation(names, values)
    return lambda item: root is None or evaluation.holds(root, item)


async def full_records(
    world: StrictWorld, call: IncomingCall, table: StrictTable, at: float, keeps: Keeps
) -> list[bytes]:
    """Every item that the table held at a time, as ``{"Item": ...}``."""
    items = await as_of(world, call, table, at)
    return [b'{"Item":' + item + b"}" for item in items if keeps(msgspec.json.decode(item))]


async def changed_records(
    world: StrictWorld, table: StrictTable, window: tuple[float, float], view: str, keeps: Keeps
) -> list[bytes]:
    """Every key that was written in ``window`` (its end excluded) with its last write and its images."""
    async with world.writers_of(table):
        history = world.histories.get(table.arn)
        if history is None or history.since != table.pitr.since:
            return []
        found = (_record(table, images, window, view, keeps) for images in history.keys.values())
        return [record for record in found if record is not None]


def _record(table: StrictTable, images: Images, window: tuple[float, float], view: str, keeps: Keeps) -> bytes | None:
    begin, end = window
    before, after, last = images.before, None, 0.0
    for at, image in images.after:
        if at < begin:
            before = image
        elif at < end:
            after, last = image, at
    if not last or (before is None and after is None):  # not written meanwhile, or made and deleted
        return None
    old, new = (None if image is None else msgspec.json.decode(image) for image in (before, after))
    shown = old if new is None else new
    assert shown is not None
    if new is not None and not keeps(new):
        return None
    record = {
        "Metadata": {"WriteTimestampMicros": {"N": str(int(last * 1_000_000))}},
        "Keys": key_of(table, shown),
    }
    if old is not None and view == "NEW_AND_OLD_IMAGES":
        record["OldImage"] = old
    if new is not None:
        record["NewImage"] = new
    return msgspec.json.encode(record)
