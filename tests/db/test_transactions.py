"""Transactions: all actions or none, in their order; why one was cancelled; instances afterwards."""
# ruff: noqa: PT012, SIM117 - what raises is the block of a transaction, or its end

from __future__ import annotations

import threading
from typing import Any

import pytest

from db.shop import Customer, Event, Person, Sale, Team
from dynasmith import Db, Project
from dynasmith.engine.db.planned_action import delete_action
from dynasmith.engine.db.transaction_causes import failure_of
from dynasmith.engine.db.transaction_parts import ClaimKnowledge, parts_of
from dynasmith.errors import (
    CancelledAction,
    ConditionFailed,
    ItemExists,
    ItemInvalid,
    ItemNotFound,
    NotLoaded,
    ServiceError,
    ServiceUnavailable,
    TableNotFound,
    Throttled,
    TransactionFailed,
    UsageError,
    ValidationRefused,
    VersionConflict,
)
from dynasmith.models import key
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
OPERATION = "TransactWriteItems"


def sent(endpoint: StrictServer) -> int:
    return len(endpoint.journal.of(OPERATION))


def test_actions_on_several_classes_and_tables_are_one_call_in_their_order(
    db: Db, name: str, endpoint: StrictServer
) -> None:
    old, gone = db.create(Customer(id=name, at=1, age=1)), db.create(Person(id=name, name="gone"))
    changed = db.create(Customer(id=name, at=2, age=2))
    before = sent(endpoint)
    changed.age = 20
    with db.transaction() as tx:
        tx.create(Sale(buyer=name, number=1))
        tx.put(Team(buyer=name))
        tx.save(changed)
        tx.update(key(Customer, name, 1), Customer.age.add(5))
        tx.delete(gone)
        tx.check(key(Event, name, 1), Event.kind.missing())
        assert sent(endpoint) == before
    assert sent(endpoint) == before + 1
    call = endpoint.journal.of(OPERATION)[-1]
    kinds = [next(iter(each.items())) for each in call.request["TransactItems"]]
    assert [(kind, part["TableName"]) for kind, part in kinds] == [
        ("Put", "shop"),
        ("Put", "shop"),
        ("Update", "customers"),
        ("Update", "customers"),
        ("Delete", "people"),
        ("ConditionCheck", "events"),
    ]
    sale, team, first, second, person = db.transaction_get(
        key(Sale, name, 1), key(Team, name, 0), key(Customer, name, 1), key(Customer, name, 2), key(Person, name)
    )
    assert None not in (sale, team)
    assert first
    assert second
    assert (first.age, first.rev, second.age, second.rev, person) == (6, 2, 20, 2, None)
    assert old.rev == 1  # by key: no instance of it is concerned


def test_nothing_is_sent_where_the_block_raises_and_where_there_is_no_action(
    db: Db, name: str, endpoint: StrictServer
) -> None:
    before = sent(endpoint)
    new = Customer(id=name, at=1)
    with pytest.raises(RuntimeError, match="mine"), db.transaction() as tx:
        tx.create(new)
        raise RuntimeError("mine")
    with db.transaction() as tx:
        pass
    saved = db.create(Person(id=name))
    with db.transaction() as tx:
        tx.save(saved)  # nothing changed
    assert sent(endpoint) == before
    assert db.get(Customer, name, 1) is None
    assert new.model_dump()["rev"] is None


def test_a_bad_action_raises_in_the_block_and_nothing_is_sent(db: Db, name: str, endpoint: StrictServer) -> None:
    before = sent(endpoint)
    bad = Customer(id=name, at=1)
    bad.labels["a"] = 3  # type: ignore[assignment]
    with pytest.raises(ItemInvalid), db.transaction() as tx:
        tx.create(Person(id=name))
        tx.create(bad)
    assert sent(endpoint) == before


