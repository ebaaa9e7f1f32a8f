"""Unique attributes: of two items of a class that want one value, one has it, whoever writes what and when."""
# ruff: noqa: PT012, SIM117 - what raises is the block of a transaction, or its end

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from dynasmith import Db, Project, connect
from dynasmith.errors import (
    ConditionFailed,
    DefinitionError,
    ItemExists,
    ItemNotFound,
    TransactionFailed,
    UsageError,
    ValueTaken,
    VersionConflict,
)
from dynasmith.models import (
    Attr,
    Model,
    Partition,
    Sort,
    attr,
    deleted_at,
    gsi,
    key,
    partition,
    sort,
    tables_of,
    ttl,
    version,
)
from dynasmith.models.metaclass import schema_of
from dynasmith.models.unique_claim import claim_key
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
_numbers = count(1)


class User(Model, table="unique_users"):
    """A table with a partition key only, without a version; two unique attributes."""

    id: Partition[str]
    email: Attr[str | None] = attr(default=None, name="mail", unique=True)
    badge: Attr[int | None] = attr(default=None, unique=True)
    name: Attr[str] = attr(default="")


class Member(Model, table="unique_shop", entity="member"):
    """One of two entities of a table, with a version; the value is stored in lower case."""

    pk = partition("member:{id}")
    sk = sort("#")
    id: Attr[str]
    email: Attr[str] = attr(unique=True, stored=(str.lower, str))
    name: Attr[str] = attr(default="-")
    rev: Attr[int] = version()
    by_name = gsi("name")


class Guest(Model, table="unique_shop", entity="guest"):
    """The other one: its values are others."""

    pk = partition("guest:{id}")
    sk = sort("#")
    id: Attr[str]
    email: Attr[str] = attr(unique=True)
    deleted: Attr[datetime | None] = deleted_at()
    expires: Attr[datetime | None] = ttl()


class Reading(Model, table="unique_numbers"):
    """A table whose key is two numbers."""

    sensor: Partition[int]
    at: Sort[int]
    serial: Attr[str] = attr(unique=True)


class Blob(Model, table="unique_bytes"):
    """A table whose key is bytes."""

    id: Partition[bytes]
    digest: Attr[bytes] = attr(unique=True)


CLASSES = (User, Member, Guest, Reading, Blob)


@pytest.fixture(scope="module")
def unique_project(endpoint: StrictServer) -> Iterator[Project]:
    """The tables of these classes."""
    tables = tables_of(*CLASSES)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as project:
        project.ensure()
        yield project


@pytest.fixture
def db(unique_project: Project) -> Db:
    """What is tested."""
    return unique_project.db()


@pytest.fixture
def mail() -> Callable[[], str]:
    """Values of the test's own."""
    return lambda: f"mail-{next(_numbers)}@example.com"


def claims(client: Any, model: Any, field: str, value: dict[str, Any]) -> Any:
    """The owner in the claim of a value, as another program finds it; None where nobody claims it."""
    schema = schema_of(model)
    where = claim_key(schema, schema.fields[field], value)
    item = client.get_item(TableName=schema.table, Key=where, ConsistentRead=True).get("Item")
    return None if item is None else item["_unique_owner"]["M"]


def owner_of_mail(client: Any, value: str) -> Any:
    owner = claims(client, User, "email", {"S": value})
    return None if owner is None else owner["id"]["S"]


def test_a_second_item_with_the_value_is_refused_and_nothing_is_written(db: Db, name: str, mail: Any) -> None:
    value = mail()
    first = db.create(User(id=name, email=value))
    second = User(id=f"{name}-2", email=value, badge=int(name.split("-")[1]))
    with pytest.raises(ValueTaken, match="email is unique, and another User in unique_users has the value") as raised:
        db.create(second)
    assert (raised.value.attribute, raised.value.item) == ("email", first)
    assert isinstance(raised.value, ItemExists)
    assert value not in str(raised.value)
    assert db.get(User, second.id) is None
    second.email = mail()
    db.create(second)  # the badge was not claimed by the write that failed


