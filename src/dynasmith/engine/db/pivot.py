"""Pairs of a `many_to_many` relation: attached, detached and synchronized, in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from dynasmith.engine.db.batch_get import key_identity, read_many
from dynasmith.engine.db.batches import delete_many, put_many
from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.include import related_requests
from dynasmith.limits import BATCH_GET_MAX_ITEMS
from dynasmith.models.instance import forget_related
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import schema_of
from dynasmith.models.model import Model
from dynasmith.models.pivot import PivotPairs, listed
from dynasmith.models.relation import ManyToMany
from dynasmith.models.value_codec import Tree
from dynasmith.models.visibility import is_visible

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class SyncCounts:
    """What `Db.sync` did: pairs that are new, pairs that are gone, and pairs that were there and stay."""

    attached: int
    detached: int
    kept: int


def attach(
    context: DbContext, item: Model, relation: ManyToMany[Any], others: Iterable[Any], data: Mapping[str, Any]
) -> int:
    """Make the pairs that are not there; how many those were."""
    context.refuse_dry()
    pairs = PivotPairs(item, relation)
    forget_related(item, relation.name)
    return _attach(context, pairs, listed(relation, others), data)


def detach(context: DbContext, item: Model, relation: ManyToMany[Any], others: Iterable[Any]) -> int:
    """Remove the pairs that are there; how many those were."""
    context.refuse_dry()
    pairs = PivotPairs(item, relation)
    forget_related(item, relation.name)
    count = 0
    for chunk in _chunks(listed(relation, others)):
        keys = _distinct([pairs.key(other) for other in chunk])
        found = _there(context, pairs, [each.tree for each in keys])
        count += delete_many(context, [each for each, is_there in zip(keys, found, strict=True) if is_there], hard=True)
    return count


def sync(
    context: DbContext, item: Model, relation: ManyToMany[Any], others: Iterable[Any], data: Mapping[str, Any]
) -> SyncCounts:
    """Make the pairs just those with ``others``: add what is missing, then remove what is too much."""
    context.refuse_dry()
    pairs = PivotPairs(item, relation)
    names = [place.attribute for place in schema_of(pairs.model).key]
    wanted = {key_identity(pairs.key(other).tree, names): other for other in listed(relation, others)}
    current = {key_identity(key, names): key for key in _keys(context, pairs, names)}
    forget_related(item, relation.name)
    attached = _attach(context, pairs, (other for each, other in wanted.items() if each not in current), data)
    removed = [KeyOf(pairs.model, {}, key) for each, key in current.items() if each not in wanted]
    detached = delete_many(context, removed, hard=True)
    return SyncCounts(attached, detached, len(current) - len(removed))


def _attach(context: DbContext, pairs: PivotPairs, others: Iterable[Any], data: Mapping[str, Any]) -> int:
    codec = pairs.link.target
    count = 0
    for chunk in _chunks(others):
        made = {str(codec.key(pair)): pair for pair in (pairs.pair(other, data) for other in chunk)}
        found = _there(context, pairs, [codec.key(pair) for pair in made.values()])
        count += put_many(context, [pair for pair, is_there in zip(made.values(), found, strict=True) if not is_there])
    return count


def _there(context: DbContext, pairs: PivotPairs, keys: Sequence[Tree]) -> list[bool]:
    """Whether each pair is there, as every write before now has left it."""
    schema = schema_of(pairs.model)
    found = read_many(context, pairs.model, keys, True)
    return [tree is not None and is_visible(schema, tree) for tree in found]


def _keys(context: DbContext, pairs: PivotPairs, names: Sequence[str]) -> Iterator[Tree]:
    """The keys of all pairs of the item, over all pages."""
    plan = pairs.link.plan(pairs.owned)
    if plan is None:
        return
    requests = related_requests(pairs.link, [plan], not plan.is_global, None)
    (raws,) = context.items.query_all(context.table(pairs.model), requests, queries_at_once=1)
    for tree in map(_decode, raws):
        yield {name: tree[name] for name in names}


def _distinct(keys: Sequence[KeyOf[Any]]) -> list[KeyOf[Any]]:
    names = list(keys[0].tree) if keys else []
    return list({key_identity(each.tree, names): each for each in keys}.values())


def _chunks(others: Iterable[Any]) -> Iterator[list[Any]]:
    """The others in the numbers in which they can be looked up."""
    source = iter(others)
    while chunk := list(islice(source, BATCH_GET_MAX_ITEMS)):
        yield chunk
