"""What is kept beside a backup: the definition of its table, so that a restore is whole when the table is gone.

The service keeps no tags, no autoscaling, no policy and no stream of a table in its backups, and a backup has no tags
of its own to keep them in. The records are kept where the jobs of the project are: whoever can resume a job of it can
restore its backups.
"""

import hashlib
import re
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from dynasmith.errors import CheckpointError

FORMAT: Final = 1
_ODD = re.compile(r"[^A-Za-z0-9_.-]+")


class BackupRecord(Struct, frozen=True, kw_only=True):
    """What a table was when it was backed up.

    ``definition`` is the table as one entry of a definition file, under its physical name; ``unread`` are settings that
    could not be read then, with the reason.
    """

    arn: str
    name: str
    table: str
    table_id: str = ""
    created_at: datetime
    definition: dict[str, Any]
    unread: dict[str, str] = {}
    format: int = FORMAT


class BackupRecords(Protocol):
    """Keeps records by the ARN of their backup. Every call raises a `dynasmith.errors.DynasmithError`."""

    def open(self) -> None:
        """Make the place ready, if it is not. Raises RunError where nothing can be kept there."""
        ...

    def where(self, arn: str) -> str:
        """Where the record of a backup is, for a person: a file, an object, an item."""
        ...

    def keep(self, record: BackupRecord) -> None:
        """Keep a record, in place of what was there."""
        ...

    def find(self, arn: str) -> BackupRecord | None:
        """The record of a backup; None where none is kept. Raises CheckpointError for a damaged one."""
        ...

    def remove(self, arn: str) -> None:
        """Remove the record of a backup, if there is one."""
        ...


def record_name(arn: str) -> str:
    """The name of a record: the end of the ARN, for people, and a checksum of all of it."""
    tail = _ODD.sub(".", arn.rpartition(":")[2].removeprefix("table/").replace("/backup/", "."))
    return f"{tail}.{hashlib.sha256(arn.encode()).hexdigest()[:8]}.json"


def encode_record(record: BackupRecord) -> bytes:
    """The record as JSON, one key a line."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def decode_record(content: bytes, where: str) -> BackupRecord:
    """What `encode_record` wrote. Raises CheckpointError where it is damaged, or of a newer version."""
    try:
        record = msgspec.json.decode(content, type=BackupRecord)
    except msgspec.MsgspecError as cause:
        raise CheckpointError(
            f"The definition that is kept beside a backup is damaged ({where}: {cause}).",
            hint="remove it, and give the settings in a definition file: a restore takes them from there",
        ) from cause
    if record.format != FORMAT:
        raise CheckpointError(
            f"The definition that is kept beside a backup is of version {record.format}, and this is version {FORMAT} "
            f"({where}).",
            hint="use the dynasmith that made the backup",
        )
    return record
