"""The pages of a query or a scan, one after the other; an empty page is not the end, only one without a last key is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynasmith.ports.model_items import ItemsPage, ModelItems


def pages_of(
    items: ModelItems, operation: str, table: str, request: Mapping[str, Any], start: dict[str, Any] | None = None
) -> Iterator[ItemsPage]:
    """Pages of items after the item of the key ``start``. Each is asked for when it is reached."""
    while True:
        page = items.page(operation, table, request if start is None else {**request, "ExclusiveStartKey": start})
        yield page
        start = page.last_key
        if start is None:
            return


def counts_of(items: ModelItems, operation: str, table: str, request: Mapping[str, Any]) -> Iterator[int]:
    """How many items each page has, of a request that selects their number."""
    start = None
    while True:
        answer = items.call(operation, table, request if start is None else {**request, "ExclusiveStartKey": start})
        yield int(answer["Count"])
        start = answer.get("LastEvaluatedKey")
        if not start:
            return
