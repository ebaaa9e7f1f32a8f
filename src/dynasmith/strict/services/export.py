"""ExportTableToPointInTime, done by the endpoint itself: real files and manifests in the engine's S3.

The layout is the developer guide's ("DynamoDB table export output format"): data/*.json.gz, manifest-files.json,
manifest-summary.json, each manifest with an .md5 beside it. The summary is written last, when the export completes.
"""

import base64
import datetime
import gzip
import hashlib
import uuid
from typing import Any

import msgspec

from dynasmith.strict.rules.protection import named_source
from dynasmith.strict.services.export_records import changed_records, full_records, keeps_of
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.state import timing
from dynasmith.strict.state.exports import ExportTask
from dynasmith.strict.wire.credentials import credentials_of
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_code, error_reply, value_reply

# The service splits its output over files; so do we, so that nobody relies on one.
ITEMS_PER_FILE = 5_000
TOKEN_SECONDS = 8 * 3600.0  # API_ExportTableToPointInTime.html, ClientToken


def _instant(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _put(world: StrictWorld, call: IncomingCall, bucket: str, key: str, body: bytes) -> str:
    """Write an object; "" or the error code of S3."""
    access, region, _ = call.request.scope
    headers = {
        **credentials_of((access, region or "us-east-1"), "s3"),
        b"content-type": b"application/octet-stream",
    }
    reply = await world.upstream.send(WireRequest(b"PUT", f"/{bucket}/{key}".encode(), headers, body))
    if reply.status < 300:
        return ""
    start = reply.body.find(b"<Code>")
    return reply.body[start + 6 : reply.body.find(b"</Code>")].decode() if start >= 0 else error_code(reply)


def _not_done(body: dict[str, Any]) -> WireReply | None:
    if body.get("ExportFormat", "DYNAMODB_JSON") != "DYNAMODB_JSON":
        return error_reply(
            "ValidationException",
            "The strict endpoint does exports with ExportFormat DYNAMODB_JSON only, and never pretends: "
            f"{body['ExportFormat']}",
        )
    filtered = body.get("FilterSpecification") or {}
    if filtered.get("ProjectionExpression") or filtered.get("KeyConditionExpression"):
        return error_reply("ValidationException", "The strict endpoint does exports with a FilterExpression only")
    return None


_PARAMETERS = ("TableArn", "ExportTime", "S3Bucket", "S3BucketOwner", "S3Prefix", "S3SseAlgorithm", "S3SseKmsKeyId",
               "ExportFormat", "ExportType", "IncrementalExportSpecification", "FilterSpecification")  # fmt: skip


def _asked_before(world: StrictWorld, call: IncomingCall) -> WireReply | None:
    """The export of the same token within its 8 hours, which must have the same parameters."""
    token, wanted = call.body.get("ClientToken"), {name: call.body.get(name) for name in _PARAMETERS}
    for known in world.exports.values():
        if token is not None and known.token == token and call.now - known.asked_at < TOKEN_SECONDS:
            if known.parameters != wanted:
                return error_reply(
                    "ExportConflictException", f"The client token {token} was used with other parameters"
                )
            return value_reply({"ExportDescription": known.description})
    return None


async def export_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """ExportTableToPointInTime: the data now, the summary when it is done."""
    body = call.body
    answered = _not_done(body) or _asked_before(world, call)
    if answered is not None:
        return answered
    table = call.account.tables[named_source(body)]
    kind = str(body.get("ExportType") or "FULL_EXPORT")
    incremental = dict(body.get("IncrementalExportSpecification") or {})
    at = float(body.get("ExportTime") or call.now)
    if kind == "FULL_EXPORT":
        records = await full_records(world, call, table, at, keeps_of(body))
    else:
        incremental.setdefault("ExportToTime", call.now)
        incremental.setdefault("ExportViewType", "NEW_AND_OLD_IMAGES")
        window = (float(incremental["ExportFromTime"]), float(incremental["ExportToTime"]))
        records = await changed_records(world, table, window, incremental["ExportViewType"], keeps_of(body))
    identity = f"{int(call.now * 1000):014d}-{uuid.uuid4().hex[:8]}"
    arn = f"{table.arn}/export/{identity}"
    root = "/".join(part for part in (str(body.get("S3Prefix") or "").strip("/"), "AWSDynamoDB") if part)
    kept = ("S3Prefix", "S3BucketOwner", "S3SseAlgorithm", "S3SseKmsKeyId", "ClientToken", "FilterSpecification")
    description: dict[str, Any] = {
        "ExportArn": arn,
        "ExportStatus": "IN_PROGRESS",
        "StartTime": call.now,
        "TableArn": table.arn,
        "S3Bucket": str(body["S3Bucket"]),
        "ExportFormat": "DYNAMODB_JSON",
        "ExportType": kind,
        **({"ExportTime": at} if kind == "FULL_EXPORT" else {"IncrementalExportSpecification": incremental}),
        **{name: body[name] for name in kept if name in body},
    }
    due = call.now + world.clock.lasting(timing.EXPORT_SECONDS)
    export = ExportTask(description, due, body.get("ClientToken"), call.now, f"{root}/{identity}")
    export.parameters = {name: body.get(name) for name in _PARAMETERS}
    world.exports[arn] = export
    # Data files of incremental exports share one folder (developer guide, "Incremental export output").
    data = f"{root}/{identity}/data" if kind == "FULL_EXPORT" else f"{root}/data"
    failure = _not_ours(body, table.arn) or await _write_data(world, call, export, records, data)
    if failure:
        description |= {
            "ExportStatus": "FAILED",
            "EndTime": call.now,
            "FailureCode": "S3NoSuchBucket" if failure == "NoSuchBucket" else failure,
            "FailureMessage": f"Writing to the bucket {body['S3Bucket']} failed: {failure}",
        }
        export.summary = None
    return value_reply({"ExportDescription": {**description, "ExportStatus": "IN_PROGRESS"}})


def _not_ours(body: dict[str, Any], table_arn: str) -> str:
    """The failure code where the call says that another account owns the bucket; an engine's buckets are the
    caller's."""
    return "S3AccessDenied" if body.get("S3BucketOwner") not in (None, table_arn.split(":")[4]) else ""


async def _write_data(
    world: StrictWorld, call: IncomingCall, export: ExportTask, records: list[bytes], folder: str
) -> str:
    body, bucket, prefix = call.body, export.description["S3Bucket"], export.prefix
    failure = await _put(world, call, bucket, f"{prefix}/_started", b"")
    lines = []
    for first in range(0, len(records), ITEMS_PER_FILE):
        some = records[first : first + ITEMS_PER_FILE]
        content = gzip.compress(b"".join(record + b"\n" for record in some), 1, mtime=0)
        digest = hashlib.md5(content, usedforsecurity=False)
        key = f"{folder}/{uuid.uuid4().hex[:26]}.json.gz"
        failure = failure or await _put(world, call, bucket, key, content)
        lines.append(
            msgspec.json.encode(
                {
                    "itemCount": len(some),
                    "md5Checksum": base64.b64encode(digest.digest()).decode(),
                    "etag": digest.hexdigest(),
                    "dataFileS3Key": key,
                }
            )
        )
    files = b"".join(line + b"\n" for line in lines)
    failure = failure or await _with_md5(world, call, bucket, f"{prefix}/manifest-files", files)
    export.summary = {
        "version": "2023-08-01",
        "exportArn": export.description["ExportArn"],
        "startTime": _instant(call.now),
        "endTime": _instant(export.due),
        "tableArn": export.description["TableArn"],
        **_times(export.description),
        "s3Bucket": bucket,
        "s3Prefix": body.get("S3Prefix"),
        "s3SseAlgorithm": body.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": body.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{prefix}/manifest-files.json",
        "billedSizeBytes": sum(map(len, records)),
        "itemCount": len(records),
        "outputFormat": "DYNAMODB_JSON",
        "exportType": export.description["ExportType"],
    }
    return failure


def _times(description: dict[str, Any]) -> dict[str, Any]:
    """The members of a summary that say which time an export is of."""
    if "ExportTime" in description:
        return {"exportTime": _instant(description["ExportTime"])}
    incremental = description["IncrementalExportSpecification"]
    return {
        "exportFromTime": _instant(incremental["ExportFromTime"]),
        "exportToTime": _instant(incremental["ExportToTime"]),
        "outputView": incremental["ExportViewType"],
    }


async def _with_md5(world: StrictWorld, call: IncomingCall, bucket: str, key: str, content: bytes) -> str:
    checksum = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest())
    return await _put(world, call, bucket, f"{key}.json", content) or await _put(
        world, call, bucket, f"{key}.md5", checksum
    )


