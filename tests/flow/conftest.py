"""One engine for the flow's tests, a client of it, tables of their own."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from flow.kit import MakeTable, client_of


@pytest.fixture(scope="session")
def client(ministack_endpoint: str) -> Iterator[Any]:
    client = client_of(ministack_endpoint)
    yield client
    client.close()


@pytest.fixture
def make_table(client: Any) -> Iterator[MakeTable]:
    """Makes a table of one name of its own: ``make_table("pk", "sk")``, keys are strings."""
    made: list[str] = []

    def make(partition: str = "pk", sort: str | None = None) -> str:
        name = f"flow-{uuid.uuid4().hex[:12]}"
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
