"""What a read consumed, told from the items that came back; the ConsumedCapacity of the answer is made right."""

from collections.abc import Mapping
from typing import Any

import msgspec

from dynasmith.strict.measures.sizes import NotHeld, item_bytes
from dynasmith.strict.measures.units import READ_UNIT_BYTES, ConsumedUnits, read_units, wire
from dynasmith.strict.rules.rule import plain_name
from dynasmith.strict.services.metrics import measure_units
from dynasmith.strict.services.pages import PAGE_BYTES_MAX, read_page
from dynasmith.strict.services.read_plan import page_keys, plan_of
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.state.capacity import take
from dynasmith.strict.state.state import StrictTable
from dynasmith.strict.wire.messages import WireReply, value_reply

# Where nothing is known of a table's items yet.
UNKNOWN_ITEM_BYTES = 400


class ReadPage(msgspec.Struct):
    """The members of an answer that say what was read; items stay bytes until they are measured."""

    items: list[msgspec.Raw] = msgspec.field(name="Items", default_factory=list)
    count: int | None = msgspec.field(name="Count", default=None)
    item: msgspec.Raw = msgspec.field(name="Item", default_factory=msgspec.Raw)
    responses: msgspec.Raw = msgspec.field(name="Responses", default_factory=msgspec.Raw)


_PAGE = msgspec.json.Decoder(ReadPage)
_ITEM = msgspec.json.Decoder(dict[str, Any])


def measured(raw: msgspec.Raw) -> int:
    """The size of an item as it came; 0 for what is no item."""
    try:
        return item_bytes(_ITEM.decode(raw))
    except (NotHeld, msgspec.DecodeError):
        return 0


