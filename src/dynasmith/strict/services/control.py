"""The control plane: each operation that the endpoint keeps states and windows for, over the engine's own."""

import copy
from typing import Any

from dynasmith.strict.partiql.calls import tables_in
from dynasmith.strict.rules.rule import plain_name
from dynasmith.strict.services.kms import with_key_arn
from dynasmith.strict.services.world import Handler, IncomingCall, StrictWorld, reply_json
from dynasmith.strict.state import describe, effects, timing
from dynasmith.strict.state.state import BackupState, Stream, StrictTable, Transition
from dynasmith.strict.wire.messages import WireReply, error_reply, value_reply

EXACT_COUNTS = "item-count-stale"


def _lasting(world: StrictWorld) -> effects.Lasting:
    return world.clock.lasting if world.rules.holds("states") else lambda _: 0.0


def _settle(call: IncomingCall, table: StrictTable) -> None:
    if table.settle(call.now):
        call.account.tables.pop(table.name, None)


async def create_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """CreateTable: CREATING for a while."""
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply).get("TableDescription") or {}
    table = effects.table_from(await with_key_arn(world, call), said, call.now)
    effects.created(table, call.now, _lasting(world), world.describe_lag_seconds)
    _settle(call, table)
    call.account.tables[table.name] = table
    return value_reply({"TableDescription": describe.table_description(table, said, call.now)})


async def update_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """UpdateTable: UPDATING, and indexes in their states."""
    table = call.account.tables[call.tables[0]]
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply).get("TableDescription") or {}
    effects.updated(table, await with_key_arn(world, call), said, call.now, _lasting(world))
    _settle(call, table)
    return value_reply({"TableDescription": describe.table_description(table, said, call.now)})


async def delete_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DeleteTable: DELETING for a while, then gone."""
    table = call.account.tables[call.tables[0]]
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply).get("TableDescription") or {}
    effects.deleting(table, call.now, _lasting(world))
    world.histories.pop(table.arn, None)
    answer = describe.table_description(table, said, call.now)
    _settle(call, table)
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
    answer = value_reply({"Table": describe.table_description(table, said, call.now)})
    world.poll([pending.due for pending in table.pending if not pending.what.startswith("ttl")], call.now)
    return answer


async def update_ttl(world: StrictWorld, call: IncomingCall) -> WireReply:
    """UpdateTimeToLive: ENABLING or DISABLING for up to an hour."""
    table = call.account.tables[call.tables[0]]
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    effects.ttl_changed(table, call.body["TimeToLiveSpecification"], call.now, _lasting(world))
    _settle(call, table)
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


async def create_backup(world: StrictWorld, call: IncomingCall) -> WireReply:
    """CreateBackup: CREATING for a while; what is in it is what the table holds now."""
    table = call.account.tables[call.tables[0]]
    reply = await world.forward(call)
    details = reply_json(reply).get("BackupDetails") or {}
    if reply.status != 200:
        return reply
    backup = BackupState(
        arn=str(details.get("BackupArn")),
        name=str(details.get("BackupName")),
        available_at=call.now + _lasting(world)(timing.BACKUP_SECONDS),
        source=copy.deepcopy(table),
    )
    call.account.backups[backup.arn] = backup
    return value_reply({"BackupDetails": _details(backup, details, call)})


def _details(backup: BackupState, said: dict[str, Any], call: IncomingCall) -> dict[str, Any]:
    if backup.deleted:
        return {**said, "BackupStatus": "DELETED"}
    return {**said, "BackupStatus": "CREATING" if call.now < backup.available_at else "AVAILABLE"}


async def describe_backup(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DescribeBackup."""
    reply = await world.forward(call)
    backup = call.account.backups.get(str(call.body.get("BackupArn")))
    said = reply_json(reply)
    if backup is None or reply.status != 200:
        return reply
    description = said.get("BackupDescription") or {}
    description["BackupDetails"] = _details(backup, description.get("BackupDetails") or {}, call)
    world.poll([backup.available_at], call.now)
    return value_reply({"BackupDescription": description})


