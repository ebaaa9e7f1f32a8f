"""Transforms: one, none or many items in a copy; only what changed, conditionally, in a backfill; typed refusals."""
# ruff: noqa: ARG005  # a transform takes two arguments, whether it uses them or not

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.items.condition import parse_condition
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema
from dynasmith.items.lazy import LazyItem
from dynasmith.items.transform import Function, ItemRefused, Rewrite, Transform, check_converges
from dynasmith.items.value import decode_value, same_value
from dynasmith.items.wire import RawItem, attributes, decode_item, encode_item
from wire_items import few, items, names, respelt, values

PK = KeySchema.of("pk")
CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="copy-1", key=PK)
RAW = RawItem(b'{"pk":{"S":"a"},"n":{"N":"1.50"},"l":{"L":[{"S":"x"}]},"z":{"BOOL":true}}')


def rewritten(function: Function, raw: RawItem = RAW) -> Rewrite:
    rewrite = Transform(function, CTX).rewrite(raw)
    assert rewrite is not None
    return rewrite


def test_none_drops_in_a_copy_and_changes_nothing_in_a_backfill() -> None:
    transform = Transform(lambda item, ctx: None, CTX)
    assert transform.copy(RAW) == []
    assert transform.rewrite(RAW) is None


def test_an_untouched_item_is_the_bytes_that_came() -> None:
    transform = Transform(lambda item, ctx: item, CTX)
    (made,) = transform.copy(RAW)
    assert made is RAW
    assert transform.rewrite(RAW) is None


def test_one_item_becomes_many_also_from_a_generator_that_reuses_it() -> None:
    def fan_out(item: MutableMapping[str, Any], ctx: Context) -> Iterator[Mapping[str, Any]]:
        for number in range(3):
            item["pk"] = f"a#{number}"
            yield item

    made = Transform(fan_out, CTX).copy(RAW)
    assert [decode_item(raw)["pk"] for raw in made] == ["a#0", "a#1", "a#2"]
    assert all(b'"1.50"' in bytes(raw) for raw in made)
    pair = Transform(lambda item, ctx: [{"pk": "x"}, {"pk": "y"}], CTX).copy(RAW)
    assert [bytes(raw) for raw in pair] == [b'{"pk":{"S":"x"}}', b'{"pk":{"S":"y"}}']


def test_a_backfill_writes_what_changed_and_holds_to_what_it_read() -> None:
    def change(item: MutableMapping[str, Any], ctx: Context) -> None:
        item["n"] += 1
        item["l"].append(ctx.now.isoformat())
        item["new"] = item.get("absent", "d")
        del item["z"]

    found = rewritten(change)
    assert found.assigned == {
        "n": b'{"N":"2.50"}',
        "l": b'{"L":[{"S":"x"},{"S":"2026-11-20T00:00:00+00:00"}]}',
        "new": b'{"S":"d"}',
    }
    assert found.removed == ("z",)
    assert found.expected == {
        "n": b'{"N":"1.50"}',
        "l": b'{"L":[{"S":"x"}]}',
        "z": b'{"BOOL":true}',
        "new": None,
        "absent": None,
    }
    assert found.before is RAW
    assert list(decode_item(found.after)) == ["pk", "n", "l", "new"]


def test_a_returned_mapping_is_the_item_as_it_shall_be() -> None:
    found = rewritten(lambda item, ctx: {"pk": item["pk"], "n": Decimal("1.5"), "new": 1})
    assert found.assigned == {"new": b'{"N":"1"}'}
    assert found.removed == ("l", "z")
    assert set(found.expected) == {"new", "l", "z", "n"}

    def with_new(item: MutableMapping[str, Any], ctx: Context) -> Mapping[str, Any]:
        assert isinstance(item, LazyItem)
        return item | {"new": 1}

    twin = rewritten(with_new)
    assert (twin.assigned, twin.removed) == ({"new": b'{"N":"1"}'}, ())


@few
@given(items, st.dictionaries(names, st.none() | values, max_size=4), st.data())
def test_a_rewrite_applied_to_the_item_gives_what_the_function_made(
    item: dict[str, Any], changes: dict[str, Any], data: st.DataObject
) -> None:
    item["pk"] = "a"
    changes.pop("pk", None)

    def change(found: MutableMapping[str, Any], ctx: Context) -> Mapping[str, Any] | None:
        for name, value in changes.items():
            if value is None:
                found.pop(name, None)
            else:
                found[name] = value
        return dict(found) if data.draw(st.booleans()) else None

    raw = RawItem(data.draw(respelt(item)))
    rewrite = Transform(change, CTX).rewrite(raw)
    wanted = {name: value for name, value in item.items() if name not in changes}
    wanted |= {name: value for name, value in changes.items() if value is not None}
    if rewrite is None:
        assert same_value(item, wanted)
        return
    assert same_value(decode_item(rewrite.after), wanted)
    before = attributes(raw)
    kept = {name: bytes(part) for name, part in before.items() if name not in rewrite.removed}
    applied = {**kept, **rewrite.assigned}
    assert same_value({name: decode_value(part) for name, part in applied.items()}, wanted)
    assert set(rewrite.expected) >= {*rewrite.assigned, *rewrite.removed}
    for name, part in rewrite.expected.items():
        assert part == (bytes(before[name]) if name in before else None)


