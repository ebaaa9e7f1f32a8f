"""The manifests of an export to S3 by the service: what they say, and whether they agree with each other.

Layout and members: the Developer Guide, "DynamoDB table export output format".
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from dynasmith.errors import FileFormatError
from dynasmith.items.value import NOT_JSON

SUMMARY: Final = "manifest-summary.json"
FILES: Final = "manifest-files.json"
STARTED: Final = "_started"
"""An empty object that the service writes first."""
_COPY_AGAIN = "export the table again, or copy the whole export again"


_NOTATIONS: Final = {
    ("DYNAMODB_JSON", False): "enveloped",
    ("DYNAMODB_JSON", True): "changes",
    ("ION", False): "ion",
    ("ION", True): "ion-changes",
}


class ExportSummary(Struct, frozen=True, kw_only=True, rename="camel"):
    """``manifest-summary.json``. Members that full exports and earlier versions lack have their meaning there."""

    item_count: int
    export_arn: str = ""
    table_arn: str = ""
    table_id: str = ""
    s3_bucket: str = msgspec.field(name="s3Bucket", default="")
    manifest_files_key: str = msgspec.field(name="manifestFilesS3Key", default="")
    billed_size_bytes: int = 0
    output_format: str = "DYNAMODB_JSON"
    export_type: Literal["FULL_EXPORT", "INCREMENTAL_EXPORT"] = "FULL_EXPORT"
    export_time: str | None = None
    export_from_time: str | None = None
    export_to_time: str | None = None
    output_view: str = "NEW_AND_OLD_IMAGES"

    @property
    def notation(self) -> str:
        """How the records of its data files are written; empty for a format that is not known."""
        return _NOTATIONS.get((self.output_format, self.incremental), "")

    @property
    def incremental(self) -> bool:
        """Whether it holds changes of keys and not items."""
        return self.export_type == "INCREMENTAL_EXPORT"


class DataFile(Struct, frozen=True, kw_only=True, rename="camel"):
    """A line of ``manifest-files.json``: one data file by its key, with its count and checksums."""

    key: str = msgspec.field(name="dataFileS3Key")
    item_count: int
    md5_checksum: str = ""
    etag: str = ""


class ExportManifest(Struct, frozen=True):
    """Both manifests of one export, which agree."""

    summary: ExportSummary
    files: tuple[DataFile, ...]


def summary_of(text: bytes, place: str) -> ExportSummary:
    """The summary at ``place``. Raises FileFormatError where it is cut or another document."""
    return _parsed(text, place, ExportSummary)


def manifest_of(summary: ExportSummary, listing: bytes, place: str) -> ExportManifest:
    """Both manifests of the export at ``place``. Raises FileFormatError where the list of files is cut, names a file
    twice, or does not hold as many items as the summary says."""
    lines = [line for line in listing.splitlines() if line.strip()]
    files = tuple(_parsed(line, f"{place}/{FILES}", DataFile) for line in lines)
    if len({file.key for file in files}) != len(files):
        raise FileFormatError(f"{place}/{FILES} names a data file twice.", hint=_COPY_AGAIN)
    counted = sum(file.item_count for file in files)
    if counted != summary.item_count:
        raise FileFormatError(
            f"{place} disagrees with itself: {summary.item_count:,} items in its summary, {counted:,} in its files; "
            "a manifest is cut.",
            hint=_COPY_AGAIN,
        )
    return ExportManifest(summary, files)


def check_manifest_md5(content: bytes, checksum: bytes | None, place: str) -> None:
    """Raise FileFormatError where a manifest is not what the ``.md5`` beside it says (None: there is none)."""
    said = (checksum or b"").strip().decode("latin-1")
    digest = hashlib.md5(content, usedforsecurity=False)
    if said and said not in (base64.b64encode(digest.digest()).decode(), digest.hexdigest()):
        raise FileFormatError(f"{place} is cut or damaged: its MD5 is not what the export says.", hint=_COPY_AGAIN)


def checksum_name(name: str) -> str:
    """The name of the checksum beside a manifest."""
    return f"{name.removesuffix('.json')}.md5"


Parsed = TypeVar("Parsed", bound=Struct)


def _parsed(text: bytes, place: str, kind: type[Parsed]) -> Parsed:
    try:
        return msgspec.json.decode(text, type=kind)
    except NOT_JSON as error:
        raise FileFormatError(
            f"{place} is cut, or is not the manifest of an export: {error}.", hint=_COPY_AGAIN
        ) from error
