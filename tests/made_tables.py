"""Tables that a test makes and that are gone after it: each with a name of its own, keys are strings."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

MakeTable = Callable[..., str]


def tables_made(client: Any, prefix: str) -> Iterator[MakeTable]:
    """For a fixture: ``make("pk", "sk")`` creates a table and gives its name."""
    made: list[str] = []

    def make(partition: str = "pk", sort: str | None = None) -> str:
        name = f"{prefix}-{uuid.uuid4().hex[:12]}"
        keys = [partition] if sort is None else [partition, sort]
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        made.append(name)
        return name

    yield make
    for name in made:
        client.delete_table(TableName=name)
