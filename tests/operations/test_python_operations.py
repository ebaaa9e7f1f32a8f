"""Operations as Python objects: equal to their entries in a file, checked when they are made, kept as text by jobs."""

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

import dynasmith
from dynasmith.errors import UsageError
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import ItemRefused, Transform
from dynasmith.items.wire import RawItem, decode_item, encode_item
from dynasmith.operations import (
    VOCABULARY,
    Add,
    Cast,
    Chain,
    Date,
    Decrypt,
    Encrypt,
    Hash,
    Join,
    Keep,
    ListToSet,
    Map,
    Mask,
    Operation,
    Operations,
    Redact,
    Remove,
    Rename,
    Sample,
    Set,
    SetToList,
    ShiftDates,
    Split,
    Template,
    parse_operations,
)
from dynasmith.operations.text_codec import operations_of, operations_text

CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="copy-1", key=KeySchema.of("pk"))
PAIRS: list[tuple[Operation, dict[str, Any]]] = [
    (Add("country", "CH"), {"add": "country", "value": "CH"}),
    (Add("tags", {"a", "b"}), {"add": "tags", "value": ["a", "b"], "type": "SS"}),
    (Add("sizes", {1, Decimal("2.5")}), {"add": "sizes", "value": [1, 2.5], "type": "NS"}),
    (Add("blob", b"\0\1"), {"add": "blob", "value": "AAE=", "type": "B"}),
    (Set("share", 0.1), {"set": "share", "value": 0.1}),
    (Rename("name", "full_name", keep_old=True), {"rename": "name", "to": "full_name", "keep_old": True}),
    (Remove("legacy"), {"remove": "legacy"}),
    (Cast("age", "N", on_error="keep"), {"cast": "age", "to": "N", "on_error": "keep"}),
    (Split("name", ["first", "last"], " "), {"split": "name", "into": ["first", "last"], "on": " "}),
    (Join(["first", "last"], "name", with_=" "), {"join": ["first", "last"], "into": "name", "with": " "}),
    (
        Date("created", from_="iso8601", to="epoch_seconds"),
        {"date": "created", "from": "iso8601", "to": "epoch_seconds"},
    ),
    (SetToList("tags"), {"set_to_list": "tags"}),
    (ListToSet("tags", on_error="dead"), {"list_to_set": "tags", "on_error": "dead"}),
    (Template("gsi1pk", "user#{email}"), {"template": "gsi1pk", "value": "user#{email}"}),
    (Map("status", {"A": "active", 1: "one"}), {"map": "status", "values": {"A": "active", 1: "one"}}),
    (Encrypt("ssn"), {"encrypt": "ssn"}),
    (Encrypt("ssn", "pii"), {"encrypt": "ssn", "key": "pii"}),
    (Decrypt("ssn"), {"decrypt": "ssn"}),
    (Mask("address.street", "street"), {"mask": "address.street", "as": "street"}),
    (Mask("a", "email", on_error="drop"), {"mask": "a", "as": "email", "on_error": "drop"}),
    (Hash("id"), {"hash": "id"}),
    (Hash("pk", ["U#{id}"], ["id"]), {"hash": "pk", "parts": "U#{id}", "only": ["id"]}),
    (ShiftDates(["born"], 30), {"shift_dates": ["born"], "days": 30}),
    (ShiftDates(("born",), 30, by="id"), {"shift_dates": ["born"], "days": 30, "by": "id"}),
    (Sample("1%", "id"), {"sample": "1%", "by": "id"}),
    (
        Sample("0.5", "pk", ["U#{a}#{id}"], "id", missing="keep"),
        {"sample": "0.5", "by": "pk", "parts": "U#{a}#{id}", "part": "id", "missing": "keep"},
    ),
    (Redact("a.b"), {"redact": "a.b"}),
    (Keep(["id", "status"]), {"keep": ["id", "status"]}),
    (Map("status", [(True, "yes"), (1, "one")]), {"map": "status", "values": [[True, "yes"], [1, "one"]]}),
]


@pytest.mark.parametrize(("operation", "entry"), PAIRS, ids=lambda each: getattr(each, "WORD", ""))
def test_an_object_is_its_entry_and_its_text_is_read_again(operation: Operation, entry: dict[str, Any]) -> None:
    read = parse_operations({"version": 1, "operations": [entry]})
    assert read.operations == (operation,)
    assert parse_operations({"version": 1, "operations": [operation.document()]}) == read
    assert operations_of(operations_text(read)) == read


def test_every_operation_of_a_file_is_a_class_named_like_it() -> None:
    assert {operation.WORD for operation, _ in PAIRS} == set(VOCABULARY)
    for word, kind in VOCABULARY.items():
        assert kind.__name__ == "".join(part.capitalize() for part in word.split("_"))
        assert getattr(dynasmith.operations, kind.__name__) is kind


def test_a_condition_is_kept_too() -> None:
    operations = Operations([Add("adult", True)], where="age >= 18 AND NOT begins_with(name, 'x')")
    assert operations_of(operations_text(operations)) == operations
    assert operations({"age": 18, "name": "y"}, CTX) == {"age": 18, "name": "y", "adult": True}
    assert Operations(Remove("a")).operations == (Remove("a"),)


