"""What is checked of a replacement before anything is asked or done."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.engine.definition_import import as_definition
from dynasmith.engine.replacement.inverse_mapping import InverseMapping
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.transfer.table_details import TableEnd, check_ends
from dynasmith.errors import RunError, TableExists, UsageError
from dynasmith.items.digest import item_hash
from dynasmith.items.transform import ItemRefused, Transform
from dynasmith.items.wire import RawItem
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Replace
from dynasmith.ports.model_items import ModelItems
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.new_target import new_target
from dynasmith.project.verbs.replacements.hooks import HOOK, hook_words
from dynasmith.project.verbs.replacements.pointers import pointer_of
from dynasmith.project.verbs.tables import exists
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import StreamView, Table

SAMPLED_ITEMS = 200
READERS_MAX = 2
"""Processes that may read a shard at a time (API reference, Streams: more are throttled)."""
IMAGES = (StreamView.NEW_AND_OLD_IMAGES, StreamView.OLD_IMAGE)
FENCE_SECONDS_MIN = 45.0
"""Twice what the service needs to take a policy, and to take another one."""
_READ = ("stream", "triggers", "time_to_live")
_CAPACITY = ("billing", "capacity", "on_demand_maximum", "autoscaling")
_KEPT = ("recovery", "encryption", "table_class", "tags")
"""What a table that replaces another one keeps of it, unless its definition says something else."""


def new_table(items: ItemWorld, table: str, name: str) -> Table:
    """The table that replaces one: as the definition of its own name says, which another environment may have already,
    else that of the old one, else as that is. What the definition does not mention (billing, recovery, tags) is as it
    is of the old table. Its time to live, its stream, its protection and what is the old table's own (a policy,
    alarms) come when it is in use.

    Raises TableNotFound, DefinitionError, and TableExists where a table has the name.
    """
    world = items.world
    physical = world.physical(table)
    defined = {each.name: each for each in world.defined_tables()}
    live = as_definition(world.control.describe(physical))
    wanted = defined.get(world.settings.new_name(name)) or defined.get(physical)
    wanted = live if wanted is None else inherited(wanted, live)
    made = new_target(items, Side(table=name), wanted)
    if exists(world, made.name):
        raise TableExists(made.name, hint="name another one with --to: a replacement creates its table")
    return replace(made, time_to_live=UNSET, stream=UNSET, triggers=UNSET)


def inherited(wanted: Table, live: Table) -> Table:
    """A definition with what it does not mention as a live table has it."""
    fields = [*_KEPT]
    if all(getattr(wanted, field) is UNSET for field in _CAPACITY):
        fields += _CAPACITY
    return replace(wanted, **{name: getattr(live, name) for name in fields if getattr(wanted, name) is UNSET})


def check_source(items: ItemWorld, table: str, *, moves_keys: bool, restart_stream: bool = False) -> TableDescription:
    """The source as it is. Raises TableNotFound, and UsageError for a stream that shows too little and is not to be
    restarted, or that two others read already."""
    described = items.world.control.describe(items.world.physical(table), _READ)
    name, view = described.table.name, described.table.stream
    if described.status != "ACTIVE":
        raise RunError(f"Table {name} is {described.status}.", hint="wait until it is ACTIVE")
    if shows_too_little(described, moves_keys=moves_keys) and not restart_stream:
        raise UsageError(
            f"The stream of {name} shows {view}, and a transform needs the old image of each change.",
            hint=f"--restart-stream turns it off and on with {StreamView.NEW_AND_OLD_IMAGES}: its readers lose what is "
            "unread, and are attached to the new stream by you",
        )
    readers = [each.function for each in described.triggers if each.on_current_stream]
    if len(readers) >= READERS_MAX:
        raise UsageError(
            f"The stream of {name} has {len(readers)} readers already ({', '.join(readers)}), and bears {READERS_MAX}.",
            hint="detach one of them for as long as the replacement takes: dynasmith lambda detach",
        )
    return described


def shows_too_little(source: TableDescription, *, moves_keys: bool) -> bool:
    """Whether the stream of the source does not say where an older version of an item may stand."""
    return moves_keys and bool(source.table.stream) and source.table.stream not in IMAGES


def check_items(
    source: TableEnd,
    target: TableEnd,
    transform: Transform | None,
    owners: dict[str, str],
    items: ModelItems,
    inverse: Transform | None = None,
) -> None:
    """Raise UsageError where a sample of the items shows that the transform drops the key of an item, fails, or gives
    different items when it is run again, or that the inverse does not lead back. Reads up to 200 items."""
    check_ends(source, target, transforms=transform is not None)
    if transform is not None and transform.hides_values:
        raise UsageError(
            "A transform that masks cannot replace a table: what is replaced holds what it held.",
            hint="dynasmith copy makes a masked copy",
        )
    for name in owners:
        if name not in source.key.names:
            raise UsageError(
                f"{name} is not a key attribute of {source.name}.", hint=f"its key is {', '.join(source.key.names)}"
            )
    mapping = ItemMapping(source.key, target.key, transform, owners)
    for item in items.page("Scan", source.name, {"Limit": SAMPLED_ITEMS}).items:
        raw = RawItem(bytes(item))
        try:
            first, second = mapping.items(raw), mapping.items(raw)
        except ItemRefused as refused:
            raise UsageError(refused.message, hint=refused.hint or "fix the transform, or the item") from refused
        if {key: item_hash(made) for key, made in first.items()} != {
            key: item_hash(made) for key, made in second.items()
        }:
            raise UsageError(
                f"The transform makes something else of item {mapping.shown(raw)} each time.",
                hint="let it depend on the item alone; ctx.now and ctx.uuid are the same each time",
            )
        if inverse is not None:
            _check_inverse(raw, first, mapping, InverseMapping(mapping, inverse))


def _check_inverse(raw: RawItem, made: Mapping[bytes, RawItem], mapping: ItemMapping, back: InverseMapping) -> None:
    """Raise UsageError where the inverse does not make an item with the key that it had."""
    if len(made) > 1:
        raise UsageError(
            f"The transform makes {len(made)} items of item {mapping.shown(raw)}, and no function leads back to one.",
            hint="leave --reverse out: there is no way back then",
        )
    for item in made.values():
        try:
            back.items(item)
        except ItemRefused as refused:
            raise UsageError(refused.message, hint=refused.hint or "fix the function of --reverse") from refused


def check_back(spec: Replace, fence: str, max_fence_seconds: float, items: ItemWorld) -> None:
    """The same for the way back. Raises RunError where there is none, too."""
    if not spec.goes_back:
        raise RunError(
            f"There is no way back to {spec.source.table}: the replacement was begun without --reverse.",
            hint="dynasmith replace finish ends it; another replacement can lead to a table like the old one",
        )
    _check_switch(spec.progress.pointer, fence, max_fence_seconds, items)
    if spec.progress.finishes:
        raise RunError(
            f"The replacement of {spec.source.table} is being finished: the old table does not follow any more.",
            hint="dynasmith replace finish goes on with it",
        )
    if spec.progress.state not in ("following back", "cutover back"):
        raise RunError(
            f"{spec.target.table} is not in use: the replacement of {spec.source.table} is {spec.progress.state}.",
            hint="dynasmith replace cutover comes first",
        )


def check_cutover(spec: Replace, pointer: str, fence: str, max_fence_seconds: float, items: ItemWorld) -> None:
    """Raise UsageError for a pointer, a fence or a time that cannot be, RunError where there is nothing to switch."""
    _check_switch(pointer, fence, max_fence_seconds, items)
    if spec.progress.state not in ("following", "verified", "cutover"):
        raise RunError(
            f"The replacement of {spec.source.table} is {spec.progress.state}.",
            hint="dynasmith jobs resume goes on with it until it is verified",
        )


def _check_switch(pointer: str, fence: str, max_fence_seconds: float, items: ItemWorld) -> None:
    pointer_of(pointer, items.folder, items.world.session)
    if fence.startswith(HOOK):
        hook_words(fence)
    elif fence not in ("policy", "none"):
        raise UsageError(f"{fence!r} is not a fence.", hint="policy, hook:COMMAND or none")
    if max_fence_seconds < FENCE_SECONDS_MIN:
        raise UsageError(
            f"Writes cannot be stopped for {max_fence_seconds:g} seconds: a policy takes about 20 to hold and to go.",
            hint=f"at least {FENCE_SECONDS_MIN:g}",
        )
