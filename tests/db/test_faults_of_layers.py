"""One test for each kind of fault that public reports name of layers over DynamoDB; boto3 says what is stored.

Each name begins with the number of its kind. Siblings are in test_faults_of_templates.py, test_faults_of_writes.py,
test_writes.py and test_reads.py, those without an engine in tests/models. The reports:

 1 PynamoDB#284          7 PynamoDB#166    13 dynamoose#1383           19 ElectroDB#270
 2 PynamoDB#962          8 PynamoDB#1247   14 PynamoDB#992             20 dynamoose#214
 3 PynamoDB#719          9 PynamoDB PR#43  15 PynamoDB#652             21 PynamoDB PR#160
 4 OneTable#301         10 PynamoDB#137    16 OneTable#233             22 OneTable#317
 5 OneTable#316         11 PynamoDB#243    17 OneTable#540             23 dynamodb-toolbox#1051
 6 OneTable#358         12 OneTable#470    18 add on a missing number  24 PynamoDB#1264
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from db.shop import Address, Customer, Event, Person, Sale, Team
from dynasmith import Db, Project, connect
from dynasmith.errors import ItemInvalid, UsageError, ValueTaken, VersionConflict
from dynasmith.models import Attr, Model, Partition, attr, created_at, key, tables_of, updated_at
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine


class Member(Model, table="fault_members"):
    """A class with a unique attribute and stamps."""

    id: Partition[str]
    email: Attr[str] = attr(unique=True)
    created: Attr[datetime] = created_at()
    updated: Attr[datetime] = updated_at()


@pytest.fixture(scope="module")
def members(endpoint: StrictServer) -> Iterator[Project]:
    """A project with the table of that class."""
    tables = tables_of(Member)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as project:
        project.ensure()
        yield project


@pytest.fixture
def raw(client: Any, name: str) -> Any:
    """The customer of the test, as another program finds it."""

    def read() -> dict[str, Any]:
        where = {"id": {"S": name}, "at": {"N": "1"}}
        item: dict[str, Any] = client.get_item(TableName="customers", Key=where, ConsistentRead=True).get("Item", {})
        return item

    return read


def change(client: Any, name: str, expression: str, **values: Any) -> None:
    """What another program does to the customer of the test."""
    client.update_item(
        TableName="customers",
        Key={"id": {"S": name}, "at": {"N": "1"}},
        UpdateExpression=expression,
        ExpressionAttributeValues={f":{each}": value for each, value in values.items()},
    )


def test_01_save_keeps_attributes_that_the_class_does_not_know(db: Db, client: Any, name: str, raw: Any) -> None:
    db.create(Customer(id=name, at=1, address=Address(street="a")))
    change(client, name, "SET legacy = :l, address.floor = :f", l={"SS": ["x"]}, f={"N": "3"})
    customer = db.require(Customer, name, 1)
    customer.age = 5
    assert customer.address is not None
    customer.address.street = "b"
    db.save(customer)
    customer.notes = "n"
    db.put(customer)
    assert raw()["legacy"] == {"SS": ["x"]}
    assert raw()["address"]["M"] == {"street": {"S": "b"}, "city": {"S": ""}, "floor": {"N": "3"}}


def test_02_an_emptied_set_is_removed_and_is_a_set_again_when_filled(db: Db, name: str, raw: Any) -> None:
    customer = db.create(Customer(id=name, at=1, tags={"a"}))
    customer.tags.clear()
    db.save(customer)
    assert "tags" not in raw()
    assert db.require(Customer, name, 1).tags == set()
    customer.tags.add("b")
    db.save(customer)
    assert raw()["tags"] == {"SS": ["b"]}


def test_03_none_on_a_key_of_an_index_is_absent_and_null_reads_as_none(
    db: Db, client: Any, name: str, raw: Any
) -> None:
    customer = db.create(Customer(id=name, at=1, email=None))
    assert "mail" not in raw()
    customer.email = f"{name}@example.com"
    db.save(customer)
    assert [each.id for each in db.query(Customer, Customer.email == f"{name}@example.com")] == []  # no age yet
    customer.age = 3
    db.save(customer)
    assert [each.id for each in db.query(Customer, Customer.email == f"{name}@example.com")] == [name]
    db.update(customer, Customer.email.set(None))
    assert "mail" not in raw()
    change(client, name, "SET address = :n", n={"NULL": True})
    assert db.require(Customer, name, 1).address is None


def test_04_a_template_key_follows_its_attribute(db: Db, client: Any, name: str) -> None:
    where = {"pk": {"S": f"buyer:{name}"}, "sk": {"S": "sale:00000001"}}
    sale = db.create(Sale(buyer=name, number=1))
    sale.status = "paid"
    db.save(sale)
    assert client.get_item(TableName="shop", Key=where)["Item"]["gs1pk"] == {"S": "status:paid"}
    db.update(key(Sale, name, 1), Sale.status.set("void"), Sale.day.set("2026-02-02"))
    item = client.get_item(TableName="shop", Key=where)["Item"]
    assert (item["gs1pk"], item["gs1sk"]) == ({"S": "status:void"}, {"S": "2026-02-02"})


def test_05_a_part_that_is_absent_leaves_neither_key_of_the_index(db: Db, client: Any, name: str) -> None:
    where = {"pk": {"S": f"buyer:{name}"}, "sk": {"S": "sale:00000001"}}
    db.create(Sale(buyer=name, number=1, status=None))
    item = client.get_item(TableName="shop", Key=where)["Item"]
    assert not {"gs1pk", "gs1sk", "status"} & item.keys()
    assert "None" not in str(item)


def test_06_one_member_of_a_map_leaves_the_others(db: Db, client: Any, name: str, raw: Any) -> None:
    customer = db.create(Customer(id=name, at=1, labels={"a": "1", "b": "2"}, address=Address(street="a", city="b")))
    change(client, name, "SET labels.c = :c", c={"S": "3"})  # another writer, in between
    customer.labels["a"] = "9"
    del customer.labels["b"]
    db.save(customer)
    assert raw()["labels"] == {"M": {"a": {"S": "9"}, "c": {"S": "3"}}}
    assert customer.labels == {"a": "9", "c": "3"}
    assert Customer.address is not None
    db.update(customer, Customer.labels["d.e"].set("4"))
    assert raw()["labels"]["M"].keys() == {"a", "c", "d.e"}


def test_07_what_an_update_removes_is_gone_from_the_instance(db: Db, name: str) -> None:
    customer = db.create(Customer(id=name, at=1, age=5))
    assert db.update(customer, Customer.age.remove()).age is None
    assert customer.age is None


def test_08_an_update_by_key_does_not_reset_the_version(db: Db, name: str, raw: Any) -> None:
    customer = db.create(Customer(id=name, at=1))
    db.update(key(Customer, name, 1), Customer.age.set(1))
    db.update(key(Customer, name, 1), Customer.age.set(2))
    assert raw()["rev"] == {"N": "3"}
    customer.notes = "late"
    with pytest.raises(VersionConflict) as caught:
        db.save(customer)
    assert caught.value.current == db.require(Customer, name, 1)


def test_09_a_stale_delete_fails(db: Db, name: str, raw: Any) -> None:
    customer = db.create(Customer(id=name, at=1))
    db.update(key(Customer, name, 1), Customer.age.set(1))
    with pytest.raises(VersionConflict):
        db.delete(customer)
    assert raw()
    assert db.delete(db.require(Customer, name, 1)) is True
    assert raw() == {}


@pytest.fixture
def events(db: Db, name: str) -> str:
    """Items of two pages, of which those of the first do not pass the filter."""
    for number in range(14):
        db.put(Event(stream=name, number=number, kind="late" if number > 8 else "plain", body="x" * 120_000))
    return name


def test_10_a_limit_and_a_cursor_with_a_filter_go_over_pages_that_are_empty(db: Db, events: str) -> None:
    rare = db.query(Event, Event.stream == events, Event.kind == "late")
    assert [each.number for each in rare.limit(2)] == [9, 10]
    first = rare.page(items=2)
    second = rare.page(first.cursor, items=2)
    third = rare.page(second.cursor, items=2)
    assert [each.number for page in (first, second, third) for each in page.items] == [9, 10, 11, 12, 13]
    assert third.cursor is None


def test_11_a_count_is_of_all_pages(db: Db, events: str) -> None:
    assert db.query(Event, Event.stream == events).count() == 14
    assert db.query(Event, Event.stream == events, Event.kind == "late").count() == 5


def test_12_keys_that_are_left_unprocessed_are_asked_for_again(db: Db, name: str, endpoint: StrictServer) -> None:
    ids = [f"{name}-{number}" for number in range(5)]
    db.put_many(Person(id=each) for each in ids)
    fault = endpoint.fault("BatchGetItem", kind="unprocessed", times=3)
    assert [each and each.id for each in db.get_many(Person, ids)] == ids
    assert fault.hits == 3


def test_13_a_batch_is_in_the_order_asked_with_duplicates_and_none(db: Db, name: str) -> None:
    db.put_many(Person(id=f"{name}-{number}") for number in range(3))
    asked = [f"{name}-2", "none", f"{name}-0", f"{name}-2", f"{name}-1"]
    assert [each and each.id for each in db.get_many(Person, asked)] == [
        f"{name}-2",
        None,
        f"{name}-0",
        f"{name}-2",
        f"{name}-1",
    ]


def test_14_the_other_entities_of_a_table_are_never_given(db: Db, name: str) -> None:
    db.create(Sale(buyer=name, number=1, status=name))
    db.create(Team(buyer=name, number=2, status=name))
    for query in (
        db.query(Sale, Sale.gs1pk == f"status:{name}", index=Sale.gs1),
        db.query(Sale, Sale.buyer == name),
        db.scan(Sale, Sale.buyer == name),
    ):
        assert [type(each) for each in query] == [Sale]
        assert query.count() == 1


def test_15_a_datetime_without_a_zone_is_refused_everywhere(db: Db, name: str, raw: Any) -> None:
    naive = datetime(2026, 1, 1)
    with pytest.raises(ItemInvalid, match="has no time zone"):
        db.create(Customer(id=name, at=1, seen=naive))
    with pytest.raises(ItemInvalid, match="has no time zone"):
        _ = Customer.seen < naive
    with pytest.raises(ItemInvalid, match="has no time zone"):
        Customer.seen.set(naive)
    assert raw() == {}


def test_16_a_time_to_live_is_in_seconds(db: Db, client: Any, name: str, raw: Any) -> None:
    at = datetime(2100, 1, 1, tzinfo=UTC)
    db.create(Customer(id=name, at=1, expires=at))
    assert raw()["expires"] == {"N": str(int(at.timestamp()))}
    change(client, name, "SET expires = :m", m={"N": str(int(at.timestamp() * 1000))})
    with pytest.raises(ItemInvalid, match="looks like milliseconds"):
        db.get(Customer, name, 1)


def test_17_empty_text_in_a_map_is_kept(db: Db, name: str, raw: Any) -> None:
    db.create(Customer(id=name, at=1, labels={"a": ""}, address=Address(street="")))
    assert (raw()["labels"], raw()["address"]) == (
        {"M": {"a": {"S": ""}}},
        {"M": {"street": {"S": ""}, "city": {"S": ""}}},
    )


def test_18_adding_to_a_number_that_is_missing_begins_at_zero(db: Db, client: Any, name: str) -> None:
    client.put_item(TableName="customers", Item={"id": {"S": name}, "at": {"N": "1"}})
    customer = db.update(key(Customer, name, 1), Customer.age.add(2), Customer.total.add(Decimal("1.5"), start=10))
    assert (customer.age, customer.total) == (2, Decimal("11.5"))


def test_19_a_batch_put_keeps_the_time_of_creation(members: Project, name: str, endpoint: StrictServer) -> None:
    db = members.db()
    member = db.create(Member(id=name, email=name))
    created = member.created
    endpoint.clock.advance(minutes=1)
    with pytest.raises(UsageError, match="unique"):  # a batch has no conditions
        db.put_many([member])
    db.put(member)
    assert db.require(Member, name).created == created


def test_20_a_time_stamp_never_overlaps_with_an_action(members: Project, name: str) -> None:
    db = members.db()
    db.create(Member(id=name, email=name))
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    assert db.update(key(Member, name), Member.updated.set(moment)).updated == moment


def test_21_a_stored_name_is_used_by_every_verb(db: Db, name: str, raw: Any) -> None:
    customer = db.create(Customer(id=name, at=1, age=1))
    db.update(customer, Customer.age.add(1), where=Customer.age == 1)
    customer.age = 7
    db.save(customer)
    assert (raw()["years"], "age" in raw()) == ({"N": "7"}, False)
    assert db.query(Customer, Customer.id == name, Customer.age == 7).only(Customer.age).one().age == 7


def test_22_a_unique_attribute_is_of_one_item(members: Project, name: str) -> None:
    db = members.db()
    db.create(Member(id=f"{name}-1", email=name))
    other = db.create(Member(id=f"{name}-2", email=f"{name}-2"))
    other.email = name
    with pytest.raises(ValueTaken):
        db.save(other)
    db.delete(key(Member, f"{name}-1"))
    assert db.save(other).email == name


def test_23_a_local_index_is_read_consistently(db: Db, name: str) -> None:
    db.create(Customer(id=name, at=1, total=Decimal(5)))
    query = db.query(Customer, Customer.id == name, Customer.total > 3).consistent()
    assert (query.explain().index, query.count()) == ("by_total", 1)


def test_24_a_conflict_of_transactions_is_tried_again(db: Db, name: str, endpoint: StrictServer) -> None:
    db.create(Event(stream=name, number=1))
    fault = endpoint.fault("TransactWriteItems", kind="throttle", times=2)
    with db.transaction() as tx:
        tx.update(key(Event, name, 1), Event.body.set("x"))
        tx.put(Event(stream=name, number=2))
    assert fault.hits == 2
    assert db.query(Event, Event.stream == name).count() == 2


def test_every_kind_has_its_test() -> None:
    reports = {int(number) for number in re.findall(r"(?:^|\s)(\d{1,2}) \w", __doc__)}
    tests = {int(each[5:7]) for each in globals() if re.match(r"test_\d\d_", each)}
    assert tests == set(range(1, 25)) <= reports
