"""Items to instances and back: types, what is absent, what the class does not know, and what is refused."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, PrivateAttr, ValidationError

from dynasmith.errors import ItemInvalid, NotLoaded
from dynasmith.models import Attr, Model, Partition, attr, ttl
from dynasmith.models.metaclass import codec_of
from models.shop import Address, Customer, Sale, Status
from wire_items import few

NOW = datetime(2026, 3, 1, 10, 20, 30, 5, tzinfo=UTC)
ITEM: dict[str, Any] = {"id": {"S": "1"}, "n": {"N": "7"}, "email": {"S": "ann@example.com"}}
FULL: dict[str, Any] = {
    **ITEM,
    "years": {"N": "33"},
    "score": {"N": "0.25"},
    "total": {"N": "12.5"},
    "status": {"S": "paid"},
    "tags": {"SS": ["a", "b"]},
    "sizes": {"NS": ["1", "2"]},
    "notes": {"L": [{"S": ""}, {"S": "x"}]},
    "address": {"M": {"street": {"S": ""}, "city": {"S": "Bern"}}},
    "places": {"L": [{"M": {"street": {"S": "s"}}}]},
    "labels": {"M": {"one": {"N": "1"}}},
    "extra": {"M": {"any": {"L": [{"N": "1"}, {"NULL": True}, {"BOOL": False}]}}},
    "picture": {"B": "AAE="},
    "seen": {"N": "1772360430000"},
    "expires": {"N": "1772360430"},
    "rev": {"N": "3"},
    "created": {"S": "2026-03-01T10:20:30.000005Z"},
    "updated": {"S": "2026-03-01T10:20:30.000005Z"},
}


def read(tree: dict[str, Any], model: Any = Customer) -> Any:
    return codec_of(model).read(tree)


def write(item: Any) -> dict[str, Any]:
    return codec_of(type(item)).write(item)


def test_every_kind_of_value_is_read_and_written_as_it_was() -> None:
    item = read(FULL)
    assert item.age == 33
    assert item.status is Status.PAID
    assert item.address == Address(street="", city="Bern")
    assert item.extra == {"any": [Decimal(1), None, False]}
    assert item.picture == b"\0\1"
    assert item.seen == item.expires == NOW.replace(microsecond=0)
    assert item.created == NOW
    assert write(item) == FULL
    assert write(Customer(**item.__dict__)) == FULL


def test_what_is_none_or_an_empty_set_is_absent_and_reads_back_as_that() -> None:
    made = Customer(id="1", at=7, email="ann@example.com")
    tree = write(made)
    absent = {"years", "tags", "sizes", "address", "extra", "picture", "seen", "expires", "rev", "created", "updated"}
    assert absent.isdisjoint(tree)
    assert tree["notes"] == {"L": []}
    assert read(tree) == made


def test_an_absent_attribute_reads_as_its_default_and_null_as_none() -> None:
    item = read({**ITEM, "years": {"NULL": True}})
    assert (item.age, item.status, item.tags, item.rev) == (None, Status.NEW, set(), None)


def test_what_the_class_does_not_know_is_kept_also_in_maps_and_in_maps_of_lists() -> None:
    tree = {
        **FULL,
        "legacy": {"NS": ["3"]},
        "address": {"M": {"street": {"S": "s"}, "zip": {"S": "3000"}}},
        "places": {"L": [{"M": {"street": {"S": "s"}, "lat": {"N": "1"}}}]},
    }
    item = read(tree)
    assert write(item) == tree
    item.places[0].street = "t"
    item.places.append(Address(street="u"))
    changed = write(item)
    assert changed["places"]["L"][0] == {"M": {"street": {"S": "t"}, "lat": {"N": "1"}}}
    assert changed["legacy"] == {"NS": ["3"]}
    assert item.address.model_dump() == {"street": "s", "city": None}


def test_copies_and_pickles_keep_what_the_class_does_not_know() -> None:
    item = read({**FULL, "legacy": {"S": "x"}})
    for twin in (copy.copy(item), copy.deepcopy(item), pickle.loads(pickle.dumps(item)), item.model_copy()):
        assert twin == item
        assert write(twin)["legacy"] == {"S": "x"}


@pytest.mark.parametrize(
    ("attribute", "stored", "message"),
    [
        ("years", {"S": "20"}, "stored type is S, and the model reads N"),
        ("years", {"N": "2.5"}, "'2.5' is not a valid int"),
        ("email", {"N": "1"}, "stored type is N"),
        ("email", {"NULL": True}, "stored type is NULL"),
        ("tags", {"L": [{"S": "a"}]}, "stored type is L, and the model reads SS"),
        ("status", {"S": "lost"}, "'lost' is not a valid Status"),
        ("created", {"S": "2026-03-01T10:20:30"}, "has no time zone"),
        ("created", {"S": "yesterday"}, "not a valid datetime"),
        ("expires", {"N": "1772360430000"}, "looks like milliseconds"),
        ("picture", {"B": "???"}, "not a valid bytes"),
        ("notes", {"L": [{"N": "1"}]}, "stored type is N"),
        ("labels", {"M": {"a": {"S": "1"}}}, "stored type is S"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_names_model_key_and_attribute(
    attribute: str, stored: Any, message: str
) -> None:
    with pytest.raises(ItemInvalid, match=message) as raised:
        read({**ITEM, attribute: stored})
    assert (raised.value.model, raised.value.attribute) == ("Customer", attribute)
    assert raised.value.key == {"id": "1", "n": "7"}
    assert str(raised.value).startswith(f"Customer (id='1', n='7'), {attribute}: ")


def test_a_missing_attribute_without_a_default_is_an_error() -> None:
    with pytest.raises(ItemInvalid, match="email: It is missing") as raised:
        read({"id": {"S": "1"}, "n": {"N": "7"}})
    assert raised.value.attribute == "email"


def test_the_member_of_a_map_that_is_wrong_is_named() -> None:
    with pytest.raises(ItemInvalid) as raised:
        read({**ITEM, "address": {"M": {"street": {"N": "1"}}}})
    assert raised.value.attribute == "address.street"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("created", datetime(2026, 3, 1), "has no time zone"),
        ("score", float("nan"), "not a number that DynamoDB can hold"),
        ("score", 1e200, "its magnitude is 1E\\+200"),
        ("total", Decimal("Infinity"), "not a number that DynamoDB can hold"),
        ("total", Decimal(1) / Decimal(3) + Decimal("1E+40"), None),
        ("total", Decimal("1." + "1" * 40), "41 significant digits"),
        ("extra", [set()], "no empty sets"),
        ("extra", {"a": object()}, "no form in DynamoDB"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_any_call(field: str, value: Any, message: str | None) -> None:
    item = Customer(id="1", at=7, email="ann@example.com")
    item.__dict__[field] = value
    if message is None:
        write(item)
        return
    with pytest.raises(ItemInvalid, match=message) as raised:
        write(item)
    assert raised.value.attribute == field
    assert raised.value.model == "Customer"


def test_a_change_in_place_is_checked_when_it_is_written() -> None:
    item = read(FULL)
    item.notes.append(3)
    with pytest.raises(ItemInvalid, match="notes: The value is of type int"):
        write(item)
    item = read(FULL)
    item.tags.add(3)
    with pytest.raises(ItemInvalid, match="tags: "):
        write(item)
    item = read(FULL)
    item.sizes = {1}
    item.sizes.add(True)
    assert write(item)["sizes"] == {"NS": ["1"]}


def test_datetimes_have_one_width_and_utc() -> None:
    east = timezone(timedelta(hours=2))
    item = read(FULL)
    item.created = datetime(2026, 3, 1, 12, 0, tzinfo=east)
    item.seen = datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    assert write(item)["created"] == {"S": "2026-03-01T10:00:00.000000Z"}
    assert write(item)["seen"] == {"N": "-1"}
    assert read({**ITEM, "created": {"S": "2026-03-01T12:00:00+02:00"}}).created == item.created


def hashed(text: str) -> str:
    return f"hash of {text}"


class Account(Model, table="accounts"):
    id: Partition[UUID]
    password: Attr[Annotated[str, AfterValidator(hashed)]]
    kind: Attr[Literal["free", "paid"]] = attr(default="free")
    until: Attr[int | None] = ttl()
    either: Attr[int | str | None] = attr(default=None)
    point: Attr[tuple[int, str] | None] = attr(default=None)
    lasts: Attr[timedelta | None] = attr(default=None)
    maybe: Attr[list[int | None]] = attr(default_factory=list)
    flag: Attr[bool] = attr(default=False, stored=(lambda value: "Y" if value else "N", lambda text: text == "Y"))
    _seen: int = PrivateAttr(default=4)


def test_user_validators_do_not_run_when_an_item_is_read() -> None:
    made = Account(id=UUID(int=1), password="secret")
    assert made.password == "hash of secret"
    twice = read(write(made), Account)
    assert twice.password == "hash of secret"
    assert twice._seen == 4
    assert twice == made


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("either", 5, {"N": "5"}),
        ("either", "5", {"S": "5"}),
        ("point", (1, "a"), {"L": [{"N": "1"}, {"S": "a"}]}),
        ("lasts", timedelta(hours=1), {"S": "PT1H"}),
        ("maybe", [1, None], {"L": [{"N": "1"}, {"NULL": True}]}),
        ("flag", True, {"S": "Y"}),
        ("kind", "paid", {"S": "paid"}),
        ("until", 1772360430, {"N": "1772360430"}),
    ],
)
def test_other_types(field: str, value: Any, stored: Any) -> None:
    made = Account(id=UUID(int=1), password="x", **{field: value})
    tree = write(made)
    assert tree[field] == stored
    assert read(tree, Account) == made


def test_a_time_to_live_in_milliseconds_is_refused() -> None:
    with pytest.raises(ItemInvalid, match="looks like milliseconds"):
        write(Account(id=UUID(int=1), password="x", until=1772360430000))


class Leaf(BaseModel):
    name: str
    below: list[Leaf] = []
    only: Leaf | None = None


class Tree(Model, table="trees"):
    id: Partition[str]
    root: Attr[Leaf]


def test_a_class_may_hold_itself() -> None:
    made = Tree(id="1", root=Leaf(name="a", below=[Leaf(name="b", only=Leaf(name="c"))]))
    assert read(write(made), Tree) == made


def test_a_part_of_an_item_raises_for_what_was_not_read() -> None:
    part = codec_of(Customer).read_part(ITEM, ["id", "email"])
    assert part.email == "ann@example.com"
    with pytest.raises(NotLoaded, match=r"Customer\.age was not read"):
        _ = part.age
    with pytest.raises(NotLoaded, match="was not read"):
        write(part)


def test_an_assignment_that_a_validator_refuses_leaves_the_value() -> None:
    item = read(FULL)
    with pytest.raises(ValidationError):
        item.email = "x"
    assert item.email == "ann@example.com"
    with pytest.raises(ValueError, match="emial"):
        item.emial = "typo"


def test_a_misspelt_argument_is_refused() -> None:
    with pytest.raises(ValidationError, match="emial"):
        Customer(id="1", at=7, email="a@b", emial="typo")  # type: ignore[call-arg]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)
moments = st.datetimes(timezones=st.just(UTC))
addresses = st.builds(Address, street=texts, city=st.none() | texts)
anything = st.recursive(
    st.none() | st.booleans() | texts | st.binary(max_size=4) | numbers | st.sets(texts, min_size=1, max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
customers = st.builds(
    Customer,
    id=texts,
    at=st.integers(-(10**37), 10**37),
    email=st.text("ab", min_size=3),
    age=st.none() | st.integers(-5, 200),
    score=st.floats(-1e100, 1e100, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-120),
    total=numbers,
    status=st.sampled_from(Status),
    tags=st.sets(texts, max_size=3),
    sizes=st.sets(st.integers(-9, 9), max_size=3),
    notes=st.lists(texts, max_size=3),
    address=st.none() | addresses,
    places=st.lists(addresses, max_size=2),
    labels=st.dictionaries(texts, st.integers(-(10**37), 10**37), max_size=2),
    extra=anything,
    picture=st.none() | st.binary(max_size=5),
    seen=st.none(),
    expires=st.none(),
    rev=st.integers(0, 9),
    created=moments,
)


@few
@given(customers)
def test_what_is_written_reads_back_the_same(item: Customer) -> None:
    assert read(write(item)) == item


@few
@given(customers)
def test_the_generated_code_does_what_the_general_way_does(item: Customer) -> None:
    codec = codec_of(Customer)
    tree = codec.write(item)
    assert tree == codec._tree(item)
    assert codec.read(tree) == codec._read(tree)


class Edges(Model, table="edges"):
    id: Partition[str]
    whole: Attr[int] = attr(default=0)
    score: Attr[float] = attr(default=0.5)
    total: Attr[Decimal] = attr(default=Decimal(0))
    at: Attr[datetime] = attr(default=NOW)
    tags: Attr[set[str]] = attr(default_factory=set)


EDGES: tuple[tuple[str, Any], ...] = (
    *(("whole", each) for each in (0, -1, 10**37, 10**38 - 1, 1 - 10**38, 10**38, 10**400, True)),
    *(("score", each) for each in (1e-4, 9.9e-5, 1e15, 1e16, -2.5, 0.0, -0.0, 5e-324, float("nan"), float("inf"))),
    *(("total", Decimal(each)) for each in ("1E+2", "-0", "NaN", "NaN123", "-sNaN7", "Infinity", "1" * 38, "1" * 39)),
    *(("at", NOW.replace(microsecond=each)) for each in (0, 1, 100_000, 999_999)),
    *(("at", datetime(year, 1, 1, tzinfo=UTC)) for year in (1, 999, 9999)),
    *(("tags", each) for each in ({""}, {"", "a"}, {"b", "a"}, {1, 2}, {"a", 1}, frozenset("a"))),
)


@pytest.mark.parametrize(("name", "value"), EDGES)
def test_the_generated_code_does_what_the_general_way_does_at_the_edges(name: str, value: Any) -> None:
    codec = codec_of(Edges)
    item = Edges(id="1")
    item.__dict__[name] = value  # as a change in place would leave it
    outcomes = []
    for writer in (codec.write, codec._tree):
        try:
            outcomes.append(str(writer(item)))
        except ItemInvalid as error:
            outcomes.append(error.message)
    assert outcomes[0] == outcomes[1]


def test_keys_of_an_index_are_written_together_or_not_at_all() -> None:
    sale = Sale(buyer_id="b1", number=7, placed=NOW)
    assert write(sale) == {
        "_type": {"S": "sale"},
        "buyer_id": {"S": "b1"},
        "number": {"N": "7"},
        "status": {"S": "open"},
        "placed": {"S": "2026-03-01T10:20:30.000005Z"},
        "pk": {"S": "buyer:b1"},
        "sk": {"S": "sale:00000007"},
        "gs1pk": {"S": "status:open"},
        "gs1sk": {"S": "2026-03-01T10:20:30.000005Z"},
    }
    sale.status = None
    assert {"gs1pk", "gs1sk"}.isdisjoint(write(sale))
    sale.status = "paid"
    sale.__dict__["placed"] = None  # as it is until the item is created
    assert {"gs1pk", "gs1sk"}.isdisjoint(write(sale))
