"""ds1: equal for equal items in every spelling and order, different for everything else, and exactly as documented."""

import copy
import hashlib
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dynasmith.errors import DataError, ItemInvalid
from dynasmith.items.canonical import canonical
from dynasmith.items.digest import NOTHING, Digest, digest_items, item_hash
from dynasmith.items.number import number_parts
from dynasmith.items.value import same_value
from dynasmith.items.wire import encode_item
from wire_items import few, items, names, numbers, respelt, values

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "digest.md"
GOLDEN = re.findall(r"^\| `(\{.*\})` \| `([0-9a-f]*)` \| `(ds1:[^`]+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("item", "content", "digest"), GOLDEN)
def test_golden_vectors(item: str, content: str, digest: str) -> None:
    assert canonical(item.encode()).hex() == content
    assert str(digest_items([item.encode()])) == digest


def test_the_page_shows_every_type_and_the_sum() -> None:
    assert len(GOLDEN) == 11
    together = digest_items(item.encode() for item, _, _ in GOLDEN)
    assert f"together: `{together}`" in PAGE.read_text("utf-8")
    assert f"at all: `{NOTHING}`" in PAGE.read_text("utf-8")


def plainly(value: Any) -> bytes:
    """The canonical form once more, slowly, from Python values: what the fast one must equal."""

    def framed(tag: bytes, content: bytes) -> bytes:
        return tag + len(content).to_bytes(4, "big") + content

    match value:
        case bool():
            return framed(b"T", bytes([value]))
        case None:
            return framed(b"0", b"\1")
        case str():
            return framed(b"S", value.encode())
        case bytes():
            return framed(b"B", value)
        case Decimal():
            # Exact: a context of the default precision would round 38 digits.
            sign, digits, exponent = value.as_tuple()
            text = "".join(map(str, digits)).lstrip("0")
            assert isinstance(exponent, int)
            exponent += len(text) - len(text.rstrip("0"))
            text = f"{'-' * sign}{text.rstrip('0')}E{exponent}" if text else "0E0"
            return framed(b"N", text.encode())
        case list():
            return framed(b"L", b"".join(map(plainly, value)))
        case set():
            tag = {str: b"s", Decimal: b"n", bytes: b"b"}[type(next(iter(value)))]
            return framed(tag, b"".join(sorted(map(plainly, value))))
        case dict():
            return framed(b"M", plain_item(value))
    raise AssertionError(value)


def plain_item(item: dict[str, Any]) -> bytes:
    ordered = sorted(item.items(), key=lambda pair: pair[0].encode())
    return b"".join(len(name.encode()).to_bytes(4, "big") + name.encode() + plainly(value) for name, value in ordered)


@few
@given(items, st.data())
def test_every_spelling_gives_the_canonical_bytes(item: dict[str, Any], data: st.DataObject) -> None:
    wire = data.draw(respelt(item))
    assert canonical(wire) == plain_item(item)
    assert item_hash(wire) == int.from_bytes(hashlib.blake2b(plain_item(item), digest_size=16).digest(), "big")


@few
@given(items, st.data())
def test_any_change_changes_it(item: dict[str, Any], data: st.DataObject) -> None:
    other = copy.deepcopy(item)
    name = data.draw(st.sampled_from([*item, "never"]) | names)
    if name in other and data.draw(st.booleans()):
        del other[name]
    else:
        value = data.draw(values)
        assume(name not in item or not same_value(item[name], value))
        other[name] = value
    assert digest_items([encode_item(item)]) != digest_items([encode_item(other)])


@few
@given(st.lists(items, max_size=6), st.data())
def test_order_and_parts_do_not_matter(many: list[dict[str, Any]], data: st.DataObject) -> None:
    wires = [encode_item(item) for item in many]
    whole = digest_items(wires)
    cut = data.draw(st.integers(0, len(wires)))
    mixed = data.draw(st.permutations(wires))
    assert digest_items(mixed[:cut]) + digest_items(mixed[cut:]) == whole
    assert whole + NOTHING == whole
    assert whole.count == len(wires)


def test_many_attributes_are_ordered_too() -> None:
    item: dict[str, Any] = {f"n{number}": str(number) for number in range(200)}
    backwards = dict(reversed(item.items()))
    assert canonical(encode_item(item)) == canonical(encode_item(backwards)) == plain_item(item)


def test_an_item_twice_is_not_an_item_gone() -> None:
    one, two = b'{"pk":{"S":"a"}}', b'{"pk":{"S":"b"}}'
    assert len({digest_items(some) for some in ([one], [one, one], [one, one, one], [two], [one, two], [])}) == 6
    assert digest_items([one, two, two]).total != digest_items([one]).total


def test_neighbours_do_not_run_into_each_other() -> None:
    pairs: list[dict[str, Any]] = [
        {"a": "b", "c": "d"},
        {"a": "bc", "d": ""},
        {"ab": "", "c": "d"},
        {"a": ["b"], "c": "d"},
        {"a": {"b": "c"}},
    ]
    assert len({item_hash(encode_item(pair)) for pair in pairs}) == len(pairs)


@few
@given(st.builds(Digest, st.integers(0, 10**15), st.integers(0, 2**128 - 1)))
def test_a_digest_comes_back_from_text(digest: Digest) -> None:
    assert Digest.parse(str(digest)) == digest


@pytest.mark.parametrize("text", ["", "ds2:1:" + "0" * 32, "ds1:01:" + "0" * 32, "ds1:1:0", "ds1:-1:" + "0" * 32])
def test_another_digest_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="not a digest of this version"):
        Digest.parse(text)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"[]",
        b'{"a":1}',
        b'{"a":{"S":1}}',
        b'{"a":{"N":"x"}}',
        b'{"a":{"N":""}}',
        b'{"a":{"B":"%"}}',
        b'{"a":{"BOOL":1}}',
        b'{"a":{"NULL":false}}',
        b'{"a":{"SS":"ab"}}',
        b'{"a":{"Q":"ab"}}',
        b'{"a":{"S":"a","N":"1"}}',
    ],
)
def test_what_is_no_item_has_no_digest(wire: bytes) -> None:
    with pytest.raises(ItemInvalid):
        digest_items([wire])


@pytest.mark.parametrize("wire", [b'{"a":{"S":"\xff"}}', b'{"\xff":{"S":"a"}}', b'{"a":{"L":[{"S":"\xc3("}]}}'])
def test_what_is_not_utf8_is_no_item(wire: bytes) -> None:
    with pytest.raises(ItemInvalid):
        item_hash(wire)


@given(st.text("0012.-+eE59٣", max_size=12) | st.text("0123456789", min_size=50, max_size=90) | numbers.map(str))
def test_a_number_is_read_as_the_rules_of_numbers_read_it(text: str) -> None:
    """However it is spelt, and whether it is one at all: the quick ways agree with ``number_parts``."""
    wire = json.dumps({"n": {"N": text}}).encode()
    parts = number_parts(text)
    if parts is None:
        with pytest.raises(ItemInvalid):
            canonical(wire)
        return
    negative, digits, exponent = parts
    written = f"{'-' * negative}{digits}E{exponent}".encode()
    assert canonical(wire) == b"\0\0\0\1n" + b"N" + len(written).to_bytes(4, "big") + written
