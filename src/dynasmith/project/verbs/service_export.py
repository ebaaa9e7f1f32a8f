"""export to S3, wired: by the service, which reads the table as it was at a moment and uses none of its capacity."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from secrets import token_hex
from typing import TYPE_CHECKING

from dynasmith.aws.control.backups import AwsBackups
from dynasmith.engine.run import run
from dynasmith.engine.transfer.dry_run import DryRun
from dynasmith.engine.transfer.service_export import begin_service_export, check_prefix, check_window
from dynasmith.engine.transfer.service_job import NO_LIMIT, WaitLimit
from dynasmith.errors import ServiceError, UsageError
from dynasmith.items.condition.condition import parse_condition
from dynasmith.jobs.estimate import JobEstimate
from dynasmith.jobs.report import Report
from dynasmith.jobs.service_transfer import ExportRequest, ExportState, s3_place
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import ServiceExport
from dynasmith.ports.backups import RecoveryWindow, rfc_3339
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.needed_actions import EXPORT, naming_all
from dynasmith.project.verbs.service_transfers import exports_of, objects_of
from dynasmith.tables.prices import GIGABYTE, prices_for
from dynasmith.tables.table import Recovery, known

if TYPE_CHECKING:
    from dynasmith.models import Model

_INVALID_TIME = "InvalidExportTimeException"


def service_export(
    items: ItemWorld,
    table: str | Side | type[Model],
    place: str,
    request: ExportRequest,
    *,
    waiting: WaitLimit = NO_LIMIT,
    listener: Listener = silent,
) -> Report:
    """See `ItemFlow.service_export`."""
    side, at = items.side(table), s3_place(place)
    check_window(request)
    world = ProjectJobWorld(items, listener, waiting=waiting)
    with naming_all(EXPORT, at, items.at(side).session.access):
        _refuse_without_recovery(items, side, request)
        spec = ServiceExport(
            source=side,
            place=str(at),
            request=request,
            token=token_hex(16),
            tables=world.identities(source=side),
        )
        with _window_named(items, side, request):
            return run(spec, begin_service_export(spec, world), world)


def described_export(items: ItemWorld, arn: str) -> ExportState:
    """An export by its ARN, in the environment of the project. One call."""
    name = arn.partition(":table/")[2].partition("/")[0]
    return exports_of(items, Side(table=name)).describe(arn)


def rehearse_service_export(
    items: ItemWorld, table: str | Side | type[Model], place: str, request: ExportRequest
) -> DryRun:
    """What `service_export` would export and cost: reads descriptions and lists the prefix."""
    dry = items.dry
    side, at = dry.side(table), s3_place(place)
    check_window(request)
    described = dry.end(side).description
    with naming_all(EXPORT, at, dry.at(side).session.access):
        _refuse_without_recovery(dry, side, request)
        check_prefix(objects_of(dry, side, at.bucket, request.bucket_owner), at)
    settings = dry.at(side).settings
    price = prices_for(dry.at(side).session.region, dict(settings.prices)).export_gigabyte
    size = described.size_bytes_estimate
    estimate = JobEstimate(
        described.item_count_estimate, size, 0.0, 0.0, dollars=None if price is None else size / GIGABYTE * price
    )
    if request.condition:
        parse_condition(request.condition)
    notes = [f"the service exports to {at}: no read units, and live traffic does not notice"]
    if request.incremental:
        notes.append("an incremental export is charged by the changes that it processes: less than the figure above")
    return DryRun(estimate, (), tuple(notes), closing="nothing was written")


def _refuse_without_recovery(items: ItemWorld, side: Side, request: ExportRequest) -> None:
    """The service exports from continuous backups alone. Raises UsageError also for a time before they begin."""
    at = items.at(side)
    described = at.control.describe(at.physical(side.table), ("recovery",))
    if known(described.table.recovery, Recovery()) is None:
        raise UsageError(
            f"Table {described.table.name} has no point-in-time recovery, and the service exports from it alone.",
            hint="set point_in_time_recovery in its definition and apply it, or export to a folder",
        )
    window = AwsBackups(at.session).window(described.table.name)
    first = request.since if request.incremental else request.at
    if window is not None and first is not None and first.replace(microsecond=0) < window.earliest:
        raise _outside(described.table.name, first, window)


@contextmanager
def _window_named(items: ItemWorld, side: Side, request: ExportRequest) -> Iterator[None]:
    """Name the window where the service refuses a time, such as one that is still to come."""
    try:
        yield
    except ServiceError as error:
        at, name = items.at(side), items.end(side).name
        wanted = (request.until or request.since) if request.incremental else request.at
        if error.service_code != _INVALID_TIME or wanted is None:
            raise
        window = AwsBackups(at.session).window(name)
        if window is None:
            raise
        raise _outside(name, wanted, window) from error


def _outside(table: str, at: datetime, window: RecoveryWindow) -> UsageError:
    """The refusal of a time of which a table cannot be exported."""
    return UsageError(
        f"Table {table} can be exported as it was from {rfc_3339(window.earliest)} to now, and not at {rfc_3339(at)}.",
        hint="name a time in between, or leave --at out: it is now",
    )
