"""What is asked of the service's own exports, imports and bulk writes, and what it says of them, as values."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from dynasmith.errors import UsageError

SCHEME = "s3://"
TOKEN_HOURS = 8
"""How long a client token means one export or import (API reference, ExportTableToPointInTime and ImportTable)."""

ServiceFormat: TypeAlias = Literal["dynamodb", "ion", "csv"]
FORMAT_WORDS = {"dynamodb": "DYNAMODB_JSON", "ion": "ION", "csv": "CSV"}
COMPRESSION_WORDS = {"none": "NONE", "gzip": "GZIP", "zstd": "ZSTD"}


class S3Place(NamedTuple):
    """A bucket, and a prefix of its keys without slashes at its ends."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, name: str) -> str:
        """The key of an object below the prefix."""
        return f"{self.prefix}/{name}" if self.prefix else name


def is_s3(place: object) -> bool:
    """Whether a place is in S3."""
    return isinstance(place, str) and place.startswith(SCHEME)


def s3_place(place: str) -> S3Place:
    """The bucket and prefix of ``s3://bucket/prefix``. Raises UsageError where there is no bucket."""
    bucket, _, prefix = place.removeprefix(SCHEME).partition("/")
    if not place.startswith(SCHEME) or not bucket:
        raise UsageError(f"{place!r} names no bucket.", hint="write it like s3://bucket/prefix")
    return S3Place(bucket, prefix.strip("/"))


class KeyRange(NamedTuple):
    """A bucket, and the beginning of the keys of some objects, as it is: with a slash at its end it is a folder."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}"


def key_range(place: str) -> KeyRange:
    """The objects of ``s3://bucket/prefix``. Raises UsageError where there is no bucket."""
    found = s3_place(place)
    return KeyRange(found.bucket, place.removeprefix(SCHEME).partition("/")[2])


class ExportRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the service exports a table: ``at`` a time (now where it is None), or the changes from ``since`` ``until``.

    ``condition`` keeps items (the service filters), ``kms_key`` encrypts the files, ``bucket_owner`` is the account of
    the bucket where it is another one.
    """

    format: Literal["dynamodb", "ion"] = "dynamodb"
    at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    condition: str = ""
    kms_key: str = ""
    bucket_owner: str = ""

    @property
    def incremental(self) -> bool:
        """Whether it is of changes."""
        return self.since is not None


class ImportRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the service imports files. ``delimiter`` and ``headers`` are of CSV; ``bucket_owner`` is the account of the
    bucket where it is another one."""

    format: ServiceFormat = "dynamodb"
    compression: Literal["none", "gzip", "zstd"] = "none"
    delimiter: str = ""
    headers: tuple[str, ...] = ()
    bucket_owner: str = ""


class BulkRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the service writes files into a table: at most ``write_units`` a second; what it refused goes to the place of
    errors."""

    format: ServiceFormat = "dynamodb"
    compression: Literal["none", "gzip", "zstd"] = "none"
    bucket_owner: str = ""
    errors_bucket: str = ""
    errors_prefix: str = ""
    write_units: int | None = None


class ExportState(Struct, frozen=True, kw_only=True):
    """An export as the service describes it. ``manifest`` is the key of its summary, empty until it is COMPLETED."""

    arn: str
    status: str
    bucket: str = ""
    manifest: str = ""
    item_count: int = 0
    billed_bytes: int = 0
    failure: str = ""
    failure_code: str = ""
    token: str = ""
    prefix: str = ""
    started_at: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.status not in ("IN_PROGRESS", "")


class ImportState(Struct, frozen=True, kw_only=True):
    """An import as the service describes it. ``log_group`` is where it wrote each item that failed."""

    arn: str
    status: str
    table: str = ""
    processed: int = 0
    imported: int = 0
    errors: int = 0
    processed_bytes: int = 0
    failure: str = ""
    failure_code: str = ""
    token: str = ""
    log_group: str = ""
    started_at: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.status not in ("IN_PROGRESS", "CANCELLING", "")


class BulkState(Struct, frozen=True, kw_only=True):
    """A bulk write as the service describes it."""

    arn: str
    status: str
    processed: int = 0
    failed: int = 0
    processed_bytes: int = 0
    failure: str = ""
    failure_code: str = ""
    token: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.status not in ("IN_PROGRESS", "CANCELLING", "")


class ManifestCheck(Struct, frozen=True, kw_only=True):
    """What was checked of an export: its manifests, and how many data files are there with the ETag that they say."""

    manifests: bool = False
    files: int = 0
    etags: int = 0
    items: int = 0


class ServiceResult(Struct, frozen=True, kw_only=True):
    """What became of an export or import of the service: the JSON ``fields`` of its verb, and whether it is ``over``.

    ``problems`` say what is not as it should be: exit code 3."""

    fields: dict[str, Any]
    over: bool = True
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The fields of the verb, and what a person should know."""
        return {**self.fields, "problems": list(self.problems), "notes": list(self.notes)}
