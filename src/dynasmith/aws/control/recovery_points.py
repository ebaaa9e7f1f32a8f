"""Recovery points of AWS Backup, and their restores: jobs of that service, which make a new table.

A recovery point with advanced features has an ARN of AWS Backup and is not a backup of DynamoDB at all; one without has
an ARN of DynamoDB and is listed there too (type AWS_BACKUP). Both are restored by StartRestoreJob.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from dynasmith.aws.control.backups import AwsBackups, utc
from dynasmith.aws.control.session import Session
from dynasmith.aws.settings.live_backup_plan import pages
from dynasmith.errors import AccessDenied, BackupNotFound, RunError, ServiceError, TableNotFound
from dynasmith.ports.backups import RestoreCall, RestoredFrom, TableBackup

_STATES: Final[Mapping[str, str]] = {"COMPLETED": "AVAILABLE", "AVAILABLE": "AVAILABLE", "PARTIAL": "CREATING"}
_OVER: Final = "COMPLETED"
_FAILED: Final = ("FAILED", "ABORTED")


class VaultedBackup(Struct, frozen=True, kw_only=True):
    """A recovery point: the backup that it is, the vault that holds it, the role that made it."""

    backup: TableBackup
    vault: str
    role: str


def recovery_point(session: Session, arn: str, region: str = "") -> VaultedBackup:
    """The recovery point of that ARN. One ListBackupVaults, one DescribeRecoveryPoint a vault.

    Raises BackupNotFound.
    """
    asked: dict[str, Any] = {}
    while True:
        page = session.call("backup", "ListBackupVaults", asked, region=region)
        for vault in page.get("BackupVaultList") or ():
            found = _described(session, str(vault["BackupVaultName"]), arn, region)
            if found is not None:
                return found
        if not page.get("NextToken"):
            raise BackupNotFound(arn, hint="no vault of this account and Region has it")
        asked = {"NextToken": page["NextToken"]}


def _described(session: Session, vault: str, arn: str, region: str) -> VaultedBackup | None:
    asked = {"BackupVaultName": vault, "RecoveryPointArn": arn}
    try:
        found = session.call("backup", "DescribeRecoveryPoint", asked, region=region)
    except (ServiceError, TableNotFound):  # the vault has none of that ARN
        return None
    return VaultedBackup(backup=_backup(found), vault=vault, role=str(found.get("IamRoleArn") or ""))


def _backup(found: Mapping[str, Any]) -> TableBackup:
    arn, resource = str(found["RecoveryPointArn"]), str(found.get("ResourceArn") or "")
    state = str(found.get("Status") or "")
    expires = (found.get("CalculatedLifecycle") or {}).get("DeleteAt")
    return TableBackup(
        name=arn.rpartition("/")[2].rpartition(":")[2],
        arn=arn,
        table=resource.rpartition("/")[2],
        type="aws",
        state=_STATES.get(state, state),
        created_at=utc(found["CreationDate"]),
        size_bytes=int(found.get("BackupSizeInBytes") or 0),
        expires_at=None if expires is None else utc(expires),
        table_arn=resource,
    )


def vaulted_backups(session: Session, vault: str = "", *, plan: str = "") -> Iterator[TableBackup]:
    """The recovery points of tables in a vault, or in every vault; of one plan by its id. One ListBackupVaults, where
    none is named, and one ListRecoveryPointsByBackupVault a vault and page."""
    if not vault:
        for found in pages(session, "ListBackupVaults", "BackupVaultList", {}):
            yield from vaulted_backups(session, str(found["BackupVaultName"]), plan=plan)
        return
    asked = {"BackupVaultName": vault, "ByResourceType": "DynamoDB"}
    if plan:
        asked["ByBackupPlanId"] = plan
    for point in pages(session, "ListRecoveryPointsByBackupVault", "RecoveryPoints", asked):
        yield _backup(point)


class AwsPointRestores(AwsBackups):
    """Keeps `dynasmith.ports.backups.BackupControl` for a restore by AWS Backup, as ``role``."""

    def __init__(self, session: Session, vault: str, role: str) -> None:
        super().__init__(session)
        self._vault, self._role = vault, role
        self._point = ""
        self._job = ""

    def restore(self, call: RestoreCall) -> None:
        """One GetRecoveryPointRestoreMetadata and one StartRestoreJob. The token of ``call`` makes it one job, however
        often it is sent."""
        asked = {"BackupVaultName": self._vault, "RecoveryPointArn": call.backup}
        told = self._session.call("backup", "GetRecoveryPointRestoreMetadata", asked)
        request = {
            "RecoveryPointArn": call.backup,
            "Metadata": {**(told.get("RestoreMetadata") or {}), "targetTableName": call.target},
            "IamRoleArn": self._role,
            "IdempotencyToken": call.token,
            "ResourceType": "DynamoDB",
        }
        try:
            self._job = str(self._session.call("backup", "StartRestoreJob", request)["RestoreJobId"])
        except AccessDenied as error:
            error.hint = f"{error.hint}; iam:PassRole on {self._role} is needed too"
            raise
        self._point = call.backup

    def restored_from(self, table: str) -> RestoredFrom:
        """What DynamoDB says of the table; its source is the recovery point, whatever backup lies behind that."""
        found = super().restored_from(table)
        return (
            found
            if not self._point
            else RestoredFrom(created_at=found.created_at, backup=self._point, in_progress=found.in_progress)
        )

    def under_way(self) -> str:
        """One DescribeRestoreJob. Raises RunError where the job failed, with its reason."""
        found = self._session.call("backup", "DescribeRestoreJob", {"RestoreJobId": self._job})
        state = str(found.get("Status") or "")
        if state in _FAILED:
            reason = str(found.get("StatusMessage") or "it gave no reason").rstrip(".")
            raise RunError(
                f"AWS Backup could not restore {self._point}: {reason}.",
                hint=f"look at the role {self._role} and the vault {self._vault}, then restore again",
            )
        return "" if state == _OVER else f"the job of AWS Backup is {state}"
