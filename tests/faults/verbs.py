"""The verbs that meet the faults: what each begins with, how it is called, what must be there in the end.

What is there is read by boto3 and by the ``json`` and ``csv`` modules, item by item. Nothing of dynasmith judges.
"""

import base64
import csv
import gzip
import json
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

ITEMS = 46
PAGE = 4
"""Items of a page, as ``--batch-size`` asks for them."""
VERIFIED_PAGE = 2
"""Items of a page of a verification, which has eight segments and no such option: three pages each and more."""
Items = dict[str, dict[str, Any]]


def item_of(number: int) -> dict[str, Any]:
    """An item with what is easily lost; every third has a NULL, which no statement can be conditional on."""
    item: dict[str, Any] = {
        "pk": {"S": f"key-{number:04d}"},
        "n": {"N": str(number)},
        "name": {"S": f'Zürich "{number}"'},
        "m": {"M": {"l": {"L": [{"N": "1.5"}, {"B": b"\x00\xff"}]}, "s": {"SS": ["a", "b"]}}},
    }
    if number % 3 == 0:
        item["legacy"] = {"NULL": True}
    return item


def needs_update(key: str) -> bool:
    """Whether a backfill writes the item of this key by UpdateItem: it is conditional on a NULL."""
    return int(key[-4:]) % 3 == 0


@dataclass
class World:
    """A folder, an engine behind the fault proxy, and a boto3 client that goes past it."""

    folder: Path
    client: Any
    _source: str = ""
    _order: list[str] = field(default_factory=list)

    def table(self, *items: dict[str, Any]) -> str:
        """A new table with these items; its name."""
        name = f"t{uuid4().hex[:12]}"
        self.client.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for start in range(0, len(items), 25):
            requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            assert not self.client.batch_write_item(RequestItems={name: requests})["UnprocessedItems"]
        return name

    def items(self, table: str) -> Items:
        """What a table holds."""
        pages = self.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        return keyed(item for page in pages for item in page["Items"])

    @property
    def source(self) -> str:
        """A table of ITEMS items that no verb changes."""
        if not self._source:
            self._source = self.table(*map(item_of, range(ITEMS)))
            self._order = list(self.items(self._source))
        return self._source

    @property
    def order(self) -> list[str]:
        """The keys of ``source`` in the order of its scan."""
        assert self.source
        return self._order


def keyed(items: Iterator[dict[str, Any]]) -> Items:
    """Items by their key; twice the same key is an error of whoever wrote them."""
    found: Items = {}
    for item in items:
        key = item["pk"]["S"]
        assert key not in found, f"{key} is there twice"
        found[key] = item
    return found


def compared(expected: Items, found: Items) -> str:
    """What differs, in words; empty where nothing does."""
    missing = sorted(expected.keys() - found.keys())
    extra = sorted(found.keys() - expected.keys())
    differing = sorted(key for key in expected.keys() & found.keys() if expected[key] != found[key])
    said = [f"{len(keys)} {what} ({', '.join(keys[:4])})" for what, keys in
            (("missing", missing), ("extra", extra), ("different", differing)) if keys]  # fmt: skip
    return "; ".join(said)


class Verb(ABC):
    """One run of a verb in ``world``. ``order`` are the keys in the order in which their items pass, ``uses`` the item
    operations that it calls.
    """

    name = ""
    uses: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()
    resumable = True

    def __init__(self, world: World) -> None:
        self.world = world
        self.order: list[str] = world.order
        self.begin()

    @abstractmethod
    def begin(self) -> None:
        """Make what is needed."""

    @abstractmethod
    def words(self) -> tuple[str, ...]:
        """The command, without the options of a case."""

    @abstractmethod
    def wrong(self) -> str:
        """What is not as it must be after a run that ended with exit 0; empty where all is."""

    def expected_codes(self) -> tuple[int, ...]:
        """The exit codes of success."""
        return (0,)

    @abstractmethod
    def end(self) -> None:
        """Remove what was made, so that the engine stays small."""


