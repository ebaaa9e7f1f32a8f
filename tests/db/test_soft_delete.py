"""Deleted items that stay: which verbs see them, what a second delete is, and how they come back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.shop import Customer, Draft, Note, Sale
from dynasmith import Db, Model, Project, connect
from dynasmith.errors import (
    ConditionFailed,
    DefinitionError,
    ItemExists,
    ItemNotFound,
    NotLoaded,
    UsageError,
    ValueTaken,
    VersionConflict,
)
from dynasmith.models import Attr, Partition, attr, belongs_to, deleted_at, gsi, has_many, key, tables_of
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine


def stored(client: Any, owner: str, number: int = 1) -> dict[str, Any]:
    """The item as another program finds it."""
    where = {"owner": {"S": owner}, "number": {"N": str(number)}}
    item: dict[str, Any] = client.get_item(TableName="notes", Key=where, ConsistentRead=True).get("Item", {})
    return item


def test_a_deleted_item_stays_with_the_time_in_one_update(
    db: Db, client: Any, name: str, endpoint: StrictServer
) -> None:
    note = db.create(Note(owner=name, number=1, text="a"))
    before = len(endpoint.journal.of("UpdateItem"))
    assert db.delete(note) is True
    assert len(endpoint.journal.of("UpdateItem")) == before + 1
    item = stored(client, name)
    assert item["deleted"]["S"].endswith("Z")
    assert item["text"] == {"S": "a"}
    assert item["rev"] == {"N": "2"}
    assert item["unused"] == {"S": f"removed:{item['deleted']['S']}"}  # a template of it is made again
    assert note.deleted is not None  # the instance is the item as it is now
    assert note.rev == 2
    assert note.updated == note.deleted


def test_no_read_gives_a_deleted_item_unless_it_is_asked_for(db: Db, name: str) -> None:
    for number in (1, 2, 3):
        db.create(Note(owner=name, number=number, folder=name))
    db.delete(key(Note, name, 2))
    assert db.get(Note, name, 2) is None
    with pytest.raises(ItemNotFound):
        db.require(Note, name, 2)
    assert [each and each.number for each in db.get_many(Note, [(name, 1), (name, 2), (name, 3)])] == [1, None, 3]
    assert db.require(Note, name, 2, deleted=True).deleted
    assert all(db.get_many(Note, [(name, 1), (name, 2)], deleted=True))
    query = db.query(Note, Note.owner == name)
    assert [each.number for each in query] == [1, 3]
    assert query.count() == 2
    assert [each.number for each in query.page(items=2).items] == [1, 3]
    assert query.where(Note.number == 2).first() is None
    assert query.where(Note.number == 2).exists() is False
    all_of = db.query(Note, Note.owner == name, deleted=True)
    assert [each.number for each in all_of] == [1, 2, 3]
    assert all_of.count() == 3
    assert [each.number for each in all_of.where(Note.deleted.exists())] == [2]
    assert {each.number for each in db.scan(Note, Note.owner == name)} == {1, 3}
    assert {each.number for each in db.scan(Note, Note.owner == name, deleted=True)} == {1, 2, 3}


def test_an_index_of_keys_knows_which_items_are_deleted(db: Db, name: str) -> None:
    for number in (1, 2):
        db.create(Note(owner=name, number=number, folder=name))
    db.delete(key(Note, name, 1))
    query = db.query(Note, Note.folder == name)
    assert query.explain().index == "by_folder"
    found = list(query)
    assert [each.number for each in found] == [2]
    assert found[0].deleted is None
    with pytest.raises(NotLoaded):
        _ = found[0].text
    assert db.query(Note, Note.folder == name, deleted=True).count() == 2


def test_an_index_by_the_time_of_deletion_is_for_deleted_items(db: Db, name: str) -> None:
    for number in (1, 2):
        db.create(Note(owner=name, number=number))
    db.delete(key(Note, name, 1))
    since = datetime(2020, 1, 1, tzinfo=UTC)
    with pytest.raises(UsageError, match="The index by_deleted holds only items of Note that are deleted") as raised:
        db.query(Note, Note.owner == name, index=Note.by_deleted).first()
    assert raised.value.hint == "add deleted=True"
    found = db.query(Note, Note.owner == name, Note.deleted > since, deleted=True)
    assert found.explain().index == "by_deleted"
    assert [each.number for each in found] == [1]
    assert db.query(Note, Note.owner == name).explain().index == ""


def test_only_reads_what_says_that_an_item_is_deleted(db: Db, name: str) -> None:
    db.create(Note(owner=name, number=1, text="a"))
    query = db.query(Note, Note.owner == name).only(Note.text)
    assert [each.text for each in query] == ["a"]
    db.delete(key(Note, name, 1))
    assert list(query) == []
    part = db.query(Note, Note.owner == name, deleted=True).only(Note.text).one()
    part.text = "b"
    db.save(part)  # it was read as deleted, so it is no surprise
    assert db.require(Note, name, 1, deleted=True).text == "b"


def test_a_second_delete_finds_none_to_delete(db: Db, client: Any, name: str) -> None:
    note = db.create(Note(owner=name, number=1))
    stale = db.require(Note, name, 1)
    assert db.delete(note) is True
    first = stored(client, name)
    assert db.delete(note) is False
    assert db.delete(stale) is False
    assert db.delete(key(Note, name, 1)) is False
    assert db.delete(key(Note, name, 99)) is False
    assert stored(client, name) == first
    assert stored(client, name, 99) == {}  # and no item comes into being


def test_a_stale_delete_is_refused(db: Db, client: Any, name: str) -> None:
    db.create(Note(owner=name, number=1))
    stale = db.require(Note, name, 1)
    db.update(key(Note, name, 1), Note.text.set("new"))
    with pytest.raises(VersionConflict) as raised:
        db.delete(stale)
    assert raised.value.current.text == "new"
    with pytest.raises(VersionConflict):
        db.delete(stale, hard=True)
    assert "deleted" not in stored(client, name)
    with pytest.raises(ConditionFailed):
        db.delete(key(Note, name, 1), where=Note.text == "old")
    assert db.delete(key(Note, name, 1), where=Note.text == "new") is True
    with pytest.raises(ConditionFailed, match="does not hold"):
        db.delete(key(Note, name, 1), where=Note.text == "new")


def test_hard_removes_the_item_deleted_before_or_not(db: Db, client: Any, name: str) -> None:
    note = db.create(Note(owner=name, number=1))
    assert db.delete(note, hard=True) is True
    assert stored(client, name) == {}
    db.create(Note(owner=name, number=1))
    db.delete(key(Note, name, 1))
    assert db.delete(key(Note, name, 1), hard=True) is True
    assert db.delete(key(Note, name, 1), hard=True) is False
    db.create(Draft(buyer=name, number=1))
    with pytest.raises(UsageError, match="Deleted items of Draft stay in the table"):
        db.delete_many([key(Draft, name, 1)])
    assert db.delete_many([key(Draft, name, 1)], hard=True) == 1
    assert db.get(Draft, name, 1, deleted=True) is None
    customer = db.create(Customer(id=name, at=1))
    assert db.delete(customer, hard=True) is True  # a class without such items


def test_writes_take_a_deleted_item_for_absent(db: Db, client: Any, name: str) -> None:
    db.create(Note(owner=name, number=1, text="a"))
    stale = db.require(Note, name, 1)
    db.delete(key(Note, name, 1))
    with pytest.raises(ItemNotFound, match=r"The Note \(owner='.*', number='1'\) was deleted") as raised:
        db.update(key(Note, name, 1), Note.text.set("b"))
    assert "restore()" in raised.value.hint
    stale.text = "b"
    with pytest.raises(VersionConflict, match="was deleted since it was read") as conflict:
        db.save(stale)
    assert conflict.value.current.deleted
    assert stored(client, name)["text"] == {"S": "a"}


def test_without_a_version_too(db: Db, client: Any, name: str) -> None:
    draft = db.create(Draft(buyer=name, number=1))
    assert db.delete(key(Draft, name, 1)) is True
    draft.status = "sent"
    with pytest.raises(ItemNotFound, match="was deleted"):
        db.save(draft)
    with pytest.raises(ItemNotFound, match="was deleted"):
        db.update(draft, Draft.status.set("sent"))
    draft.number = 2  # a changed key moves the item
    with pytest.raises(ItemNotFound, match="was deleted"):
        db.save(draft)
    assert db.get(Draft, name, 2, deleted=True) is None
    where = {"pk": {"S": f"buyer:{name}"}, "sk": {"S": "draft:00000001"}}
    item = client.get_item(TableName="shop", Key=where)["Item"]
    assert set(item["gone"]) == {"N"}
    assert item["_type"] == {"S": "draft"}
    assert "status" in item


def test_a_deleted_item_comes_back(db: Db, client: Any, name: str) -> None:
    note = db.create(Note(owner=name, number=1, text="a"))
    db.delete(note)
    assert db.restore(note) is note
    assert note.deleted is None
    assert note.rev == 3
    assert "unused" not in stored(client, name)
    assert db.require(Note, name, 1) == note
    db.delete(note)
    assert db.restore(key(Note, name, 1)).deleted is None
    found = db.require(Note, name, 1)
    db.delete(found)
    read = db.require(Note, name, 1, deleted=True)
    read.deleted = None
    read.text = "b"
    db.save(read)
    assert db.require(Note, name, 1).text == "b"
    assert db.restore(key(Note, name, 1)).text == "b"  # it is not deleted
    with pytest.raises(ItemNotFound):
        db.restore(key(Note, name, 99))
    with pytest.raises(UsageError, match=r"Customer has no deleted_at\(\) field"):
        db.restore(key(Customer, name, 1))


def test_create_over_a_deleted_item_says_so_and_what_to_do(db: Db, name: str) -> None:
    db.create(Note(owner=name, number=1, text="a"))
    db.delete(key(Note, name, 1))
    with pytest.raises(ItemExists, match="which was deleted and is kept") as raised:
        db.create(Note(owner=name, number=1))
    assert raised.value.item.text == "a"
    assert raised.value.item.deleted
    assert "restore()" in raised.value.hint
    assert "hard=True" in raised.value.hint
    db.delete(key(Note, name, 1), hard=True)
    assert db.create(Note(owner=name, number=1)).rev == 1


def test_put_over_a_deleted_item_is_a_new_item(db: Db, name: str) -> None:
    db.create(Draft(buyer=name, number=1))
    db.delete(key(Draft, name, 1))
    db.put(Draft(buyer=name, number=1, status="new"))
    assert db.require(Draft, name, 1).status == "new"


def test_a_lost_answer_counts_as_deleted(db: Db, name: str, endpoint: StrictServer) -> None:
    note = db.create(Note(owner=name, number=1))
    endpoint.fault("UpdateItem", kind="reset-after")
    assert db.delete(note) is True
    assert note.rev == 2
    db.create(Draft(buyer=name, number=1))
    endpoint.fault("UpdateItem", kind="reset-after")
    assert db.delete(key(Draft, name, 1)) is True
    assert db.delete(key(Draft, name, 1)) is False


def test_what_is_not_saved_stays_unsaved(db: Db, client: Any, name: str) -> None:
    note = db.create(Note(owner=name, number=1, text="a"))
    note.text = "mine"
    db.delete(note)
    assert note.text == "mine"
    assert stored(client, name)["text"] == {"S": "a"}


def test_a_time_to_live_is_left_as_it_is(db: Db, client: Any, name: str) -> None:
    expires = datetime(2030, 1, 1, tzinfo=UTC)
    note = db.create(Note(owner=name, number=1, expires=expires))
    db.delete(note)
    assert stored(client, name)["expires"] == {"N": str(int(expires.timestamp()))}
    note.expires = expires + timedelta(days=1)
    db.save(note)  # a deleted item that is to be gone for good at a time
    assert stored(client, name)["expires"] == {"N": str(int(note.expires.timestamp()))}
    assert db.get(Note, name, 1) is None


def test_a_deleted_item_of_another_program(db: Db, client: Any, name: str) -> None:
    db.create(Draft(buyer=name, number=1))
    where = {"pk": {"S": f"buyer:{name}"}, "sk": {"S": "draft:00000001"}}
    client.update_item(
        TableName="shop",
        Key=where,
        UpdateExpression="SET gone = :n",
        ExpressionAttributeValues={":n": {"NULL": True}},
    )
    assert db.require(Draft, name, 1).gone is None  # NULL is no time
    assert db.query(Draft, Draft.buyer == name).count() == 1
    assert db.delete(key(Draft, name, 1)) is True
    assert db.get(Draft, name, 1) is None


def test_classes_of_one_table_share_indexes(project: Project, db: Db, name: str) -> None:
    db.create(Draft(buyer=name, number=1, status=name))
    db.create(Sale(buyer=name, number=2, status=name))
    db.delete(key(Draft, name, 1))
    assert db.query(Draft, Draft.status == name).count() == 0
    assert db.query(Sale, Sale.status == name).count() == 1


def test_every_index_of_the_table_holds_the_time_of_deletion() -> None:
    class Page(Model, table="pages", entity="page"):
        id: Partition[str]
        kind: Attr[str] = attr(default="")
        by_kind = gsi("kind", projection=["id"])

    class Book(Model, table="pages", entity="book"):
        id: Partition[str]
        kind: Attr[str] = attr(default="")
        removed: Attr[datetime | None] = deleted_at()
        by_kind = gsi("kind", projection=["id"])

    (table,) = tables_of(Page, Book)
    assert table.indexes
    assert {"_type", "removed"} <= set(table.indexes[0].projection.attributes)


def test_what_cannot_be_a_time_of_deletion() -> None:
    class Two(Model, table="two"):
        id: Partition[str]
        first: Attr[datetime | None] = deleted_at()
        second: Attr[datetime | None] = deleted_at()

    class Number(Model, table="number"):
        id: Partition[str]
        gone: Attr[bool | None] = deleted_at()

    class Key(Model, table="key"):
        gone: Partition[datetime | None] = deleted_at()

    for model, why in (
        (Two, "second is a second time of deletion, beside first"),
        (Number, "gone is a time stamp, and not a datetime"),
        (Key, "gone is the time of deletion, and in the key of the table"),
    ):
        with pytest.raises(DefinitionError, match=why):
            tables_of(model)


def test_a_part_without_its_version_is_not_written_as_an_instance(db: Db, client: Any, name: str) -> None:
    db.create(Note(owner=name, number=1, folder=name))
    (part,) = db.query(Note, Note.folder == name)
    part.text = "new"
    for write in (db.save, db.delete):
        with pytest.raises(NotLoaded, match=r"Note.rev was not read, and a write of an instance compares it"):
            write(part)
    read = db.query(Note, Note.owner == name).only(Note.text).one()
    assert read.rev == 1
    read.text = "new"
    assert db.save(read).rev == 2
    assert stored(client, name)["text"] == {"S": "new"}


class Letter(Model, table="letters_kept"):
    """A class with a unique attribute, whose deleted items stay."""

    id: Partition[str]
    box: Attr[str]
    stamp: Attr[str | None] = attr(default=None, unique=True)
    deleted: Attr[datetime | None] = deleted_at()
    by_box = gsi("box")


class Box(Model, table="boxes_kept"):
    """A class with relations to it."""

    id: Partition[str]
    newest: Attr[str | None] = attr(default=None)
    letters = has_many(lambda: Letter, by="box")
    latest = belongs_to(lambda: Letter, by="newest")


@pytest.fixture(scope="module")
def boxes(endpoint: StrictServer) -> Iterator[Db]:
    """The tables of these classes."""
    tables = tables_of(Letter, Box)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as made:
        made.ensure()
        yield made.db()


def test_relations_and_transactions_leave_deleted_items_out(boxes: Db, name: str) -> None:
    box = boxes.create(Box(id=name, newest=f"{name}b"))
    for each in "ab":
        boxes.create(Letter(id=f"{name}{each}", box=name))
    boxes.delete(key(Letter, f"{name}b"))
    found = boxes.require(Box, name, include=[Box.letters, Box.latest])
    assert [each.id for each in found.letters] == [f"{name}a"]
    assert found.latest is None
    assert boxes.transaction_get(key(Letter, f"{name}a"), key(Letter, f"{name}b"))[1] is None
    with boxes.transaction() as tx:
        tx.delete(key(Letter, f"{name}a"))
        tx.save(box)
    assert boxes.get(Letter, f"{name}a") is None
    assert boxes.require(Letter, f"{name}a", deleted=True).deleted


def test_a_unique_value_of_a_deleted_item_stays_taken(boxes: Db, name: str) -> None:
    first = boxes.create(Letter(id=name, box=name, stamp=name))
    boxes.delete(first)
    with pytest.raises(ValueTaken) as raised:
        boxes.create(Letter(id=f"{name}b", box=name, stamp=name))
    assert raised.value.item.deleted
    assert boxes.restore(first).stamp == name
    boxes.delete(first)
    assert boxes.delete(first, hard=True) is True
    assert boxes.create(Letter(id=f"{name}b", box=name, stamp=name)).stamp == name
