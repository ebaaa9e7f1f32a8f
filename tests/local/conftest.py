"""A kept engine for one test, ended whatever happens, and clients for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from dynasmith.local import persistent_engine as kept

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder for a kept engine, which is stopped when the test ends."""
    place = tmp_path / "engine"
    yield place
    kept.stop(folder=place)


@pytest.fixture
def client_of() -> "Iterator[Callable[[str], DynamoDBClient]]":
    """A function from an endpoint to a boto3 client, which is closed when the test ends."""
    made: list[DynamoDBClient] = []

    def make(endpoint: str) -> "DynamoDBClient":
        client = boto3.client(
            "dynamodb",
            endpoint_url=endpoint,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def new_table() -> "Callable[[DynamoDBClient, str], None]":
    """A function that creates a table with the partition key ``pk``."""

    def create(client: "DynamoDBClient", name: str) -> None:
        client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    return create
