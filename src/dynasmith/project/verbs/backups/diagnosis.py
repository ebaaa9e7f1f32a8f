"""diagnose TABLE backup, wired: why scheduled backups of a table are not made, every cause at once."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from dynasmith.aws.control.backup_jobs import AwsBackupJobs
from dynasmith.aws.control.backup_role import BACKUP_SERVICE, AwsBackupRoom, trusts_aws_backup
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.backup_jobs import BackupJob
from dynasmith.project.verbs.backups.creation import create_backup
from dynasmith.project.verbs.backups.schedule import described_plan
from dynasmith.project.verbs.diagnosis.finding import DiagnosisFinding
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import known

JOBS_LOOKED_AT = 10
NOT_SCHEDULED = "DG103"


def diagnose_backup(
    world: World, name: TableName, *, fix: bool = False, consent: Consent | None = None
) -> tuple[DiagnosisFinding, ...]:
    """See `Backups.diagnose`."""
    described = described_plan(world, name)
    found = tuple(_causes(world, described))
    if not fix or not any(each.fixable for each in found):
        return found
    table = described.table.name
    world.granted(consent, [table], question(f"Back up {table} now, in {{where}}?"))
    made = create_backup(world, table).backup
    return tuple(
        replace(each, fixed=True, evidence=f"{each.evidence}; backed up as {made.name}") if each.fixable else each
        for each in found
    )


def _causes(world: World, described: TableDescription) -> Iterator[DiagnosisFinding]:
    room, table = AwsBackupRoom(world.session), described.table.name
    if described.status not in ("ACTIVE", "UPDATING"):
        yield DiagnosisFinding(
            code="DG101",
            why="AWS Backup backs up a table that is ACTIVE.",
            fix="wait until it is ACTIVE, or see dynasmith describe",
            evidence=f"the table {table} is {described.status}",
        )
    if not room.opted_in():
        yield DiagnosisFinding(
            code="DG102",
            why="The Region is not opted in for DynamoDB in AWS Backup.",
            fix="aws backup update-region-settings --resource-type-opt-in-preference DynamoDB=true",
            evidence=f"DynamoDB is off in the settings of AWS Backup in {world.session.region}",
        )
    yield from _of_plan(room, described)
    newest = list(AwsBackupJobs(world.session).list(described.arn))
    newest.sort(key=lambda each: (each.started_at is not None, each.started_at, each.id))
    yield from _of_jobs(newest[-JOBS_LOOKED_AT:])


def _of_plan(room: AwsBackupRoom, described: TableDescription) -> Iterator[DiagnosisFinding]:
    plan = known(described.table.backup_plan, None)
    if plan is None:
        yield DiagnosisFinding(
            code=NOT_SCHEDULED,
            why="No backup plan of dynasmith selects the table.",
            fix=f"dynasmith backup schedule {described.table.name} --daily",
            evidence="AWS Backup has no selection of it",
        )
        return
    vault, role = known(plan.vault, ""), known(plan.role, "")
    key = room.vault_key(vault)
    if key is None:
        yield DiagnosisFinding(
            code="DG104",
            why="The vault of the plan does not exist.",
            fix=f"aws backup create-backup-vault --backup-vault-name {vault}",
            evidence=f"AWS Backup has no vault {vault}",
        )
    elif state := room.key_state(key):
        yield DiagnosisFinding(
            code="DG105",
            why="The key of the vault cannot be used.",
            fix="enable the key, or cancel its deletion",
            evidence=f"the key {key} of the vault {vault} is {state}",
        )
    yield from _of_role(room, role, described.arn)


def _of_role(room: AwsBackupRoom, role: str, arn: str) -> Iterator[DiagnosisFinding]:
    trust = room.trust(role)
    if trust is None:
        yield DiagnosisFinding(
            code="DG106",
            why="The role of the plan does not exist.",
            fix="create it, or remove role from the backup_plan and run dynasmith backup schedule",
            evidence=f"IAM has no role {role}",
        )
        return
    if not trusts_aws_backup(trust):
        yield DiagnosisFinding(
            code="DG107",
            why="AWS Backup may not take the role of the plan.",
            fix=f"let the service {BACKUP_SERVICE} take it in its trust policy: sts:AssumeRole",
            evidence=f"the trust policy of {role} does not name {BACKUP_SERVICE}",
        )
    if lacking := room.lacking(role, arn):
        yield DiagnosisFinding(
            code="DG108",
            why="The role of the plan lacks permissions.",
            fix="attach the policy AWSBackupServiceRolePolicyForBackup to it, or allow these actions",
            evidence=f"{role} may not {', '.join(lacking)}",
        )


def _of_jobs(jobs: list[BackupJob]) -> Iterator[DiagnosisFinding]:
    if not jobs or not jobs[-1].is_bad:
        return
    newest = jobs[-1]
    bad = sum(each.is_bad for each in jobs)
    yield DiagnosisFinding(
        code="DG109",
        why="The newest backup job made no backup.",
        fix=f"correct what the reason names; dynasmith backup create {newest.table} makes one now",
        evidence=f"job {newest.id} is {newest.state}: {newest.reason or 'no reason was given'} "
        f"({bad} of the newest {len(jobs)} jobs)",
        fixable=True,
    )
