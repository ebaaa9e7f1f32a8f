"""`Query`: the items of a class that conditions choose, page by page, as instances."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, Generic, Self, TypeVar

import msgspec

from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.include import PARENTS_AT_ONCE, explain_include, include
from dynasmith.engine.db.parallel_scan import parallel_results
from dynasmith.engine.db.query_explanation import QueryExplanation, readable, without_unused_names
from dynasmith.engine.db.query_pages import counts_of, pages_of
from dynasmith.engine.db.query_state import ModelPage, QueryState
from dynasmith.errors import DataError, ItemNotFound, UsageError
from dynasmith.items.wire import RawItem
from dynasmith.models.collection_plan import plan_collection
from dynasmith.models.condition import ModelCondition
from dynasmith.models.cursor import read_cursor, write_cursor
from dynasmith.models.expression import Expr, path_of
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.include_plan import IncludeStep, plan_include
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.models.operand import ExprPath
from dynasmith.models.query_plan import QueryPlan, plan_query, plan_scan
from dynasmith.models.relation import Relation
from dynasmith.models.relation_resolution import link_of
from dynasmith.ports.model_items import ItemsPage

M = TypeVar("M", bound=Model)
R = TypeVar("R")
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
PAGE_ITEMS = 100
"""Items of ``Query.page`` where nothing else is asked for."""
_PAGE_ITEMS_MIN = 2
"""A page of one item costs a round trip an item."""


class Query(Generic[M]):
    """The items of a class, or of the classes of a collection, in a table that conditions choose. Each method gives a
    new query; nothing is sent before items are asked for. Iterating reads page after page and holds one of them."""

    def __init__(self, context: DbContext, models: tuple[type[M], ...], state: QueryState) -> None:
        self._context, self._models, self._state = context, models, state
        self._items, self._table = context.items, context.table(models[0])

    def __iter__(self) -> Iterator[M]:
        """The items in the order of the sort key. Costs the reading of each page when it is reached."""
        plan, request = self._request()
        read, steps = self._reader(plan), self._steps(plan)
        left = self._state.limit
        for page in self._pages(plan, request, None, left):
            raws = page.items if left is None else page.items[:left]
            left = None if left is None else left - len(raws)
            if steps:
                for start in range(0, len(raws), PARENTS_AT_ONCE):
                    yield from self._with_related(raws[start : start + PARENTS_AT_ONCE], read, steps)
            else:
                for raw in raws:
                    yield read(_decode(raw))
            if left == 0:
                return

    def where(self, *conditions: ModelCondition) -> Self:
        """The same query with more conditions, all of which must hold."""
        return self._with(conditions=(*self._state.conditions, *conditions))

    def include(self, *relations: Relation[Any]) -> Self:
        """The same query, and what relations of its items lead to: ``include(User.orders.then(Order.lines))``.

        They are read with each page, and ``explain()`` shows how: items by their keys, 100 a call and each key once;
        the others by one query for each distinct parent, 8 at a time, or for all parents of a partition. A relation
        that is not included raises NotLoaded. Raises DefinitionError for a relation that cannot be, UsageError for one
        of another class.
        """
        included = (*self._state.include, *relations)
        plan_include(self._models, included)  # it raises now, before anything is sent
        return self._with(include=included)

    def only(self, *attributes: Expr[Any]) -> Self:
        """Read only these attributes, and the key; the other fields raise NotLoaded. It saves transfer, not units.

        Raises UsageError for a part of an attribute.
        """
        paths = tuple(path_of(each) for each in attributes)
        nested = next((path for path in paths if len(path.parts) > 1 or path.is_size), None)
        if nested is not None:
            raise UsageError(f"only() takes whole attributes, and {nested} is a part of one.")
        return self._with(only=(*self._state.only, *paths))

    def descending(self) -> Self:
        """By the sort key from the largest on. Raises UsageError for a scan, which has no order."""
        if self._state.is_scan:
            raise UsageError("A scan has no order.", hint="use a query, or sorted()")
        return self._with(is_descending=True)

    def limit(self, items: int) -> Self:
        """At most so many items. It counts items that are given, not items that are read for a filter.

        Raises UsageError for what is not a whole number, and for a negative one.
        """
        if type(items) is not int or items < 0:
            raise UsageError(f"{items!r} is not a valid limit: a limit is a whole number from 0 on.")
        return self._with(limit=items)

    def consistent(self) -> Self:
        """Read what every write before it has left, at twice the units. Raises UsageError on a global index."""
        query = self._with(is_consistent=True)
        query.explain()  # it raises now, before anything is sent
        return query

    def page(self, cursor: str | None = None, *, items: int = PAGE_ITEMS) -> ModelPage[M]:
        """The next ``items`` items after ``cursor``. Fewer only at the end, where the cursor of the page is None.

        Raises UsageError for a cursor of another query and for a scan in segments, ScanNeeded as `explain` does.
        """
        if items < 1:
            raise UsageError(f"{items} is not a valid number of items for a page: it is at least 1.")
        if self._state.segments > 1:
            raise UsageError("A scan in segments has no pages with a cursor.", hint="iterate, or scan without segments")
        if self._state.limit is not None:
            raise UsageError(
                "A page of a query with a limit has two numbers of items.", hint="use page(items=...) alone"
            )
        plan, request = self._request()
        read, steps = self._reader(plan), self._steps(plan)
        start = None if cursor is None else read_cursor(self._bound(request), cursor)
        given: list[M] = []
        last: dict[str, Any] | None = None
        scanned, units = 0, 0.0
        for page in self._pages(plan, request, start, items):
            scanned, units = scanned + page.scanned, units + page.units
            taken = page.items[: items - len(given)]
            given += self._with_related(taken, read, steps)
            last = page.last_key
            if len(taken) < len(page.items):  # the cursor goes on after the last that is given
                item = _decode(taken[-1])
                last = {name: item[name] for name in plan.key}
            if len(given) == items:
                break
        next_cursor = None if last is None else write_cursor(self._bound(request), last)
        return ModelPage(given, next_cursor, scanned, units)

    def first(self) -> M | None:
        """The first item, or None. Raises ScanNeeded and UsageError as `explain` does."""
        return next(iter(self._at_most(1)), None)

    def one(self) -> M:
        """The only item.

        Raises ItemNotFound where there is none, DataError where there are several, ScanNeeded and UsageError as
        `explain` does.
        """
        found = list(self._at_most(2))
        if not found:
            raise ItemNotFound(f"No {self._name} in {self._table} fits the query.")
        if len(found) > 1:
            raise DataError(f"Several items of {self._name} in {self._table} fit the query.", hint="use first()")
        return found[0]

    def exists(self) -> bool:
        """Whether there is an item. Raises ScanNeeded and UsageError as `explain` does."""
        return self._with(include=()).first() is not None

    def count(self) -> int:
        """How many items there are, over all pages, up to ``limit``. It costs the units of reading them.

        Raises ScanNeeded and UsageError as `explain` does.
        """
        plan, request = self._request()
        request = {**request, "Select": "COUNT"}
        request.pop("ProjectionExpression", None)
        request = without_unused_names(request)
        operation, limit = "Scan" if plan.key_condition is None else "Query", self._state.limit
        if limit == 0:
            return 0
        count = 0
        for found in self._in_segments(lambda sent: counts_of(self._items, operation, self._table, sent), request):
            count += found
            if limit is not None and count >= limit:
                return limit
        return count

    def explain(self) -> QueryExplanation:
        """How it would read; nothing is sent.

        Raises ScanNeeded where no key fits, UsageError for an index that the class does not have, and where a global
        index would have to be read consistently.
        """
        plan, request = self._request()
        return QueryExplanation(
            operation="Scan" if plan.key_condition is None else "Query",
            table=self._table,
            index=plan.index,
            key_condition=readable(request, "KeyConditionExpression"),
            filter=readable(request, "FilterExpression"),
            consistent=self._state.is_consistent,
            includes=explain_include(self._context, self._steps(plan), self._state.limit),
        )

    def filter(self, keep: Callable[[M], bool]) -> Iterator[M]:
        """The items for which ``keep`` is true, looked at here: for what DynamoDB cannot compare."""
        return (item for item in self if keep(item))

    def sorted(self, by: Callable[[M], Any], *, limit: int, descending: bool = False) -> list[M]:
        """The first ``limit`` items by ``by``. Reads all of them and holds ``limit``."""
        pick = heapq.nlargest if descending else heapq.nsmallest
        return pick(limit, self, key=by)

    # --- how

    def _at_most(self, items: int) -> Self:
        """The same up to so many items, or to the limit that it has."""
        return self.limit(items if self._state.limit is None else min(items, self._state.limit))

    def _with(self, **changes: Any) -> Self:
        return type(self)(self._context, self._models, replace(self._state, **changes))

    def _plan(self) -> QueryPlan:
        state, codecs = self._state, [codec_of(model) for model in self._models]
        if len(codecs) > 1:
            return plan_collection(codecs, state.conditions, state.index, deleted=state.deleted)
        if state.is_scan:
            return plan_scan(codecs[0], state.conditions, deleted=state.deleted)
        return plan_query(codecs[0], state.conditions, state.index, deleted=state.deleted)

    def _request(self) -> tuple[QueryPlan, dict[str, Any]]:
        state = self._state
        plan = self._plan()
        if state.is_consistent and plan.is_global:
            raise UsageError(
                f"The global index {plan.index} cannot be read consistently.", hint="read the table by its own key"
            )
        projection = self._projection(plan) if state.only else ()
        request: dict[str, Any] = dict(
            request_expressions(*self._models, key=plan.key_condition, filter=plan.filter, projection=projection)
        )
        if plan.index:
            request["IndexName"] = plan.index
        if state.is_descending:
            request["ScanIndexForward"] = False
        if state.is_consistent:
            request["ConsistentRead"] = True
        return plan, request

    def _steps(self, plan: QueryPlan) -> tuple[IncludeStep, ...]:
        """How the relations of its items are read."""
        if not self._state.include:
            return ()
        return plan_include(
            self._models,
            self._state.include,
            attributes=self._attributes(plan),
            is_contiguous=plan.key_condition is not None and not plan.index and not plan.has_conditions,
            is_consistent=self._state.is_consistent,
        )

    def _with_related(
        self, raws: Sequence[RawItem], read: Callable[[dict[str, Any]], M], steps: tuple[IncludeStep, ...]
    ) -> list[M]:
        """The instances of items, with what their relations lead to."""
        items = [read(_decode(raw)) for raw in raws]
        include(self._context, items, steps, self._state.is_consistent)
        return items

    def _projection(self, plan: QueryPlan) -> tuple[ExprPath, ...]:
        """What is read: the attributes that were named, the keys that a cursor needs, and what says the entity."""
        names = [*plan.key]
        for schema in (codec_of(model).schema for model in self._models):
            names += [schema.fields[name].attribute for name in schema.key_fields]
            # The version too, so that a part can be written; it costs nothing more.
            names += [*schema.held_attributes, *(each.attribute for each in schema.stamped("version"))]
        names += [each.own.attribute for relation in self._state.include for each in link_of(relation).fields]
        return (*(ExprPath(self._models[0], (name,)) for name in names), *self._state.only)

    def _attributes(self, plan: QueryPlan) -> frozenset[str] | None:
        """The attributes that are read; None where all are."""
        if not self._state.only:
            return plan.attributes
        named = frozenset(str(path.parts[0]) for path in self._projection(plan))
        return named if plan.attributes is None else named & plan.attributes

    def _reader(self, plan: QueryPlan) -> Callable[[dict[str, Any]], M]:
        attributes = self._attributes(plan)
        readers = [self._context.reader(model, attributes) for model in self._models]
        if len(readers) == 1:
            return readers[0]
        schemas = [codec_of(model).schema for model in self._models]
        by_entity = {schema.entity: read for schema, read in zip(schemas, readers, strict=True)}
        entity = schemas[0].entity_attribute
        return lambda tree: by_entity[tree[entity]["S"]](tree)

    def _pages(
        self, plan: QueryPlan, request: dict[str, Any], start: dict[str, Any] | None, items: int | None
    ) -> Iterator[ItemsPage]:
        """Pages up to the end, of which ``items`` items are wanted (None: all)."""
        if items == 0:
            return iter(())
        if items is not None and plan.filter is None:
            request = {**request, "Limit": max(_PAGE_ITEMS_MIN, min(items, 1000))}
        operation = "Scan" if plan.key_condition is None else "Query"
        return self._in_segments(lambda sent: pages_of(self._items, operation, self._table, sent, start), request)

    def _in_segments(self, read: Callable[[dict[str, Any]], Iterator[R]], request: dict[str, Any]) -> Iterator[R]:
        """What ``read`` gives for a request, or for the request of each segment, at once."""
        total = self._state.segments
        if total == 1:
            return read(request)
        return parallel_results(lambda segment: read({**request, "Segment": segment, "TotalSegments": total}), total)

    def _bound(self, request: dict[str, Any]) -> dict[str, Any]:
        return {**request, "TableName": self._table, "Model": self._places()}

    def _places(self) -> str:
        return ", ".join(codec_of(model).schema.place for model in self._models)

    @property
    def _name(self) -> str:
        return " or ".join(model.__name__ for model in self._models)
