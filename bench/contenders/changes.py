"""The transform of the benchmarks, in a module that imports nothing, so that a worker elsewhere can load it."""

from typing import Any


def lazy(item: Any, _ctx: Any) -> Any:
    """Three attributes read, changed, written."""
    item["age"] = item["age"] + 1
    item["name"] = item["name"].upper()
    item["updated_at"] = item["updated_at"] + 1
    return item
