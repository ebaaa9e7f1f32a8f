"""Pages: cut into items without being parsed."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid, RunError
from dynasmith.items.item_reader import native_reader
from dynasmith.items.wire import ConsumedCapacity, Units, decode_item, read_scan_page
from wire_items import few, items, respelt


@few
@given(st.lists(items.flatmap(respelt), max_size=5))
def test_items_of_a_page_are_the_bytes_that_came(wires: list[bytes]) -> None:
    body = b'{"Count": %d, "Items" : [%b], "ScannedCount": 9}' % (len(wires), b" , ".join(wires))
    page = read_scan_page(body)
    assert [bytes(item) for item in page.items] == wires
    assert (page.count, page.scanned, page.last_key) == (len(wires), 9, None)
    assert b",".join(page.items) == b",".join(wires)


def test_an_empty_page_need_not_be_the_last() -> None:
    page = read_scan_page(b'{"Items":[],"Count":0,"ScannedCount":7,"LastEvaluatedKey":{"pk":{"S":"a"}}}')
    assert page.items == []
    assert page.last_key is not None
    assert bytes(page.last_key) == b'{"pk":{"S":"a"}}'


def test_the_last_page_has_no_key() -> None:
    assert read_scan_page(b'{"Items":[],"Count":0,"ScannedCount":0}').last_key is None


def test_units_of_a_table_and_its_indexes() -> None:
    consumed = (
        b'{"TableName":"t","CapacityUnits":7.5,"Table":{"CapacityUnits":2.5},'
        b'"GlobalSecondaryIndexes":{"g":{"CapacityUnits":4.0}},"LocalSecondaryIndexes":{"l":{"CapacityUnits":1.0}}}'
    )
    page = read_scan_page(b'{"Items":[],"Count":0,"ScannedCount":0,"ConsumedCapacity":' + consumed + b"}")
    assert page.units == Units(2.5, {"g": 4.0, "l": 1.0})
    assert page.units.total == 7.5
    assert ConsumedCapacity(3.0).units == Units(3.0)
    assert read_scan_page(b'{"Items":[],"Count":0,"ScannedCount":0}').units is None


ONE = b'"Items":[{"pk":{"S":"a"}}],"Count":1,"ScannedCount":1'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"Items":[{"pk":',
        b'{"Items":[{"pk":{"S":"caf\xc3',
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"status":"ok"}',
        b'{"__type":"x#ValidationException","message":"no"}',
        b'{"Items":{},"Count":0,"ScannedCount":0}',
        b'{"Items":null,"Count":0,"ScannedCount":0}',
        b'{"Count":0,"ScannedCount":0}',
        b'{"Items":[],"ScannedCount":0}',
        b'{"Items":[],"Count":0}',
        b'{"Items":[],"Count":"0","ScannedCount":0}',
        b'{"Items":[],"Count":-1,"ScannedCount":0}',
        b'{"Items":[],"Count":1,"ScannedCount":1}',
        b'{"Items":[{"pk":{"S":"a"}}],"Count":1,"ScannedCount":0}',
        b"{" + ONE + b',"LastEvaluatedKey":null}',
        b"{" + ONE + b',"LastEvaluatedKey":{}}',
        b"{" + ONE + b',"LastEvaluatedKey":[]}',
        b"{" + ONE + b',"LastEvaluatedKey":{"pk":"a"}}',
        b"{" + ONE + b',"LastEvaluatedKey":{"pk":{}}}',
        b"{" + ONE + b',"LastEvaluatedKey":{"pk":{"BOOL":true}}}',
        b"{" + ONE + b',"LastEvaluatedKey":{"other":{"S":"a"}}}',
        b"{" + ONE + b',"LastEvaluatedKey":{"pk":{"N":"1"}}}',
        b"{" + ONE + b',"ConsumedCapacity":{}}',
        b"{" + ONE + b',"ConsumedCapacity":{"CapacityUnits":-1.0}}',
        b"{" + ONE + b',"More":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_not_a_page_is_refused(body: bytes) -> None:
    with pytest.raises(RunError, match="not a page of items"):
        read_scan_page(body)


@pytest.mark.parametrize(
    "last_key",
    [b'{"pk":{"S":"a"}}', b' { "pk" : { "S" : "a" } }', b'{"pk":{"N":"1"}}', b'{"pk":{"S":"b"},"x":{"S":"c"}}'],
)
def test_a_page_goes_on_from_where_it_began(last_key: bytes) -> None:
    body = b'{"Items":[],"Count":0,"ScannedCount":3,"LastEvaluatedKey":%b}' % last_key
    with pytest.raises(RunError, match="ExclusiveStartKey"):
        read_scan_page(body, b'{"pk":{"S":"a"}}')


@pytest.mark.parametrize("read", [decode_item, native_reader(first=1)], ids=["general", "native"])
@pytest.mark.parametrize("broken", [b'{"p\xff":{"S":"a"}}', b'{"pk":{"S":"\xff"}}'])
def test_bytes_that_are_not_utf_8_are_no_item(read: Callable[[bytes], Any], broken: bytes) -> None:
    with pytest.raises(ItemInvalid, match=r"is not a value of DynamoDB JSON|not JSON"):
        read(broken)
