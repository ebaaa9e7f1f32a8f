"""One engine behind a strict endpoint for each test, and tables of their own."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from dynasmith.local.strict import StrictServer
from flow.kit import MakeTable, client_of


@pytest.fixture(scope="session")
def client(ministack_endpoint: str) -> Iterator[Any]:
    """A client of the engine itself: what a test prepares and looks at does not meet the faults."""
    client = client_of(ministack_endpoint)
    yield client
    client.close()


@pytest.fixture
def strict(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint on the real clock, without capacity but where a test throttles."""
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        yield server


@pytest.fixture
def there(strict: StrictServer) -> Iterator[Any]:
    """A client of the strict endpoint."""
    client = client_of(strict.endpoint)
    yield client
    client.close()


@pytest.fixture
def make_table(client: Any) -> Iterator[MakeTable]:
    """Makes a table of one name of its own, with a sort key where one is asked for."""
    made: list[str] = []

    def make(partition: str = "pk", sort: str | None = None) -> str:
        name = f"backfill-{uuid.uuid4().hex[:12]}"
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
