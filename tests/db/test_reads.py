"""Kinds of faults of such layers when they read: pages, filters, cursors, counts, batches, entities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from db.shop import Customer, Event, Person, Sale, Team
from dynasmith import Db
from dynasmith.engine.db.batch_get import key_identity
from dynasmith.errors import DataError, ItemInvalid, ItemNotFound, NotLoaded, ScanNeeded, UsageError
from dynasmith.models import Model, Partition, key
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine

EVENTS = 24
BODY = "x" * 120_000
"""Eight of them are a page of 1 MB."""


@pytest.fixture(scope="module")
def stream(client: Any) -> Iterator[str]:
    """Three pages of events, of which the first page and a half are plain and the others are rare."""
    for number in range(EVENTS):
        item = {"stream": {"S": "s"}, "number": {"N": str(number)}, "body": {"S": BODY}}
        client.put_item(TableName="events", Item={**item, "kind": {"S": "plain" if number < 12 else "rare"}})
    yield "s"
    for number in range(EVENTS):
        client.delete_item(TableName="events", Key={"stream": {"S": "s"}, "number": {"N": str(number)}})


def test_get_gives_none_and_require_raises(db: Db, name: str) -> None:
    assert db.get(Person, name) is None
    with pytest.raises(ItemNotFound, match=f"people has no Person with id='{name}'"):
        db.require(Person, name)
    made = db.create(Person(id=name))
    assert db.require(Person, id=name, consistent=True) == made
    assert db.get(Person, key(Person, name)) == made


def test_many_items_come_in_the_order_asked_each_asked_once(db: Db, name: str, endpoint: StrictServer) -> None:
    for number in range(3):
        db.create(Person(id=f"{name}-{number}", name=str(number)))
    asked = [f"{name}-2", f"{name}-none", f"{name}-0", f"{name}-2"]
    found = db.get_many(Person, asked)
    assert [item and item.name for item in found] == ["2", None, "0", "2"]
    sent = endpoint.journal.of("BatchGetItem")[-1].request["RequestItems"]["people"]["Keys"]
    assert len(sent) == 3
    assert db.get_many(Person, []) == []
    assert db.get_many(Sale, [(name, 1), {"buyer": name, "number": 2}, key(Sale, name, 3)]) == [None, None, None]


def test_keys_that_come_back_unprocessed_are_asked_for_again(db: Db, name: str, endpoint: StrictServer) -> None:
    for number in range(3):
        db.create(Person(id=f"{name}-{number}"))
    endpoint.fault("BatchGetItem", kind="unprocessed", times=2)
    before = len(endpoint.journal.of("BatchGetItem"))
    found = db.get_many(Person, [f"{name}-{number}" for number in range(3)])
    assert all(found)
    assert len(endpoint.journal.of("BatchGetItem")) > before + 1


def test_the_spelling_of_a_number_in_a_key_does_not_matter() -> None:
    spellings = ("1.5", "1.50", "15E-1", "+1.5")
    assert len({key_identity({"n": {"N": text}}, ["n"]) for text in spellings}) == 1
    assert key_identity({"n": {"N": "1"}}, ["n"]) != key_identity({"n": {"S": "1"}}, ["n"])


def test_more_than_a_hundred_keys_are_several_calls(db: Db, name: str, endpoint: StrictServer) -> None:
    db.create(Person(id=f"{name}-149"))
    before = len(endpoint.journal.of("BatchGetItem"))
    found = db.get_many(Person, [f"{name}-{number}" for number in range(150)])
    assert [place for place, item in enumerate(found) if item] == [149]
    assert len(endpoint.journal.of("BatchGetItem")) == before + 2


def test_a_query_reads_every_page(db: Db, stream: str) -> None:
    assert [event.number for event in db.query(Event, Event.stream == stream)] == list(range(EVENTS))
    assert [event.number for event in db.query(Event, Event.stream == stream).descending()][:2] == [23, 22]


def test_count_reads_every_page(db: Db, stream: str) -> None:
    assert db.query(Event, Event.stream == stream).count() == EVENTS
    assert db.query(Event, Event.stream == stream, Event.kind == "rare").count() == 12
    assert db.query(Event, Event.stream == stream).limit(5).count() == 5
    assert db.query(Event, Event.stream == stream).only(Event.kind).count() == EVENTS
    assert db.scan(Event, Event.stream == stream).count() == EVENTS


def test_a_limit_counts_items_given_and_an_empty_page_is_not_the_end(db: Db, stream: str) -> None:
    rare = db.query(Event, Event.stream == stream, Event.kind == "rare")
    assert [event.number for event in rare.limit(3)] == [12, 13, 14]
    first = rare.first()
    assert first is not None
    assert first.number == 12
    assert rare.exists()
    assert not db.query(Event, Event.stream == stream, Event.kind == "none").exists()
    assert list(rare.limit(0)) == []


@pytest.mark.parametrize("items", [1, 5, 12, 100])
def test_cursors_give_every_item_once(db: Db, stream: str, items: int) -> None:
    for query in (
        db.query(Event, Event.stream == stream, Event.kind == "rare"),
        db.query(Event, Event.stream == stream, Event.kind == "rare").only(Event.kind),
        db.scan(Event, Event.kind == "rare"),
    ):
        numbers: list[int] = []
        cursor = None
        while True:
            page = query.page(cursor, items=items)
            assert len(page.items) == items or page.cursor is None
            numbers += [event.number for event in page.items]
            cursor = page.cursor
            if cursor is None:
                break
        assert numbers == list(range(12, 24))


def test_a_cursor_of_another_query_is_refused(db: Db, stream: str) -> None:
    query = db.query(Event, Event.stream == stream)
    cursor = query.page(items=3).cursor
    assert cursor
    for other in (
        query.descending(),
        query.where(Event.kind == "rare"),
        db.query(Event, Event.stream == "other"),
        db.scan(Event),
        db.in_table(Event, "customers").query(Event, Event.stream == stream),
        db.query(Person, Person.id == stream),
    ):
        with pytest.raises(UsageError, match="of another query"):
            other.page(cursor)
    for wrong in ("", "x", "????", cursor[:-3]):
        with pytest.raises(UsageError, match="cursor"):
            query.page(wrong)
    page = query.consistent().page(cursor, items=2)
    assert [event.number for event in page.items] == [3, 4]
    assert page.units > 0
    assert page.scanned >= 2
    with pytest.raises(UsageError, match="two numbers of items"):
        query.limit(3).page()


def test_a_page_is_never_of_one_item(db: Db, stream: str, endpoint: StrictServer) -> None:
    db.query(Event, Event.stream == stream).first()
    assert endpoint.journal.of("Query")[-1].request["Limit"] == 2
    before = len(endpoint.journal.of("Query"))
    list(db.query(Event, Event.stream == stream).limit(6))
    assert len(endpoint.journal.of("Query")) == before + 1


def test_one_wants_exactly_one(db: Db, stream: str) -> None:
    assert db.query(Event, Event.stream == stream, Event.number == 3).one().number == 3
    with pytest.raises(ItemNotFound):
        db.query(Event, Event.stream == stream, Event.number == 99).one()
    with pytest.raises(DataError, match="Several items"):
        db.query(Event, Event.stream == stream).one()


def test_a_python_filter_and_a_sort_that_dynamodb_has_not(db: Db, stream: str) -> None:
    query = db.query(Event, Event.stream == stream)
    assert [event.number for event in query.filter(lambda event: event.number % 10 == 3)] == [3, 13, 23]
    assert [event.number for event in query.sorted(lambda event: -event.number, limit=2)] == [23, 22]
    assert [event.number for event in query.sorted(lambda event: event.number, limit=2, descending=True)] == [23, 22]


def test_the_entity_is_always_told_on_indexes_too(db: Db, name: str) -> None:
    sale = db.create(Sale(buyer=name, number=1, status=name))
    team = db.create(Team(buyer=name, status=name))
    assert list(db.query(Sale, Sale.status == name, index=Sale.gs1)) == [sale]
    assert list(db.query(Team, Team.status == name)) == [team]
    assert db.query(Sale, Sale.gs1pk == f"status:{name}").count() == 1
    assert list(db.scan(Team, Team.buyer == name)) == [team]
    assert db.get(Sale, name, 1) == sale
    assert [type(each) for each in db.query(Sale, Sale.pk == f"buyer:{name}")] == [Sale]

    class Stranger(Model, table="shop", entity="stranger"):
        pk: Partition[str]

    assert db.get(Team, name, 0) == team
    with pytest.raises(UsageError, match="is of Stranger"):
        list(db.query(Sale, Sale.buyer == name, Stranger.pk == "x"))


def test_an_index_that_holds_a_part_gives_a_part(db: Db, name: str) -> None:
    db.create(Sale(buyer=name, number=1, day=name))
    (part,) = db.query(Sale, Sale.day == name)
    assert (part.status, part.day) == ("open", name)
    with pytest.raises(NotLoaded, match=r"Sale\.comment was not read"):
        _ = part.comment


@pytest.mark.parametrize(
    ("conditions", "index", "key_condition", "rest"),
    [
        (lambda: [Customer.id == "a"], "", "id = 'a'", ""),
        (lambda: [(Customer.id == "a") & (Customer.at > 3)], "", "id = 'a' AND at > '3'", ""),
        (lambda: [Customer.id == "a", Customer.at.between(1, 2)], "", "id = 'a' AND at BETWEEN '1' AND '2'", ""),
        (
            lambda: [Customer.id == "a", Customer.at >= 1, Customer.at <= 2],
            "",
            "id = 'a' AND at BETWEEN '1' AND '2'",
            "",
        ),
        (lambda: [Customer.id == "a", Customer.total > 3], "by_total", "id = 'a' AND total > '3'", ""),
        (lambda: [Customer.id == "a", Customer.email == "m"], "", "id = 'a'", "mail = 'm'"),
        (lambda: [Customer.email == "m"], "by_email", "mail = 'm'", ""),
        (lambda: [Customer.email == "m", Customer.age == 3], "by_email", "mail = 'm' AND years = '3'", ""),
        (
            lambda: [Customer.id == "a", (Customer.age == 3) | (Customer.age == 4)],
            "",
            "id = 'a'",
            "years = '3' OR years = '4'",
        ),
    ],
)
def test_the_key_is_chosen_from_the_conditions(
    db: Db, conditions: Any, index: str, key_condition: str, rest: str
) -> None:
    plan = db.query(Customer, *conditions()).explain()
    assert (plan.operation, plan.index, plan.key_condition, plan.filter) == ("Query", index, key_condition, rest)
    list(db.query(Customer, *conditions()))  # the engine takes it


@pytest.mark.parametrize(
    ("conditions", "index", "key_condition"),
    [
        (lambda: [Sale.buyer == "b"], "", "pk = 'buyer:b' AND begins_with(sk, 'sale:')"),
        (lambda: [Sale.buyer == "b", Sale.number == 7], "", "pk = 'buyer:b' AND sk = 'sale:00000007'"),
        (lambda: [Sale.buyer == "b", Sale.sk > "sale:1"], "", "pk = 'buyer:b' AND sk > 'sale:1'"),
        (lambda: [Sale.status == "s"], "gs1", "gs1pk = 'status:s'"),
        (lambda: [Sale.status == "s", Sale.day == "d"], "gs1", "gs1pk = 'status:s' AND gs1sk = 'd'"),
        (lambda: [Sale.status == "s", Sale.day > "d"], "gs1", "gs1pk = 'status:s' AND gs1sk > 'd'"),
        (
            lambda: [Sale.status == "s", Sale.day.between("a", "b")],
            "gs1",
            "gs1pk = 'status:s' AND gs1sk BETWEEN 'a' AND 'b'",
        ),
        (lambda: [Sale.buyer == "b", Sale.number > 7], "", "pk = 'buyer:b' AND begins_with(sk, 'sale:')"),
    ],
)
def test_templates_are_filled_from_the_conditions(db: Db, conditions: Any, index: str, key_condition: str) -> None:
    plan = db.query(Sale, *conditions()).explain()
    assert (plan.index, plan.key_condition) == (index, key_condition)
    assert plan.filter.endswith("_type = 'sale'")
    list(db.query(Sale, *conditions()))


def test_a_range_of_a_template_gives_the_items_of_the_range(db: Db, name: str) -> None:
    for number, day in enumerate(("2026-01-01", "2026-01-02", "2026-01-03")):
        db.create(Sale(buyer=name, number=number, status=name, day=day))
    query = db.query(Sale, Sale.status == name)
    assert [sale.number for sale in query.where(Sale.day >= "2026-01-02")] == [1, 2]
    assert [sale.number for sale in query.where(Sale.day < "2026-01-02").descending()] == [0]
    assert [sale.number for sale in query.where(Sale.day.between("2026-01-02", "2026-01-03"))] == [1, 2]


def test_without_a_key_that_fits_a_scan_is_needed(db: Db, endpoint: StrictServer) -> None:
    before = len(endpoint.journal)
    for conditions in ([Customer.at == 3], [], [(Customer.id == "a") | (Customer.id == "b")], [Customer.id != "a"]):
        with pytest.raises(ScanNeeded, match=r"the table needs id == .*index by_email needs email =="):
            list(db.query(Customer, *conditions))
    with pytest.raises(ScanNeeded, match="index by_email needs email"):
        db.query(Customer, Customer.id == "a", index=Customer.by_email).explain()
    with pytest.raises(UsageError, match="not one of Sale"):
        db.query(Sale, Sale.buyer == "b", index=Customer.by_email).explain()
    with pytest.raises(UsageError, match="one condition on the sort key"):
        db.query(Customer, Customer.id == "a", Customer.at > 1, Customer.at < 5).explain()
    assert len(endpoint.journal) == before
    assert db.scan(Customer, Customer.at == 3).explain().operation == "Scan"


def test_a_consistent_read_is_refused_on_a_global_index_only(db: Db, name: str, endpoint: StrictServer) -> None:
    before = len(endpoint.journal)
    with pytest.raises(UsageError, match="global index by_email cannot be read consistently"):
        db.query(Customer, Customer.email == "m").consistent()
    assert len(endpoint.journal) == before
    list(db.query(Customer, Customer.id == name, Customer.total > 1).consistent())
    assert endpoint.journal.of("Query")[-1].request["IndexName"] == "by_total"


def test_only_reads_what_is_named_and_the_key(db: Db, name: str) -> None:
    db.create(Customer(id=name, at=1, age=3, notes="x"))
    (part,) = db.query(Customer, Customer.id == name).only(Customer.age)
    assert (part.id, part.at, part.age) == (name, 1, 3)
    with pytest.raises(NotLoaded):
        _ = part.notes
    with pytest.raises(UsageError, match="takes whole attributes"):
        db.query(Customer, Customer.id == name).only(Customer.address.city)


def test_a_broken_item_of_a_page_is_named(db: Db, client: Any, name: str) -> None:
    client.put_item(TableName="customers", Item={"id": {"S": name}, "at": {"N": "1"}, "notes": {"N": "1"}})
    with pytest.raises(ItemInvalid, match="notes") as raised:
        list(db.query(Customer, Customer.id == name))
    assert raised.value.key == {"id": name, "at": "1"}


def test_a_scan_has_no_order(db: Db) -> None:
    with pytest.raises(UsageError, match="no order"):
        db.scan(Customer).descending()
    with pytest.raises(UsageError, match="not a valid limit"):
        db.scan(Customer).limit(-1)
    with pytest.raises(UsageError, match="not a valid number of items"):
        db.scan(Customer).page(items=0)
