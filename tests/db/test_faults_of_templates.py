"""Keys made of attributes never lag behind them, and two items never share one.

Public reports of other layers have these faults: a key of an index stays what it was (sensedeep/dynamodb-onetable#244,
#355, #508 and #517, tywalch/electrodb#286 and #572), or half of it is written (dynamodb-onetable#316).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from dynasmith import Db, ItemInvalid, Project, TemplateIncomplete, UsageError, connect
from dynasmith.models import (
    Attr,
    Model,
    attr,
    created_at,
    gsi,
    key,
    partition,
    sort,
    tables_of,
    template,
    updated_at,
    version,
)
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine


class Task(Model, table="fault_tasks", entity="task"):
    """Templates of stamps, beside plain fields and beside a part of the table's key, and one in two indexes."""

    pk = partition("task:{id}")
    sk = sort("#")
    recent_pk = template("state:{state}")
    recent_sk = template("{updated}")
    recent = gsi("recent_pk", sort="recent_sk")
    due_pk = template("due:{state}")
    by_due = gsi("due_pk", sort="due")
    by_key = gsi("due_pk", sort="sk")
    day_pk = template("day:{made:%Y-%m-%d}")
    by_day = gsi("day_pk")
    id: Attr[str]
    state: Attr[str] = attr(default="open")
    due: Attr[str | None] = attr(default=None)
    made: Attr[datetime] = created_at()
    updated: Attr[datetime] = updated_at()
    notes: Attr[str] = attr(default="")


class Revision(Model, table="fault_revisions"):
    """A template of the version, with another part that may be absent."""

    pk = partition("{id}")
    rev_pk = template("{owner}")
    rev_sk = template("{rev:08d}")
    by_rev = gsi("rev_pk", sort="rev_sk")
    id: Attr[str]
    owner: Attr[str | None] = attr(default=None)
    body: Attr[str] = attr(default="")
    rev: Attr[int] = version()


@pytest.fixture(scope="module")
def layers(endpoint: StrictServer) -> Iterator[Project]:
    """A project with the tables of these classes."""
    tables = tables_of(Task, Revision)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as project:
        project.ensure()
        yield project


@pytest.fixture
def db(layers: Project) -> Db:
    """What is tested."""
    return layers.db()


def stored(client: Any, name: str) -> dict[str, str]:
    """The templates of a task as they are stored."""
    key = {"pk": {"S": f"task:{name}"}, "sk": {"S": "#"}}
    item = client.get_item(TableName="fault_tasks", Key=key, ConsistentRead=True)["Item"]
    return {place: item[place]["S"] for place in ("recent_pk", "recent_sk", "due_pk", "day_pk") if place in item}


def test_a_key_made_of_the_time_of_the_last_write_follows_every_write(
    db: Db, client: Any, name: str, endpoint: StrictServer
) -> None:
    task = db.create(Task(id=name))
    task.notes = "a"
    writes: tuple[Callable[[], object], ...] = (
        lambda: db.save(task),
        lambda: db.update(task, Task.notes.set("b")),
        lambda: db.update(key(Task, name), Task.notes.set("c")),
        lambda: db.put(db.require(Task, name)),
    )
    for write in writes:
        endpoint.clock.advance(minutes=1)
        write()
        now = db.require(Task, name, consistent=True)
        assert stored(client, name)["recent_sk"] == now.recent_sk
        assert stored(client, name)["recent_pk"] == "state:open"


def test_a_key_made_of_the_version_follows_every_write(db: Db, client: Any, name: str) -> None:
    def by_rev() -> tuple[str | None, str | None]:
        item = client.get_item(TableName="fault_revisions", Key={"pk": {"S": name}}, ConsistentRead=True)["Item"]
        return item.get("rev_pk", {}).get("S"), item.get("rev_sk", {}).get("S")

    revision = db.create(Revision(id=name))
    assert by_rev() == (None, None)  # without an owner neither key of the index
    revision.owner = "ann"
    db.save(revision)
    assert by_rev() == ("ann", "00000002")
    db.update(revision, Revision.body.set("x"))
    assert by_rev() == ("ann", "00000003")
    with pytest.raises(TemplateIncomplete, match="rev is not known"):
        db.update(key(Revision, name), Revision.body.set("y"), Revision.owner.set("bob"))
    revision.owner = None
    db.save(revision)
    assert by_rev() == (None, None)


