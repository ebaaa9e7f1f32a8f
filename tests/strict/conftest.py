"""A strict endpoint of its own for each test, and clients that see each refusal."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from dynasmith.strict import StrictServer

_accounts = itertools.count(100_000_000_001)


@pytest.fixture
def server(ministack_endpoint: str) -> Iterator[StrictServer]:
    with StrictServer(ministack_endpoint) as running:
        yield running


@pytest.fixture
def account() -> str:
    """An account that no other test uses: ministack takes a 12-digit access key as one."""
    return str(next(_accounts))


@pytest.fixture
def client_of(account: str) -> Callable[..., Any]:
    """A boto3 client of an endpoint that retries nothing, so that a test sees each refusal."""

    def make(endpoint: str, service: str = "dynamodb", **options: Any) -> Any:
        config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, **options)
        return boto3.client(  # type: ignore[call-overload]  # the service is an argument here
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=account,
            aws_secret_access_key="secret",
            config=config,
        )

    return make


@pytest.fixture
def client(server: StrictServer, client_of: Callable[..., Any]) -> Any:
    return client_of(server.endpoint)
