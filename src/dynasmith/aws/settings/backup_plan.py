"""The backup plan of a table, as AWS Backup says and takes it, and the role that it takes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.live_backup_plan import Answer, LivePlan, live_plan, vault_key
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.errors import DynasmithError, ServiceError, TableBusy
from dynasmith.tables.backup_names import plan_name, role_arn, vault_of
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.backup_plan import (
    BackupPlanSetting,
    Call,
    CallBackupDeselection,
    CallBackupRole,
    CallBackupRolePolicy,
    CallBackupRules,
    CallBackupSelection,
    CallBackupVault,
)
from dynasmith.tables.settings.forms import is_set
from dynasmith.tables.table import BackupPlan, BackupRule, Table, known

TRUST: Final[Mapping[str, Any]] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
"""Who may take the role that is made: AWS Backup."""

_MANAGED_RULE: Final = ("RuleName", "ScheduleExpression", "Lifecycle")
_ROLE_IS_YOUNG: Final = timedelta(minutes=2)
"""IAM is eventually consistent: for so long AWS Backup may refuse a role that was just made."""
_ABSENT: Final = ("NoSuchEntity", "NoSuchEntityException")


class ServiceBackupPlan(ReadSetting[Call]):
    """AWS Backup's calls about vaults, plans and selections, and IAM's about the role. What is there already is not
    made again: ids are looked up by names right before a call."""

    setting = BackupPlanSetting()
    needs_arn = True
    read_actions = (
        *("backup:ListBackupPlans", "backup:GetBackupPlan", "backup:ListBackupSelections"),
        *("backup:GetBackupSelection", "backup:ListBackupVaults"),
    )
    write_actions = (
        *("backup:CreateBackupVault", "backup:CreateBackupPlan", "backup:UpdateBackupPlan"),
        *("backup:CreateBackupSelection", "backup:DeleteBackupSelection"),
        *("backup-storage:MountCapsule", "kms:DescribeKey"),
        *("iam:GetRole", "iam:CreateRole", "iam:ListAttachedRolePolicies", "iam:AttachRolePolicy", "iam:PassRole"),
    )

    def request(self, table: str, arn: str, step: Call) -> ServiceRequest:
        match step:
            case CallBackupVault():
                key = {"EncryptionKeyArn": step.plan.kms_key} if is_set(step.plan.kms_key) else {}
                return _backup("CreateBackupVault", {"BackupVaultName": vault_of(table, step.plan), **key})
            case CallBackupRole():
                document = json.dumps(TRUST)
                return _iam("CreateRole", {"RoleName": step.role, "AssumeRolePolicyDocument": document})
            case CallBackupRolePolicy():
                partition = arn.split(":")[1]
                policy = f"arn:{partition}:iam::aws:policy/{step.policy}"
                return _iam("AttachRolePolicy", {"RoleName": step.role, "PolicyArn": policy})
            case CallBackupRules():
                vault = vault_of(table, step.plan)
                rules = [_rule_of(rule, vault) for rule in step.plan.rules]
                plan = {"BackupPlanName": plan_name(table), "Rules": rules}
                return _backup("CreateBackupPlan", {"BackupPlan": plan})
            case CallBackupSelection():
                said = {"IamRoleArn": role_arn(arn, step.plan), "Resources": [arn]}
                selection = {"SelectionName": plan_name(table), **said}
                return _backup("CreateBackupSelection", {"BackupPlanId": "", "BackupSelection": selection})
            case CallBackupDeselection():
                return _backup("DeleteBackupSelection", {"BackupPlanId": "", "SelectionId": ""})

    def completed_request(
        self, session: Service, described: TableDescription, step: Call, request: ServiceRequest
    ) -> ServiceRequest | None:
        table = described.table.name
        match step:
            case CallBackupVault():
                there = vault_key(session, request.parameters["BackupVaultName"], table=table)
                return request if there is None else None
            case CallBackupRole():
                return request if _role(session, step.role) is None else None
            case CallBackupRolePolicy():
                said = session.call("iam", "ListAttachedRolePolicies", {"RoleName": step.role})
                attached = {each["PolicyArn"] for each in said.get("AttachedPolicies") or ()}
                return None if request.parameters["PolicyArn"] in attached else request
            case _:
                return _of_plan(live_plan(session, table, described.arn), step, request)

    def refusal(self, session: Service, table: str, step: Call, error: DynasmithError) -> DynasmithError:
        """A role that was made a moment ago is refused until IAM has told AWS Backup of it: that ends by itself."""
        if not isinstance(step, CallBackupSelection) or not isinstance(error, ServiceError) or is_set(step.plan.role):
            return error
        role = _role(session, role_arn("arn:aws:::", step.plan).rpartition("/")[2])
        made = role.get("CreateDate") if role is not None else None
        if made is None or datetime.now(UTC) - made > _ROLE_IS_YOUNG:
            return error
        return TableBusy(f"AWS Backup cannot take its role yet: {error.message}", hint="try again in a minute")

    def is_already(self, step: Call, table: Table) -> bool:
        there = known(table.backup_plan, None)
        return isinstance(step, CallBackupDeselection) and there is None

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        """The plan that selects the table; None where there is none. One call, and four more where there is one."""
        name = described.table.name
        live = live_plan(session, name, described.arn)
        if live is None or live.selection is None:
            return replace(described, table=replace(described.table, backup_plan=None))
        plan = _value(live, live.selection.role, vault_key(session, _vault(live), table=name))
        return replace(
            described,
            table=replace(described.table, backup_plan=plan),
            backup_plan_id=live.plan_id,
            backup_selection_id=live.selection.selection_id,
        )


def _backup(operation: str, parameters: dict[str, Any]) -> ServiceRequest:
    return ServiceRequest(service="backup", operation=operation, parameters=parameters)


def _iam(operation: str, parameters: dict[str, Any]) -> ServiceRequest:
    return ServiceRequest(service="iam", operation=operation, parameters=parameters)


def _role(session: Service, name: str) -> Answer | None:
    """The role, or None where there is none."""
    try:
        role: Answer = session.call("iam", "GetRole", {"RoleName": name})["Role"]
    except ServiceError as error:
        if error.service_code in _ABSENT:
            return None
        raise
    return role


def _of_plan(live: LivePlan | None, step: Call, request: ServiceRequest) -> ServiceRequest | None:
    """A call about the plan with its ids; None where there is nothing to do."""
    if isinstance(step, CallBackupRules):
        if live is None:
            return request
        there = {rule["RuleName"]: rule for rule in live.document.get("Rules") or ()}
        plan = dict(request.parameters["BackupPlan"])
        plan["Rules"] = [{**_kept(there.get(rule["RuleName"], {})), **rule} for rule in plan["Rules"]]
        return _backup("UpdateBackupPlan", {"BackupPlanId": live.plan_id, "BackupPlan": plan})
    if isinstance(step, CallBackupDeselection):
        if live is None or live.selection is None:
            return None
        ids = {"BackupPlanId": live.plan_id, "SelectionId": live.selection.selection_id}
        return _backup("DeleteBackupSelection", ids)
    if live is None:
        return request  # AWS Backup says that the plan does not exist
    if live.selection is not None and live.selection.role == request.parameters["BackupSelection"]["IamRoleArn"]:
        return None
    return replace(request, parameters={**request.parameters, "BackupPlanId": live.plan_id})


def _kept(there: Mapping[str, Any]) -> dict[str, Any]:
    """What a rule has that a definition does not say: copies, tags, a time zone. An update replaces the whole plan."""
    return {name: value for name, value in there.items() if name not in (*_MANAGED_RULE, "RuleId")}


def _rule_of(rule: BackupRule, vault: str) -> dict[str, Any]:
    lifecycle = {"DeleteAfterDays": rule.keep_days, "MoveToColdStorageAfterDays": rule.cold_storage_after_days}
    said = {name: days for name, days in lifecycle.items() if days is not None}
    windows = {
        "StartWindowMinutes": rule.start_window_minutes,
        "CompletionWindowMinutes": rule.completion_window_minutes,
    }
    return {
        "RuleName": rule.name,
        "TargetBackupVaultName": vault,
        "ScheduleExpression": rule.schedule,
        **({"Lifecycle": said} if said else {}),
        **{name: minutes for name, minutes in windows.items() if is_set(minutes)},
    }


def _vault(live: LivePlan) -> str:
    rules = live.document.get("Rules") or ()
    return str(rules[0].get("TargetBackupVaultName", "")) if rules else ""


def _value(live: LivePlan, role: str, key: str | None) -> BackupPlan:
    return BackupPlan(
        rules=tuple(_rule(rule) for rule in live.document.get("Rules") or ()),
        vault=_vault(live),
        kms_key=key or UNSET,
        role=role,
    )


def _rule(said: Mapping[str, Any]) -> BackupRule:
    lifecycle = said.get("Lifecycle") or {}
    return BackupRule(
        name=str(said.get("RuleName", "")),
        schedule=str(said.get("ScheduleExpression", "")),
        keep_days=lifecycle.get("DeleteAfterDays"),
        cold_storage_after_days=lifecycle.get("MoveToColdStorageAfterDays"),
        start_window_minutes=said.get("StartWindowMinutes", UNSET),
        completion_window_minutes=said.get("CompletionWindowMinutes", UNSET),
    )
