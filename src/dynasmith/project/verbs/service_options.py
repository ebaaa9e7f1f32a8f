"""The arguments of the verbs that have two roads: files, and what the service does in S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from dynasmith.engine.transfer.service_job import WaitLimit
from dynasmith.errors import UsageError
from dynasmith.jobs.service_transfer import ExportRequest
from dynasmith.jobs.service_transfer import is_s3 as is_s3
from dynasmith.project.verbs.item_options import ExportFormat
from dynasmith.project.verbs.tables import wait_seconds

SERVICE_EXPORT = ("at", "incremental", "kms_key", "bucket_owner", "wait", "wait_timeout")
"""Arguments of an export that mean something in S3 alone."""
OWN_EXPORT = ("compress", "split_bytes", "expired", "consistent", "segments", "batch_size", "max_read_units", "share")
"""Arguments of an export that mean something for files alone."""
_UNSET: Mapping[str, object] = {
    "expired": "keep",
    "consistent": False,
    "share": 0.5,
    "wait": True,
    "kms_key": "",
    "bucket_owner": "",
}


def refuse_of_other_road(given: Mapping[str, object], names: Sequence[str], words: str) -> None:
    """Raise UsageError for the first of these arguments that was given: it means nothing on this road."""
    for name in names:
        if given[name] != _UNSET.get(name):
            raise UsageError(f"{name} {words}.", hint=f"remove {name}")


def service_export_of(given: Mapping[str, Any]) -> ExportRequest:
    """How the service exports, from the arguments of `Project.export`. Raises UsageError."""
    refuse_of_other_road(given, OWN_EXPORT, "is of an export to files: the service exports to S3")
    if given["format"] not in (None, "dynamodb", "ion"):
        raise UsageError(
            f"The service exports as dynamodb or ion, not as {given['format']}.",
            hint="use one of them, or name a folder",
        )
    since, until = given["incremental"] or (None, None)
    return ExportRequest(
        format=given["format"] or "dynamodb",
        at=given["at"],
        since=since,
        until=until,
        condition=given["filter"],
        kms_key=given["kms_key"],
        bucket_owner=given["bucket_owner"],
    )


def refuse_of_s3(given: Mapping[str, object]) -> None:
    """Raise UsageError where an export to files got what the service alone does."""
    refuse_of_other_road(given, SERVICE_EXPORT, "is of an export to S3 by the service")
    own_format(given["format"])


def own_format(name: object) -> ExportFormat | None:
    """The format of an export to files. Raises UsageError for the one that the service alone writes."""
    if name == "ion":
        raise UsageError("ion is a format of the service.", hint="name s3://bucket/prefix, or another format")
    return cast("ExportFormat | None", name)


def owner_of(bucket_owner: str, files: object) -> str:
    """The account of a bucket. Raises UsageError where the files are not in S3."""
    if bucket_owner and not is_s3(files) and not (isinstance(files, Sequence) and any(map(is_s3, files))):
        raise UsageError("bucket_owner is of a place in S3.", hint="name s3://bucket/prefix, or remove bucket_owner")
    return bucket_owner


def waiting_of(wait: bool, wait_timeout: timedelta | None) -> WaitLimit:
    """Whether and how long the service is waited for. Raises UsageError where both contradict each other."""
    seconds = wait_seconds(wait, wait_timeout)
    return WaitLimit(wait=wait, seconds=seconds if wait else None)
