"""Kinds of faults of such layers when they write: what another program would find in the table afterwards."""

from __future__ import annotations

import pickle
import socket
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from db.shop import Address, Customer, Person, Sale
from dynasmith import Db, Project, connect
from dynasmith.errors import (
    ConditionFailed,
    ItemExists,
    ItemInvalid,
    ItemNotFound,
    NotLoaded,
    TableNotFound,
    TemplateIncomplete,
    Unreachable,
    UsageError,
    VersionConflict,
)
from dynasmith.models import key
from dynasmith.strict import StrictServer
from leftovers import threads_left

pytestmark = pytest.mark.engine


def stored(client: Any, name: str, at: int = 1) -> dict[str, Any]:
    """The item as another program finds it."""
    answer = client.get_item(TableName="customers", Key={"id": {"S": name}, "at": {"N": str(at)}}, ConsistentRead=True)
    item: dict[str, Any] = answer.get("Item", {})
    return item


def sale_of(client: Any, buyer: str, number: int = 1) -> dict[str, Any]:
    where = {"pk": {"S": f"buyer:{buyer}"}, "sk": {"S": f"sale:{number:08d}"}}
    item: dict[str, Any] = client.get_item(TableName="shop", Key=where, ConsistentRead=True).get("Item", {})
    return item


def written(client: Any, name: str, **more: Any) -> None:
    """An item that another program wrote."""
    client.put_item(TableName="customers", Item={"id": {"S": name}, "at": {"N": "1"}, **more})


def sent(endpoint: StrictServer, operation: str) -> int:
    return len(endpoint.journal.of(operation))


def test_create_stamps_the_instance_and_the_item(db: Db, client: Any, name: str, endpoint: StrictServer) -> None:
    made = db.create(Customer(id=name, at=1, email="ann@example.com"))
    assert made.rev == 1
    assert made.created == made.updated
    assert made.created.tzinfo is UTC
    assert db.get(Customer, name, 1) == made
    item = stored(client, name)
    assert item["rev"] == {"N": "1"}
    assert item["mail"] == {"S": "ann@example.com"}
    assert "years" not in item


def test_create_of_an_item_that_exists_fails_with_that_item(db: Db, name: str) -> None:
    first = db.create(Customer(id=name, at=1, age=3))
    second = Customer(id=name, at=1, age=4)
    with pytest.raises(ItemExists, match=f"customers already has the Customer id='{name}', at='1'") as raised:
        db.create(second)
    assert raised.value.item == first
    assert second.model_dump()["rev"] is None  # nothing was written, and nothing was stamped
    assert db.require(Customer, name, 1).age == 3


def test_create_whose_answer_is_lost_knows_its_own_item(db: Db, name: str, endpoint: StrictServer) -> None:
    endpoint.fault("PutItem", kind="reset-after")
    made = db.create(Customer(id=name, at=1, age=3))
    assert db.get(Customer, name, 1) == made


def test_save_sends_one_update_of_what_changed_and_keeps_the_rest(
    db: Db, client: Any, name: str, endpoint: StrictServer
) -> None:
    address = {"street": {"S": "s"}, "city": {"S": "c"}, "zip": {"S": "3000"}}
    written(
        client, name, legacy={"SS": ["x"]}, address={"M": address}, labels={"M": {"a": {"S": "1"}, "b": {"S": "2"}}}
    )
    item = db.require(Customer, name, 1)
    # Another program changes what this instance does not touch.
    client.update_item(
        TableName="customers",
        Key={"id": {"S": name}, "at": {"N": "1"}},
        UpdateExpression="SET notes = :n, address.city = :c, labels.b = :n",
        ExpressionAttributeValues={":n": {"S": "theirs"}, ":c": {"S": "theirs"}},
    )
    item.age = 5
    assert item.address
    item.address.street = "new"
    item.labels["a"] = "new"
    db.save(item)
    after = stored(client, name)
    assert after["legacy"] == {"SS": ["x"]}
    assert after["address"] == {"M": {"street": {"S": "new"}, "city": {"S": "theirs"}, "zip": {"S": "3000"}}}
    assert after["labels"] == {"M": {"a": {"S": "new"}, "b": {"S": "theirs"}}}
    assert after["notes"] == {"S": "theirs"}
    assert item.notes == "theirs"  # the instance is the item as it is now
    assert after["years"] == {"N": "5"}