def test_a_second_item_of_the_key_is_still_that(db: Db, name: str, mail: Any) -> None:
    first = db.create(User(id=name, email=mail()))
    with pytest.raises(ItemExists) as raised:
        db.create(User(id=name, email=mail()))
    assert type(raised.value) is ItemExists
    assert raised.value.item == first


def test_put_takes_the_new_value_and_gives_up_the_old_one(db: Db, client: Any, name: str, mail: Any) -> None:
    old, new = mail(), mail()
    db.put(User(id=name, email=old))
    db.put(User(id=name, email=old))  # the same once more
    db.put(User(id=name, email=new))  # an instance that was never read
    assert (owner_of_mail(client, old), owner_of_mail(client, new)) == (None, name)
    db.create(User(id=f"{name}-2", email=old))
    with pytest.raises(ValueTaken):
        db.put(User(id=name, email=old))
    assert db.require(User, name).email == new


def test_save_of_the_value_another_none_and_back(db: Db, client: Any, name: str, mail: Any) -> None:
    one, other = mail(), mail()
    user = db.create(User(id=name, email=one, badge=10_000 + next(_numbers)))
    user.name = "x"
    db.save(user)
    user.email = other
    db.save(user)
    assert (owner_of_mail(client, one), owner_of_mail(client, other)) == (None, name)
    db.create(User(id=f"{name}-2", email=one))
    user.email = one
    with pytest.raises(ValueTaken) as raised:
        db.save(user)
    assert raised.value.item == db.require(User, f"{name}-2")
    user.email = None
    db.save(user)
    assert owner_of_mail(client, other) is None
    assert db.require(User, name).email is None
    user.email = other
    db.save(user)
    assert db.require(User, name) == user
    assert owner_of_mail(client, other) == name


def test_an_update_by_key_reads_the_old_value_first(
    db: Db, client: Any, name: str, mail: Any, endpoint: StrictServer
) -> None:
    one, other = mail(), mail()
    db.create(User(id=name, email=one))
    same = db.update(key(User, name), User.email.set(one), User.name.set("same"))
    assert (same.email, same.name) == (one, "same")
    assert owner_of_mail(client, one) == name
    changed = db.update(key(User, name), User.email.set(other))
    assert changed.email == other
    assert (owner_of_mail(client, one), owner_of_mail(client, other)) == (None, name)
    calls = len(endpoint.journal.of("TransactWriteItems"))
    db.update(key(User, name), User.name.set("plain"))  # not about the value: one plain call
    assert len(endpoint.journal.of("TransactWriteItems")) == calls
    removed = db.update(key(User, name), User.email.remove())
    assert removed.email is None
    assert owner_of_mail(client, other) is None
    with pytest.raises(ItemNotFound):
        db.update(key(User, f"{name}-none"), User.email.set(other))
    assert owner_of_mail(client, other) is None
    db.create(User(id=f"{name}-2", email=other))
    with pytest.raises(ValueTaken):
        db.update(key(User, name), User.email.set(other))
    with pytest.raises(UsageError, match="must be known before"):
        db.update(key(User, name), User.badge.add(1))


def test_an_update_of_an_instance_keeps_what_is_not_saved(db: Db, client: Any, name: str, mail: Any) -> None:
    one, other = mail(), mail()
    user = db.create(User(id=name, email=one))
    user.name = "not saved"
    db.update(user, User.email.set(other))
    assert (user.email, user.name) == (other, "not saved")
    assert (owner_of_mail(client, one), owner_of_mail(client, other)) == (None, name)
    db.save(user)
    assert db.require(User, name) == user


@pytest.mark.parametrize("by_key", [True, False])
def test_a_delete_gives_the_value_up(db: Db, client: Any, name: str, mail: Any, by_key: bool) -> None:
    value = mail()
    user = db.create(User(id=name, email=value, badge=20_000 + next(_numbers)))
    assert db.delete(key(User, name) if by_key else user) is True
    assert owner_of_mail(client, value) is None
    assert db.delete(key(User, name)) is False
    db.create(User(id=f"{name}-2", email=value, badge=user.badge))


