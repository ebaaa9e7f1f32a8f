"""The writer that learns the shape of items: never other wire, and never another error, than the general way."""

import pickle
from collections import OrderedDict
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid
from dynasmith.items.shape_inference import ShapeSamples
from dynasmith.items.value import same_value
from dynasmith.items.wire import decode_item, encode_item
from dynasmith.items.writer import Writer
from wire_items import few, items

FEW = 2


class Color(StrEnum):
    """A text that is none."""

    RED = "red"


#: What a program may put into an item, right or wrong, near what it should be.
ODD: tuple[Any, ...] = (
    *("", "x", 'say "hi"', "back\\slash", "é\n\0", "\ud800", "\udc00", Color.RED),
    *(0, 1, -7, 10**37, 10**38 - 1, 10**38, -(10**38), 10**5000, True, False, None),
    *(Decimal(text) for text in ("1.50", "-0", "1E+3", "1E-130", "1E-131", "1E+125", "1E+126", "NaN", "-Infinity")),
    *(Decimal("1" * 38), Decimal("1" * 39), Decimal("0." + "1" * 38), Decimal("1" + "0" * 60), Decimal("sNaN")),
    *(b"", b"\0\xff", bytearray(b"a"), memoryview(b"b"), 0.5, object),
    *(set(), {"a"}, {"a", "é"}, {1, Decimal(2)}, {b"a"}, {"a", 1}, {Color.RED}, frozenset({"a"}), frozenset()),
    *({True}, {"\ud800"}, {Decimal("NaN")}),
    *([1, Decimal(2)], [Decimal("1" * 39)], [10**38], [True], ["a", "\ud800"], [Decimal("1E+3")], [Decimal("NaN")]),
    *([], [1, "a", None], [[]], ("a",), [0.5], {}, {"a": 1}, {"a": "x"}, {"": "x"}, {1: "x"}, {"a": {"b": set()}}),
    *({"a": {"b": 1}}, {"a": {"b": Decimal("1" * 39)}}, OrderedDict(a=1), {"a": "x", "more": "x"}),
)
odd_items = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(ODD), max_size=4)


def said(write: Any, item: Any) -> tuple[str, Any]:
    """What a way of writing makes of an item: wire, read again, or its error."""
    try:
        return "item", decode_item(write(item))
    except ItemInvalid as refused:
        return refused.message, refused.hint


@few
@given(st.lists(items, min_size=1, max_size=4), st.data())
def test_what_is_learnt_writes_as_the_general_way(some: list[dict[str, Any]], data: st.DataObject) -> None:
    write = Writer(first=FEW)
    for _ in range(4):
        for item in some:
            again = dict(data.draw(st.permutations(list(item.items()))))
            assert same_value(decode_item(write(again)), item)


@given(odd_items, st.lists(odd_items, min_size=1, max_size=8))
def test_it_refuses_what_the_general_way_refuses(known: dict[str, Any], some: list[dict[str, Any]]) -> None:
    write = Writer(first=FEW)
    for item in [known] * 3 + some + [known] * 3 + some:
        (what, found), (expected, wanted) = said(write, item), said(encode_item, item)
        assert what == expected
        assert same_value(found, wanted) if what == "item" else found == wanted


@pytest.mark.parametrize("known", ODD, ids=[str(number) for number in range(len(ODD))])
@pytest.mark.parametrize("sometimes", [False, True])
def test_a_value_of_each_kind_where_each_other_was_known(known: Any, sometimes: bool) -> None:
    write = Writer(first=FEW)
    if said(encode_item, {"a": known})[0] != "item":
        known = "x"
    for _ in range(FEW):
        write({"pk": "1", "a": known, "m": {"a": known}})
        write({"pk": "1", "m": {}} if sometimes else {"pk": "1", "a": known, "m": {"a": known}})
    assert write._fill is not None
    write._lessons = ShapeSamples(1_000_000)  # what it knows now is all that it is ever to know
    for value in ODD:
        for item in ({"pk": "1", "a": value, "m": {"a": known}}, {"pk": "1", "a": known, "m": {"a": value}}):
            (what, found), (expected, wanted) = said(write, item), said(encode_item, item)
            assert what == expected
            assert same_value(found, wanted) if what == "item" else found == wanted


@pytest.mark.parametrize("sometimes", [False, True])
def test_what_is_learnt_is_used(sometimes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    item = {
        "pk": "é",
        "n": 1,
        "d": Decimal("1.50"),
        "b": b"x",
        "t": True,
        "z": None,
        "s": {"y"},
        "l": [1],
        "m": {"x": 1},
    }
    write = Writer(first=FEW)
    for known in (item, {"pk": "1", "m": {}}) if sometimes else (item, item):
        write(known)

    def general(_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr("dynasmith.items.writer.encode_item_tree", general)
    for number in range(3):
        assert decode_item(write({**item, "n": number})) == {**item, "n": number}
    if sometimes:
        assert decode_item(write({"pk": "2", "m": {}})) == {"pk": "2", "m": {}}
    with pytest.raises(AssertionError):
        write({**item, "other": 1})


@pytest.mark.parametrize("name", ['say "hi"', "back\\slash", "new\nline", "é", "a b", "_", "#", "v", "def"])
def test_names_of_every_kind(name: str) -> None:
    write = Writer(first=FEW)
    for number in range(6):
        item = {name: "x", "n": number, "map": {name: number, "": 1}}
        assert decode_item(write(item)) == item


def test_items_with_nothing_in_common_are_written_the_general_way() -> None:
    write = Writer(first=FEW)
    for number in range(300):
        item = {f"a{number}": number, "pk": "x"}
        assert decode_item(write(item)) == item


def test_it_goes_to_another_process_and_learns_anew() -> None:
    write = Writer(first=FEW)
    for _ in range(FEW):
        write({"a": 1})
    twin = pickle.loads(pickle.dumps(write))
    assert twin({"a": "x"}) == b'{"a":{"S":"x"}}'
    assert msgspec.json.decode(write({"a": 2})) == {"a": {"N": "2"}}
