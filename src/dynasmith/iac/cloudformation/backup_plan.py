"""The backup plan of a table."""

from __future__ import annotations

from typing import Any

from msgspec import UnsetType

from dynasmith.iac.cloudformation.part import Properties, StackPart, StackResource, StackSubject
from dynasmith.tables.backup_names import ROLE, ROLE_POLICIES, plan_name, role_arn, vault_of
from dynasmith.tables.table import BackupPlan, BackupRule, known


def backup_plan(subject: StackSubject) -> StackPart:
    """A `BackupPlan` and a `BackupSelection`. A vault and the role of all tables that are there already are named, not
    taken over: other tables use them."""
    wanted = known(subject.table.backup_plan, None)
    if wanted is None:
        return StackPart()
    live, name, label = subject.live, subject.table.name, subject.logical_id
    there = None if live is None else known(live.table.backup_plan, None)
    vault: str | Properties = vault_of(name, wanted)
    resources: list[StackResource] = []
    if there is None:
        key = {} if isinstance(wanted.kms_key, UnsetType) else {"EncryptionKeyArn": wanted.kms_key}
        properties = {"BackupVaultName": vault, **key}
        resources.append(StackResource(id=f"{label}Vault", type="AWS::Backup::BackupVault", properties=properties))
        vault = {"Ref": f"{label}Vault"}
    role, of_role = _role(subject, wanted)
    plan = {"BackupPlanName": plan_name(name), "BackupPlanRule": [_rule(rule, vault) for rule in wanted.rules]}
    plan_id = "" if live is None or there is None else live.backup_plan_id
    resources.append(
        StackResource(
            id=f"{label}BackupPlan",
            type="AWS::Backup::BackupPlan",
            properties={"BackupPlan": plan},
            identifier={"BackupPlanId": plan_id} if plan_id else {},
        )
    )
    selection_id = "" if live is None or not plan_id else live.backup_selection_id
    selection = {"SelectionName": plan_name(name), "IamRoleArn": role, "Resources": [subject.attribute("Arn")]}
    resources.append(
        StackResource(
            id=f"{label}BackupSelection",
            type="AWS::Backup::BackupSelection",
            properties={"BackupPlanId": {"Ref": f"{label}BackupPlan"}, "BackupSelection": selection},
            identifier={"Id": f"{selection_id}_{plan_id}"} if selection_id else {},
        )
    )
    return StackPart(resources=(*of_role, *resources))


def _rule(rule: BackupRule, vault: str | Properties) -> Properties:
    said: dict[str, Any] = {
        "RuleName": rule.name,
        "TargetBackupVault": vault,
        "ScheduleExpression": rule.schedule,
    }
    windows = {
        "StartWindowMinutes": rule.start_window_minutes,
        "CompletionWindowMinutes": rule.completion_window_minutes,
    }
    said |= {name: minutes for name, minutes in windows.items() if not isinstance(minutes, UnsetType)}
    kept = {"DeleteAfterDays": rule.keep_days, "MoveToColdStorageAfterDays": rule.cold_storage_after_days}
    if lifecycle := {name: days for name, days in kept.items() if days is not None}:
        said["Lifecycle"] = lifecycle
    return said


def _role(subject: StackSubject, plan: BackupPlan) -> tuple[str | Properties, tuple[StackResource, ...]]:
    if subject.live is not None and known(subject.live.table.backup_plan, None) is not None:
        return role_arn(subject.live.arn, plan), ()
    if not isinstance(plan.role, UnsetType):
        by_name = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{plan.role}"}
        return plan.role if plan.role.startswith("arn:") else by_name, ()
    label = f"{subject.logical_id}BackupRole"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    policies = [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{each}"} for each in ROLE_POLICIES]
    properties = {
        "RoleName": f"{ROLE}-{subject.table.name}"[:64],
        "AssumeRolePolicyDocument": trust,
        "ManagedPolicyArns": policies,
    }
    return {"Fn::GetAtt": [label, "Arn"]}, (StackResource(id=label, type="AWS::IAM::Role", properties=properties),)