def test_a_value_that_another_writer_changed_meanwhile_is_given_up(db: Db, client: Any, name: str, mail: Any) -> None:
    """As a plain attribute, the last writer wins; and no claim stays behind."""
    one, theirs, mine = mail(), mail(), mail()
    user, deleted = db.create(User(id=name, email=one)), db.create(User(id=f"{name}-2", email=mail()))
    db.update(key(User, name), User.email.set(theirs))
    user.email = mine
    db.save(user)
    assert [owner_of_mail(client, value) for value in (one, theirs, mine)] == [None, None, name]
    last = mail()
    db.update(key(User, deleted.id), User.email.set(last))
    assert db.delete(deleted) is True
    assert owner_of_mail(client, last) is None
    stale = db.require(User, name)
    db.update(key(User, name), User.email.set(theirs))
    db.put(stale)
    assert [owner_of_mail(client, value) for value in (theirs, mine)] == [None, name]


def test_a_taken_value_is_the_reason_even_if_the_item_was_changed_meanwhile(db: Db, name: str, mail: Any) -> None:
    """The write expects another old value as well: that alone would be no reason to fail."""
    taken = mail()
    db.create(User(id=name, email=taken))
    other = db.create(User(id=f"{name}-2", email=mail()))
    db.update(key(User, other.id), User.email.set(mail()))
    other.email = taken
    for write in (db.save, db.put):
        with pytest.raises(ValueTaken):
            write(other)


def test_a_version_is_still_compared(db: Db, client: Any, name: str) -> None:
    member = db.create(Member(id=name, email=f"{name}@x"))
    db.update(key(Member, name), Member.email.set(f"{name}@y"))
    member.email = f"{name}@z"
    for write in (lambda: db.save(member), lambda: db.put(member), lambda: db.delete(member)):
        with pytest.raises(VersionConflict) as raised:
            write()
        assert raised.value.current.email == f"{name}@y"
    assert claims(client, Member, "email", {"S": f"{name}@y"})["pk"] == {"S": f"member:{name}"}
    assert claims(client, Member, "email", {"S": f"{name}@z"}) is None


def test_where_decides_before_the_value(db: Db, name: str, mail: Any) -> None:
    user = db.create(User(id=name, email=mail(), name="a"))
    user.email = mail()
    with pytest.raises(ConditionFailed, match="condition on User") as raised:
        db.save(user, where=User.name == "b")
    assert type(raised.value) is ConditionFailed
    with pytest.raises(ConditionFailed):
        db.delete(key(User, name), where=User.name == "b")


def test_the_value_is_the_stored_one(db: Db, name: str) -> None:
    db.create(Member(id=name, email=f"{name}@X.com"))
    with pytest.raises(ValueTaken):
        db.create(Member(id=f"{name}-2", email=f"{name}@x.COM"))
    db.create(Guest(id=name, email=f"{name}@x.com"))  # another entity has its own values
    saved = db.require(Member, name)
    saved.email = f"{name}@x.com"
    db.save(saved)


def test_a_number_has_one_claim_however_it_is_spelt(db: Db, client: Any, name: str) -> None:
    badge = 30_000 + 10 * next(_numbers)
    client.put_item(TableName="unique_users", Item={"id": {"S": name}, "badge": {"N": f"{badge}.0"}})
    db.put(db.require(User, name))  # as the page says: items from before are claimed by putting them
    with pytest.raises(ValueTaken):
        db.create(User(id=f"{name}-2", badge=badge))


@pytest.mark.parametrize("model", [Reading, Blob])
def test_claims_fit_every_key_schema(db: Db, client: Any, name: str, model: Any) -> None:
    number = int(name.split("-")[1])
    first: Any
    second: Any
    if model is Reading:
        first, second = Reading(sensor=number, at=1, serial=name), Reading(sensor=number, at=2, serial=name)
    else:
        first, second = (
            Blob(id=name.encode(), digest=b"%d" % number),
            Blob(id=b"-" + name.encode(), digest=b"%d" % number),
        )
    db.create(first)
    with pytest.raises(ValueTaken) as raised:
        db.create(second)
    assert raised.value.item == first
    db.delete(first)
    db.create(second)
    assert list(db.scan(model)).count(second) == 1


