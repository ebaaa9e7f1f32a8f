"""One engine behind a strict endpoint for each test, and tables of their own."""

from collections.abc import Iterator
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from flow.kit import MakeTable, client_of
from made_tables import tables_made


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
    yield from tables_made(client, "backfill")
