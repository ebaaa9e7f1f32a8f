"""What `save` sends: the difference between an instance and what it was read from, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dynasmith.models.action import Assignment
from dynasmith.models.changes import changes_of
from dynasmith.models.metaclass import codec_of
from dynasmith.models.operand import StoredValue
from dynasmith.models.tree_equality import same_item
from models.shop import Address, Customer, Status
from wire_items import few

CODEC = codec_of(Customer)
UNKNOWN: dict[str, Any] = {"legacy": {"S": "x"}}

texts = st.text("ab", max_size=2)
addresses = st.builds(Address, street=texts, city=st.none() | texts)
parts = st.fixed_dictionaries(
    {
        "email": st.text("ab", min_size=3, max_size=4),
        "age": st.none() | st.integers(0, 2),
        "score": st.sampled_from([0.5, 1.0, 1e22]),
        "status": st.sampled_from(Status),
        "tags": st.sets(texts, max_size=2),
        "sizes": st.sets(st.integers(0, 2), max_size=2),
        "notes": st.lists(texts, max_size=2),
        "address": st.none() | addresses,
        "places": st.lists(addresses, max_size=2),
        "labels": st.dictionaries(texts, st.integers(0, 2), max_size=2),
        "extra": st.none() | st.dictionaries(texts, texts, max_size=1),
    }
)


def customer(values: dict[str, Any]) -> Customer:
    return Customer(id="1", at=7, **values)


def applied(actions: list[Assignment], tree: dict[str, Any]) -> dict[str, Any]:
    """What DynamoDB makes of an item: paths into maps must be there."""
    made = copy.deepcopy(tree)
    for action in actions:
        place: dict[Any, Any] = made
        for part in action.path.parts[:-1]:
            place = place[part]["M"]
        name = action.path.parts[-1]
        if action.kind == "remove":
            place.pop(name)
        else:
            assert isinstance(action.operands[0], StoredValue)
            place[name] = action.operands[0].tree
    return made


@few
@given(parts, parts)
def test_the_actions_make_the_one_item_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    tree = {**CODEC.write(customer(before)), **UNKNOWN}
    if "address" in tree:
        tree["address"]["M"]["zip"] = {"S": "3000"}
    item = CODEC.read(copy.deepcopy(tree))
    kept = copy.deepcopy(item.address)
    for name, value in after.items():
        setattr(item, name, value)
    if kept is not None and after["address"] is not None:  # the same map, changed
        kept.street, kept.city = after["address"].street, after["address"].city
        item.address = kept
    assert same_item(applied(changes_of(CODEC, item, tree), tree), CODEC.write(item))


@few
@given(parts)
def test_nothing_changed_is_no_action(before: dict[str, Any]) -> None:
    tree = CODEC.write(customer(before))
    assert changes_of(CODEC, CODEC.read(copy.deepcopy(tree)), tree) == []


def test_another_spelling_is_no_change_and_unknown_members_are_not_named() -> None:
    tree: dict[str, Any] = {
        **CODEC.write(customer({"email": "aaa", "score": 2.0, "tags": {"a", "b"}, "address": Address(street="s")})),
        "score": {"N": "2"},
        "tags": {"SS": ["b", "a"]},
        "created": {"S": "2026-03-01T00:00:00+00:00"},
    }
    tree["address"]["M"]["zip"] = {"S": "3000"}
    item = CODEC.read(tree)
    assert changes_of(CODEC, item, tree) == []
    item.address.street = "t"
    (action,) = changes_of(CODEC, item, tree)
    assert (action.path.attribute, action.kind) == ("address.street", "set")
    item.address = Address(street="s")  # another object of the same value: the map's other members stay
    assert changes_of(CODEC, item, tree) == []
