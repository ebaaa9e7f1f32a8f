"""One engine for the flow's tests, a client of it, tables of their own."""

from collections.abc import Iterator
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from flow.kit import MakeTable, client_of
from made_tables import tables_made


@pytest.fixture(scope="session")
def client(ministack_endpoint: str) -> Iterator[Any]:
    client = client_of(ministack_endpoint)
    yield client
    client.close()


@pytest.fixture
def make_table(client: Any) -> Iterator[MakeTable]:
    """Makes a table of one name of its own: ``make_table("pk", "sk")``, keys are strings."""
    yield from tables_made(client, "flow")


@pytest.fixture
def strict(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint on the real clock, without capacity but where a test throttles."""
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        yield server


@pytest.fixture
def there(strict: StrictServer) -> Iterator[Any]:
    """A client of the strict endpoint: what it does meets the faults."""
    client = client_of(strict.endpoint)
    yield client
    client.close()
