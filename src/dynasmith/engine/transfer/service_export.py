"""export to S3: ExportTableToPointInTime, waited for, and what it wrote looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.export_check import check_files, read_manifest
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.service_job import (
    begin_anew,
    begun_once,
    enter_service_job,
    run_service_job,
    same_job,
    unfinished,
    wait_until_over,
)
from dynasmith.errors import FileFormatError, RunError, UsageError
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.export_manifest import ExportManifest
from dynasmith.jobs.report import Report
from dynasmith.jobs.service_transfer import (
    ExportRequest,
    ExportState,
    ManifestCheck,
    S3Place,
    ServiceResult,
    s3_place,
)
from dynasmith.jobs.spec import ServiceExport
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.service_transfer import Exports, TransferObjects

OWN_FOLDER = "AWSDynamoDB"
"""What the service puts between the prefix and the id of an export."""
MINUTES_MIN, HOURS_MAX = 15, 24
"""The window of an incremental export (Developer Guide, "Requesting a table export")."""
_FAILED_HINTS = {
    "S3NoSuchBucket": "make the bucket, or name another one",
    "S3AccessDenied": "the caller needs s3:PutObject, s3:AbortMultipartUpload and s3:PutObjectAcl on the bucket, and "
    "--bucket-owner where another account owns it; then export again",
}


def check_window(request: ExportRequest) -> None:
    """Raise UsageError for times that the service refuses whatever the table is."""
    if not request.incremental:
        return
    assert request.since is not None
    if request.at is not None:
        raise UsageError("--at and --incremental contradict each other.", hint="use one of them")
    if request.until is None:
        return
    length = request.until - request.since
    if not timedelta(minutes=MINUTES_MIN) <= length <= timedelta(hours=HOURS_MAX):
        raise UsageError(
            f"An incremental export is of {MINUTES_MIN} minutes to {HOURS_MAX} hours, and this window has {length}.",
            hint="use another window, or several exports one after the other",
        )


def begin_service_export(spec: ServiceExport, world: JobWorld) -> Claim:
    """Enter an export in the ledger, or go on with the one that was asked for in the same words and is not over.

    Looks at the bucket first: raises ServiceError where there is none, AccessDenied where it is not ours or may not be
    listed, UsageError where the prefix holds other files than exports of the service.
    """
    check_window(spec.request)
    held = same_job(spec, world.ledger)
    if held is not None:
        return held
    place = s3_place(spec.place)
    check_prefix(world.service.objects(spec.source, place.bucket, spec.request.bucket_owner), place)
    return enter_service_job(spec, world.ledger, world.context)


def check_prefix(objects: TransferObjects, place: S3Place) -> None:
    """Raise UsageError where the prefix holds anything but earlier exports of the service."""
    objects.check_bucket()
    if not place.prefix:
        return
    other = next((key for key in objects.children(place.key("")) if key != place.key(f"{OWN_FOLDER}/")), None)
    if other is not None:
        raise UsageError(
            f"{place} holds files already, such as {other.removeprefix(place.key(''))}.",
            hint="name another prefix: an export is never mixed with other files",
        )


def service_export(spec: ServiceExport, claim: Claim, world: JobWorld) -> Report:
    """Begin the export, or find the one that was begun, wait for it, and check what it wrote.

    Raises RunError where the service failed, FileFormatError where the files are not what the manifests say.
    Interrupted and errors leave a job that goes on with the same export.
    """
    table = world.table(spec.source)
    exports, context, waiting = world.service.exports(spec.source), world.context, world.service.waiting
    counts = [Counts()]

    def work(stop: StopRequest) -> ServiceResult:
        state = _begun(_spec_of(claim), claim, world, exports, table.description.arn)
        look: Callable[[], ExportState] = lambda: exports.describe(state.arn)  # noqa: E731
        state = wait_until_over(claim, context, table.name, f"Export {state.arn}", look, stop, waiting)
        if not state.over:
            return unfinished(_fields(state, None), _later(state), waiting)
        if state.status != "COMPLETED":
            begin_anew(claim, _spec_of(claim))
            raise _failure(state, table.name)
        counts[0] = Counts(read=state.item_count, written=state.item_count)
        try:
            return _checked(spec, state, world, exports, table.name)
        except FileFormatError:
            begin_anew(claim, _spec_of(claim))
            raise

    return run_service_job(claim, context, table.name, work, lambda: counts[0])


def _spec_of(claim: Claim) -> ServiceExport:
    spec = claim.job.spec
    assert isinstance(spec, ServiceExport)
    return spec


def _begun(spec: ServiceExport, claim: Claim, world: JobWorld, exports: Exports, arn: str) -> ExportState:
    """The export of the job: the one it knows, the one that has its token, or a new one."""
    return begun_once(
        claim,
        world.context,
        spec,
        describe=exports.describe,
        with_token=lambda: exports.with_token(arn, spec.token),
        start=lambda: exports.start(arn, s3_place(spec.place), spec.request, spec.token),
    )


def _failure(state: ExportState, table: str) -> RunError:
    return RunError(
        f"The export of {table} is {state.status} ({state.failure_code or 'no code'}): "
        f"{state.failure or 'the service gave no reason'}",
        hint=_FAILED_HINTS.get(state.failure_code, "export again"),
    )


def _checked(spec: ServiceExport, state: ExportState, world: JobWorld, exports: Exports, table: str) -> ServiceResult:
    place, problems, notes = s3_place(spec.place), [], []
    objects = world.service.objects(spec.source, place.bucket, spec.request.bucket_owner)
    if not state.manifest or objects.read(state.manifest) is None:
        named = f"s3://{place.bucket}/{state.manifest}" if state.manifest else "it names no manifest"
        problems.append(f"Export {state.arn} is COMPLETED, and nothing of it is in S3 ({named}).")
        return ServiceResult(fields=_fields(state, None), problems=tuple(problems))
    manifest = read_manifest(objects, place.bucket, state.manifest)
    checked = check_files(objects, place.bucket, manifest)
    problems += _disagreements(state, manifest)
    if (
        not state.item_count
        and not spec.request.incremental
        and not spec.request.condition
        and exports.has_items(table)
    ):
        sentence = f"The export of {table} is COMPLETED and holds no item, and the table has items now"
        if spec.request.at is None:
            problems.append(f"{sentence}.")
        else:
            notes.append(f"{sentence}: it was empty at {spec.request.at.isoformat()}, or the export is wrong")
    return ServiceResult(fields=_fields(state, checked), problems=tuple(problems), notes=tuple(notes))


def _disagreements(state: ExportState, manifest: ExportManifest) -> list[str]:
    summary = manifest.summary
    found = []
    if summary.item_count != state.item_count:
        found.append(
            f"The service says that the export holds {state.item_count:,} items, and its manifest says "
            f"{summary.item_count:,}."
        )
    if summary.export_arn and summary.export_arn != state.arn:
        found.append(f"The manifest is of another export, {summary.export_arn}.")
    return found


def _later(state: ExportState) -> str:
    return f"The export is {state.status}; to look at it later: dynasmith jobs show {state.arn}"


def _fields(state: ExportState, checked: ManifestCheck | None) -> dict[str, object]:
    """The JSON fields of the verb."""
    return {
        "export_arn": state.arn,
        "export_status": state.status,
        "item_count": state.item_count,
        "billed_bytes": state.billed_bytes,
        "manifest": f"s3://{state.bucket}/{state.manifest}" if state.manifest else None,
        "checked": None if checked is None else msgspec.to_builtins(checked),
    }
