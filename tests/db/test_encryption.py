"""Encrypted attributes: what another program finds in the table, and what the instance has."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest

from db.shop import Address
from db.vault import Archived, Bare, Card, Moving, Owner, Patient
from dynasmith import Db, DecryptionFailed, EncryptionKey, Project, connect
from dynasmith.errors import ConditionFailed, ItemExists, ItemInvalid, NotLoaded, UsageError, VersionConflict
from dynasmith.models import key, tables_of
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
FIRST, SECOND = EncryptionKey(material=b"1" * 32), EncryptionKey(material=b"2" * 32)
SECRETS: dict[str, Any] = {
    "ssn": "078-05-1120",
    "age": 41,
    "fee": Decimal("12.3400"),
    "notes": ["thorax", "élève"],
    "labels": {"b": [1, None, {"c": True}], "a": Decimal("1.1")},
    "address": Address(street="Rennweg 1", city="Zürich"),
    "born": datetime(1985, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
    "tags": {"x", "y"},
    "photo": b"\x00\xff\x10",
}


def opened(endpoint: StrictServer, keys: dict[str, EncryptionKey]) -> Project:
    tables = tables_of(Patient, Archived, Moving, Card, Owner)
    return connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock, crypto=keys)


@pytest.fixture(scope="module")
def vault(endpoint: StrictServer) -> Iterator[Project]:
    """A project with two keys, whose tables are there."""
    with opened(endpoint, {"first": FIRST, "second": SECOND}) as project:
        project.ensure()
        yield project


@pytest.fixture
def db(vault: Project) -> Db:
    """What is tested."""
    return vault.db()


@pytest.fixture(scope="module")
def boto(endpoint: StrictServer, vault: Project) -> Iterator[Any]:
    """Another program."""
    del vault
    made = boto3.client(
        "dynamodb",
        endpoint_url=endpoint.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield made
    made.close()


def stored(boto: Any, name: str, table: str = "clinic", **more: Any) -> dict[str, Any]:
    item: dict[str, Any] = boto.get_item(TableName=table, Key={"id": {"S": name}, **more}, ConsistentRead=True)["Item"]
    return item


def untyped(expression: Any) -> Any:
    """An expression of another type than the attribute's, as untyped code writes it."""
    return expression


def sent(endpoint: StrictServer, operation: str) -> int:
    return len(endpoint.journal.of(operation))


def test_values_of_every_type_are_ciphertext_in_the_table_and_come_back_exactly(db: Db, boto: Any, name: str) -> None:
    made = db.create(Patient(id=name, name="Ann", **SECRETS))
    item = stored(boto, name)
    assert item["name"] == {"S": "Ann"}
    for attribute in ("social", "age", "fee", "notes", "labels", "address", "born", "tags", "photo"):
        members = item[attribute]["M"]
        assert members.keys() == {"dynasmith", "key", "nonce", "data"}
        assert (members["dynasmith"], members["key"]) == ({"N": "1"}, {"S": "first"})
        assert len(members["nonce"]["B"]) == 12
    assert "078-05" not in repr(item)
    assert "thorax" not in repr(item)
    read = db.require(Patient, name, consistent=True)
    assert read == made
    assert {each: getattr(read, each) for each in SECRETS} == SECRETS
    assert read.fee.as_tuple() == Decimal("12.3400").as_tuple() or read.fee == Decimal("12.34")


def test_what_is_none_or_empty_is_absent_and_defaults_hold(db: Db, boto: Any, name: str) -> None:
    db.create(Patient(id=name))
    assert stored(boto, name).keys() == {"id", "name", "fee", "notes", "labels", "rev", "created"}
    boto.update_item(TableName="clinic", Key={"id": {"S": name}}, UpdateExpression="REMOVE fee, notes, labels")
    read = db.require(Patient, name)
    assert (read.ssn, read.fee, read.notes, read.tags) == (None, Decimal("1.50"), [], set())


def test_two_equal_values_have_nothing_in_common_in_the_table(db: Db, boto: Any, name: str) -> None:
    for number in (1, 2):
        db.create(Patient(id=f"{name}-{number}", ssn="same", age=7))
    one, other = (stored(boto, f"{name}-{number}") for number in (1, 2))
    assert one["social"]["M"]["data"] != other["social"]["M"]["data"]
    assert one["social"]["M"]["nonce"] != other["social"]["M"]["nonce"] != one["age"]["M"]["nonce"]


