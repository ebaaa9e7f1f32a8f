"""ImportTable: the engine reads the files, the endpoint keeps the states, the token and the rules of CreateTable."""

import copy

from dynasmith.strict.rules.rule import JudgedRequest
from dynasmith.strict.services.world import IncomingCall, StrictWorld, reply_json
from dynasmith.strict.state import effects, timing
from dynasmith.strict.state.exports import ImportTask
from dynasmith.strict.state.state import Transition
from dynasmith.strict.wire.messages import WireReply, error_reply, value_reply

TOKEN_SECONDS = 8 * 3600.0  # API_ImportTable.html, ClientToken
IMPORTS_AT_ONCE = 50  # ServiceQuotas.html, "Import tables from Amazon S3"


async def import_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """ImportTable: a table that is CREATING until its items are in it."""
    body = call.body
    token = body.get("ClientToken")
    wanted = {name: value for name, value in body.items() if name != "ClientToken"}
    for (account, known_token), task in world.imports.items():
        if account == call.account.key and known_token == token and call.now - task.asked_at < TOKEN_SECONDS:
            if task.parameters != wanted:
                return error_reply(
                    "ImportConflictException", f"The client token {token} was used with other parameters"
                )
            return await _described(world, call, task)
    refused = await _refused(world, call)
    if refused is not None:
        return refused
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply)["ImportTableDescription"]
    due = call.now + world.clock.lasting(timing.IMPORT_SECONDS)
    task = ImportTask(call.now, due, str(said["ImportArn"]), copy.deepcopy(wanted))
    world.imports[call.account.key, str(token or said["ImportArn"])] = task
    await _creating(world, call, due)
    return value_reply({"ImportTableDescription": {**said, "ImportStatus": "IN_PROGRESS"}})


async def _refused(world: StrictWorld, call: IncomingCall) -> WireReply | None:
    """What CreateTable would refuse of the table, and more imports than may run at once."""
    created = call.body.get("TableCreationParameters") or {}
    refusal = world.rules.judge(JudgedRequest("CreateTable", created, None, call.account, call.now))
    if refusal is not None:
        return error_reply(refusal.code, refusal.message, status=refusal.status, parts=refusal.parts)
    name = str(created.get("TableName"))
    if await world.table(call, name) is not None:
        return error_reply("ResourceInUseException", f"Table already exists: {name}")
    running = sum(
        1 for (account, _), task in world.imports.items() if account == call.account.key and call.now < task.due
    )
    if running >= IMPORTS_AT_ONCE:
        return error_reply("LimitExceededException", f"There is a limit of {IMPORTS_AT_ONCE} concurrent imports")
    return None


async def _creating(world: StrictWorld, call: IncomingCall, due: float) -> None:
    created = call.body["TableCreationParameters"]
    _, said = await world.ask(call, "DescribeTable", {"TableName": created["TableName"]})
    if not said:  # the engine gave it up at once: DescribeImport says why
        return
    table = effects.table_from(created, said["Table"], call.now)
    table.status = "CREATING"
    table.pitr_ready_at = due + world.clock.lasting(timing.CONTINUOUS_BACKUPS_READY_SECONDS)
    table.pending.append(Transition(due, "active"))
    for index in table.gsis.values():
        index.status = "CREATING"
        table.pending.append(Transition(due, "index-active", index.name))
    table.settle(call.now)
    call.account.tables[table.name] = table


async def _described(world: StrictWorld, call: IncomingCall, task: ImportTask) -> WireReply:
    reply, said = await world.ask(call, "DescribeImport", {"ImportArn": task.arn})
    if not said:
        return reply
    description = said["ImportTableDescription"]
    name = str((task.parameters.get("TableCreationParameters") or {}).get("TableName"))
    if (
        description["ImportStatus"] == "FAILED"
        and (await world.ask(call, "DescribeTable", {"TableName": name}))[1] == {}
    ):
        call.account.tables.pop(name, None)  # found before any item was read: then no table is made
    elif call.now < task.due:
        description["ImportStatus"] = "IN_PROGRESS"
        for member in ("EndTime", "FailureCode", "FailureMessage"):
            description.pop(member, None)
    return value_reply({"ImportTableDescription": description})


async def describe_import(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DescribeImport: IN_PROGRESS until it may be over on the endpoint's clock, and is in the engine."""
    arn = str(call.body.get("ImportArn"))
    task = next((task for task in world.imports.values() if task.arn == arn), None)
    if task is None:
        return await world.forward(call)
    answer = await _described(world, call, task)
    world.poll([task.due], call.now)
    return answer
