"""`Query`: the items of a class that conditions choose, page by page, as instances."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Literal, Self, TypeVar

import msgspec

from dynasmith.engine.db.context import DbContext
from dynasmith.errors import DataError, ItemNotFound, UsageError
from dynasmith.models.condition import ModelCondition
from dynasmith.models.cursor import read_cursor, write_cursor
from dynasmith.models.expression import Expr, path_of
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.models.model_index import ModelIndex
from dynasmith.models.operand import ExprPath
from dynasmith.models.query_plan import QueryPlan, plan_query, plan_scan
from dynasmith.ports.model_items import ItemsPage

M = TypeVar("M", bound=Model)
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode
PAGE_ITEMS = 100
"""Items of ``Query.page`` where nothing else is asked for."""
_PAGE_ITEMS_MIN = 2
"""A page of one item costs a round trip an item."""


@dataclass(frozen=True, slots=True)
class ModelPage(Generic[M]):
    """Items of a query; ``cursor`` continues after the last of them, None where there are no more.

    ``scanned`` is how many items were read for it, ``units`` the read units that this cost.
    """

    items: list[M]
    cursor: str | None
    scanned: int
    units: float


@dataclass(frozen=True, slots=True)
class QueryExplanation:
    """How a query reads: ``operation`` on ``table``, by ``index`` (empty: the table's key), with these expressions."""

    operation: Literal["Query", "Scan"]
    table: str
    index: str
    key_condition: str
    filter: str
    consistent: bool


@dataclass(frozen=True, slots=True)
class QueryState:
    """What a query is made of."""

    conditions: tuple[ModelCondition, ...]
    is_scan: bool = False
    index: ModelIndex | None = None
    only: tuple[ExprPath, ...] = ()
    is_descending: bool = False
    limit: int | None = None
    is_consistent: bool = False
    deleted: bool = False


class Query(Generic[M]):
    """The items of a class in a table that conditions choose. Each method gives a new query; nothing is sent before
    items are asked for. Iterating reads page after page and holds one of them."""

    def __init__(self, context: DbContext, model: type[M], state: QueryState) -> None:
        self._context, self._model, self._state = context, model, state
        self._items, self._table = context.items, context.table(model)

    def __iter__(self) -> Iterator[M]:
        """The items in the order of the sort key. Costs the reading of each page when it is reached."""
        plan, request = self._request()
        read = self._reader(plan)
        left = self._state.limit
        for page in self._pages(plan, request, None, left):
            for raw in page.items:
                if left == 0:
                    return
                left = None if left is None else left - 1
                yield read(_decode(raw))
            if left == 0:
                return

    def where(self, *conditions: ModelCondition) -> Self:
        """The same query with more conditions, all of which must hold."""
        return self._with(conditions=(*self._state.conditions, *conditions))

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

        Raises UsageError for a negative number.
        """
        if items < 0:
            raise UsageError(f"{items} is not a valid limit: a limit is 0 or more.")
        return self._with(limit=items)

    def consistent(self) -> Self:
        """Read what every write before it has left, at twice the units. Raises UsageError on a global index."""
        query = self._with(is_consistent=True)
        query.explain()  # it raises now, before anything is sent
        return query

    def page(self, cursor: str | None = None, *, items: int = PAGE_ITEMS) -> ModelPage[M]:
        """The next ``items`` items after ``cursor``. Fewer only at the end, where the cursor of the page is None.

        Raises UsageError for a cursor of another query.
        """
        if items < 1:
            raise UsageError(f"{items} is not a valid number of items for a page: it is at least 1.")
        if self._state.limit is not None:
            raise UsageError(
                "A page of a query with a limit has two numbers of items.", hint="use page(items=...) alone"
            )
        plan, request = self._request()
        read = self._reader(plan)
        start = None if cursor is None else read_cursor(self._bound(request), cursor)
        given: list[M] = []
        last: dict[str, Any] | None = None
        scanned, units = 0, 0.0
        for page in self._pages(plan, request, start, items):
            scanned, units = scanned + page.scanned, units + page.units
            taken = page.items[: items - len(given)]
            given += [read(_decode(raw)) for raw in taken]
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
        return next(iter(self.limit(1)), None)

    def one(self) -> M:
        """The only item.

        Raises ItemNotFound where there is none, DataError where there are several, ScanNeeded and UsageError as
        `explain` does.
        """
        found = list(self.limit(2))
        if not found:
            raise ItemNotFound(f"No {self._model.__name__} in {self._table} fits the query.")
        if len(found) > 1:
            raise DataError(
                f"Several items of {self._model.__name__} in {self._table} fit the query.", hint="use first()"
            )
        return found[0]

    def exists(self) -> bool:
        """Whether there is an item. Raises ScanNeeded and UsageError as `explain` does."""
        return self.first() is not None

    def count(self) -> int:
        """How many items there are, over all pages, up to ``limit``. It costs the units of reading them.

        Raises ScanNeeded and UsageError as `explain` does.
        """
        plan, request = self._request()
        request = {**request, "Select": "COUNT"}
        request.pop("ProjectionExpression", None)
        request = self._without_unused_names(request)
        count, start = 0, None
        limit = self._state.limit
        while limit is None or count < limit:
            sent = request if start is None else {**request, "ExclusiveStartKey": start}
            answer = self._items.call("Scan" if plan.key_condition is None else "Query", self._table, sent)
            count += int(answer["Count"])
            start = answer.get("LastEvaluatedKey")
            if not start:
                break
        return count if limit is None else min(count, limit)

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
            key_condition=_readable(request, "KeyConditionExpression"),
            filter=_readable(request, "FilterExpression"),
            consistent=self._state.is_consistent,
        )

    def filter(self, keep: Callable[[M], bool]) -> Iterator[M]:
        """The items for which ``keep`` is true, looked at here: for what DynamoDB cannot compare."""
        return (item for item in self if keep(item))

    def sorted(self, by: Callable[[M], Any], *, limit: int, descending: bool = False) -> list[M]:
        """The first ``limit`` items by ``by``. Reads all of them and holds ``limit``."""
        pick = heapq.nlargest if descending else heapq.nsmallest
        return pick(limit, self, key=by)

    # --- how

    def _with(self, **changes: Any) -> Self:
        return type(self)(self._context, self._model, replace(self._state, **changes))

    def _request(self) -> tuple[QueryPlan, dict[str, Any]]:
        codec, state = codec_of(self._model), self._state
        if state.is_scan:
            plan = plan_scan(codec, state.conditions, deleted=state.deleted)
        else:
            plan = plan_query(codec, state.conditions, state.index, deleted=state.deleted)
        if state.is_consistent and plan.is_global:
            raise UsageError(
                f"The global index {plan.index} cannot be read consistently.", hint="read the table by its own key"
            )
        projection = self._projection(plan) if state.only else ()
        request: dict[str, Any] = dict(
            request_expressions(self._model, key=plan.key_condition, filter=plan.filter, projection=projection)
        )
        if plan.index:
            request["IndexName"] = plan.index
        if state.is_descending:
            request["ScanIndexForward"] = False
        if state.is_consistent:
            request["ConsistentRead"] = True
        return plan, request

    def _projection(self, plan: QueryPlan) -> tuple[ExprPath, ...]:
        """What is read: the attributes that were named, the keys that a cursor needs, and what says the entity."""
        schema = codec_of(self._model).schema
        names = [*plan.key, *(schema.fields[name].attribute for name in schema.key_fields)]
        # The version too, so that a part can be written; it costs nothing more.
        names += [*schema.held_attributes, *(each.attribute for each in schema.stamped("version"))]
        return (*(ExprPath(self._model, (name,)) for name in names), *self._state.only)

    def _reader(self, plan: QueryPlan) -> Callable[[dict[str, Any]], M]:
        codec = codec_of(self._model)
        read: set[str] | frozenset[str] | None = plan.attributes
        if self._state.only:
            named = {str(path.parts[0]) for path in self._projection(plan)}
            read = named if read is None else named & read
        everything = {each.attribute for each in codec.schema.fields.values()}
        if read is None or everything <= read:
            return self._context.reader(self._model)
        return self._context.reader(self._model, frozenset(read))

    def _pages(
        self, plan: QueryPlan, request: dict[str, Any], start: dict[str, Any] | None, items: int | None
    ) -> Iterator[ItemsPage]:
        """Pages up to the end. An empty page is not the end; only a page without a last key is."""
        operation = "Scan" if plan.key_condition is None else "Query"
        if items is not None and plan.filter is None:
            request = {**request, "Limit": max(_PAGE_ITEMS_MIN, min(items, 1000))}
        if items == 0:
            return
        while True:
            sent = request if start is None else {**request, "ExclusiveStartKey": start}
            page = self._items.page(operation, self._table, sent)
            yield page
            if page.last_key is None:
                return
            start = page.last_key

    def _bound(self, request: dict[str, Any]) -> dict[str, Any]:
        return {**request, "TableName": self._table, "Model": codec_of(self._model).schema.place}

    def _without_unused_names(self, request: dict[str, Any]) -> dict[str, Any]:
        """DynamoDB refuses a name that no expression uses."""
        texts = " ".join(str(text) for name, text in request.items() if name.endswith("Expression"))
        names = request.get("ExpressionAttributeNames", {})
        used = {placeholder: name for placeholder, name in names.items() if placeholder in _words(texts)}
        request = {name: value for name, value in request.items() if name != "ExpressionAttributeNames"}
        return {**request, "ExpressionAttributeNames": used} if used else request


def _words(text: str) -> set[str]:
    for sign in "(),.[]=<>":
        text = text.replace(sign, " ")
    return set(text.split())


def _readable(request: dict[str, Any], member: str) -> str:
    """An expression with names and values in their places."""
    text = str(request.get(member, ""))
    for placeholder, tree in sorted(request.get("ExpressionAttributeValues", {}).items(), reverse=True, key=_place):
        ((_, content),) = tree.items()
        text = text.replace(placeholder, repr(content))
    for placeholder, name in sorted(request.get("ExpressionAttributeNames", {}).items(), reverse=True, key=_place):
        text = text.replace(placeholder, name)
    return text


def _place(entry: tuple[str, Any]) -> int:
    return int(entry[0][2:])
