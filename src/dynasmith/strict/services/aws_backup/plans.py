"""Plans with their rules, and the selections of what they back up."""

from typing import Any

from dynasmith.strict.services.aws_backup.call import Answer, BackupCall, BackupHandler, new_id, page
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.aws_backup import DEFAULT_SCHEDULE, BackupPlanState, BackupRuleState, BackupSelectionState
from dynasmith.strict.state.cron import read_cron


def _rules(call: BackupCall) -> list[BackupRuleState]:
    found = []
    for said in call.body["BackupPlan"]["Rules"]:
        zone = said.get("ScheduleExpressionTimezone", "UTC")
        schedule = read_cron(said.get("ScheduleExpression", DEFAULT_SCHEDULE), zone)
        found.append(BackupRuleState(dict(said), new_id(), schedule, schedule.next_after(call.now)))
    return found


async def create_plan(_: StrictWorld, call: BackupCall) -> Answer:
    """CreateBackupPlan."""
    request = str(call.body.get("CreatorRequestId") or "")
    for known in call.held.plans.values():
        if request and known.request_id == request:
            return _made(known)
    identity = new_id()
    plan = BackupPlanState(
        identity,
        call.arn("backup-plan", identity),
        call.body["BackupPlan"]["BackupPlanName"],
        new_id(),
        call.now,
        _rules(call),
        dict(call.body["BackupPlan"]),
        request,
        dict(call.body.get("BackupPlanTags") or {}),
    )
    call.held.plans[identity] = plan
    return _made(plan)


def _made(plan: BackupPlanState) -> Answer:
    return {
        "BackupPlanId": plan.identity,
        "BackupPlanArn": plan.arn,
        "CreationDate": plan.created_at,
        "VersionId": plan.version,
    }


def _of(call: BackupCall) -> BackupPlanState:
    return call.held.plans[str(call.body["BackupPlanId"])]


async def update_plan(_: StrictWorld, call: BackupCall) -> Answer:
    """UpdateBackupPlan: other rules from now on, another version; its selections stay."""
    plan = _of(call)
    plan.rules, plan.said, plan.version = _rules(call), dict(call.body["BackupPlan"]), new_id()
    plan.name = call.body["BackupPlan"]["BackupPlanName"]
    return _made(plan)


async def get_plan(_: StrictWorld, call: BackupCall) -> Answer:
    """GetBackupPlan, with as many of the next runs as are asked for."""
    plan = _of(call)
    # API_BackupRule.html: what a rule without windows has.
    defaults = {"StartWindowMinutes": 480, "CompletionWindowMinutes": 10_080, "ScheduleExpression": DEFAULT_SCHEDULE}
    zone = {"ScheduleExpressionTimezone": "Etc/UTC", "EnableContinuousBackup": False}
    rules = [{**defaults, **zone, **rule.said, "RuleId": rule.identity} for rule in plan.rules]
    ahead = int(call.body.get("MaxScheduledRunsPreview") or 0)
    said = {
        "BackupPlan": {"BackupPlanName": plan.name, "Rules": rules},
        **_made(plan),
        "CreatorRequestId": plan.request_id or None,
        "LastExecutionDate": plan.executed_at,
    }
    return said | ({"ScheduledRunsPreview": _preview(plan, ahead, call.now)} if ahead else {})


def _preview(plan: BackupPlanState, ahead: int, now: float) -> list[dict[str, Any]]:
    found: list[tuple[float, str]] = []
    for rule in plan.rules:
        at: float | None = now
        for _ in range(ahead):
            at = rule.schedule.next_after(at) if rule.schedule is not None and at is not None else None
            if at is not None:
                found.append((at, rule.identity))
    return [{"ExecutionTime": at, "RuleId": rule, "RuleExecutionType": "SNAPSHOTS"} for at, rule in sorted(found)][
        :ahead
    ]


async def list_plans(_: StrictWorld, call: BackupCall) -> Answer:
    """ListBackupPlans."""
    plans = [
        {**_made(plan), "BackupPlanName": plan.name}
        | ({"LastExecutionDate": plan.executed_at} if plan.executed_at is not None else {})
        for plan in call.held.plans.values()
    ]
    return page(call, "BackupPlansList", plans)


async def delete_plan(_: StrictWorld, call: BackupCall) -> Answer:
    """DeleteBackupPlan; jobs and recovery points stay."""
    plan = call.held.plans.pop(str(call.body["BackupPlanId"]))
    made = {name: value for name, value in _made(plan).items() if name != "CreationDate"}
    return {**made, "DeletionDate": call.now}


async def create_selection(_: StrictWorld, call: BackupCall) -> Answer:
    """CreateBackupSelection."""
    selection = BackupSelectionState(
        new_id(), dict(call.body["BackupSelection"]), call.now, str(call.body.get("CreatorRequestId") or "")
    )
    plan = _of(call)
    plan.selections[selection.identity] = selection
    return {"SelectionId": selection.identity, "BackupPlanId": plan.identity, "CreationDate": call.now}


async def get_selection(_: StrictWorld, call: BackupCall) -> Answer:
    """GetBackupSelection."""
    plan = _of(call)
    selection = plan.selections[str(call.body["SelectionId"])]
    return {
        "BackupSelection": {"ListOfTags": [], "NotResources": [], **selection.said},
        "SelectionId": selection.identity,
        "BackupPlanId": plan.identity,
        "CreationDate": selection.created_at,
    }


async def list_selections(_: StrictWorld, call: BackupCall) -> Answer:
    """ListBackupSelections."""
    plan = _of(call)
    found = [
        {
            "SelectionId": one.identity,
            "SelectionName": one.said["SelectionName"],
            "BackupPlanId": plan.identity,
            "CreationDate": one.created_at,
            "IamRoleArn": one.said["IamRoleArn"],
        }
        for one in plan.selections.values()
    ]
    return page(call, "BackupSelectionsList", found)


async def delete_selection(_: StrictWorld, call: BackupCall) -> Answer:
    """DeleteBackupSelection."""
    del _of(call).selections[str(call.body["SelectionId"])]
    return {}


PLANS: dict[str, BackupHandler] = {
    "CreateBackupPlan": create_plan,
    "UpdateBackupPlan": update_plan,
    "GetBackupPlan": get_plan,
    "ListBackupPlans": list_plans,
    "DeleteBackupPlan": delete_plan,
    "CreateBackupSelection": create_selection,
    "GetBackupSelection": get_selection,
    "ListBackupSelections": list_selections,
    "DeleteBackupSelection": delete_selection,
}
