"""Values that would be stored as something else than they are, or be read as something else than was stored."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest
from pydantic import AwareDatetime, BaseModel, Field, PastDate, SecretBytes, SecretStr

from dynasmith.errors import DefinitionError, ItemInvalid, NotLoaded
from dynasmith.models import Attr, Model, Partition, attr, created_at, tables_of, ttl
from dynasmith.models.metaclass import codec_of

T = TypeVar("T")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Cat(BaseModel):
    """One model of a union."""

    name: str


class Dog(BaseModel):
    """Another one, with the same fields and more."""

    name: str
    tricks: int | None = None


class Bird(BaseModel):
    """One that a Literal tells apart."""

    kind: Literal["bird"] = "bird"
    name: str


class Fish(BaseModel):
    """And another."""

    kind: Literal["fish"] = "fish"
    name: str


@dataclass
class Size:
    """A type that is stored as its JSON."""

    width: Decimal
    data: bytes = b""


class Thing(Model, table="things"):
    """A field of each type."""

    id: Partition[str]
    secret: Attr[SecretStr | None] = attr(default=None)
    token: Attr[SecretBytes | None] = attr(default=None)
    at: Annotated[AwareDatetime | None, Field(description="a class of its own when the program runs")] = None
    born: Attr[PastDate | None] = attr(default=None)
    either: Attr[str | datetime | None] = attr(default=None)
    better: Attr[datetime | str | None] = attr(default=None)
    pet: Attr[Cat | Dog | None] = attr(default=None)
    kept: Annotated[Bird | Fish | None, Field(discriminator="kind")] = None
    size: Attr[Size | None] = attr(default=None)
    number: Attr[Decimal] = attr(default=Decimal(0))
    slug: str = Field(default_factory=lambda data: data["id"].lower())
    words: Attr[list[str]] = attr(default=[])
    expires: Attr[int | None] = ttl()


def there_and_back(**values: Any) -> tuple[dict[str, Any], Thing]:
    """What is stored of the values, and what is read of it."""
    tree = codec_of(Thing).write(Thing(id="Ä", **values))
    read: Thing = codec_of(Thing).read(tree)
    return tree, read


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("secret", SecretStr("hunter2"), {"S": "hunter2"}),
        ("token", SecretBytes(b"\xff"), {"B": "/w=="}),
        ("at", NOON, {"S": "2026-01-01T12:00:00.000000Z"}),
        ("at", NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), {"S": "2026-01-01T12:00:00.000000Z"}),
        ("born", date(2000, 2, 29), {"S": "2000-02-29"}),
        ("better", NOON, {"S": "2026-01-01T12:00:00.000000Z"}),
        ("better", "noon", {"S": "noon"}),
        ("pet", Cat(name="a"), {"M": {"name": {"S": "a"}}}),
        ("pet", Dog(name="a", tricks=3), {"M": {"name": {"S": "a"}, "tricks": {"N": "3"}}}),
        ("kept", Fish(name="a"), {"M": {"kind": {"S": "fish"}, "name": {"S": "a"}}}),
        ("size", Size(Decimal("1.10"), b"ok"), {"M": {"width": {"S": "1.10"}, "data": {"S": "ok"}}}),
        ("number", Decimal("1E+2"), {"N": "1E+2"}),
    ],
)
def test_it_is_read_as_it_was(name: str, value: Any, stored: Any) -> None:
    tree, read = there_and_back(**{name: value})
    assert (tree[name], getattr(read, name)) == (stored, value)
    assert type(getattr(read, name)) is type(value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"either": NOON}, "datetime would be read back as str"),
        ({"pet": Dog(name="a")}, "Dog would be read back as Cat"),
        ({"size": Size(Decimal(1), b"\xff\xfe")}, "has no JSON as Size"),
        ({"at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))}, "before the year 1"),
        ({"expires": 1_700_000_000_000}, "looks like milliseconds"),
    ],
)
def test_what_would_be_read_as_another_value_is_refused_when_it_is_written(values: Any, message: str) -> None:
    with pytest.raises(ItemInvalid, match=message):
        there_and_back(**values)


def test_a_time_to_live_in_milliseconds_is_refused_as_an_int_too() -> None:
    with pytest.raises(ItemInvalid, match="looks like milliseconds"):
        codec_of(Thing).read({"id": {"S": "a"}, "expires": {"N": "1700000000000"}})


def test_a_default_factory_of_other_fields_gets_them_when_an_item_is_read() -> None:
    read = codec_of(Thing).read({"id": {"S": "ABC"}})
    assert read.slug == "abc"
    with pytest.raises(ItemInvalid, match="slug: It is missing, and its default_factory raised KeyError"):
        codec_of(Thing).read_part({"id": {"S": "ABC"}}, ["slug"])


def test_no_two_instances_share_a_default() -> None:
    one, other = (codec_of(Thing).read({"id": {"S": each}}) for each in "ab")
    one.words.append("x")
    assert (other.words, Thing(id="c").words) == ([], [])


class Stamps:
    """A mixin that is not a Model: pydantic would take what created_at() gives for the value."""

    created: Attr[datetime] = created_at()


def test_a_mixin_that_is_not_a_model_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"created comes from Stamps, which is not a Model"):

        class Stamped(Stamps, Model, table="stamped"):
            id: Partition[str]


class Box(Model, Generic[T], table="boxes"):
    """A generic class."""

    id: Partition[str]
    content: Attr[T]


def test_a_generic_class_with_its_types_has_the_table_of_the_class() -> None:
    box = Box[int](id="a", content=3)
    assert tables_of(Box[int])[0].name == "boxes"
    assert codec_of(type(box)).write(box) == {"id": {"S": "a"}, "content": {"N": "3"}}
    with pytest.raises(ItemInvalid, match="the model reads N"):
        codec_of(Box[int]).read({"id": {"S": "a"}, "content": {"S": "3"}})


@pytest.mark.parametrize(
    "made",
    [
        copy.copy,
        copy.deepcopy,
        lambda each: pickle.loads(pickle.dumps(each)),
        lambda each: each.model_copy(update={"number": Decimal(3)}),
        lambda each: each.model_copy(deep=True),
        pytest.param(
            lambda each: each.copy(), marks=pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")
        ),
    ],
)
def test_every_kind_of_copy_keeps_what_the_class_does_not_know(made: Any) -> None:
    read = codec_of(Thing).read({"id": {"S": "a"}, "other": {"S": "kept"}})
    assert codec_of(Thing).write(made(read))["other"] == {"S": "kept"}


def test_a_part_of_an_item_is_a_part_in_every_view_of_it() -> None:
    part = codec_of(Thing).read_part({"id": {"S": "a"}, "number": {"N": "3"}}, ["id", "number"])
    assert (repr(part), part.model_dump()) == ("Thing(id='a', number=Decimal('3'))", {"id": "a", "number": Decimal(3)})
    for each in (part, copy.deepcopy(part), pickle.loads(pickle.dumps(part))):
        with pytest.raises(NotLoaded, match=r"Thing\.words was not read"):
            _ = each.words


def test_a_secret_is_not_shown() -> None:
    assert "hunter2" not in repr(there_and_back(secret=SecretStr("hunter2"))[1])
    with pytest.raises(ItemInvalid) as caught:
        codec_of(Thing).read({"id": {"S": "a"}, "secret": {"M": {"text": {"S": "hunter2"}}}})
    assert "hunter2" not in str(caught.value)
