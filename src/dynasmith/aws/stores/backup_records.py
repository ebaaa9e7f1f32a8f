"""Records of backups where a ledger that machines share is: below its prefix in S3, or in its table."""

from typing import Any

from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.aws.stores.table_ledger import LedgerTable, TableStore
from dynasmith.ports.backup_records import BackupRecord, decode_record, encode_record, record_name

_HOME = "backups"
"""The folder below the prefix, and the partition in the table: no job has such an id."""


class S3BackupRecords:
    """Keeps `dynasmith.ports.backup_records.BackupRecords` as objects below ``backups/``."""

    def __init__(self, objects: S3Objects) -> None:
        self._objects = objects

    def open(self) -> None:
        """Nothing is made: a bucket that is not there is said by this call."""
        self._objects.read(f"{_HOME}/{_HOME}")

    def where(self, arn: str) -> str:
        """The object."""
        return self._objects.url(_name(arn))

    def keep(self, record: BackupRecord) -> None:
        """One PutObject."""
        self._objects.put(_name(record.arn), encode_record(record))

    def find(self, arn: str) -> BackupRecord | None:
        """One GetObject."""
        found = self._objects.read(_name(arn))
        return None if found is None else decode_record(found.content, self.where(arn))

    def remove(self, arn: str) -> None:
        """One DeleteObjects."""
        self._objects.delete([_name(arn)])


class TableBackupRecords:
    """Keeps `dynasmith.ports.backup_records.BackupRecords` as items of the table of a ledger."""

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._name = client, table
        self._table = LedgerTable(client, table)

    def open(self) -> None:
        """Make the table, if it is not there."""
        TableStore(self._client, self._name).open()

    def where(self, arn: str) -> str:
        """The item."""
        return f"table {self._name}, pk {_HOME}, sk {record_name(arn)}"

    def keep(self, record: BackupRecord) -> None:
        """One write."""
        self._table.call("PutItem", Item={**_key(record.arn), "content": {"B": encode_record(record)}})

    def find(self, arn: str) -> BackupRecord | None:
        """One strong read; nothing where the table is not there."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            found = self._table.call("GetItem", but=(absent,), Key=_key(arn), ConsistentRead=True)
        except absent:
            return None
        item = found.get("Item")
        return None if item is None else decode_record(bytes(item["content"]["B"]), self.where(arn))

    def remove(self, arn: str) -> None:
        """One write; nothing where the table is not there."""
        absent = self._client.exceptions.ResourceNotFoundException
        try:
            self._table.call("DeleteItem", but=(absent,), Key=_key(arn))
        except absent:
            return


def _name(arn: str) -> str:
    return f"{_HOME}/{record_name(arn)}"


def _key(arn: str) -> dict[str, Any]:
    return {"pk": {"S": _HOME}, "sk": {"S": record_name(arn)}}