class Copy(Verb):
    """copy, over what is there."""

    name = "copy"
    uses = frozenset({"Scan", "BatchWriteItem"})

    def begin(self) -> None:
        self.target = self.world.table(*self.there())
        self.before = self.world.items(self.target)

    def there(self) -> list[dict[str, Any]]:
        """What the target holds before."""
        return []

    def words(self) -> tuple[str, ...]:
        return ("copy", self.world.source, self.target, "--batch-size", str(PAGE), "--yes", *self.options)

    def expected(self) -> Items:
        """What the target must hold."""
        return self.before | self.world.items(self.world.source)

    def wrong(self) -> str:
        return compared(self.expected(), self.world.items(self.target))

    def end(self) -> None:
        self.world.client.delete_table(TableName=self.target)


class CopyTransformed(Copy):
    """copy, with a transform."""

    name = "copy transformed"

    def begin(self) -> None:
        super().begin()
        path = self.world.folder / f"{self.target}.yaml"
        path.write_text("version: 1\noperations:\n  - {add: country, value: CH}\n")
        self.options = ("--transform", path.name)

    def expected(self) -> Items:
        return {key: item | {"country": {"S": "CH"}} for key, item in super().expected().items()}


class CopySkipping(Copy):
    """copy --mode skip-existing: conditional writes; a part is there already, another part with other values."""

    name = "copy skip-existing"
    uses = frozenset({"Scan", "PutItem", "GetItem", "BatchExecuteStatement", "BatchGetItem"})
    options = ("--mode", "skip-existing")

    def there(self) -> list[dict[str, Any]]:
        # The first item of the scan among them: it decides whether statements can be used, and is read by GetItem.
        numbers = [int(key[-4:]) for key in self.world.order]
        other = [item_of(number) | {"n": {"N": "-1"}} for number in numbers[0:ITEMS:5]]
        return [*other, *(item_of(number) for number in numbers[1:ITEMS:5])]

    def expected(self) -> Items:
        return super().expected() | self.before


class CopyNewer(Copy):
    """copy --mode newer: one conditional PutItem an item; the target holds older and newer items."""

    name = "copy newer"
    uses = frozenset({"Scan", "PutItem"})
    options = ("--mode", "newer:n")

    def there(self) -> list[dict[str, Any]]:
        older = [item_of(number) | {"n": {"N": "-1"}} for number in range(0, ITEMS, 5)]
        return [*older, *(item_of(number) | {"n": {"N": "1000"}} for number in range(1, ITEMS, 5))]

    def expected(self) -> Items:
        return super().expected() | {key: item for key, item in self.before.items() if item["n"]["N"] == "1000"}


class Export(Verb):
    """export, into gzipped DynamoDB JSON."""

    name = "export"
    uses = frozenset({"Scan"})

    def begin(self) -> None:
        self.out = f"out-{uuid4().hex[:8]}"

    def words(self) -> tuple[str, ...]:
        return ("export", self.world.source, self.out, "--batch-size", str(PAGE), *self.options)

    def wrong(self) -> str:
        return compared(self.world.items(self.world.source), keyed(self._read()))

    def end(self) -> None:
        shutil.rmtree(self.world.folder / self.out, ignore_errors=True)

    def _read(self) -> Iterator[dict[str, Any]]:
        for path in sorted((self.world.folder / self.out).rglob("*.jsonl.gz")):
            if "manifest" not in path.name:
                with gzip.open(path, "rt", encoding="utf-8") as lines:
                    yield from (json.loads(line, object_hook=_binary)["Item"] for line in lines)


def _binary(found: dict[str, Any]) -> Any:
    """B as boto3 gives it."""
    return {"B": base64.b64decode(found["B"])} if found.keys() == {"B"} and isinstance(found["B"], str) else found


class Populate(Copy):
    """populate from JSON lines; two items of the file are there already in the table."""

    name = "populate"
    uses = frozenset({"BatchWriteItem"})

    def begin(self) -> None:
        super().begin()
        self.file = f"{self.target}.jsonl"
        self.order = [f"key-{number:04d}" for number in range(ITEMS)]
        with (self.world.folder / self.file).open("w", encoding="utf-8") as file:
            for number in range(ITEMS):
                wire = {"Item": item_of(number)}
                file.write(json.dumps(wire, default=lambda raw: base64.b64encode(raw).decode()) + "\n")

    def words(self) -> tuple[str, ...]:
        return ("populate", self.target, self.file, "--batch-size", str(PAGE), "--yes", *self.options)


