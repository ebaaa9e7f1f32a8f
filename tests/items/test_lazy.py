"""LazyItem: a mapping as plain Python sees it, whose untouched attributes stay the bytes that came."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid
from dynasmith.items.lazy import LazyItem
from dynasmith.items.value import decode_value, same_value
from dynasmith.items.wire import attributes, decode_item, encode_item
from wire_items import few, items, names, respelt, values

WIRE = b'{"pk":{"S":"a\\u0062"},"n":{"N":"1.50"},"tags":{"SS":["y","x"]},"list":{"L":[{"N":"1e0"}]},"map":{"M":{}}}'


@few
@given(items, st.data())
def test_it_behaves_as_a_dict_of_the_decoded_item(item: dict[str, Any], data: st.DataObject) -> None:
    wire = data.draw(respelt(item))
    lazy, model = LazyItem(wire), decode_item(wire)
    for _ in range(data.draw(st.integers(0, 6))):
        name = data.draw(st.sampled_from([*model, "never"]) | names)
        match data.draw(st.sampled_from(["get", "set", "del", "in", "keys", "pop", "default"])):
            case "get":
                assert same_value(lazy.get(name), model.get(name))
            case "set":
                lazy[name] = model[name] = data.draw(values)
            case "del" if name in model:
                del lazy[name], model[name]
            case "in":
                assert (name in lazy) == (name in model)
            case "keys":
                assert sorted(lazy) == sorted(model)
                assert len(lazy) == len(model)
            case "pop":
                assert same_value(lazy.pop(name, None), model.pop(name, None))
            case "default":
                assert same_value(lazy.setdefault(name, "d"), model.setdefault(name, "d"))
    after = lazy.wire()
    assert same_value(decode_item(after), model)
    before, now = attributes(wire), attributes(after)
    changed = lazy.changed()
    for name in before.keys() | now.keys():
        if name in changed:
            new = changed[name]
            assert (new is None) == (name not in now)
            assert new is None or same_value(decode_value(new), model[name])
        else:
            assert same_value(decode_value(before[name]), decode_value(now[name]))


@few
@given(items, st.data())
def test_reading_alone_changes_no_byte(item: dict[str, Any], data: st.DataObject) -> None:
    wire = data.draw(respelt(item))
    lazy = LazyItem(wire)
    assert same_value(dict(lazy), decode_item(wire))
    assert bytes(lazy.wire()) == wire
    assert lazy.changed() == {}


def test_what_is_not_written_keeps_its_spelling() -> None:
    lazy = LazyItem(WIRE)
    lazy["n"] += 1
    assert lazy["tags"] == {"x", "y"}
    assert lazy["list"] == [1]
    assert bytes(lazy.wire()) == WIRE.replace(b'"1.50"', b'"2.50"')


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda item: item["list"].append("x"), "list"),
        (lambda item: item["list"].clear(), "list"),
        (lambda item: item["tags"].add("z"), "tags"),
        (lambda item: item["map"].update(a=[1]), "map"),
        (lambda item: item.get("list").insert(0, None), "list"),
        (lambda item: next(value for value in item.values() if isinstance(value, list)).append(1), "list"),
    ],
)
def test_a_value_that_is_changed_in_place_is_noticed(change: Callable[[LazyItem], object], name: str) -> None:
    lazy = LazyItem(WIRE)
    change(lazy)
    assert set(lazy.changed()) == {name}
    assert same_value(decode_item(lazy.wire())[name], lazy[name])
    assert bytes(attributes(lazy.wire())["pk"]) == b'{"S":"a\\u0062"}'


def test_a_change_that_is_taken_back_is_none() -> None:
    lazy = LazyItem(WIRE)
    lazy["list"].append(1)
    lazy["list"].pop()
    lazy["n"] = Decimal("1.5")
    lazy["new"] = 1
    del lazy["new"]
    assert lazy.changed() == {}


@pytest.mark.parametrize(("before", "after"), [(b'{"N":"1"}', True), (b'{"S":"AA=="}', b"\0"), (b'{"L":[]}', {})])
def test_another_type_is_a_change(before: bytes, after: Any) -> None:
    lazy = LazyItem(b'{"a":' + before + b"}")
    lazy["a"] = after
    assert list(lazy.changed()) == ["a"]


def test_touched_are_the_names_that_a_result_may_depend_on() -> None:
    lazy = LazyItem(WIRE)
    assert lazy.touched == set()
    lazy.get("absent")
    assert "map" in lazy
    lazy["new"] = 1
    assert lazy.touched == {"absent", "map", "new"}
    assert list(lazy)
    assert lazy.touched == {"absent", "map", "new", "pk", "n", "tags", "list"}


def test_a_copy_shares_bytes_and_not_values() -> None:
    lazy = LazyItem(WIRE)
    lazy["list"].append(2)
    twin = lazy | {"pk": "b"}
    twin["list"].append(3)
    assert (lazy["list"], lazy["pk"]) == ([1, 2], "ab")
    assert (twin["list"], twin["pk"]) == ([1, 2, 3], "b")
    assert twin.raw is lazy.raw


def test_what_was_removed_is_not_there() -> None:
    lazy = LazyItem(WIRE)
    del lazy["n"]
    assert "n" not in lazy
    anything: object = 5
    assert anything not in lazy
    for name in ("n", "never"):
        with pytest.raises(KeyError):
            lazy[name]
        with pytest.raises(KeyError):
            del lazy[name]
    assert lazy.wrote(["pk", "n"])
    assert not lazy.wrote(["pk", "never"])
    assert lazy.changed() == {"n": None}


def test_no_value_is_in_its_repr() -> None:
    assert repr(LazyItem(WIRE)) == "<LazyItem of 5 attributes>"


def test_broken_attributes_are_named_when_they_are_touched_and_only_then() -> None:
    lazy = LazyItem(b'{"good":{"S":"a"},"bad":{"N":"x"}}')
    assert lazy["good"] == "a"
    with pytest.raises(ItemInvalid, match="Attribute bad:"):
        lazy["bad"]
    lazy["good"] = 0.5
    for read in (lazy.wire, lazy.changed):
        with pytest.raises(ItemInvalid, match="Attribute good: A value of type float"):
            read()
    with pytest.raises(ItemInvalid, match="not a valid attribute name"):
        lazy[""] = 1


def test_what_is_no_item_is_refused() -> None:
    for wire in (b"", b"[]", b'{"a":', b"null"):
        with pytest.raises(ItemInvalid):
            len(LazyItem(wire))


def test_attributes_of_raw_and_bytes_are_the_same() -> None:
    assert {name: bytes(value) for name, value in attributes(msgspec.Raw(WIRE)).items()} == {
        name: json.dumps(value, separators=(",", ":")).encode() if name != "pk" else b'{"S":"a\\u0062"}'
        for name, value in json.loads(WIRE).items()
    }
    assert encode_item({"a": 1}) == b'{"a":{"N":"1"}}'


@given(items)
def test_reading_all_at_once_is_reading_one_by_one(item: dict[str, Any]) -> None:
    wire = encode_item(item)
    at_once, one_by_one = LazyItem(wire, decode_item), LazyItem(wire)
    assert dict(at_once) == dict(one_by_one) == item
    assert at_once.touched == one_by_one.touched == set(item)
    assert at_once.wire() == one_by_one.wire() == msgspec.Raw(wire)
    assert at_once.changed() == {}


def test_what_was_handed_out_stays_when_all_is_read() -> None:
    lazy = LazyItem(encode_item({"pk": "a", "tags": ["x"], "n": 1}), decode_item)
    lazy["tags"].append("y")
    lazy["n"] = 2
    del lazy["pk"]
    lazy["new"] = True
    assert dict(lazy) == {"tags": ["x", "y"], "n": 2, "new": True}
    assert lazy.came("n") == 1
    assert decode_item(lazy.wire()) == dict(lazy)
    assert set(lazy.changed()) == {"pk", "tags", "n", "new"}
