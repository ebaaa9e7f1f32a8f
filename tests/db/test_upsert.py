"""`update(create_missing=True)` updates an item that is there, and creates one that is not, as the class would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from db.notes import Code, Note, notes
from db.shop import Customer, Person, Sale
from dynasmith import Db, Project
from dynasmith.errors import (
    ConditionFailed,
    DynasmithError,
    ItemExists,
    ItemNotFound,
    NotLoaded,
    TemplateIncomplete,
    UsageError,
    ValueTaken,
    VersionConflict,
)
from dynasmith.models import key
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
__all__ = ["notes"]  # a fixture


def calls(endpoint: StrictServer) -> int:
    return len(list(endpoint.journal))


def test_a_missing_item_is_created_with_defaults_stamps_and_version_1(db: Db, client: Any, name: str) -> None:
    made = db.update(
        key(Customer, name, 1),
        Customer.age.add(2, start=10),
        Customer.tags.add({"a"}),
        Customer.notes.set_if_missing("x"),
        Customer.email.remove(),
        create_missing=True,
    )
    assert (made.age, made.tags, made.notes, made.email, made.total) == (12, {"a"}, "x", None, Decimal(0))
    assert (made.rev, made.created) == (1, made.updated)
    assert db.require(Customer, name, 1) == made
    item = client.get_item(TableName="customers", Key={"id": {"S": name}, "at": {"N": "1"}})["Item"]
    assert item["total"] == {"N": "0"}
    assert "mail" not in item
    made.age = 3
    db.save(made)


def test_an_item_that_is_there_is_only_updated(db: Db, name: str, endpoint: StrictServer) -> None:
    first = db.create(Customer(id=name, at=1, age=1, notes="kept"))
    sale = db.create(Sale(buyer=name, number=1, status=None))
    before = calls(endpoint)
    found = db.update(key(Customer, name, 1), Customer.age.add(2, start=10), create_missing=True)
    assert calls(endpoint) == before + 1
    assert (found.age, found.notes, found.rev, found.created) == (3, "kept", 2, first.created)
    again = db.update(key(Sale, name, 1), Sale.comment.set("c"), create_missing=True)
    assert (again.status, again.comment) == (sale.status, "c")  # the default is not for an item that is there


def test_the_keys_of_templates_and_the_entity_are_written(db: Db, client: Any, name: str) -> None:
    made = db.update(key(Sale, name, 7), Sale.comment.set("new"), create_missing=True)
    assert (made.buyer, made.number, made.status, made.day) == (name, 7, "open", "2026-01-01")
    where = {"pk": {"S": f"buyer:{name}"}, "sk": {"S": "sale:00000007"}}
    item = client.get_item(TableName="shop", Key=where)["Item"]
    assert item["_type"] == {"S": "sale"}
    assert (item["gs1pk"], item["gs1sk"]) == ({"S": "status:open"}, {"S": "2026-01-01"})
    assert db.query(Sale, Sale.gs1pk == "status:open", Sale.buyer == name, index=Sale.gs1).first() == made
    closed = db.update(key(Sale, name, 8), Sale.status.set("closed"), Sale.day.set("2026-02-02"), create_missing=True)
    assert db.query(Sale, Sale.gs1pk == "status:closed", Sale.buyer == name, index=Sale.gs1).first() == closed
    with pytest.raises(TemplateIncomplete):  # as of an item that is there: its other part is not known
        db.update(key(Sale, name, 9), Sale.status.set("closed"), create_missing=True)


def test_where_concerns_an_item_that_is_there(db: Db, name: str) -> None:
    person = key(Person, name)
    assert db.update(person, Person.name.set("a"), where=Person.name == "x", create_missing=True).name == "a"
    with pytest.raises(ConditionFailed):
        db.update(person, Person.name.set("b"), where=Person.name == "x", create_missing=True)
    with pytest.raises(ItemNotFound):
        db.update(key(Person, f"{name}-2"), Person.name.set("a"))


def test_an_instance_is_created_with_its_values(db: Db, name: str) -> None:
    new = Customer(id=name, at=1, notes="mine")
    assert db.update(new, Customer.age.add(1), create_missing=True) is new
    assert (new.age, new.notes, new.rev) == (1, "mine", 1)
    assert db.require(Customer, name, 1) == new
    db.update(new, Customer.age.add(1), create_missing=True)
    assert (new.age, new.rev) == (2, 2)
    with pytest.raises(VersionConflict):
        db.update(Customer(id=name, at=1), Customer.age.add(1), create_missing=True)
    db.delete(key(Customer, name, 1))
    with pytest.raises(VersionConflict, match="was deleted"):  # what was read is gone: that is not what was asked for
        db.update(new, Customer.age.add(1), create_missing=True)
    db.create(Person(id=name, name=name))
    part = next(each for each in db.scan(Person, Person.name == name).only(Person.id))
    with pytest.raises(NotLoaded):
        db.update(part, Person.id.set("x"), create_missing=True)


def test_what_cannot_be_created_is_refused_before_any_call(
    db: Db, notes: Db, name: str, endpoint: StrictServer
) -> None:
    before = calls(endpoint)
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: notes.update(key(Code, name), create_missing=True), "needs a value for code"),
        (lambda: db.update(key(Customer, name, 1), Customer.labels["a"].set("b"), create_missing=True), "is a part of"),
        (
            lambda: db.update(key(Customer, name, 1), Customer.rev.set(5), create_missing=True),
            "by the write itself",
        ),
        (
            lambda: db.update(key(Person, name), Person.name.set(Person.id), create_missing=True),
            "made of another attribute",
        ),
        (lambda: db.update(key(Customer, name, 1), create_missing=True), "has no actions"),
    ]
    for call, words in cases:
        with pytest.raises(UsageError, match=words):
            call()
    assert calls(endpoint) == before


def test_a_unique_value_and_a_deleted_item(notes: Db, name: str) -> None:
    assert notes.update(key(Code, name), Code.code.set(name), create_missing=True).code == name
    with pytest.raises(ValueTaken):
        notes.update(key(Code, f"{name}-2"), Code.code.set(name), create_missing=True)
    notes.update(key(Code, name), Code.code.set(f"{name}-new"), create_missing=True)
    notes.update(key(Code, f"{name}-2"), Code.code.set(name), create_missing=True)
    notes.delete(notes.create(Note(id=name)))
    with pytest.raises(ItemExists, match="was deleted and is kept"):
        notes.update(key(Note, name), Note.text.set("x"), create_missing=True)


def test_of_many_that_count_none_is_lost(project: Project, name: str) -> None:
    failures: list[DynasmithError] = []

    def count() -> None:
        try:
            for _ in range(5):
                project.db().update(key(Customer, name, 1), Customer.age.add(1), create_missing=True)
        except DynasmithError as error:
            failures.append(error)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    item = project.db().require(Customer, name, 1)
    assert (item.age, item.rev) == (20, 20)


def test_a_creation_whose_answer_is_lost_counts_once(db: Db, name: str, endpoint: StrictServer) -> None:
    fault = endpoint.fault("PutItem", kind="reset-after")
    made = db.update(key(Customer, name, 1), Customer.age.add(1), create_missing=True)
    assert fault.hits == 1
    assert made.age == 1
    assert db.require(Customer, name, 1) == made
