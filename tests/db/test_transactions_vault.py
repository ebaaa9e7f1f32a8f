"""Transactions and batches of classes with encrypted attributes, and of classes whose deleted items stay."""
# ruff: noqa: PT012 - what raises is the block of a transaction, or its end

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from dynasmith import Db, EncryptionKey, connect
from dynasmith.errors import ConditionFailed, TransactionFailed, UsageError, VersionConflict
from dynasmith.models import Attr, Model, Partition, attr, created_at, deleted_at, key, tables_of, version
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine


class Secret(Model, table="tx_secrets"):
    """An encrypted attribute beside a unique one, a version, and items that stay."""

    id: Partition[str]
    code: Attr[str] = attr(unique=True)
    text: Attr[str] = attr(default="", encrypted=True)
    note: Attr[str] = attr(default="")
    rev: Attr[int] = version()
    deleted: Attr[datetime | None] = deleted_at()


class Letter(Model, table="tx_letters"):
    """An encrypted attribute, and the time of creation."""

    id: Partition[str]
    text: Attr[str] = attr(default="", encrypted=True)
    created: Attr[datetime] = created_at()


@pytest.fixture(scope="module")
def db(endpoint: StrictServer) -> Iterator[Db]:
    """The tables of these classes, in a project with a key."""
    keys = {"first": EncryptionKey(material=b"1" * 32)}
    tables = tables_of(Secret, Letter)
    made = connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock, crypto=keys)
    with made as project:
        project.ensure()
        yield project.db()


def stored(client: Any, name: str, table: str = "tx_secrets") -> dict[str, Any]:
    item: dict[str, Any] = client.get_item(TableName=table, Key={"id": {"S": name}}, ConsistentRead=True)["Item"]
    return item


def test_values_are_encrypted_in_a_transaction_and_back_in_instances_and_reasons(
    db: Db, client: Any, name: str
) -> None:
    new, saved = Secret(id=name, code=name, text="new"), Secret(id=f"{name}-2", code=f"{name}-2", text="old")
    changed = Secret(id=f"{name}-3", code=f"{name}-3", text="kept")
    db.create(saved)
    db.create(changed)
    saved.text = "saved"
    with db.transaction() as tx:
        tx.create(new)
        tx.save(saved)
        tx.update(changed, Secret.note.set("n"), Secret.code.set(f"{name}-4"))
        tx.put(Letter(id=name, text="letter"))
    for each in (name, f"{name}-2", f"{name}-3"):
        assert "S" not in stored(client, each)["text"]
    assert (changed.text, changed.note, changed.rev) == ("kept", "n", 2)
    found = db.transaction_get(key(Secret, name), key(Secret, f"{name}-2"), key(Secret, f"{name}-3"))
    assert found == (new, saved, changed)
    db.update(key(Secret, name), Secret.code.set(f"{name}-5"), Secret.text.set("other"))
    new.text = "mine"
    with pytest.raises(TransactionFailed) as raised, db.transaction() as tx:
        tx.save(new)
    assert isinstance(raised.value.reasons[0].error, VersionConflict)
    assert raised.value.reasons[0].item.text == "other"


def test_values_are_encrypted_in_a_batch_that_keeps_the_time_of_creation(
    db: Db, client: Any, name: str, endpoint: StrictServer
) -> None:
    first = db.create(Letter(id=name, text="first"))
    endpoint.clock.advance(hours=1)
    again = Letter(id=name, text="again")
    fault = endpoint.fault("BatchWriteItem", kind="unprocessed", times=1)
    assert db.put_many([again, *(Letter(id=f"{name}-{number}", text="x") for number in range(9))]) == 10
    assert fault.hits == 1
    assert "S" not in stored(client, name, "tx_letters")["text"]
    assert (again.created, again.text) == (first.created, "again")
    assert db.require(Letter, name) == again
    again.text = "saved"
    db.save(again)
    assert db.require(Letter, name).text == "saved"


def test_four_megabytes_are_those_of_the_values(db: Db, name: str) -> None:
    with pytest.raises(UsageError, match="it takes 4194304"), db.transaction() as tx:
        for number in range(12):
            tx.put(Letter(id=f"{name}-{number}", text="x" * 390_000))


def test_a_delete_in_a_transaction_leaves_the_item_where_deleted_ones_stay(db: Db, client: Any, name: str) -> None:
    item, other = Secret(id=name, code=name, text="t"), Secret(id=f"{name}-2", code=f"{name}-2")
    db.create(item)
    db.create(other)
    item.note = "not saved"
    with db.transaction() as tx:
        tx.delete(item)
        tx.delete(other, hard=True)
    assert item.deleted is not None
    assert (item.rev, item.note, item.text) == (2, "not saved", "t")
    assert db.transaction_get(key(Secret, name), key(Secret, other.id)) == (None, None)
    kept = db.require(Secret, name, deleted=True)
    assert (kept.deleted, kept.note) == (item.deleted, "")
    assert "Item" not in client.get_item(TableName="tx_secrets", Key={"id": {"S": other.id}})
    db.create(Secret(id=f"{name}-3", code=other.id))  # a hard delete gives the value up
    with pytest.raises(TransactionFailed) as raised, db.transaction() as tx:
        tx.delete(key(Secret, name))
        tx.delete(key(Secret, f"{name}-none"))
    assert [type(reason.error) for reason in raised.value.reasons] == [ConditionFailed, ConditionFailed]
    assert raised.value.reasons[0].item == kept
