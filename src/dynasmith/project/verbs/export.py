"""export, wired: every item of a table into files, or to a function."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, BinaryIO

from msgspec.structs import replace

from dynasmith.engine.run import run
from dynasmith.engine.transfer.dry_run import DryRun
from dynasmith.engine.transfer.dry_run import rehearse_export as engine_rehearse_export
from dynasmith.engine.transfer.export import begin_export
from dynasmith.engine.transfer.iterables import TakeItems, to_callable
from dynasmith.errors import Interrupted, UsageError
from dynasmith.files.items.destination import DELIMITERS, check_dest
from dynasmith.files.items.stream_sink import to_stream
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.jobs.options import ExportOptions, TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Export, FunctionExport, TransformRef
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.copy import read_by_key
from dynasmith.project.verbs.dry_run import rehearsed
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.personal_data import (
    counted_personal,
    is_protected,
    left_environments,
    personal_note,
    refuse_personal,
)
from dynasmith.project.verbs.transforms import AnyTransform

if TYPE_CHECKING:
    from dynasmith.models import Model


def export(
    items: ItemWorld,
    table: str | Side | type[Model],
    dest: str | Path,
    *,
    how: ExportOptions | None = None,
    transform: AnyTransform | None = None,
    options: TransferOptions | None = None,
    consent: Consent | None = None,
    listener: Listener = silent,
) -> Report:
    """See `ItemFlow.export`."""
    check_dest(dest)
    world = ProjectJobWorld(items, listener, transform=transform)
    side = items.side(table)
    ref, personal = _leaving(items, world, side, consent)
    return _exported(items, world, side, dest, how, options, ref, personal, listener)


def export_files(items: ItemWorld, table: str, dest: str | Path, *, listener: Listener = silent) -> Report:
    """Export a table whole into files that another verb keeps, as they are: for who has the consent."""
    check_dest(dest)
    return _exported(items, ProjectJobWorld(items, listener), items.side(table), dest, None, None, None, (), listener)


def _leaving(
    items: ItemWorld, world: ProjectJobWorld, side: Side, consent: Consent | None
) -> tuple[TransformRef | None, tuple[str, ...]]:
    """What a job remembers of its transform, and the personal attributes that it counts. Raises as `refuse_personal`
    does."""
    ref = world.transform_ref()
    function, at = world.function(ref), (side, world.table(side).name)
    left = left_environments(items, at, None)
    refuse_personal(items, at, left, function, consent)
    return ref, counted_personal(items, at, left, function)


def _exported(
    items: ItemWorld,
    world: ProjectJobWorld,
    side: Side,
    dest: str | Path,
    how: ExportOptions | None,
    options: TransferOptions | None,
    transform: TransformRef | None,
    personal: tuple[str, ...],
    listener: Listener,
) -> Report:
    spec = Export(
        source=side,
        dest=str(Path(dest).absolute()),
        how=replace(how or ExportOptions(), export=token_hex(4)),
        tables=world.identities(source=side),
        transform=transform,
        personal=personal,
        options=read_by_key(items, items.moved_by(options), world.table(side), listener),
    )
    world.sink = world.export_sink(spec)
    return items.priced(run(spec, begin_export(spec, world), world))


def hand_over(
    items: ItemWorld,
    table: str | Side | type[Model],
    function: TakeItems,
    *,
    transform: AnyTransform | None = None,
    options: TransferOptions | None = None,
    listener: Listener = silent,
) -> Report:
    """Give every item of a table to a function, page after page. See `ItemFlow.copy`."""
    side = items.side(table)
    world = ProjectJobWorld(items, listener, transform=transform, sink=to_callable(function))
    ref = world.transform_ref()
    spec = FunctionExport(
        source=side,
        tables=world.identities(source=side),
        transform=ref,
        personal=counted_personal(items, (side, world.table(side).name), (), world.function(ref)),
        options=read_by_key(items, options or TransferOptions(), world.table(side), listener),
    )
    return items.priced(run(spec, begin_export(spec, world), world))


def stream(
    items: ItemWorld,
    table: str | Side | type[Model],
    out: BinaryIO,
    *,
    how: ExportOptions | None = None,
    transform: AnyTransform | None = None,
    options: TransferOptions | None = None,
    consent: Consent | None = None,
    listener: Listener = silent,
) -> Report:
    """See `ItemFlow.export_to`."""
    side, how = items.side(table), how or ExportOptions()
    if how.style in DELIMITERS or how.split_bytes is not None:
        raise UsageError(
            "CSV, TSV and split files cannot be written to standard output.",
            hint="name a file or a folder, or use --format dynamodb or plain",
        )
    key = [part.name for part in items.end(side).key.parts]
    with TemporaryDirectory(prefix="dynasmith-") as folder:  # it cannot be resumed: nobody sees the job
        sink = to_stream(out, key, how.style, how.compression)  # type: ignore[arg-type]  # words of the same lists
        ledger = FolderLedger(Path(folder))
        world = ProjectJobWorld(items, listener, transform=transform, sink=sink, ledger=ledger)
        ref, personal = _leaving(items, world, side, consent)
        spec = FunctionExport(
            source=side,
            tables=world.identities(source=side),
            transform=ref,
            personal=personal,
            options=read_by_key(items, options or TransferOptions(), world.table(side), listener),
        )
        try:
            return items.priced(run(spec, begin_export(spec, world), world))
        except Interrupted as error:
            raise Interrupted(
                "The export was interrupted: its output is a part of the table.", hint="run it again"
            ) from error


def rehearse_export(
    items: ItemWorld,
    table: str | Side | type[Model],
    options: TransferOptions | None,
    transform: AnyTransform | None = None,
) -> DryRun:
    """See `ItemFlow.rehearse_export`."""
    dry = items.dry
    side = dry.side(table)
    end = dry.end(side)
    function, keeping = rehearsed(transform, dry.folder, dry.world.session, dry.transport, keys=dry.world.cipher)
    done = engine_rehearse_export(
        end, options, transform=function, keeping=keeping, prices=dry.prices(), around=dry.context(silent)
    )
    at = (side, end.name)
    notes = personal_note(dry, at, left_environments(dry, at, None), function)
    return replace(done, notes=(*notes, *done.notes), protected=is_protected(dry, *at))
