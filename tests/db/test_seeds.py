"""The examples of the guides that people come from run here, on the strict endpoint; `db/seeds.py` has their models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from db.seeds import (
    Account,
    Comment,
    Customer,
    OldPerson,
    Order,
    Person,
    Post,
    Profile,
    Reader,
    RenamedPerson,
    User,
    UserV1,
    UserV2,
)
from dynasmith import Consent, ItemExists, Project, connect
from dynasmith.models import Attr, Model, key
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
REGION = "eu-west-2"
"""A Region of its own, in which no other test has tables of these names."""
YES = Consent(yes=True)


@pytest.fixture(scope="module")
def project(endpoint: StrictServer) -> Iterator[Project]:
    """A project without definitions: every verb is given classes."""
    with connect(endpoint=endpoint.endpoint, region=REGION, clock=endpoint.clock) as project:
        project.ensure(Customer, Order, Reader, Person)
        yield project


@pytest.fixture(scope="module")
def client(endpoint: StrictServer) -> Iterator[Any]:
    """boto3 in that Region."""
    made = boto3.client(
        "dynamodb",
        endpoint_url=endpoint.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield made
    made.close()


def scanned(client: Any, table: str) -> list[dict[str, Any]]:
    """The items of a table as they are stored, by their id."""
    items: list[dict[str, Any]] = client.scan(TableName=table, ConsistentRead=True)["Items"]
    return sorted(items, key=lambda item: str(item.get("id")))


class TestTableOperations:
    """DynamORM's guide: tables of models."""

    def test_creating_ensuring_describing_and_deleting(self, project: Project) -> None:
        project.create(User)  # db.CreateTable(&User{})
        project.ensure(User)  # db.EnsureTable(&User{}): it is there
        assert project.describe(User).status == "ACTIVE"  # desc.TableStatus
        project.delete(User, consent=Consent(confirm="users"))
        assert not project.exists(User)

    def test_tables_of_three_models(self, project: Project) -> None:
        project.auto_migrate(User, Post, Comment)  # db.AutoMigrate(&User{}, &Post{}, &Comment{}), and once more
        assert project.plan(User, Post, Comment).is_empty

    def test_an_isolated_table_for_a_test(self, project: Project) -> None:
        test = project.in_table(User, "test_users_42")  # &User{TableName: ...}
        test.ensure()
        test.db().create(User(id="1", email="ann@example.com"))
        assert project.db().in_table(User, "test_users_42").require(User, "1").email == "ann@example.com"
        assert test.count() == 1
        test.delete(consent=Consent(confirm="test_users_42"))
        assert not test.exists()

    def test_an_instance_has_no_table_of_its_own(self) -> None:
        with pytest.raises(ValidationError, match="Extra inputs"):
            User(id="1", TableName="test_users_42")  # type: ignore[call-arg]

    def test_a_copy_with_backup_and_batch_size(self, project: Project, client: Any) -> None:
        project.ensure(UserV1)
        names = {"1": "Ann Smith", "2": "Bob von Arx", "3": "Cher"}
        project.db().put_many(UserV1(id=each, name=name) for each, name in names.items())
        backup, copied = project.auto_migrate(
            UserV1,
            target=UserV2,
            copy=True,
            backup="users_backup_20240101",
            transform=split,
            batch_size=250,
            consent=YES,
        )
        assert (backup.counts.written, copied.counts.written) == (3, 3)
        again = project.copy(UserV1, UserV2, split, backup="users_backup_20240102", batch_size=250, consent=YES)
        assert again.counts.arrived == 3
        assert project.verify(UserV1, UserV2, job=again.job.id).equal
        found = project.db().scan(UserV2).sorted(lambda user: user.id, limit=10)
        assert [(user.first_name, user.last_name) for user in found] == [
            ("Ann", "Smith"),
            ("Bob", "von Arx"),
            ("Cher", ""),
        ]
        assert [item["name"]["S"] for item in scanned(client, "users_backup_20240101")] == list(names.values())


