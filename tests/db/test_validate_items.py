"""Validators of classes over live items: what is wrong, with which item, how many, and nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel, field_validator, model_validator

from dynasmith import EncryptionKey, ItemFinding, ItemTotals, Model, Project, connect
from dynasmith.errors import UsageError
from dynasmith.models import Attr, Partition, attr, created_at, deleted_at, partition, sort, tables_of, version
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
SEEN: list[str] = []
"""What validators of these tests were given."""


class Address(BaseModel):
    """A map with a validator of its own."""

    zip: str

    @field_validator("zip")
    @classmethod
    def digits(cls, value: str) -> str:
        if not value.isdigit():
            raise ValueError("must be digits")
        return value


class Client(Model, table="checked_clients"):
    """A class with constraints, validators, stamps, and an encrypted attribute."""

    id: Partition[str]
    email: Attr[str] = attr(name="mail", pattern=".+@.+")
    age: Attr[int | None] = attr(default=None, ge=0)
    address: Attr[Address | None] = attr(default=None)
    secret: Attr[str | None] = attr(default=None, encrypted=True)
    created: Attr[datetime] = created_at()
    deleted: Attr[datetime | None] = deleted_at()
    rev: Attr[int] = version()

    @field_validator("email")
    @classmethod
    def hashing(cls, value: str) -> str:
        SEEN.append(value)
        return f"hash of {value}"

    @field_validator("secret")
    @classmethod
    def long(cls, value: str | None) -> str | None:
        if value is not None and len(value) < 4:
            raise ValueError(f"{value} is too short")
        return value

    @model_validator(mode="after")
    def broken(self) -> Client:
        if self.id.startswith("raises"):
            raise KeyError(self.secret)
        return self


def split(item: dict[str, Any]) -> dict[str, Any]:
    """An upgrade."""
    return {**item, "name": item["title"]}


class Book(Model, table="checked_library", entity="book", shape=2, upgrades={1: split}):
    """One of two entities."""

    pk = partition("book:{id}")
    sk = sort("#")
    id: Attr[str]
    name: Attr[str] = attr(min_length=2)


class Reader(Model, table="checked_library", entity="reader"):
    """The other one."""

    pk = partition("reader:{id}")
    sk = sort("#")
    id: Attr[str]
    name: Attr[str] = attr(max_length=3)


class Absent(Model, table="checked_absent"):
    """A class whose table is not there."""

    id: Partition[str]


@pytest.fixture(scope="module")
def checked(endpoint: StrictServer) -> Iterator[Project]:
    """The tables of these classes, each with items."""
    keys = {"main": EncryptionKey(material=b"1" * 32)}
    with connect(
        endpoint=endpoint.endpoint,
        region="us-east-1",
        models=[Client, Book, Reader, Absent],
        clock=endpoint.clock,
        crypto=keys,
    ) as made:
        made.ensure(["checked_clients", "checked_library"])
        db = made.db()
        for number in range(30):
            db.create(Client(id=f"good{number}", email="a@b"))
        gone = db.create(Client(id="gone", email="a@b"))
        db.delete(gone)
        yield made


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()


def put(client: Any, table: str, **item: Any) -> None:
    client.put_item(TableName=table, Item=item)


def items_of(checked: Project, *models: type[Model], limit: int = 20) -> tuple[list[ItemTotals], list[ItemFinding]]:
    verdict = checked.validate(*models, items=True, limit=limit)
    assert verdict.findings[0].code != "DS090"  # the findings about the table come first
    totals = [each for each in verdict.findings if isinstance(each, ItemTotals)]
    return totals, [each for each in verdict.findings if isinstance(each, ItemFinding)]


def test_items_that_are_valid_are_counted_and_nothing_is_written(checked: Project, endpoint: StrictServer) -> None:
    before = len(endpoint.journal.writes)
    (totals,), findings = items_of(checked, Client)
    assert (totals.items, totals.invalid, totals.problems, totals.severity) == (31, 0, 0, "notice")
    assert totals.why == "All 31 items are valid for Client."
    assert findings == []
    assert len(SEEN) == 31  # each once: a validator that hashes is given what is stored, and its result is not used
    assert set(SEEN) == {"hash of a@b"}
    assert len(endpoint.journal.writes) == before


def test_what_is_wrong_is_named_with_item_and_attribute(checked: Project, client: Any) -> None:
    put(client, "checked_clients", id={"S": "mail"}, mail={"S": "nobody"})
    put(client, "checked_clients", id={"S": "age"}, mail={"S": "a@b"}, age={"N": "-1"})
    put(client, "checked_clients", id={"S": "type"}, mail={"N": "5"})
    put(client, "checked_clients", id={"S": "missing"})
    put(client, "checked_clients", id={"S": "nested"}, mail={"S": "a@b"}, address={"M": {"zip": {"S": "x"}}})
    put(client, "checked_clients", id={"S": "two"}, mail={"S": "x"}, age={"N": "-2"})
    try:
        (totals,), findings = items_of(checked, Client)
        found = {(each.key["id"], each.path): each for each in findings}
        assert found.keys() == {
            ("mail", "mail"),
            ("age", "age"),
            ("type", "mail"),
            ("missing", "mail"),
            ("nested", "address.zip"),
            ("two", "mail"),
            ("two", "age"),
        }
        assert (totals.items, totals.invalid, totals.problems, totals.shown) == (37, 6, 7, 7)
        assert totals.severity == "critical"
        assert found["nested", "address.zip"].message == "Value error, must be digits"
        assert found["age", "age"].kind == "greater_than_equal"
        assert found["age", "age"].why == "Client (id=age): Input should be greater than or equal to 0"
        assert "-1" not in found["age", "age"].message
        assert "nobody" not in found["mail", "mail"].message
        assert found["type", "mail"].kind == "item_invalid"
        (totals,), shown = items_of(checked, Client, limit=3)
        assert (len(shown), totals.shown, totals.problems) == (3, 3, 7)
        assert shown == items_of(checked, Client, limit=3)[1]  # the same in every run
        hidden = found["mail", "mail"].redacted("***")
        assert hidden.key == {"id": "***"}
        assert hidden.why == "Client (id=***): string_pattern_mismatch"
    finally:
        for name in ("mail", "age", "type", "missing", "nested", "two"):
            client.delete_item(TableName="checked_clients", Key={"id": {"S": name}})


def test_no_value_of_an_encrypted_attribute_is_shown(checked: Project, client: Any) -> None:
    db = checked.db()
    item = Client(id="short", email="a@b", secret="good enough")
    item.__dict__["secret"] = "s3c"
    db.create(item)
    raises = Client.model_construct(**{**item.__dict__, "id": "raises", "secret": "confidential"})
    db.create(raises)
    put(client, "checked_clients", id={"S": "plain"}, mail={"S": "a@b"}, secret={"S": "in plain"})
    try:
        _, findings = items_of(checked, Client)
        found = {each.key["id"]: each for each in findings}
        assert found.keys() == {"short", "raises", "plain"}
        assert found["short"].path == "secret"
        assert found["short"].message.startswith("The value is not valid (value_error); it is not shown")
        assert found["raises"].kind == "KeyError"
        assert not any(text in str(findings) for text in ("s3c", "confidential", "in plain"))
    finally:
        for name in ("short", "raises", "plain"):
            client.delete_item(TableName="checked_clients", Key={"id": {"S": name}})


def test_classes_of_one_table_judge_their_own_items(checked: Project, client: Any) -> None:
    db = checked.db()
    db.create(Book(id="1", name="ok"))
    db.create(Reader(id="1", name="ann"))
    put(
        client,
        "checked_library",
        pk={"S": "book:2"},
        sk={"S": "#"},
        _type={"S": "book"},
        id={"S": "2"},
        title={"S": "x"},
    )
    put(client, "checked_library", pk={"S": "other"}, sk={"S": "#"}, _type={"S": "other"})
    totals, findings = items_of(checked, Book, Reader)
    assert [(each.model, each.items, each.invalid) for each in totals] == [("Book", 2, 1), ("Reader", 1, 0)]
    (finding,) = findings  # an item of an older shape is upgraded before
    assert (finding.path, finding.kind) == ("name", "string_too_short")
    assert finding.key == {"pk": "book:2", "sk": "#"}
    (only,), _ = items_of(checked, Reader)
    assert only.model == "Reader"
    by_name = checked.validate(["checked_library"], items=True)
    assert {each.model for each in by_name.findings if isinstance(each, ItemTotals)} == {"Book", "Reader"}


def test_every_table_with_classes_where_none_is_named(checked: Project) -> None:
    totals = [each for each in checked.validate(items=True).findings if isinstance(each, ItemTotals)]
    assert {each.table for each in totals} == {
        "checked_clients",
        "checked_library",
    }  # the table that is not there has no items


def test_what_cannot_be_validated(checked: Project, endpoint: StrictServer) -> None:
    with pytest.raises(UsageError, match="offline makes no call"):
        checked.validate(items=True, offline=True)
    with pytest.raises(UsageError, match="limit must be a whole number from 1"):
        checked.validate(items=True, limit=0)
    tables = tables_of(Client)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables) as without:
        for verdict in (without.validate(items=True), without.validate(["checked_clients"], items=True)):
            codes = {each.code for each in verdict.findings}
            assert "DS094" in codes  # held against the definition alone
            assert "DS090" not in codes