async def delete_backup(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DeleteBackup."""
    reply = await world.forward(call)
    backup = call.account.backups.get(str(call.body.get("BackupArn")))
    if backup is None or reply.status != 200:
        return reply
    backup.deleted = True
    description = reply_json(reply).get("BackupDescription") or {}
    description["BackupDetails"] = _details(backup, description.get("BackupDetails") or {}, call)
    return value_reply({"BackupDescription": description})


async def list_backups(world: StrictWorld, call: IncomingCall) -> WireReply:
    """ListBackups, with the state that each is in."""
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply)
    kept = []
    for summary in said.get("BackupSummaries") or ():
        backup = call.account.backups.get(str(summary.get("BackupArn")))
        kept.append(_details(backup, summary, call) if backup is not None else summary)
    world.poll([backup.available_at for backup in call.account.backups.values()], call.now)
    return value_reply({**said, "BackupSummaries": kept})


def restored_table(
    world: StrictWorld, call: IncomingCall, said: dict[str, Any], source: StrictTable | None, **summary: Any
) -> WireReply:
    """A table that a restore makes: CREATING, with nothing of what the service leaves out (GUIDE, "Restoring a table
    from a backup": autoscaling, policies, alarms, tags, stream, TTL, protection and PITR are set up by hand)."""
    table = effects.adopted(said, {}, {}, call.now)
    table.created_at = call.now
    table.protected, table.stream, table.tags, table.replicas = False, Stream(), {}, {}
    table.table_class, table.table_class_said = "STANDARD", False
    region = effects.region_of(table.arn)
    override = call.body.get("SSESpecificationOverride")
    table.sse = effects.sse_of(override, "ENABLED", region) if override else (source.sse if source else table.sse)
    table.restored = {
        "RestoreDateTime": call.now,
        "RestoreInProgress": True,
        **({"SourceTableArn": source.arn} if source is not None else {}),
        **summary,
    }
    table.status = "CREATING"
    lasting = _lasting(world)
    due = call.now + lasting(timing.RESTORE_SECONDS)
    table.pitr_ready_at = due + lasting(timing.CONTINUOUS_BACKUPS_READY_SECONDS)
    table.pending.append(Transition(due, "active"))
    for index in table.gsis.values():
        index.status = "CREATING"
        table.pending.append(Transition(due, "index-active", index.name))
    table.item_count = table.size_bytes = 0
    _settle(call, table)
    call.account.tables[table.name] = table
    return value_reply({"TableDescription": describe.table_description(table, said, call.now)})


async def restore_backup(world: StrictWorld, call: IncomingCall) -> WireReply:
    """RestoreTableFromBackup: the engine's items, the service's states and omissions."""
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    said = reply_json(reply).get("TableDescription") or {}
    target = {"TableName": call.body["TargetTableName"]}
    described, whole = await world.ask(call, "DescribeTable", target)
    if described.status == 200:
        said = whole["Table"]
    if said.get("DeletionProtectionEnabled"):
        # An engine that carries the protection over would keep the table from being deleted.
        await world.ask(call, "UpdateTable", target | {"DeletionProtectionEnabled": False})
    arn = str(call.body["BackupArn"])
    backup = call.account.backups.get(arn)
    return restored_table(world, call, said, backup.source if backup else None, SourceBackupArn=arn)


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


WRITES: dict[str, Handler] = {
    "CreateTable": create_table,
    "UpdateTable": update_table,
    "DeleteTable": delete_table,
    "UpdateTimeToLive": update_ttl,
    "TagResource": tag,
    "UntagResource": untag,
    "CreateBackup": create_backup,
    "DeleteBackup": delete_backup,
    "RestoreTableFromBackup": restore_backup,
}
READS: dict[str, Handler] = {
    "DescribeTable": describe_table,
    "DescribeTimeToLive": describe_ttl,
    "DescribeContinuousBackups": describe_backups,
    "DescribeBackup": describe_backup,
    "ListBackups": list_backups,
    "ListTables": list_tables,
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