def test_save_of_nothing_sends_nothing(db: Db, client: Any, name: str, endpoint: StrictServer) -> None:
    numbers = {
        "years": {"N": "5"},
        "total": {"N": "1.50"},
        "address": {"NULL": True},
        "seen": {"S": "2026-03-01T00:00:00Z"},
    }
    written(client, name, tags={"SS": ["b", "a"]}, **numbers)
    item = db.require(Customer, name, 1)
    before = sent(endpoint, "UpdateItem"), sent(endpoint, "PutItem")
    item.total = Decimal("1.5")
    item.tags = {"a", "b"}
    item.seen = datetime(2026, 3, 1, tzinfo=UTC)
    assert item.notes == ""  # the default, for an attribute that is absent
    assert db.save(item) is item
    assert (sent(endpoint, "UpdateItem"), sent(endpoint, "PutItem")) == before


def test_a_set_stays_a_set_when_it_is_emptied_and_filled_again(db: Db, client: Any, name: str) -> None:
    item = db.create(Customer(id=name, at=1, tags={"a"}))
    item.tags.clear()
    db.save(item)
    assert "tags" not in stored(client, name)
    again = db.require(Customer, name, 1)
    assert again.tags == set()
    again.tags.add("b")
    db.save(again)
    assert stored(client, name)["tags"] == {"SS": ["b"]}
    db.update(key(Customer, name, 1), Customer.tags.add({"c"}))
    assert db.update(key(Customer, name, 1), Customer.tags.discard("b", "c")).tags == set()


def test_none_on_a_key_of_an_index_is_absent(db: Db, client: Any, name: str) -> None:
    item = db.create(Customer(id=name, at=1, email=None, age=1))
    assert "mail" not in stored(client, name)
    item.email = f"{name}@example.com"
    db.save(item)
    assert db.query(Customer, Customer.email == item.email).count() == 1
    item.email = None
    db.save(item)
    assert "mail" not in stored(client, name)
    db.update(item, Customer.email.set("x@y"))
    assert item.model_dump()["email"] == "x@y"
    db.update(item, Customer.email.set(None))
    assert "mail" not in stored(client, name)


def test_what_a_class_needs_is_not_removed(db: Db, client: Any, name: str) -> None:
    person = db.create(Customer(id=name, at=1, address=Address(street="s", city="c")))
    before = stored(client, name)
    for what in (person, key(Customer, name, 1)):
        for action in (Customer.address.street.remove(), Customer.address.street.set(None)):
            with pytest.raises(UsageError, match=r"address\.street cannot be removed or set to None"):
                db.update(what, Customer.age.set(3), action)
        with pytest.raises(UsageError, match="cannot be removed"), db.transaction() as tx:
            tx.update(what, Customer.address.street.remove())
    assert stored(client, name) == before
    person = db.update(person, Customer.address.remove(), Customer.total.remove(), Customer.labels["a"].remove())
    assert person.address is None
    assert person.total == 0


def test_classes_and_instances_in_each_others_place_are_refused(db: Db, name: str) -> None:
    wrong: Any = Customer
    with pytest.raises(UsageError, match="A class is given"):
        db.create(wrong)
    wrong = Customer(id=name, at=1, email="secret@example.com")
    with pytest.raises(UsageError, match="An instance of Customer is given, and the class is needed") as raised:
        db.get(wrong, name, 1)
    assert "secret" not in str(raised.value)


def test_empty_text_in_a_map_is_kept(db: Db, client: Any, name: str) -> None:
    db.create(Customer(id=name, at=1, labels={"a": ""}, address=Address(street="", city="")))
    assert stored(client, name)["labels"] == {"M": {"a": {"S": ""}}}
    assert stored(client, name)["address"] == {"M": {"street": {"S": ""}, "city": {"S": ""}}}


