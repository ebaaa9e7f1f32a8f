"""Operations: what each does, that a second run does nothing, that its inverse takes it back, and what is refused."""

import copy
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import DefinitionError
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import ItemRefused, Transform, check_converges
from dynasmith.items.value import same_value
from dynasmith.items.wire import RawItem, decode_item, encode_item
from dynasmith.operations import VOCABULARY, Operations, parse_operations
from wire_items import few, items, scalars, texts, values

CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="backfill-1", key=KeySchema.of("pk"))


def operations(*entries: dict[str, Any], where: str | None = None) -> Operations:
    return parse_operations({"version": 1, "operations": list(entries)} | ({"where": where} if where else {}))


def after(item: dict[str, Any], *entries: dict[str, Any]) -> dict[str, Any]:
    """The item after a backfill with these operations."""
    raw = RawItem(encode_item({"pk": "1", **item}))
    rewrite = Transform(operations(*entries), CTX).rewrite(raw)
    made = decode_item(raw if rewrite is None else rewrite.after)
    del made["pk"]
    return made


#: entry, an item in the old shape, the item in the new shape, whether the inverse gives back the old one.
CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], bool]] = [
    ({"add": "c", "value": "CH"}, {}, {"c": "CH"}, True),
    ({"add": "c", "value": 1.5}, {}, {"c": Decimal("1.5")}, True),
    ({"add": "c", "value": {"l": [1, None, True]}}, {}, {"c": {"l": [1, None, True]}}, True),
    ({"add": "c", "value": ["a", "b"], "type": "SS"}, {}, {"c": {"a", "b"}}, True),
    ({"add": "c", "value": [1, 2.5], "type": "NS"}, {}, {"c": {Decimal(1), Decimal("2.5")}}, True),
    ({"add": "c", "value": "AAE=", "type": "B"}, {}, {"c": b"\0\1"}, True),
    ({"add": "c", "value": "12", "type": "N"}, {}, {"c": Decimal(12)}, True),
    ({"add": "c", "value": [1], "type": "L"}, {}, {"c": [1]}, True),
    ({"set": "c", "value": "CH"}, {"c": "DE"}, {"c": "CH"}, False),
    ({"set": "c", "value": ["a"], "type": "SS"}, {}, {"c": {"a"}}, False),
    ({"rename": "n", "to": "m"}, {"n": [1]}, {"m": [1]}, True),
    ({"rename": "n", "to": "m", "keep_old": True}, {"n": "x"}, {"n": "x", "m": "x"}, True),
    ({"rename": "n", "to": "m"}, {"n": 1, "m": Decimal("1.0")}, {"m": 1}, False),
    ({"remove": "n"}, {"n": 1, "m": 2}, {"m": 2}, False),
    ({"cast": "n", "to": "N"}, {"n": " 1.50 "}, {"n": Decimal("1.5")}, False),
    ({"cast": "n", "to": "N"}, {"n": True}, {"n": 1}, False),
    ({"cast": "n", "to": "S"}, {"n": Decimal("1.50E+3")}, {"n": "1500"}, False),
    ({"cast": "n", "to": "S"}, {"n": False}, {"n": "false"}, False),
    ({"cast": "n", "to": "BOOL"}, {"n": "TRUE"}, {"n": True}, False),
    ({"cast": "n", "to": "BOOL"}, {"n": 0}, {"n": False}, False),
    ({"cast": "n", "to": "N", "on_error": "keep"}, {"n": "x"}, {"n": "x"}, False),
    ({"split": "n", "into": ["a", "b"], "on": " "}, {"n": "x y z"}, {"n": "x y z", "a": "x", "b": "y z"}, True),
    ({"split": "n", "into": ["a", "b"], "on": " "}, {"n": "x"}, {"n": "x", "a": "x"}, True),
    ({"join": ["a", "b"], "into": "n", "with": " "}, {"a": "x", "b": 1}, {"a": "x", "b": 1, "n": "x 1"}, True),
    ({"join": ["a", "b"], "into": "n", "with": ""}, {"b": "y"}, {"b": "y", "n": "y"}, True),
    (
        {"date": "d", "from": "iso8601", "to": "epoch_seconds"},
        {"d": "2026-11-20T12:00:00Z"},
        {"d": Decimal(1795176000)},
        True,
    ),
    (
        {"date": "d", "from": "iso8601", "to": "epoch_milliseconds"},
        {"d": "2026-11-20T13:00:00.5+01:00"},
        {"d": Decimal(1795176000500)},
        False,
    ),
    ({"date": "d", "from": "epoch_seconds", "to": "date"}, {"d": 1795176000}, {"d": "2026-11-20"}, False),
    (
        {"date": "d", "from": "epoch_milliseconds", "to": "epoch_seconds"},
        {"d": 1795176000999},
        {"d": 1795176000},
        False,
    ),
    (
        {"date": "d", "from": "epoch_seconds", "to": "epoch_milliseconds"},
        {"d": 1795176000},
        {"d": 1795176000000},
        True,
    ),
    ({"date": "d", "from": "iso8601", "to": "date"}, {"d": "2026-11-20T23:59:59Z"}, {"d": "2026-11-20"}, False),
    ({"date": "d", "from": "date", "to": "iso8601"}, {"d": "2026-11-20"}, {"d": "2026-11-20T00:00:00Z"}, True),
    ({"set_to_list": "s"}, {"s": {"b", "a"}}, {"s": ["a", "b"]}, True),
    ({"set_to_list": "s"}, {"s": {Decimal(10), Decimal(9)}}, {"s": [9, 10]}, True),
    ({"list_to_set": "s"}, {"s": [b"x", b"y"]}, {"s": {b"x", b"y"}}, True),
    ({"template": "k", "value": "u#{a}#{{{b}}}"}, {"a": "x", "b": 2}, {"a": "x", "b": 2, "k": "u#x#{2}"}, True),
    ({"template": "k", "value": "u#{a}"}, {"a": "x", "k": "old"}, {"a": "x", "k": "u#x"}, False),
    ({"map": "s", "values": {"A": "active", "I": "inactive"}}, {"s": "A"}, {"s": "active"}, True),
    ({"map": "s", "values": {"1": "one", "x": None}}, {"s": 1}, {"s": "one"}, False),
    ({"map": "s", "values": {1: True, 0: False}}, {"s": 0}, {"s": False}, True),
    ({"map": "s", "values": [[1, "one"], [True, "yes"]]}, {"s": True}, {"s": "yes"}, True),
]
IDS = [f"{next(iter(entry))}-{number}" for number, (entry, *_) in enumerate(CASES)]


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return same_value(one, other)


