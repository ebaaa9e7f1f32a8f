"""PartiQL on its way through: each statement is judged, throttled and charged as the call that it stands for.

A batch answers statement by statement: those that a rule or the capacity holds back never reach the engine, and their
errors stand in the answer at their places. A transaction is all or nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from dynasmith.strict.measures.measure import MeasuredPart, measure
from dynasmith.strict.measures.sizes import ITEM_BYTES_MAX, NotHeld, item_bytes
from dynasmith.strict.measures.units import ConsumedUnits, read_units, said_units, wire
from dynasmith.strict.partiql.calls import statements_in, tables_in
from dynasmith.strict.rules.items import key_text, part_keys
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, invalid, plain_name
from dynasmith.strict.services.data import affected
from dynasmith.strict.services.isolation import CONFLICT_RULE, ONGOING, transaction
from dynasmith.strict.services.metrics import measure_throttle, measure_units
from dynasmith.strict.services.statement import SingleStatement, cost_of_statement, one_of
from dynasmith.strict.services.world import IncomingCall, StrictWorld, reply_json
from dynasmith.strict.services.write_images import recorded_statements
from dynasmith.strict.state.capacity import Side, take, throttle_of
from dynasmith.strict.state.conflicts import Key
from dynasmith.strict.state.state import Account, StrictTable
from dynasmith.strict.wire.messages import WireReply, error_code, error_reply, json_reply


async def run_statements(world: StrictWorld, call: IncomingCall) -> WireReply:
    """ExecuteStatement, BatchExecuteStatement, ExecuteTransaction."""
    for name in tables_in(call.body):
        await world.table(call, name)
    statements = statements_in(call.body)
    if call.operation != "ExecuteStatement" or not statements:
        refusal = world.rules.judge(JudgedRequest(call.operation, call.body, None, call.account, call.now))
        if refusal is not None:
            return _refused(refusal)
        if not statements:
            return await world.forward(call)
    call.account.settle(call.now)
    ones = [one_of(call, said) for said in statements]
    for one in ones:
        one.refusal = _judged(world, call, one)
    if call.operation == "BatchExecuteStatement":
        _hold_batch(world, ones)
    if call.operation != "BatchExecuteStatement" and (first := next((o.refusal for o in ones if o.refusal), None)):
        return _refused(first)
    await _look(world, call, ones)
    return await _isolated(world, call, ones)


async def _isolated(world: StrictWorld, call: IncomingCall, ones: list[SingleStatement]) -> WireReply:
    """Run the statements unless a transaction is in the way; what they write is known to others meanwhile."""
    if not world.rules.holds(CONFLICT_RULE):
        return await _run(world, call, ones)
    keys = [
        (one.table.arn, key_text(one.table, one.key)) if one.table and one.key is not None else None for one in ones
    ]
    if call.operation == "ExecuteTransaction":
        writes = any(not one.statement.reads or one.statement.shape.exists for one in ones)
        return await transaction(world, call, keys, lambda: _run(world, call, ones), writes=writes)
    free: list[Key] = []
    for one, key in zip(ones, keys, strict=True):
        if one.statement.reads or one.refusal is not None or key is None:
            continue
        if key in world.conflicts.held:
            one.refusal = Refusal("TransactionConflictException", ONGOING)
        else:
            free.append(key)
    with world.conflicts.writing(free):
        return await _run(world, call, ones)


async def _run(world: StrictWorld, call: IncomingCall, ones: list[SingleStatement]) -> WireReply:
    await call.pause()
    _throttle(world, call, ones)
    if call.operation == "BatchExecuteStatement":
        return await _batch(world, call, ones)
    if call.operation == "ExecuteTransaction":
        return await _transaction(world, call, ones)
    return await _single(world, call, ones[0])


# --- what holds it back -----------------------------------------------------------------------------------------------


def _judged(world: StrictWorld, call: IncomingCall, one: SingleStatement) -> Refusal | None:
    """What the rules say of one statement; what is not understood is left to the engine."""
    ask = JudgedRequest("ExecuteStatement", one.said, one.table, call.account, call.now)
    if not one.statement.shape.verb:
        return world.rules.judge(ask)
    if one.table is None:
        return world.rules.judge(ask) or Refusal("ResourceNotFoundException", "Requested resource not found")
    refusal = world.rules.judge(ask)
    unknown = one.key is None and one.operation != "Scan"
    if refusal is not None or unknown:
        return refusal
    measured = measure(one.operation, one.body, plain_name)
    return world.rules.judge(JudgedRequest(one.operation, one.body, one.table, call.account, call.now, measured))


def _hold_batch(world: StrictWorld, ones: Sequence[SingleStatement]) -> None:
    """What only a batch asks of its statements."""
    seen: set[tuple[str, str]] = set()
    for one in ones:
        if one.refusal is not None or one.table is None:
            continue
        if one.statement.reads and one.key is None and world.rules.holds("statement-batch-reads-one"):
            one.refusal = invalid(
                "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
            )
        elif one.key is not None and world.rules.holds("statement-once-an-item"):
            which = (one.table.name, key_text(one.table, one.key))
            if which in seen:
                one.refusal = Refusal("DuplicateItemException", "Provided list of item keys contains duplicates")
            seen.add(which)


async def _look(world: StrictWorld, call: IncomingCall, ones: Sequence[SingleStatement]) -> None:
    """The items as they are before, where somebody asks for units: an update is charged on the larger of both."""
    if world.capacity.idle and not _asked(call):
        return
    if not world.rules.holds("consumed-capacity-right"):
        return
    wanted: dict[str, list[SingleStatement]] = {}
    for one in ones:
        if one.refusal is None and one.table is not None and one.key is not None:
            wanted.setdefault(one.table.name, []).append(one)
    for name, several in wanted.items():
        found: dict[str, Mapping[str, Any]] = {}
        distinct = {key_text(_table(one), one.key or {}): one.key for one in several}
        left: Any = {name: {"Keys": list(distinct.values()), "ConsistentRead": True}}
        while left:
            reply, said = await world.ask(call, "BatchGetItem", {"RequestItems": left})
            if reply.status != 200:
                return
            for item in (said.get("Responses") or {}).get(name) or ():
                found[key_text(_table(several[0]), item)] = item
            left = said.get("UnprocessedKeys")
        for one in several:
            one.before, one.known = found.get(key_text(_table(one), one.key or {})), True
            if world.rules.holds("item-400-kb") and _size(one.after) > ITEM_BYTES_MAX:
                one.refusal = invalid("Item size to update has exceeded the maximum allowed size")


def _throttle(world: StrictWorld, call: IncomingCall, ones: Sequence[SingleStatement]) -> None:
    """Hold back what capacity has no room for, and charge the rest as it passes."""
    passed = 0
    for one in ones:
        table, part = one.table, one.part
        if one.refusal is not None or table is None:
            continue
        if call.leave and passed >= max(1, len(ones) // 2):
            one.refusal = Refusal("ThrottlingException", "Throughput exceeds the current capacity of your table")
            continue
        passed += 1
        if world.capacity.idle:
            continue
        side: Side = "read" if one.statement.reads else "write"
        keys: dict[str, str] = {}
        if part is not None:
            resources = (
                [""]
                if one.statement.reads
                else affected(table, part, one.body, measure(one.operation, one.body, plain_name))
            )
            keys = part_keys(table, part.value)
        else:
            index = one.statement.shape.index
            resources = [index if index is not None and index in table.gsis else ""]
        throttle = throttle_of(world.capacity, table, resources, side, keys, world.clock.flow())
        if throttle is not None:
            measure_throttle(world, call.account, throttle)
            one.refusal, passed = throttle.refusal(), passed - 1
        elif call.operation != "ExecuteTransaction":
            # A guess holds its place until the answer says whether it was done.
            take(world.capacity, table, cost_of_statement(one, "").by_resource, side, keys, world.clock.flow())


# --- what it costs ----------------------------------------------------------------------------------------------------


def _charge(
    world: StrictWorld, account: Account, ones: Sequence[SingleStatement], codes: Sequence[str], factor: float = 1.0
) -> dict[str, ConsumedUnits]:
    """What each table is charged in the end; a guess that was held is put right."""
    tables: dict[str, ConsumedUnits] = {}
    for one, code in zip(ones, codes, strict=True):
        if one.table is None:
            continue
        guessed, cost = cost_of_statement(one, ""), cost_of_statement(one, code).scaled(factor)
        held = ConsumedUnits() if factor != 1.0 else guessed
        for resource, units in cost.by_resource.items():
            tables.setdefault(one.table.name, ConsumedUnits()).add(resource, units)
        side: Side = "read" if one.statement.reads else "write"
        measure_units(world, account, one.table, cost, side)
        if not world.capacity.idle and cost.by_resource != held.by_resource:
            keys = part_keys(one.table, one.key) if one.key is not None else {}
            names = {*cost.by_resource, *held.by_resource}
            more = {name: cost.by_resource.get(name, 0.0) - held.by_resource.get(name, 0.0) for name in names}
            take(world.capacity, one.table, more, side, keys, world.clock.flow())
    return tables


def _said(call: IncomingCall, said: dict[str, Any], tables: Mapping[str, ConsumedUnits], known: bool) -> dict[str, Any]:
    """The answer with its ConsumedCapacity put right, and the journal's units."""
    if known:
        call.units = sum(one.total for one in tables.values())
    elif (engine := said_units(said.get("ConsumedCapacity"))) is not None:
        call.units = engine.total
    if not known or not _asked(call):
        return said
    indexes = call.body.get("ReturnConsumedCapacity") == "INDEXES"
    listed = [wire(name, one, call.account.tables[name].lsis, indexes=indexes) for name, one in tables.items()]
    single = call.operation == "ExecuteStatement"
    return {**said, "ConsumedCapacity": (listed[0] if listed else None) if single else listed}


