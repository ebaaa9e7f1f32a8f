"""Sizes by the service's rule, units, and the limits of an item."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith import limits
from dynasmith.errors import ItemInvalid
from dynasmith.items.size import check_item, item_bytes, number_bytes, read_units, write_units
from dynasmith.items.wire import encode_item
from wire_items import few, items, respelt


@few
@given(items, st.data())
def test_the_size_is_one_in_every_spelling_and_never_more_than_the_wire(
    item: dict[str, Any], data: st.DataObject
) -> None:
    size = item_bytes(encode_item(item))
    assert item_bytes(data.draw(respelt(item))) == size
    assert size <= len(encode_item(item))
    assert check_item(encode_item(item)) == size


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({}, 0),
        ({"pk": "abc"}, 5),
        ({"é": "é"}, 4),
        ({"b": b"\0" * 10}, 11),
        ({"t": True, "n": None}, 4),
        ({"l": []}, 4),
        ({"m": {}}, 4),
        ({"l": ["ab", True]}, 1 + 3 + (1 + 2) + (1 + 1)),
        ({"m": {"key": "ab"}}, 1 + 3 + 1 + 3 + 2),
        ({"s": {"a", "bcd"}}, 5),
        ({"n": 42}, 3),
    ],
)
def test_sizes_of_the_guide(item: dict[str, Any], size: int) -> None:
    assert item_bytes(encode_item(item)) == size


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ("0", 1),
        ("-0.00", 1),
        ("5", 2),
        ("42", 2),
        ("420", 3),
        ("100", 2),
        ("1e2", 2),
        ("-42", 3),
        ("1.5", 3),
        ("0.01", 2),
        ("0.001", 2),
        ("12345678901234567890123456789012345678", 20),
        ("-1234567890123456789012345678901234567.8", 21),
    ],
)
def test_sizes_of_numbers(number: str, size: int) -> None:
    assert number_bytes(number) == size


def test_units_begin_at_one_and_count_what_is_begun() -> None:
    assert [write_units(size) for size in (0, 1, 1024, 1025, 409_600)] == [1, 1, 1, 2, 400]
    assert write_units(1025, transactional=True) == 4
    assert [read_units(size) for size in (0, 4096, 4097, 1024 * 1024)] == [0.5, 0.5, 1.0, 128.0]
    assert read_units(4097, consistent=True) == 2.0


def test_400_kb_fit_and_one_byte_more_does_not() -> None:
    fits = {"pk": "a", "v": "x" * (limits.ITEM_MAX_BYTES - 4)}
    assert check_item(encode_item(fits)) == limits.ITEM_MAX_BYTES
    with pytest.raises(ItemInvalid, match="409,601 bytes"):
        check_item(encode_item(fits | {"v": fits["v"] + "x"}))


def nested(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels - 1):
        value = [value] if level % 2 else {"a": value}
    return value


def test_32_levels_fit_and_33_do_not() -> None:
    check_item(encode_item({"deep": nested(32)}))
    with pytest.raises(ItemInvalid, match="Attribute deep is nested deeper than 32"):
        check_item(encode_item({"deep": nested(33)}))


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        (b'{"":{"S":"a"}}', "empty name"),
        (b'{"m":{"M":{"n":{"N":"123456789012345678901234567890123456789"}}}}', "m.n holds the number .*39 significant"),
        (b'{"l":{"L":[{"N":"x"}]}}', r"l\[0\] holds the number x: it is not written"),
        (b'{"n":{"N":"1E126"}}', "magnitude"),
        (b'{"s":{"SS":[]}}', "empty set"),
        (b'{"s":{"SS":["a","a"]}}', "twice"),
        (b'{"s":{"NS":["1","1.0"]}}', "twice"),
        (b'{"s":{"NS":["1","x"]}}', "holds the number x"),
        (b'{"s":{"NULL":false}}', "not true"),
        (b'{"s":{"BOOL":"true"}}', "neither true nor false"),
        (b'{"s":{"B":"%"}}', "not a value"),
        (b'{"s":1}', "not a value"),
        (b"{", "not a value"),
    ],
)
def test_what_the_service_would_refuse_is_refused(wire: bytes, says: str) -> None:
    with pytest.raises(ItemInvalid, match=says):
        check_item(wire)