@pytest.mark.parametrize(("entry", "old", "new", "back"), CASES, ids=IDS)
def test_each_operation_and_its_second_run_and_its_inverse(
    entry: dict[str, Any], old: dict[str, Any], new: dict[str, Any], back: bool
) -> None:
    made = after(old, entry)
    assert same(made, new)
    assert same(after(new, entry), new)
    (operation,) = operations(entry).operations
    inverse = operation.inverse()
    if back:
        assert inverse is not None
        item = copy.deepcopy(new)
        for step in inverse:
            step.apply(item)
        assert same(item, old)


def test_every_operation_has_a_case() -> None:
    # tests/operations/test_cipher_operations.py and test_masking.py have theirs
    with_keys = {"encrypt", "decrypt", "mask", "hash", "shift_dates", "redact", "keep", "sample"}
    assert {next(iter(entry)) for entry, *_ in CASES} | with_keys == set(VOCABULARY)


ABSENT: list[dict[str, Any]] = [
    {"rename": "n", "to": "m"},
    {"remove": "n"},
    {"cast": "n", "to": "N"},
    {"set_to_list": "n"},
    {"list_to_set": "n"},
]
ABSENT += [{"split": "n", "into": ["a", "b"], "on": " "}, {"join": ["n", "m"], "into": "a", "with": ""}]
ABSENT += [{"date": "n", "from": "date", "to": "iso8601"}, {"template": "a", "value": "{n}"}]
ABSENT += [{"map": "n", "values": {"a": "b"}, "otherwise": "stop"}]


@pytest.mark.parametrize("entry", ABSENT, ids=lambda entry: next(iter(entry)))
def test_an_item_without_the_attribute_is_left_alone(entry: dict[str, Any]) -> None:
    raw = RawItem(encode_item({"pk": "1", "z": "x"}))
    assert Transform(operations(entry), CTX).rewrite(raw) is None


VARIED = [
    entry | {"on_error": "keep"}
    for entry, *_ in CASES
    if next(iter(entry)) not in ("add", "set", "rename", "remove", "map")
]
VARIED += [entry for entry, *_ in CASES if next(iter(entry)) in ("add", "set", "remove", "map")]


