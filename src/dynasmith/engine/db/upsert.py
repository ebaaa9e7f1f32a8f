"""An update of an item that is created where it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from dynasmith.engine.db import item_writes
from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.instances import refreshed
from dynasmith.errors import ItemExists, ItemNotFound, ValueTaken, VersionConflict
from dynasmith.models.action import ModelAction
from dynasmith.models.condition import ModelCondition
from dynasmith.models.instance import loaded_tree
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import schema_of
from dynasmith.models.model import Model
from dynasmith.models.upsert import created_instance

M = TypeVar("M", bound=Model)
ROUNDS_MAX: Final = 8
"""How often other writers may create and delete the item in between."""


def upsert(
    context: DbContext,
    what: M | KeyOf[M],
    actions: Sequence[ModelAction],
    where: ModelCondition | None,
    *,
    hooks: bool,
) -> M:
    """Update an item, or create it. See `Db.update`."""
    created_instance(what, actions)  # what cannot be created is refused before any call, whether or not it has to be
    for attempt in range(1, ROUNDS_MAX + 1):
        try:
            return item_writes.update(context, what, actions, where, hooks=hooks)
        except (ItemNotFound, VersionConflict) as failed:
            if not _is_missing(what, failed):
                raise
        try:
            made: Any = item_writes.create(context, created_instance(what, actions), hooks=hooks)
        except ItemExists as failed:
            if isinstance(failed, ValueTaken) or _stays_deleted(failed) or attempt == ROUNDS_MAX:
                raise
            continue
        if isinstance(what, KeyOf):
            created: M = made
            return created
        tree = loaded_tree(made)
        assert tree is not None
        return refreshed(what, tree)
    raise AssertionError("the last round returns or raises")


def _is_missing(what: Model | KeyOf[Any], failed: ItemNotFound | VersionConflict) -> bool:
    """Whether there is no item to update. An instance whose version was read is compared: it was deleted since."""
    if isinstance(failed, ItemNotFound):
        return True
    return failed.item is None and isinstance(what, Model) and loaded_tree(what) is None


def _stays_deleted(failed: ItemExists) -> bool:
    """Whether what is there was deleted and stays in the table, so that an update does not find it."""
    item = failed.item
    deleted = None if item is None else schema_of(type(item)).deleted
    return deleted is not None and getattr(item, deleted.name) is not None