def test_a_removed_attribute_leaves_the_instance_too(db: Db, client: Any, name: str) -> None:
    item = db.create(Customer(id=name, at=1, age=5))
    assert db.update(item, Customer.age.remove()) is item
    assert item.age is None
    item.notes = "x"
    db.save(item)
    assert "years" not in stored(client, name)


def test_an_update_of_an_instance_keeps_what_is_not_saved_yet(db: Db, client: Any, name: str) -> None:
    item = db.create(Customer(id=name, at=1, age=5, tags={"a"}))
    item.notes = "not saved"
    item.tags.add("b")
    item.age = 6
    db.update(item, Customer.total.set(Decimal(3)), Customer.age.add(10))
    assert (item.notes, item.tags, item.age, item.total, item.rev) == ("not saved", {"a", "b"}, 15, Decimal(3), 2)
    assert stored(client, name)["tags"] == {"SS": ["a"]}
    db.save(item)
    assert stored(client, name)["notes"] == {"S": "not saved"}
    assert stored(client, name)["years"] == {"N": "15"}


def test_add_on_a_missing_number_begins_at_zero_or_at_start(db: Db, name: str) -> None:
    db.create(Customer(id=name, at=1))
    assert db.update(key(Customer, name, 1), Customer.age.add(2)).age == 2
    db.update(key(Customer, name, 1), Customer.age.remove())
    assert db.update(key(Customer, name, 1), Customer.age.add(2, start=10)).age == 12
    assert db.update(key(Customer, name, 1), Customer.total.add(Decimal("-1.5"))).total == Decimal("-1.5")


def test_two_savers_of_one_version_one_wins(db: Db, name: str) -> None:
    db.create(Customer(id=name, at=1))
    one, other = db.require(Customer, name, 1), db.require(Customer, name, 1)
    one.age, other.age = 1, 2
    db.save(one)
    with pytest.raises(VersionConflict, match="was changed by another writer") as raised:
        db.save(other)
    assert raised.value.current == one
    assert raised.value.current.rev == 2
    again = raised.value.current
    again.age = 2
    db.save(again)
    assert db.require(Customer, name, 1).rev == 3
    assert (other.age, other.rev) == (2, 1)


def test_a_save_whose_answer_is_lost_knows_its_own_change(db: Db, name: str, endpoint: StrictServer) -> None:
    item = db.create(Customer(id=name, at=1))
    item.age = 7
    endpoint.fault("UpdateItem", kind="reset-after")
    db.save(item)
    assert (item.rev, db.require(Customer, name, 1).rev) == (2, 2)


def test_a_stored_version_of_zero_and_none_at_all_are_compared(db: Db, client: Any, name: str) -> None:
    written(client, name, rev={"N": "0"})
    zero = db.require(Customer, name, 1)
    zero.age = 1
    db.save(zero)
    assert stored(client, name)["rev"] == {"N": "1"}
    written(client, name)
    none = db.require(Customer, name, 1)
    written(client, name, rev={"N": "5"})
    none.age = 1
    with pytest.raises(VersionConflict) as raised:
        db.save(none)
    assert raised.value.current.rev == 5


def test_an_update_by_key_raises_the_version_and_does_not_reset_it(db: Db, client: Any, name: str) -> None:
    stale = db.create(Customer(id=name, at=1))
    assert db.update(key(Customer, name, 1), Customer.age.set(1)).rev == 2
    assert db.update(key(Customer, name, 1), Customer.age.set(2)).rev == 3
    with pytest.raises(VersionConflict):
        db.update(stale, Customer.age.set(3))
    assert stored(client, name)["years"] == {"N": "2"}


def test_a_stale_delete_fails_and_a_delete_of_nothing_is_false(db: Db, client: Any, name: str) -> None:
    stale = db.create(Customer(id=name, at=1))
    db.update(key(Customer, name, 1), Customer.age.set(1))
    with pytest.raises(VersionConflict) as raised:
        db.delete(stale)
    assert raised.value.current.age == 1
    assert db.delete(db.require(Customer, name, 1)) is True
    assert db.delete(stale) is False
    assert db.delete(key(Customer, name, 1)) is False
    assert stored(client, name) == {}