class PopulateCsv(Copy):
    """populate from CSV, onto items that are there: skip-existing."""

    name = "populate csv"
    uses = frozenset({"PutItem", "GetItem", "BatchExecuteStatement", "BatchGetItem"})
    options = ("--mode", "skip-existing")

    def there(self) -> list[dict[str, Any]]:
        return [self._item(number) | {"name": {"S": "standing"}} for number in range(0, ITEMS, 5)]

    def begin(self) -> None:
        super().begin()
        self.file = f"{self.target}.csv"
        self.order = [f"key-{number:04d}" for number in range(ITEMS)]
        with (self.world.folder / self.file).open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["pk", "name"])
            rows.writerows([f"key-{number:04d}", f'a "{number}",\nline'] for number in range(ITEMS))

    def words(self) -> tuple[str, ...]:
        return ("populate", self.target, self.file, "--batch-size", str(PAGE), "--yes", *self.options)

    def expected(self) -> Items:
        return {f"key-{number:04d}": self._item(number) for number in range(ITEMS)} | self.before

    def _item(self, number: int) -> dict[str, Any]:
        return {"pk": {"S": f"key-{number:04d}"}, "name": {"S": f'a "{number}",\nline'}}


class Backfill(Verb):
    """backfill with an operations file: statements where they can say it, UpdateItem where a NULL is renamed."""

    name = "backfill"
    uses = frozenset({"Scan", "BatchExecuteStatement", "UpdateItem"})

    def begin(self) -> None:
        self.table = self.world.table(*map(item_of, range(ITEMS)))
        self.order = list(self.world.items(self.table))
        path = self.world.folder / f"{self.table}.yaml"
        path.write_text(
            "version: 1\noperations:\n"
            "  - {add: country, value: CH}\n"
            "  - {rename: name, to: full_name}\n"
            "  - {rename: legacy, to: old}\n"
        )
        self.file = path.name

    def words(self) -> tuple[str, ...]:
        return ("backfill", self.table, "--transform", self.file, "--batch-size", str(PAGE), "--yes", *self.options)

    def wrong(self) -> str:
        renamed = {"name": "full_name", "legacy": "old"}
        expected = {
            f"key-{number:04d}": {renamed.get(name, name): value for name, value in item_of(number).items()}
            | {"country": {"S": "CH"}}
            for number in range(ITEMS)
        }
        return compared(expected, self.world.items(self.table))

    def end(self) -> None:
        self.world.client.delete_table(TableName=self.table)


class VerifyEqual(Verb):
    """verify of two tables that are equal: 0, never 3."""

    name = "verify"
    uses = frozenset({"Scan"})
    resumable = False

    def begin(self) -> None:
        self.target = self.world.table(*self.target_items())

    def target_items(self) -> list[dict[str, Any]]:
        """What the other table holds."""
        return [item_of(number) for number in range(ITEMS)]

    def words(self) -> tuple[str, ...]:
        return ("verify", self.world.source, self.target, *self.options)

    def wrong(self) -> str:
        return ""

    def end(self) -> None:
        self.world.client.delete_table(TableName=self.target)


class VerifyEmpty(VerifyEqual):
    """verify of a table and an empty one: 3, never 0."""

    name = "verify empty"
    uses = frozenset({"Scan", "BatchGetItem"})

    def target_items(self) -> list[dict[str, Any]]:
        return []

    def expected_codes(self) -> tuple[int, ...]:
        return (3,)


class VerifyDifferent(VerifyEmpty):
    """verify of two tables of which one lacks an item, has another, and differs in a third: 3, never 0."""

    name = "verify different"

    def target_items(self) -> list[dict[str, Any]]:
        numbers = [int(key[-4:]) for key in self.world.order]
        items = [item_of(number) for number in (*numbers[:-1], ITEMS)]
        items[ITEMS // 2] |= {"n": {"N": "-1"}}
        return items


VERBS: dict[str, type[Verb]] = {
    verb.name: verb
    for verb in (
        Copy, CopyTransformed, CopySkipping, CopyNewer, Export, Populate, PopulateCsv, Backfill,
        VerifyEqual, VerifyEmpty, VerifyDifferent,
    )
}  # fmt: skip
