"""The service's own exports and imports, and the objects that they write and read, as the engine sees them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from dynasmith.jobs.service_transfer import (
    BulkRequest,
    BulkState,
    ExportRequest,
    ExportState,
    ImportRequest,
    ImportState,
    KeyRange,
    S3Place,
)
from dynasmith.tables.table import Table


class ObjectFacts(NamedTuple):
    """An object without its content. ``is_md5`` says that its ETag may be the MD5 of it."""

    size_bytes: int
    etag: str
    is_md5: bool


class TransferObjects(Protocol):
    """The objects of one bucket. Every error is a `DynasmithError`; each call may cost several requests."""

    def check_bucket(self) -> None:
        """One ListObjectsV2: raise where the bucket is not there, is not ours, or may not be listed."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with ``prefix``; one ListObjectsV2 for a thousand."""
        ...

    def children(self, prefix: str) -> Iterator[str]:
        """The keys that begin with ``prefix``, each up to the next slash and with it, once."""
        ...

    def read(self, key: str) -> bytes | None:
        """The content of a small object; None where there is none."""
        ...

    def facts(self, key: str) -> ObjectFacts | None:
        """One HeadObject; None where there is none."""
        ...

    def download(self, key: str, path: Path) -> bytes:
        """Write an object to a file and give its MD5. Raises RunError where there is none."""
        ...


class Exports(Protocol):
    """ExportTableToPointInTime and its descriptions."""

    def start(self, table_arn: str, place: S3Place, request: ExportRequest, token: str) -> ExportState:
        """Begin an export, or find the one of the same token."""
        ...

    def describe(self, arn: str) -> ExportState:
        """One export."""
        ...

    def with_token(self, table_arn: str, token: str) -> ExportState | None:
        """The export of a table that was begun with the token; a call for each export of the table."""
        ...

    def has_items(self, table: str) -> bool:
        """Whether a table has an item now: one Scan of one item."""
        ...


class Imports(Protocol):
    """ImportTable and its descriptions."""

    def start(self, table: Table, files: KeyRange, request: ImportRequest, token: str) -> ImportState:
        """Begin an import into a new table, or find the one of the same token."""
        ...

    def describe(self, arn: str) -> ImportState:
        """One import."""
        ...

    def with_token(self, token: str) -> ImportState | None:
        """The import that was begun with the token; a call for each import of the account and Region."""
        ...

    def errors(self, state: ImportState, limit: int) -> tuple[str, ...]:
        """The first errors of items, in the service's words; empty where they cannot be read."""
        ...


class BulkPuts(Protocol):
    """StartBulkPutItems and its descriptions."""

    def start(self, table: str, files: KeyRange, request: BulkRequest, token: str) -> BulkState:
        """Begin a bulk write, or find the one of the same token."""
        ...

    def describe(self, arn: str) -> BulkState:
        """One bulk write."""
        ...

    def with_token(self, token: str) -> BulkState | None:
        """The bulk write that was begun with the token."""
        ...

    def cancel(self, arn: str) -> None:
        """End a bulk write; what it wrote stays."""
        ...