def test_save_and_update_of_an_item_that_is_gone_do_not_make_a_part_of_one(db: Db, client: Any, name: str) -> None:
    item = db.create(Customer(id=name, at=1))
    db.delete(key(Customer, name, 1))
    item.age = 1
    with pytest.raises(VersionConflict, match="was deleted") as raised:
        db.save(item)
    assert raised.value.current is None
    person = db.create(Person(id=name))
    db.delete(person)
    person.name = "x"
    with pytest.raises(ItemNotFound, match="people has no Person"):
        db.save(person)
    with pytest.raises(ItemNotFound):
        db.update(key(Person, name), Person.name.set("x"))
    assert db.get(Person, name) is None
    assert stored(client, name) == {}


def test_where_is_a_condition_of_its_own(db: Db, name: str) -> None:
    item = db.create(Customer(id=name, at=1, age=3))
    item.age = 4
    with pytest.raises(ConditionFailed, match="does not hold") as raised:
        db.save(item, where=Customer.age == 9)
    assert type(raised.value) is ConditionFailed
    assert raised.value.item.age == 3
    db.save(item, where=Customer.age == 3)
    with pytest.raises(ConditionFailed):
        db.update(key(Customer, name, 1), Customer.age.set(5), where=Customer.age > 10)
    with pytest.raises(ConditionFailed):
        db.delete(key(Customer, name, 1), where=Customer.age > 10)
    with pytest.raises(ConditionFailed):
        db.put(item, where=Customer.age > 10)
    assert db.delete(key(Customer, name, 1), where=Customer.age == 4)


def test_put_keeps_created_and_what_the_class_does_not_know(
    db: Db, client: Any, name: str, endpoint: StrictServer
) -> None:
    made = db.create(Customer(id=name, at=1))
    client.update_item(
        TableName="customers",
        Key={"id": {"S": name}, "at": {"N": "1"}},
        UpdateExpression="SET legacy = :x",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )
    item = db.require(Customer, name, 1)
    endpoint.clock.advance(seconds=5)
    item.age = 1
    db.put(item)
    after = db.require(Customer, name, 1)
    assert after.created == made.created
    assert after.updated == made.updated + timedelta(seconds=5)
    assert after.rev == 2
    assert stored(client, name)["legacy"] == {"S": "x"}
    with pytest.raises(VersionConflict):
        db.put(Customer(id=name, at=1))


def test_a_stamp_that_an_update_sets_itself_does_not_overlap(db: Db, name: str) -> None:
    item = db.create(Customer(id=name, at=1))
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    after = db.update(key(Customer, name, 1), Customer.updated.set(moment), Customer.rev.set(40))
    assert (after.updated, after.rev) == (moment, 40)
    assert item.rev == 1


def test_a_stamp_or_a_version_that_was_set_on_an_instance_is_stamped_over(db: Db, name: str) -> None:
    item = db.create(Customer(id=name, at=1))
    item.updated, item.rev = datetime(2020, 1, 1, tzinfo=UTC), 40
    db.save(item)
    item.age = 1
    db.save(item)
    assert item.rev == 2
    assert item.updated == item.created


def test_save_needs_an_instance_that_was_read(db: Db, name: str) -> None:
    with pytest.raises(UsageError, match="was never read or written"):
        db.save(Customer(id=name, at=1))
    with pytest.raises(UsageError, match="has no actions"):
        db.update(key(Customer, name, 1))
    with pytest.raises(UsageError, match="neither an instance of a model nor a key"):
        db.delete(name)  # type: ignore[arg-type]


def test_a_pickled_instance_can_be_saved(db: Db, client: Any, name: str) -> None:
    written(client, name, legacy={"S": "x"})
    item = pickle.loads(pickle.dumps(db.require(Customer, name, 1)))
    item.age = 2
    db.save(item)
    assert stored(client, name)["legacy"] == {"S": "x"}


