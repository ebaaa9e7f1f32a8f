"""Recovery points: listed, described, deleted, and restored to new tables."""

from typing import Any

from dynasmith.strict.rules.rule import JudgedRequest, plain_name
from dynasmith.strict.services.aws_backup.call import Answer, BackupCall, BackupHandler, new_id, own_call, page
from dynasmith.strict.services.aws_backup.role_check import RESTORES_INTO, first_missing
from dynasmith.strict.services.backups import restore_backup
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state import timing
from dynasmith.strict.state.aws_backup import RecoveryPoint, RestoreJobState
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.messages import error_code


def _described(call: BackupCall, point: RecoveryPoint) -> dict[str, Any]:
    said: dict[str, Any] = {
        "RecoveryPointArn": point.arn,
        "BackupVaultName": point.vault,
        "BackupVaultArn": call.arn("backup-vault", point.vault),
        "ResourceArn": point.resource,
        "ResourceName": plain_name(point.resource),
        "ResourceType": "DynamoDB",
        "IamRoleArn": point.role,
        "Status": "COMPLETED" if call.now >= point.completed_at else "CREATING",
        "CreationDate": point.created_at,
        "BackupSizeInBytes": point.size,
        "IsEncrypted": True,
        "IsParent": False,
        "VaultType": "BACKUP_VAULT",
        "EncryptionKeyArn": call.held.vaults[point.vault].key,
        "Lifecycle": dict(point.lifecycle),
    }
    ends = {"DeleteAt": point.delete_at, "MoveToColdStorageAt": point.cold_at}
    said["CalculatedLifecycle"] = {name: at for name, at in ends.items() if at != float("inf")}
    if call.now >= point.completed_at:
        said["CompletionDate"] = point.completed_at
    if point.by is not None:
        said["CreatedBy"] = point.by
    if point.restored_at is not None:
        said["LastRestoreTime"] = point.restored_at
    return said


async def describe_point(world: StrictWorld, call: BackupCall) -> Answer:
    """DescribeRecoveryPoint."""
    point = call.held.points[str(call.body["RecoveryPointArn"])]
    cold = call.now >= point.cold_at
    world.poll([point.completed_at], call.now)
    return {**_described(call, point), "StorageClass": "COLD" if cold else "WARM"}


async def list_in_vault(_: StrictWorld, call: BackupCall) -> Answer:
    """ListRecoveryPointsByBackupVault."""
    body, found = call.body, call.held.points_of(str(call.body["BackupVaultName"]))
    wanted, plan = body.get("ByResourceArn"), body.get("ByBackupPlanId")
    before, after = body.get("ByCreatedBefore"), body.get("ByCreatedAfter")
    kept = [
        _described(call, point)
        for point in found
        if wanted in {None, point.resource}
        and (plan is None or (point.by or {}).get("BackupPlanId") == plan)
        and (before is None or point.created_at < before)
        and (after is None or point.created_at > after)
        and body.get("ByResourceType") in {None, "DynamoDB"}
    ]
    return page(call, "RecoveryPoints", kept)


async def list_of_resource(_: StrictWorld, call: BackupCall) -> Answer:
    """ListRecoveryPointsByResource."""
    kept = [
        {
            "RecoveryPointArn": point.arn,
            "CreationDate": point.created_at,
            "Status": "COMPLETED" if call.now >= point.completed_at else "CREATING",
            "BackupSizeBytes": point.size,
            "BackupVaultName": point.vault,
            "IsParent": False,
            "ResourceName": plain_name(point.resource),
            "VaultType": "BACKUP_VAULT",
        }
        for point in call.held.points.values()
        if point.resource == call.body["ResourceArn"]
    ]
    return page(call, "RecoveryPoints", kept)


async def forget_point(world: StrictWorld, account: Account, point: RecoveryPoint) -> None:
    """Delete a recovery point and its backup in the engine."""
    del account.aws_backup.points[point.arn]
    call = own_call(world, account, "DeleteBackup", {"BackupArn": point.backup})
    await world.ask(call, "DeleteBackup", call.body)
    account.backups[point.backup].deleted = True


async def delete_point(world: StrictWorld, call: BackupCall) -> Answer:
    """DeleteRecoveryPoint."""
    await forget_point(world, call.account, call.held.points[str(call.body["RecoveryPointArn"])])
    return {}


async def metadata_of(_: StrictWorld, call: BackupCall) -> Answer:
    """GetRecoveryPointRestoreMetadata."""
    point = call.held.points[str(call.body["RecoveryPointArn"])]
    return {
        "BackupVaultArn": call.arn("backup-vault", point.vault),
        "RecoveryPointArn": point.arn,
        "RestoreMetadata": {"encryptionType": "Default", "targetTableName": plain_name(point.resource)},
        "ResourceType": "DynamoDB",
    }


