"""The arguments of the verbs that do two things: files, and what the service does in S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

from dynasmith.engine.transfer.service_job import WaitLimit
from dynasmith.errors import UsageError
from dynasmith.jobs.service_transfer import ExportRequest, ImportRequest
from dynasmith.jobs.service_transfer import is_s3 as is_s3
from dynasmith.project.verbs.item_options import ExportFormat
from dynasmith.project.verbs.service_populate import ServicePopulate
from dynasmith.project.verbs.tables import wait_seconds

SERVICE_EXPORT = ("at", "incremental", "kms_key", "bucket_owner", "wait", "wait_timeout")
"""Arguments of an export that mean something in S3 alone."""
OWN_EXPORT = (
    *("transform", "compress", "split_bytes", "expired", "consistent", "segments", "batch_size"),
    *("processes", "on", "max_read_units", "limit_items"),
    "share",
)
"""Arguments of an export that mean something for files alone."""
_UNSET: Mapping[str, object] = {
    "expired": "keep", "share": 0.5, "wait": True, "mode": "overwrite", "on_error": "stop", "digest": True,
}  # fmt: skip


def refuse_misplaced(given: Mapping[str, object], names: Sequence[str], words: str) -> None:
    """Raise UsageError for the first of these arguments that was given: it means nothing here."""
    for name in names:
        if (given[name] and given[name] != _UNSET.get(name)) or (given[name] is False and _UNSET.get(name) is True):
            raise UsageError(f"{name} {words}.", hint=f"remove {name}")


def service_export_of(given: Mapping[str, Any]) -> ExportRequest:
    """How the service exports, from the arguments of `Project.export`. Raises UsageError."""
    refuse_misplaced(given, OWN_EXPORT, "is of an export to files: the service exports to S3")
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
    refuse_misplaced(given, SERVICE_EXPORT, "is of an export to S3 by the service")
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


SERVICE_POPULATE = ("delimiter", "headers", "compress", "error_bucket", "wait", "wait_timeout")
"""Arguments of a populate that mean something for the service alone."""
OWN_POPULATE = (
    *("types", "map", "transform", "mode", "filter", "on_error", "digest", "batch_size", "processes", "on", "share"),
)
"""Arguments of a populate that mean something for items that dynasmith reads."""


def service_populate_of(given: Mapping[str, Any]) -> ServicePopulate | None:
    """What is asked of the service; None where dynasmith reads the items itself. Raises UsageError."""
    by, place = given["by"], given["files"]
    if by == "ours":
        refuse_misplaced(given, SERVICE_POPULATE, "does nothing without by import or bulk")
        if given["format"] == "ion":
            raise UsageError("ion is found out by itself: an export says what it is.", hint="remove format")
        return None
    place = place[0] if isinstance(place, Sequence) and len(place) == 1 and not isinstance(place, str) else place
    if not is_s3(place):
        raise UsageError(f"by {by} reads from one place in S3.", hint="name s3://bucket/prefix, or use by ours")
    refuse_misplaced(given, OWN_POPULATE, f"cannot be used with by {by}: the service writes the items as they are")
    if by == "import":
        refuse_misplaced(given, ("max_write_units", "error_bucket"), "cannot be used with by import")
        if not given["create_target"]:
            raise UsageError("An import makes a new table.", hint="add create (create_target), or use by bulk or ours")
    elif given["create_target"]:
        raise UsageError("A bulk write needs a table that exists.", hint="create it first, or use by import")
    if given["error_bucket"] and not is_s3(given["error_bucket"]):
        raise UsageError("error_bucket is not a place in S3.", hint="write it like s3://bucket/prefix")
    return ServicePopulate(
        by=by,
        place=place,
        request=_import_request(given),
        chosen=given["format"] != "auto" or given["compress"] is not None,
        errors=given["error_bucket"],
        write_units=given["max_write_units"],
    )


def _import_request(given: Mapping[str, Any]) -> ImportRequest:
    named = given["format"]
    if named not in ("auto", "dynamodb", "ion", "csv"):
        raise UsageError(f"The service reads dynamodb, ion and csv, not {named}.", hint="use one of them, or by ours")
    if named != "csv" and (given["delimiter"] or given["headers"]):
        raise UsageError("delimiter and headers are of CSV.", hint="add format csv")
    if given["delimiter"] and given["delimiter"] not in tuple(",;:|\t "):
        raise UsageError(f"{given['delimiter']!r} is not a delimiter.", hint="one of , ; : | tab and space")
    return ImportRequest(
        format="dynamodb" if named == "auto" else named,
        compression=given["compress"] or "none",
        delimiter=given["delimiter"],
        headers=tuple(given["headers"]),
        bucket_owner=given["bucket_owner"],
    )


def waiting_of(wait: bool, wait_timeout: timedelta | None) -> WaitLimit:
    """Whether and how long the service is waited for. Raises UsageError where both contradict each other."""
    seconds = wait_seconds(wait, wait_timeout)
    return WaitLimit(wait=wait, seconds=seconds if wait else None)
