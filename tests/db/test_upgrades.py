"""Items of an older shape: read as the class has them now, written only when they are saved, and never mixed."""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from dynasmith import Consent, Db, EncryptionKey, Model, Project, connect
from dynasmith.errors import (
    ConditionFailed,
    DefinitionError,
    ItemExists,
    ItemInvalid,
    NotLoaded,
    UsageError,
    VersionConflict,
)
from dynasmith.models import (
    Attr,
    Partition,
    attr,
    deleted_at,
    gsi,
    key,
    partition,
    sort,
    tables_of,
    template,
    updated_at,
    upgrade_transform,
    version,
)
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine


class Address(BaseModel):
    """A map inside an item."""

    street: str


def split_name(item: dict[str, Any]) -> dict[str, Any]:
    """Shape 1 had one name."""
    first, _, last = item.pop("name").partition(" ")
    return {**item, "first": first, "last": last}


def cents(item: dict[str, Any]) -> dict[str, Any]:
    """Shape 2 had the balance in units, and notes outside the address."""
    assert type(item["balance"]) is Decimal
    street = item.pop("street", None)
    item["balance"] = int(item["balance"] * 100)
    return {**item, "address": {"street": street}} if street else item


class User1(Model, table="upgrade_users"):
    """The class as it was at first: no shape is declared."""

    id: Partition[str]
    name: Attr[str]
    balance: Attr[Decimal]
    street: Attr[str | None] = attr(default=None)


class User(Model, table="upgrade_users", shape=3, upgrades={1: split_name, 2: cents}):
    """The class as it is now."""

    id: Partition[str]
    first: Attr[str]
    last: Attr[str]
    balance: Attr[int]
    address: Attr[Address | None] = attr(default=None)
    deleted: Attr[datetime | None] = deleted_at()
    by_last = gsi("last", projection=["first"])


class User4(Model, table="upgrade_users", shape=4, upgrades={1: split_name, 2: cents, 3: dict}):
    """The class as it will be."""

    id: Partition[str]
    first: Attr[str]
    last: Attr[str]
    balance: Attr[int]


class Account(Model, table="upgrade_accounts", entity="account", shape=2, upgrades={1: split_name}):
    """A class with a version, and with keys that are made of attributes."""

    pk = partition("account:{number}")
    sk = sort("#")
    gs1pk = template("last:{last}")
    gs1 = gsi("gs1pk")
    number: Attr[int]
    first: Attr[str]
    last: Attr[str]
    rev: Attr[int] = version()
    updated: Attr[datetime] = updated_at()


def join_numbers(item: dict[str, Any]) -> dict[str, Any]:
    """Shape 1 had a card's number in two attributes, of which one was encrypted."""
    if item["code"] == "broken":
        raise ValueError(item["code"])
    prefix = item.pop("prefix")
    return {**item, "code": f"{prefix}-{item['code']}", "hint": "none"}


class Card1(Model, table="upgrade_cards"):
    """The class as it was."""

    id: Partition[str]
    prefix: Attr[str]
    code: Attr[str] = attr(encrypted=True)
    pin: Attr[str] = attr(encrypted=True)


class Card(Model, table="upgrade_cards", shape=2, upgrades={1: join_numbers}):
    """A class with encrypted attributes."""

    id: Partition[str]
    code: Attr[str] = attr(encrypted=True)
    pin: Attr[str] = attr(encrypted=True)
    hint: Attr[str | None] = attr(default=None, encrypted=True)


