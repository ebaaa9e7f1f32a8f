"""Items read by their keys, each with what relations lead to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from dynasmith.engine.db.batch_get import read_many
from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.include import include
from dynasmith.errors import UsageError
from dynasmith.models.include_plan import plan_include
from dynasmith.models.key_of import KeyOf, key, key_for
from dynasmith.models.model import Model
from dynasmith.models.relation import Relation

M = TypeVar("M", bound=Model)


def get(
    context: DbContext, wanted: KeyOf[M], relations: Iterable[Relation[Any]], consistent: bool, deleted: bool
) -> M | None:
    """The item of a key, or None."""
    steps = plan_include([wanted.model], relations, is_consistent=consistent)
    request = {"Key": wanted.tree, "ConsistentRead": consistent}
    tree = context.items.call("GetItem", context.table(wanted.model), request).get("Item")
    item = context.read(wanted.model, tree, deleted=deleted) if tree else None
    if item is not None:
        include(context, [item], steps, consistent)
    return item


def get_many(
    context: DbContext,
    model: type[M],
    keys: Iterable[Any],
    relations: Iterable[Relation[Any]],
    *,
    consistent: bool,
    deleted: bool,
) -> list[M | None]:
    """The items of keys in their order, None for each that is absent."""
    steps = plan_include([model], relations, is_consistent=consistent)
    if isinstance(keys, str | bytes):
        raise UsageError(f"get_many({model.__name__}) is given one key, not several.", hint="write [...] around it")
    made = [key_for(model, each) for each in keys]
    found = read_many(context, model, [each.tree for each in made], consistent)
    items = [None if tree is None else context.read(model, tree, deleted=deleted) for tree in found]
    include(context, [item for item in items if item is not None], steps, consistent)
    return items


def key_of_arguments(model: type[M], values: tuple[Any, ...], named: Mapping[str, Any]) -> KeyOf[M]:
    """The key that the arguments of a verb are: values in their order and by field, or one key."""
    if len(values) == 1 and isinstance(values[0], KeyOf) and not named:
        return key_for(model, values[0])
    return key(model, *values, **named)