# --- the three calls --------------------------------------------------------------------------------------------------


async def _batch(world: StrictWorld, call: IncomingCall, ones: list[SingleStatement]) -> WireReply:
    through = [one for one in ones if one.refusal is None]
    reply = json_reply(b'{"Responses":[]}')
    if through:
        reply = await _sent(world, call, ones, through, "Statements")
        if reply.status != 200:
            return reply
    said = reply_json(reply)
    answers = iter(said.get("Responses") or ())
    responses = [next(answers, {}) if one.refusal is None else _error(one) for one in ones]
    codes = [
        _short(one.refusal.code) if one.refusal else _code_of(found) for one, found in zip(ones, responses, strict=True)
    ]
    call.items = sum(not code for code in codes)
    passed = [(one, code) for one, code in zip(ones, codes, strict=True) if one.refusal is None]
    tables = _charge(world, call.account, [one for one, _ in passed], [code for _, code in passed])
    known = all(one.known for one, _ in passed)
    said = _said(call, said, tables, known)
    return json_reply(msgspec.json.encode({**said, "Responses": responses}))


async def _single(world: StrictWorld, call: IncomingCall, one: SingleStatement) -> WireReply:
    if one.refusal is not None:
        return _refused(one.refusal)
    reply = await _sent(world, call, [one], [one], "")
    code = _short(error_code(reply))
    if one.table is None:
        return reply
    if one.statement.reads and one.key is None:
        return _paged(world, call, one, reply)
    tables = _charge(world, call.account, [one], [code])
    call.items = int(reply.status == 200)
    if reply.status != 200:
        call.units = sum(each.total for each in tables.values()) if one.known else None
        return reply
    said = _said(call, reply_json(reply), tables, one.known)
    return json_reply(msgspec.json.encode(said)) if one.known and _asked(call) else reply


