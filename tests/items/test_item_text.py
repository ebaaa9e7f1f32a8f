"""An item as text that a person edits, and what differs between two items."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid
from dynasmith.items.digest import tree_hash
from dynasmith.items.item_difference import item_difference, shown_value
from dynasmith.items.item_text import item_from_text, item_text, text_form
from dynasmith.items.wire import encode_item
from wire_items import few, items

EVERY_TYPE: dict[str, Any] = {
    "s": {"S": "it's \r\n\u0000 \u2028 \U0001f600"},
    "empty": {"S": ""},
    "n": {"N": "1234567890123456789012345678901234567.8"},
    "small": {"N": "1E-130"},
    "b": {"B": "AAEC"},
    "no_bytes": {"B": ""},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "list": {"L": [{"N": "1"}, {"S": "1"}, {"BOOL": False}, {"L": []}]},
    "map": {"M": {"": {"M": {}}, "odd.name[0]": {"BS": ["AA==", "AQ=="]}}},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2.50"]},
}


def wire(item: dict[str, Any]) -> dict[str, Any]:
    """An item in plain Python as DynamoDB JSON."""
    found: dict[str, Any] = json.loads(encode_item(item))
    return found


@few
@given(items)
def test_what_was_edited_is_what_was_there(item: dict[str, Any]) -> None:
    stored = wire(item)
    assert tree_hash(item_from_text(item_text(stored, "typed"), "typed")) == tree_hash(stored)
    if text_form(stored) == "plain":
        # A form of a page sends its lines with carriage returns.
        sent = item_text(stored, "plain").replace("\n", "\r\n")
        assert tree_hash(item_from_text(sent, "plain")) == tree_hash(stored)
    else:
        with pytest.raises(ItemInvalid, match="Plain JSON cannot hold"):
            item_text(stored, "plain")


@few
@given(items, items)
def test_a_difference_is_empty_where_the_items_are_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    before, after = wire(one), wire(other)
    assert (item_difference(before, after) == ()) == (tree_hash(before) == tree_hash(after))
    assert {line.path for line in item_difference(before, None)} == {
        line.path for line in item_difference(None, before)
    }


def test_every_type_is_text_and_comes_back() -> None:
    text = item_text(EVERY_TYPE, "typed", first=["n"])
    assert item_from_text(text, "typed") == EVERY_TYPE
    assert text.splitlines()[1] == '  "n": {"N": "1234567890123456789012345678901234567.8"},'
    assert '\n  "ss": {"SS": ["a", "b"]},\n' in text
    plain = {name: EVERY_TYPE[name] for name in ("s", "empty", "n", "small", "yes", "nothing", "list")}
    assert item_from_text(item_text(plain, "plain"), "plain") == plain
    assert '"n": 1234567890123456789012345678901234567.8' in item_text(plain, "plain")


@pytest.mark.parametrize(
    ("form", "text", "sentence"),
    [
        ("typed", '{"a": "text"}', "Attribute a has no type"),
        ("typed", '{"a": {"S": "x"}, "b": {"N": 1}}', "Attribute b"),
        ("typed", '{"a": {"SS": []}}', "Attribute a"),
        ("typed", '{"a": {"S": "x"}, "a": {"S": "y"}}', "'a' comes twice"),
        ("plain", '{"a": 1, "a": 2}', "'a' comes twice"),
        ("plain", '{"a": 1e400}', "Attribute a"),
        ("plain", "[1]", "An item is a JSON object"),
        ("typed", '["a"]', "An item is a JSON object"),
        ("typed", "{", "This is not JSON"),
        ("plain", "\ud800", "not Unicode"),
        ("typed", "\ud800", "not Unicode"),
    ],
    ids=range(11),
)
def test_what_is_not_an_item(form: Any, text: str, sentence: str) -> None:
    with pytest.raises(ItemInvalid, match=sentence):
        item_from_text(text, form)


def test_a_plain_map_that_looks_typed_stays_a_map() -> None:
    item = {"pk": {"M": {"S": {"S": "x"}}}}
    assert item_from_text(item_text(item, "plain"), "plain") == item
    assert item_from_text(item_text(item, "typed"), "typed") == item


def lines(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[str]:
    """A difference as short texts."""

    def side(value: Any) -> str:
        return "-" if value is None else f"{value.type} {value.text}"

    return [f"{line.path}: {side(line.before)} > {side(line.after)}" for line in item_difference(before, after)]


def test_lines_of_a_difference() -> None:
    before = {
        "pk": {"S": "a"},
        "total": {"N": "12.5"},
        "zip": {"N": "3000"},
        "gone": {"S": ""},
        "tags": {"SS": ["x", "y"]},
        "address": {"M": {"city": {"S": "Bern"}, "odd name": {"NULL": True}}},
        "lines": {"L": [{"M": {"n": {"N": "1"}}}, {"S": "b"}, {"S": "c"}]},
    }
    after = {
        "pk": {"S": "a"},
        "total": {"N": "12.50"},
        "zip": {"S": "3000"},
        "paid": {"BOOL": True},
        "tags": {"SS": ["y", "z"]},
        "address": {"M": {"city": {"S": "Biel"}, "odd name": {"B": "AA=="}}},
        "lines": {"L": [{"S": "first"}, {"M": {"n": {"N": "2"}}}, {"S": "b"}]},
    }
    assert lines(before, after) == [
        'address.city: S "Bern" > S "Biel"',
        'address."odd name": NULL null > B AA==',
        'gone: S "" > -',
        'lines[0]: M {"n":1} > S "first"',
        'lines[1]: - > M {"n":2}',
        'lines[2]: S "c" > -',
        "paid: - > BOOL true",
        'tags: SS "x" > -',
        'tags: - > SS "z"',
        'zip: N 3000 > S "3000"',
    ]
    assert shown_value({"M": {"s": {"SS": ["b"]}}}).text == '{"s":{"SS":["b"]}}'


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
@few
def test_long_lists_are_compared_too(one: list[int], other: list[int]) -> None:
    before, after = ({"v": {"L": [{"N": str(each)} for each in side]}} for side in (one, other))
    assert (item_difference(before, after) == ()) == (one == other)
