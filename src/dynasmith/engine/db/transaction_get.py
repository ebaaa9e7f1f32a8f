"""Items of several keys, classes and tables as they were at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.transaction_parts import item_identity
from dynasmith.errors import UsageError
from dynasmith.limits import TRANSACTION_MAX_ITEMS
from dynasmith.models.key_of import KeyOf


def transaction_get(context: DbContext, keys: Sequence[KeyOf[Any]]) -> tuple[Any, ...]:
    """The instances of keys in their order, None for each that is absent. One call; see `Db.transaction_get`."""
    if not keys:
        return ()
    for key in keys:
        if not isinstance(key, KeyOf):
            raise UsageError(f"{key!r} is not a key.", hint="key(User, ...) makes a key")
    distinct: dict[str, tuple[str, KeyOf[Any]]] = {}
    for key in keys:
        table = context.table(key.model)
        distinct.setdefault(item_identity(table, key.tree), (table, key))
    if len(distinct) > TRANSACTION_MAX_ITEMS:
        raise UsageError(
            f"A transaction reads {TRANSACTION_MAX_ITEMS} items; there are {len(distinct)}.",
            hint="get_many reads more, not at one moment",
        )
    parts = [{"Get": {"TableName": table, "Key": key.tree}} for table, key in distinct.values()]
    tables = ", ".join(dict.fromkeys(table for table, _ in distinct.values()))
    found = context.items.call("TransactGetItems", tables, {"TransactItems": parts})["Items"]
    trees = dict(zip(distinct, found, strict=True))
    read = []
    for key in keys:
        tree = trees[item_identity(context.table(key.model), key.tree)]
        read.append(context.read(key.model, tree) if tree else None)
    return tuple(read)
