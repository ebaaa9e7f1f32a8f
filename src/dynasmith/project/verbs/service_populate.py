"""populate by the service, wired: an import makes a new table, a bulk write puts items into one that exists."""

from __future__ import annotations

import json
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from dynasmith.engine.run import run
from dynasmith.engine.transfer.bulk_put import begin_bulk_put, check_bulk
from dynasmith.engine.transfer.dry_run import DryRun
from dynasmith.engine.transfer.service_import import begin_service_import, check_importable, files_to_import
from dynasmith.engine.transfer.service_job import NO_LIMIT, WaitLimit, same_job
from dynasmith.errors import TableExists
from dynasmith.jobs.estimate import JobEstimate
from dynasmith.jobs.report import Report
from dynasmith.jobs.service_transfer import BulkRequest, ImportRequest, s3_place
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import BulkPut, ServiceImport
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.needed_actions import BULK, IMPORT, naming_all
from dynasmith.project.verbs.new_target import creation_note
from dynasmith.project.verbs.service_transfers import bulk_puts_of, objects_of
from dynasmith.project.verbs.tables import exists
from dynasmith.tables.document_of import document_of
from dynasmith.tables.prices import GIGABYTE, prices_for
from dynasmith.tables.table import Table

if TYPE_CHECKING:
    from dynasmith.models import Model


@dataclass(frozen=True, slots=True)
class ServicePopulate:
    """What is asked of the service: ``by`` an import or a bulk write, of which files, read how.

    ``chosen`` says that a person said how they are read. ``errors`` is where a bulk write puts what it refused, and
    ``write_units`` its limit a second.
    """

    by: Literal["import", "bulk"]
    place: str
    request: ImportRequest
    chosen: bool = False
    errors: str = ""
    write_units: float | None = None

    def bulk(self, files: str, request: ImportRequest) -> BulkRequest:
        """The request of a bulk write; without a place for errors they are beside the files."""
        named = s3_place(self.errors or f"{files.rstrip('/')}-errors")
        units = None if self.write_units is None else int(self.write_units)
        return BulkRequest(
            format=request.format,
            compression=request.compression,
            bucket_owner=request.bucket_owner,
            errors_bucket=named.bucket,
            errors_prefix=named.prefix,
            write_units=units,
        )


def service_populate(
    items: ItemWorld,
    table: str | Side | type[Model],
    asked: ServicePopulate,
    *,
    consent: Consent | None = None,
    waiting: WaitLimit = NO_LIMIT,
    listener: Listener = silent,
) -> Report:
    """See `ItemFlow.service_populate`."""
    side, named = items.side(table), s3_place(asked.place)
    world = ProjectJobWorld(items, listener, waiting=waiting)
    needed = IMPORT if asked.by == "import" else BULK
    with naming_all(needed, named, items.at(side).session.access):
        if asked.by == "import":
            return _imported(items, side, asked, world, consent)
        return _bulk_put(items, side, asked, world, consent)


def _imported(
    items: ItemWorld, side: Side, asked: ServicePopulate, world: ProjectJobWorld, consent: Consent | None
) -> Report:
    spec, wanted = _import_spec(items, side, asked)
    held = same_job(spec, world.ledger)
    if held is None:
        _refuse_existing(items, spec.target, wanted)
        items.granted(
            consent, spec.target, wanted.name, f"Import {spec.place} into the new {wanted.name} in {{where}}?"
        )
    return run(spec, held or begin_service_import(spec, world), world)


def _import_spec(items: ItemWorld, side: Side, asked: ServicePopulate) -> tuple[ServiceImport, Table]:
    """The import of files into the table as it is defined. Raises UsageError for one that cannot be."""
    at, named = items.at(side), s3_place(asked.place)
    (wanted,) = at.tables([side.table])
    check_importable(wanted)
    objects = objects_of(items, side, named.bucket, asked.request.bucket_owner)
    files, request, count = files_to_import(objects, asked.place, asked.request, chosen=asked.chosen)
    definition = json.dumps(document_of(wanted), sort_keys=True)
    spec = ServiceImport(
        target=replace(side, table=wanted.name),
        place=files,
        definition=definition,
        request=request,
        items=count,
        token=token_hex(16),
    )
    return spec, wanted


def _refuse_existing(items: ItemWorld, side: Side, table: Table) -> None:
    if exists(items.at(side), table):
        raise TableExists(table.name, hint="an import makes a new table; --by ours or --by bulk writes into this one")


def _bulk_put(
    items: ItemWorld, side: Side, asked: ServicePopulate, world: ProjectJobWorld, consent: Consent | None
) -> Report:
    spec = _bulk_spec(items, side, asked, world)
    held = same_job(spec, world.ledger)
    if held is None:
        name = world.table(side).name
        items.granted(consent, side, name, f"Let the service write {spec.place} to {name} in {{where}}?")
    return run(spec, held or begin_bulk_put(spec, world), world)


def _bulk_spec(items: ItemWorld, side: Side, asked: ServicePopulate, world: ProjectJobWorld) -> BulkPut:
    bulk_puts_of(items, side).check_offered()
    named = s3_place(asked.place)
    objects = objects_of(items, side, named.bucket, asked.request.bucket_owner)
    files, request, count = files_to_import(objects, asked.place, asked.request, chosen=asked.chosen)
    made = asked.bulk(files, request)
    check_bulk(world.table(side).description, made)
    return BulkPut(
        target=side,
        place=files,
        request=made,
        items=count,
        token=token_hex(16),
        tables=world.identities(target=side),
    )


def rehearse_service_populate(items: ItemWorld, table: str | Side | type[Model], asked: ServicePopulate) -> DryRun:
    """What `service_populate` would do and cost. Writes nothing, and creates no table."""
    dry = items.dry
    side, named = dry.side(table), s3_place(asked.place)
    at = dry.at(side)
    needed = IMPORT if asked.by == "import" else BULK
    with naming_all(needed, named, at.session.access):
        if asked.by == "import":
            spec, wanted = _import_spec(dry, side, asked)
            _refuse_existing(dry, spec.target, wanted)
            notes = [creation_note(wanted), f"the service would import {spec.place}: no write units are used"]
            count = spec.items
        else:
            put = _bulk_spec(dry, side, asked, ProjectJobWorld(dry))
            notes = [f"the service would write {put.place}: it is charged by the bytes that it puts"]
            count = put.items
    price = prices_for(at.session.region, dict(at.settings.prices)).import_gigabyte if asked.by == "import" else None
    size = _size(dry, side, asked)
    dollars = None if price is None or size is None else size / GIGABYTE * price
    return DryRun(
        JobEstimate(count or 0, size or 0, 0.0, 0.0, dollars=dollars), (), tuple(notes), closing="nothing was written"
    )


def _size(items: ItemWorld, side: Side, asked: ServicePopulate) -> int | None:
    """Bytes of an export, unpacked, as its manifest says; None of other files, which are packed or not."""
    from dynasmith.engine.transfer.export_check import find_export, read_manifest

    named = s3_place(asked.place)
    objects = objects_of(items, side, named.bucket, asked.request.bucket_owner)
    summary = find_export(objects, named)
    return None if summary is None else read_manifest(objects, named.bucket, summary).summary.billed_size_bytes
