"""The options of methods that have several forms, for type checkers: what the methods themselves list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from dynasmith.jobs.cluster import WorkerPlace
    from dynasmith.plans.consent import Consent
    from dynasmith.ports.listener import Listener
    from dynasmith.project.verbs.transforms import AnyTransform


class AutoMigrateOptions(TypedDict, total=False):
    """Of `Project.auto_migrate`."""

    backup: str | bool
    consent: Consent | None
    listener: Listener


class _WriteOptions(TypedDict, total=False):
    filter: str
    on_error: Literal["stop", "dead"]
    batch_size: int | None
    max_write_units: float | None
    share: float
    consent: Consent | None
    listener: Listener


class _ReadOptions(TypedDict, total=False):
    expired: Literal["keep", "skip"]
    consistent: bool
    segments: int | None
    max_read_units: float | None


class CopyOptions(_WriteOptions, _ReadOptions, total=False):
    """Of `Project.copy`."""

    create_target: bool
    keep_target_items: bool
    limit_items: int | None
    backup: bool | str
    backup_first: bool | str
    mode: str
    digest: bool
    processes: int | None
    on: WorkerPlace | None
    transport: Literal["direct", "aiohttp", "botocore"]


class BackfillOptions(_WriteOptions, _ReadOptions, total=False):
    """Of `Project.backfill`."""

    where: str
    limit: int | None
    canary: float | None
    journal: bool
    processes: int | None
    on: WorkerPlace | None


class PopulateOptions(_WriteOptions, total=False):
    """Of `Project.populate`."""

    format: Literal["auto", "lines", "array", "csv", "tsv", "dynamodb", "plain", "mongo", "ion"]
    types: Mapping[str, str] | None
    map: Mapping[str, str] | None
    transform: AnyTransform | None
    create_target: bool
    by: Literal["ours", "import", "bulk"]
    bucket_owner: str
    delimiter: str
    headers: Sequence[str]
    compress: Literal["none", "gzip", "zstd"] | None
    error_bucket: str
    wait: bool
    wait_timeout: timedelta | None
    mode: str
    digest: bool
    processes: int | None
    on: WorkerPlace | None
    transport: Literal["direct", "aiohttp", "botocore"]
