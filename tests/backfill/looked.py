"""A transform with every kind of outcome, as another process imports it."""

from decimal import Decimal
from typing import Any

from dynasmith.items.transform import ItemRefused


def every_kind(item: Any, ctx: Any) -> None:
    """What it does depends on the attribute ``do``."""
    match item["do"]:
        case "nothing":
            return
        case "change":
            item["size"], item["parts"] = Decimal("1.5"), {"a"}
        case "remove":
            item.pop("old", None)
        case "diverge":
            item["size"] = item.get("size", 0) + 1
        case "dead":
            raise ItemRefused("it has no age.", hint="give it one", policy="dead")
        case "raise":
            raise ValueError("no such thing")
        case "key":
            item["pk"] = "another"
        case "large":
            item["text"] = "x" * 500_000
        case "index":
            item["email"] = 5
