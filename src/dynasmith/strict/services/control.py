"""The control plane: each operation that the endpoint keeps states and windows for, over the engine's own."""

from typing import Any

from dynasmith.strict.partiql.calls import tables_in
from dynasmith.strict.rules.rule import plain_name
from dynasmith.strict.services.background_metrics import measure_indexes
from dynasmith.strict.services.backups import keep_deleted, lasting, settle
from dynasmith.strict.services.kms import with_key_arn
from dynasmith.strict.services.policies import replication_denied, with_table
from dynasmith.strict.services.stream_logs import follow_stream
from dynasmith.strict.services.stream_marks import without_mark
from dynasmith.strict.services.world import Handler, IncomingCall, StrictWorld, reply_json
from dynasmith.strict.state import describe, effects, timing
from dynasmith.strict.state.state import StrictTable
from dynasmith.strict.wire.messages import WireReply, error_reply, value_reply

EXACT_COUNTS = "item-count-stale"


async def create_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """CreateTable: CREATING for a while."""
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply).get("TableDescription") or {}
    table = effects.table_from(await with_key_arn(world, call), said, call.now)
    effects.created(table, call.now, lasting(world), world.describe_lag_seconds)
    settle(call, table)
    call.account.tables[table.name] = table
    with_table(call.account, table.arn, call.body)
    follow_stream(call.account, table, call.now, world.stream_time())
    return value_reply({"TableDescription": describe.table_description(table, said, call.now)})


async def update_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """UpdateTable: UPDATING, and indexes in their states."""
    table = call.account.tables[call.tables[0]]
    if call.body.get("ReplicaUpdates") and replication_denied(world, call.account, table):
        return error_reply("ValidationException", f"The resource policy of {table.name} denies its replication")
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply).get("TableDescription") or {}
    effects.updated(table, await with_key_arn(world, call), said, call.now, lasting(world))
    settle(call, table)
    follow_stream(call.account, table, call.now, world.stream_time())
    return value_reply({"TableDescription": describe.table_description(table, said, call.now)})


async def delete_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DeleteTable: DELETING for a while, then gone."""
    table = call.account.tables[call.tables[0]]
    if table.pitr.enabled and world.rules.holds("deleted-table-backup"):
        await keep_deleted(world, call, table)
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply).get("TableDescription") or {}
    effects.deleting(table, call.now, lasting(world))
    for arn in [one for one in call.account.policies if one.partition("/stream/")[0] == table.arn]:
        del call.account.policies[arn]
    follow_stream(call.account, table, call.now, world.stream_time())
    world.histories.pop(table.arn, None)
    answer = describe.table_description(table, said, call.now)
    settle(call, table)
    return value_reply({"TableDescription": answer})


def _lagging(table: StrictTable, call: IncomingCall) -> WireReply | None:
    if call.now >= table.visible_at:
        return None
    return error_reply("ResourceNotFoundException", f"Requested resource not found: Table: {table.name} not found")


async def describe_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DescribeTable: the engine's description with ours laid over it."""
    table = call.account.tables[call.tables[0]]
    lagging = _lagging(table, call)
    if lagging is not None:
        world.poll([table.visible_at], call.now)
        return lagging
    said: dict[str, Any] = {}
    if table.status != "DELETING":
        reply = await world.forward(call)
        if reply.status != 200:
            # The engine lost it behind the endpoint's back (it was restarted, or reset by its own means).
            call.account.tables.pop(table.name, None)
            return reply
        said = reply_json(reply).get("Table") or {}
        describe.count(table, said, call.now, exact=not world.rules.holds(EXACT_COUNTS))
        await measure_indexes(world, call, table)
    described = describe.table_description(table, said, call.now)
    if table.replicas and replication_denied(world, call.account, table):
        described["TableStatus"] = "REPLICATION_NOT_AUTHORIZED"
    answer = value_reply({"Table": described})
    world.poll([pending.due for pending in table.pending if not pending.what.startswith("ttl")], call.now)
    return answer


async def update_ttl(world: StrictWorld, call: IncomingCall) -> WireReply:
    """UpdateTimeToLive: ENABLING or DISABLING for up to an hour."""
    table = call.account.tables[call.tables[0]]
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    effects.ttl_changed(table, call.body["TimeToLiveSpecification"], call.now, lasting(world))
    settle(call, table)
    return value_reply({"TimeToLiveSpecification": call.body["TimeToLiveSpecification"]})


