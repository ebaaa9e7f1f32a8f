"""Values: wire to Python and back, exact, and what has no form is refused in a sentence."""

import datetime
import enum
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid
from dynasmith.items.plain import item_from_json, item_from_plain, looks_like_wire, plain_from_item, raw_from_plain
from dynasmith.items.value import decode_value, encode_value, same_value
from dynasmith.items.wire import attributes, decode_item, encode_item
from wire_items import few, items, respelt, values


@few
@given(values)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    back = decode_value(encode_value(value))
    assert same_value(back, value)
    assert back == value


@few
@given(items, st.data())
def test_an_item_means_the_same_in_every_spelling(item: dict[str, Any], data: st.DataObject) -> None:
    wire = data.draw(respelt(item))
    assert same_value(decode_item(wire), item)
    assert same_value(decode_item(encode_item(decode_item(wire))), item)
    assert list(attributes(wire)) == list(json.loads(wire))


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        (b'{"S":""}', ""),
        (b'{"S":"\\u00e9\\n"}', "é\n"),
        (b'{"N":"12345678901234567890123456789012345678"}', Decimal("12345678901234567890123456789012345678")),
        (b'{"N":"0.1"}', Decimal("0.1")),
        (b'{"B":""}', b""),
        (b'{"B":"AAE="}', b"\0\1"),
        (b' { "BOOL" : false } ', False),
        (b'{"NULL":true}', None),
        (b'{"L":[{"M":{"":{"S":"x"}}}]}', [{"": "x"}]),
        (b'{"NS":["1","2.50"]}', {Decimal(1), Decimal("2.5")}),
        (b'{"BS":["AA=="]}', {b"\0"}),
    ],
)
def test_wire_values_in_python(wire: bytes, value: Any) -> None:
    assert same_value(decode_value(wire), value)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"1",
        b'{"S":1}',
        b'{"N":1}',
        b'{"N":"NaN"}',
        b'{"N":"one"}',
        b'{"B":"x"}',
        b'{"X":"x"}',
        b"{}",
        b'{"S":"a","N":"1"}',
        b'{"BOOL":"true"}',
        b'{"NULL":false}',
        b'{"L":{}}',
        b'{"M":[]}',
        b'{"SS":"ab"}',
        b'{"S":"cut',
    ],
)
def test_what_is_no_wire_value_is_refused(wire: bytes) -> None:
    with pytest.raises(ItemInvalid):
        decode_value(wire)


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (7, b'{"N":"7"}'),
        (Decimal("1.50"), b'{"N":"1.50"}'),
        (10**40, b'{"N":"10000000000000000000000000000000000000000"}'),
        (True, b'{"BOOL":true}'),
        (Colour.RED, b'{"S":"red"}'),
        (bytearray(b"\0"), b'{"B":"AA=="}'),
        (("a", None), b'{"L":[{"S":"a"},{"NULL":true}]}'),
        (frozenset({1}), b'{"NS":["1"]}'),
        ({Colour.RED}, b'{"SS":["red"]}'),
    ],
)
def test_python_values_on_the_wire(value: Any, wire: bytes) -> None:
    assert encode_value(value) == wire


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0.1, "float"),
        (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "datetime"),
        (uuid.UUID(int=1), "UUID"),
        (set(), "empty"),
        ({"a", 1}, "int, str"),
        ({True}, "bool"),
        ({1: "a"}, "key 1"),
        (Decimal("NaN"), "NaN"),
        (Decimal("1E+126"), "magnitude"),
        (int("9" * 39), "39 significant digits"),
        ("\ud800", "surrogate"),
        (object(), "object"),
    ],
)
def test_what_dynamodb_cannot_hold_is_refused_by_name(value: Any, says: str) -> None:
    with pytest.raises(ItemInvalid) as caught:
        encode_item({"price": value})
    assert says in str(caught.value)


def test_a_broken_attribute_is_named() -> None:
    with pytest.raises(ItemInvalid, match="Attribute price:"):
        decode_item(b'{"pk":{"S":"a"},"price":{"N":"x"}}')


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), ("a", b"a"), ([1], [True]), ({"a": 0}, {"a": False}), (None, False), ({1}, {"1"})]
)
def test_values_of_different_types_are_never_the_same(one: Any, other: Any) -> None:
    assert not same_value(one, other)
    assert same_value(one, one)


def test_plain_json_keeps_every_digit() -> None:
    text = b'{"n":123456789012345678901234567890.12345678,"m":99999999999999999999999999999999999999,"f":1.50}'
    item = item_from_plain(text)
    assert item["n"] == Decimal("123456789012345678901234567890.12345678")
    assert plain_from_item(item) == text


def test_plain_and_dynamodb_json_are_told_apart() -> None:
    assert item_from_json('{"pk":{"S":"a"},"n":{"N":"1"}}') == {"pk": "a", "n": Decimal(1)}
    assert item_from_json('{"pk":"a","n":1}') == {"pk": "a", "n": 1}
    assert not looks_like_wire({"size": {"S": 1, "M": 2}})
    assert not looks_like_wire({"flag": {"BOOL": "x"}})
    assert not looks_like_wire({})
    assert bytes(raw_from_plain('{"pk":"a","n":1.5}')) == b'{"pk":{"S":"a"},"n":{"N":"1.5"}}'


def test_sets_and_binary_have_a_plain_form() -> None:
    assert plain_from_item({"s": {"b", "a"}, "b": b"\0"}) == b'{"s":["a","b"],"b":"AA=="}'


@pytest.mark.parametrize("text", ["", "[]", "1", "{", '{"a":NaN}', '{"a": 1E+200}'])
def test_what_is_no_plain_item_is_refused(text: str) -> None:
    with pytest.raises(ItemInvalid):
        item_from_json(text)


FAR = 50_000
"""Levels that no version of Python reads; how far each goes differs, and what is written is held to 32 anyway."""


def test_what_holds_itself_or_is_too_deep_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    deep = b'{"a":' + b'{"L":[' * FAR + b"]}" * FAR + b"}"
    for read in (lambda: encode_item({"a": endless}), lambda: decode_item(deep), lambda: attributes(deep)):
        with pytest.raises(ItemInvalid, match="nested too deeply"):
            read()
    with pytest.raises(ItemInvalid):
        item_from_plain(b'{"a":' + b"[" * FAR + b"]" * FAR + b"}")