def split(old: UserV1) -> UserV2:
    """The transform of the guide."""
    first, _, last = old.name.partition(" ")
    return UserV2(id=old.id, first_name=first, last_name=last)


class TestModels:
    """Dynamite's guide: classes, relations, queries."""

    def test_relations_and_include(self, project: Project) -> None:
        db = project.db()
        ann = db.create(Customer(email="user@example.com"))
        orders = [db.create(Order(user_id=ann.id, total=Decimal(each))) for each in ("12.50", "3")]
        (found,) = db.query(Customer, Customer.email == "user@example.com").include(Customer.orders)
        assert found == ann
        assert [each.total for each in found.orders] == [Decimal("12.5"), Decimal(3)]
        order = db.require(Order, orders[0].id, include=[Order.user])
        assert order.user == ann

    def test_defaults_not_null_validation_and_time_stamps(
        self, project: Project, client: Any, endpoint: StrictServer
    ) -> None:
        db = project.db()
        for email in (None, "", "nobody"):
            with pytest.raises(ValidationError):
                Customer(email=email)  # type: ignore[arg-type]
        bob = db.create(Customer(email="bob@example.com"))
        assert (len(bob.id), bob.name, bob.created_at) == (36, None, bob.updated_at)
        with pytest.raises(ValidationError, match="Invalid email"):
            bob.email = "bob"
        assert bob.email == "bob@example.com"
        created = bob.created_at
        endpoint.clock.advance(hours=1)
        bob.name = "Bob"
        db.save(bob)
        assert bob.created_at == created < bob.updated_at
        item = client.get_item(TableName="customers", Key={"id": {"S": bob.id}})["Item"]
        assert item["updated_at"]["S"] == f"{bob.updated_at:%Y-%m-%dT%H:%M:%S.%f}Z"
        with pytest.raises(ItemExists):
            db.create(Customer(id=bob.id, email="other@example.com"))

    def test_pattern_matching_is_a_scan_with_a_function(self, project: Project) -> None:
        db = project.db()
        db.create(Customer(email="eve@example.org"))
        ends = db.scan(Customer).filter(lambda customer: customer.email.endswith("@example.org"))
        assert [each.email for each in ends] == ["eve@example.org"]

    def test_maps_lists_and_newest_first(self, project: Project, endpoint: StrictServer) -> None:
        db = project.db()
        for name, tags in (("a", ["premium"]), ("b", []), ("c", ["verified", "new"])):
            endpoint.clock.advance(seconds=1)
            profile = Profile(bio=name, avatar_url="")
            db.create(Reader(email=f"{name}@example.com", name=name, profile=profile, tags=tags))
        query = db.scan(Reader, Reader.tags.contains("premium") | Reader.tags.contains("verified"))
        newest = query.sorted(lambda reader: reader.created_at, limit=10, descending=True)
        assert [each.name for each in newest] == ["c", "a"]
        assert newest[0].profile == Profile(bio="c", avatar_url="")

    def test_rows_of_a_sql_database_are_imported(self, project: Project, tmp_path: Path) -> None:
        rows = [{"id": number, "email": f"user{number}@example.com", "name": "Old"} for number in range(30)]
        exported = tmp_path / "users_export.json"
        exported.write_text(json.dumps([{**row, "id": f"user-{row['id']}"} for row in rows]))
        written = project.db().put_many(Customer(**row) for row in json.loads(exported.read_text()))
        assert written == 30
        assert project.db().require(Customer, "user-7").email == "user7@example.com"

    def test_adding_attributes(self, project: Project, client: Any, tmp_path: Path) -> None:
        db = project.db()
        client.put_item(TableName="people", Item={"id": {"S": "1"}, "name": {"S": "Ann"}, "legacy": {"N": "1"}})
        client.put_item(TableName="people", Item={"id": {"S": "2"}, "name": {"S": "Bob"}})
        now = datetime(2026, 1, 1, tzinfo=UTC)
        for person in db.scan(Person):
            if person.since is None:
                person.since = now
                db.save(person)
        operations = tmp_path / "country.yaml"
        operations.write_text("version: 1\noperations:\n  - {add: country, value: CH}\n")
        project.backfill(Person, operations, consent=YES)
        assert scanned(client, "people") == [
            {
                "id": {"S": "1"},
                "name": {"S": "Ann"},
                "legacy": {"N": "1"},
                "since": {"S": "2026-01-01T00:00:00.000000Z"},
                "country": {"S": "CH"},
            },
            {
                "id": {"S": "2"},
                "name": {"S": "Bob"},
                "since": {"S": "2026-01-01T00:00:00.000000Z"},
                "country": {"S": "CH"},
            },
        ]
        assert {type(each) for each in db.scan(OldPerson)} == {OldPerson}  # the old program still reads them

    def test_renaming_attributes(self, project: Project, client: Any, tmp_path: Path) -> None:
        client.put_item(TableName="people", Item={"id": {"S": "9"}, "name": {"S": "Zoe"}})
        operations = tmp_path / "full_name.yaml"
        operations.write_text("version: 1\noperations:\n  - {rename: name, to: full_name}\n")
        project.backfill(Person, operations, consent=YES)
        assert project.db().require(RenamedPerson, "9").full_name == "Zoe"
        assert "name" not in scanned(client, "people")[-1]
        client.delete_item(TableName="people", Key={"id": {"S": "9"}})

    def test_a_migration_is_tested_in_tables_of_its_own(self, project: Project) -> None:
        with project.temporary_table(OldPerson) as db:  # setup and teardown
            db.put_many(OldPerson(id=f"{number}", name=f"User {number}") for number in range(100))
            for person in db.scan(OldPerson):
                db.update(key(OldPerson, person.id), OldPerson.name.set(person.name.lower()))
            assert all(each.name.startswith("user ") for each in db.scan(OldPerson))
            assert db.scan(OldPerson).count() == 100

    def test_a_backup_is_restored_over_items_that_exist(self, project: Project) -> None:
        db = project.db()
        db.create(Reader(id="kept", email="a@example.com", name="a"))
        kept = list(db.scan(Reader, Reader.id == "kept"))
        db.update(key(Reader, "kept"), Reader.name.set("broken"))
        assert db.put_many(kept) == 1  # create() would refuse each of them
        assert db.require(Reader, "kept").name == "a"


