"""Writes that would change another item than the one that is meant, or less than was asked for."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import field_validator

from dynasmith import Db, ItemExists, ItemNotFound, Project, ScanNeeded, UsageError, connect
from dynasmith.models import Attr, Model, Partition, Sort, attr, gsi, key, partition, tables_of
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Cat(Model, table="fault_animals", entity="cat"):
    """One of two entities whose keys are made in the same way."""

    pk = partition("{name}")
    name: Attr[str]
    lives: Attr[int] = attr(default=9)


class Dog(Model, table="fault_animals", entity="dog"):
    """The other one."""

    pk = partition("{name}")
    name: Attr[str]
    lives: Attr[str] = attr(default="one")


class Level(Model, table="fault_levels"):
    """Numbers in keys, a default in the key of an index, and an index that holds a part."""

    level: Partition[Decimal]
    at: Sort[datetime]
    state: Attr[str] = attr(default="new")
    size: Attr[int] = attr(default=0)
    note: Attr[str] = attr(default="")
    by_state = gsi("state", sort="size", projection="keys")

    @field_validator("note")
    @classmethod
    def refuse(cls, value: str) -> str:
        """A validator that fails with an error of its own."""
        if value == "broken":
            raise RuntimeError
        return value


@pytest.fixture(scope="module")
def layers(endpoint: StrictServer) -> Iterator[Project]:
    """A project with the tables of these classes."""
    tables = tables_of(Cat, Dog, Level)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as project:
        project.ensure()
        yield project


@pytest.fixture
def db(layers: Project) -> Db:
    """What is tested."""
    return layers.db()


def test_an_item_of_another_entity_is_not_there_for_any_verb(db: Db, client: Any, name: str) -> None:
    def raw() -> Any:
        return client.get_item(TableName="fault_animals", Key={"pk": {"S": name}}, ConsistentRead=True)["Item"]

    db.create(Cat(name=name))
    before = raw()
    assert db.get(Dog, name) is None
    assert db.get_many(Dog, [name]) == [None]
    with pytest.raises(ItemNotFound, match="no Dog"):
        db.update(key(Dog, name), Dog.lives.set("two"))
    assert db.delete(key(Dog, name)) is False
    with pytest.raises(ItemExists, match="already has another item with the key of the Dog") as caught:
        db.create(Dog(name=name))
    assert caught.value.item is None
    assert raw() == before
    dog = db.put(Dog(name=name))  # put writes over what is there
    db.put(Cat(name=name))
    dog.lives = "two"
    with pytest.raises(ItemNotFound, match="no Dog"):
        db.save(dog)
    assert db.delete(dog) is False
    assert raw()["_type"] == {"S": "cat"}


@pytest.mark.parametrize("spelling", ["100", "1E+2", "100.0", "-0", "0.00", "1.50"])
def test_a_number_in_a_key_is_one_number_however_it_is_written(db: Db, spelling: str) -> None:
    number = Decimal(spelling)
    level = db.put(Level(level=number, at=NOON))
    assert db.get(Level, number, NOON) is not None
    assert db.get(Level, number + 0, NOON) is not None
    assert db.get_many(Level, [(number, NOON), (Decimal(7), NOON)])[0] is not None
    assert db.query(Level, Level.level == number, Level.at <= NOON).count() == 1
    level.level = number * Decimal("1.000")  # the same number: no move
    level.size = 1
    assert db.save(level).size == 1
    assert db.update(key(Level, number, NOON), Level.size.add(1)).size == 2
    assert db.delete(key(Level, number, NOON)) is True


def test_a_default_that_is_assigned_is_saved(db: Db, client: Any) -> None:
    """Otherwise the item would never be in the index by it."""
    number = iter(range(1000, 2000))

    def old() -> Level:
        place = {"level": {"N": str(next(number))}, "at": {"S": "2026-01-01T12:00:00.000000Z"}}
        client.put_item(TableName="fault_levels", Item=place)
        return db.require(Level, Decimal(place["level"]["N"]), NOON)

    def raw(level: Level) -> Any:
        place = {"level": {"N": str(level.level)}, "at": {"S": "2026-01-01T12:00:00.000000Z"}}
        return client.get_item(TableName="fault_levels", Key=place, ConsistentRead=True)["Item"]

    level = old()
    assert level.state == "new"
    assert db.save(level) is level
    assert "state" not in raw(level)  # nothing was assigned
    copies: list[Callable[[Level], Level]] = [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]
    copies.append(lambda each: each.model_copy(update={"state": "new"}))
    for made in copies:
        level = old()
        level.state = "new"
        level = made(level)
        db.save(level)
        assert raw(level)["state"] == {"S": "new"}
    level = old()
    level.state = "new"
    db.update(level, Level.size.set(3))
    assert "state" not in raw(level)
    db.save(level)
    assert raw(level)["state"] == {"S": "new"}
    db.update(level, Level.state.remove())
    level.size = 4
    db.save(level)
    assert "state" not in raw(level)  # what was assigned is done with


def test_an_assignment_that_fails_in_any_way_leaves_the_value(db: Db) -> None:
    level = db.put(Level(level=Decimal(5), at=NOON, note="a"))
    with pytest.raises(RuntimeError):
        level.note = "broken"
    assert level.note == "a"


def test_an_index_that_does_not_hold_what_is_filtered_by_is_not_asked(db: Db) -> None:
    """The service would compare with an attribute that is absent, and find nothing."""
    db.put(Level(level=Decimal(6), at=NOON, state="held", note="x"))
    with pytest.raises(ScanNeeded, match="index by_state does not hold note"):
        db.query(Level, Level.state == "held", Level.note == "x").count()
    with pytest.raises(ScanNeeded, match="does not hold note"):
        db.query(Level, Level.state == "held", ~Level.note.exists() | (Level.size > 3)).count()
    assert db.query(Level, Level.state == "held").count() == 1
    assert db.scan(Level, Level.state == "held", Level.note == "x").count() == 1


@pytest.mark.parametrize(
    "condition",
    [
        lambda: Level.size != 1,
        lambda: Level.size.is_in([1]),
        lambda: Level.size.exists(),
        lambda: (Level.size == 1) | (Level.size == 2),
        lambda: Level.state == "b",
    ],
)
def test_a_filter_by_the_key_itself_is_refused_before_the_call(db: Db, condition: Callable[[], Any]) -> None:
    with pytest.raises(UsageError, match=r"cannot filter by (size|state), which is in its key"):
        db.query(Level, Level.state == "a", condition()).count()


def test_one_text_is_not_several_keys_and_a_limit_is_a_number(db: Db) -> None:
    with pytest.raises(UsageError, match="one key, not several"):
        db.get_many(Cat, "tom")
    query = db.query(Cat, Cat.name == "tom")
    for limit in (-1, True, None, 2.5):
        with pytest.raises(UsageError, match="not a valid limit"):
            query.limit(limit)  # type: ignore[arg-type]
    db.put(Cat(name="tom"))
    assert (list(query.limit(0)), query.limit(0).first(), query.limit(0).exists(), query.limit(0).count()) == (
        [],
        None,
        False,
        0,
    )
