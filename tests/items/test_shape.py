"""Readers that learn the shape of a table's items: never another result than the general way, whatever comes."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid
from dynasmith.items.digest import digest_items, item_hash
from dynasmith.items.digester import Digester
from dynasmith.items.item_reader import native_reader
from dynasmith.items.shape_inference import FIRST, ItemShape
from dynasmith.items.wire import decode_item, encode_item
from wire_items import items, respelt

FEW = 2
BROKEN = (b"", b"[]", b'{"a":1}', b'{"a":{"S":1}}', b'{"a":{"N":"x"}}', b'{"a":{"S":"x","N":"1"}}', b'{"a":{}}', b"{")


@given(st.data(), st.lists(items, min_size=1, max_size=5))
def test_what_is_learnt_reads_as_the_general_way(data: st.DataObject, some: list[dict[str, Any]]) -> None:
    digester, native = Digester(first=FEW), native_reader(first=FEW)
    for _ in range(3):  # the second time round a reader was built, the third another one
        for item in some:
            wire = data.draw(respelt(item))
            assert digester.hash(wire) == item_hash(wire)
            assert native(wire) == decode_item(wire)


@given(items, items)
def test_an_item_of_another_shape_in_between(item: dict[str, Any], other: dict[str, Any]) -> None:
    wires = [encode_item(item)] * 4 + [encode_item(other)] * 2 + [encode_item(item)] * 4
    assert Digester(first=FEW)(wires) == digest_items(wires)
    native = native_reader(first=FEW)
    assert [native(wire) for wire in wires] == [decode_item(wire) for wire in wires]


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("reader", [lambda: Digester(first=FEW).hash, lambda: native_reader(first=FEW)])
def test_no_item_is_refused_before_and_after_learning(
    broken: bytes, reader: Callable[[], Callable[[bytes], Any]]
) -> None:
    read = reader()
    for _ in range(FEW + 1):
        with pytest.raises(ItemInvalid):
            read(broken)
        read(b'{"a":{"S":"x"},"n":{"N":"1"},"b":{"BOOL":true},"z":{"NULL":true}}')
    with pytest.raises(ItemInvalid):
        read(b'{"a":{"S":"x"},"n":{"N":"NaN"},"b":{"BOOL":true},"z":{"NULL":true}}')
    with pytest.raises(ItemInvalid):
        read(b'{"a":{"S":"x"},"n":{"N":"1"},"b":{"BOOL":true},"z":{"NULL":false}}')


def test_what_is_learnt_is_used() -> None:
    read: list[Any] = []
    digester = Digester()

    def count(raw: bytes, tree: Any) -> bytes:
        read.append(raw)
        return general(raw, tree)

    general = digester._hashed._general
    digester._hashed._general = count
    wires = [encode_item({"pk": str(number), "m": {"n": number}}) for number in range(1000)]
    assert digester(wires) == digest_items(wires)
    assert len(read) == FIRST


@pytest.mark.parametrize("name", ['say "hi"', "back\\slash", "new\nline", "é", "a b", "_", "#", "v", "def"])
def test_names_of_every_kind(name: str) -> None:
    wires = [encode_item({name: "x", "n": number, "map": {name: number}}) for number in range(6)]
    assert Digester(first=FEW)(wires) == digest_items(wires)
    native = native_reader(first=FEW)
    assert [native(wire) for wire in wires] == [decode_item(wire) for wire in wires]


def test_a_map_whose_names_are_keys_has_no_shape() -> None:
    shape = ItemShape()
    for number in range(40):
        shape.learn({"pk": {"S": "x"}, "by_id": {"M": {f"id-{number}-{n}": {"S": "y"} for n in range(5)}}})
    inner = shape.fields["by_id"].inner
    assert inner is not None
    assert inner.open
    assert not shape.open
    wires = [encode_item({"by_id": {f"id-{n}-{m}": "y" for m in range(5)}}) for n in range(200)]
    assert Digester(first=40)(wires) == digest_items(wires)


def test_items_with_nothing_in_common_are_read_the_general_way() -> None:
    wires = [encode_item({f"a{number}": number, "pk": "x"}) for number in range(300)]
    assert Digester(first=FEW)(wires) == digest_items(wires)


@pytest.mark.parametrize("known", ['{"N":"1"},{"N":"2.50"}', '{"S":"a"}', ""])
def test_lists_of_one_kind_and_of_others(known: str) -> None:
    native = native_reader(first=FEW)
    lists = [known, "", '{"N":"1"}', '{"S":"x"},{"N":"1"}', '{"L":[]}', '{"NULL":true}', '{"BOOL":true},{"S":"x"}']
    wires = [f'{{"l":{{"L":[{members}]}}}}'.encode() for members in lists]
    for wire in [wires[0]] * FEW + wires:
        assert native(wire) == decode_item(wire)
    native = native_reader(first=FEW)
    for _ in range(FEW):
        native(wires[0])
    for members in ('{"N":"NaN"}', '{"N":1}', '{"S":1}', '{"N":"1","S":"x"}', "{}", "1"):
        with pytest.raises(ItemInvalid):
            native(f'{{"l":{{"L":[{members}]}}}}'.encode())