def test_what_cannot_be_stored_is_refused_before_the_call(db: Db, name: str, endpoint: StrictServer) -> None:
    item = db.create(Customer(id=name, at=1))
    before = len(endpoint.journal)
    item.tags.add(3)  # type: ignore[arg-type]
    with pytest.raises(ItemInvalid, match="tags: ") as raised:
        db.save(item)
    assert (raised.value.model, raised.value.attribute) == ("Customer", "tags")
    with pytest.raises(ItemInvalid):
        db.create(Customer(id=name, at=2, seen=datetime(2026, 1, 1)))
    for text in ("half of a pair: \ud800",):
        with pytest.raises(ItemInvalid, match="half of a surrogate pair"):
            db.create(Customer(id=name, at=2, notes=text))
        with pytest.raises(ItemInvalid, match="half of a surrogate pair"):
            db.query(Customer, Customer.id == text).first()
    assert len(endpoint.journal) == before


def test_a_changed_key_moves_the_item_in_one_transaction(
    db: Db, client: Any, name: str, endpoint: StrictServer
) -> None:
    written(client, name, legacy={"S": "x"}, years={"N": "3"})
    item = db.require(Customer, name, 1)
    item.at = 2
    before = sent(endpoint, "TransactWriteItems")
    db.save(item)
    assert sent(endpoint, "TransactWriteItems") == before + 1
    assert stored(client, name) == {}
    assert stored(client, name, 2)["legacy"] == {"S": "x"}
    item.age = 4
    db.save(item)
    assert stored(client, name, 2)["years"] == {"N": "4"}
    db.create(Customer(id=name, at=3))
    item.at = 3
    with pytest.raises(ItemExists) as raised:
        db.save(item)
    assert raised.value.item.at == 3
    item.at = 4
    db.update(key(Customer, name, 2), Customer.age.set(9))
    with pytest.raises(VersionConflict) as conflict:
        db.save(item)
    assert (conflict.value.current.at, conflict.value.current.age) == (2, 9)
    with pytest.raises(UsageError, match="cannot change at, which is in the key"):
        db.update(item, Customer.at.set(3))


# --- keys that are made of attributes


def test_a_template_is_made_again_by_save_and_by_update(db: Db, client: Any, name: str) -> None:
    sale = db.create(Sale(buyer=name, number=1))
    sale.status = "paid"
    db.save(sale)
    assert sale_of(client, name)["gs1pk"] == {"S": "status:paid"}
    db.update(sale, Sale.status.set("sent"))
    assert sale_of(client, name)["gs1pk"] == {"S": "status:sent"}
    db.update(key(Sale, name, 1), Sale.status.set("void"), Sale.day.set("2026-02-02"))
    assert sale_of(client, name)["gs1pk"] == {"S": "status:void"}
    assert sale_of(client, name)["gs1sk"] == {"S": "2026-02-02"}


def test_a_part_that_is_none_leaves_neither_key_of_the_index(db: Db, client: Any, name: str) -> None:
    sale = db.create(Sale(buyer=name, number=1, status=None))
    assert {"gs1pk", "gs1sk"}.isdisjoint(sale_of(client, name))
    sale.status = "open"
    db.save(sale)
    assert sale_of(client, name)["gs1sk"] == {"S": "2026-01-01"}
    sale.day = None
    db.save(sale)
    assert {"gs1pk", "gs1sk", "day"}.isdisjoint(sale_of(client, name))
    sale.day = "2026-03-03"
    db.save(sale)
    db.update(sale, Sale.status.remove())
    assert {"gs1pk", "gs1sk"}.isdisjoint(sale_of(client, name))


def test_an_update_that_does_not_know_all_parts_sends_nothing(db: Db, name: str, endpoint: StrictServer) -> None:
    sale = db.create(Sale(buyer=name, number=1))
    before = len(endpoint.journal)
    with pytest.raises(TemplateIncomplete, match=r"Sale\.gs1pk, and day is not known"):
        db.update(key(Sale, name, 1), Sale.status.set("paid"))
    with pytest.raises(TemplateIncomplete):
        db.update(sale, Sale.status.set(Sale.day))
    assert len(endpoint.journal) == before
    db.update(key(Sale, name, 1), Sale.comment.set("x"))