def _paged(world: StrictWorld, call: IncomingCall, one: SingleStatement, reply: WireReply) -> WireReply:
    """A SELECT of several items: what came back was read (what its conditions hid is not known here)."""
    if reply.status != 200:
        return reply
    said = reply_json(reply)
    items = said.get("Items") or []
    call.items = len(items)
    units = read_units(sum(_size(item) for item in items), consistent=one.statement.consistent)
    table, resource = _table(one), str(one.statement.shape.index or "")
    consumed = ConsumedUnits({resource: units})
    call.units = units
    measure_units(world, call.account, table, consumed, "read")
    if not world.capacity.idle:
        held = cost_of_statement(one, "").by_resource.get(resource, 0.0)
        take(world.capacity, table, {resource: units - held}, "read", {}, world.clock.flow())
    if not _asked(call) or not world.rules.holds("consumed-capacity-right"):
        return reply
    return json_reply(msgspec.json.encode(_said(call, said, {table.name: consumed}, True)))


async def _transaction(world: StrictWorld, call: IncomingCall, ones: list[SingleStatement]) -> WireReply:
    if any(one.refusal is not None for one in ones):
        reasons = [
            {"Code": "None"} if one.refusal is None else {"Code": "ThrottlingError", "Message": one.refusal.message}
            for one in ones
        ]
        return error_reply(
            "TransactionCanceledException",
            "Transaction cancelled, please refer cancellation reasons for specific reasons "
            f"[{', '.join(str(reason['Code']) for reason in reasons)}]",
            parts={"CancellationReasons": reasons},
        )
    reply = await _sent(world, call, ones, ones, "TransactStatements")
    # A transaction costs twice, also one that was cancelled (developer guide, transactions).
    codes = [""] * len(ones) if reply.status == 200 else ["ConditionalCheckFailed"] * len(ones)
    tables = _charge(world, call.account, ones, codes, 2.0)
    call.items = len(ones) if reply.status == 200 else 0
    known = all(one.known for one in ones)
    if reply.status != 200 or not _asked(call) or not known:
        call.units = sum(each.total for each in tables.values()) if known else None
        return reply
    return json_reply(msgspec.json.encode(_said(call, reply_json(reply), tables, known)))


