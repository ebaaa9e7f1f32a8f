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
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.services.write_images import as_of
from dynasmith.strict.state import timing
from dynasmith.strict.state.exports import ExportTask
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_code, error_reply, value_reply

# The service splits its output over files; so do we, so that nobody relies on one.
ITEMS_PER_FILE = 5_000
TOKEN_SECONDS = 8 * 3600.0  # API_ExportTableToPointInTime.html, ClientToken


def _instant(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _put(world: StrictWorld, call: IncomingCall, bucket: str, key: str, body: bytes) -> str:
    """Write an object; "" or the error code of S3."""
    access, region, _ = call.request.scope
    credential = f"{access or 'strict'}/20260101/{region or 'us-east-1'}/s3/aws4_request"
    headers = {
        b"authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0".encode(),
        b"content-type": b"application/octet-stream",
    }
    reply = await world.upstream.send(WireRequest(b"PUT", f"/{bucket}/{key}".encode(), headers, body))
    if reply.status < 300:
        return ""
    start = reply.body.find(b"<Code>")
    return reply.body[start + 6 : reply.body.find(b"</Code>")].decode() if start >= 0 else error_code(reply)


def _not_done(body: dict[str, Any]) -> WireReply | None:
    for member, plain in (("ExportFormat", "DYNAMODB_JSON"), ("ExportType", "FULL_EXPORT")):
        if body.get(member, plain) != plain:
            return error_reply(
                "ValidationException",
                f"The strict endpoint does exports with {member} {plain} only, and never pretends: {body[member]}",
            )
    if body.get("FilterSpecification"):
        return error_reply("ValidationException", "The strict endpoint does exports without FilterSpecification only")
    return None


async def export_table(world: StrictWorld, call: IncomingCall) -> WireReply:
    """ExportTableToPointInTime: the data now, the summary when it is done."""
    body = call.body
    refused = _not_done(body)
    if refused is not None:
        return refused
    token = body.get("ClientToken")
    for known in world.exports.values():
        if token is not None and known.token == token and call.now - known.asked_at < TOKEN_SECONDS:
            return value_reply({"ExportDescription": known.description})
    table = call.account.tables[named_source(body)]
    at = float(body.get("ExportTime") or call.now)
    items = await as_of(world, call, table, at)
    identity = f"{int(call.now * 1000):014d}-{uuid.uuid4().hex[:8]}"
    arn = f"{table.arn}/export/{identity}"
    prefix = "/".join(part for part in (str(body.get("S3Prefix") or "").strip("/"), "AWSDynamoDB", identity) if part)
    bucket = str(body["S3Bucket"])
    description: dict[str, Any] = {
        "ExportArn": arn,
        "ExportStatus": "IN_PROGRESS",
        "StartTime": call.now,
        "TableArn": table.arn,
        "ExportTime": at,
        "S3Bucket": bucket,
        "ExportFormat": "DYNAMODB_JSON",
        "ExportType": "FULL_EXPORT",
        **{name: body[name] for name in ("S3Prefix", "S3BucketOwner", "S3SseAlgorithm", "ClientToken") if name in body},
    }
    export = ExportTask(description, call.now + world.clock.lasting(timing.EXPORT_SECONDS), token, call.now, prefix)
    world.exports[arn] = export
    failure = await _write_data(world, call, export, items, body)
    if failure:
        description |= {
            "ExportStatus": "FAILED",
            "EndTime": call.now,
            "FailureCode": "S3NoSuchBucket" if failure == "NoSuchBucket" else failure,
            "FailureMessage": f"Writing to the bucket {bucket} failed: {failure}",
        }
        export.summary = None
    return value_reply({"ExportDescription": {**description, "ExportStatus": "IN_PROGRESS"}})


async def _write_data(
    world: StrictWorld, call: IncomingCall, export: ExportTask, items: list[bytes], body: dict[str, Any]
) -> str:
    bucket, prefix = export.description["S3Bucket"], export.prefix
    failure = await _put(world, call, bucket, f"{prefix}/_started", b"")
    lines = []
    for first in range(0, len(items), ITEMS_PER_FILE):
        some = items[first : first + ITEMS_PER_FILE]
        content = gzip.compress(b"".join(b'{"Item":' + item + b"}\n" for item in some), 1, mtime=0)
        digest = hashlib.md5(content, usedforsecurity=False)
        key = f"{prefix}/data/{uuid.uuid4().hex[:26]}.json.gz"
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
    size = sum(map(len, items))
    export.summary = {
        "version": "2020-06-30",
        "exportArn": export.description["ExportArn"],
        "startTime": _instant(call.now),
        "endTime": _instant(export.due),
        "tableArn": export.description["TableArn"],
        "exportTime": _instant(export.description["ExportTime"]),
        "s3Bucket": bucket,
        "s3Prefix": body.get("S3Prefix"),
        "s3SseAlgorithm": body.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": body.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{prefix}/manifest-files.json",
        "billedSizeBytes": size,
        "itemCount": len(items),
        "outputFormat": "DYNAMODB_JSON",
    }
    return failure


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
