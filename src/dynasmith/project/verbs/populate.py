"""populate, wired: files, a database, or any iterable, into a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from dynasmith.engine.definition_items import wire_item
from dynasmith.engine.run import run
from dynasmith.engine.transfer.dry_run import DryRun, rehearse_items
from dynasmith.engine.transfer.events import FlowNote, FlowStarted
from dynasmith.engine.transfer.iterables import from_iterable
from dynasmith.engine.transfer.mask_check import check_masks
from dynasmith.engine.transfer.populate import begin_populate
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.errors import UsageError
from dynasmith.files.items.layout import layout_of
from dynasmith.items.wire import decode_item_tree
from dynasmith.jobs.options import Database, ReadOptions, TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Populate, PopulateDatabase, PopulateFiles, PopulateItems
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Event, Listener, silent
from dynasmith.project.verbs.dry_run import rehearsed
from dynasmith.project.verbs.file_names import absolute, file_names
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.model_transforms import encoder_of
from dynasmith.project.verbs.new_target import creation_note, defined_target, exported_target
from dynasmith.project.verbs.personal_data import known_personal
from dynasmith.project.verbs.populate_database import (
    check_memorable,
    database_origin,
    database_source,
    look_at,
    variables_in,
)
from dynasmith.project.verbs.populate_files import (
    ANEW,
    files_origin,
    fingerprints_of,
    key_words,
    new_source,
    opens,
    seen_keys,
)
from dynasmith.project.verbs.populate_s3 import (
    check_changes,
    rehearse_changes,
    remote_files,
    s3_name,
    s3_origin,
)
from dynasmith.project.verbs.populate_s3 import look_at as look_at_s3
from dynasmith.project.verbs.tables import create
from dynasmith.project.verbs.transforms import AnyTransform
from dynasmith.tables.table import Table, known

Origin: TypeAlias = (
    "str | Path | Iterable[Mapping[str, Any] | Model | str | Path] | "
    "Callable[[], Iterable[Mapping[str, Any] | Model]] | Database"
)
"""Names of files, items, a function that gives items again, or a database. An instance is an item of its class."""
ITERABLE_PAGE_ITEMS = 500
"""Items of a page where nobody says --batch-size."""

if TYPE_CHECKING:
    from dynasmith.models import Model


def populate(
    items: ItemWorld,
    table: str | Side | type[Model],
    files: Origin,
    *,
    how: ReadOptions | None = None,
    transform: AnyTransform | None = None,
    create_target: bool = False,
    owner: str = "",
    options: TransferOptions | None = None,
    consent: Consent | None = None,
    listener: Listener = silent,
) -> Report:
    """See `ItemFlow.populate`."""
    side, options = items.side(table), items.moved_by(options)
    notes: list[FlowNote] = []
    world = ProjectJobWorld(items, _noting(listener, notes), transform=transform)
    names = file_names(files)
    place = s3_name(names)
    new = _new_target(items, side, names, place) if create_target else None
    if new is not None:
        side = world.adopt_new(side, new)
    target = world.table(side)
    bare = PopulateItems(
        target=side,
        transform=world.transform_ref(),
        key=key_words(target.key),
        tables=world.identities(target=side),
        options=options,
    )
    function = world.function(bare.transform)
    check_masks(function, target.key, options.on_error)
    if getattr(function, "masks", False):
        bare = msgspec.structs.replace(bare, personal=known_personal(items, side, target.name))
    spec: Populate = bare
    if isinstance(files, Database):
        if sentence := _looked_at(items, files):
            listener(FlowNote(table=target.name, sentence=sentence))
        world.origin = database_origin(items, files, target, options.batch_size)
        spec = PopulateDatabase(**_common(bare), database=files)
    elif place is not None:
        spec, world.origin, found = _from_s3(items, bare, place, how or ReadOptions(), world, owner)
        notes += [FlowNote(table=target.name, sentence=f"{note}.") for note in found]
    elif names is None:
        pages = options.batch_size or ITERABLE_PAGE_ITEMS
        source = from_iterable(files, target.key, page_items=pages, encode=encoder_of(table))  # type: ignore[arg-type]
        world.origin = PopulateSource(source, partial(seen_keys, items), again=ANEW)
    else:
        spec, world.origin, found = _from_files(items, bare, names, how or ReadOptions(), world)
        notes += [FlowNote(table=target.name, sentence=f"{note}.") for note in found]
    text = "Write items to {}" if new is None else "Create {} and write items to it"
    items.granted(consent, side, target.name, f"{text.format(target.name)} in {{where}}?")
    if new is not None:
        create(items.at(side), new)
        listener(FlowNote(table=target.name, sentence=f"Created {target.name}."))
        spec = msgspec.structs.replace(spec, tables=world.renewed(side))
    return items.priced(run(spec, begin_populate(spec, world), world))


def _from_files(
    items: ItemWorld, bare: PopulateItems, names: Sequence[str], how: ReadOptions, world: ProjectJobWorld
) -> tuple[PopulateFiles, PopulateSource, Sequence[str]]:
    """The spec of a populate from files, its origin, and what a person should know of the files: each is looked at."""
    paths = tuple(absolute(name) for name in names)
    layout = layout_of(paths)
    if layout.changes:
        check_changes(bare.options, transforms=bare.transform is not None, mapped=bool(how.map))
    source = new_source(layout, world.table(bare.target).key, how, bare.options.batch_size)
    found = source.look()
    spec = PopulateFiles(
        **_common(bare),
        files=paths,
        how=how,
        fingerprints=fingerprints_of(layout),
        csv_fields=found.fields,
        formats=found.decided,
    )
    return spec, files_origin(items, layout, opens(source), spec, world.table(bare.target).key), found.notes


def _new_target(items: ItemWorld, side: Side, names: Sequence[str] | None, place: str | None) -> Table:
    """The table to create: from the manifest of an export of ours, or for S3 as it is defined."""
    return exported_target(items, side, names) if place is None else defined_target(items, side)


def _from_s3(
    items: ItemWorld, bare: PopulateItems, place: str, how: ReadOptions, world: ProjectJobWorld, owner: str
) -> tuple[PopulateFiles, PopulateSource, Sequence[str]]:
    """The same from objects of S3."""
    remote, key = remote_files(items, bare.target, place, owner), world.table(bare.target).key
    if remote.changes:
        check_changes(bare.options, transforms=bare.transform is not None, mapped=bool(how.map))
    found = look_at_s3(remote, key, how)
    spec = PopulateFiles(
        **_common(bare),
        files=(place,),
        how=how,
        fingerprints=remote.fingerprints,
        csv_fields=found.fields,
        formats=found.decided,
        owner=owner,
    )
    return spec, s3_origin(items, remote, key, how, bare.options.batch_size), (*remote.notes, *found.notes)


def _common(bare: PopulateItems) -> dict[str, Any]:
    """What a populate of every kind has."""
    return {name: getattr(bare, name) for name in PopulateItems.__struct_fields__}


def _looked_at(items: ItemWorld, database: Database) -> str:
    """How a database will be read, where a person should know. Raises what is wrong with it."""
    check_memorable(database)
    items.masks.add(variables_in(database, os.environ))
    return look_at(database, os.environ)


def _noting(listener: Listener, notes: Sequence[FlowNote]) -> Listener:
    """A listener that is told the notes when the job has started."""

    def told(event: Event) -> None:
        listener(event)
        if isinstance(event, FlowStarted):
            for note in notes:
                listener(note)

    return told


def rehearse(
    items: ItemWorld,
    table: str | Side | type[Model],
    files: Origin,
    how: ReadOptions | None,
    transform: AnyTransform | None,
    options: TransferOptions | None,
    *,
    create_target: bool = False,
    owner: str = "",
) -> DryRun:
    """See `ItemFlow.rehearse_populate`."""
    dry = items.dry
    side, names = dry.side(table), file_names(files)
    place = s3_name(names)
    new = _new_target(dry, side, names, place) if create_target else None
    target = dry.end(side) if new is None else dry.end_of(side, new)
    function, keeping = rehearsed(transform, dry.folder, dry.world.session, dry.transport, keys=dry.world.cipher)
    notes: tuple[str, ...] = ()
    if isinstance(files, Database):
        items.masks.add(variables_in(files, os.environ))
        notes = (look_at(files, os.environ),)
        source, count, size = database_source(files, target.key, os.environ, None), 0, 0
    elif place is not None:
        remote = remote_files(dry, side, place, owner)
        if remote.changes:
            check_changes(options or TransferOptions(), transforms=transform is not None, mapped=bool(how and how.map))
            told = rehearse_changes(remote.count or 0, remote.size_bytes, target, options, dry.prices())
            return msgspec.structs.replace(told, notes=remote.notes)
        notes, count, size = remote.notes, remote.count or 0, remote.size_bytes
        source = s3_origin(dry, remote, target.key, how or ReadOptions(), None).source
    elif names is None:
        listed: list[Any] = [*(files() if callable(files) else files)]  # type: ignore[misc]  # no Path has no name
        source, count, size = from_iterable(listed, target.key, encode=encoder_of(table)), len(listed), 0
    else:
        layout = layout_of([absolute(name) for name in names])
        size = sum(Path(part.path).stat().st_size for part in layout.parts if Path(part.path).is_file())
        if layout.changes:
            check_changes(options or TransferOptions(), transforms=transform is not None, mapped=bool(how and how.map))
            count = sum(part.items or 0 for part in layout.parts)
            return rehearse_changes(count, size, target, options, dry.prices())
        made = new_source(layout, target.key, how or ReadOptions())
        notes = made.look().notes
        count = layout.manifest.count if layout.manifest else made.count_estimate()
        source = opens(made)
    rehearsal = rehearse_items(
        source,
        target,
        count,
        size,
        options,
        transform=function,
        keeping=keeping,
        prices=dry.prices(),
        around=dry.context(silent),
    )
    created = () if new is None else (creation_note(new),)
    return msgspec.structs.replace(rehearsal, notes=(*created, *filter(None, notes), *rehearsal.notes))


def items_of(items: ItemWorld, side: Side) -> list[dict[str, Any]]:
    """See `ItemFlow.items_of`."""
    wish = items.at(side).tables([side.table])[0]
    listed = known(wish.items, ())
    if not listed:
        raise UsageError(
            f"The definition of {wish.name} lists no items.", hint=f"dynasmith populate {side.table} FILE..."
        )
    return [decode_item_tree(wire_item(item)) for item in listed]
