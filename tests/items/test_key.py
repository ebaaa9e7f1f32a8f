"""Keys: two spellings of one key are one key, and what cannot be a key is refused in a sentence."""

import pickle
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.items.key import KeyPart, KeySchema, check_key, encode_key, format_key, key_item, key_of
from dynasmith.items.text_values import parse_item, parse_key
from dynasmith.items.wire import decode_item, encode_item
from wire_items import binaries, few, items, numbers, respelt, texts

KINDS: dict[str, st.SearchStrategy[Any]] = {
    "S": texts.filter(bool),
    "N": numbers,
    "B": binaries.filter(bool),
}
schemas = st.builds(
    lambda partition, sort: KeySchema(
        (KeyPart("p k", partition),),
        () if sort is None else (KeyPart("sört", sort),),
    ),
    st.sampled_from("SNB"),
    st.sampled_from([None, "S", "N", "B"]),
)
ORDERS = KeySchema.of("customer", "number", types={"number": "N"})


@few
@given(schemas, items, st.data())
def test_a_key_is_one_key_in_every_spelling(schema: KeySchema, rest: dict[str, Any], data: st.DataObject) -> None:
    item = rest | {part.name: data.draw(KINDS[part.type]) for part in schema.parts}
    key = key_of(data.draw(respelt(item)), schema)
    again = key_of(data.draw(respelt(item)), schema)
    assert key == again == tuple(item[name] for name in schema.names)
    assert hash(key) == hash(again)
    assert decode_item(encode_key(key, schema)) == key_item(key, schema)
    assert check_key(encode_item(item), schema) == key


@few
@given(schemas, st.data())
def test_other_values_are_other_keys(schema: KeySchema, data: st.DataObject) -> None:
    one, other = ({part.name: data.draw(KINDS[part.type]) for part in schema.parts} for _ in range(2))
    assert (key_of(encode_item(one), schema) == key_of(encode_item(other), schema)) == (one == other)


def test_a_string_a_number_and_binary_never_collide() -> None:
    keys = {
        key_of(encode_item({"k": "1"}), KeySchema((KeyPart("k", "S"),))),
        key_of(encode_item({"k": 1}), KeySchema((KeyPart("k", "N"),))),
        key_of(encode_item({"k": b"1"}), KeySchema((KeyPart("k", "B"),))),
    }
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        (b'{"customer":{"S":"a"}}', "lacks its key attribute number"),
        (b'{"customer":{"S":"a"},"number":{"S":"1"}}', "is of type S, and the key needs N"),
        (b'{"customer":{"BOOL":true},"number":{"N":"1"}}', "is of type BOOL"),
        (b'{"customer":{"S":""},"number":{"N":"1"}}', "customer is empty"),
        (b'{"customer":{"S":"' + b"x" * 2049 + b'"},"number":{"N":"1"}}', "2049 bytes, at most 2048"),
        (b"{}", "customer, and it lacks its key attribute number"),
    ],
)
def test_what_cannot_be_a_key_is_refused(wire: bytes, says: str) -> None:
    with pytest.raises(ItemInvalid, match=says):
        check_key(wire, ORDERS)


@pytest.mark.parametrize("wire", [b"{}", b'{"customer":{"S":"a"},"number":{"N":"x"}}', b"[]", b"{", b'{"customer":1}'])
def test_an_item_without_its_key_has_none(wire: bytes) -> None:
    with pytest.raises(ItemInvalid):
        key_of(wire, ORDERS)


def test_a_sort_key_is_shorter() -> None:
    schema = KeySchema.of("p", "s")
    with pytest.raises(ItemInvalid, match="1025 bytes, at most 1024"):
        check_key(encode_item({"p": "a", "s": "x" * 1025}), schema)
    assert check_key(encode_item({"p": "é" * 1024, "s": "x" * 1024}), schema) is not None


def test_an_item_may_be_outside_an_index_but_not_of_another_type() -> None:
    index = KeySchema((KeyPart("status"), KeyPart("region")), (KeyPart("at", "N"),))
    assert check_key(encode_item({"status": "a"}), index, index="by_status") is None
    found = check_key(encode_item({"status": "a", "region": "b", "at": 1}), index, index="by_status")
    assert found == ("a", "b", Decimal(1))
    with pytest.raises(ItemInvalid, match=r"at is of type S, and the key needs N .a number. of index by_status"):
        check_key(encode_item({"status": "a", "at": "b"}), index, index="by_status")


def test_a_schema_has_bounds_and_travels_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(ORDERS)) == ORDERS
    assert hash(ORDERS) == hash(KeySchema.of("customer", "number", types={"number": "N"}))
    with pytest.raises(ValueError, match="one to four"):
        KeySchema(())
    with pytest.raises(ValueError, match="one to four"):
        KeySchema((KeyPart("a"),), tuple(KeyPart(f"s{number}") for number in range(5)))


def test_a_key_for_the_eye() -> None:
    assert format_key(("a", Decimal("1.50")), ORDERS) == "customer=a, number=1.50"
    assert format_key((b"\0\xff", "x" * 70), KeySchema.of("b", "s")) == "b=0x00ff, s=" + "x" * 61 + "..."


@pytest.mark.parametrize(
    "said",
    [
        ["customer=a", "number=1.0"],
        ["number=1", "customer=a"],
        ['{"customer": "a", "number": 1}'],
        [' {"customer": {"S": "a"}, "number": {"N": "1e0"}}'],
    ],
)
def test_a_key_is_said_in_any_form(said: list[str]) -> None:
    assert parse_key(said, ORDERS) == ("a", Decimal(1))


def test_a_single_key_may_be_bare() -> None:
    schema = KeySchema.of("id")
    assert parse_key(["user#1"], schema) == ("user#1",)
    assert parse_key(["id=user#1"], schema) == ("user#1",)
    assert parse_key(["a=b"], schema) == ("a=b",)
    assert parse_key(["b64=AAE="], KeySchema((KeyPart("b64", "B"),))) == (b"\0\1",)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (["customer=a"], "number is missing"),
        (["customer=a", "number=x"], "'x' is not one"),
        (["customer=a", "number=1", "extra=2"], "extra is not part of the key"),
        (["customer=a", "customer=b"], "given twice"),
        (["customer"], "neither a JSON object nor name=value"),
        (['{"customer": 1, "number": "1"}'], r"customer is of type N.*number is of type S"),
        (['{"customer": '], "not JSON"),
        (["customer=", "number=1"], "customer is empty"),
        ([], "customer is missing, number is missing"),
    ],
)
def test_what_is_said_wrongly_is_named(said: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_key(said, ORDERS)


def test_an_item_is_said_too() -> None:
    types = {"customer": "S", "number": "N"}
    assert parse_item(["customer=a", "number=2", "note=3"], types) == {"customer": "a", "number": 2, "note": "3"}
    assert parse_item(['{"customer": "a", "n": 1.5}'], types) == {"customer": "a", "n": Decimal("1.5")}
    assert parse_item(["customer=a", "n:=1.5", 'm:={"x":[true,null]}'], types) == {
        "customer": "a",
        "n": Decimal("1.5"),
        "m": {"x": [True, None]},
    }
    for wrong in ("n:=", "n:=[1", 'n:=1,"z":2', 'n:={"a":1,"a":2}', "n:=NaN"):
        with pytest.raises(UsageError, match="n:= takes"):
            parse_item(["customer=a", wrong], types)
    with pytest.raises(UsageError, match="not base64"):
        parse_item(["k=%"], {"k": "B"})
