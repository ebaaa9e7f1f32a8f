"""Many items put and deleted in batches: none is lost, none is written without a look where a look was promised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from db.notes import Code, Note, notes
from db.shop import Customer, Event, Person, Sale, Team
from dynasmith import Db, Project
from dynasmith.engine.db import batches
from dynasmith.errors import AccessDenied, ItemInvalid, ServiceUnavailable, UsageError
from dynasmith.models import key
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
OPERATION = "BatchWriteItem"
__all__ = ["notes"]  # a fixture


def calls(endpoint: StrictServer) -> list[Any]:
    return endpoint.journal.of(OPERATION)


def test_items_are_read_from_an_iterator_and_written_25_a_call(db: Db, name: str, endpoint: StrictServer) -> None:
    before, seen = len(calls(endpoint)), []

    def rows() -> Iterator[Event]:
        for number in range(60):
            seen.append(len(calls(endpoint)) - before)
            yield Event(stream=name, number=number)

    assert db.put_many(rows()) == 60
    assert [seen[place] for place in (24, 25, 49, 50)] == [0, 1, 1, 2]
    assert [len(call.request["RequestItems"]["events"]) for call in calls(endpoint)[before:]] == [25, 25, 10]
    assert db.query(Event, Event.stream == name).count() == 60
    assert db.delete_many(key(Event, name, number) for number in range(30)) == 30
    assert db.delete_many(db.query(Event, Event.stream == name)) == 30
    assert db.query(Event, Event.stream == name).count() == 0
    assert db.put_many([]) == db.delete_many([]) == 0
    assert db.delete_many([key(Event, name, 1)]) == 1  # whether there was one is not known


def test_a_batch_has_items_of_several_classes_and_tables(db: Db, name: str, endpoint: StrictServer) -> None:
    items = [Sale(buyer=name, number=1), Team(buyer=name), Person(id=name)]
    assert db.put_many(items) == 3
    assert set(calls(endpoint)[-1].request["RequestItems"]) == {"shop", "people"}
    assert db.transaction_get(key(Sale, name, 1), key(Team, name, 0), key(Person, name)) == tuple(items)


def test_the_last_of_one_key_is_written(db: Db, name: str, endpoint: StrictServer) -> None:
    first, other, last = Person(id=name, name="first"), Person(id=f"{name}-2"), Person(id=name, name="last")
    assert db.put_many([first, other, last]) == 2
    assert db.require(Person, name).name == "last"
    last.name = "saved"
    db.save(last)
    with pytest.raises(UsageError, match="never read or written"):
        db.save(first)
    far = [Event(stream=name, number=1), *(Event(stream=name, number=10 + each) for each in range(30))]
    assert db.put_many([*far, Event(stream=name, number=1, kind="later")]) == 32
    assert db.require(Event, name, 1).kind == "later"


def test_an_instance_is_brought_up_to_date_and_keeps_what_its_class_does_not_know(
    db: Db, client: Any, name: str
) -> None:
    client.put_item(TableName="people", Item={"id": {"S": name}, "legacy": {"S": "x"}})
    item = db.require(Person, name)
    item.name = "new"
    assert db.put_many([item]) == 1
    stored = client.get_item(TableName="people", Key={"id": {"S": name}})["Item"]
    assert stored["legacy"] == {"S": "x"}
    client.update_item(
        TableName="people",
        Key={"id": {"S": name}},
        UpdateExpression="SET legacy = :v",
        ExpressionAttributeValues={":v": {"S": "y"}},
    )
    item.name = "newer"
    db.save(item)
    assert client.get_item(TableName="people", Key={"id": {"S": name}})["Item"]["legacy"] == {"S": "y"}


def test_a_batch_keeps_the_time_of_creation(notes: Db, name: str, endpoint: StrictServer) -> None:
    first = notes.create(Note(id=name, text="first"))
    endpoint.clock.advance(hours=1)
    again, new = Note(id=name, text="again"), Note(id=f"{name}-2")
    assert notes.put_many([again, new]) == 2
    stored = notes.require(Note, name)
    assert stored == again
    assert (stored.text, stored.created) == ("again", first.created)
    assert again.updated >= first.created + timedelta(hours=1)
    assert new.created == new.updated
    found = notes.query(Note, Note.by_kind_pk == "kind:k", Note.by_kind_sk >= first.by_kind_sk, index=Note.by_kind)
    assert {each.id for each in found} >= {name, f"{name}-2"}


def test_what_needs_a_condition_is_refused_before_any_call(
    db: Db, notes: Db, name: str, endpoint: StrictServer
) -> None:
    before = len(calls(endpoint))
    with pytest.raises(UsageError, match="Customer has a version, rev, and a batch has no conditions"):
        db.put_many([Customer(id=name, at=1)])
    with pytest.raises(UsageError, match="Code has a unique attribute, code"):
        notes.put_many([Code(id=name, code=name)])
    with pytest.raises(UsageError, match="Code has a unique attribute, code"):
        notes.delete_many([key(Code, name)])
    with pytest.raises(UsageError, match="Customer has a version"):
        db.delete_many([db.create(Customer(id=name, at=1))])
    with pytest.raises(UsageError, match="stay in the table"):
        notes.delete_many([key(Note, name)])
    with pytest.raises(UsageError, match="is not an instance"):
        db.put_many([key(Person, name)])  # type: ignore[list-item]
    assert len(calls(endpoint)) == before
    assert db.delete_many([key(Customer, name, 1)]) == 1  # by key no version is compared, as delete() does
    assert db.get(Customer, name, 1) is None
    notes.create(Note(id=name))
    assert notes.delete_many([key(Note, name)], hard=True) == 1
    assert notes.get(Note, name, deleted=True) is None


def test_a_dry_db_refuses_batches(project: Project, name: str) -> None:
    dry = project.db(dry=True)
    with pytest.raises(UsageError, match="dry"):
        dry.put_many([Person(id=name)])
    with pytest.raises(UsageError, match="dry"):
        dry.delete_many([])


def test_what_is_left_unprocessed_is_sent_again(db: Db, name: str, endpoint: StrictServer) -> None:
    before = len(calls(endpoint))
    fault = endpoint.fault(OPERATION, kind="unprocessed", times=3)
    people = [Person(id=f"{name}-{number}") for number in range(25)]
    assert db.put_many(people) == 25
    assert fault.hits == 3
    sizes = [len(call.request["RequestItems"]["people"]) for call in calls(endpoint)[before:]]
    assert sizes[0] == 25
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) > 3
    assert db.get_many(Person, [each.id for each in people]) == people


def test_a_batch_that_is_throttled_whole_is_sent_again(db: Db, name: str, endpoint: StrictServer) -> None:
    fault = endpoint.fault(OPERATION, kind="throttle", times=4)  # the client itself tries a call three times
    assert db.put_many(Person(id=f"{name}-{number}") for number in range(5)) == 5
    assert fault.hits == 4


def test_an_answer_that_is_lost_is_no_loss(db: Db, name: str, endpoint: StrictServer) -> None:
    fault = endpoint.fault(OPERATION, kind="reset-after", times=2)
    assert db.put_many(Person(id=f"{name}-{number}") for number in range(30)) == 30
    assert fault.hits == 2
    assert None not in db.get_many(Person, [f"{name}-{number}" for number in range(30)])


def test_what_is_never_processed_is_an_error_with_the_number(
    db: Db, name: str, endpoint: StrictServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ROUNDS_MAX", 2)
    fault = endpoint.fault(OPERATION, kind="unprocessed", nth=2, times=2)
    people = [Person(id=f"{name}-{number}") for number in range(60)]
    with pytest.raises(ServiceUnavailable, match=r"people did not take \d+ of the items of a batch") as raised:
        db.put_many(people)
    assert fault.hits == 2
    written = raised.value.written
    assert written is not None
    assert 25 < written < 50
    assert f"{written} items of the batch were written before" in raised.value.message
    assert raised.value.hint
    found = db.get_many(Person, [each.id for each in people])
    assert len([each for each in found if each]) == written
    for item, stored in zip(people, found, strict=True):  # only what is written is up to date
        item.name = "saved"
        if stored is not None:
            db.save(item)
            continue
        with pytest.raises(UsageError, match="never read or written"):
            db.save(item)


def test_an_error_in_between_says_how_many_were_written(db: Db, name: str, endpoint: StrictServer) -> None:
    def rows(bad: Any) -> Iterator[Any]:
        for number in range(30):
            yield Person(id=f"{name}-{number}")
        yield bad() if callable(bad) else bad

    invalid = Person(id=f"{name}-x")
    invalid.__dict__["name"] = 3
    with pytest.raises(ItemInvalid, match="25 items of the batch were written before") as raised:
        db.put_many(rows(invalid))
    assert raised.value.written == 25
    assert db.get(Person, f"{name}-29") is None

    def fail() -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine") as foreign:
        db.put_many(rows(fail))
    assert foreign.value.__notes__ == ["25 items of the batch were written before."]
    endpoint.fault(OPERATION, kind="AccessDeniedException", nth=2)
    with pytest.raises(AccessDenied, match="25 items of the batch were written before") as denied:
        db.put_many(Person(id=f"{name}-{number}") for number in range(30))
    assert denied.value.written == 25
