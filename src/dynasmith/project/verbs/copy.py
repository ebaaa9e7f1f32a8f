"""copy, wired: every item of a table into another one, and a table like another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.engine.definition_import import as_definition
from dynasmith.engine.run import run
from dynasmith.engine.transfer.copy import begin_copy
from dynasmith.engine.transfer.dry_run import DryRun
from dynasmith.engine.transfer.dry_run import rehearse_copy as engine_rehearse_copy
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.index_notes import index_notes
from dynasmith.engine.transfer.key_read import with_key_read
from dynasmith.engine.transfer.mask_check import check_masks
from dynasmith.engine.transfer.table_details import TableEnd, check_ends
from dynasmith.errors import RunError, TableExists, TableNotFound
from dynasmith.items.condition.condition import parse_condition
from dynasmith.jobs.copy_alternatives import CopyRequest, copy_alternatives
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Copy
from dynasmith.plans.consent import Consent
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.dry_run import rehearsed
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.job_world import ProjectJobWorld
from dynasmith.project.verbs.leftovers import KEEP, leftover_text, refuse_leftovers
from dynasmith.project.verbs.new_target import check_free, creation_note, new_target
from dynasmith.project.verbs.personal_data import (
    counted_personal,
    is_protected,
    left_environments,
    personal_note,
    refuse_personal,
)
from dynasmith.project.verbs.tables import create, exists
from dynasmith.project.verbs.transform_operations import operations_in
from dynasmith.project.verbs.transforms import AnyTransform, function_of
from dynasmith.project.verbs.verify import verify_sides
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import prices_for
from dynasmith.tables.table import Table, known

if TYPE_CHECKING:
    from dynasmith.models import Model


def copy(
    items: ItemWorld,
    source: str | Side | type[Model],
    target: str | Side | type[Model],
    *,
    transform: AnyTransform | None = None,
    create_target: bool = False,
    like: Table | None = None,
    backup_first: str | None = None,
    keep_target_items: bool = False,
    options: TransferOptions | None = None,
    consent: Consent | None = None,
    listener: Listener = silent,
) -> Report:
    """See `ItemFlow.copy`. ``like`` is the target that is created, where its class defines it."""
    first, second = items.side(source), items.side(target)
    with items.same_tables() as same:
        ends = check_copy(
            same, first, second, transform=transform, options=options, create_target=create_target, like=like
        )
        name = ends[1].name
        function = None if transform is None else function_of(transform, items.folder, keys=items.world.cipher)
        at, left = (first, ends[0].name), _left(same, first, second, ends)
        refuse_personal(same, at, left, function, consent)
        if not (create_target or keep_target_items):
            refuse_leftovers(leftover_text(same, at, (second, ends[1]), left, transform, function), name)
        for note in _index_notes(same, transform, ends[1]):
            listener(FlowNote(table=name, sentence=f"{note[0].upper()}{note[1:]}."))
        same.granted(consent, second, name, f"Copy {first.table} into {name} in {{where}}?")
        if backup_first is not None:
            made, _ = backup(same, first, backup_first, listener=listener)
            listener(FlowNote(table=made, sentence=f"Backed up into {made}, verified."))
        if create_target:
            create(same.at(second), _target(same, first, second, like))
            listener(FlowNote(table=name, sentence=f"Created {name}."))
            second = replace(second, table=name)
        return copy_items(same, first, second, transform=transform, options=options, listener=listener)


def copy_items(
    items: ItemWorld,
    first: Side,
    second: Side,
    *,
    transform: AnyTransform | None = None,
    options: TransferOptions | None = None,
    listener: Listener = silent,
) -> Report:
    """Copy between two tables that are there, for who has the consent."""
    world = ProjectJobWorld(items, listener, transform=transform)
    ref = world.transform_ref()
    ends = copy_ends(items, first, second)
    world.adopt(first, second, ends)
    spec = Copy(
        source=first,
        target=second,
        tables=world.identities(source=first, target=second),
        transform=ref,
        personal=counted_personal(items, (first, ends[0].name), _left(items, first, second, ends), world.function(ref)),
        options=read_by_key(items, items.moved_by(options), ends[0], listener),
    )
    return items.priced(run(spec, begin_copy(spec, world), world))


def read_by_key(items: ItemWorld, options: TransferOptions, source: TableEnd, listener: Listener) -> TransferOptions:
    """The options of a job that reads less than the whole table where a key serves its condition; says how it reads."""
    found, how = with_key_read(options, source, items.context(silent).loop_factory)
    if how:
        listener(FlowNote(table=source.name, sentence=f"{how[0].upper()}{how[1:]}."))
    return found


def check_copy(
    items: ItemWorld,
    source: str | Side | type[Model],
    target: str | Side | type[Model],
    *,
    transform: AnyTransform | None,
    options: TransferOptions | None,
    create_target: bool,
    like: Table | None = None,
) -> tuple[TableEnd, TableEnd]:
    """See `ItemFlow.check_copy`; the source and the target as they are described, or would be created."""
    function = None if transform is None else function_of(transform, items.folder, keys=items.world.cipher)
    if options is not None and options.condition:
        parse_condition(options.condition)
    ends = copy_ends(items, items.side(source), items.side(target), create_target=create_target, like=like)
    check_ends(*ends, transforms=transform is not None)
    check_masks(function, ends[1].key, (options or TransferOptions()).on_error)
    return ends


def rehearse_copy(
    items: ItemWorld,
    source: str | Side | type[Model],
    target: str | Side | type[Model],
    *,
    transform: AnyTransform | None,
    options: TransferOptions | None,
    create_target: bool,
    keep_target_items: bool = False,
    like: Table | None = None,
) -> DryRun:
    """See `ItemFlow.rehearse_copy`."""
    dry = items.dry
    function, keeping = rehearsed(transform, dry.folder, dry.world.session, dry.transport, keys=dry.world.cipher)
    ends = copy_ends(dry, dry.side(source), dry.side(target), create_target=create_target, like=like)
    context, prices = dry.context(silent), dry.prices()
    done = engine_rehearse_copy(*ends, options, transform=function, keeping=keeping, prices=prices, around=context)
    notes = [creation_note(ends[1].description.table)] if create_target else []
    notes += _index_notes(dry, transform, ends[1])
    first, second = dry.side(source), dry.side(target)
    place, left = (first, ends[0].name), _left(dry, first, second, ends)
    if not (create_target or keep_target_items):
        held = leftover_text(dry, place, (second, ends[1]), left, transform, function)
        notes += [f"{held[0].lower()}{held[1:-1]}, and the copy is refused without {KEEP}"] if held else []
    notes += personal_note(dry, place, left, function)
    wish = _wish(ends, _changes(transform, options), create_target)
    found = prices_for(dry.world.session.region, dict(dry.world.settings.prices))
    if wish.recovery is None:
        at = dry.at(first)
        wish = replace(wish, recovery=_has_recovery(at.control.describe(ends[0].name, ("recovery",))))
    notes.append(f"prices: {found.source}; times of the service are experience, not a promise")
    return replace(
        done,
        protected=is_protected(dry, first, ends[0].name),
        notes=(*notes, *done.notes),
        alternatives=copy_alternatives(wish, done.estimate, found),
    )


def _wish(ends: tuple[TableEnd, TableEnd], changes: str, new_target: bool) -> CopyRequest:
    """What a copy is to do, as far as it decides how it can be done."""
    source, target = ends
    described = source.description
    return CopyRequest(
        source=source.name,
        target=target.name,
        size_bytes=described.size_bytes_estimate,
        new_target=new_target,
        changes=changes,
        recovery=_has_recovery(described),
        local_indexes=bool(known(described.table.local_indexes, ())),
        one_place=source.access.where == target.access.where,
    )


def _has_recovery(described: TableDescription) -> bool | None:
    """Whether a table has point-in-time recovery; None where that was not read."""
    recovery = described.table.recovery
    return None if isinstance(recovery, UnsetType) else recovery is not None


def _changes(transform: AnyTransform | None, options: TransferOptions | None) -> str:
    """The first option that makes of the items others, or fewer; empty for none."""
    asked = options or TransferOptions()
    given = (
        (transform is not None, "--transform"),
        (bool(asked.condition), "--filter"),
        (asked.expired == "skip", "--expired"),
    )
    return next((word for is_given, word in given if is_given), "")


def _left(items: ItemWorld, first: Side, second: Side, ends: tuple[TableEnd, TableEnd]) -> Sequence[str]:
    return left_environments(items, (first, ends[0].name), (second, ends[1].name))


def _index_notes(items: ItemWorld, transform: AnyTransform | None, target: TableEnd) -> list[str]:
    return index_notes(target.description.table, operations_in(transform, items.folder))


def copy_ends(
    items: ItemWorld, source: Side, target: Side, *, create_target: bool = False, like: Table | None = None
) -> tuple[TableEnd, TableEnd]:
    """Both ends of a copy; with ``create_target`` the target as it would be created. Creates nothing.

    Raises TableNotFound, and TableExists for a target that is to be created and is there.
    """
    first = items.end(source)
    if create_target:
        check_free(items, target, "copy into")
        return first, items.end_of(target, _target(items, source, target, like))
    try:
        return first, items.end(target)
    except TableNotFound as error:
        raise TableNotFound(error.table, hint="--create-target creates it") from error


def create_like(items: ItemWorld, source: str | Side | type[Model], target: str | Side | type[Model]) -> Table:
    """Create the target from the source's definition (keys, indexes, billing, settings; no replicas, no policy).

    Raises TableExists. Its items come with `copy`.
    """
    first, second = items.side(source), items.side(target)
    table = _like(items, first, second)
    create(items.at(second), table)
    return table


def backup(items: ItemWorld, source: str | Side | type[Model], name: str, *, listener: Listener) -> tuple[str, Report]:
    """Copy a table with its definition into a new one, verified by digest; its name and the report.

    The name is ``<table>_backup_YYYYmmdd`` where none is given. Raises TableExists, RunError where the digests differ
    (somebody writes to the source). Stopped halfway it leaves the new table and a job that can be resumed.
    """
    first = items.side(source)
    described = items.end(first)
    named = f"{described.name}_backup_{items.now().strftime('%Y%m%d')}"
    if name:
        named = items.at(first).settings.new_name(name)
    into = replace(first, table=named)
    if exists(items.at(into), into.table):
        raise TableExists(into.table, hint="name another backup; nothing was copied")
    create_like(items, first, into)
    report = copy_items(items, first, into, listener=listener)
    if not verify_sides(items, first, into).equal:
        raise RunError(
            f"The backup {into.table} differs from {described.name}: something writes to it.",
            hint=f"dynasmith verify {described.name} {into.table} shows where",
        )
    return into.table, report


def _target(items: ItemWorld, source: Side, target: Side, like: Table | None) -> Table:
    """What is created as the target: ``like`` where it is known, else what the source is."""
    return _like(items, source, target) if like is None else like


def _like(items: ItemWorld, source: Side, target: Side) -> Table:
    at = items.at(source)
    return new_target(items, target, as_definition(at.control.describe(at.physical(source.table))))
