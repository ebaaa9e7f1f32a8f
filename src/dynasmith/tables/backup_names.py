"""What the parts of a table's backup plan are called where a definition does not name them."""

import hashlib
import re
from typing import Final

from dynasmith.limits import BACKUP_NAME_MAX_CHARACTERS
from dynasmith.tables.table import BackupPlan, known

ROLE: Final = "dynasmith-backup"
"""The role that is made where a definition names none: one for all tables of an account."""
ROLE_POLICIES: Final = (
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
)
"""The policies of AWS that the role gets: what AWS Backup needs for tables, and for restoring them."""


def plan_name(table: str) -> str:
    """The name of a table's plan, and of its selection: ``dynasmith-<table>``, cut with a checksum where it is long."""
    return _short(f"dynasmith-{table}", table)


def vault_of(table: str, plan: BackupPlan) -> str:
    """The vault of a table's backups: the one that its plan names, else ``<table>-backup-vault``."""
    # A vault's name has no dots (API reference, CreateBackupVault).
    plain = re.sub(r"[^A-Za-z0-9_-]", "-", table)
    default = f"{plain}-backup-vault"
    return known(plan.vault, _short(default, table, changed=plain != table))


def _short(name: str, table: str, *, changed: bool = False) -> str:
    if len(name) <= BACKUP_NAME_MAX_CHARACTERS and not changed:
        return name
    checksum = hashlib.sha256(table.encode()).hexdigest()[:8]
    return f"{name[: BACKUP_NAME_MAX_CHARACTERS - 9]}-{checksum}"


def role_arn(table_arn: str, plan: BackupPlan) -> str:
    """The ARN of the role that AWS Backup takes: the one that the plan names, else `ROLE` in the table's account."""
    said = known(plan.role, ROLE)
    if said.startswith("arn:"):
        return said
    parts = table_arn.split(":")
    return f"arn:{parts[1]}:iam::{parts[4]}:role/{said}"
