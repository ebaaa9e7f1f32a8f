"""Items that PynamoDB writes are read by the classes made of its models, and the other way round."""
# mypy: disable-error-code="no-untyped-call"
# PynamoDB does not annotate what makes its classes.

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from bridges import pynamo_shop
from bridges.conftest import Load
from bridges.pynamo_shop import Cat, Dog, Extra, Pet, Place, User
from dynasmith import Project, UsageError, connect
from dynasmith.models import tables_of
from dynasmith.models.metaclass import codec_of
from dynasmith.strict import StrictServer
from dynasmith.tables.document_of import document_of

pytestmark = pytest.mark.engine
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


@pytest.fixture
def pynamodb(endpoint: StrictServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """PynamoDB's models on the endpoint, with their tables as PynamoDB makes them."""
    monkeypatch.setattr("pynamodb.models.time", SimpleNamespace(sleep=endpoint.clock.sleep, time=time.time))
    for model in (User, Pet, Dog, Cat):
        for name, value in {
            "host": endpoint.endpoint,
            "region": "us-east-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }.items():
            monkeypatch.setattr(model.Meta, name, value, raising=False)
        monkeypatch.setattr(model, "_connection", None)
    for model in (User, Pet):
        if not model.exists():
            model.create_table(wait=True)


def user(number: int) -> User:
    return User(
        id="u1",
        number=number,
        mail="ann@example.com",
        born=NOW,
        age=41.5,
        was_active=True,
        picture=b"\x00\xff",
        thumb=b"\x01",
        keys={b"a", b"b"},
        roles={"admin"},
        sizes={1, 2.5},
        settings={"theme": ["dark", 1, None]},
        labels={"a": {"b": [1, "x"]}},
        home=Place(city="Bern", zip_code="3000", since=NOW, marks=["x"]),
        places=[Place(city="Basel", zip_code="4000")],
        times=[NOW],
        extra=Extra(known=1, other="kept"),
        copy="c",
        expires=NOW,
    )


def test_the_definition_is_the_table_that_pynamodb_makes(project: Project, pynamodb: None) -> None:
    imported = project.import_from("bridges.pynamo_shop")
    with connect(
        endpoint=project.where.endpoint, region="us-east-1", tables=imported.tables, clock=project._world.clock
    ) as defined:
        assert defined.plan().is_empty
    with_models = project.import_from("bridges.pynamo_shop", form="models")
    assert with_models.tables == imported.tables
    assert project.import_from("bridges.pynamo_shop:Pet").tables == imported.tables[1:], "with its subclasses"


def test_what_pynamodb_writes_is_read(project: Project, pynamodb: None, load: Load, client: Any) -> None:
    made = load(project.import_from("bridges.pynamo_shop", form="models").text)
    assert [table.name for table in tables_of(made.User, made.Dog, made.Cat)] == ["pynamo-users", "pynamo-pets"]
    user(1).save()
    db = project.db()
    read = db.require(made.User, "u1", 1)
    assert (read.mail, read.born, read.age, read.is_active, read.was_active) == (
        "ann@example.com", NOW, 41.5, True, True,
    )  # fmt: skip
    assert (read.picture, read.thumb, read.keys) == (b"\x00\xff", b"\x01", {b"a", b"b"})
    assert (read.roles, read.sizes) == ({"admin"}, {Decimal(1), Decimal("2.5")})
    assert read.settings == {"theme": ["dark", 1, None]}
    assert read.labels == {"a": {"b": [1, "x"]}}
    assert (read.home.city, read.home.zip_code, read.home.since, read.home.marks) == ("Bern", "3000", NOW, ["x"])
    assert (read.places[0].city, read.times, read.extra.known) == ("Basel", [NOW], 1)
    assert (read.copy_, read.expires, read.version) == ("c", NOW.replace(microsecond=0), 1)

    read.roles.add("staff")
    read.home.city = "Thun"
    db.save(read)
    again = User.get("u1", 1)
    assert (again.roles, again.home.city, again.version) == ({"admin", "staff"}, "Thun", 2)
    assert again.extra.other == "kept", "what the class does not know"
    assert (again.born, again.picture, again.keys, again.settings) == (NOW, b"\x00\xff", {b"a", b"b"}, user(1).settings)


def test_a_class_writes_what_pynamodb_writes(project: Project, pynamodb: None, load: Load, client: Any) -> None:
    made = load(project.import_from("bridges.pynamo_shop", form="models").text)
    user(2).save()
    key = {"id": {"S": "u1"}, "number": {"N": "2"}}
    stored = client.get_item(TableName="pynamo-users", Key=key)["Item"]
    db = project.db()
    read = db.require(made.User, "u1", 2)
    db.delete(read)
    values = {name: getattr(read, name) for name in made.User.model_fields if name != "version"}
    db.create(made.User(**values))
    written = client.get_item(TableName="pynamo-users", Key=key)["Item"]
    extra = stored.pop("extra")
    assert written.pop("extra")["M"]["known"] == extra["M"]["known"]
    for item in (stored, written):
        for name in ("roles", "keys", "sizes"):
            kind, members = next(iter(item[name].items()))
            item[name] = {kind: sorted(members)}
    assert written == stored


def test_each_class_of_a_discriminator_reads_its_own(project: Project, pynamodb: None, load: Load) -> None:
    made = load(project.import_from("bridges.pynamo_shop", form="models").text)
    Dog(owner="ann", name="Rex", tricks={"sit"}).save()
    Cat(owner="ann", name="Tom").save()
    db = project.db()
    assert [each.name for each in db.query(made.Dog, made.Dog.owner == "ann")] == ["Rex"]
    assert [(each.name, each.lives) for each in db.query(made.Cat, made.Cat.lives == 9)] == [("Tom", 9)]
    db.create(made.Dog(owner="bob", name="Bello"))
    assert [(type(each), each.name) for each in Pet.query("bob")] == [(Dog, "Bello")]


def test_what_differs_is_said(project: Project, load: Load) -> None:
    imported = project.import_from("bridges.pynamo_shop", form="models")
    assert "Pet has no discriminator value of its own, so no class stands for it." in imported.notes
    assert all(" ".join(note.split()) in " ".join(imported.text.split()) for note in imported.notes)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("bridges.pynamo_shop:Usr", "has no class Usr"),
        ("bridges.pynamo_shop:Place", "is not a model"),
        ("no_such_module:User", "cannot be imported"),
        ("nowhere.yaml", "no such file is there"),
        ("bridges/pynamo_shop.py:Place", "is a file, and a module is named"),
        (":User", "does not name a module"),
        ("bridges.pynamo_shop:", "does not name a module"),
        ("json", "has no model"),
    ],
)
def test_what_is_not_a_model_is_refused(project: Project, source: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        project.import_from(source)


def test_a_key_is_not_for_models_that_say_theirs(project: Project) -> None:
    with pytest.raises(UsageError, match="say their keys"):
        project.import_from("bridges.pynamo_shop", keys={"User": "id"})
    assert pynamo_shop.User.Meta.table_name == "pynamo-users"


def test_less_usual_models(project: Project, load: Load) -> None:
    imported = project.import_from("bridges.pynamo_odd", form="models")
    assert document_of(imported.tables[0]) == {
        "name": "things",
        "attributes": [{"name": "PK", "type": "S"}],
        "key_schema": [{"attribute_name": "PK", "key_type": "HASH"}],
    }
    made = load(imported.text)
    thing = made.Thing(tenant="t", jsons=[{"a": 1}], tree=made.Tree(left=made.Node(ends=NOW)), schema_={"b": [2]})
    tree = codec_of(made.Thing).write(thing)
    assert tree["PK"] == {"S": "t"}
    assert tree["jsons"] == {"L": [{"S": '{"a": 1}'}]}
    assert tree["tree"]["M"]["left"] == {"M": {"ends": {"N": "1767323045"}}}
    assert tree["schema"] == {"S": '{"b": [2]}'}
    assert (thing.same, thing.unnamed, thing.flag, thing.when) == ("x", None, False, None)
    notes = "\n".join(imported.notes)
    for said in ("Thing.upper is a bridges.pynamo_odd.UpperAttribute", "Thing.unnamed: its default is a function"):
        assert said in notes