def test_a_long_value_and_one_with_separators_have_claims(db: Db, name: str) -> None:
    long = name + "x" * 5000
    db.create(User(id=name, email=long))
    db.create(User(id=f"{name}-2", email=long + "x"))
    with pytest.raises(ValueTaken):
        db.create(User(id=f"{name}-3", email=long))
    db.create(User(id=f"{name}-4", email=f'#{name}"'))


def test_claims_are_invisible(unique_project: Project, db: Db, client: Any, name: str, mail: Any) -> None:
    db.create(User(id=name, email=mail()))
    db.create(Member(id=name, email=f"{name}@x", name=name))
    assert all(isinstance(each, User) for each in db.scan(User))
    assert db.scan(User).count() == len(list(db.scan(User)))
    assert [each.id for each in db.query(Member, Member.name == name)] == [name]
    for each in db.scan(Member):
        assert each.email
    stored = client.scan(TableName="unique_users", ConsistentRead=True)["Items"]
    found = [item["id"]["S"] for item in stored if "_unique_owner" in item]
    assert found
    assert unique_project.count(User) == db.scan(User).count()
    assert db.get(User, found[0]) is None
    assert db.get_many(User, found) == [None] * len(found)


def test_a_moved_item_keeps_its_value(db: Db, client: Any, name: str, mail: Any) -> None:
    value, other = mail(), mail()
    user = db.create(User(id=name, email=value))
    user.id = f"{name}-moved"
    db.save(user)
    assert owner_of_mail(client, value) == f"{name}-moved"
    user.id, user.email = name, other
    db.save(user)
    assert (owner_of_mail(client, value), owner_of_mail(client, other)) == (None, name)
    db.create(User(id=f"{name}-2", email=value))
    user.id, user.email = f"{name}-moved", value
    with pytest.raises(ValueTaken):
        db.save(user)
    assert db.require(User, name).email == other


def test_a_partial_instance_gives_up_what_it_did_not_read(db: Db, client: Any, name: str, mail: Any) -> None:
    old, new = mail(), mail()
    db.create(User(id=name, email=old, name=name))
    part = next(each for each in db.scan(User, User.name == name).only(User.name))
    part.email = new
    db.save(part)
    assert (owner_of_mail(client, old), owner_of_mail(client, new)) == (None, name)
    part = next(each for each in db.scan(User, User.name == name).only(User.name))
    assert db.delete(part) is True
    assert owner_of_mail(client, new) is None


def test_a_claim_whose_item_is_gone_or_has_another_value_is_taken_over(
    db: Db, client: Any, name: str, mail: Any
) -> None:
    expired, changed = mail(), mail()
    db.create(User(id=name, email=expired))
    db.create(User(id=f"{name}-2", email=changed))
    client.delete_item(TableName="unique_users", Key={"id": {"S": name}})  # as time to live does
    client.put_item(TableName="unique_users", Item={"id": {"S": f"{name}-2"}, "mail": {"S": mail()}})
    db.create(User(id=f"{name}-3", email=expired))
    db.create(User(id=f"{name}-4", email=changed))
    assert (owner_of_mail(client, expired), owner_of_mail(client, changed)) == (f"{name}-3", f"{name}-4")
    user = db.require(User, f"{name}-3")
    with db.transaction() as tx:  # in a transaction as well
        tx.delete(user)
        tx.create(User(id=f"{name}-5", email=expired))
    assert owner_of_mail(client, expired) == f"{name}-5"


