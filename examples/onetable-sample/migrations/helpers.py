"""What several migrations of the sample need."""

from collections.abc import MutableMapping
from typing import Any

TABLE = "SampleTable"
STOCK = "stock.jsonl"


def with_status(item: MutableMapping[str, Any], ctx: object) -> MutableMapping[str, Any] | None:
    """A user has a status from 0.1.3 on; accounts have none."""
    del ctx
    if item["_type"] != "User" or "status" in item:
        return None
    item["status"] = "active"
    return item
