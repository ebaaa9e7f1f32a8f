"""Pages of Query and Scan: what the engine reads, cut at 1 MB, then filtered, projected and counted here.

Costs one call of the engine for a page, more where the engine's pages are shorter than the service's, and BatchGetItem
calls where a local index lacks what is asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dynasmith.strict.measures.page_size import page_bytes
from dynasmith.strict.measures.sizes import NotHeld, item_bytes
from dynasmith.strict.measures.units import ConsumedUnits, read_units
from dynasmith.strict.rules.items import key_text
from dynasmith.strict.services.read_plan import EngineRead
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.services.write_images import key_of
from dynasmith.strict.state.state import StrictTable
from dynasmith.strict.wire.messages import WireReply

PAGE_BYTES_MAX = 1024 * 1024
"""Developer guide: a page of Query or Scan ends at 1 MB, before its filter."""
GET_MAX = 100


class _EnginePage(msgspec.Struct):
    items: list[dict[str, Any]] = msgspec.field(name="Items", default_factory=list)
    last: dict[str, Any] | None = msgspec.field(name="LastEvaluatedKey", default=None)


_PAGE = msgspec.json.Decoder(_EnginePage)


@dataclass(slots=True)
class ServedPage:
    """One page: what was ``read`` (and its bytes), the key to go on from, and its cost. ``whole``: these are items of
    the table as they are there. ``refused`` is the engine's answer where it would not.
    """

    read: list[Mapping[str, Any]] = field(default_factory=list)
    bytes: int = 0
    last: Mapping[str, Any] | None = None
    consumed: ConsumedUnits = field(default_factory=ConsumedUnits)
    whole: bool = True
    refused: WireReply | None = None


async def read_page(
    world: StrictWorld, call: IncomingCall, table: StrictTable, plan: EngineRead, limit: int | None
) -> ServedPage:
    """Read one page of at most ``limit`` items."""
    page, counted, sort_key = ServedPage(), 0, _sort_key(table)
    start = plan.body.get("ExclusiveStartKey")
    while True:
        body = {**plan.body, **({"ExclusiveStartKey": start} if start else {})}
        body.pop("Limit", None)
        body.pop("ReturnConsumedCapacity", None)
        if limit is not None:
            body["Limit"] = limit - len(page.read)
        reply = await world.send(call, body)
        if reply.status != 200:
            page.refused = reply
            return page
        found = _PAGE.decode(reply.body)
        for item in found.items:
            page.read.append(item)
            page.bytes += _size(item)
            counted += page_bytes(item, sort_key)
            if counted >= PAGE_BYTES_MAX:
                page.last = _start_key(table, plan, item)
                break
        page.last = page.last or found.last
        if page.last is None or counted >= PAGE_BYTES_MAX or (limit is not None and len(page.read) >= limit):
            break
        start = page.last
    index = plan.body.get("IndexName")
    page.whole = index is None
    consistent = bool(plan.body.get("ConsistentRead"))
    page.consumed.add(str(index or ""), read_units(page.bytes, consistent=consistent))
    if plan.fetches:
        await _fetch(world, call, table, page, consistent=consistent)
    return page


def _sort_key(table: StrictTable) -> str | None:
    return next((name for name, role in table.key_schema if role == "RANGE"), None)


def _size(item: Mapping[str, Any]) -> int:
    try:
        return item_bytes(item)
    except NotHeld:
        return 0


def _start_key(table: StrictTable, plan: EngineRead, item: Mapping[str, Any]) -> dict[str, Any]:
    name = str(plan.body.get("IndexName"))
    index = table.gsis.get(name) or table.lsis.get(name)
    names = [*table.keys, *((key for key, _ in index.key_schema) if index is not None else ())]
    return {key: item[key] for key in dict.fromkeys(names) if key in item}


async def _fetch(
    world: StrictWorld, call: IncomingCall, table: StrictTable, page: ServedPage, *, consistent: bool
) -> None:
    """Put the table's items in the place of the index's entries; each costs a read of the table."""
    found: dict[str, Mapping[str, Any]] = {}
    keys = [key_of(table, item) for item in page.read]
    for first in range(0, len(keys), GET_MAX):
        left: Any = {table.name: {"Keys": keys[first : first + GET_MAX], "ConsistentRead": True}}
        while left:
            _, said = await world.ask(call, "BatchGetItem", {"RequestItems": left})
            for item in (said.get("Responses") or {}).get(table.name) or ():
                found[key_text(table, item)] = item
            left = said.get("UnprocessedKeys")
    page.read = [found.get(key_text(table, item), item) for item in page.read]
    page.consumed.add("", sum(read_units(_size(item), consistent=consistent) for item in page.read))