def test_where_leaves_the_others_alone() -> None:
    where = parse_condition("n > 5").matches
    transform = Transform(lambda item, ctx: None, CTX, where=where)
    assert transform.copy(RAW) == [RAW]
    assert transform.copy(RawItem(b'{"pk":{"S":"a"},"n":{"N":"6"}}')) == []
    assert Transform(lambda item, ctx: {"pk": "a"}, CTX, where=where).rewrite(RAW) is None


async def asynchronous(item: MutableMapping[str, Any], ctx: Context) -> None:
    return None


def division(item: MutableMapping[str, Any], ctx: Context) -> None:
    item["n"] / 0


def late(item: MutableMapping[str, Any], ctx: Context) -> Iterator[Mapping[str, Any]]:
    yield item
    raise LookupError("late")


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (division, "The transform raised DivisionByZero on item pk=a"),
        (late, "The transform raised LookupError on item pk=a: late"),
        (lambda item, ctx: 5, "Item pk=a: The transform returned int, which is not an item"),
        (lambda item, ctx: "text", "returned str"),
        (lambda item, ctx: [item, None], "returned NoneType"),
        (lambda item, ctx: {"n": 1}, "item pk=a: An item cannot be written: it lacks its key attribute pk"),
        (lambda item, ctx: {"pk": 1}, "its key attribute pk is of type N, and the key needs S"),
        (lambda item, ctx: {"pk": ""}, "its key attribute pk is empty"),
        (lambda item, ctx: {"pk": "a", "x": 0.5}, "Attribute x: A value of type float"),
        (lambda item, ctx: item["absent"], "raised KeyError"),
    ],
)
def test_what_cannot_be_written_is_refused_with_the_key(function: Callable[..., Any], says: str) -> None:
    with pytest.raises(ItemRefused, match=says) as caught:
        Transform(function, CTX).copy(RAW)
    assert caught.value.key == "pk=a"
    assert caught.value.policy is None
    assert caught.value.code == "transform"
    assert caught.value.__cause__ is not None


def test_a_coroutine_is_no_item() -> None:
    wrong: Any = asynchronous
    for run in (Transform(wrong, CTX).copy, Transform(wrong, CTX).rewrite):
        with pytest.raises(ItemRefused, match="returned coroutine") as caught:
            run(RAW)
        assert "not async def" in caught.value.hint


def test_a_backfill_makes_one_of_one_and_leaves_its_key() -> None:
    with pytest.raises(ItemRefused, match="returned list, which is not an item"):
        rewritten(lambda item, ctx: [item])
    with pytest.raises(ItemRefused, match="changes the key attribute pk") as caught:
        rewritten(lambda item, ctx: {"pk": "b"})
    assert caught.value.policy == "stop"
    assert "copy the table" in caught.value.hint


def test_the_key_of_the_target_is_what_counts() -> None:
    target = KeySchema.of("id", types={"id": "N"})
    transform = Transform(lambda item, ctx: item, CTX, target=target)
    with pytest.raises(ItemRefused, match="lacks its key attribute id"):
        transform.copy(RAW)
    assert len(Transform(lambda item, ctx: {"id": 1}, CTX, target=target).copy(RAW)) == 1


def test_an_item_without_a_key_is_said_so() -> None:
    with pytest.raises(ItemRefused, match="item without a key"):
        Transform(division, CTX).copy(msgspec.Raw(b'{"n":{"N":"1"}}'))


def test_a_transform_that_grows_does_not_converge() -> None:
    def grow(item: MutableMapping[str, Any], ctx: Context) -> None:
        item["n"] += 1

    (found,) = check_converges(Transform(grow, CTX), [RAW])
    assert found.names == ("n",)
    assert "changes n of item pk=a again" in found.sentence

    def settle(item: MutableMapping[str, Any], ctx: Context) -> None:
        item["n"] = 2

    assert check_converges(Transform(settle, CTX), [RAW]) == []


def test_ids_depend_on_the_job_the_key_and_the_label_alone() -> None:
    keyed = Context(now=CTX.now, job="copy-1", key=KeySchema.of("k", types={"k": "N"}))
    item = LazyItem(b'{"k":{"N":"1.0"},"x":{"S":"y"}}')
    found = keyed.uuid(item)
    assert UUID(found).version == 5
    item["k"] = 9
    assert keyed.uuid(item) == found == keyed.uuid({"k": 1}) == keyed.uuid({"k": Decimal("10E-1"), "z": 1})
    others = {keyed.uuid({"k": 2}), keyed.uuid(item, "second"), Context(CTX.now, "copy-2", keyed.key).uuid(item)}
    assert len(others | {found}) == 4
    exact = {keyed.uuid({"k": Decimal("1234567890123456789012345678901234567" + last)}) for last in "12"}
    assert len(exact) == 2


def test_now_has_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Context(now=datetime(2026, 1, 1), job="x", key=PK)  # the mistake itself


@few
@given(items)
def test_a_transform_is_repeatable(item: dict[str, Any]) -> None:
    def stamp(found: MutableMapping[str, Any], ctx: Context) -> Mapping[str, Any]:
        found["id"], found["at"] = ctx.uuid(found), ctx.now.isoformat()
        return found

    raw = RawItem(encode_item(item | {"pk": "a"}))
    once, again = (Transform(stamp, CTX).copy(raw) for _ in range(2))
    assert [bytes(one) for one in once] == [bytes(one) for one in again]
