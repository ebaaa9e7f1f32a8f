"""The items that a definition lists: small static data that belongs to the table."""

import json
from collections.abc import Iterator
from typing import Any

from msgspec import UnsetType

from dynasmith.errors import RunError
from dynasmith.items.digest import tree_hash
from dynasmith.items.plain import item_from_json
from dynasmith.items.wire import encode_item_tree
from dynasmith.plans.change import Change, DeleteItem, PutItem
from dynasmith.ports.tables import Items
from dynasmith.tables.table import Table

# A table whose items are all in its definition is small; more than this is somebody's data, and is not deleted.
DELETED_ITEMS_MAX = 1_000


def item_changes(desired: Table, items: Items, *, exists: bool, delete: bool) -> tuple[Change, ...]:
    """What of the definition's items is absent or differs; with ``delete`` also what the table has besides.

    Costs a BatchGetItem for each 100 items, with ``delete`` a scan of the table. Refuses to delete more than 1,000.
    """
    if isinstance(desired.items, UnsetType):
        return ()
    wanted = [wire_item(item) for item in desired.items]
    if not exists:
        return tuple(PutItem(key=_key(desired, item), before=None, after=item) for item in wanted)
    changes: list[Change] = list(_puts(desired, wanted, items))
    if delete:
        changes += _deletes(desired, wanted, items)
    return tuple(changes)


def wire_item(item: dict[str, Any]) -> dict[str, Any]:
    """An item of a definition, plain or DynamoDB JSON, as DynamoDB JSON."""
    return encode_item_tree(item_from_json(json.dumps(item, default=str)))


def _key(table: Table, item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in table.key.names}


def _puts(table: Table, wanted: list[dict[str, Any]], items: Items) -> Iterator[Change]:
    live = {tree_hash(_key(table, item)): item for item in items.get_many(table.name, [_key(table, i) for i in wanted])}
    for item in wanted:
        key = _key(table, item)
        before = live.get(tree_hash(key))
        if before is None or tree_hash(before) != tree_hash(item):
            yield PutItem(key=key, before=before, after=item)


def _deletes(table: Table, wanted: list[dict[str, Any]], items: Items) -> list[Change]:
    kept = {tree_hash(_key(table, item)) for item in wanted}
    there = items.scan(table.name, limit=DELETED_ITEMS_MAX + len(wanted) + 1)
    gone: list[Change] = [
        DeleteItem(key=_key(table, item), before=item) for item in there if tree_hash(_key(table, item)) not in kept
    ]
    if len(gone) > DELETED_ITEMS_MAX:
        raise RunError(
            f"Table {table.name} holds more than {DELETED_ITEMS_MAX:,} items that its definition does not list.",
            hint="its items are not all static data: remove --allow-delete-items",
        )
    return gone
