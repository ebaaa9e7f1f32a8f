"""Backup jobs: asked for, or due by a plan. What is in a backup is what the table held when the job began."""

import copy
from typing import Any

from dynasmith.strict.rules.aws_backup import NOT_OPTED_IN
from dynasmith.strict.rules.rule import plain_name
from dynasmith.strict.services.aws_backup.call import Answer, BackupCall, BackupHandler, new_id, own_call, page
from dynasmith.strict.services.aws_backup.role_check import BACKS_UP, BACKS_UP_MANAGED, first_missing
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state import timing
from dynasmith.strict.state.aws_backup import BackupJobState, RecoveryPoint
from dynasmith.strict.state.state import Account, BackupState

DEFAULT_START_MINUTES = 480  # API_BackupRule.html (StartWindowMinutes)
_DONE = 100.0


async def run_job(
    world: StrictWorld,
    account: Account,
    at: float,
    *,
    vault: str,
    resource: str,
    role: str,
    lifecycle: dict[str, int],
    start_minutes: int = DEFAULT_START_MINUTES,
    by: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> BackupJobState:
    """A job that begins at ``at``: its backup is made now, or why it fails is known."""
    lasting = world.clock.lasting if world.rules.holds("states") else lambda _: 0.0
    runs_at = at + lasting(timing.JOB_STARTS_SECONDS)
    job = BackupJobState(
        new_id().upper(),
        vault,
        resource,
        role,
        at,
        runs_at,
        runs_at + lasting(timing.BACKUP_SECONDS),
        at + start_minutes * 60.0,
        lifecycle,
        by,
    )
    account.aws_backup.jobs[job.identity] = job
    account.settle(at)
    job.failure = await _make(world, account, job, tags or {})
    return job


async def _make(world: StrictWorld, account: Account, job: BackupJobState, tags: dict[str, str]) -> str:
    """Make the backup of a job; why it cannot be, or ""."""
    held = account.aws_backup
    if not held.opted_in.get("DynamoDB") and world.rules.holds("aws-backup-opt-in"):
        return NOT_OPTED_IN
    if job.vault not in held.vaults:
        return f"Backup vault {job.vault} does not exist"
    managed = held.managed.get("DynamoDB", False)
    needed = [(action, job.resource) for action in (BACKS_UP_MANAGED if managed else BACKS_UP)]
    why = await first_missing(world, account, job.role, needed)
    if why:
        return why
    name = plain_name(job.resource)
    call = own_call(world, account, "CreateBackup", {"TableName": name, "BackupName": f"awsbackup_{job.identity}"})
    table = await world.table(call, name)
    if table is None or table.status not in {"ACTIVE", "UPDATING"}:
        state = "does not exist" if table is None else f"is {table.status}"
        return f"The table {job.resource} {state}"
    reply, said = await world.ask(call, "CreateBackup", call.body)
    if reply.status != 200:
        return f"DynamoDB refused the backup: {reply.body.decode('utf-8', 'replace')}"
    backup = str(said["BackupDetails"]["BackupArn"])
    account.backups[backup] = BackupState(
        backup,
        call.body["BackupName"],
        job.ends_at,
        copy.deepcopy(table),
        kind="AWS_BACKUP",
        created_at=job.created_at,
        own=managed,
    )
    arn = f"arn:aws:backup:{account.key[1]}:{account.number}:recovery-point:{new_id()}" if managed else backup
    job.point, job.size = arn, int(said["BackupDetails"].get("BackupSizeBytes") or 0)
    held.points[arn] = RecoveryPoint(
        arn, backup, job.vault, job.resource, job.role, job.created_at, job.ends_at, job.size, job.lifecycle, managed,
        job.by, tags,
    )  # fmt: skip
    return ""


async def start_job(world: StrictWorld, call: BackupCall) -> Answer:
    """StartBackupJob."""
    body = call.body
    job = await run_job(
        world,
        call.account,
        call.now,
        vault=str(body["BackupVaultName"]),
        resource=str(body["ResourceArn"]),
        role=str(body["IamRoleArn"]),
        lifecycle=dict(body.get("Lifecycle") or {}),
        start_minutes=int(body.get("StartWindowMinutes") or DEFAULT_START_MINUTES),
        tags=dict(body.get("RecoveryPointTags") or {}),
    )
    made = {"RecoveryPointArn": job.point} if job.point else {}
    return {"BackupJobId": job.identity, "CreationDate": call.now, "IsParent": False, **made}


def described(call: BackupCall, job: BackupJobState) -> dict[str, Any]:
    """A job as it is described and listed."""
    state = job.state(call.now)
    over = job.stopped_at if job.stopped_at is not None else job.over_at() if call.now >= job.over_at() else None
    said: dict[str, Any] = {
        "AccountId": call.account.number,
        "BackupJobId": job.identity,
        "BackupVaultName": job.vault,
        "BackupVaultArn": call.arn("backup-vault", job.vault),
        "ResourceArn": job.resource,
        "ResourceName": plain_name(job.resource),
        "ResourceType": "DynamoDB",
        "CreationDate": job.created_at,
        "State": state,
        "IamRoleArn": job.role,
        "PercentDone": str(_DONE if state == "COMPLETED" else 0.0),
        "StartBy": job.start_by,
        "IsParent": False,
    }
    if over is not None:
        said["CompletionDate"] = over
    if state == "FAILED":
        said["StatusMessage"] = job.failure
    if state in {"RUNNING", "COMPLETED"}:
        said |= {"RecoveryPointArn": job.point, "BackupSizeInBytes": job.size, "InitiationDate": job.runs_at}
    if job.by is not None:
        said["CreatedBy"] = job.by
    return said


async def describe_job(world: StrictWorld, call: BackupCall) -> Answer:
    """DescribeBackupJob."""
    job = call.held.jobs[str(call.body["BackupJobId"])]
    said = described(call, job)
    world.poll([job.runs_at, job.over_at()], call.now)
    return said


async def list_jobs(world: StrictWorld, call: BackupCall) -> Answer:
    """ListBackupJobs, the newest first (what a page has is not documented to have an order)."""
    body = call.body
    found = [described(call, job) for job in call.held.jobs.values()]
    for member, name in (
        ("ByResourceArn", "ResourceArn"),
        ("ByState", "State"),
        ("ByBackupVaultName", "BackupVaultName"),
        ("ByResourceType", "ResourceType"),
        ("ByAccountId", "AccountId"),
    ):
        if body.get(member):
            found = [one for one in found if one[name] == body[member]]
    for member, name, sign in (
        ("ByCreatedBefore", "CreationDate", -1),
        ("ByCreatedAfter", "CreationDate", 1),
        ("ByCompleteBefore", "CompletionDate", -1),
        ("ByCompleteAfter", "CompletionDate", 1),
    ):
        if body.get(member) is not None:
            found = [one for one in found if name in one and sign * one[name] > sign * float(body[member])]
    world.poll(call.held.job_dues(), call.now)
    found.sort(key=lambda one: float(one["CreationDate"]), reverse=True)
    return page(call, "BackupJobs", found)


async def stop_job(_: StrictWorld, call: BackupCall) -> Answer:
    """StopBackupJob: one that is not over ends as ABORTED, without a recovery point."""
    job = call.held.jobs[str(call.body["BackupJobId"])]
    if call.now < job.over_at() and job.stopped_at is None:
        job.stopped_at = call.now
        point = call.held.points.pop(job.point, None)
        if point is not None:
            call.account.backups[point.backup].deleted = True
    return {}


JOBS: dict[str, BackupHandler] = {
    "StartBackupJob": start_job,
    "DescribeBackupJob": describe_job,
    "ListBackupJobs": list_jobs,
    "StopBackupJob": stop_job,
}
