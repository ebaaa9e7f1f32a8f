"""Changes of tables that a migration makes: each is a plan of one table that is applied, and is done where it is so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from dynasmith.aws.errors.policy_statement import denied_action
from dynasmith.aws.errors.refusal import unread_access
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import DefinitionError, RunError, TableNotFound, UsageError
from dynasmith.plans.consent import Consent
from dynasmith.plans.plan import Plan
from dynasmith.ports.listener import Listener
from dynasmith.project.verbs.plan import apply, make_plan
from dynasmith.project.verbs.retire import drop
from dynasmith.project.verbs.tables import ensure
from dynasmith.project.world import World
from dynasmith.tables.document import node_of
from dynasmith.tables.document_of import document_of
from dynasmith.tables.parse import ParseOptions, parse
from dynasmith.tables.settings import SETTINGS
from dynasmith.tables.table import Billing, Index, Key, KeyAttribute, KeyType, Projection, ProjectionKind, Table, known

INDEXES = "global_secondary_indexes"
_WITH_INDEXES = ("autoscaling", "contributor_insights", "replicas", "tags")
"""What is read beside the settings that are one value."""


def create_table(world: World, table: Table, listener: Listener) -> None:
    """Create a table; one that is there must be as it is defined, else RunError."""
    done = ensure(world, [table], listener=listener)
    for error in done.failures.values():
        raise error
    plan = make_plan(world, [table])
    if any(each.changes for each in plan.tables):
        raise RunError(
            f"Table {table.name} is there, and is not as it is defined.", hint=f"dynasmith plan {table.name} shows how"
        )


def drop_table(world: World, name: str) -> tuple[str, ...]:
    """Delete a table that is there, with its replicas and what is around it; what was left of it, and why."""
    physical = world.physical(name)
    try:
        world.control.describe(physical, ())
    except TableNotFound:
        return ()
    return drop(world, physical, Consent(yes=True, confirm={physical, *_protections(world, physical)}))


def add_index(
    world: World,
    table: str,
    index: str,
    *,
    partition: Sequence[str],
    sort: Sequence[str],
    types: Mapping[str, KeyType],
    projection: Any,
    listener: Listener,
) -> None:
    """Add a global index, and wait until it can be read."""
    live = world.control.describe(world.physical(table), ()).table
    kinds = {**_types_of(live), **_defined_types(world, live.name), **types}
    for name in (*partition, *sort):
        if name not in kinds:
            raise UsageError(
                f"The type of {name}, a key of index {index}, is not known: no definition of {table} has it.",
                hint=f'add_index(..., types={{"{name}": "S"}})',
            )
    key = Key(
        partition=tuple(KeyAttribute(name=name, type=kinds[name]) for name in partition),
        sort=tuple(KeyAttribute(name=name, type=kinds[name]) for name in sort),
    )
    capacity = live.capacity if live.billing == Billing.PROVISIONED else UNSET
    wanted = Index(name=index, key=key, projection=_projection(projection), capacity=capacity)
    _apply(world, Table(name=live.name, key=live.key, indexes=(wanted,)), listener)


def index_as_it_is(world: World, table: str, index: str) -> dict[str, Any] | None:
    """A global index, for `put_back_index`; None where there is none."""
    live = world.control.describe(world.physical(table), ()).table
    found = live.index(index)
    return None if found is None else dict(msgspec.to_builtins(found))


def drop_index(world: World, table: str, index: str, listener: Listener) -> None:
    """Remove a global index that is there."""
    live = world.control.describe(world.physical(table), ()).table
    left = tuple(each for each in known(live.indexes, ()) if each.name != index)
    if len(left) < len(known(live.indexes, ())):
        _apply(world, Table(name=live.name, key=live.key, indexes=left), listener, prune=True, only=(INDEXES,))


def put_back_index(world: World, table: str, index: Mapping[str, Any], listener: Listener) -> None:
    """Add an index that `drop_index` removed."""
    live = world.control.describe(world.physical(table), ()).table
    wanted = msgspec.convert(index, Index)
    _apply(world, Table(name=live.name, key=live.key, indexes=(wanted,)), listener)


def settings_as_they_are(world: World, table: str, words: Iterable[str]) -> dict[str, Any]:
    """What settings are now, in the words of a definition."""
    wanted = tuple(words)
    asked = {*_WITH_INDEXES, *(each.field for each in SETTINGS if each.key.name in wanted)}
    now = document_of(world.control.describe(world.physical(table), asked).table)
    return {word: now.get(word) for word in wanted}


def change_settings(
    world: World, table: str, settings: Mapping[str, Any], listener: Listener, *, prune: bool = False
) -> None:
    """Change settings, in the words of a definition; ``prune`` removes the members of these that they do not name."""
    live = world.control.describe(world.physical(table), ()).table
    _apply(world, _settings(live, settings), listener, prune=prune)


def planned_settings(world: World, table: str, settings: Mapping[str, Any]) -> Plan:
    """The plan of `change_settings`."""
    live = world.control.describe(world.physical(table), ()).table
    return make_plan(world, [_settings(live, settings)])


def _settings(live: Table, settings: Mapping[str, Any]) -> Table:
    """A table with the key of the live one and these settings. Raises DefinitionError for words that are none."""
    bare = document_of(Table(name=live.name, key=live.key))
    document = {**bare, **settings}
    place = f"set({', '.join(settings)})"
    parsed = parse([node_of({"tables": [document]}, place)], ParseOptions())
    if parsed.errors:
        raise DefinitionError(parsed.errors)
    return parsed.tables[0]


def _apply(world: World, wanted: Table, listener: Listener, *, prune: bool = False, only: Sequence[str] = ()) -> None:
    plan = make_plan(world, [wanted], prune=prune, only=only)
    for failure in plan.failures:
        raise RunError(failure.message, hint=failure.hint)
    for note in (note for each in plan.tables for note in each.notes if note.kind == "not-offered"):
        reason = note.text.partition(" is left alone: ")[2]
        if denied_action(reason):  # a step that changed nothing would count as applied
            raise unread_access(reason, wanted.name, world.session.access)
    if not any(each.changes for each in plan.tables):
        return
    consent = Consent(
        yes=True,
        confirm={wanted.name, *_protections(world, wanted.name)},
        prune=True,
    )
    report = apply(world, plan, consent=consent, listener=listener, stopped=StopFlag(), fresh=True)
    for error in report.failures.values():
        raise error


def _protections(world: World, table: str) -> set[str]:
    return {need.name for need in world.protections([table]) if need.name}


def _types_of(table: Table) -> dict[str, KeyType]:
    keys = [*table.key, *(each for index in known(table.indexes, ()) for each in index.key)]
    keys += [each for index in known(table.local_indexes, ()) for each in index.key]
    return {each.name: each.type for each in keys}


def _defined_types(world: World, name: str) -> dict[str, KeyType]:
    return next((_types_of(each) for each in world.defined_tables() if each.name == name), {})


def _projection(said: Any) -> Projection:
    if isinstance(said, str):
        kinds = {kind.value: kind for kind in (ProjectionKind.ALL, ProjectionKind.KEYS_ONLY)}
        if said not in kinds:
            raise UsageError(f"{said!r} is not a projection.", hint='"ALL", "KEYS_ONLY" or a list of attributes')
        return Projection(kind=kinds[said])
    return Projection(kind=ProjectionKind.INCLUDE, attributes=tuple(sorted(said)))
