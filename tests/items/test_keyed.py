"""The key and the hash of an item from one decode: what they are one by one, whatever comes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid
from dynasmith.items.digest import item_hash
from dynasmith.items.key import KeySchema, key_bytes, key_of
from dynasmith.items.key_and_hash import keyed_reader
from dynasmith.items.shape_inference import FIRST
from wire_items import few, items, numbers, respelt, texts

FEW = 2
KEYS = st.fixed_dictionaries(
    {
        "s": texts.filter(bool),
        "n": numbers,
        "b": st.binary(min_size=1, max_size=9),
        "long": st.sampled_from(["é" * 1024, "é" * 1025, "x"]),
    }
)
SCHEMAS = [
    KeySchema.of("s", "n", types={"n": "N"}),
    KeySchema.of("n", "b", types={"n": "N", "b": "B"}),
    KeySchema.of("b", types={"b": "B"}),
    KeySchema.of("long", "s"),
]
BROKEN = (
    b"", b"[]", b"{}", b'{"s":{"S":"x"}}', b'{"s":{"N":"1"},"n":{"N":"1"}}', b'{"s":{"S":"x"},"n":{"N":"NaN"}}',
    b'{"s":{"S":"x"},"n":{"N":" 1"}}', b'{"s":{"S":"x","N":"1"},"n":{"N":"1"}}', b'{"s":{"S":"x"},"n":{"N":"1"},"x":1}',
)  # fmt: skip


def one_by_one(wire: bytes, key: KeySchema) -> tuple[bytes, bytes] | str:
    try:
        made = item_hash(wire).to_bytes(16, "big")
        return key_bytes(key_of(wire, key)), made
    except ItemInvalid:
        return "refused"


def at_once(read: Callable[[bytes], tuple[bytes, bytes]], wire: bytes) -> tuple[bytes, bytes] | str:
    try:
        return read(wire)
    except ItemInvalid:
        return "refused"


@few
@given(st.data(), st.lists(st.tuples(items, KEYS), min_size=1, max_size=5), st.sampled_from(SCHEMAS))
def test_both_are_what_they_are_one_by_one(
    data: st.DataObject, some: list[tuple[dict[str, Any], dict[str, Any]]], key: KeySchema
) -> None:
    read = keyed_reader(key, first=FEW)
    for _ in range(3):  # the second time round a reader was built, the third another one
        for item, keys in some:
            wire = data.draw(respelt(item | keys))
            assert at_once(read, wire) == one_by_one(wire, key)
            broken = data.draw(st.sampled_from(BROKEN))
            assert at_once(read, broken) == one_by_one(broken, key)


def test_one_number_is_one_key_however_it_is_spelt() -> None:
    read = keyed_reader(KeySchema.of("n", types={"n": "N"}), first=FEW)
    for text in ("1", "1.0", "10E-1", "0.1e1", "1"):
        assert read(b'{"n":{"N":"%b"}}' % text.encode())[0] == key_bytes((Decimal(1),))


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_malformed_is_refused_with_the_same_sentence(broken: bytes) -> None:
    key = SCHEMAS[0]
    read = keyed_reader(key)
    sentences = set()
    for _ in range(2):
        with pytest.raises(ItemInvalid) as caught:
            read(broken)
        sentences.add(caught.value.message)
        for number in range(FIRST):
            read(b'{"s":{"S":"x%d"},"n":{"N":"1"}}' % number)
    assert len(sentences) == 1
