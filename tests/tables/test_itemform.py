"""Definitions and the item flow agree on what DynamoDB JSON is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.items.plain import looks_like_wire
from dynasmith.tables.item_form import DESCRIPTORS, is_dynamodb_json, key_type_of

scalars = st.sampled_from(["", "x", "5", "-1e3", "NaN", "1_0", "a2V5", "a2V", "é", None, True, False, 5, 1.5])
names = st.sampled_from([*sorted(DESCRIPTORS), "x"])
contents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from("ab"), contents, max_size=2))
def test_both_take_the_same_items_for_dynamodb_json(item: dict[str, Any]) -> None:
    assert is_dynamodb_json(item) == looks_like_wire(item)


@pytest.mark.parametrize(
    "value",
    [
        {"S": ""},
        {"N": "1.5"},
        {"B": "a2V5"},
        {"BOOL": False},
        {"NULL": True},
        {"L": [{"S": "x"}]},
        {"M": {"y": {"NS": ["1"]}}},
        {"SS": ["x"]},
        {"BS": ["a2V5"]},
    ],
)
def test_every_kind_of_value_is_known(value: Any) -> None:
    assert is_dynamodb_json({"a": value})
    assert looks_like_wire({"a": value})


@pytest.mark.parametrize(
    ("value", "kind"),
    [("x", "S"), (1, "N"), (1.5, "N"), (True, "a boolean"), (None, "null"), ({}, "a map"), ([], "a list")],
)
def test_the_key_type_of_a_plain_value(value: Any, kind: str) -> None:
    assert key_type_of(value, dynamodb_json=False) == kind