def test_a_plain_key_that_comes_and_goes_takes_the_template_beside_it_along(db: Db, client: Any, name: str) -> None:
    """``due`` may be None: then the index by due has neither key, but the template has another index."""
    task = db.create(Task(id=name))
    assert stored(client, name)["due_pk"] == "due:open"  # by_key has it
    task.due = "2026-01-01"
    db.save(task)
    assert [each.id for each in db.query(Task, Task.due_pk == "due:open", Task.due == "2026-01-01")] == [name]
    db.update(task, Task.due.remove())
    assert stored(client, name)["due_pk"] == "due:open"


def test_an_update_keeps_a_template_whose_index_has_a_part_of_the_tables_key(db: Db, client: Any, name: str) -> None:
    db.create(Task(id=name))
    db.update(key(Task, name), Task.state.set("done"))
    assert stored(client, name)["due_pk"] == "due:done"
    assert [each.id for each in db.query(Task, Task.due_pk == "due:done", Task.sk == "#") if each.id == name] == [name]


def test_a_template_is_never_set_itself(db: Db, client: Any, name: str) -> None:
    db.create(Task(id=name))
    with pytest.raises(UsageError, match="due_pk is made of state"):
        db.update(key(Task, name), Task.due_pk.set("due:other"))
    assert stored(client, name)["due_pk"] == "due:open"


def test_a_part_with_a_format_is_in_utc_whatever_the_zone_of_the_value(db: Db, client: Any, name: str) -> None:
    east = timezone(timedelta(hours=2))
    task = db.create(Task(id=name, made=datetime(2026, 1, 1, 0, 30, tzinfo=east)))
    assert stored(client, name)["day_pk"] == "day:2025-12-31"
    assert task.day_pk == db.require(Task, name).day_pk == "day:2025-12-31"


def test_what_is_not_saved_yet_is_not_in_the_keys_that_an_update_makes(db: Db, client: Any, name: str) -> None:
    revision = db.create(Revision(id=name, owner="ann"))
    revision.owner = "bob"
    db.update(revision, Revision.body.set("x"))
    item = client.get_item(TableName="fault_revisions", Key={"pk": {"S": name}}, ConsistentRead=True)["Item"]
    assert (item["owner"], item["rev_pk"], item["rev_sk"]) == ({"S": "ann"}, {"S": "ann"}, {"S": "00000002"})
    db.save(revision)
    item = client.get_item(TableName="fault_revisions", Key={"pk": {"S": name}}, ConsistentRead=True)["Item"]
    assert (item["owner"], item["rev_pk"]) == ({"S": "bob"}, {"S": "bob"})


class Pair(Model, table="fault_pairs"):
    """Parts that could run into each other."""

    pk = partition("{left}##{right}")
    sk = sort("{number:03d}{name}")
    left: Attr[str]
    right: Attr[str]
    number: Attr[int]
    name: Attr[str]
    at: Attr[datetime] = attr(default=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("x##", "y", 1, "a"), "contains '##', which ends it"),
        (("x#", "y", 1, "a"), "runs into '##', which ends it"),  # x# ## y is x ## #y
        (("x", "y", 1234, "a"), "longer than the 3 characters"),  # 1234 a is 123 4a, and 1000 is before 999
        (("x", "y", -1, "a"), "negative"),  # -1 is before -2
    ],
)
def test_two_items_never_get_one_key_and_keys_sort_as_values_do(values: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ItemInvalid, match=message):
        key(Pair, *values)
    assert key(Pair, "x", "#y", 1, "a").tree == {"pk": {"S": "x###y"}, "sk": {"S": "001a"}}