def mean_bytes(table: StrictTable) -> int:
    """The mean size of the table's items as far as they were seen."""
    return max(1, table.seen_bytes // table.seen_items) if table.seen_items else UNKNOWN_ITEM_BYTES


def pressed_limit(table: StrictTable, units_left: float | None, body: Mapping[str, Any]) -> int | None:
    """The Limit that makes a page fit into what is left; None when a whole page fits."""
    per_unit = READ_UNIT_BYTES * (1 if body.get("ConsistentRead") else 2)
    if units_left is None or units_left * per_unit >= PAGE_BYTES_MAX:
        return None
    fitting = max(1, int(units_left * per_unit / mean_bytes(table)))
    asked = body.get("Limit")
    return fitting if asked is None or fitting < int(asked) else None


def account_reads(world: StrictWorld, call: IncomingCall, reply: WireReply) -> WireReply:
    """Count, charge and journal what a read took; its ConsumedCapacity is replaced by what is right."""
    if reply.status != 200:
        return reply
    page = _PAGE.decode(reply.body)
    match call.operation:
        case "Query" | "Scan":
            consumed = {call.tables[0]: _page_units(call, page)}
        case "GetItem":
            consumed = {call.tables[0]: _get_units(call, page)}
        case "BatchGetItem":
            consumed = _batch_units(call, page)
        case _:
            consumed = _transact_units(call, page)
    charge_reads(world, call, consumed)
    capacity = capacity_member(world, call, consumed)
    if not capacity:
        return reply
    said = msgspec.json.decode(reply.body, type=dict[str, msgspec.Raw])
    return value_reply({**said, **capacity})


def charge_reads(world: StrictWorld, call: IncomingCall, consumed: Mapping[str, ConsumedUnits]) -> None:
    """Take the units that a read took of each table."""
    call.units = sum(one.total for one in consumed.values())
    for name, one in consumed.items():
        table = call.account.tables.get(name)
        if table is None:
            continue
        measure_units(world, call.account, table, one, "read")
        if not world.capacity.idle:
            keys = page_keys(call, table) or call.keys(table)
            take(world.capacity, table, one.by_resource, "read", keys, world.clock.flow())


def capacity_member(world: StrictWorld, call: IncomingCall, consumed: Mapping[str, ConsumedUnits]) -> dict[str, Any]:
    """The member ConsumedCapacity of the answer, where the call asks for it."""
    asked = call.body.get("ReturnConsumedCapacity")
    if asked not in {"TOTAL", "INDEXES"} or not world.rules.holds("consumed-capacity-right"):
        return {}
    listed = [
        wire(name, one, call.account.tables[name].lsis, indexes=asked == "INDEXES") for name, one in consumed.items()
    ]
    several = call.operation in {"BatchGetItem", "TransactGetItems"}
    return {"ConsumedCapacity": listed if several else listed[0]}


async def answered_page(world: StrictWorld, call: IncomingCall, table: StrictTable, limit: int | None) -> WireReply:
    """The answer to a Query or Scan with a filter, a projection or a count, which are worked out here."""
    plan = plan_of(call, table)
    page = await read_page(world, call, table, plan, limit)
    if page.refused is not None:
        return page.refused
    given = page.read if plan.keeps is None else [item for item in page.read if plan.keeps(item)]
    call.items = len(given)
    table.seen_items += len(page.read) if page.whole else 0
    table.seen_bytes += page.bytes if page.whole else 0
    consumed = {table.name: page.consumed}
    charge_reads(world, call, consumed)
    answer: dict[str, Any] = {} if plan.counts else {"Items": [plan.shown(item) for item in given]}
    answer |= {"Count": len(given), "ScannedCount": len(page.read)}
    answer |= {} if page.last is None else {"LastEvaluatedKey": page.last}
    return value_reply(answer | capacity_member(world, call, consumed))


def _page_units(call: IncomingCall, page: ReadPage) -> ConsumedUnits:
    table = call.account.tables[call.tables[0]]
    name = call.body.get("IndexName")
    sizes = [measured(raw) for raw in page.items]
    call.items = page.count if page.count is not None else len(sizes)
    if name is None:
        table.seen_items += len(sizes)
        table.seen_bytes += sum(sizes)
    units = read_units(min(sum(sizes), PAGE_BYTES_MAX), consistent=bool(call.body.get("ConsistentRead")))
    return ConsumedUnits({str(name) if name is not None else "": units})


def _get_units(call: IncomingCall, page: ReadPage) -> ConsumedUnits:
    size = measured(page.item)
    call.items = int(size > 0)
    return ConsumedUnits({"": read_units(size, consistent=bool(call.body.get("ConsistentRead")))})


def _batch_units(call: IncomingCall, page: ReadPage) -> dict[str, ConsumedUnits]:
    responses = (
        {} if not bytes(page.responses) else msgspec.json.decode(page.responses, type=dict[str, list[msgspec.Raw]])
    )
    consumed: dict[str, ConsumedUnits] = {}
    for name, wanted in call.body["RequestItems"].items():
        one = consumed.setdefault(plain_name(name), ConsumedUnits())
        consistent = bool(wanted.get("ConsistentRead"))
        found = responses.get(name, [])
        call.items += len(found)
        missing = max(0, len(wanted.get("Keys") or ()) - len(found))
        one.add("", sum(read_units(measured(raw), consistent=consistent) for raw in found))
        one.add("", missing * read_units(0, consistent=consistent))
    return consumed


def _transact_units(call: IncomingCall, page: ReadPage) -> dict[str, ConsumedUnits]:
    responses = (
        [] if not bytes(page.responses) else msgspec.json.decode(page.responses, type=list[dict[str, msgspec.Raw]])
    )
    consumed: dict[str, ConsumedUnits] = {}
    for part, response in zip(call.measured.parts, responses, strict=False):
        raw = response.get("Item")
        call.items += raw is not None
        size = measured(raw) if raw is not None else 0
        # A transactional read costs two units for 4 KB (developer guide, transactions).
        consumed.setdefault(part.table, ConsumedUnits()).add("", 2 * read_units(size, consistent=True))
    return consumed
