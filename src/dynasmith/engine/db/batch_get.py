"""Items of many keys: each key asked once, in calls of 100, and again while the service leaves some unprocessed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from dynasmith.engine.db.context import DbContext
from dynasmith.errors import ServiceUnavailable
from dynasmith.items.number import number_parts
from dynasmith.limits import BATCH_GET_MAX_ITEMS
from dynasmith.models.model import Model

Tree = dict[str, Any]
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
ROUNDS_MAX: Final = 10
"""How often what is left unprocessed is asked for again, with waits that double from 50 ms: about 25 s."""
_FIRST_SECONDS: Final = 0.05


def read_many(context: DbContext, model: type[Model], keys: Sequence[Tree], consistent: bool) -> list[Tree | None]:
    """The items of ``keys`` in their order, None for each that is absent.

    Raises ServiceUnavailable where the service still leaves keys unprocessed after ten rounds.
    """
    names = list(keys[0]) if keys else []
    distinct = list({key_identity(key, names): key for key in keys}.values())
    found: dict[str, Tree] = {}
    for start in range(0, len(distinct), BATCH_GET_MAX_ITEMS):
        for tree in _read(context, model, distinct[start : start + BATCH_GET_MAX_ITEMS], consistent):
            found[key_identity(tree, names)] = tree
    return [found.get(key_identity(key, names)) for key in keys]


def _read(context: DbContext, model: type[Model], keys: list[Tree], consistent: bool) -> list[Tree]:
    read: list[Tree] = []
    table = context.table(model)
    for attempt in range(ROUNDS_MAX):
        raws, left = context.items.read_keys(table, keys, consistent=consistent)
        read += map(_decode, raws)
        keys = [keys[place] for place in left]
        if not keys:
            return read
        context.clock.sleep(_FIRST_SECONDS * 2**attempt)
    raise ServiceUnavailable(
        f"{table} did not return {len(keys)} of the items asked for.",
        hint="it is throttled; try again later",
        operation="dynamodb:BatchGetItem",
    )


def key_identity(tree: Tree, names: Sequence[str]) -> str:
    """Equal for keys that DynamoDB takes for equal: a number has many spellings."""
    values = [next(iter(tree[name].items())) for name in names]
    return json.dumps([[tag, number_parts(content) if tag == "N" else content] for tag, content in values])