def test_save_writes_only_what_changed_and_leaves_other_ciphertext_as_it_is(
    db: Db, boto: Any, name: str, endpoint: StrictServer
) -> None:
    db.create(Patient(id=name, **SECRETS))
    read, before = db.require(Patient, name), stored(boto, name)
    updates = sent(endpoint, "UpdateItem")
    db.save(read)
    assert sent(endpoint, "UpdateItem") == updates
    read.tags.add("z")
    read.labels["new"] = "value"
    db.save(read)
    after = stored(boto, name)
    changed = {attribute for attribute in after if after[attribute] != before.get(attribute)}
    assert changed == {"tags", "labels", "rev"}
    again = db.require(Patient, name)
    assert (again.tags, again.labels["new"], again.ssn) == ({"x", "y", "z"}, "value", SECRETS["ssn"])
    read.ssn = None
    read.tags.clear()
    db.save(read)
    assert not {"social", "tags"} & stored(boto, name).keys()


def test_put_of_what_was_read_keeps_what_the_class_does_not_know(db: Db, boto: Any, name: str) -> None:
    db.create(Patient(id=name, ssn="a"))
    boto.update_item(
        TableName="clinic",
        Key={"id": {"S": name}},
        UpdateExpression="SET extra = :o",
        ExpressionAttributeValues={":o": {"S": "kept"}},
    )
    read = db.require(Patient, name)
    db.put(read)
    assert stored(boto, name)["extra"] == {"S": "kept"}
    assert db.require(Patient, name).ssn == "a"


def test_update_sets_encrypted_values_beside_plain_ones_of_the_same_text(db: Db, boto: Any, name: str) -> None:
    made = db.create(Patient(id=name, name="x", ssn="x"))
    fresh = db.update(key(Patient, name), Patient.name.set("same"), Patient.ssn.set("same"), Patient.age.set(3))
    assert (fresh.name, fresh.ssn, fresh.age) == ("same", "same", 3)
    item = stored(boto, name)
    assert item["name"] == {"S": "same"}
    assert "M" in item["social"]
    made = db.require(Patient, name)
    made.notes.append("not saved")
    db.update(made, Patient.age.set(4))
    assert (made.age, made.notes) == (4, ["not saved"])
    db.update(made, Patient.ssn.set(None), Patient.tags.set({"a"}), Patient.age.set_if_missing(9))
    assert (made.ssn, made.tags, made.age) == (None, {"a"}, 4)


@pytest.mark.parametrize(
    "expression",
    [
        lambda: Patient.ssn == "x",
        lambda: Patient.ssn != "x",
        lambda: Patient.ssn == None,  # noqa: E711
        lambda: Patient.age > 3,
        lambda: Patient.age <= 3,
        lambda: Patient.age.between(1, 2),
        lambda: Patient.ssn.is_in(["x"]),
        lambda: Patient.ssn.begins_with("x"),
        lambda: Patient.tags.contains("x"),
        lambda: Patient.ssn.is_type("S"),
        lambda: Patient.ssn.size() > 1,
        lambda: Patient.name == untyped(Patient.ssn),
        lambda: Patient.age.add(1),
        lambda: Patient.tags.add({"x"}),
        lambda: Patient.tags.discard("x"),
        lambda: Patient.notes.append("x"),
        lambda: Patient.notes[0],
        lambda: Patient.labels["a"],
        lambda: Patient.address.city,
        lambda: Patient.ssn.set(untyped(Patient.name)),
        lambda: Patient.name.set(untyped(Patient.ssn)),
    ],
)
def test_what_would_look_into_ciphertext_is_refused_and_names_it(expression: Any) -> None:
    with pytest.raises(UsageError, match=r"Patient\.\w+ is encrypted"):
        expression()


def test_conditions_ask_for_presence_only(db: Db, name: str) -> None:
    db.create(Patient(id=name, name=name, ssn="a"))
    assert db.query(Patient, Patient.name == name, Patient.ssn.exists()).count() == 1
    assert db.query(Patient, Patient.name == name, Patient.ssn.missing()).count() == 0
    with pytest.raises(ConditionFailed):
        db.update(key(Patient, name), Patient.age.set(1), where=Patient.ssn.missing())