async def _finish(world: StrictWorld, call: IncomingCall, export: ExportTask) -> None:
    """Complete an export whose time has come."""
    if export.summary is None or call.now < export.due:
        return
    summary, export.summary = export.summary, None
    bucket = export.description["S3Bucket"]
    content = msgspec.json.encode(summary)
    failure = await _with_md5(world, call, bucket, f"{export.prefix}/manifest-summary", content)
    if failure:
        export.description |= {"ExportStatus": "FAILED", "FailureCode": failure, "EndTime": export.due}
        return
    export.description |= {
        "ExportStatus": "COMPLETED",
        "EndTime": export.due,
        "ExportManifest": f"{export.prefix}/manifest-summary.json",
        "BilledSizeBytes": summary["billedSizeBytes"],
        "ItemCount": summary["itemCount"],
    }


async def describe_export(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DescribeExport."""
    export = world.exports.get(str(call.body.get("ExportArn")))
    if export is None:
        return error_reply("ExportNotFoundException", f"Export not found: {call.body.get('ExportArn')}")
    await _finish(world, call, export)
    world.poll([export.due], call.now)
    return value_reply({"ExportDescription": export.description})


async def list_exports(world: StrictWorld, call: IncomingCall) -> WireReply:
    """ListExports: all on one page (an endpoint has few)."""
    wanted = call.body.get("TableArn")
    summaries = []
    for export in world.exports.values():
        await _finish(world, call, export)
        description = export.description
        if wanted in {None, description["TableArn"]}:
            summaries.append({name: description[name] for name in ("ExportArn", "ExportStatus", "ExportType")})
    world.poll([export.due for export in world.exports.values()], call.now)
    return value_reply({"ExportSummaries": summaries})
