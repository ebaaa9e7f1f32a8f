"""`AwsBackups`: on-demand backups, point-in-time recovery and restores of DynamoDB, kept with botocore."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from dynasmith.aws.control.replicas import describe_table
from dynasmith.aws.control.session import Session
from dynasmith.errors import BackupNotFound, ServiceError, TableExists
from dynasmith.ports.backups import (
    BACKUP_KINDS,
    BackupKind,
    RecoveryWindow,
    RestoreCall,
    RestoredFrom,
    TableBackup,
)
from dynasmith.tables.table import Billing, Encryption, EncryptionKind

BACKUPS_A_PAGE = 100
"""ListBackups, Limit: at most 100."""

_KIND_OF: Final[Mapping[str, BackupKind]] = {"USER": "user", "SYSTEM": "system", "AWS_BACKUP": "aws"}
_WORD_OF: Final = {kind: word for word, kind in _KIND_OF.items()}
_ABSENT = "BackupNotFoundException"


class AwsBackups:
    """Keeps `dynasmith.ports.backups.BackupControl`, in the Region of the session or in ``region``. Safe to use from
    several threads."""

    def __init__(self, session: Session, region: str = "") -> None:
        self._session, self._region = session, region

    def create(self, table: str, name: str) -> TableBackup:
        """One CreateBackup. Not idempotent: sent again after a lost reply, it makes a second backup of that name."""
        answer = self._call("CreateBackup", {"TableName": table, "BackupName": name}, table=table)
        return _backup({"TableName": table, **answer["BackupDetails"]})

    def describe(self, arn: str) -> TableBackup:
        """One DescribeBackup."""
        with _absent(arn):
            answer = self._call("DescribeBackup", {"BackupArn": arn})
        found = answer["BackupDescription"]
        return _backup({**(found.get("SourceTableDetails") or {}), **found["BackupDetails"]})

    def list(
        self, table: str = "", kinds: Sequence[BackupKind] = BACKUP_KINDS, since: datetime | None = None
    ) -> Iterator[TableBackup]:
        """One ListBackups a hundred and kind: the service has a list of its own for each."""
        seen: set[str] = set()
        for kind in kinds:
            asked: dict[str, Any] = {"BackupType": _WORD_OF[kind], "Limit": BACKUPS_A_PAGE}
            if table:
                asked["TableName"] = table
            if since is not None:
                asked["TimeRangeLowerBound"] = since
            for summary in self._summaries(asked):
                found = _backup(summary)
                if found.type == kind and found.arn not in seen:  # engines ignore the type
                    seen.add(found.arn)
                    yield found

    def delete(self, arn: str) -> None:
        """One DeleteBackup."""
        with _absent(arn):
            self._call("DeleteBackup", {"BackupArn": arn})

    def window(self, table: str) -> RecoveryWindow | None:
        """One DescribeContinuousBackups."""
        answer = self._call("DescribeContinuousBackups", {"TableName": table}, table=table)
        told = (answer.get("ContinuousBackupsDescription") or {}).get("PointInTimeRecoveryDescription") or {}
        earliest, latest = told.get("EarliestRestorableDateTime"), told.get("LatestRestorableDateTime")
        if told.get("PointInTimeRecoveryStatus") != "ENABLED" or earliest is None or latest is None:
            return None
        return RecoveryWindow(earliest=utc(earliest), latest=utc(latest))

    def restore(self, call: RestoreCall) -> None:
        """One RestoreTableFromBackup or RestoreTableToPointInTime."""
        request = _overrides(call)
        if call.backup:
            request |= {"TargetTableName": call.target, "BackupArn": call.backup}
            with _absent(call.backup):
                self._call("RestoreTableFromBackup", request, table=call.target)
            return
        source = "SourceTableArn" if call.table.startswith("arn:") else "SourceTableName"
        request |= {"TargetTableName": call.target, source: call.table}
        request |= {"UseLatestRestorableTime": True} if call.at is None else {"RestoreDateTime": call.at}
        try:
            self._call("RestoreTableToPointInTime", request, table=call.table)
        except TableExists as error:
            raise TableExists(call.target) from error

    def restored_from(self, table: str) -> RestoredFrom:
        """One DescribeTable."""
        described = describe_table(self._session, table, self._region)
        found = described.get("RestoreSummary") or {}
        at = found.get("RestoreDateTime")
        return RestoredFrom(
            created_at=utc(described["CreationDateTime"]),
            backup=str(found.get("SourceBackupArn") or ""),
            table_arn=str(found.get("SourceTableArn") or ""),
            at=None if at is None else utc(at),
            in_progress=bool(found.get("RestoreInProgress")),
        )

    def under_way(self) -> str:
        """Nothing: the table itself says how far a restore of DynamoDB is."""
        return ""

    def _call(self, operation: str, parameters: Mapping[str, Any], *, table: str = "") -> dict[str, Any]:
        return self._session.call("dynamodb", operation, parameters, table=table, region=self._region)

    def _summaries(self, asked: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
        while True:
            answer = self._call("ListBackups", asked)
            yield from answer["BackupSummaries"]
            last = answer.get("LastEvaluatedBackupArn")
            if not last:
                return
            asked = {**asked, "ExclusiveStartBackupArn": last}


@contextmanager
def _absent(arn: str) -> Iterator[None]:
    """A backup that is not there, by its ARN."""
    try:
        yield
    except ServiceError as error:
        if error.service_code != _ABSENT:
            raise
        raise BackupNotFound(arn) from error


def _backup(found: Mapping[str, Any]) -> TableBackup:
    expires = found.get("BackupExpiryDateTime")
    count = found.get("ItemCount")
    return TableBackup(
        name=str(found["BackupName"]),
        arn=str(found["BackupArn"]),
        table=str(found.get("TableName") or ""),
        type=_KIND_OF.get(str(found.get("BackupType")), "user"),
        state=str(found["BackupStatus"]),
        created_at=utc(found["BackupCreationDateTime"]),
        size_bytes=int(found.get("BackupSizeBytes") or 0),
        expires_at=None if expires is None else utc(expires),
        table_arn=str(found.get("TableArn") or ""),
        table_id=str(found.get("TableId") or ""),
        item_count=None if count is None else int(count),
    )


def _overrides(call: RestoreCall) -> dict[str, Any]:
    request: dict[str, Any] = {}
    if call.billing is Billing.ON_DEMAND:
        request["BillingModeOverride"] = "PAY_PER_REQUEST"
    elif call.billing is Billing.PROVISIONED:
        request["BillingModeOverride"] = "PROVISIONED"
    if call.encryption is not None:
        request["SSESpecificationOverride"] = _encryption(call.encryption)
    if call.without_indexes:
        request |= {"GlobalSecondaryIndexOverride": [], "LocalSecondaryIndexOverride": []}
    return request


def _encryption(wanted: Encryption) -> dict[str, Any]:
    if wanted.kind is EncryptionKind.AWS_OWNED:
        return {"Enabled": False}
    told: dict[str, Any] = {"Enabled": True, "SSEType": "KMS"}
    if wanted.kind is EncryptionKind.CUSTOMER and isinstance(wanted.key, str):
        told["KMSMasterKeyId"] = wanted.key
    return told


def utc(time: datetime) -> datetime:
    """A time of a reply, in UTC."""
    return time.astimezone(UTC)
