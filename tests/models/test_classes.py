"""What a class says: fields, inheritance, keys, and the tables that come of it."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

import dynasmith
from dynasmith.errors import DefinitionError, ItemInvalid, UsageError
from dynasmith.models import (
    Attr,
    Condition,
    Expr,
    Model,
    Partition,
    Sort,
    attr,
    created_at,
    gsi,
    key,
    lsi,
    partition,
    sort,
    tables_of,
    template,
    ttl,
    ulid,
    uuid,
    version,
)
from dynasmith.models.identifiers import ulid_text
from dynasmith.models.metaclass import codec_of
from dynasmith.tables.document import Node
from dynasmith.tables.parse import ParseOptions, parse
from dynasmith.tables.table import (
    Billing,
    Index,
    Key,
    KeyAttribute,
    LocalIndex,
    Projection,
    ProjectionKind,
    known,
)
from models.shop import Buyer, Customer, Sale


def text(name: str) -> KeyAttribute:
    return KeyAttribute(name=name, type="S")


def number(name: str) -> KeyAttribute:
    return KeyAttribute(name=name, type="N")


def test_a_class_is_its_table() -> None:
    (table,) = tables_of(Customer)
    assert table.name == "customers"
    assert table.key == Key(partition=(text("id"),), sort=(number("n"),))
    assert table.time_to_live == "expires"
    assert table.indexes == (
        Index(
            name="by_email",
            key=Key(partition=(text("email"),), sort=(number("years"),)),
            projection=Projection(kind=ProjectionKind.INCLUDE, attributes=("tags", "years")),
        ),
        Index(
            name="status-index",
            key=Key(partition=(text("status"),)),
            projection=Projection(kind=ProjectionKind.KEYS_ONLY),
        ),
    )
    by_total = LocalIndex(name="by_total", key=Key(partition=(text("id"),), sort=(number("total"),)))
    assert table.local_indexes == (by_total,)


def test_classes_of_one_table_are_merged() -> None:
    (table,) = tables_of(Buyer, Sale)
    assert table.name == "shop"
    assert table.key.names == ("pk", "sk")
    assert [index.name for index in known(table.indexes, ())] == ["gs1"]
    assert tables_of(Sale, Buyer) == tables_of(Buyer, Sale, Sale)


def test_settings_are_the_words_of_a_definition_file() -> None:
    class Log(
        Model,
        table="logs",
        settings={
            "billing_mode": "PROVISIONED",
            "provisioned_throughput": {"read": 1, "write": 2},
            "point_in_time_recovery": {"enabled": True},
            "tags": {"team": "a"},
            "global_secondary_indexes": [{"name": "by_day", "provisioned_throughput": {"read": 3, "write": 4}}],
        },
    ):
        id: Partition[str]
        day: Attr[str]
        by_day = gsi("day")

    (table,) = tables_of(Log)
    assert table.billing is Billing.PROVISIONED
    assert table.tags == {"team": "a"}
    assert table.recovery
    index = table.index("by_day")
    assert index is not None
    assert index.capacity
    assert index.key.names == ("day",)


META: Any = type(Model)


def made(**parts: Any) -> Any:
    """A class of these parts; what is in ``line`` goes on the class line."""
    line = parts.pop("line", {"table": "things"})
    annotations = parts.pop("annotations", {"id": Partition[str]})
    return META("Thing", (Model,), {"__module__": "app", "__annotations__": annotations, **parts}, **line)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"line": {}}, "app:Thing: has no table"),
        ({"annotations": {"id": Attr[str]}}, "has no partition key"),
        ({"annotations": {"id": Partition[str], "other": Partition[str]}}, "has two partition keys, id and other"),
        ({"annotations": {"id": Partition[str], "a": Sort[str], "b": Sort[str]}}, "has two sort keys, a and b"),
        ({"annotations": {"id": Partition[bool]}}, "id is a key, and its type is stored as BOOL"),
        ({"annotations": {"id": Partition[list[str]]}}, "id is a key, and its type is stored as L"),
        ({"annotations": {"id": Partition[str], "x": Attr[set[bool]]}}, "x cannot be stored: a set holds"),
        ({"annotations": {"id": Partition[str], "x": Attr[set[list[str]]]}}, "x cannot be stored: a set holds"),
        ({"annotations": {"id": Partition[str], "x": Attr[str]}, "x": ttl()}, "a time to live is a datetime or an int"),
        ({"annotations": {"id": Partition[str], "x": Attr[str]}, "x": version()}, "x is a version, and not an int"),
        ({"annotations": {"id": Partition[str], "x": Attr[str]}, "x": attr(epoch="s")}, "epoch= is for datetimes"),
        ({"annotations": {"id": Partition[str], "x": Attr[str]}, "x": attr(name="id")}, "is stored as id, as is id"),
        ({"annotations": {"id": Partition[str], "x": Attr[str]}, "x": attr(stored=str)}, "not a pair of functions"),
        ({"by_x": gsi("idd")}, "by_x names idd, which is not a field or a template (did you mean id?)"),
        ({"xy": gsi("id")}, "xy has the name 'xy', which has 2 characters"),
        ({"by_x": gsi("id", name="by x")}, "by_x has the name 'by x', which contains ' '"),
        ({"by_x": gsi("id", projection="some")}, "by_x has the projection 'some'"),
        ({"pk2": template("a:{idd}")}, "pk2 uses idd, which is not a field (did you mean id?)"),
        ({"annotations": {"id": Partition[str], "x": Attr[float]}, "t": template("{x}")}, "t uses x, a float"),
        (
            {"annotations": {"id": Partition[str], "x": Attr[bytes]}, "t": template("{x}")},
            "t uses x, which has no text",
        ),
        ({"line": {"table": "things", "settings": {"key_schema": []}}}, "has key_schema, which the class says itself"),
        ({"line": {"table": "things", "settings": {"tagz": {}}}}, "tagz"),
        ({"line": {"table": "x"}}, "name"),
    ],
)
def test_what_cannot_be_a_table_is_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        tables_of(made(**parts))
    assert message in str(raised.value)
    assert "app:Thing" in str(raised.value)


@pytest.mark.parametrize("text", ["user:{email", "user:{}", "user:{a.b}", "{a!r}", "{a:{b}}", "{a}{b}"])
def test_a_template_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match="is not a valid template"):
        partition(text)


def test_a_number_without_a_width_in_a_sort_key_is_a_warning() -> None:
    annotations = {"id": Partition[str], "n": Attr[int]}
    with pytest.warns(UserWarning, match=r"10 sorts before 9; write {n:08d}"):
        tables_of(made(annotations=annotations, sk=sort("n:{n}")))
    tables_of(made(annotations=annotations, sk=sort("n:{n:0>8}")))


@pytest.mark.parametrize("name", ["copy", "json", "schema", "dict", "construct"])
def test_a_field_with_a_name_of_pydantics_is_refused(name: str) -> None:
    with pytest.raises(DefinitionError, match=f"{name} is a name that pydantic's models use") as raised:
        made(annotations={"id": Partition[str], name: Attr[str]})
    assert f'{name}_ = attr(name="{name}")' in raised.value.hint
    renamed = made(annotations={"id": Partition[str], f"{name}_": Attr[str]}, **{f"{name}_": attr(name=name)})
    assert codec_of(renamed).write(renamed(id="1", **{f"{name}_": "x"})) == {"id": {"S": "1"}, name: {"S": "x"}}


def test_contradictions_in_one_table_name_both_classes() -> None:
    def other(**parts: Any) -> Any:
        return META("Other", (Model,), {"__module__": "app", **parts}, table="things")

    key = {"__annotations__": {"id": Partition[str]}}
    for parts in (
        {"__annotations__": {"id": Partition[int]}},
        {"__annotations__": {"pk": Partition[str]}},
        {"__annotations__": {"id": Partition[str], "x": Attr[str]}, "by_x": gsi("x")},
        {"__annotations__": {"id": Partition[str], "x": Attr[int]}, "x": ttl()},
    ):
        thing = made(
            annotations={"id": Partition[str], "x": Attr[int], "y": Attr[int]},
            by_x=gsi("x"),
            y=ttl(),
            x=attr(default=0),
        )
        with pytest.raises(DefinitionError, match="app:Other: and app:Thing say different things about"):
            tables_of(thing, other(**parts))
    same = made(line={"table": "things", "entity": "a"})
    twin = META("Twin", (Model,), {"__module__": "app", **key}, table="things", entity="a")
    with pytest.raises(DefinitionError, match="is the entity a of things, as is app:Thing"):
        tables_of(same, twin)


class Stamped(Model):
    created: Attr[datetime] = created_at()
    note: Attr[str]


class Child(Stamped, table="children"):
    id: Partition[str]


class Grandchild(Child, table="grandchildren"):
    note: Attr[str] = attr(default="none", name="n")


def test_a_subclass_inherits_fields_and_no_expression_as_a_default() -> None:
    with pytest.raises(ValidationError) as raised:
        Child()  # type: ignore[call-arg]
    assert {error["loc"] for error in raised.value.errors()} == {("note",), ("id",)}
    assert isinstance(Stamped.note, Expr)
    assert isinstance(Child.note, Expr)
    assert Child.__pydantic_fields__["note"].is_required()
    child = Grandchild(id="1")
    assert child.model_dump() == {"id": "1", "note": "none", "created": None}
    assert codec_of(Grandchild).write(child) == {"id": {"S": "1"}, "n": {"S": "none"}}
    assert codec_of(Child).write(Child(id="1", note="x")) == {"id": {"S": "1"}, "note": {"S": "x"}}


def test_a_class_without_a_table_is_a_base() -> None:
    with pytest.raises(DefinitionError, match="Stamped: has no table"):
        tables_of(Stamped)
    with pytest.raises(DefinitionError, match="has no table"):
        key(Stamped, "x")


def test_class_attributes_that_are_none_are_errors() -> None:
    with pytest.raises(AttributeError, match="Customer has no attribute emial; did you mean email"):
        _ = Customer.emial  # type: ignore[attr-defined]
    assert not hasattr(Customer, "_emial")


def test_keys_are_made_by_position_or_by_name() -> None:
    assert key(Customer, "1", 7).tree == {"id": {"S": "1"}, "n": {"N": "7"}}
    assert key(Customer, "1", at=7).tree == key(Customer, id="1", at=7).tree
    assert key(Sale, "b1", 8).tree == {"pk": {"S": "buyer:b1"}, "sk": {"S": "sale:00000008"}}
    assert key(Buyer, buyer_id="b1").tree == {"pk": {"S": "buyer:b1"}, "sk": {"S": "#"}}
    for values, named, message in (
        (("1",), {}, "The key of Customer needs at"),
        (("1", 7, 8), {}, "The key of Customer is id, at: 3 values are too many"),
        (("1",), {"idd": 1}, "idd is not part of the key of Customer"),
        (("1",), {"id": "1"}, "has id twice"),
        (("1", None), {}, "needs at"),
    ):
        with pytest.raises(UsageError, match=message):
            key(Customer, *values, **named)
    with pytest.raises(ItemInvalid, match="Customer, id: The value is of type int, and the model has str") as raised:
        key(Customer, 1, 7)
    assert raised.value.model == "Customer"


def test_a_value_that_contains_the_literal_after_it_is_refused() -> None:
    class Line(Model, table="lines"):
        pk = partition("{org}#{user}")
        org: Attr[str]
        user: Attr[str]

    assert key(Line, "a", "b#c").tree == {"pk": {"S": "a#b#c"}}
    with pytest.raises(ItemInvalid, match="'a#b' contains '#'"):
        key(Line, "a#b", "c")
    with pytest.raises(ItemInvalid, match="'a#b' contains '#'"):
        codec_of(Line).write(Line(org="a#b", user="c"))


def test_a_template_renders_on_an_instance_and_is_never_an_argument() -> None:
    sale = Sale(buyer_id="b1", number=7)
    assert (sale.pk, sale.sk) == ("buyer:b1", "sale:00000007")
    sale.number = 8
    assert sale.sk == "sale:00000008"
    with pytest.raises(ValidationError, match="pk"):
        Sale(buyer_id="b1", number=7, pk="x")  # type: ignore[call-arg]


def test_identifiers() -> None:
    class Thing(Model, table="things"):
        id: Partition[UUID] = uuid()
        at: Attr[str] = ulid()

    one, other = Thing(), Thing()
    assert isinstance(one.id, UUID)
    assert one.id != other.id
    assert len(one.at) == 26
    assert ulid_text(1469918176385, 0) == "01ARYZ6S41" + "0" * 16  # the time of the specification's example
    assert ulid_text((1 << 48) - 1, (1 << 80) - 1) == "7" + "Z" * 25


def test_extra_allow_is_refused_because_what_is_unknown_is_kept_anyway() -> None:
    with pytest.raises(DefinitionError, match="has extra='allow'"):
        tables_of(made(model_config={"extra": "allow"}))


def test_a_plain_pydantic_field_is_an_attribute_too() -> None:
    class Mixed(Model, table="mixed"):
        id: Partition[str]
        plain: int = 3

    assert codec_of(Mixed).write(Mixed(id="1")) == {"id": {"S": "1"}, "plain": {"N": "3"}}


def test_a_class_is_the_table_that_its_definition_file_would_be() -> None:
    def node(value: Any) -> Node:
        if isinstance(value, dict):
            return Node({name: node(member) for name, member in value.items()}, "f", 1)
        return Node(tuple(map(node, value)) if isinstance(value, list) else value, "f", 1)

    definition = {
        "name": "shop",
        "attributes": [{"name": name, "type": "S"} for name in ("pk", "sk", "gs1pk", "gs1sk")],
        "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}, {"attribute_name": "sk", "key_type": "RANGE"}],
        "global_secondary_indexes": [
            {
                "name": "gs1",
                "key_schema": [
                    {"attribute_name": "gs1pk", "key_type": "HASH"},
                    {"attribute_name": "gs1sk", "key_type": "RANGE"},
                ],
            }
        ],
    }
    assert parse([node({"tables": [definition]})], ParseOptions()).tables == tables_of(Buyer, Sale)


def test_an_index_may_have_several_key_attributes() -> None:
    class Event(Model, table="events"):
        id: Partition[str]
        a: Attr[str]
        b: Attr[int]
        by_both = gsi(("a", "b"), sort=("id",))

    (table,) = tables_of(Event)
    index = table.index("by_both")
    assert index is not None
    assert [(each.name, each.type) for each in index.key.partition] == [("a", "S"), ("b", "N")]
    assert lsi("x").is_local


def test_nothing_loads_pydantic_until_a_model_is_asked_for() -> None:
    code = "import sys, dynasmith; dynasmith.connect; dynasmith.Table; print('pydantic' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
    assert issubclass(dynasmith.Model, BaseModel)


def test_without_pydantic_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['pydantic'] = None\n"
    code += "try:\n from dynasmith import Model\nexcept ImportError as e: print(e)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == 'Models need pydantic, which is not installed: pip install "dynasmith[models]"'


def test_annotations_may_name_what_is_local_or_defined_later() -> None:
    class Place(BaseModel):
        city: str

    class House(Model, table="houses"):
        id: Partition[str]
        place: Attr[Place]
        owner: Attr[Owner | None] = attr(default=None)

    with pytest.raises(DefinitionError, match=r"House.* is not complete: .*Owner"):
        tables_of(House)

    class Owner(BaseModel):
        name: str

    House.model_rebuild()
    assert tables_of(House)[0].key.names == ("id",)
    house = House(id="1", place=Place(city="Bern"), owner=Owner(name="x"))
    assert codec_of(House).read(codec_of(House).write(house)) == house

    class Tent(Model, table="tents"):
        id: Partition[str]
        place: Attr[Place]

    assert tables_of(Tent)[0].name == "tents"
    assert isinstance(Tent.place.city == "Bern", Condition)