async def _sent(
    world: StrictWorld, call: IncomingCall, ones: list[SingleStatement], through: list[SingleStatement], member: str
) -> WireReply:
    """Send what passes; its images are seen where its table has PITR or a stream."""
    call.tables = tuple(dict.fromkeys(one.table.name for one in ones if one.table is not None)) or call.tables
    writes = [one for one in through if not one.statement.reads and one.table is not None]
    call.measured.parts = [MeasuredPart(_table(one).name, "Update", one.key) for one in writes if one.key is not None]
    blind = {_table(one).name for one in writes if one.key is None}

    async def go_on() -> WireReply:
        if len(through) == len(ones):
            return await world.forward(call)
        return await world.send(call, {**call.body, member: [one.said for one in through]})

    if not writes:
        return await go_on()
    return await recorded_statements(world, call, blind, go_on)


# --- small things -----------------------------------------------------------------------------------------------------


def _table(one: SingleStatement) -> StrictTable:
    assert one.table is not None
    return one.table


def _asked(call: IncomingCall) -> bool:
    return call.body.get("ReturnConsumedCapacity") in {"TOTAL", "INDEXES"}


def _size(item: Any) -> int:
    try:
        return item_bytes(item or {})
    except NotHeld:
        return 0


def _refused(refusal: Refusal) -> WireReply:
    return error_reply(refusal.code, refusal.message, status=refusal.status, parts=refusal.parts)


def _error(one: SingleStatement) -> dict[str, Any]:
    refusal = one.refusal
    assert refusal is not None
    return {"Error": {"Code": _short(refusal.code), "Message": refusal.message}}


def _short(code: str) -> str:
    """An error code as a batch's answers spell it (BatchStatementErrorCodeEnum)."""
    known = {"ValidationException": "ValidationError", "ThrottlingException": "ThrottlingError"}
    return known.get(code, code.removesuffix("Exception"))


def _code_of(answer: Any) -> str:
    error = answer.get("Error") if isinstance(answer, dict) else None
    return str(error.get("Code", "")) if isinstance(error, dict) else ""