@few
@given(st.sampled_from(VARIED), st.dictionaries(st.sampled_from("nmabcdks"), scalars | values, max_size=6))
def test_any_operation_comes_to_rest_on_any_item(entry: dict[str, Any], item: dict[str, Any]) -> None:
    raw = RawItem(encode_item({"pk": "1", **item}))
    assert check_converges(Transform(operations(entry), CTX), [raw]) == []


@few
@given(items, texts)
def test_add_and_remove_leave_everything_else(item: dict[str, Any], text: str) -> None:
    item.pop("new", None)
    made = after(item, {"add": "new", "value": text})
    assert same(
        {name: value for name, value in made.items() if name != "pk"},
        {name: value for name, value in (item | {"new": text}).items() if name != "pk"},
    )


REFUSED = [
    ({"cast": "n", "to": "N"}, {"n": "x"}, None, "n is of type S and does not say"),
    ({"cast": "n", "to": "N", "on_error": "dead"}, {"n": [1]}, "dead", "n is of type L"),
    ({"cast": "n", "to": "BOOL"}, {"n": 2}, None, "does not say a value of type BOOL"),
    ({"rename": "n", "to": "m"}, {"n": 1, "m": True}, "dead", "n and m are both there and differ"),
    ({"split": "n", "into": ["a", "b"], "on": " "}, {"n": 1}, None, "not a string"),
    ({"join": ["n", "m"], "into": "a", "with": "", "on_error": "dead"}, {"n": [1]}, "dead", "neither a string"),
    (
        {"date": "n", "from": "iso8601", "to": "epoch_seconds"},
        {"n": "soon"},
        None,
        "not a time in the notation iso8601",
    ),
    ({"date": "n", "from": "epoch_seconds", "to": "iso8601"}, {"n": Decimal("1E30")}, None, "not a time"),
    ({"date": "n", "from": "epoch_seconds", "to": "epoch_milliseconds"}, {"n": 1}, None, "too near to 1970"),
    ({"set_to_list": "n"}, {"n": "x"}, None, "neither a set nor a list"),
    ({"list_to_set": "n"}, {"n": []}, None, "is empty"),
    ({"list_to_set": "n"}, {"n": [1, "a"]}, None, "is not a list of strings"),
    ({"template": "a", "value": "{n}", "on_error": "dead"}, {"n": True}, "dead", "has no place in a"),
    ({"map": "n", "values": {"a": "b"}, "otherwise": "dead"}, {"n": "z"}, "dead", "the table does not have"),
]


@pytest.mark.parametrize(("entry", "item", "policy", "says"), REFUSED)
def test_an_item_is_refused_as_the_operation_says(
    entry: dict[str, Any], item: dict[str, Any], policy: str | None, says: str
) -> None:
    raw = RawItem(encode_item({"pk": "key-7", **item}))
    with pytest.raises(ItemRefused, match=says) as caught:
        Transform(operations(entry), CTX).rewrite(raw)
    assert caught.value.policy == policy
    assert str(caught.value).startswith("Item pk=key-7: operations[0] (")
    assert caught.value.key == "pk=key-7"


def test_operations_follow_each_other_on_the_items_of_where() -> None:
    found = operations(
        {"rename": "name", "to": "full_name"},
        {"split": "full_name", "into": ["first", "last"], "on": " "},
        where="attribute_exists(name)",
    )
    # As it goes to a process of its own.
    transform: Transform = pickle.loads(pickle.dumps(Transform(found, CTX, KeySchema.of("pk"))))
    rewrite = transform.rewrite(RawItem(encode_item({"pk": "1", "name": "Ada Lovelace"})))
    assert rewrite is not None
    assert decode_item(rewrite.after) == {"pk": "1", "full_name": "Ada Lovelace", "first": "Ada", "last": "Lovelace"}
    assert rewrite.removed == ("name",)
    assert set(rewrite.assigned) == {"full_name", "first", "last"}
    assert transform.rewrite(RawItem(encode_item({"pk": "2", "full_name": "Alan Turing"}))) is None
    assert transform.copy(RawItem(b'{"pk":{"S":"2"}}')) == [RawItem(b'{"pk":{"S":"2"}}')]
    assert found.describe() == ("rename name to full_name", "split full_name into first, last")


def test_the_inverse_of_many_is_the_inverse_of_each_backwards() -> None:
    found = operations({"rename": "a", "to": "b"}, {"add": "c", "value": 1}, {"set_to_list": "b"})
    inverse = found.inverse()
    assert inverse is not None
    item: dict[str, Any] = {"pk": "1", "a": {"x"}}
    made = found(copy.deepcopy(item), CTX)
    assert made is not None
    assert inverse(made, CTX) == item
    assert operations({"remove": "a"}, {"add": "c", "value": 1}).inverse() is None
    assert operations({"map": "a", "values": {"x": "z", "y": "z"}}).inverse() is None