def test_instances_are_brought_up_to_date_after_it_and_not_before(db: Db, client: Any, name: str) -> None:
    put, saved = Customer(id=name, at=1), db.create(Customer(id=name, at=2))
    updated = db.create(Customer(id=name, at=3, age=1, notes="x"))
    client.update_item(  # another program, which does not know the version
        TableName="customers",
        Key={"id": {"S": name}, "at": {"N": "3"}},
        UpdateExpression="SET years = :v",
        ExpressionAttributeValues={":v": {"N": "10"}},
    )
    saved.age = 5
    updated.notes = "not saved yet"
    with db.transaction() as tx:
        tx.put(put)
        tx.save(saved)
        tx.update(updated, Customer.age.add(1), Customer.tags.add({"a"}))
        assert (put.model_dump()["rev"], saved.rev, updated.rev, updated.age) == (None, 1, 1, 1)
    assert (put.rev, saved.rev, updated.rev) == (1, 2, 2)
    assert (updated.age, updated.tags, updated.notes) == (11, {"a"}, "not saved yet")
    for each in (put, saved, updated):
        each.age = 77
        db.save(each)  # version and loaded item are those that are stored
    stored = db.require(Customer, name, 3)
    assert (stored.notes, stored.age, stored.tags, stored.rev) == ("not saved yet", 77, {"a"}, 3)


def test_what_is_changed_after_the_action_is_not_in_it(db: Db, name: str) -> None:
    item = Customer(id=name, at=1, age=1)
    with db.transaction() as tx:
        tx.create(item)
        item.age = 2
    assert db.require(Customer, name, 1).age == 1
    db.save(item)
    assert db.require(Customer, name, 1).age == 2


def test_instances_of_a_transaction_that_failed_stay_as_they_were(db: Db, name: str) -> None:
    there = db.create(Person(id=name, name="there"))
    new, saved = Customer(id=name, at=1), db.create(Customer(id=name, at=2))
    saved.age = 5
    with pytest.raises(TransactionFailed), db.transaction() as tx:
        tx.create(new)
        tx.save(saved)
        tx.create(Person(id=name))
    assert (new.model_dump()["rev"], saved.rev, saved.age, there.name) == (None, 1, 5, "there")
    db.save(saved)
    db.create(new)


def test_reasons_are_in_the_order_of_the_actions_with_class_key_code_and_item(db: Db, name: str) -> None:
    there = db.create(Person(id=name, name="there"))
    stale = db.create(Customer(id=name, at=1, age=1))
    db.update(key(Customer, name, 1), Customer.age.set(9))
    stale.age = 2
    gone = db.create(Person(id=f"{name}-gone"))
    db.delete(key(Person, gone.id))
    gone.name = "x"
    with pytest.raises(TransactionFailed) as raised, db.transaction() as tx:
        tx.create(Person(id=f"{name}-new"))
        tx.create(Person(id=name))
        tx.save(stale)
        tx.save(gone)
        tx.check(key(Sale, name, 1), Sale.buyer.exists())
        tx.delete(stale_copy(db, name, stale))
    error = raised.value
    assert isinstance(error, ServiceError)
    assert [reason.action for reason in error.reasons] == ["create", "create", "save", "save", "check", "delete"]
    assert [reason.model for reason in error.reasons] == [Person, Person, Customer, Person, Sale, Customer]
    assert error.reasons[2].key == {"id": name, "at": "1"}
    assert [reason.code for reason in error.reasons] == ["", *["ConditionalCheckFailed"] * 5]
    kinds = [type(reason.error) for reason in error.reasons]
    assert kinds == [type(None), ItemExists, VersionConflict, ItemNotFound, ConditionFailed, VersionConflict]
    assert error.reasons[1].item == there
    assert error.reasons[2].item == db.require(Customer, name, 1)
    assert [error.reasons[place].item for place in (0, 3, 4)] == [None] * 3
    assert f"action 2 of 6, create: people already has the Person id='{name}'" in error.message
    assert error.hint
    assert db.get(Person, f"{name}-new") is None


def stale_copy(db: Db, name: str, stale: Customer) -> Customer:
    """Another item whose version is not what was read."""
    item = db.create(Customer(id=name, at=2))
    db.update(key(Customer, name, 2), Customer.notes.set("later"))
    return item


def test_two_actions_on_one_item_are_refused_before_the_call(db: Db, name: str, endpoint: StrictServer) -> None:
    before = sent(endpoint)
    with pytest.raises(UsageError, match=rf"Customer \(id='{name}', at='1'\) in customers: update and delete"):
        with db.transaction() as tx:
            tx.update(key(Customer, name, 1), Customer.age.set(1))
            tx.create(Customer(id=name, at=2))
            tx.delete(key(Customer, name, 1))
    with pytest.raises(UsageError, match="create and check"), db.transaction() as tx:
        tx.create(Sale(buyer=name, number=1))
        tx.check(key(Sale, name, 1), Sale.buyer.exists())
    assert sent(endpoint) == before


