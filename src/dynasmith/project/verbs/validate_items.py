"""`validate` with items, wired: the items of tables, held against their definitions and model classes."""

from __future__ import annotations

import random
from collections.abc import Sequence

from msgspec.structs import replace

from dynasmith.engine.db.encryption import opened_item
from dynasmith.engine.item_validation import ItemVerdict, validate_items
from dynasmith.errors import AccessError, TableNotFound, UsageError
from dynasmith.jobs.side import Side
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.ports.listener import Listener
from dynasmith.project.model_classes import is_model
from dynasmith.project.verbs.item_options import transfer_options
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.validate import placed
from dynasmith.project.world import TableName, World
from dynasmith.tables.table import Table, known
from dynasmith.validate import AcceptedFinding, Finding, Verdict
from dynasmith.validate.item_checks import CENSUS
from dynasmith.validate.item_examiner import ItemExaminer

SAMPLE_ITEMS = 1_000
"""How many items are read where no number is given."""


def with_items(
    world: World,
    names: Sequence[TableName],
    verdict: Verdict,
    *,
    items: int | str,
    limit: int,
    max_read_units: float | None,
    listener: Listener,
) -> Verdict:
    """The verdict with the findings about the items of the tables that it examined. See `Project.validate`.

    A table that is not there has no items; one whose items may not be read is a notice, and the rest goes on.
    """
    here, models = ItemWorld(world), _models(world, names)
    defined = {table.name: table for table in world.defined_tables(names)}
    places = world.defined_places(names)
    for table in verdict.unknown:
        desired = defined.get(table)
        try:
            found = _of_table(
                here, table, desired, models.get(table, []), _wanted(items), limit, max_read_units, listener
            )
        except TableNotFound:
            continue
        except AccessError as error:
            found = ItemVerdict((_not_read(world, table, error),), frozenset())
        findings = [placed(each, places) for each in found.findings]
        verdict = _joined(verdict, table, findings, found.judged, desired)
    return verdict


def _of_table(
    here: ItemWorld,
    table: str,
    desired: Table | None,
    models: Sequence[type[Model]],
    wanted: int | None,
    limit: int,
    max_read_units: float | None,
    listener: Listener,
) -> ItemVerdict:
    world = here.world

    def opened(model: type[Model], tree: dict[str, object]) -> dict[str, object]:
        codec = codec_of(model)
        return opened_item(world.cipher, codec, tree) if codec.schema.encrypted else tree

    end = here.end(Side(table=table))
    now = world.clock.now().timestamp()
    examiner = ItemExaminer(end.description.table, desired, now=now, limit=limit)
    asked = transfer_options(max_read_units=max_read_units)
    return validate_items(
        end,
        examiner,
        models,
        opened,
        asked,
        here.context(listener),
        wanted=wanted,
        limit=limit,
        chance=random.Random(),
    )


def _wanted(items: int | str) -> int | None:
    """How many items are read of each table; None for all."""
    if items == "all":
        return None
    return SAMPLE_ITEMS if items is True else int(items)


def _joined(
    verdict: Verdict, table: str, found: Sequence[Finding], judged: frozenset[str], desired: Table | None
) -> Verdict:
    """The verdict with these findings; those that the definition accepts are listed as accepted."""
    reasons = {each.code: each.reason for each in known(desired.suppress, ())} if desired is not None else {}
    return replace(
        verdict,
        findings=(*verdict.findings, *(each for each in found if each.code not in reasons)),
        accepted=(
            *verdict.accepted,
            *(AcceptedFinding(finding=each, reason=reasons[each.code]) for each in found if each.code in reasons),
        ),
        unknown={
            **verdict.unknown,
            table: tuple(code for code in verdict.unknown[table] if code not in judged),
        },
    )


def _not_read(world: World, table: str, error: AccessError) -> Finding:
    why = world.masks(error.message.rstrip("."))
    return Finding(
        table=table,
        code=CENSUS.code,
        severity="notice",
        path="",
        why=f"Cannot be known here: {why}. {CENSUS.why}",
        fix="grant the permission that the reason names",
    )


def _models(world: World, names: Sequence[TableName]) -> dict[str, list[type[Model]]]:
    """The classes by the physical name of their table; those that were named judge a table alone."""
    given = [name for name in names if is_model(name)]
    by_table: dict[str, list[type[Model]]] = {}
    try:
        models = world.definitions_with(given).models
    except UsageError:  # there is no definition
        models = ()
    for model in models:
        by_table.setdefault(world.model_table(model), []).append(model)
    for table in {world.name_of(model) for model in given} - {
        world.name_of(each) for each in names if not is_model(each)
    }:
        by_table[table] = [model for model in given if world.name_of(model) == table]
    return by_table