def test_the_other_parts_of_a_template_are_a_condition(db: Db, name: str) -> None:
    sale = db.create(Sale(buyer=name, number=1))
    other = db.require(Sale, name, 1)
    other.day = "2026-05-05"
    db.save(other)
    with pytest.raises(ConditionFailed):
        db.update(sale, Sale.status.set("paid"))


def test_a_part_of_an_item_is_saved_as_that_part(db: Db, client: Any, name: str) -> None:
    db.create(Sale(buyer=name, number=1, comment="x"))
    (part,) = db.query(Sale, Sale.buyer == name).only(Sale.comment)
    with pytest.raises(NotLoaded, match=r"Sale\.status was not read"):
        _ = part.status
    part.comment = "y"
    db.save(part)
    assert part.comment == "y"
    assert sale_of(client, name)["status"] == {"S": "open"}
    assert sale_of(client, name)["comment"] == {"S": "y"}
    with pytest.raises(NotLoaded):
        db.put(part)


# --- the environment


def test_a_dry_db_reads_and_cannot_write(project: Project, db: Db, name: str, endpoint: StrictServer) -> None:
    item = db.create(Customer(id=name, at=1))
    dry = project.db(dry=True)
    assert dry.require(Customer, name, 1) == item
    assert dry.query(Customer, Customer.id == name).count() == 1
    before = sent(endpoint, "PutItem"), sent(endpoint, "UpdateItem"), sent(endpoint, "DeleteItem")
    item.age = 1
    for write in (
        lambda: dry.save(item),
        lambda: dry.put(item),
        lambda: dry.delete(item),
        lambda: dry.create(Customer(id=name, at=2)),
        lambda: dry.update(item, Customer.age.set(1)),
    ):
        with pytest.raises(UsageError, match="dry"):
            write()
    assert (sent(endpoint, "PutItem"), sent(endpoint, "UpdateItem"), sent(endpoint, "DeleteItem")) == before


def test_a_class_can_be_in_another_table(db: Db, client: Any, name: str) -> None:
    there = db.in_table(Person, "no_such_table")
    with pytest.raises(TableNotFound):
        there.create(Person(id=name))
    assert db.get(Person, name) is None
    both = db.in_table(Person, "people")
    both.create(Person(id=name))
    assert db.get(Person, name) is not None


def test_the_environment_says_where_the_tables_are(endpoint: StrictServer, name: str, tmp_path: Path) -> None:
    (tmp_path / "dynasmith.toml").write_text(
        f'[environments.here]\nendpoint = "{endpoint.endpoint}"\ntable_prefix = "{name}-"\nregion = "us-east-1"\n'
        "protected = true\n"
    )
    with Project.load(tmp_path, env="here", clock=endpoint.clock) as project:
        db = project.db()
        with pytest.raises(TableNotFound, match=f"{name}-people"):
            db.create(Person(id=name))
        with pytest.raises(TableNotFound, match=f"{name}-people"):
            list(db.query(Person, Person.id == name))
        # A table that is named is named as it is in the service; db asks for no consent, protected or not.
        db.in_table(Person, "people").create(Person(id=name))
        assert list(db.in_table(Person, "people").query(Person, Person.id == name)) == [Person(id=name)]


def test_a_closed_project_has_no_thread_and_is_not_read(endpoint: StrictServer, project: Project, name: str) -> None:
    before = threading.enumerate()
    own = connect(endpoint=endpoint.endpoint, region="us-east-1", clock=endpoint.clock)
    query = own.db().in_table(Person, "people").query(Person, Person.id == name)
    assert list(query) == []
    assert "dynasmith-pages" in [each.name for each in threading.enumerate() if each not in before]
    own.close()
    assert threads_left(before) == []
    with pytest.raises(UsageError, match="The project is closed"):
        list(query)


def test_an_endpoint_that_is_not_there_is_said_and_nothing_else_is_reached(name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with connect(endpoint=f"http://127.0.0.1:{port}", region="us-east-1") as project:
        with pytest.raises(Unreachable):
            project.db().create(Person(id=name))
        with pytest.raises(Unreachable):
            list(project.db().query(Person, Person.id == name))