def test_the_table_of_a_class_is_that_of_the_db(db: Db, name: str) -> None:
    with pytest.raises(TableNotFound, match="people_of_test"):
        with db.in_table(Person, "people_of_test").transaction() as tx:
            tx.create(Person(id=name))


def test_a_changed_key_is_two_actions(db: Db, name: str, endpoint: StrictServer) -> None:
    item = db.create(Customer(id=name, at=1, age=3))
    item.at = 2
    with db.transaction() as tx:
        tx.save(item)
    assert len(endpoint.journal.of(OPERATION)[-1].request["TransactItems"]) == 2
    assert db.get(Customer, name, 1) is None
    assert db.require(Customer, name, 2) == item
    db.create(Customer(id=name, at=1))
    item.at = 1
    with pytest.raises(TransactionFailed) as raised, db.transaction() as tx:
        tx.save(item)
    assert isinstance(raised.value.reasons[0].error, ItemExists)
    with pytest.raises(UsageError, match="save and delete"), db.transaction() as tx:
        tx.save(item)
        tx.delete(key(Customer, name, 2))
    stale = db.require(Customer, name, 2)
    db.update(key(Customer, name, 2), Customer.age.set(9))
    stale.at = 3
    with pytest.raises(TransactionFailed) as raised, db.transaction() as tx:
        tx.save(stale)
    assert isinstance(raised.value.reasons[0].error, VersionConflict)


def test_a_hundred_actions_are_one_call_and_one_more_is_refused(db: Db, name: str, endpoint: StrictServer) -> None:
    with db.transaction() as tx:
        for number in range(100):
            tx.create(Event(stream=name, number=number))
    assert db.query(Event, Event.stream == name).count() == 100
    before = sent(endpoint)
    with pytest.raises(UsageError, match="takes 100 actions; there are 101"), db.transaction() as tx:
        for number in range(101):
            tx.delete(key(Event, name, number))
    moved = [db.require(Event, name, number) for number in range(51)]
    with pytest.raises(UsageError, match="there are 51, and they are 102 with"), db.transaction() as tx:
        for each in moved:
            each.number += 1000
            tx.save(each)
    assert sent(endpoint) == before
    assert db.query(Event, Event.stream == name).count() == 100


def test_more_than_four_megabytes_are_refused_before_the_call(db: Db, name: str, endpoint: StrictServer) -> None:
    before = sent(endpoint)
    with pytest.raises(UsageError, match="bytes, and it takes 4194304"), db.transaction() as tx:
        for number in range(12):
            tx.put(Event(stream=name, number=number, body="x" * 390_000))
    assert sent(endpoint) == before


def test_a_transaction_whose_answer_is_lost_is_done_once(db: Db, name: str, endpoint: StrictServer) -> None:
    fault = endpoint.fault(OPERATION, kind="reset-after")
    item = Customer(id=name, at=1, age=3)
    with db.transaction() as tx:
        tx.create(item)
        tx.update(key(Person, create(db, name).id), Person.name.set("changed"))
    assert fault.hits == 1
    tokens = [call.request["ClientRequestToken"] for call in endpoint.journal.of(OPERATION)[-2:]]
    assert tokens[0] == tokens[1]
    assert item.rev == 1
    assert db.require(Customer, name, 1) == item


def create(db: Db, name: str) -> Person:
    return db.create(Person(id=name))


def test_a_token_of_the_caller_is_sent_and_makes_a_second_run_do_nothing(
    db: Db, name: str, endpoint: StrictServer
) -> None:
    db.create(Person(id=name, name="a"))
    for _ in range(2):
        with db.transaction(token=f"{name}-t") as tx:
            tx.update(key(Event, db_event(db, name), 1), Event.kind.set("b"))
            tx.create(Person(id=f"{name}-new"))
    assert endpoint.journal.of(OPERATION)[-1].request["ClientRequestToken"] == f"{name}-t"
    with pytest.raises(ValidationRefused, match="IdempotentParameterMismatch") as raised:
        with db.transaction(token=f"{name}-t") as tx:
            tx.create(Person(id=f"{name}-other"))
    assert "needs another token" in raised.value.hint
    with pytest.raises(UsageError, match="up to 36 characters"):
        db.transaction(token="x" * 37)


