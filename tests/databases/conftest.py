"""The servers of these tests, begun at most once a worker. DYNASMITH_TEST_SQL=required fails where one is absent."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from databases.servers import Absent, Server, mariadb, postgres
from item_stories.conftest import served, story


@contextmanager
def _present(begin: Callable[[], AbstractContextManager[Server]]) -> Iterator[Server]:
    try:
        server = begin()
        running = server.__enter__()
    except Absent as error:
        if os.environ.get("DYNASMITH_TEST_SQL") == "required":
            pytest.fail(str(error))
        pytest.skip(str(error))
    try:
        yield running
    finally:
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL that lives as long as the session."""
    with _present(postgres) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    """A MariaDB that lives as long as the session."""
    with _present(mariadb) as server:
        yield server


__all__ = ["mariadb_server", "postgres_server", "served", "story"]