BROKEN: list[tuple[Any, list[str]]] = [
    ([], ["An operations file is a map"]),
    ({}, ["version: version is missing", "operations: a list of operations was expected"]),
    (
        {"version": 2, "operations": [{"remove": "a"}]},
        ["version: version 2 is not known; this dynasmith reads version 1"],
    ),
    (
        {"version": 1, "operation": [], "operations": "x"},
        ["operation: this key is not known here; did you mean operations?"],
    ),
    ({"version": 1, "where": "a >", "operations": [{"remove": "a"}]}, ["where: The condition cannot be read"]),
    ({"version": 1, "where": 1, "operations": [{"remove": "a"}]}, ["where: a condition in quotes"]),
]
BROKEN_ENTRIES: list[tuple[Any, str]] = [
    ("remove", "operations[0]: an operation was expected"),
    ({}, "operations[0]: no operation is named (it is empty)"),
    ({"renam": "a", "to": "b"}, "operations[0]: no operation is named (renam, to); did you mean rename?"),
    ({"frob": 1}, "there are add, rename"),
    ({"add": "a", "remove": "b", "value": 1}, "add and remove are two operations"),
    ({"add": "a"}, "operations[0]: value is missing"),
    ({"add": "", "value": 1}, "operations[0].add: the name of an attribute was expected"),
    (
        {"add": "a", "value": datetime(2026, 1, 1, tzinfo=UTC)},
        "operations[0].value: A value of type datetime has no form",
    ),
    ({"add": "a", "value": "x", "type": "N"}, "operations[0].value"),
    ({"add": "a", "value": [], "type": "SS"}, "A set is empty"),
    ({"add": "a", "value": "x", "type": "Q"}, "'Q' is none of S, N, B"),
    ({"rename": "a", "to": "a"}, "operations[0].to: it has this name already"),
    ({"rename": "a", "to": "b", "keep_old": "yes"}, "keep_old: true or false was expected"),
    (
        {"rename": "a", "to": "b", "keepold": True},
        "operations[0].keepold: this key is not known here; did you mean keep_old?",
    ),
    ({"cast": "a", "to": "NUMBER"}, "operations[0].to: 'NUMBER' is none of S, N, BOOL"),
    ({"cast": "a", "to": "N", "on_error": "keeep"}, "did you mean keep?"),
    ({"split": "a", "into": ["b"], "on": ","}, "at least 2 attributes"),
    ({"split": "a", "into": ["b", "b"], "on": ","}, "named twice"),
    ({"split": "a", "into": "b", "on": ","}, "a list of attribute names"),
    ({"split": "a", "into": ["a", "b"], "on": ","}, "cannot be a part of itself"),
    ({"split": "a", "into": ["b", "c"], "on": ""}, "a string that is not empty"),
    ({"join": ["a", "b"], "into": "a", "with": ""}, "cannot be joined into itself"),
    ({"date": "a", "from": "date", "to": "date"}, "it is the same as from"),
    ({"date": "a", "from": "iso", "to": "date"}, "did you mean iso8601?"),
    ({"template": "a", "value": "x{a}"}, "would grow with every run"),
    ({"template": "a", "value": "x{b"}, "braces do not match"),
    ({"template": "a", "value": "x{}"}, "braces do not match"),
    ({"map": "a", "values": {}}, "a table of old and new values"),
    ({"map": "a", "values": {"x": "y", "y": "z"}}, "'y' is a new value and an old one"),
    ({"map": "a", "values": {"x": "y"}, "otherwise": "drop"}, "'drop' is none of stop, dead, keep"),
]


@pytest.mark.parametrize(("document", "says"), BROKEN)
def test_a_broken_file_is_refused(document: Any, says: list[str]) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_operations(document)
    said = [finding.sentence for finding in caught.value.findings]
    for one in says:
        assert any(one in sentence for sentence in said), said


@pytest.mark.parametrize(("entry", "says"), BROKEN_ENTRIES)
def test_a_broken_entry_is_refused(entry: Any, says: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_operations({"version": 1, "operations": [entry]})
    assert says in caught.value.findings[0].sentence


def test_every_mistake_is_said_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_operations({"version": 3, "operations": [entry for entry, _ in BROKEN_ENTRIES]})
    assert len(caught.value.findings) >= len(BROKEN_ENTRIES)
