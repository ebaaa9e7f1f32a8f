"""What a case of the table of requests is, and how one is sent: the bare request, which no client checks before."""

import http.client
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VALIDATION = "ValidationException"
SERIALIZATION = "SerializationException"
NOT_FOUND = "ResourceNotFoundException"
CONDITION = "ConditionalCheckFailedException"
ACCEPTED = ""
NO_ANSWER = "no answer"
API = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"


@dataclass(frozen=True, slots=True)
class RequestCase:
    """A request and the error code that the service answers it with ("" for none). ``source`` is the page that says so.

    In ``body`` "$items" and "$sorted" stand for the names of the two tables of ``tables``.
    """

    name: str
    operation: str
    body: Mapping[str, Any]
    code: str
    source: str


def tables(prefix: str) -> dict[str, dict[str, Any]]:
    """The CreateTable of the two tables, by what stands for them."""
    types = {name: {"AttributeName": name, "AttributeType": "S"} for name in "abcd"}

    def keys(*names: str) -> list[dict[str, str]]:
        return [{"AttributeName": name, "KeyType": role} for name, role in zip(names, ("HASH", "RANGE"), strict=False)]

    def index(name: str, projection: str, *names: str, **more: Any) -> dict[str, Any]:
        return {"IndexName": name, "KeySchema": keys(*names), "Projection": {"ProjectionType": projection, **more}}

    return {
        "$items": {
            "TableName": f"{prefix}items",
            "AttributeDefinitions": [types["a"]],
            "KeySchema": keys("a"),
            "BillingMode": "PAY_PER_REQUEST",
        },
        "$sorted": {
            "TableName": f"{prefix}sorted",
            "AttributeDefinitions": list(types.values()),
            "KeySchema": keys("a", "b"),
            "LocalSecondaryIndexes": [
                index("local_c", "ALL", "a", "c"),
                index("local_d", "INCLUDE", "a", "d", NonKeyAttributes=["e"]),
            ],
            "GlobalSecondaryIndexes": [index("global_c", "ALL", "c"), index("global_d", "KEYS_ONLY", "c", "d")],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }


ITEMS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "$items",
        {
            "a": {"S": "one"},
            "n": {"N": "7"},
            "s": {"S": "text"},
            "tags": {"SS": ["red", "blue"]},
            "l": {"L": [{"N": "1"}, {"S": "two"}]},
            "m": {"M": {"in": {"S": "side"}}},
        },
    ),
    ("$sorted", {"a": {"S": "one"}, "b": {"S": "b1"}, "c": {"S": "c1"}, "d": {"S": "d1"}, "e": {"S": "e1"}}),
    ("$sorted", {"a": {"S": "one"}, "b": {"S": "b2"}, "c": {"S": "c1"}, "f": {"S": "f1"}}),
)
_requests = itertools.count(1)


class CaseClient:
    """Sends cases to one engine, with the tables of a prefix."""

    def __init__(self, endpoint: str, prefix: str, access_key: str = "test") -> None:
        self._connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=300)
        self._access_key = access_key
        self._names = {stand_in: body["TableName"] for stand_in, body in tables(prefix).items()}

    def send(self, operation: str, body: Any) -> tuple[int, dict[str, Any]]:
        """(HTTP status, JSON of the answer); an answer that is no JSON is {}."""
        text = json.dumps(body)
        for stand_in, name in self._names.items():
            text = text.replace(f'"{stand_in}"', f'"{name}"')
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": f"DynamoDB_20120810.{operation}",
            "x-amz-date": "20260101T000000Z",
            "authorization": f"AWS4-HMAC-SHA256 Credential={self._access_key}/20260101/us-east-1/dynamodb/aws4_request"
            f", SignedHeaders=host;x-amz-date;x-amz-target, Signature={next(_requests):064x}",
        }
        self._connection.request("POST", "/", text, headers)
        reply = self._connection.getresponse()
        try:
            value = json.loads(reply.read())
        except ValueError:
            value = {}
        return reply.status, value if isinstance(value, dict) else {}

    def code(self, case: RequestCase) -> str:
        """The error code that a case is answered with, "" for none; with the status where that is not 200 or 400, and
        NO_ANSWER where nothing came.
        """
        try:
            status, value = self.send(case.operation, case.body)
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next request opens another
            return NO_ANSWER
        code = str(value.get("__type", "")).rpartition("#")[2]
        return code if status in {200, 400} else f"{status} {code}"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
