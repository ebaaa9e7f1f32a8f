"""Backups of tables, and tables that are made of them: the engine's items, the service's states and types."""

import copy
from typing import Any

from dynasmith.strict.services.world import Handler, IncomingCall, StrictWorld, reply_json
from dynasmith.strict.state import describe, effects, timing
from dynasmith.strict.state.state import BackupState, Stream, StrictTable, Transition
from dynasmith.strict.wire.messages import WireReply, error_reply, value_reply

_PAGE_MAX = 100  # API_ListBackups.html (Limit)


def lasting(world: StrictWorld) -> effects.Lasting:
    """How long a transition takes: none where the rule of states is off."""
    return world.clock.lasting if world.rules.holds("states") else lambda _: 0.0


def settle(call: IncomingCall, table: StrictTable) -> None:
    """Let what is due happen; a table that is gone is forgotten."""
    if table.settle(call.now):
        call.account.tables.pop(table.name, None)


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
        available_at=call.now + lasting(world)(timing.BACKUP_SECONDS),
        source=copy.deepcopy(table),
        created_at=call.now,
    )
    call.account.backups[backup.arn] = backup
    return value_reply({"BackupDetails": _details(backup, details, call)})


async def keep_deleted(world: StrictWorld, call: IncomingCall, table: StrictTable) -> None:
    """The backup that DynamoDB makes of a table with PITR which is deleted: of type SYSTEM, for 35 days."""
    asked = {"TableName": table.name, "BackupName": f"{table.name}$DeletedTableBackup"}
    reply, said = await world.ask(call, "CreateBackup", asked)
    if reply.status != 200:
        return  # the engine has no backups: what it deletes is gone
    arn = str(said["BackupDetails"]["BackupArn"])
    call.account.backups[arn] = BackupState(
        arn=arn,
        name=asked["BackupName"],
        available_at=call.now + lasting(world)(timing.BACKUP_SECONDS),
        source=copy.deepcopy(table),
        kind="SYSTEM",
        created_at=call.now,
        expires_at=call.now + timing.DELETED_TABLE_BACKUP_SECONDS,
    )


def _details(backup: BackupState, said: dict[str, Any], call: IncomingCall) -> dict[str, Any]:
    status = "DELETED" if backup.deleted else "CREATING" if call.now < backup.available_at else "AVAILABLE"
    expires = {} if backup.expires_at is None else {"BackupExpiryDateTime": backup.expires_at}
    return {
        **said,
        "BackupStatus": status,
        "BackupType": backup.kind,
        "BackupCreationDateTime": backup.created_at,
        **expires,
    }


def _hidden(backup: BackupState | None, call: IncomingCall) -> bool:
    """Whether nobody can see it: it expired, or is AWS Backup's own."""
    return backup is not None and (backup.own or (backup.expires_at is not None and call.now >= backup.expires_at))


async def describe_backup(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DescribeBackup."""
    arn = str(call.body.get("BackupArn"))
    backup = call.account.backups.get(arn)
    if _hidden(backup, call):
        return error_reply("BackupNotFoundException", f"Backup not found: {arn}")
    reply = await world.forward(call)
    said = reply_json(reply)
    if backup is None or reply.status != 200:
        return reply
    description = said.get("BackupDescription") or {}
    description["BackupDetails"] = _details(backup, description.get("BackupDetails") or {}, call)
    source = description.get("SourceTableDetails") or {}
    description["SourceTableDetails"] = {**source, "TableCreationDateTime": backup.source.created_at}
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
    """ListBackups: of the type that is asked for (USER where none is), each with the state that it is in."""
    summaries: list[dict[str, Any]] = []
    asked = {name: call.body[name] for name in ("TableName",) if name in call.body}
    while True:
        reply, said = await world.ask(call, "ListBackups", {**asked, "Limit": _PAGE_MAX})
        if reply.status != 200:
            return reply
        summaries += said.get("BackupSummaries") or ()
        if not said.get("LastEvaluatedBackupArn"):
            break
        asked["ExclusiveStartBackupArn"] = said["LastEvaluatedBackupArn"]
    kept = []
    for summary in summaries:
        backup = call.account.backups.get(str(summary.get("BackupArn")))
        if not _hidden(backup, call):
            kept.append(summary if backup is None else _details(backup, summary, call))
    world.poll([backup.available_at for backup in call.account.backups.values()], call.now)
    return value_reply(_page(call.body, [one for one in kept if _is_listed(one, call.body)]))


def _is_listed(summary: dict[str, Any], body: dict[str, Any]) -> bool:
    # API_ListBackups.html, BackupType: "USER ... (The default setting if no other backup types are specified.)"
    kind, at = body.get("BackupType", "USER"), float(summary["BackupCreationDateTime"])
    return (
        kind in {"ALL", summary["BackupType"]}
        and at >= float(body.get("TimeRangeLowerBound", at))
        and at < float(body.get("TimeRangeUpperBound", at + 1))
    )


def _page(body: dict[str, Any], summaries: list[dict[str, Any]]) -> dict[str, Any]:
    arns = [str(summary["BackupArn"]) for summary in summaries]
    after = body.get("ExclusiveStartBackupArn")
    start = arns.index(after) + 1 if after in arns else 0
    end = start + int(body.get("Limit") or _PAGE_MAX)
    more = {"LastEvaluatedBackupArn": arns[end - 1]} if end < len(arns) else {}
    return {"BackupSummaries": summaries[start:end], **more}


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
    takes = lasting(world)
    due = call.now + takes(timing.RESTORE_SECONDS)
    table.pitr_ready_at = due + takes(timing.CONTINUOUS_BACKUPS_READY_SECONDS)
    table.pending.append(Transition(due, "active"))
    for index in table.gsis.values():
        index.status = "CREATING"
        table.pending.append(Transition(due, "index-active", index.name))
    table.item_count = table.size_bytes = 0
    settle(call, table)
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


BACKUPS: dict[str, Handler] = {
    "CreateBackup": create_backup,
    "DeleteBackup": delete_backup,
    "RestoreTableFromBackup": restore_backup,
}
BACKUP_READS: dict[str, Handler] = {"DescribeBackup": describe_backup, "ListBackups": list_backups}
