"""`validate` with items, wired: the items of tables that have model classes, judged by these."""

from __future__ import annotations

from collections.abc import Sequence

from dynasmith.engine.db.encryption import opened_item
from dynasmith.engine.item_validation import validate_items
from dynasmith.errors import TableNotFound, UsageError
from dynasmith.jobs.side import Side
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.ports.listener import silent
from dynasmith.project.model_classes import is_model
from dynasmith.project.verbs.item_options import transfer_options
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.world import TableName, World
from dynasmith.validate import Finding


def item_findings(
    world: World, names: Sequence[TableName], *, limit: int, max_read_units: float | None
) -> list[Finding]:
    """The findings about the items of these tables, or of all that have classes. See `Project.validate`.

    A table that is not there has no items. Raises UsageError for a table without a class.
    """
    items = ItemWorld(world)
    asked = transfer_options(max_read_units=max_read_units)
    found: list[Finding] = []

    def opened(model: type[Model], tree: dict[str, object]) -> dict[str, object]:
        codec = codec_of(model)
        return opened_item(world.cipher, codec, tree) if codec.schema.encrypted else tree

    for table, models in _models(world, names).items():
        try:
            end = items.end(Side(table=table))
        except TableNotFound:
            continue
        found += validate_items(end, models, opened, asked, items.context(silent), limit=limit)
    return found


def _models(world: World, names: Sequence[TableName]) -> dict[str, list[type[Model]]]:
    """The classes by the physical name of their table."""
    given = [name for name in names if is_model(name)]
    by_table: dict[str, list[type[Model]]] = {}
    for model in world.definitions_with(given).models:
        by_table.setdefault(world.model_table(model), []).append(model)
    if not names:
        if not by_table:
            raise UsageError("The project has no model class, and --items checks items by theirs.", hint=_HINT)
        return by_table
    chosen: dict[str, list[type[Model]]] = {}
    for name in names:
        table = world.name_of(name)
        some = [name] if is_model(name) else by_table.get(table, [])
        if not some:
            raise UsageError(f"No model class has the table {table}, and --items checks items by it.", hint=_HINT)
        chosen.setdefault(table, []).extend(each for each in some if each not in chosen[table])
    return chosen


_HINT = 'write models = ["app.models"] into the project file, or pass the classes'