async def start_restore(world: StrictWorld, call: BackupCall) -> Answer:
    """StartRestoreJob: a new table, or a job that fails with a reason. The token of an earlier job gives that job."""
    token = str(call.body.get("IdempotencyToken") or "")
    for known in call.held.restores.values():
        if token and known.token == token:
            return {"RestoreJobId": known.identity}
    point = call.held.points[str(call.body["RecoveryPointArn"])]
    lasting = world.clock.lasting if world.rules.holds("states") else lambda _: 0.0
    runs_at = call.now + lasting(timing.JOB_STARTS_SECONDS)
    job = RestoreJobState(
        new_id().upper(),
        point.arn,
        point.resource,
        str(call.body["IamRoleArn"]),
        call.now,
        runs_at,
        runs_at + lasting(timing.RESTORE_SECONDS),
        dict(call.body["Metadata"]),
        call.arn("backup-vault", point.vault),
        point.created_at,
        point.size,
        token=token,
    )
    job.failure = await _restore(world, call, job, point)
    call.held.restores[job.identity] = job
    return {"RestoreJobId": job.identity}


async def _restore(world: StrictWorld, call: BackupCall, job: RestoreJobState, point: RecoveryPoint) -> str:
    target = job.metadata["targetTableName"]
    table = f"arn:aws:dynamodb:{call.account.key[1]}:{call.account.number}:table/{target}"
    action = "RestoreTableFromAwsBackup" if point.arn != point.backup else "RestoreTableFromBackup"
    needed = [(f"dynamodb:{action}", point.arn), *((one, table) for one in RESTORES_INTO)]
    why = await first_missing(world, call.account, job.role, needed)
    if why:
        return why
    body: dict[str, Any] = {"BackupArn": point.backup, "TargetTableName": target}
    if job.metadata.get("encryptionType", "Default") != "Default":
        key = job.metadata.get("kmsMasterKeyArn")
        body["SSESpecificationOverride"] = {"Enabled": True, "SSEType": "KMS"} | (
            {"KMSMasterKeyId": key} if key else {}
        )
    asked = own_call(world, call.account, "RestoreTableFromBackup", body)
    await world.table(asked, target)
    refusal = world.rules.judge(JudgedRequest("RestoreTableFromBackup", body, None, call.account, call.now))
    if refusal is not None:
        return refusal.message
    reply = await restore_backup(world, asked)
    if reply.status != 200:
        return f"DynamoDB refused the restore: {error_code(reply)}"
    job.table, point.restored_at = table, call.now
    return ""


def _restore_described(call: BackupCall, job: RestoreJobState) -> dict[str, Any]:
    state = job.state(call.now)
    said: dict[str, Any] = {
        "AccountId": call.account.number,
        "RestoreJobId": job.identity,
        "RecoveryPointArn": job.point,
        "SourceResourceArn": job.resource,
        "BackupVaultArn": job.vault_arn,
        "CreationDate": job.created_at,
        "Status": state,
        "PercentDone": "100.00%" if state == "COMPLETED" else "0.00%",
        "BackupSizeInBytes": job.size,
        "IamRoleArn": job.role,
        "ResourceType": "DynamoDB",
        "RecoveryPointCreationDate": job.point_created_at,
        "IsParent": False,
    }
    if call.now >= job.over_at():
        said["CompletionDate"] = job.over_at()
    if state == "FAILED":
        said["StatusMessage"] = job.failure
    if state == "COMPLETED":
        said["CreatedResourceArn"] = job.table
    return said


async def describe_restore(world: StrictWorld, call: BackupCall) -> Answer:
    """DescribeRestoreJob."""
    job = call.held.restores[str(call.body["RestoreJobId"])]
    said = _restore_described(call, job)
    world.poll([job.runs_at, job.over_at()], call.now)
    return said


async def list_restores(world: StrictWorld, call: BackupCall) -> Answer:
    """ListRestoreJobs, the newest first."""
    found = [_restore_described(call, job) for job in call.held.restores.values()]
    if call.body.get("ByStatus"):
        found = [one for one in found if one["Status"] == call.body["ByStatus"]]
    world.poll(call.held.job_dues(), call.now)
    found.reverse()
    return page(call, "RestoreJobs", found)


async def restore_metadata(_: StrictWorld, call: BackupCall) -> Answer:
    """GetRestoreJobMetadata."""
    job = call.held.restores[str(call.body["RestoreJobId"])]
    return {"RestoreJobId": job.identity, "Metadata": dict(job.metadata)}


POINTS: dict[str, BackupHandler] = {
    "DescribeRecoveryPoint": describe_point,
    "ListRecoveryPointsByBackupVault": list_in_vault,
    "ListRecoveryPointsByResource": list_of_resource,
    "DeleteRecoveryPoint": delete_point,
    "GetRecoveryPointRestoreMetadata": metadata_of,
    "StartRestoreJob": start_restore,
    "DescribeRestoreJob": describe_restore,
    "ListRestoreJobs": list_restores,
    "GetRestoreJobMetadata": restore_metadata,
}