def test_a_claim_of_another_item_is_not_given_up(db: Db, client: Any, name: str, mail: Any) -> None:
    """Two items had one value before the attribute was unique: only one of them can hold it."""
    value = mail()
    db.create(User(id=name, email=value))
    client.put_item(TableName="unique_users", Item={"id": {"S": f"{name}-2"}, "mail": {"S": value}})
    twin = db.require(User, f"{name}-2")
    with pytest.raises(ValueTaken):
        db.put(twin)
    assert db.delete(twin) is True
    assert owner_of_mail(client, value) == name


def test_an_item_from_before_has_no_claim_until_it_is_put(db: Db, client: Any, name: str, mail: Any) -> None:
    value, other = mail(), mail()
    client.put_item(TableName="unique_users", Item={"id": {"S": name}, "mail": {"S": value}})
    user = db.require(User, name)
    user.email = other
    db.save(user)
    assert owner_of_mail(client, other) == name
    assert db.delete(user) is True


def test_a_soft_deleted_item_keeps_its_value_until_it_is_deleted_hard(db: Db, name: str) -> None:
    guest = db.create(Guest(id=name, email=f"{name}@x"))
    db.delete(guest)
    with pytest.raises(ValueTaken) as raised:
        db.create(Guest(id=f"{name}-2", email=f"{name}@x"))
    assert raised.value.item.deleted is not None
    db.delete(key(Guest, name), hard=True)
    db.create(Guest(id=f"{name}-2", email=f"{name}@x"))


def test_two_values_in_a_transaction(db: Db, client: Any, name: str, mail: Any) -> None:
    one, other = mail(), mail()
    first, second = db.create(User(id=name, email=one)), db.create(User(id=f"{name}-2", email=other))
    first.email, second.email = other, one
    with db.transaction() as tx:  # they change places
        tx.save(first)
        tx.save(second)
    assert (owner_of_mail(client, one), owner_of_mail(client, other)) == (f"{name}-2", name)
    with pytest.raises(UsageError, match=r"give email, which is unique, one value: create of User \(id="):
        with db.transaction() as tx:
            tx.create(User(id=f"{name}-3", email=f"{name}-new"))
            tx.create(User(id=f"{name}-4", email=f"{name}-new"))
    with pytest.raises(TransactionFailed) as raised, db.transaction() as tx:
        tx.create(User(id=f"{name}-5", email=mail()))
        tx.update(key(User, name), User.email.set(one), User.name.set("n"))
    assert [type(reason.error) for reason in raised.value.reasons] == [type(None), ValueTaken]
    assert raised.value.reasons[1].item == db.require(User, f"{name}-2")
    with db.transaction() as tx:
        tx.delete(key(User, name))
        tx.put(User(id=f"{name}-6", email=other))
        tx.update(key(User, f"{name}-2"), User.email.remove())
    assert (owner_of_mail(client, one), owner_of_mail(client, other)) == (None, f"{name}-6")


def test_claims_count_as_actions(db: Db, name: str) -> None:
    with pytest.raises(UsageError, match="takes 100 actions; there are 60, and they are 120 with the claims"):
        with db.transaction() as tx:
            for number in range(60):
                tx.create(User(id=f"{name}-{number}", email=f"{name}-{number}"))


def test_of_many_writers_of_one_value_one_wins(unique_project: Project, client: Any, name: str, mail: Any) -> None:
    value = mail()
    won: list[str] = []
    lost: list[BaseException] = []

    def claim(place: int) -> None:
        try:
            won.append(unique_project.db().create(User(id=f"{name}-{place}", email=value)).id)
        except BaseException as error:
            lost.append(error)

    threads = [threading.Thread(target=claim, args=(place,)) for place in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(won) == 1
    assert [type(error) for error in lost] == [ValueTaken] * 5
    assert owner_of_mail(client, value) == won[0]


def test_writers_that_change_one_item_leave_one_claim(
    unique_project: Project, client: Any, name: str, mail: Any
) -> None:
    values = [mail() for _ in range(4)]
    unique_project.db().create(User(id=name, email=mail()))
    failures: list[BaseException] = []

    def change(value: str) -> None:
        try:
            unique_project.db().update(key(User, name), User.email.set(value))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=change, args=(value,)) for value in values]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    now = unique_project.db().require(User, name).email
    assert {value: owner_of_mail(client, value) for value in values} == {
        value: name if value == now else None for value in values
    }


