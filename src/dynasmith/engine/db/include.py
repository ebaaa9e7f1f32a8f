"""Relations of items that were read: each relation in as few calls as its keys allow, whatever the number of items.

Every query for related items is made in `related_requests`, every read by key in `_by_key`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Literal

import msgspec

from dynasmith.engine.db.batch_get import read_many
from dynasmith.engine.db.context import DbContext
from dynasmith.errors import DataError
from dynasmith.limits import BATCH_GET_MAX_ITEMS
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.include_plan import IncludeMethod, IncludeStep
from dynasmith.models.instance import set_related
from dynasmith.models.query_plan import QueryPlan
from dynasmith.models.relation_link import RelationLink, partition_of

QUERIES_AT_ONCE: Final = 8
"""So many queries for related items are under way at a time."""
PARENTS_AT_ONCE: Final = 500
"""Of so many items of a page the relations are read together, before the first of them is given."""
Identity = tuple[str, ...]
RequestNumber = Literal[
    "one for 100 distinct keys", "one for each distinct parent", "one for each partition of parents"
]
_REQUESTS: Final[Mapping[IncludeMethod, RequestNumber]] = {
    "keys": "one for 100 distinct keys",
    "queries": "one for each distinct parent",
    "partition": "one for each partition of parents",
}
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class IncludeExplanation:
    """How the items of a relation are read: by which operation on ``table`` and ``index`` (empty: the table's key).

    ``requests`` says how many there are, each of one page or more; ``requests_max`` is their number where the number of
    parents is known. ``requests_at_once`` are under way at a time.
    """

    relation: str
    operation: Literal["BatchGetItem", "Query"]
    table: str
    index: str
    requests: RequestNumber
    requests_max: int | None
    requests_at_once: int
    includes: tuple[IncludeExplanation, ...]


def include(context: DbContext, items: Sequence[Any], steps: Iterable[IncludeStep], consistent: bool) -> None:
    """Read what ``steps`` say for ``items`` and note it on them.

    Raises DataError where a relation to one item finds several, and what reading raises; the items then keep what was
    noted so far.
    """
    for step in steps:
        owners = [each for each in items if isinstance(each, step.link.owner.schema.model)]
        if owners:
            _include(context, owners, step, consistent)


def _include(context: DbContext, owners: Sequence[Any], step: IncludeStep, consistent: bool) -> None:
    link = step.link
    distinct: dict[Identity, Mapping[str, Any]] = {}
    wanted: list[Identity] = []
    for owner in owners:
        values = link.values(owner)
        identity: Identity = () if values is None else link.identity(values)
        if values is not None:
            distinct.setdefault(identity, values)
        wanted.append(identity)
    found: dict[Identity, list[Any]] = {}
    if distinct:
        by_key = step.method == "keys"
        found = (
            _by_key(context, link, distinct, consistent) if by_key else _by_query(context, step, distinct, consistent)
        )
    if link.onward is not None:
        found = _onward(context, link.onward, found, consistent)
    if step.nested:
        # An item that several lead to is one instance.
        related = {id(item): item for item in chain.from_iterable(found.values())}
        include(context, list(related.values()), step.nested, consistent)
    for owner, identity in zip(owners, wanted, strict=True):
        items = found.get(identity, [])
        value = list(items) if step.is_list else _only(link, items, distinct.get(identity, {}))
        set_related(owner, link.relation.name, link.own_fields, value)


def _only(link: RelationLink, related: Sequence[Any], values: Mapping[str, Any]) -> Any:
    if len(related) > 1:
        shown = ", ".join(f"{name}={value!r}" for name, value in values.items())
        raise DataError(
            f"{link.relation!r} is one item, and several of {link.target.schema.name} have {shown}.",
            hint="make it has_many, or remove those that should not be there",
        )
    return related[0] if related else None


def _onward(
    context: DbContext, link: RelationLink, pivots: Mapping[Identity, Sequence[Any]], consistent: bool
) -> dict[Identity, list[Any]]:
    """The items that items between lead to, each once for each parent; those that are not there are left out."""
    distinct: dict[Identity, Mapping[str, Any]] = {}
    wanted: dict[Identity, list[Identity]] = {}
    for parent, some in pivots.items():
        values = {link.identity(each): each for pivot in some if (each := link.values(pivot)) is not None}
        distinct |= values
        wanted[parent] = list(values)
    found = _by_key(context, link, distinct, consistent) if distinct else {}
    return {parent: [item for each in some for item in found.get(each, ())] for parent, some in wanted.items()}


def _by_key(
    context: DbContext, link: RelationLink, distinct: Mapping[Identity, Mapping[str, Any]], consistent: bool
) -> dict[Identity, list[Any]]:
    """The items by their keys: one call for 100 of them."""
    model: Any = link.target.schema.model
    keys = {identity: key for identity, values in distinct.items() if (key := link.key(values)) is not None}
    trees = read_many(context, model, list(keys.values()), consistent)
    items = {
        identity: context.read(model, tree) for identity, tree in zip(keys, trees, strict=True) if tree is not None
    }
    return {identity: [item] for identity, item in items.items() if item is not None}


def _by_query(
    context: DbContext, step: IncludeStep, distinct: Mapping[Identity, Mapping[str, Any]], consistent: bool
) -> dict[Identity, list[Any]]:
    """The items by queries: one for each distinct parent, or for all parents of a partition."""
    link = step.link
    plans = {identity: plan for identity, values in distinct.items() if (plan := link.plan(values)) is not None}
    if not plans:
        return {}
    groups = _groups(step, plans)
    model: Any = link.target.schema.model
    read = context.reader(model, next(iter(plans.values())).attributes)
    items_max = None if step.is_list else 2
    requests = related_requests(link, [plan for plan, _ in groups], consistent, items_max)
    pages = context.items.query_all(
        context.table(model), requests, queries_at_once=QUERIES_AT_ONCE, items_max=items_max
    )
    found: dict[Identity, list[Any]] = {}
    for (_, identities), raws in zip(groups, pages, strict=True):
        if len(identities) == 1:
            found[identities[0]] = [read(_decode(raw)) for raw in raws]
            continue
        found |= {identity: [] for identity in identities}
        for item in (read(_decode(raw)) for raw in raws):
            of = found.get(link.identity_of(item))
            if of is not None:
                of.append(item)
    return found


def _groups(step: IncludeStep, plans: Mapping[Identity, QueryPlan]) -> list[tuple[QueryPlan, list[Identity]]]:
    """The queries, each with the parents whose items it finds."""
    if step.method != "partition":
        return [(plan, [identity]) for identity, plan in plans.items()]
    by_partition: dict[str, list[Identity]] = defaultdict(list)
    for identity, plan in plans.items():
        by_partition[partition_of(plan)].append(identity)
    return [
        (plans[group[0]] if len(group) == 1 else step.link.range_plan([plans[each] for each in group]), group)
        for group in by_partition.values()
    ]


def related_requests(
    link: RelationLink, plans: Iterable[QueryPlan], consistent: bool, items_max: int | None
) -> list[dict[str, Any]]:
    """The requests of queries for related items."""
    requests = []
    for plan in plans:
        request = dict(request_expressions(link.target.schema.model, key=plan.key_condition, filter=plan.filter))
        if plan.index:
            request["IndexName"] = plan.index
        if link.is_descending:
            request["ScanIndexForward"] = False
        if consistent:
            request["ConsistentRead"] = True
        if items_max is not None and plan.filter is None:
            request["Limit"] = items_max
        requests.append(request)
    return requests


def explain_include(
    context: DbContext, steps: Iterable[IncludeStep], parents_max: int | None
) -> tuple[IncludeExplanation, ...]:
    """How the steps read, for so many parents (None: it is not known how many)."""
    made = []
    for step in steps:
        many = None if step.is_list else parents_max
        nested = explain_include(context, step.nested, many)
        if step.link.onward is not None:
            nested = (_explanation(context, step.link.onward, "keys", many, nested),)
        made.append(_explanation(context, step.link, step.method, parents_max, nested))
    return tuple(made)


def _explanation(
    context: DbContext,
    link: RelationLink,
    method: IncludeMethod,
    parents_max: int | None,
    nested: tuple[IncludeExplanation, ...],
) -> IncludeExplanation:
    model: Any = link.target.schema.model
    number = parents_max
    if number is not None and method != "queries":
        number = -(-number // BATCH_GET_MAX_ITEMS) if method == "keys" else min(number, 1)
    return IncludeExplanation(
        relation=repr(link.relation),
        operation="BatchGetItem" if method == "keys" else "Query",
        table=context.table(model),
        index=link.candidate.name if link.candidate else "",
        requests=_REQUESTS[method],
        requests_max=number,
        requests_at_once=1 if method == "keys" else QUERIES_AT_ONCE,
        includes=nested,
    )
