"""What the tests of the strict endpoint make again and again."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynasmith.strict import StrictServer

UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


def index(name: str, key: str = "a", projection: str = "ALL", **more: Any) -> dict[str, Any]:
    """A GSI with one partition key."""
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": projection},
        **more,
    }


def defined(*names: str, **types: str) -> list[dict[str, str]]:
    """Attribute definitions; type S where none is said."""
    return [{"AttributeName": n, "AttributeType": "S"} for n in names] + [
        {"AttributeName": n, "AttributeType": t} for n, t in types.items()
    ]


def create(client: Any, name: str = "tab", **more: Any) -> None:
    """CreateTable with the key pk and on-demand billing unless said otherwise."""
    body: dict[str, Any] = {
        "TableName": name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": defined("pk"),
        "BillingMode": "PAY_PER_REQUEST",
    }
    client.create_table(**{**body, **more})


def ready(server: StrictServer, client: Any, name: str = "tab", **more: Any) -> None:
    """A table that is ACTIVE and whose backups are ready."""
    create(client, name, **more)
    server.clock.advance(60)


def status(client: Any, name: str = "tab") -> str:
    """TableStatus."""
    return str(client.describe_table(TableName=name)["Table"]["TableStatus"])


def index_states(client: Any, name: str = "tab") -> dict[str, tuple[str, bool | None]]:
    """(IndexStatus, Backfilling) by index."""
    table = client.describe_table(TableName=name)["Table"]
    return {g["IndexName"]: (g["IndexStatus"], g.get("Backfilling")) for g in table.get("GlobalSecondaryIndexes", ())}


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    """(code, message) of the refusal that the call must meet."""
    with pytest.raises(ClientError) as met:
        call(**arguments)
    error: Mapping[str, Any] = met.value.response["Error"]
    return str(error["Code"]), str(error["Message"])
