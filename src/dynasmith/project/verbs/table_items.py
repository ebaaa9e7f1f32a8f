"""Whether a table has items now."""

from __future__ import annotations

from dynasmith.project.world import World


def has_items(world: World, table: str) -> bool:
    """Whether a table (physical name) has an item now. One strong read of at most one item."""
    found = world.session.call(
        "dynamodb", "Scan", {"TableName": table, "Limit": 1, "ConsistentRead": True}, table=table
    )
    return bool(found["Items"])