def test_every_way_of_reading_decrypts(db: Db, name: str) -> None:
    made = db.create(Patient(id=name, name=name, ssn="a", tags={"t"}))
    assert db.get(Patient, name) == made
    assert db.get_many(Patient, [name, "none"]) == [made, None]
    assert list(db.query(Patient, Patient.name == name)) == [made]
    assert [each.ssn for each in db.scan(Patient, Patient.name == name)] == ["a"]
    assert db.query(Patient, Patient.name == name).page(items=5).items == [made]
    part = db.query(Patient, Patient.name == name).only(Patient.ssn, Patient.rev).first()
    assert part is not None
    assert part.ssn == "a"
    with pytest.raises(NotLoaded):
        _ = part.tags
    part.ssn = "b"
    db.save(part)
    assert db.require(Patient, name).ssn == "b"
    plain = db.query(Patient, Patient.name == name).only(Patient.name).first()
    assert plain is not None
    with pytest.raises(NotLoaded):
        _ = plain.ssn


def test_conflicts_give_the_item_decrypted(db: Db, name: str) -> None:
    one = db.create(Patient(id=name, ssn="a"))
    with pytest.raises(ItemExists) as exists:
        db.create(Patient(id=name, ssn="b"))
    assert exists.value.item == one
    other = db.require(Patient, name)
    one.ssn = "c"
    db.save(one)
    other.ssn = "d"
    with pytest.raises(VersionConflict) as conflict:
        db.save(other)
    assert conflict.value.current.ssn == "c"


def test_entities_of_one_table_and_a_changed_key(db: Db, boto: Any, name: str) -> None:
    db.create(Owner(owner=name, phone="1"))
    card = db.create(Card(owner=name, number=1, pan="4111"))
    assert [each.pan for each in db.query(Card, Card.owner == name)] == ["4111"]
    card.number = 2
    db.save(card)
    assert db.get(Card, name, 1) is None
    assert db.require(Card, name, 2).pan == "4111"
    item = boto.get_item(TableName="wallet", Key={"pk": {"S": f"owner:{name}"}, "sk": {"S": "card:0002"}})["Item"]
    assert "M" in item["pan"]


def test_a_write_whose_answer_was_lost_recognizes_its_own_ciphertext(db: Db, name: str, endpoint: StrictServer) -> None:
    endpoint.fault("PutItem", kind="reset-after")
    made = db.create(Patient(id=name, ssn="a"))
    assert db.require(Patient, name) == made


# --- keys


def failing(db: Db, name: str) -> DecryptionFailed:
    """What reading an item raises; nothing of it shows the value."""
    with pytest.raises(DecryptionFailed) as failed:
        db.get(Patient, name)
    assert "078-05" not in "".join(traceback.format_exception(failed.value))
    return failed.value


def test_another_key_of_that_name_gives_no_item(db: Db, name: str, endpoint: StrictServer) -> None:
    db.create(Patient(id=name, ssn="078-05-1120"))
    with opened(endpoint, {"first": SECOND}) as other:
        error = failing(other.db(), name)
        assert (error.model, error.key, error.attribute, error.key_name) == ("Patient", {"id": name}, "social", "first")
        assert f"Patient (id='{name}'), social: The key first does not decrypt it" in error.message
        with pytest.raises(DecryptionFailed):
            list(other.db().scan(Patient))
        with pytest.raises(DecryptionFailed):
            other.db().get_many(Patient, [name])


def test_a_key_that_is_not_there_is_named(db: Db, name: str, endpoint: StrictServer) -> None:
    db.create(Patient(id=name, ssn="078-05-1120"))
    with opened(endpoint, {"second": SECOND}) as other:
        error = failing(other.db(), name)
        assert "encrypted with the key first, which is not known here" in error.message
        assert "[crypto]" in error.hint
    with opened(endpoint, {}) as other:
        failing(other.db(), name)
        with pytest.raises(UsageError, match="fee is encrypted, and there is no key"):
            other.db().create(Patient(id=f"{name}-2", ssn="a"))
        with pytest.raises(UsageError, match="labels is encrypted with the key second, which is not known"):
            other.db().put(Moving(id=name, at=1, labels={"a": "b"}))


def test_a_key_that_was_replaced_still_reads_and_the_new_one_writes(
    db: Db, boto: Any, name: str, endpoint: StrictServer
) -> None:
    db.create(Patient(id=name, ssn="a", age=1))
    with opened(endpoint, {"new": EncryptionKey(material=b"3" * 32), "first": FIRST}) as other:
        read = other.db().require(Patient, name)
        read.age = 2
        other.db().save(read)
    item = stored(boto, name)
    assert (item["social"]["M"]["key"], item["age"]["M"]["key"]) == ({"S": "first"}, {"S": "new"})


