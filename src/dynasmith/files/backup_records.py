"""Records of backups in a folder beside the jobs; one file each, readable by its owner alone."""

import os
from pathlib import Path

from dynasmith.errors import RunError
from dynasmith.ports.backup_records import BackupRecord, decode_record, encode_record, record_name


class FolderBackupRecords:
    """Keeps `dynasmith.ports.backup_records.BackupRecords` in ``folder``, which is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        """Make the folder. Raises RunError where it cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        if not os.access(self._folder, os.W_OK):
            raise RunError(f"The folder {self._folder} cannot be written.", hint=_HINT)

    def where(self, arn: str) -> str:
        """The file."""
        return str(self._folder / record_name(arn))

    def keep(self, record: BackupRecord) -> None:
        """Write it beside, then rename: a reader sees a whole one."""
        path = self._folder / record_name(record.arn)
        temporary = path.with_suffix(".new")
        try:
            file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(file, "wb") as out:
                out.write(encode_record(record))
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(path)
        except OSError as error:
            raise _unwritable(path, error) from error

    def find(self, arn: str) -> BackupRecord | None:
        """Read the file, if there is one."""
        path = self._folder / record_name(arn)
        try:
            return decode_record(path.read_bytes(), str(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RunError(f"The file {path} cannot be read: {error.strerror}.", hint=_HINT) from error

    def remove(self, arn: str) -> None:
        """Remove the file, if there is one."""
        try:
            (self._folder / record_name(arn)).unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self._folder / record_name(arn), error) from error


_HINT = "look at its rights, or name another place as ledger under [jobs]"


def _unwritable(path: Path, error: OSError) -> RunError:
    return RunError(f"{path} cannot be written: {error.strerror}.", hint=_HINT)
