"""What is due: rules of plans run and recovery points expire, each at its time, before anything else passes."""

from fnmatch import fnmatchcase

from dynasmith.strict.services.aws_backup.call import own_call
from dynasmith.strict.services.aws_backup.jobs import DEFAULT_START_MINUTES, run_job
from dynasmith.strict.services.aws_backup.points import forget_point
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.aws_backup import BackupPlanState, BackupRuleState, BackupSelectionState, created_by
from dynasmith.strict.state.state import Account


async def run_due(world: StrictWorld, account: Account) -> None:
    """Do what is due in an account, in the order of its times."""
    held = account.aws_backup
    # While somebody makes a backup that was due, whoever comes waits until it is made.
    if not world.backups.locked() and world.clock.time() < held.next_due():
        return
    async with world.backups:
        while (due := held.next_due()) <= world.clock.time():
            for point in [one for one in held.points.values() if one.delete_at <= due]:
                await forget_point(world, account, point)
            for plan in list(held.plans.values()):
                for rule in plan.rules:
                    if rule.next_at is not None and rule.next_at <= due:
                        await _run(world, account, plan, rule, rule.next_at)


async def _run(world: StrictWorld, account: Account, plan: BackupPlanState, rule: BackupRuleState, at: float) -> None:
    assert rule.schedule is not None
    rule.next_at, plan.executed_at = rule.schedule.next_after(at), at
    for selection in plan.selections.values():
        for resource in await _selected(world, account, selection):
            await run_job(
                world,
                account,
                at,
                vault=rule.said["TargetBackupVaultName"],
                resource=resource,
                role=selection.said["IamRoleArn"],
                lifecycle=dict(rule.said.get("Lifecycle") or {}),
                start_minutes=int(rule.said.get("StartWindowMinutes") or DEFAULT_START_MINUTES),
                by=dict(created_by(plan, rule)),
                tags=dict(rule.said.get("RecoveryPointTags") or {}),
            )


async def _selected(world: StrictWorld, account: Account, selection: BackupSelectionState) -> list[str]:
    """The resources of a selection: those it names, and the tables that its patterns match."""
    named: list[str] = list(selection.said.get("Resources") or ())
    left_out: list[str] = list(selection.said.get("NotResources") or ())
    patterns = [one for one in named if "*" in one]
    found = [one for one in named if "*" not in one]
    if patterns:
        prefix = f"arn:aws:dynamodb:{account.key[1]}:{account.number}:table/"
        call = own_call(world, account, "ListTables", {})
        _, said = await world.ask(call, "ListTables", {})
        tables = [prefix + name for name in said.get("TableNames") or ()]
        found += [one for one in tables if any(fnmatchcase(one, pattern) for pattern in patterns)]
    return [one for one in dict.fromkeys(found) if not any(fnmatchcase(one, pattern) for pattern in left_out)]
