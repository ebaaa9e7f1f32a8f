"""populate, wired: files, a database, or any iterable, into a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from dynasmith.engine.definition_items import wire_item
from dynasmith.engine.transfer import populate as flow
from dynasmith.engine.transfer.dry_run import DryRun, rehearse_items
from dynasmith.engine.transfer.events import FlowNote, FlowStarted
from dynasmith.engine.transfer.iterables import from_iterable
from dynasmith.engine.transfer.options import TransferOptions
from dynasmith.engine.transfer.populate import PopulateSource
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import UsageError
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.items.layout import Layout, layout_of
from dynasmith.files.items.streams import STDIN
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.items.wire import decode_item_tree
from dynasmith.jobs.report import Report
from dynasmith.plans.consent import Consent, question
from dynasmith.ports.items import OpenSource
from dynasmith.ports.listener import Event, Listener, silent
from dynasmith.project.databases import Database, check_memorable, database_source, look_at, variables_in
from dynasmith.project.identity import remembered_tables
from dynasmith.project.locations import Location, ReadOptions, absolute, file_names, remembered
from dynasmith.project.transforms import AnyTransform
from dynasmith.project.verbs.populate_files import (
    ANEW,
    check_digest,
    file_source,
    new_source,
    opens,
    remembered_files,
    remembered_key,
)
from dynasmith.tables.table import known

if TYPE_CHECKING:
    from dynasmith.project.verbs.items import ItemFlow

Origin: TypeAlias = Sequence[str] | Iterable[Mapping[str, Any]] | Callable[[], Iterable[Mapping[str, Any]]] | Database
"""Names of files, items, a function that gives items again, or a database."""
ITERABLE_PAGE_ITEMS = 500
"""Items of a page where nobody says --batch-size."""


def populate(
    items: ItemFlow,
    table: str | Location,
    files: Origin,
    how: ReadOptions | None,
    transform: AnyTransform | None,
    asked: TransferOptions | None,
    consent: Consent | None,
    listener: Listener,
) -> Report:
    """See `ItemFlow.populate`."""
    side = items.side(table)
    target = items.end(side)
    function, named = items.function(transform)
    parameters: dict[str, Any] = {"target": remembered(side)} | items.remembered_transform(named)
    parameters |= remembered_key(target.key) | remembered_tables(target=target)
    names = file_names(files)
    page_items = asked.batch_size if asked is not None else None
    layout: Layout | None = None
    if isinstance(files, Database):
        check_memorable(files)
        items.masks.add(variables_in(files, os.environ))
        if sentence := look_at(files, os.environ):
            listener(FlowNote(table=target.name, sentence=sentence))
        origin = database_origin(items, files, target, page_items)
        parameters |= {"from": msgspec.to_builtins(files)}
    elif names is None:
        pages = page_items or ITERABLE_PAGE_ITEMS
        source = from_iterable(files, target.key, page_items=pages)  # type: ignore[arg-type]
        origin = PopulateSource(source, partial(seen, items), again=ANEW)
    else:
        layout = layout_of([absolute(name) for name in names])
        reading = how or ReadOptions()
        made = new_source(layout, target.key, reading, page_items)
        found = made.look()
        origin = origin_of(items, layout, opens(made))
        listener = _noting(listener, [FlowNote(table=target.name, sentence=f"{note}.") for note in found.notes])
        parameters |= {"files": [absolute(name) for name in names], "how": msgspec.to_builtins(reading)}
        parameters |= remembered_files(layout, found)
    asks = question(f"Write items to {target.name} in {{where}}?")
    items.at(side).granted(items.consent(consent), [target.name], asks)
    report = flow.populate(
        origin,
        target,
        items.ledger,
        asked,
        transform=function,
        parameters=parameters,
        around=items.around(listener),
    )
    drop_spool(items, report)
    if layout is not None and function is None:
        check_digest(report, layout)
    return items.priced(report)


def _noting(listener: Listener, notes: Sequence[FlowNote]) -> Listener:
    """A listener that is told the notes when the job has started."""

    def told(event: Event) -> None:
        listener(event)
        if isinstance(event, FlowStarted):
            for note in notes:
                listener(note)

    return told


def rehearse(
    items: ItemFlow,
    table: str | Location,
    files: Sequence[str] | Iterable[Mapping[str, Any]] | Database,
    how: ReadOptions | None,
    transform: AnyTransform | None,
    asked: TransferOptions | None,
) -> DryRun:
    """See `ItemFlow.rehearse_populate`."""
    dry = items.dry
    target = dry.end(dry.side(table))
    function, keeping = dry.rehearsed(transform)
    names = file_names(files)
    notes: tuple[str, ...] = ()
    if isinstance(files, Database):
        items.masks.add(variables_in(files, os.environ))
        notes = (look_at(files, os.environ),)
        source, count, size = database_source(files, target.key, os.environ, None), 0, 0
    elif names is None:
        listed = list(files)
        source, count, size = from_iterable(listed, target.key), len(listed), 0  # type: ignore[arg-type]
    else:
        layout = layout_of([absolute(name) for name in names])
        size = sum(Path(part.path).stat().st_size for part in layout.parts if Path(part.path).is_file())
        count = layout.manifest.count if layout.manifest else 0
        made = new_source(layout, target.key, how or ReadOptions())
        notes = made.look().notes
        source = opens(made)
    rehearsal = rehearse_items(
        source,
        target,
        count,
        size,
        asked,
        transform=function,
        keeping=keeping,
        prices=dry.prices(),
        around=dry.around(silent),
    )
    return msgspec.structs.replace(rehearsal, notes=(*filter(None, notes), *rehearsal.notes))


def items_of(items: ItemFlow, side: Location) -> list[dict[str, Any]]:
    """See `ItemFlow.items_of`."""
    wish = items.at(side).tables([side.table])[0]
    listed = known(wish.items, ())
    if not listed:
        raise UsageError(
            f"The definition of {wish.name} lists no items.", hint=f"dynasmith populate {side.table} FILE..."
        )
    return [decode_item_tree(wire_item(item)) for item in listed]


def files_from(
    items: ItemFlow, layout: Layout, target: TableEnd, how: ReadOptions, page_items: int | None
) -> PopulateSource:
    """Files as the origin of a populate."""
    return origin_of(items, layout, file_source(layout, target.key, how, page_items))


def origin_of(items: ItemFlow, layout: Layout, source: OpenSource) -> PopulateSource:
    """A source of files as the origin of a populate."""
    total = layout.manifest.count if layout.manifest else None
    names = [part.path for part in layout.parts]
    again = ANEW if STDIN in names else ""
    return PopulateSource(source, partial(seen, items), len(names), names, total, again=again)


def seen(items: ItemFlow, job_id: str) -> SeenKeys:
    """The keys that a job has met: beside its checkpoints, or in a temporary file where those are in a table."""
    ledger = items.ledger
    return SeenKeys(ledger.folder / job_id / "keys.sqlite" if isinstance(ledger, FolderLedger) else None)


def database_origin(items: ItemFlow, database: Database, target: TableEnd, page_items: int | None) -> PopulateSource:
    """A database as the origin of a populate."""
    items.masks.add(variables_in(database, os.environ))

    def of_job(job_id: str) -> OpenSource:
        return database_source(database, target.key, os.environ, page_items, spool_of(items, job_id))

    # Opened here too: what is missing or wrong is said before a job begins.
    source = database_source(database, target.key, os.environ, page_items)
    return PopulateSource(source, partial(seen, items), of_job=of_job)


def spool_of(items: ItemFlow, job_id: str) -> Path:
    """Where a job keeps rows that cannot be read twice: its folder, or the project's where its ledger has none."""
    ledger = items.ledger
    if isinstance(ledger, FolderLedger):
        return ledger.folder / job_id / "rows.spool"
    return Path(items.folder) / ".dynasmith" / "rows" / f"{job_id}.spool"


def drop_spool(items: ItemFlow, report: Report) -> None:
    """Remove the rows of a job that is over."""
    if report.job.over:
        spool_of(items, report.job.id).unlink(missing_ok=True)
