"""The backup plan of a table: a vault, a plan with rules, a selection of the table, and the role that is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET, UnsetType

from dynasmith.iac.hcl import HclBlock, HclExpression, HclJson, Value
from dynasmith.iac.terraform.part import ImportBlock, TerraformPart, TerraformSubject
from dynasmith.tables.backup_names import ROLE, ROLE_POLICIES, plan_name, role_arn, vault_of
from dynasmith.tables.table import BackupPlan, BackupRule, known

_WINDOWS: Final = {"start_window": 480, "completion_window": 10_080}
"""Minutes that AWS Backup has where nothing is said (API reference, BackupRule)."""
_TRUST: Final[dict[str, Value]] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def backup_plan(subject: TerraformSubject) -> TerraformPart:
    """`aws_backup_plan` and `aws_backup_selection`. A vault and the role of all tables that are there already are
    named, not taken over: other tables use them, and Terraform would delete them with this one."""
    wanted = known(subject.table.backup_plan, None)
    if wanted is None:
        return TerraformPart()
    live, name = subject.live, subject.table.name
    there = None if live is None else known(live.table.backup_plan, None)
    made = () if there is not None else tuple(_vault(subject, wanted))
    vault = _vault_name(subject, wanted, made)
    rules = {} if there is None else {rule.name: rule for rule in there.rules}
    plan = HclBlock(
        ("resource", "aws_backup_plan", subject.label),
        (("name", plan_name(name)), *(_rule(rule, vault, rules.get(rule.name)) for rule in wanted.rules)),
    )
    role, of_role = _role(subject, wanted)
    selection = HclBlock(
        ("resource", "aws_backup_selection", subject.label),
        (
            ("name", plan_name(name)),
            ("plan_id", HclExpression(f"{plan.address}.id")),
            ("iam_role_arn", role),
            ("resources", [subject.reference("arn")]),
        ),
    )
    imports = []
    if live is not None and live.backup_plan_id:
        imports.append(ImportBlock(to=plan.address, id=live.backup_plan_id))
        if live.backup_selection_id:
            imports.append(ImportBlock(to=selection.address, id=f"{live.backup_plan_id}|{live.backup_selection_id}"))
    return TerraformPart(resources=(*made, *of_role, plan, selection), imports=tuple(imports))


def _vault(subject: TerraformSubject, plan: BackupPlan) -> Iterator[HclBlock]:
    key: tuple[tuple[str, Value], ...] = () if isinstance(plan.kms_key, UnsetType) else (("kms_key_arn", plan.kms_key),)
    yield HclBlock(
        ("resource", "aws_backup_vault", subject.label), (("name", vault_of(subject.table.name, plan)), *key)
    )


def _vault_name(subject: TerraformSubject, plan: BackupPlan, made: tuple[HclBlock, ...]) -> Value:
    return HclExpression(f"{made[0].address}.name") if made else vault_of(subject.table.name, plan)


def _rule(rule: BackupRule, vault: Value, there: BackupRule | None) -> HclBlock:
    """A rule. Windows are always said: those of the provider are much shorter than those of AWS Backup."""
    body: list[tuple[str, Value] | HclBlock] = [
        ("rule_name", rule.name),
        ("target_vault_name", vault),
        ("schedule", rule.schedule),
    ]
    for name, minutes in (
        ("start_window", rule.start_window_minutes),
        ("completion_window", rule.completion_window_minutes),
    ):
        body.append((name, known(minutes, known(getattr(there, f"{name}_minutes", UNSET), _WINDOWS[name]))))
    kept = {"cold_storage_after": rule.cold_storage_after_days, "delete_after": rule.keep_days}
    if said := tuple((name, days) for name, days in kept.items() if days is not None):
        body.append(HclBlock(("lifecycle",), said))
    return HclBlock(("rule",), tuple(body))


def _role(subject: TerraformSubject, plan: BackupPlan) -> tuple[Value, tuple[HclBlock, ...]]:
    """The ARN of the role; its own resource where it is not known to be there."""
    if subject.live is not None:
        return role_arn(subject.live.arn, plan), ()
    if not isinstance(plan.role, UnsetType):
        if plan.role.startswith("arn:"):
            return plan.role, ()
        data = HclBlock(("data", "aws_iam_role", subject.label), (("name", plan.role.rpartition("/")[2]),))
        return HclExpression(f"data.aws_iam_role.{subject.label}.arn"), (data,)
    label = f"{subject.label}_backup"
    role = HclBlock(
        ("resource", "aws_iam_role", label),
        (
            ("name", f"{ROLE}-{subject.table.name}"[:64]),
            ("assume_role_policy", HclJson(_TRUST)),
        ),
    )
    attached = tuple(
        HclBlock(
            ("resource", "aws_iam_role_policy_attachment", f"{label}_{number}"),
            (("role", HclExpression(f"{role.address}.name")), ("policy_arn", f"arn:aws:iam::aws:policy/{policy}")),
        )
        for number, policy in enumerate(ROLE_POLICIES)
    )
    return HclExpression(f"{role.address}.arn"), (role, *attached)
