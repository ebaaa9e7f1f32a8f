"""Relations by keys of every kind: UUIDs, numbers, Enums, dates in templates, two fields, and of a base class."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from dynasmith import Db, Project, connect
from dynasmith.errors import DefinitionError, NotLoaded, TableNotFound, UsageError
from dynasmith.models import (
    Attr,
    Model,
    Partition,
    Sort,
    attr,
    belongs_to,
    gsi,
    has_many,
    partition,
    sort,
    tables_of,
    uuid,
)
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine


class Owned(Model):
    """A base with a relation: each class that inherits it has one of its own."""

    owner_id: Attr[UUID | None] = attr(default=None)
    owner = belongs_to(lambda: Owner, by="owner_id")


class Owner(Model, table="kin_owners"):
    """A key that is a UUID."""

    id: Partition[UUID] = uuid()
    cars = has_many(lambda: Car, by="owner_id")
    boats = has_many(lambda: Boat, by="owner_id", order="-built")


class Car(Owned, table="kin_cars"):
    """A key that is a number."""

    id: Partition[int]
    by_owner = gsi("owner_id")


class Boat(Owned, table="kin_boats"):
    """Sorted by a time."""

    id: Partition[str]
    built: Attr[datetime]
    by_owner = gsi("owner_id", sort="built")


class Kind(Enum):
    """A part of a key."""

    CAT = "cat"
    DOG = "dog"


class Pet(Model, table="kin_pets"):
    """A key of an Enum and a number that has many spellings."""

    kind: Partition[Kind]
    number: Sort[Decimal]
    toys = has_many(lambda: Toy, by=("kind", "pet"))
    toys_of_kind = has_many(lambda: Toy, by="kind")


class Toy(Model, table="kin_toys"):
    """Found by an index of two fields, and by one of one."""

    id: Partition[str]
    kind: Attr[Kind]
    pet: Attr[Decimal]
    by_pet = gsi(("kind", "pet"))
    by_kind = gsi("kind")
    of = belongs_to(lambda: Pet, by=("kind", "pet"))


class Day(Model, table="kin_calendar", entity="day"):
    """A date in a template."""

    pk = partition("calendar:{name}")
    sk = sort("day:{day}")
    name: Attr[str]
    day: Attr[date]
    events = has_many(lambda: Event, by=("name", "day"))


class Event(Model, table="kin_calendar", entity="event"):
    """Its key begins with that of its day."""

    pk = partition("calendar:{name}")
    sk = sort("day:{day}#event:{hour:02d}")
    name: Attr[str]
    day: Attr[date]
    hour: Attr[int]


def renamed(item: dict[str, Any]) -> dict[str, Any]:
    """Shape 1 had other names."""
    return {**item, "author": item.pop("writer"), "number": item.pop("no")}


class Author(Model, table="kin_books", entity="author"):
    """One partition with its books, whose key tells what they belong to."""

    pk = partition("author:{name}")
    sk = sort("#")
    name: Attr[str]
    books = has_many(lambda: Book, by="author")


class Book(Model, table="kin_books", entity="book", shape=2, upgrades={1: renamed}):
    """Older items have its author in an attribute of another name."""

    pk = partition("author:{author}")
    sk = sort("book:{number:04d}")
    author: Attr[str]
    number: Attr[int]
    pages = has_many(lambda: BookPage, by=("author", "number"))


class BookPage(Model, table="kin_books", entity="page", shape=2, upgrades={1: renamed}):
    """Likewise."""

    pk = partition("author:{author}")
    sk = sort("book:{number:04d}:page:{page:04d}")
    author: Attr[str]
    number: Attr[int]
    page: Attr[int]


@pytest.fixture(scope="module")
def kin(endpoint: StrictServer) -> Iterator[Project]:
    """A project with the tables of these classes."""
    tables = tables_of(Owner, Car, Boat, Pet, Toy, Day, Event, Author, Book, BookPage)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as project:
        project.ensure()
        yield project


@pytest.fixture
def db(kin: Project) -> Db:
    """What is tested."""
    return kin.db()


def test_uuids_numbers_and_times(db: Db) -> None:
    owner, other = db.create(Owner()), db.create(Owner())
    db.put_many(Car(id=number, owner_id=owner.id) for number in range(3))
    db.put_many(Boat(id=str(year), owner_id=owner.id, built=datetime(year, 1, 1, tzinfo=UTC)) for year in (2020, 2021))
    found, none, again = db.get_many(
        Owner, [owner.id, other.id, owner.id], include=[Owner.cars.then(Car.owner), Owner.boats]
    )
    assert found
    assert none
    assert again
    assert sorted(car.id for car in found.cars) == [0, 1, 2]
    assert all(car.owner == owner for car in again.cars)
    assert [boat.id for boat in found.boats] == ["2021", "2020"]
    assert none.cars == []
    in_segments = db.scan(Owner, segments=3).include(Owner.cars)
    assert sorted(len(each.cars) for each in in_segments) == [0, 3]
    car = db.require(Car, 1, include=[Car.owner])
    db.update(car, Car.owner_id.set(other.id))
    with pytest.raises(NotLoaded, match="which has changed since"):
        _ = car.owner
    with pytest.raises(TableNotFound):
        db.in_table(Boat, "kin_nowhere").require(Owner, owner.id, include=[Owner.boats])


class Racer(Car, table="kin_racers"):
    """A class of its own, with what it inherits."""

    speed: Attr[int] = attr(default=0)


def test_a_relation_of_a_base_is_one_of_its_classes_and_not_the_other_way(db: Db) -> None:
    owner = db.create(Owner())
    db.create(Car(id=77, owner_id=owner.id))
    for relation in (Owned.owner, Car.owner):
        assert db.require(Car, 77, include=[relation]).owner == owner
    with pytest.raises(UsageError, match=r"Racer\.owner is a relation of Racer, and items of Car are read"):
        db.get(Car, 77, include=[Racer.owner])


def test_an_enum_and_a_number_of_another_spelling(db: Db) -> None:
    pet = db.create(Pet(kind=Kind.CAT, number=Decimal("1.50")))
    db.put_many(Toy(id=str(number), kind=Kind.CAT, pet=Decimal(number)) for number in ("1.5", "2"))
    found = db.require(Pet, Kind.CAT, Decimal("1.5"), include=[Pet.toys, Pet.toys_of_kind])
    assert [toy.id for toy in found.toys] == ["1.5"]
    assert sorted(toy.id for toy in found.toys_of_kind) == ["1.5", "2"]
    one, two = db.get_many(Toy, ["1.5", "2"], include=[Toy.of])
    assert one
    assert two
    assert (one.of, two.of) == (pet, None)


def test_dates_in_templates(db: Db) -> None:
    for day in (1, 2, 3):
        db.create(Day(name="a", day=date(2026, 1, day)))
        db.put_many(Event(name="a", day=date(2026, 1, day), hour=hour) for hour in range(day))

    def hours(query: Any) -> list[list[int]]:
        return [[event.hour for event in day.events] for day in query.include(Day.events)]

    days = db.query(Day, Day.name == "a")
    assert hours(days) == [[0], [0, 1], [0, 1, 2]]
    assert hours(days.descending()) == [[0, 1, 2], [0, 1], [0]]
    assert hours(days.where(Day.day == date(2026, 1, 2))) == [[0, 1]]
    assert hours(days.where(Day.day >= date(2026, 1, 2))) == [[0, 1], [0, 1, 2]]
    assert [len(day.events) for day in db.get_many(Day, [("a", date(2026, 1, 3))], include=[Day.events]) if day] == [3]


def test_items_of_an_older_shape_are_found_by_their_keys(db: Db, client: Any) -> None:
    db.create(Author(name="ann"))
    for number in (1, 2):
        old = {"pk": {"S": "author:ann"}, "writer": {"S": "ann"}, "no": {"N": str(number)}}
        book = {"sk": {"S": f"book:{number:04d}"}, "_type": {"S": "book"}}
        client.put_item(TableName="kin_books", Item=old | book)
        page = {"sk": {"S": f"book:{number:04d}:page:0001"}, "_type": {"S": "page"}, "page": {"N": "1"}}
        client.put_item(TableName="kin_books", Item=old | page)
        db.create(BookPage(author="ann", number=number, page=2))
    found = db.require(Author, "ann", include=[Author.books.then(Book.pages)])
    assert [[each.page for each in one.pages] for one in found.books] == [[1, 2], [1, 2]]
    (first, _) = db.get_many(Book, [("ann", 1), ("ann", 3)], include=[Book.pages])
    assert first
    assert [each.page for each in first.pages] == [1, 2]


def test_a_relation_is_no_condition_and_no_attribute(db: Db) -> None:
    query = db.query(Owner, Owner.id == UUID(int=1))
    for condition in (Owner.cars, False, True):
        with pytest.raises(UsageError, match="is not a condition"):
            query.where(condition).explain()  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"Owner\.cars is not an attribute"):
        query.only(Owner.cars)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="'Owner': is not a class of Model"):
        db.query("Owner")  # type: ignore[arg-type]
