"""A story about items: tables made in the engine itself, items of every kind, what a table holds as a digest."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from cli.story import Story, client_of
from dynasmith.items.digest import digest_items
from dynasmith.strict import StrictServer

WRITES = {
    "BatchWriteItem", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchExecuteStatement",
    "ExecuteStatement", "CreateTable", "UpdateTable", "DeleteTable", "UpdateTimeToLive", "TagResource",
}  # fmt: skip

# What tools lose: digits, empty strings, sets, binary, nulls, depth, odd names.
ODD: tuple[dict[str, Any], ...] = (
    {"pk": {"S": "digits"}, "n": {"N": "12345678901234567890123456789012345678"}, "small": {"N": "1E-130"}},
    {"pk": {"S": "minus"}, "n": {"N": "-0.00000000000000000000000000000000000001"}},
    {"pk": {"S": "sets"}, "s": {"SS": ["a", "b", ""]}, "n": {"NS": ["1", "2.5"]}, "b": {"BS": [b"\x00", b"\xff\xfe"]}},
    {"pk": {"S": "empty"}, "s": {"S": ""}, "b": {"B": b""}, "l": {"L": []}, "m": {"M": {}}},
    {"pk": {"S": "null"}, "z": {"NULL": True}, "no": {"BOOL": False}, "yes": {"BOOL": True}},
    {
        "pk": {"S": "deep"},
        "m": {"M": {"l": {"L": [{"M": {"n": {"N": "1.5"}, "z": {"NULL": True}}}, {"S": "ü\u2028"}]}}},
    },
    {"pk": {"S": 'quo"te,\n'}, "a.b": {"S": "dots"}, "size": {"N": "3"}, "Item": {"S": "a reserved word"}},
)


def wire(item: dict[str, Any]) -> bytes:
    """An item of boto3's low level as DynamoDB JSON."""
    return json.dumps(item, default=lambda raw: base64.b64encode(raw).decode()).encode()


def person(number: int) -> dict[str, Any]:
    """A small item with a name to split."""
    return {"pk": {"S": f"user-{number:05d}"}, "name": {"S": f"Ann{number} Lee"}, "n": {"N": str(number)}}


@dataclass
class ItemStory(Story):
    """A story behind the strict endpoint ``served``; tables are made in the engine, past it."""

    engine: str = ""
    served: StrictServer = field(kw_only=True)

    def make(self, *names: str, key: str = "pk", sort: str = "") -> None:
        """Tables with a string key."""
        keys = [key, sort] if sort else [key]
        for name in names:
            self.direct.create_table(
                TableName=name,
                AttributeDefinitions=[{"AttributeName": each, "AttributeType": "S"} for each in keys],
                KeySchema=[{"AttributeName": a, "KeyType": k} for a, k in zip(keys, ("HASH", "RANGE"), strict=False)],
                BillingMode="PAY_PER_REQUEST",
            )

    def put(self, name: str, *items: dict[str, Any]) -> None:
        """Items, written by boto3."""
        for start in range(0, len(items), 25):
            requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            assert not self.direct.batch_write_item(RequestItems={name: requests})["UnprocessedItems"]

    def people(self, name: str, count: int) -> None:
        """A table with so many people."""
        self.make(name)
        self.put(name, *(person(number) for number in range(count)))

    def items(self, name: str) -> list[dict[str, Any]]:
        """What a table holds, read by boto3."""
        pages = self.direct.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def digest(self, name: str) -> str:
        """The digest of what a table holds, read by boto3."""
        return str(digest_items([wire(item) for item in self.items(name)]))

    def wrote(self) -> list[str]:
        """The calls that reached the strict endpoint and change something."""
        return [call.operation for call in self.served.journal if call.operation in WRITES]

    @property
    def direct(self) -> Any:
        """A client of the engine, past the strict endpoint."""
        if not self._clients:
            self._clients.append(client_of(self.engine, self.account))
        return self._clients[0]
