"""Scheduled backups by AWS Backup: a vault, a plan with rules, and a selection of the table with a role."""

from collections.abc import Iterator

from msgspec import UnsetType, convert, to_builtins
from msgspec.structs import asdict, replace

from dynasmith.tables.backup_names import ROLE, ROLE_POLICIES
from dynasmith.tables.description import TableDescription
from dynasmith.tables.document_kinds import ENABLED, Block, DocumentKey, Integer, ListOf, Text
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.base import (
    CostEstimate,
    Facts,
    Hazard,
    Phase,
    RetirementPhase,
    Setting,
    SettingCall,
    SettingChange,
    SettingStep,
)
from dynasmith.tables.settings.forms import OFF, block, is_set
from dynasmith.tables.table import BackupPlan, BackupRule, Table, known

RULE = Block(
    "a backup_plan rule",
    (
        DocumentKey("name", Text(), "The rule's name.", required=True),
        DocumentKey("schedule", Text(), "When, as `cron(...)` in UTC; AWS Backup takes no `rate(...)`.", required=True),
        DocumentKey("keep_days", Integer(1), "Days until a backup is deleted.", default="forever"),
        DocumentKey(
            "cold_storage_after_days", Integer(1), "Days until a backup moves to cold storage.", default="never"
        ),
        DocumentKey(
            "start_window_minutes",
            Integer(60),
            "Minutes in which a backup must begin.",
            default="480; what is there stays",
        ),
        DocumentKey(
            "completion_window_minutes",
            Integer(61),
            "Minutes in which a backup must be complete.",
            default="10080; what is there stays",
        ),
    ),
    synonyms={"delete_after": "keep_days", "cold_storage_after": "cold_storage_after_days"},
)


class SetBackupPlan(SettingChange, frozen=True, kw_only=True, tag="set-backup-plan"):
    """Scheduled backups: none, some, or others."""

    before: BackupPlan | None
    after: BackupPlan | None


class CallBackupVault(SettingCall, frozen=True, kw_only=True, tag="create-backup-vault"):
    """CreateBackupVault, where the vault is not there."""

    plan: BackupPlan


class CallBackupRole(SettingCall, frozen=True, kw_only=True, tag="create-backup-role"):
    """CreateRole, where the role is not there: one that AWS Backup may take."""

    role: str


class CallBackupRolePolicy(SettingCall, frozen=True, kw_only=True, tag="attach-backup-role-policy"):
    """AttachRolePolicy, where the role has not the policy of AWS."""

    role: str
    policy: str


class CallBackupRules(SettingCall, frozen=True, kw_only=True, tag="put-backup-plan"):
    """CreateBackupPlan, or UpdateBackupPlan where the plan is there."""

    plan: BackupPlan


class CallBackupSelection(SettingCall, frozen=True, kw_only=True, tag="create-backup-selection"):
    """CreateBackupSelection of the table."""

    plan: BackupPlan


class CallBackupDeselection(SettingCall, frozen=True, kw_only=True, tag="delete-backup-selection"):
    """DeleteBackupSelection of the table; the plan, the vault and the backups stay."""


Call = (
    CallBackupVault
    | CallBackupRole
    | CallBackupRolePolicy
    | CallBackupRules
    | CallBackupSelection
    | CallBackupDeselection
)


