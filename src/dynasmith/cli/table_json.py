"""A live table as programs read it."""

from typing import Any

import msgspec
from msgspec import UnsetType

from dynasmith.tables.description import TableDescription


def table_json(description: TableDescription, defined: str) -> dict[str, Any]:
    """{name, status, billing_mode, item_count_estimate, size_bytes_estimate, arn, defined}."""
    billing = description.table.billing
    return {
        "name": description.table.name,
        "status": description.status,
        "billing_mode": None if isinstance(billing, UnsetType) else str(billing),
        "item_count_estimate": description.item_count_estimate,
        "size_bytes_estimate": description.size_bytes_estimate,
        "arn": description.arn,
        "defined": defined,
    }


def description_json(description: TableDescription, defined: str) -> dict[str, Any]:
    """The same, with every setting, the states of indexes and replicas, and what could not be read."""
    whole = msgspec.to_builtins(description)
    return table_json(description, defined) | {
        "created_at": description.created_at,
        "settings": whole["table"],
        "indexes": whole["indexes"],
        "replicas": whole["replicas"],
        "stream_arn": description.stream_arn or None,
        "unread": description.unread,
        "notices": list(description.notices),
    }