@pytest.fixture(scope="module")
def made(endpoint: StrictServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The tables of these classes."""
    tables = tables_of(User, Account, Card)
    with connect(
        endpoint=endpoint.endpoint,
        region="us-east-1",
        tables=tables,
        clock=endpoint.clock,
        folder=tmp_path_factory.mktemp("jobs"),
        consent=Consent(yes=True),
        crypto={"main": EncryptionKey(material=b"1" * 32)},
    ) as project:
        project.ensure()
        yield project


@pytest.fixture
def db(made: Project) -> Db:
    """What is tested."""
    return made.db()


def stored(client: Any, name: str, table: str = "upgrade_users") -> dict[str, Any]:
    """The item as another program finds it."""
    where = {"id": {"S": name}} if table == "upgrade_users" else {"pk": {"S": f"account:{name}"}, "sk": {"S": "#"}}
    item: dict[str, Any] = client.get_item(TableName=table, Key=where, ConsistentRead=True).get("Item", {})
    return item


def old(client: Any, owner: str, **more: Any) -> dict[str, Any]:
    """An item that an old version of the program wrote."""
    item = {
        "id": {"S": owner},
        "name": {"S": "Ann Lee"},
        "balance": {"N": "12.50"},
        "street": {"S": "Road 1"},
        "legacy": {"L": [{"N": "1.0"}, {"NULL": True}, {"B": "AAE="}, {"SS": ["a"]}]},
        **more,
    }
    client.put_item(TableName="upgrade_users", Item=item)
    return stored(client, owner)


def old_account(client: Any, number: int, **more: Any) -> None:
    """The same of the other class; its index has no key yet."""
    item = {
        "pk": {"S": f"account:{number}"},
        "sk": {"S": "#"},
        "_type": {"S": "account"},
        "number": {"N": str(number)},
        "name": {"S": "Ann Lee"},
        "rev": {"N": "7"},
        **more,
    }
    client.put_item(TableName="upgrade_accounts", Item=item)


def test_an_older_item_is_upgraded_when_it_is_read_and_stays_as_it_is_in_the_table(
    db: Db, client: Any, name: str
) -> None:
    before = old(client, name)
    read = [
        db.get(User, name),
        db.require(User, name),
        db.get_many(User, [name])[0],
        db.query(User, User.id == name).one(),
        db.scan(User, User.id == name).one(),
        db.query(User, User.id == name).page().items[0],
    ]
    for user in read:
        assert user is not None
        assert (user.first, user.last, user.balance) == ("Ann", "Lee", 1250)
        assert user.address == Address(street="Road 1")
    assert stored(client, name) == before
    assert copy.deepcopy(read[0]) == read[0]
    assert pickle.loads(pickle.dumps(read[0])) == read[0]


def test_an_item_between_begins_at_its_shape(db: Db, client: Any, name: str) -> None:
    item = {"id": {"S": name}, "first": {"S": "A"}, "last": {"S": "B"}, "balance": {"N": "1.5"}, "_shape": {"N": "2"}}
    client.put_item(TableName="upgrade_users", Item=item)
    assert db.require(User, name).balance == 150


@pytest.mark.parametrize("copied", [lambda user: user, copy.deepcopy, lambda user: pickle.loads(pickle.dumps(user))])
def test_save_writes_the_whole_difference_in_one_update(
    db: Db, client: Any, name: str, endpoint: StrictServer, copied: Callable[[User], User]
) -> None:
    before = old(client, name)
    user = copied(db.require(User, name))
    user.first = "Anna"
    sent = len(endpoint.journal.of("UpdateItem"))
    db.save(user)
    assert len(endpoint.journal.of("UpdateItem")) == sent + 1
    assert stored(client, name) == {
        "id": {"S": name},
        "first": {"S": "Anna"},
        "last": {"S": "Lee"},
        "balance": {"N": "1250"},
        "address": {"M": {"street": {"S": "Road 1"}}},
        "legacy": before["legacy"],  # what the class does not know stays
        "_shape": {"N": "3"},
    }
    assert db.require(User, name) == user
    db.save(user)
    assert len(endpoint.journal.of("UpdateItem")) == sent + 1  # nothing is left to write


def test_save_of_an_instance_that_nobody_changed_writes_the_upgrade(db: Db, client: Any, name: str) -> None:
    old(client, name)
    db.save(db.require(User, name))
    assert stored(client, name)["_shape"] == {"N": "3"}
    assert "name" not in stored(client, name)


def test_create_and_put_write_the_shape(db: Db, client: Any, name: str) -> None:
    db.create(User(id=name, first="A", last="B", balance=1))
    assert stored(client, name)["_shape"] == {"N": "3"}
    old(client, name)
    user = db.require(User, name)
    db.put(user)
    item = stored(client, name)
    assert item["_shape"] == {"N": "3"}
    assert "name" not in item  # what the upgrade removed does not come back
    assert "legacy" in item


def test_a_newer_shape_is_refused_whatever_reads_it(db: Db, client: Any, name: str) -> None:
    db.create(User4(id=name, first="A", last="B", balance=1))
    assert stored(client, name)["_shape"] == {"N": "4"}
    reads: list[Callable[[], Any]] = [
        lambda: db.get(User, name),
        lambda: db.get_many(User, [name]),
        lambda: list(db.query(User, User.id == name)),
        lambda: list(db.query(User, User.id == name).only(User.first)),
        lambda: list(db.query(User, User.last == "B", User.id == name)),
    ]
    for read in reads:
        with pytest.raises(ItemInvalid, match="its shape is 4, and the newest that the class knows is 3") as raised:
            read()
        assert raised.value.attribute == "_shape"
        assert raised.value.key == {"id": name}
        assert "newer version of the program" in raised.value.hint
    with pytest.raises(ItemInvalid, match="its shape is 4, and the newest that the class knows is 1"):
        db.get(User1, name)  # a class that declares none


def test_a_class_without_shapes_leaves_the_attribute_of_another_program(db: Db, client: Any, name: str) -> None:
    for value in ({"S": "round"}, {"N": "1"}, {"N": "0.5"}):
        item = {"id": {"S": name}, "name": {"S": "A"}, "balance": {"N": "1"}, "_shape": value}
        client.put_item(TableName="upgrade_users", Item=item)
        user = db.require(User1, name)
        user.name = "B"
        db.save(user)
        assert stored(client, name) == {**item, "name": {"S": "B"}}
    item["_shape"] = {"S": "round"}
    client.put_item(TableName="upgrade_users", Item=item)
    with pytest.raises(ItemInvalid, match="a shape is a whole number from 1 on"):
        db.get(User, name)


def test_an_update_never_mixes_shapes(db: Db, client: Any, name: str) -> None:
    before = old(client, name)
    with pytest.raises(VersionConflict, match="is stored in shape 1, and this write needs 3") as raised:
        db.update(key(User, name), User.first.set("Eve"))
    assert "backfill" in raised.value.hint
    assert raised.value.current.first == "Ann"
    with pytest.raises(UsageError, match="This User is stored in shape 1, and an update by actions would mix"):
        db.update(db.require(User, name), User.first.set("Eve"))
    assert stored(client, name) == before
    user = db.save(db.require(User, name))
    assert db.update(user, User.balance.add(1)).balance == 1251
    assert db.update(key(User, name), User.balance.add(1)).balance == 1252
    client.update_item(
        TableName="upgrade_users",
        Key={"id": {"S": name}},
        UpdateExpression="SET #s = :n",
        ExpressionAttributeNames={"#s": "_shape"},
        ExpressionAttributeValues={":n": {"N": "4"}},
    )
    user.first = "Eve"
    writes: list[Callable[[], Any]] = [
        lambda: db.save(user),
        lambda: db.update(key(User, name), User.first.set("Eve")),
    ]
    for write in writes:
        with pytest.raises(VersionConflict, match="is stored in shape 4, and this write needs 3") as raised:
            write()
        assert "newer version" in raised.value.hint
    assert stored(client, name)["first"] == {"S": "Ann"}
    with pytest.raises(ItemExists) as exists:
        db.create(User(id=name, first="A", last="B", balance=1))
    assert exists.value.item is None  # the class cannot read it


def test_a_delete_that_keeps_the_item_leaves_its_shape(db: Db, client: Any, name: str) -> None:
    before = old(client, name)
    user = db.require(User, name)
    assert db.delete(user) is True
    item = stored(client, name)
    assert item == {**before, "deleted": item["deleted"]}
    assert db.restore(key(User, name)).first == "Ann"
    assert stored(client, name) == before
    db.delete(user)
    db.save(db.restore(user))
    assert stored(client, name)["_shape"] == {"N": "3"}
    assert db.delete(key(User, name), hard=True) is True


def test_another_writer_between_is_noticed_without_a_version_too(db: Db, client: Any, name: str) -> None:
    old(client, name)
    user, second = db.require(User, name), db.require(User, name)
    client.update_item(
        TableName="upgrade_users",
        Key={"id": {"S": name}},
        UpdateExpression="SET #n = :n",
        ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":n": {"S": "Bob Ray"}},
    )
    with pytest.raises(VersionConflict, match="was changed by another writer since it was read") as raised:
        db.save(user)
    assert raised.value.current.first == "Bob"
    assert stored(client, name)["name"] == {"S": "Bob Ray"}
    db.save(raised.value.current)
    with pytest.raises(VersionConflict):
        db.save(second)
    assert stored(client, name)["first"] == {"S": "Bob"}
    current = db.require(User, name)
    current.last = "Roy"
    with pytest.raises(ConditionFailed):
        db.save(current, where=User.balance > 5000)


def test_with_a_version_and_keys_made_of_attributes(db: Db, client: Any, name: str) -> None:
    number = int(name.removeprefix("key-"))
    old_account(client, number, legacy={"S": "x"})
    account, second = db.require(Account, number), db.require(Account, number)
    db.save(account)
    item = stored(client, str(number), "upgrade_accounts")
    assert item["gs1pk"] == {"S": "last:Lee"}  # the key of the index too
    assert item["rev"] == {"N": "8"}
    assert item["legacy"] == {"S": "x"}
    assert item["_shape"] == {"N": "2"}
    assert "name" not in item
    with pytest.raises(VersionConflict):
        db.save(second)
    old_account(client, number)
    moved = db.require(Account, number)
    moved.number = number + 1_000_000
    db.save(moved)  # a changed key moves the item as it is now
    assert stored(client, str(number), "upgrade_accounts") == {}
    item = stored(client, str(moved.number), "upgrade_accounts")
    assert (item["_shape"], item["first"], item["rev"]) == ({"N": "2"}, {"S": "Ann"}, {"N": "8"})


def test_a_lost_answer_counts_as_saved(db: Db, client: Any, name: str, endpoint: StrictServer) -> None:
    old(client, name)
    user = db.require(User, name)
    endpoint.fault("UpdateItem", kind="reset-after")
    db.save(user)
    assert user.first == "Ann"


def test_a_part_of_an_older_item_is_refused(db: Db, client: Any, name: str) -> None:
    old(client, name, name={"S": f"Ann {name}"})
    with pytest.raises(ItemInvalid, match="a part of it was read, and an upgrade from shape 1 to 3 needs all of it"):
        db.query(User, User.id == name).only(User.first).one()
    db.save(db.require(User, name))
    part = db.query(User, User.last == name).one()
    assert part.first == "Ann"
    with pytest.raises(NotLoaded):
        _ = part.balance
    part.first = "Anna"
    db.save(part)
    assert stored(client, name)["_shape"] == {"N": "3"}


def test_what_an_upgrade_may_not_do(db: Db, client: Any, name: str) -> None:
    def gives(upgrade: Callable[[dict[str, Any]], Any]) -> type[Model]:
        class Changed(Model, table="upgrade_users", shape=2, upgrades={1: upgrade}):
            id: Partition[str]
            name: Attr[str]
            rev: Attr[int] = version()

        return Changed

    old(client, name)
    wrong: dict[str, Callable[[dict[str, Any]], Any]] = {
        "its upgrade from shape 1 raised KeyError: 'nome'": lambda item: {**item, "name": item["nome"]},
        "its upgrade from shape 1 gave a value of type NoneType": lambda item: item.clear(),
        "its upgrades from shape 1 change id, which must stay": lambda item: {**item, "id": "other"},
        "its upgrades from shape 1 change rev, which must stay": lambda item: {**item, "rev": 1},
        "an upgrade gave an attribute named 3": lambda item: {**item, 3: "x"},
        "name: A value of type datetime has no form": lambda item: {**item, "name": datetime(2026, 1, 1)},
        "name: The stored type is N": lambda item: {**item, "name": 5},  # the class reads text
    }
    for message, upgrade in wrong.items():
        with pytest.raises(ItemInvalid, match=message) as raised:
            db.get(gives(upgrade), name)
        assert raised.value.model.endswith("Changed")
        assert raised.value.key == {"id": name}
    assert "name" in stored(client, name)


def test_a_class_whose_upgrades_are_not_complete() -> None:
    def made(**line: Any) -> Callable[[], object]:
        def build() -> object:
            class Broken(Model, table="broken", **line):
                id: Partition[str]

            return tables_of(Broken)

        return build

    async def later(item: dict[str, Any]) -> dict[str, Any]:
        return item

    for line, message in (
        ({"shape": 3, "upgrades": {1: split_name}}, "upgrades has no function for shape 2"),
        ({"shape": 3}, "upgrades has no function for shape 1, 2"),
        ({"shape": 2, "upgrades": {1: split_name, 2: cents}}, "upgrades has 2, which is not a shape below 2"),
        ({"shape": 2, "upgrades": {1: "split"}}, "upgrades has not a function for shape 1"),
        ({"shape": 2, "upgrades": {1: later}}, "upgrades has an async function for shape 1"),
        ({"upgrades": {1: split_name}}, "upgrades is given without shape="),
        ({"shape": 0}, "shape is 0, and a shape is a whole number"),
        ({"shape": True}, "shape is True, and a shape is a whole number"),
        ({"shape": "2", "upgrades": {1: split_name}}, "shape is '2', and a shape is a whole number"),
    ):
        with pytest.raises(DefinitionError, match=message):
            made(**line)()

    class Field(Model, table="field", shape=1):
        id: Partition[str]
        form: Attr[str] = attr(name="_shape")

    with pytest.raises(DefinitionError, match="form is stored as _shape, which holds the shape"):
        tables_of(Field)


def test_every_index_holds_the_shape() -> None:
    (table,) = tables_of(User)
    assert table.indexes
    assert {"_shape", "deleted", "first"} <= set(table.indexes[0].projection.attributes)


accounts = upgrade_transform(Account)
"""What a backfill of the table does to each item."""


def test_a_backfill_brings_the_table_up_to_date(made: Project, db: Db, client: Any) -> None:
    numbers = range(10_001, 10_011)
    for number in numbers:
        old_account(client, number, legacy={"N": "1.5"}, updated={"S": "2026-01-01T00:00:00Z"})
    new = db.create(Account(number=10_020, first="A", last="B"))
    client.put_item(TableName="upgrade_accounts", Item={"pk": {"S": "x"}, "sk": {"S": "#"}, "_type": {"S": "other"}})
    report = made.backfill("upgrade_accounts", accounts)
    assert report.counts.written >= len(numbers)
    for number in numbers:
        item = stored(client, str(number), "upgrade_accounts")
        assert item["_shape"] == {"N": "2"}
        assert item["rev"] == {"N": "8"}
        assert item["gs1pk"] == {"S": "last:Lee"}
        assert item["legacy"] == {"N": "1.5"}
        assert item["updated"] == {"S": "2026-01-01T00:00:00Z"}
        assert "name" not in item
        assert db.require(Account, number).first == "Ann"
    assert db.require(Account, 10_020) == new
    assert made.backfill("upgrade_accounts", accounts).counts.written == 0


def test_encrypted_values_are_upgraded_in_plain_and_stay_encrypted(db: Db, client: Any, name: str) -> None:
    db.create(Card1(id=name, prefix="12", code="34", pin="0000"))
    where = {"id": {"S": name}}
    before = client.get_item(TableName="upgrade_cards", Key=where)["Item"]
    card = db.require(Card, name)
    assert (card.code, card.pin, card.hint) == ("12-34", "0000", "none")
    db.save(card)
    after = client.get_item(TableName="upgrade_cards", Key=where)["Item"]
    assert db.require(Card, name) == card
    assert after["pin"] == before["pin"]  # the same ciphertext
    assert after["code"] != before["code"]
    assert "12-34" not in str(after)
    assert "none" not in str(after)
    assert "prefix" not in after
    db.create(Card1(id=f"{name}b", prefix="12", code="broken", pin="0000"))
    with pytest.raises(ItemInvalid, match="raised ValueError, whose text may hold") as raised:
        db.get(Card, f"{name}b")
    assert "broken" not in "".join(traceback.format_exception(raised.value))
    with pytest.raises(UsageError, match="Card has encrypted attributes"):
        upgrade_transform(Card)


def test_a_subclass_has_the_shape_of_its_base(db: Db, client: Any, name: str) -> None:
    class Guest(User, table="upgrade_users"):
        """Another class of these items."""

    class Newest(User, table="upgrade_users", shape=4, upgrades={1: split_name, 2: cents, 3: dict}):
        """A later one."""

    old(client, name)
    assert db.require(Guest, name).first == "Ann"
    db.create(Guest(id=f"{name}g", first="A", last="B", balance=1))
    assert stored(client, f"{name}g")["_shape"] == {"N": "3"}
    assert db.require(Newest, f"{name}g").first == "A"


def same(user: User) -> User:
    """A change that changes nothing but the shape."""
    return user


def test_a_backfill_of_a_class_writes_upgrades_with_its_change(made: Project, db: Db, client: Any, name: str) -> None:
    before = old(client, name)
    assert made.backfill(User, same, where=f"id = '{name}'").counts.written == 1
    item = stored(client, name)
    assert item["_shape"] == {"N": "3"}
    assert "name" not in item
    assert item["legacy"] == before["legacy"]
    assert db.require(User, name).first == "Ann"