class BackupPlanSetting(Setting[BackupPlan | None, SetBackupPlan, Call]):
    """The plan, or None where none of ours selects the table. Rules are compared by name; a vault, key, role or window
    that a definition does not mention is not managed."""

    field = "backup_plan"
    label = "backup plan"
    types = (
        SetBackupPlan,
        CallBackupVault,
        CallBackupRole,
        CallBackupRolePolicy,
        CallBackupRules,
        CallBackupSelection,
        CallBackupDeselection,
    )
    off = None
    in_create_table = False
    copied = False
    retirement = RetirementPhase.BACKUP_SELECTION
    key = DocumentKey(
        "backup_plan",
        Block(
            "backup_plan",
            (
                ENABLED,
                DocumentKey("rules", ListOf(RULE, by="name", filled=True), "When, and how long kept.", required=True),
                DocumentKey("vault", Text(), "The vault's name.", default="`<table>-backup-vault`"),
                DocumentKey("kms_key", Text(), "KMS key of the vault, for a vault that is made.", default="AWS's"),
                DocumentKey("role", Text(), "Role that AWS Backup takes.", default="`dynasmith-backup`, which is made"),
            ),
            switch=True,
        ),
        "Scheduled backups by AWS Backup.",
    )

    def of(self, table: Table) -> BackupPlan | UnsetType | None:
        return table.backup_plan

    def parse(self, written: object) -> BackupPlan | None:
        found = block(written)
        if found is None:
            return None
        return convert({name: value for name, value in found.items() if name != "enabled"}, BackupPlan)

    def render(self, value: BackupPlan | None) -> object:
        if value is None:
            return OFF
        named = {name: each for name, each in asdict(value).items() if name != "rules" and is_set(each)}
        return {**named, "rules": [to_builtins(rule) for rule in value.rules]}

    def difference(self, desired: BackupPlan | None, current: BackupPlan | None) -> SetBackupPlan | None:
        after = desired if desired is None or current is None else merged(desired, current)
        return None if after == current else SetBackupPlan(before=current, after=after)

    def steps(self, change: SetBackupPlan) -> Iterator[tuple[Phase, SettingStep]]:
        before, after = change.before, change.after
        if after is None:
            yield Phase.STOP_RECOVERY, CallBackupDeselection()
            return
        if before is None or before.vault != after.vault:
            yield Phase.SEND_CHANGES, CallBackupVault(plan=after)
        another_role = before is None or before.role != after.role
        if another_role and not is_set(after.role):
            yield Phase.SEND_CHANGES, CallBackupRole(role=ROLE)
            for policy in ROLE_POLICIES:
                yield Phase.SEND_CHANGES, CallBackupRolePolicy(role=ROLE, policy=policy)
        if before is None or replace(before, role=after.role) != after:
            yield Phase.SEND_CHANGES, CallBackupRules(plan=after)
        if before is not None and another_role:
            yield Phase.SEND_CHANGES, CallBackupDeselection()
        if another_role:
            yield Phase.SEND_CHANGES, CallBackupSelection(plan=after)

    def after(self, step: Call, table: Table) -> Table:
        match step:
            case CallBackupRules():
                there = known(table.backup_plan, None)
                return table if there is None else replace(table, backup_plan=replace(step.plan, role=there.role))
            case CallBackupSelection():
                return replace(table, backup_plan=step.plan)
            case CallBackupDeselection():
                return replace(table, backup_plan=None)
            case _:
                return table

    def hazard(self, change: SetBackupPlan, table: str, facts: Facts) -> Hazard | None:
        if change.before is None:
            return None
        if change.after is None:
            why = "no backup is scheduled any more; those that were made, and their vault, stay"
            return Hazard(kind="backups-off", path=self.key.name, why=why, consent="yes", flag="--yes")
        before, after = change.before, change.after
        if before.vault == after.vault and is_set(after.kms_key) and before.kms_key != after.kms_key:
            key = known(before.kms_key, "unknown")
            why = f"the key of the vault {known(after.vault, '')} is {key} and never changes; name another vault"
            return Hazard(kind="vault-key", path=f"{self.key.name}.kms_key", why=why, consent="impossible", flag="")
        return None

    def price(self, change: SetBackupPlan, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
        if change.after is None:
            return None
        basis = "per GB and month of every backup that is kept"
        return CostEstimate(path=self.key.name, basis=basis, monthly=None)

    def words(self, step: Call) -> str:
        match step:
            case CallBackupVault():
                return f"create the backup vault {known(step.plan.vault, 'of the table')} if it does not exist"
            case CallBackupRole():
                return f"create the role {step.role} for AWS Backup if it does not exist"
            case CallBackupRolePolicy():
                return f"attach {step.policy.rpartition('/')[2]} to the role {step.role}"
            case CallBackupRules():
                return f"put the backup plan ({'; '.join(map(_words, step.plan.rules))})"
            case CallBackupSelection():
                return "select the table for its backup plan"
            case CallBackupDeselection():
                return "remove the table from its backup plan"


def merged(desired: BackupPlan, current: BackupPlan) -> BackupPlan:
    """What is wanted, with the parts of ``current`` that it does not mention; in the order of ``current`` where the
    rules are the same."""
    there = {rule.name: rule for rule in current.rules}
    rules = {rule.name: _merged_rule(rule, there.get(rule.name)) for rule in desired.rules}
    if rules == there:
        rules = there
    return BackupPlan(
        rules=tuple(rules.values()),
        vault=desired.vault if is_set(desired.vault) else current.vault,
        kms_key=desired.kms_key if is_set(desired.kms_key) else _kept_key(desired, current),
        role=desired.role if is_set(desired.role) else current.role,
    )


def _kept_key(desired: BackupPlan, current: BackupPlan) -> str | UnsetType:
    """The key of the vault that is there; of another vault nothing is known."""
    another = is_set(desired.vault) and desired.vault != current.vault
    return desired.kms_key if another else current.kms_key


def _merged_rule(desired: BackupRule, current: BackupRule | None) -> BackupRule:
    if current is None:
        return desired
    start, completion = desired.start_window_minutes, desired.completion_window_minutes
    return replace(
        desired,
        start_window_minutes=start if is_set(start) else current.start_window_minutes,
        completion_window_minutes=completion if is_set(completion) else current.completion_window_minutes,
    )


def _words(rule: BackupRule) -> str:
    kept = "kept forever" if rule.keep_days is None else f"kept {rule.keep_days} days"
    cold = "" if rule.cold_storage_after_days is None else f", in cold storage after {rule.cold_storage_after_days}"
    return f"{rule.name}: {rule.schedule}, {kept}{cold}"
