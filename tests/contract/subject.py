"""What a behaviour is tried on: clients of one engine, names that nobody else uses, and waits that poll."""

import contextlib
import itertools
import os
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

WAIT_SECONDS_MAX = float(os.environ.get("DYNASMITH_TEST_WAIT_SECONDS_MAX", "120"))
"""An engine on this machine is quick, but the machine may be busy; give a real account ten minutes."""

_names = itertools.count(1)


class AcceptedFinding(AssertionError):
    """The engine accepted what the service refuses."""


class Subject:
    """One engine. ``db`` is its DynamoDB client, ``client(service)`` another one, ``create`` makes a table."""

    def __init__(self, name: str, endpoint: str | None, region: str = "us-east-1") -> None:
        self.name = name
        self.endpoint = endpoint
        self.region = region
        self._clients: dict[tuple[str, str], Any] = {}
        self._tables: list[str] = []
        self.db = self.client("dynamodb")

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of the engine, with credentials that mean nothing where it is an engine on this machine."""
        key = (service, region or self.region)
        if key not in self._clients:
            made: Any = boto3.client(
                service,  # type: ignore[call-overload]
                endpoint_url=self.endpoint,
                region_name=key[1],
                config=Config(retries={"total_max_attempts": 1}),
                **({"aws_access_key_id": "test", "aws_secret_access_key": "test"} if self.endpoint else {}),
            )
            self._clients[key] = made
        return self._clients[key]

    def name_of_table(self) -> str:
        """A table name that nobody has used."""
        prefix = os.environ.get("DYNASMITH_TEST_PREFIX", "contract-")
        name = f"{prefix}{next(_names)}-{uuid.uuid4().hex[:8]}"
        self._tables.append(name)
        return name

    def create(self, *, sort: bool = False, wait: bool = True, **more: Any) -> str:
        """A table with partition key pk (and sort key sk), on demand; ``more`` are parameters of CreateTable."""
        name = self.name_of_table()
        types = {"pk": "S"} | ({"sk": "S"} if sort else {}) | more.pop("types", {})
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}]
        keys += [{"AttributeName": "sk", "KeyType": "RANGE"}] if sort else []
        request = {
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": kind} for key, kind in types.items()],
            "KeySchema": keys,
            "BillingMode": "PAY_PER_REQUEST",
        }
        self.db.create_table(**(request | more))
        if wait:
            self.until_active(name)
        return name

    def describe(self, name: str) -> dict[str, Any]:
        """DescribeTable."""
        described: dict[str, Any] = self.db.describe_table(TableName=name)["Table"]
        return described

    def until_active(self, name: str) -> dict[str, Any]:
        """Wait until the table and every index of it are ACTIVE."""

        def active() -> bool:
            table = self.describe(name)
            indexes = table.get("GlobalSecondaryIndexes", [])
            return table["TableStatus"] == "ACTIVE" and all(index["IndexStatus"] == "ACTIVE" for index in indexes)

        until(active)
        return self.describe(name)

    def put(self, table: str, count: int, **more: Any) -> None:
        """Items with keys k0000, k0001, ... and the attributes ``more``."""
        for start in range(0, count, 25):
            keys = [f"k{number:04}" for number in range(start, min(start + 25, count))]
            requests = [{"PutRequest": {"Item": {"pk": {"S": key}, **more}}} for key in keys]
            self.db.batch_write_item(RequestItems={table: requests})

    def close(self) -> None:
        """Close the clients; delete what was made where the engine does not end with the session."""
        for name in self._tables if self.name == "external" else ():
            with contextlib.suppress(ClientError):  # deleted already, never made
                self.db.delete_table(TableName=name)
        for client in self._clients.values():
            client.close()


def until(done: Callable[[], bool]) -> None:
    """Return once ``done`` says so; AssertionError when it does not."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not done():
        assert time.monotonic() < deadline, f"not so within {WAIT_SECONDS_MAX:.0f} s"
        time.sleep(0.02)


def refused(call: Callable[..., Any], code: str, **request: Any) -> dict[str, Any]:
    """The answer of a call that must be refused with that error code."""
    try:
        call(**request)
    except ClientError as error:
        answer: dict[str, Any] = dict(error.response)
    else:
        raise AcceptedFinding(f"{code} was expected, and the call was accepted")
    said = answer["Error"]
    assert said["Code"] == code, f"refused with {said['Code']} ({said.get('Message')}), not with {code}"
    return answer


def index(name: str, key: str, **more: Any) -> dict[str, Any]:
    """A GSI on one attribute, with all attributes."""
    schema = [{"AttributeName": key, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}, **more}
