"""What is known of a transform beforehand: used where it fits, and never seen in a result."""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dynasmith.errors import ItemInvalid
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.lazy import LazyItem
from dynasmith.items.shape_inference import FIRST
from dynasmith.items.specialized_reader import SpecializedReader
from dynasmith.items.transform import Transform
from dynasmith.items.wire import RawItem, decode_item, encode_item

KEY = KeySchema.of("pk")
CTX = Context(datetime(2026, 1, 1, tzinfo=UTC), "job", KEY)
WIRE = b'{"pk":{"S":"a\\u0062"}, "n":{"N":"1e0"}, "tags":{"SS":["y","x"]}, "map":{"M":{"a":{"N":"1"}}}}'


def learnt(*written: str, wires: tuple[bytes, ...] = (WIRE, WIRE)) -> SpecializedReader:
    """What is known after some items in which these were assigned."""
    ahead = SpecializedReader(first=len(wires))
    for wire in wires:
        ahead.learn(RawItem(wire), frozenset(written))
    assert ahead.plan is not None
    return ahead


def cut(ahead: SpecializedReader, wire: bytes = WIRE) -> LazyItem:
    return LazyItem(wire, decode_item, ahead)


def test_what_is_decoded_on_the_way_and_not_assigned_keeps_its_spelling() -> None:
    lazy = cut(learnt("pk", "n", "tags"))
    assert lazy["n"] == 1
    lazy["tags"] = {"z"}
    assert bytes(lazy.wire()) == WIRE.replace(b'["y","x"]', b'["z"]').replace(b", ", b",")
    assert lazy.unforeseen
    assert lazy.touched == {"n", "tags"}


def test_what_nobody_touches_is_the_bytes_that_came() -> None:
    lazy = cut(learnt("n"))
    assert bytes(lazy.wire()) == WIRE
    lazy["n"] += 1
    assert bytes(lazy.wire()) == WIRE.replace(b"1e0", b"2").replace(b", ", b",")
    assert lazy["pk"] == "ab"
    assert not lazy.unforeseen


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (lambda item: item.update(n=5, new="x"), {"n": Decimal(5), "new": "x"}),
        (lambda item: item.update(n=[True], new=None), {"n": [True], "new": None}),
        (lambda item: item.update(n=Decimal("1E+3"), new=b"x"), {"n": Decimal(1000), "new": b"x"}),
        (lambda item: item.update(n="x"), {"n": "x"}),
        (lambda item: item.update(n="x", new="y", pk="z"), {"n": "x", "new": "y", "pk": "z"}),
        (lambda item: item.update(n="x", other="y"), {"n": "x", "other": "y"}),
        (lambda item: item.update(n="x", new=item.pop("n")), {"n": None, "new": Decimal(1)}),
        (lambda item: item.update(n=2, new=item.pop("map")), {"n": Decimal(2), "map": None, "new": {"a": Decimal(1)}}),
        (lambda item: item["map"].update(a="in place"), {"map": {"a": "in place"}}),
    ],
)
def test_whatever_is_written_the_result_is_the_same(
    change: Callable[[LazyItem], object], after: dict[str, Any]
) -> None:
    one_by_one, ahead = LazyItem(WIRE), cut(learnt("n", "new"))
    for item in (one_by_one, ahead):
        change(item)
    assert decode_item(ahead.wire()) == decode_item(one_by_one.wire())
    for name, value in after.items():
        if value is not None or name == "new":
            assert ahead[name] == value
    assert ahead.changed() == one_by_one.changed()
    assert ahead.touched == one_by_one.touched


@pytest.mark.parametrize("wrong", [0.5, Decimal("1" * 39), Decimal("NaN"), 10**38 + 1, set()])
def test_what_has_no_form_is_named(wrong: Any) -> None:
    lazy = cut(learnt("n"))
    lazy["n"] = wrong
    with pytest.raises(ItemInvalid, match="Attribute n: "):
        lazy.wire()
    lazy["n"] = 1
    assert decode_item(lazy.wire()) == decode_item(WIRE)


@pytest.mark.parametrize(
    "wire",
    [
        encode_item({"pk": 1, "n": "x"}),
        encode_item({"pk": "a", "n": 1, "other": 2}),
        b'{"n":{"N":"NaN"},"pk":{"S":"a"},"tags":{"SS":["a"]},"map":{"M":{}}}',
        b'{"n":{"S":1}}',
        b"[]",
        b"",
    ],
)
def test_another_item_is_read_the_general_way(wire: bytes) -> None:
    ahead = learnt("n")
    lazy, one_by_one = cut(ahead, wire), LazyItem(wire)

    def said(item: LazyItem) -> object:
        try:
            return item["n"]
        except ItemInvalid as refused:
            return refused.message

    assert said(lazy) == said(one_by_one)
    assert lazy.unforeseen
    ahead.learn(RawItem(wire), frozenset())


def test_names_that_no_struct_can_have_are_read_the_general_way() -> None:
    wire = encode_item({"pk": "a", 'say "hi"': "x"})
    ahead = SpecializedReader(first=2)
    for _ in range(4):
        ahead.learn(RawItem(wire), frozenset(["pk"]))
    assert ahead.plan is None
    assert cut(ahead, wire)["pk"] == "a"


def test_a_transform_learns_and_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def older(item: Any, _: Context) -> Any:
        item["n"] += 1
        item["country"] = "CH"
        return item

    transform = Transform(older, CTX)
    twin = pickle.loads(pickle.dumps(Transform(abs, CTX)))  # type: ignore[arg-type]
    assert twin._ahead.plan is None
    items: list[dict[str, Any]] = [{"pk": "a", "n": Decimal(number), "list": [1]} for number in range(FIRST)]
    for item in items:
        transform.copy(RawItem(encode_item(item)))

    def general(_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr("dynasmith.items.lazy.attributes", general)
    for item in items:
        (made,) = transform.copy(RawItem(encode_item(item)))
        assert decode_item(made) == item | {"n": item["n"] + 1, "country": "CH"}
