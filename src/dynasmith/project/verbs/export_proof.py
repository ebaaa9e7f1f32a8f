"""backup restore --prove s3://..., wired: each item of the new table is compared with an export by the service of the
second to which it was restored."""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import datetime, timedelta

from msgspec.structs import replace

from dynasmith.aws.control.backups import AwsBackups
from dynasmith.engine.transfer.service_export import check_prefix
from dynasmith.engine.transfer.verify import VerifyResult
from dynasmith.errors import RunError, TableNotFound, UsageError
from dynasmith.jobs.options import ReadOptions
from dynasmith.jobs.service_transfer import ExportRequest, s3_place
from dynasmith.jobs.side import Side, side_of
from dynasmith.jobs.spec import Restore
from dynasmith.ports.backups import rfc_3339
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.populate_s3 import RemoteFiles, opened_objects, remote_files
from dynasmith.project.verbs.service_export import service_export
from dynasmith.project.verbs.service_transfers import objects_of
from dynasmith.project.verbs.verify import verify_source

_ELSE = "prove it by files: backup create TABLE --to FOLDER, then --prove FOLDER"


def whole_second(at: datetime) -> datetime:
    """The end of the second of a backup: an export is of a whole one, and what a backup holds was there by then."""
    return at if not at.microsecond else at.replace(microsecond=0) + timedelta(seconds=1)


def check_proof(items: ItemWorld, spec: Restore) -> None:
    """Raise what would make the proof impossible, before there is a job or a question: UsageError for a table that is
    gone, has no recovery, or has none at that time, and where there is no export and no time for one; FileFormatError
    for an export that is cut. Lists the prefix, and reads the manifests of an export that is there."""
    side = _source(items, spec)
    remote = _there(items, side, spec.prove)
    if remote is not None:
        if remote.changes:
            raise UsageError(
                f"{spec.prove} is an incremental export, and a table cannot be compared with its changes.",
                hint="name the prefix of a full export",
            )
        return
    if spec.prove_at is None:
        raise UsageError(f"{spec.prove} holds no export, and there is no time of which to make one.", hint=_ELSE)
    place = s3_place(spec.prove)
    check_prefix(objects_of(items, side, place.bucket, ""), place)
    try:
        window = AwsBackups(items.at(side).session).window(side.table)
    except TableNotFound:
        raise UsageError(
            f"{spec.prove} holds no export, and table {side.table} is gone: the service cannot export it.",
            hint="name the prefix of an export that was made before",
        ) from None
    if window is None or spec.prove_at < window.earliest:
        lacks = "is off" if window is None else f"begins at {rfc_3339(window.earliest)}"
        raise UsageError(
            f"{spec.prove} holds no export, and none of {rfc_3339(spec.prove_at)} can be made: point-in-time recovery "
            f"of table {side.table} {lacks}.",
            hint=_ELSE,
        )


def compare_export(items: ItemWorld, spec: Restore, job_id: str, listener: Listener) -> VerifyResult:
    """Compare the new table with the export at the place of the proof; one that is not there is made and waited for.

    The export is a job of its own, whose id is that of the restore with another first word: a run that goes on waits
    for the same. Raises RunError where the service failed, FileFormatError for a damaged export.
    """
    side = _source(items, spec)
    child = f"export-{job_id.partition('-')[2]}"
    begun = next((job for job in items.ledger.jobs() if job.id == child), None)
    is_begun = begun is not None and not begun.over
    remote = None if is_begun else _there(items, side, spec.prove)
    if remote is None:
        request = ExportRequest(at=spec.prove_at)
        made = service_export(changed(items, job_id=child), side, spec.prove, request, listener=listener)
        if made.service is not None and made.service.problems:
            raise RunError(" ".join(made.service.problems), hint=f"dynasmith jobs resume {job_id}")
        remote = remote_files(items, side, spec.prove)
    key = items.end(spec.target).key
    opened = opened_objects(items, remote, key, ReadOptions(), None, child)
    return verify_source(items, opened, spec.target, listener=listener)


def _source(items: ItemWorld, spec: Restore) -> Side:
    """The table that was backed up, in its Region."""
    if not spec.table_arn:
        return Side(table=spec.table or spec.target.table)
    side = side_of(spec.table_arn, isolated=False)
    own = items.world.session.region
    return replace(side, region="" if side.region == own else side.region)


def _there(items: ItemWorld, side: Side, named: str) -> RemoteFiles | None:
    """What is at the place already; None where nothing is."""
    place = s3_place(named)
    objects = objects_of(items, side, place.bucket, "")
    objects.check_bucket()
    if not any(True for _ in objects.keys(f"{place.prefix}/" if place.prefix else "")):
        return None
    return remote_files(items, side, named)