WRONG: list[tuple[type, tuple[Any, ...], dict[str, Any], str]] = [
    (Rename, (42, "b"), {}, "operations.Rename: attribute: the name of an attribute was expected"),
    (Rename, ("a", "a"), {}, "operations.Rename: to: it has this name already"),
    (Rename, ("a", None), {}, "operations.Rename: to"),
    (Rename, ("a", "b"), {"keep_old": 1}, "operations.Rename: keep_old"),
    (Add, ("", 1), {}, "operations.Add: attribute"),
    (Add, ("a", object()), {}, "operations.Add: value"),
    (Add, ("a", math.nan), {}, "operations.Add: value"),
    (Add, ("a", set()), {}, "operations.Add: value"),
    (Set, (None, 1), {}, "operations.Set: attribute"),
    (Set, ("a", {"x": object()}), {}, "operations.Set: value"),
    (Remove, ([],), {}, "operations.Remove: attribute"),
    (Cast, ("a", "X"), {}, "operations.Cast: to"),
    (Cast, ("a", "N"), {"on_error": "skip"}, "operations.Cast: on_error"),
    (Split, ("a", "bc", " "), {}, "operations.Split: into"),
    (Split, ("a", ["b"], " "), {}, "operations.Split: into"),
    (Split, ("a", 42, " "), {}, "operations.Split: into"),
    (Split, ("a", ["b", "c"], ""), {}, "operations.Split: on"),
    (Join, ("a", "b", ""), {}, "operations.Join: attributes"),
    (Join, (["a", "b"], "c", None), {}, "operations.Join: with_"),
    (Date, ("a", "iso", "date"), {}, "operations.Date: from_"),
    (Date, ("a", "date", "date"), {}, "operations.Date: to"),
    (SetToList, (object(),), {}, "operations.SetToList: attribute"),
    (ListToSet, ("a",), {"on_error": 1}, "operations.ListToSet: on_error"),
    (Template, ("a", "{a}"), {}, "operations.Template: value"),
    (Template, ("a", 1), {}, "operations.Template: value"),
    (Map, ("a", {}), {}, "operations.Map: values"),
    (Map, ("a", 42), {}, "operations.Map: values"),
    (Map, ("a", {"x": object()}), {}, "operations.Map: values"),
    (Map, ("a", {object(): "x"}), {}, "operations.Map: values"),
    (Map, ("a", {"x": "y"}), {"otherwise": None}, "operations.Map: otherwise"),
    (Encrypt, ("",), {}, "operations.Encrypt: attribute"),
    (Encrypt, ("a", "b c"), {}, "operations.Encrypt: key: the name of a key was expected"),
    (Decrypt, (1,), {}, "operations.Decrypt: attribute"),
    (Mask, ("a", "mail"), {}, "operations.Mask: as_"),
    (Mask, ("a..b", "email"), {}, "operations.Mask: attribute"),
    (Hash, ("a", ["{a}{b}"]), {}, "operations.Hash: parts"),
    (Hash, ("a", 42), {}, "operations.Hash: parts"),
    (Hash, ("a", "U#{id}", "id"), {}, "operations.Hash: only"),
    (ShiftDates, ("born", 30), {}, "operations.ShiftDates: attributes"),
    (ShiftDates, (["born"], 0), {}, "operations.ShiftDates: days"),
    (ShiftDates, (["born"], 3), {"by": ""}, "operations.ShiftDates: by"),
    (Sample, ("200%", "a"), {}, "operations.Sample: share"),
    (Sample, ("1%", "a", ["{x}#{y}"]), {}, "operations.Sample: parts"),
    (Redact, (".a",), {}, "operations.Redact: attribute"),
    (Keep, ("id",), {}, "operations.Keep: attributes"),
    (Operations, ([],), {}, "an empty list"),
    (Operations, (42,), {}, "type int"),
    (Operations, (["remove"],), {}, "operations[0]: an operation was expected, not a value of type str"),
    (Operations, ([Remove("a")],), {"where": "age >"}, "condition"),
    (Operations, ([Remove("a")],), {"where": 42}, "where: a condition in a string"),
]


@pytest.mark.parametrize(("kind", "positional", "named", "says"), WRONG)
def test_a_wrong_argument_is_refused_when_the_object_is_made(
    kind: type, positional: tuple[Any, ...], named: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        kind(*positional, **named)
    assert says in caught.value.message


def test_every_operation_has_a_wrong_argument() -> None:
    assert {kind for kind, *_ in WRONG} == {*VOCABULARY.values(), Operations}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 1, "operations": [{"S": "x"}]}', "[" * 10_000])
def test_a_broken_text_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        operations_of(text)


def double(item: Any, ctx: Context) -> Any:
    return [dict(item), dict(item) | {"pk": item["pk"] + "+"}]


def test_a_chain_gives_each_what_the_one_before_made() -> None:
    adults = Operations([Rename("name", "full_name")], where="age > 17")
    drop = Operations([Add("seen", True)])
    chain = Chain((adults, double, drop, lambda item, _: None if item["pk"] == "2+" else item))
    raw = RawItem(encode_item({"pk": "2", "name": "Ada", "age": 36}))
    assert [decode_item(each) for each in Transform(chain, CTX).copy(raw)] == [
        {"pk": "2", "full_name": "Ada", "age": 36, "seen": True}
    ]
    assert not chain.is_pure
    assert Chain((adults, drop)).is_pure


def test_a_chain_of_a_backfill_takes_none_for_no_change() -> None:
    def count(item: Any, ctx: Context) -> None:
        item["count"] = 1

    def nothing(item: Any, ctx: Context) -> None:
        return None

    raw = RawItem(encode_item({"pk": "2", "name": "Ada"}))
    chain = Chain((count, Operations([Rename("name", "n")]), lambda item, _: dict(item), nothing), in_place=True)
    rewrite = Transform(chain, CTX).rewrite(raw)
    assert rewrite is not None
    assert decode_item(rewrite.after) == {"pk": "2", "n": "Ada", "count": 1}
    assert Transform(Chain((nothing,), in_place=True), CTX).rewrite(raw) is None
    with pytest.raises(ItemRefused, match="returned list"):
        Transform(Chain((double,), in_place=True), CTX).rewrite(raw)