def db_event(db: Db, name: str) -> str:
    db.put(Event(stream=name, number=1))
    return name


def test_a_conflict_is_sent_again_with_the_same_token(db: Db, name: str, endpoint: StrictServer) -> None:
    db.create(Event(stream=name, number=1))
    failures: list[BaseException] = []

    def add(place: int) -> None:
        try:
            for _ in range(5):
                with db.transaction() as tx:
                    tx.update(key(Event, name, 1), Event.body.set(f"{place}"))
                    tx.put(Event(stream=name, number=2 + place))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=add, args=(place,)) for place in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    assert db.query(Event, Event.stream == name).count() == 5


def test_a_throttled_transaction_is_sent_again(db: Db, name: str, endpoint: StrictServer) -> None:
    fault = endpoint.fault(OPERATION, kind="throttle", times=2)
    with db.transaction() as tx:
        tx.create(Person(id=name))
    assert fault.hits == 2
    assert db.get(Person, name) is not None


def test_a_dry_db_and_one_that_is_over_take_no_action(db: Db, project: Project, name: str) -> None:
    with pytest.raises(UsageError, match="dry"), project.db(dry=True).transaction() as tx:
        tx.create(Person(id=name))
    with db.transaction() as tx:
        tx.create(Person(id=name))
    with pytest.raises(UsageError, match="not open"):
        tx.create(Person(id=f"{name}-2"))
    with pytest.raises(UsageError, match="used once"), tx:
        pass
    with pytest.raises(UsageError, match="not open"):
        db.transaction().delete(key(Person, name))
    with pytest.raises(UsageError, match="neither an instance"), db.transaction() as tx:
        tx.delete("x")  # type: ignore[arg-type]


def test_an_instance_that_cannot_be_read_after_an_update_gives_no_old_value(
    db: Db, name: str, endpoint: StrictServer
) -> None:
    item = db.create(Customer(id=name, at=1, age=1, notes="kept"))
    fault = endpoint.fault("BatchGetItem", kind="AccessDeniedException")
    with db.transaction() as tx:
        tx.update(item, Customer.age.add(1))
    assert fault.hits == 1
    assert (item.id, item.notes) == (name, "kept")
    with pytest.raises(NotLoaded):
        _ = item.age
    assert db.require(Customer, name, 1).age == 2


def test_the_version_of_an_instance_is_checked(db: Db, name: str) -> None:
    item = db.create(Customer(id=name, at=1))
    db.update(key(Customer, name, 1), Customer.age.set(1))
    with pytest.raises(TransactionFailed) as raised, db.transaction() as tx:
        tx.check(item, Customer.id.exists())
        tx.create(Person(id=name))
    assert isinstance(raised.value.reasons[0].error, VersionConflict)
    assert db.get(Person, name) is None


def test_transaction_get_gives_each_in_order_and_none_for_absent(db: Db, name: str, endpoint: StrictServer) -> None:
    person, team = db.create(Person(id=name)), db.create(Team(buyer=name))
    there = key(Person, name)
    found = db.transaction_get(there, key(Customer, name, 1), there, key(Team, name, 0))
    assert found == (person, None, person, team)
    call = endpoint.journal.of("TransactGetItems")[-1]
    assert len(call.request["TransactItems"]) == 3
    assert db.transaction_get() == ()
    with pytest.raises(UsageError, match="reads 100 items; there are 101"):
        db.transaction_get(*(key(Event, name, number) for number in range(101)))
    with pytest.raises(UsageError, match="is not a key"):
        db.transaction_get(person)  # type: ignore[call-overload]


def test_reasons_of_conflicts_and_throttles_have_their_kind(db: Db) -> None:
    context = db._context
    actions = [delete_action(context, key(Person, f"{place}"), None, hard=False) for place in range(3)]
    failed = ServiceError("m", service_code="TransactionCanceledException")
    failed.cancelled = (
        CancelledAction("TransactionConflict", "Transaction is ongoing for the item"),
        CancelledAction("ThrottlingError", "slow down"),
        CancelledAction("ItemCollectionSizeLimitExceeded"),
    )
    reasons = failure_of(context, actions, parts_of(actions, ClaimKnowledge(), "t"), failed, range(3)).reasons
    assert [type(reason.error) for reason in reasons] == [ServiceUnavailable, Throttled, ServiceError]
    assert reasons[0].code == "TransactionConflict"