@pytest.mark.parametrize("how", ["bit", "tag", "nonce", "attribute", "key name", "cut", "version", "member", "type"])
def test_ciphertext_that_was_changed_is_refused(db: Db, boto: Any, name: str, how: str) -> None:
    db.create(Patient(id=name, ssn="078-05-1120", name="x", notes=["078-05-1120"]))
    item = stored(boto, name)
    members = item["social"]["M"]
    data = members["data"]["B"]
    match how:
        case "bit":
            members["data"] = {"B": bytes([data[0] ^ 1]) + data[1:]}
        case "tag":
            members["data"] = {"B": data[:-1] + bytes([data[-1] ^ 1])}
        case "nonce":
            members["nonce"] = {"B": b"0" * 12}
        case "attribute":
            item["social"] = item["notes"]
        case "key name":
            members["key"] = {"S": "second"}
        case "cut":
            members["data"] = {"B": data[:8]}
        case "version":
            members["dynasmith"] = {"N": "2"}
        case "member":
            del members["nonce"]
        case "type":
            members["nonce"] = {"S": "not bytes"}
    boto.put_item(TableName="clinic", Item=item)
    error = failing(db, name)
    assert (error.model, error.attribute) == ("Patient", "social")


def test_ciphertext_survives_a_copy_to_another_table_and_key(db: Db, boto: Any, name: str) -> None:
    db.create(Patient(id=name, ssn="a"))
    item = stored(boto, name)
    boto.put_item(TableName="archive", Item={**item, "id": {"S": f"{name}-copied"}})
    moved = db.in_table(Patient, "archive").require(Patient, f"{name}-copied")
    assert moved.ssn == "a"


# --- plain values


def test_a_plain_value_is_refused_unless_the_class_reads_it(db: Db, boto: Any, name: str) -> None:
    boto.put_item(TableName="clinic", Item={"id": {"S": name}, "social": {"S": "078-05-1120"}})
    with pytest.raises(ItemInvalid, match="social: It is not encrypted") as failed:
        db.get(Patient, name)
    assert failed.value.attribute == "social"
    assert "078-05" not in "".join(traceback.format_exception(failed.value))


def test_a_plain_value_that_is_read_is_encrypted_by_the_next_save(db: Db, boto: Any, name: str) -> None:
    db.create(Bare(id=name, at=1, email="ann@example.com", labels={"a": "b"}))
    read = db.require(Moving, name, 1)
    assert (read.email, read.labels) == ("ann@example.com", {"a": "b"})
    db.save(read)
    item = stored(boto, name, "moving", at={"N": "1"})
    assert (item["email"]["M"]["key"], item["labels"]["M"]["key"]) == ({"S": "first"}, {"S": "second"})
    assert db.require(Moving, name, 1) == read
    with pytest.raises(ItemInvalid):
        db.get(Bare, name, 1)


def test_a_class_that_reads_plain_maps_never_takes_ciphertext_for_one(
    db: Db, name: str, endpoint: StrictServer
) -> None:
    db.create(Moving(id=name, at=1, labels={"a": "b"}))
    with opened(endpoint, {"first": FIRST}) as other, pytest.raises(DecryptionFailed):
        other.db().get(Moving, name, 1)


# --- what is never shown


def test_nothing_shows_a_value_or_a_key(db: Db, name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = db.create(Patient(id=name, ssn="078-05-1120", photo=b"picture"))
        db.save(db.require(Patient, name))
    for shown in (repr(made), str(made), caplog.text, repr(FIRST), repr({"k": FIRST})):
        assert "078-05" not in shown
        assert "1111" not in shown
    loaded = pickle.loads(pickle.dumps(made))
    assert loaded == made
    db.save(loaded)


def test_a_value_of_another_type_is_not_in_the_error(db: Db, name: str) -> None:
    made = Patient(id=name)
    made.__dict__["age"] = "078-05-1120"
    with pytest.raises(ItemInvalid, match="age: The value cannot be stored as int") as failed:
        db.create(made)
    error: BaseException | None = failed.value
    while error is not None:
        assert "078-05" not in str(error)
        error = error.__cause__ or error.__context__