async def describe_ttl(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DescribeTimeToLive."""
    table = call.account.tables[call.tables[0]]
    answer = value_reply(describe.ttl_description(table))
    world.poll([pending.due for pending in table.pending if pending.what.startswith("ttl")], call.now)
    return answer


async def describe_backups(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DescribeContinuousBackups: the window is the endpoint's, since it is what it can restore."""
    table = call.account.tables[call.tables[0]]
    answer = value_reply(describe.backups_description(table, call.now))
    dues = [table.pitr_ready_at]
    if table.pitr.enabled and table.pitr.since is not None:
        # Until then it cannot restore what was written last. A second more, since SDKs send whole seconds.
        history = world.histories.get(table.arn)
        last = max(table.pitr.since, history.written_at if history is not None else 0.0)
        dues.append(last + timing.LATEST_RESTORABLE_LAG_SECONDS + 1)
    world.poll(dues, call.now)
    return answer


async def tag(world: StrictWorld, call: IncomingCall) -> WireReply:
    """TagResource."""
    reply = await world.forward(call)
    if reply.status == 200 and call.tables and call.tables[0] in call.account.tables:
        tags = call.account.tables[call.tables[0]].tags
        tags |= {one["Key"]: one["Value"] for one in call.body.get("Tags") or ()}
    return reply


async def untag(world: StrictWorld, call: IncomingCall) -> WireReply:
    """UntagResource."""
    reply = await world.forward(call)
    if reply.status == 200 and call.tables and call.tables[0] in call.account.tables:
        for key in call.body.get("TagKeys") or ():
            call.account.tables[call.tables[0]].tags.pop(key, None)
    return reply


async def list_tables(world: StrictWorld, call: IncomingCall) -> WireReply:
    """ListTables: a table that is DELETING is still listed, one that Describe does not find yet is not."""
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply)
    names = list(said.get("TableNames") or ())
    start, end = str(call.body.get("ExclusiveStartTableName") or ""), str(said.get("LastEvaluatedTableName") or "")
    for name, table in call.account.tables.items():
        if call.now < table.visible_at and name in names:
            names.remove(name)
        elif table.status == "DELETING" and name not in names and start < name and (not end or name < end):
            names.append(name)
    world.poll(call.account.dues(tuple(call.account.tables)), call.now)
    return value_reply({**said, "TableNames": sorted(names)})


async def list_tags(world: StrictWorld, call: IncomingCall) -> WireReply:
    """ListTagsOfResource: without the endpoint's own tag."""
    reply = await world.forward(call)
    said = reply_json(reply)
    tags = said.get("Tags") or []
    return reply if len(seen := without_mark(tags)) == len(tags) else value_reply({**said, "Tags": seen})


WRITES: dict[str, Handler] = {
    "CreateTable": create_table,
    "UpdateTable": update_table,
    "DeleteTable": delete_table,
    "UpdateTimeToLive": update_ttl,
    "TagResource": tag,
    "UntagResource": untag,
}
READS: dict[str, Handler] = {
    "DescribeTable": describe_table,
    "DescribeTimeToLive": describe_ttl,
    "DescribeContinuousBackups": describe_backups,
    "ListTables": list_tables,
    "ListTagsOfResource": list_tags,
}


def tables_of(body: dict[str, Any]) -> tuple[str, ...]:
    """The tables that a call names, each once, in order."""
    found: list[str] = []
    for member in ("TableName", "SourceTableName", "SourceTableArn", "TableArn", "ResourceArn"):
        name = plain_name(body.get(member))
        if name:
            found.append(name)
    requests = body.get("RequestItems")
    if isinstance(requests, dict):
        found += [plain_name(name) for name in requests]
    actions = body.get("TransactItems")
    for action in actions if isinstance(actions, list) else ():
        parts = action.values() if isinstance(action, dict) else ()
        found += [plain_name(part.get("TableName")) for part in parts if isinstance(part, dict)]
    found += tables_in(body)
    return tuple(dict.fromkeys(name for name in found if name))


# What cannot go on without a table, also where the rule that says so is off.
NEED_TABLE = frozenset(
    {
        "UpdateTable",
        "DeleteTable",
        "DescribeTable",
        "UpdateTimeToLive",
        "DescribeTimeToLive",
        "UpdateContinuousBackups",
        "DescribeContinuousBackups",
        "CreateBackup",
        "UpdateContributorInsights",
        "DescribeContributorInsights",
        "ListContributorInsights",
        "EnableKinesisStreamingDestination",
        "DisableKinesisStreamingDestination",
        "UpdateKinesisStreamingDestination",
        "DescribeKinesisStreamingDestination",
    }
)