class TestOneTable:
    """The sample of OneTable Migrate: a user with templated keys."""

    def test_a_user_with_templated_keys(self, project: Project, client: Any) -> None:
        project.ensure(Account)
        db = project.db()
        db.create(Account(email="ann@example.com"))
        item = {"pk": {"S": "user:ann@example.com"}, "sk": {"S": "user:"}}
        (stored,) = client.scan(TableName="app")["Items"]
        assert stored == {**item, "email": {"S": "ann@example.com"}, "_type": {"S": "user"}}
        assert db.require(Account, "ann@example.com").email == "ann@example.com"
        assert db.query(Account, Account.email == "ann@example.com").explain().operation == "Query"
        migration = {"pk": {"S": "_migration"}, "sk": {"S": "_migration:0.0.1:2026"}, "_type": {"S": "_Migration"}}
        client.put_item(TableName="app", Item=migration)
        assert db.scan(Account).count() == 1
        account = db.require(Account, "ann@example.com")
        account.email = "ann@example.org"
        db.save(account)  # the key is made of it: the item is moved
        assert db.get(Account, "ann@example.com") is None
        assert db.require(Account, "ann@example.org").email == "ann@example.org"
        with pytest.raises(ValidationError):
            Account(email="x", pk="y")  # type: ignore[call-arg]


def test_no_model_of_the_guides_has_a_field_that_is_lost() -> None:
    class Loose(Model, table="loose"):
        id: Attr[str]
        name: str = ""  # without a decorator, Dynamite drops it

    assert Loose(id="1", name="a").name == "a"
