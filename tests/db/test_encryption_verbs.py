"""Encrypted attributes under every verb of `Db`: transactions, batches, relations, collections, shapes, hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from db.vault import Card, Owner
from dynasmith import Db, DecryptionFailed, EncryptionKey, Project, connect
from dynasmith.errors import ItemExists, NotLoaded, TransactionFailed, ValueTaken
from dynasmith.models import (
    Attr,
    Model,
    Partition,
    Sort,
    after_update,
    attr,
    before_create,
    belongs_to,
    deleted_at,
    gsi,
    has_many,
    key,
    many_to_many,
    partition,
    sort,
    tables_of,
    version,
)
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine


class Doctor(Model, table="enc_doctors"):
    """A parent, with a unique attribute beside an encrypted one, and hooks."""

    id: Partition[str]
    license: Attr[str | None] = attr(default=None, unique=True)
    phone: Attr[str | None] = attr(default=None, encrypted=True)
    seen: Attr[list[str]] = attr(default_factory=list, encrypted=True)
    visits = has_many(lambda: Visit, by="doctor")
    nurses = many_to_many(lambda: Nurse, through=lambda: Shift)

    @before_create
    def _first(self) -> None:
        self.seen = ["created"]

    @after_update
    def _changed(self, changes: Mapping[str, Any]) -> None:
        self.seen.append(str(changes["phone"]))


class Visit(Model, table="enc_visits"):
    """A child."""

    id: Partition[str]
    doctor: Attr[str]
    finding: Attr[str | None] = attr(default=None, encrypted="second")
    gone: Attr[datetime | None] = deleted_at()
    rev: Attr[int] = version()
    by_doctor = gsi("doctor", projection="all")
    of = belongs_to(lambda: Doctor, by="doctor")


class Nurse(Model, table="enc_nurses"):
    """The other side of pairs."""

    id: Partition[str]
    phone: Attr[str | None] = attr(default=None, encrypted=True)
    doctors = many_to_many(lambda: Doctor, through=lambda: Shift)


class Shift(Model, table="enc_shifts"):
    """A pair, with an encrypted attribute of its own."""

    doctor_id: Partition[str]
    nurse_id: Sort[str]
    note: Attr[str | None] = attr(default=None, encrypted=True)
    by_nurse = gsi("nurse_id", sort="doctor_id")
    doctor = belongs_to(lambda: Doctor, by="doctor_id")
    nurse = belongs_to(lambda: Nurse, by="nurse_id")


class OldProfile(Model, table="enc_profiles"):
    """Shape 1."""

    id: Partition[str]
    name: Attr[str] = attr(encrypted=True)
    other: Attr[str | None] = attr(default=None, encrypted=True)


def halves(item: dict[str, Any]) -> dict[str, Any]:
    first, _, last = item.pop("name").partition(" ")
    return {**item, "first": first, "last": last}


class Profile(Model, table="enc_profiles", shape=2, upgrades={1: halves}):
    """Shape 2: one encrypted attribute became two."""

    id: Partition[str]
    first: Attr[str] = attr(encrypted=True)
    last: Attr[str] = attr(encrypted=True)
    other: Attr[str | None] = attr(default=None, encrypted=True)


class OpenProfile(Model, table="enc_profiles", shape=2, upgrades={1: halves}):
    """Shape 2, which is not encrypted any more."""

    id: Partition[str]
    first: Attr[str]
    last: Attr[str]


class Folder(Model, table="enc_tree", entity="folder"):
    """A parent in one partition with its children."""

    pk = partition("folder:{name}")
    sk = sort("#")
    name: Attr[str]
    label: Attr[str | None] = attr(default=None, encrypted=True)
    pages = has_many(lambda: Sheet, by="name")


class Sheet(Model, table="enc_tree", entity="sheet"):
    """A child there."""

    pk = partition("folder:{name}")
    sk = sort("sheet:{number:04d}")
    name: Attr[str]
    number: Attr[int]
    text: Attr[str | None] = attr(default=None, encrypted=True)


CLASSES = (Doctor, Visit, Nurse, Shift, Profile, Folder, Sheet, Card, Owner)
KEYS = {"first": EncryptionKey(material=b"1" * 32), "second": EncryptionKey(material=b"2" * 32)}


def opened(endpoint: StrictServer, keys: Mapping[str, EncryptionKey] = KEYS) -> Project:
    return connect(
        endpoint=endpoint.endpoint,
        region="us-east-1",
        tables=tables_of(*CLASSES),
        clock=endpoint.clock,
        crypto=keys,
    )


@pytest.fixture(scope="module")
def vault(endpoint: StrictServer) -> Iterator[Project]:
    """A project whose tables are there."""
    with opened(endpoint) as project:
        project.ensure()
        yield project


@pytest.fixture
def db(vault: Project) -> Db:
    """What is tested."""
    return vault.db()


def is_encrypted(client: Any, table: str, attribute: str, **where: Any) -> bool:
    item = client.get_item(TableName=table, Key=where, ConsistentRead=True)["Item"]
    return "M" in item[attribute] and "dynasmith" in item[attribute]["M"]


def refused(db: Db, new: Model, other: Model) -> None:
    with db.transaction() as tx:
        tx.create(new)
        tx.put(other)


def test_a_transaction_encrypts_what_it_writes_and_decrypts_what_it_reads(db: Db, client: Any, name: str) -> None:
    one, two, three = (f"{name}-{number}" for number in (1, 2, 3))
    old = db.create(Doctor(id=three, phone="3"))
    with db.transaction() as tx:
        tx.create(Doctor(id=one, license=one, phone="1"))
        tx.put(Visit(id=two, doctor=one, finding="fine"))
        tx.update(old, Doctor.phone.set("33"))
        tx.check(key(Doctor, f"{name}-none"), Doctor.phone.missing())
    assert is_encrypted(client, "enc_doctors", "phone", id={"S": one})
    assert is_encrypted(client, "enc_visits", "finding", id={"S": two})
    assert old.phone == "33"
    doctor, visit, none = db.transaction_get(key(Doctor, one), key(Visit, two), key(Doctor, "none"))
    assert doctor is not None
    assert visit is not None
    assert (doctor.phone, visit.finding, none) == ("1", "fine", None)
    with db.transaction() as tx:
        visit.finding = "better"
        tx.save(visit)
        tx.update(key(Doctor, three), Doctor.phone.set("333"))
        tx.delete(doctor)
    assert (db.require(Visit, two).finding, db.require(Doctor, three).phone) == ("better", "333")
    with pytest.raises(TransactionFailed) as failed:
        refused(db, Visit(id=two, doctor=one), Doctor(id=one))
    reason = failed.value.reasons[0].error
    assert isinstance(reason, ItemExists)
    assert reason.item.finding == "better"


def test_a_unique_attribute_stands_beside_an_encrypted_one(db: Db, name: str) -> None:
    made = db.create(Doctor(id=name, license=name, phone="1"))
    with pytest.raises(ValueTaken) as taken:
        db.create(Doctor(id=f"{name}-2", license=name))
    assert taken.value.item.phone == "1"
    made.license, made.phone = f"{name}-new", "2"
    db.save(made)
    assert (made.phone, db.require(Doctor, name).phone) == ("2", "2")
    fresh = db.update(key(Doctor, name), Doctor.license.set(name), Doctor.phone.set("3"))
    assert fresh.phone == "3"
    assert db.delete(fresh)


def test_batches_encrypt(db: Db, client: Any, name: str) -> None:
    ids = [f"{name}-{number}" for number in range(30)]
    assert db.put_many(Nurse(id=each, phone=each) for each in ids) == 30
    assert is_encrypted(client, "enc_nurses", "phone", id={"S": ids[29]})
    assert [each.phone for each in db.get_many(Nurse, ids) if each is not None] == ids
    assert db.delete_many(key(Nurse, each) for each in ids) == 30


def test_relations_and_pairs_are_decrypted(db: Db, client: Any, name: str) -> None:
    doctor = db.create(Doctor(id=name, phone="1"))
    visits = [db.create(Visit(id=f"{name}-{number}", doctor=name, finding=str(number))) for number in range(3)]
    read = db.require(Doctor, name, include=[Doctor.visits.then(Visit.of)])
    assert {each.finding for each in read.visits} == {"0", "1", "2"}
    assert {each.of.phone for each in read.visits if each.of is not None} == {"1"}
    assert [each.finding for each in db.query(Visit, Visit.doctor == name).include(Visit.of).limit(1)] != [None]
    nurses = [db.create(Nurse(id=f"{name}-n{number}", phone=str(number))) for number in range(3)]
    assert db.attach(doctor, Doctor.nurses, nurses) == 3
    shift = db.require(Shift, name, nurses[0].id)
    shift.note = "night"
    db.save(shift)
    assert is_encrypted(client, "enc_shifts", "note", doctor_id={"S": name}, nurse_id={"S": nurses[0].id})
    read = db.require(Doctor, name, include=[Doctor.nurses])
    assert sorted(str(each.phone) for each in read.nurses) == ["0", "1", "2"]
    db.sync(doctor, Doctor.nurses, nurses[:1])
    assert db.require(Shift, name, nurses[0].id).note == "night"
    assert db.delete(visits[0])
    again = db.restore(key(Visit, visits[0].id))
    assert again.finding == "0"


def test_collections_and_relations_of_one_partition_are_decrypted(db: Db, name: str) -> None:
    db.create(Folder(name=name, label="L"))
    for number in range(3):
        db.create(Sheet(name=name, number=number, text=str(number)))
    found = list(db.collection(Folder, Sheet).query(Folder.name == name))
    shown = [each.label if isinstance(each, Folder) else each.text for each in found]
    assert shown == ["L", "0", "1", "2"]
    read = db.query(Folder, Folder.name == name).include(Folder.pages).one()
    assert (read.label, [each.text for each in read.pages]) == ("L", ["0", "1", "2"])


def test_an_upgrade_sees_values_and_its_result_is_encrypted(db: Db, client: Any, name: str) -> None:
    db.create(OldProfile(id=name, name="Ann Lee", other="x"))
    before = client.get_item(TableName="enc_profiles", Key={"id": {"S": name}})["Item"]
    read = db.require(Profile, name)
    assert (read.first, read.last, read.other) == ("Ann", "Lee", "x")
    db.save(read)
    after = client.get_item(TableName="enc_profiles", Key={"id": {"S": name}})["Item"]
    assert after.keys() == {"id", "first", "last", "other", "_shape"}
    assert after["other"] == before["other"]
    assert all("dynasmith" in after[each]["M"] for each in ("first", "last"))
    assert db.require(Profile, name) == read


def test_an_upgrade_may_end_encryption(db: Db, client: Any, name: str) -> None:
    db.create(OldProfile(id=name, name="Ann Lee", other="x"))
    read = db.require(OpenProfile, name)
    assert (read.first, read.last) == ("Ann", "Lee")
    db.save(read)
    after = client.get_item(TableName="enc_profiles", Key={"id": {"S": name}})["Item"]
    assert (after["first"], after["last"]) == ({"S": "Ann"}, {"S": "Lee"})
    assert "dynasmith" in after["other"]["M"]  # the class does not know it


def test_scans_in_segments_and_updates_that_create(db: Db, client: Any, name: str) -> None:
    made = db.update(key(Doctor, name), Doctor.phone.set("1"), create_missing=True)
    assert (made.phone, made.seen) == ("1", [])
    assert is_encrypted(client, "enc_doctors", "phone", id={"S": name})
    assert "1" in {each.phone for each in db.scan(Doctor, Doctor.id == name, segments=3)}
    bare = db.update(key(Visit, name), Visit.doctor.set("d"), create_missing=True)
    assert bare.finding is None


def test_hooks_see_and_set_values(db: Db, client: Any, name: str) -> None:
    made = db.create(Doctor(id=name, phone="1"), hooks=True)
    assert db.require(Doctor, name).seen == ["created"]
    made.phone = "2"
    db.save(made, hooks=True)
    assert made.seen == ["created", "2"]
    assert is_encrypted(client, "enc_doctors", "seen", id={"S": name})


def test_no_verb_gives_an_item_that_cannot_be_decrypted(db: Db, endpoint: StrictServer, name: str) -> None:
    db.create(Doctor(id=name, phone="1"))
    db.create(Visit(id=name, doctor=name, finding="f"))
    db.create(Folder(name=name, label="L"))
    with opened(endpoint, {"first": KEYS["second"], "second": KEYS["first"]}) as other:
        wrong = other.db()
        attempts: dict[str, Callable[[], object]] = {
            "get": lambda: wrong.get(Doctor, name),
            "get_many": lambda: wrong.get_many(Doctor, [name]),
            "query": lambda: wrong.query(Visit, Visit.doctor == name).first(),
            "page": lambda: wrong.query(Visit, Visit.doctor == name).page(items=5),
            "scan": lambda: wrong.scan(Visit, Visit.doctor == name).first(),
            "only": lambda: wrong.query(Visit, Visit.doctor == name).only(Visit.finding).first(),
            "include": lambda: wrong.get(Doctor, name, include=[Doctor.visits]),
            "transaction_get": lambda: wrong.transaction_get(key(Doctor, name)),
            "collection": lambda: list(wrong.collection(Folder, Sheet).query(Folder.name == name)),
            "update": lambda: wrong.update(key(Visit, name), Visit.doctor.set("x")),
        }
        for verb, attempt in attempts.items():
            with pytest.raises(DecryptionFailed):
                raise AssertionError(f"{verb} gave {attempt()!r}")
        assert wrong.query(Visit, Visit.doctor == "x").count() == 1  # it reads no value
        part = wrong.query(Visit, Visit.doctor == "x").only(Visit.doctor).one()
        with pytest.raises(NotLoaded):
            _ = part.finding
        assert wrong.delete(key(Doctor, name))