@pytest.mark.parametrize("write", ["create", "put", "save", "update", "delete"])
def test_a_write_whose_answer_is_lost_is_done_once(
    db: Db, client: Any, name: str, mail: Any, endpoint: StrictServer, write: str
) -> None:
    old, new = mail(), mail()
    user = User(id=name, email=old)
    if write != "create":
        db.create(user)
        user.email = new
    fault = endpoint.fault("TransactWriteItems", kind="reset-after")
    match write:
        case "create":
            db.create(user)
        case "put":
            db.put(user)
        case "save":
            db.save(user)
        case "update":
            assert db.update(key(User, name), User.email.set(new)).email == new
        case "delete":
            assert db.delete(user) is True
    assert fault.hits == 1
    owners = {"create": (name, None), "delete": (None, None)}.get(write, (None, name))
    assert (owner_of_mail(client, old), owner_of_mail(client, new)) == owners


def test_what_cannot_be_unique_is_refused() -> None:
    class Bad(Model, table="bad"):
        """A set has no one value."""

        id: Partition[str]
        tags: Attr[set[str]] = attr(default_factory=set, unique=True)

    with pytest.raises(DefinitionError, match="tags is unique, and is stored as SS"):
        tables_of(Bad)


def test_an_expired_item_frees_its_value(db: Db, client: Any, name: str, endpoint: StrictServer) -> None:
    """Time to live deletes the item and leaves the claim: the next who wants the value takes it over."""
    guest = db.create(Guest(id=name, email=f"{name}@x", expires=endpoint.clock.now() + timedelta(minutes=5)))
    assert guest.expires
    assert guest.expires.tzinfo is UTC
    client.delete_item(TableName="unique_shop", Key={"pk": {"S": f"guest:{name}"}, "sk": {"S": "#"}})
    db.create(Guest(id=f"{name}-2", email=f"{name}@x"))


def test_the_format_of_a_claim_is_a_promise(db: Db, client: Any, name: str) -> None:
    schema = schema_of(User)
    digest = "6552cb4743e30ae6f7192a2a61444be6116c78ff8ade5e230458635a3833ef2c"
    assert hashlib.sha256(b'["", "mail", "S", "ann@example.com"]').hexdigest() == digest
    assert claim_key(schema, schema.fields["email"], {"S": "ann@example.com"}) == {"id": {"S": f"_unique#{digest}"}}
    badge = hashlib.sha256(b'["", "badge", "N", "-12E1"]').hexdigest()
    for spelling in ("-120", "-1.2E2", "-120.00"):
        assert claim_key(schema, schema.fields["badge"], {"N": spelling}) == {"id": {"S": f"_unique#{badge}"}}
    number = 10**37 + int(hashlib.sha256(b'["", "serial", "S", "x"]').hexdigest(), 16) % 10**37
    schema = schema_of(Reading)
    made = {"N": f"-{number}E-130"}
    assert claim_key(schema, schema.fields["serial"], {"S": "x"}) == {"sensor": made, "at": made}
    schema = schema_of(Blob)
    raw = b"_unique#" + hashlib.sha256(b'["", "digest", "B", "eA=="]').digest()
    assert claim_key(schema, schema.fields["digest"], {"B": "eA=="}) == {"id": {"B": base64.b64encode(raw).decode()}}
    db.create(Member(id=name, email=f"{name}@X"))
    text = json.dumps(["member", "email", "S", f"{name}@x"])
    at = {"S": f"_unique#{hashlib.sha256(text.encode()).hexdigest()}"}
    item = client.get_item(TableName="unique_shop", Key={"pk": at, "sk": at})["Item"]
    assert item.pop("_unique_token")["S"]
    owner = {"pk": {"S": f"member:{name}"}, "sk": {"S": "#"}}
    assert item == {"pk": at, "sk": at, "_unique_attribute": {"S": "email"}, "_unique_owner": {"M": owner}}
