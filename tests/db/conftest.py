"""One strict endpoint with the tables of the classes, for the whole session; each test has keys of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import boto3
import pytest

from db.shop import Customer, Draft, Event, Note, Person, Sale, Team
from dynasmith import Db, Project, connect
from dynasmith.models import tables_of
from dynasmith.strict import StrictServer

_numbers = count(1)


@pytest.fixture(scope="session")
def endpoint(ministack_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint."""
    with StrictServer(ministack_endpoint) as server:
        yield server


@pytest.fixture(scope="session")
def project(endpoint: StrictServer) -> Iterator[Project]:
    """A project whose tables are there, on the endpoint's clock."""
    tables = tables_of(Customer, Sale, Team, Draft, Event, Person, Note)
    made = connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock)
    with made as project:
        project.ensure()
        yield project


@pytest.fixture
def db(project: Project) -> Db:
    """What is tested."""
    return project.db()


@pytest.fixture
def name() -> str:
    """A key of the test's own."""
    return f"key-{next(_numbers)}"


@pytest.fixture(scope="session")
def client(endpoint: StrictServer, project: Project) -> Iterator[Any]:
    """boto3, to look at what is stored, and to write as another program does."""
    made = boto3.client(
        "dynamodb",
        endpoint_url=endpoint.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield made
    made.close()
