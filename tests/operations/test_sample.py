"""sample: the same customers in every table, as many as the share says, whatever is masked."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dynasmith.errors import DefinitionError
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.operations import Hash, Operation, Operations, Sample, parse_operations
from dynasmith.operations.pseudonym import Pseudonyms
from dynasmith.operations.sample import share_of

CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="copy-1", key=KeySchema.of("pk"))


def kept(items: list[dict[str, Any]], *operations: Operation, key: bytes = b"1" * 32) -> list[int]:
    """The numbers of the items that are kept."""
    keyed = Operations(operations).with_pseudonyms(Pseudonyms(key))
    return [number for number, item in enumerate(items) if keyed(dict(item), CTX) is not None]


def test_one_customer_is_in_every_table_or_in_none() -> None:
    customers = range(3_000)
    by_number = kept([{"pk": "x", "customer": Decimal(each)} for each in customers], Sample("5%", "customer"))
    assert 100 <= len(by_number) <= 200  # 150, give or take four times what chance moves it
    texts = [{"pk": "x", "customer": str(each)} for each in customers]
    by_text = kept(texts, Hash("customer"), Sample("5%", "customer"))
    orders = [{"pk": f"ORDER#2026#{each}"} for each in customers]
    by_part = kept(orders, Sample("5%", "pk", ["USER#{id}", "ORDER#{year}#{id}"], "id"), Hash("pk"))
    nested = kept([{"lines": [{"of": str(each)}, {"of": str(each)}]} for each in customers], Sample("0.05", "lines.of"))
    assert by_number == by_text == by_part == nested
    assert kept(orders, Sample("5%", "pk", "ORDER#2026#{id}"), key=b"2" * 32) != by_part
    more = kept([{"customer": str(each)} for each in customers], Sample("10%", "customer"))
    assert set(by_number) < set(more)
    assert kept([{"customer": "1"}] * 3, Sample("100%", "customer")) == [0, 1, 2]


@pytest.mark.parametrize("item", [{}, {"a": None}, {"a": {"b": 1}}, {"a": ["1", "2"]}, {"a": ""}])
def test_an_item_without_the_value_goes_or_stays_as_asked(item: dict[str, Any]) -> None:
    assert kept([item], Sample("100%", "a")) == []
    assert kept([item], Sample("1%", "a", missing="keep")) == [0]


@pytest.mark.parametrize(
    ("text", "share"),
    [("1%", "0.01"), ("0.5 %", "0.005"), ("100%", "1"), ("0.25", "0.25"), (".5", "0.5"), ("1", "1")]
    + [(text, None) for text in ("0%", "101%", "0", "-1%", "1 percent", "", "nan", "2", "1e-3", "٣%")],
)
def test_a_share_is_above_nothing_and_at_most_everything(text: str, share: str | None) -> None:
    assert share_of(text) == (None if share is None else Decimal(share))


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"sample": "1%"}, "by is missing"),
        ({"sample": "all", "by": "a"}, "'all' is not a share"),
        ({"sample": "1%", "by": "a", "part": "id"}, "part: it says nothing without parts"),
        ({"sample": "1%", "by": "a", "parts": "x{a}#{b}"}, "has several parts; say which one counts"),
        ({"sample": "1%", "by": "a", "parts": "x{a}", "part": "b"}, r"has no \{b\}"),
        ({"sample": "1%", "by": "a", "missing": "stop"}, "'stop' is none of drop, keep"),
    ],
)
def test_a_mistake_is_named(entry: dict[str, Any], fault: str) -> None:
    with pytest.raises(DefinitionError, match=fault):
        parse_operations({"version": 1, "operations": [entry]})
