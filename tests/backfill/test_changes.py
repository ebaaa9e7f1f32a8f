"""A change and its inverse, for any item and any rewrite of it."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

import wire_items
from dynasmith.aws.data.partiql_batch import STATEMENT_CHARACTERS_MAX
from dynasmith.aws.data.statements import statement_of, update_of
from dynasmith.items.ctx import Context
from dynasmith.items.digest import item_hash
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Transform
from dynasmith.items.wire import RawItem, encode_item
from dynasmith.jobs.journal import entries_frame, read_entries
from dynasmith.ports.updates import ItemChange, change_of, decode_change, encode_change, stands, still_expected
from example_counts import examples

KEY = KeySchema.of("pk")
CTX = Context(datetime(2026, 11, 20, tzinfo=UTC), "backfill-test", KEY)
items = wire_items.items.map(lambda item: {**item, "pk": "key"})


def changed(before: dict[str, Any], after: dict[str, Any]) -> ItemChange | None:
    """The change that makes one item of the other, as a backfill would find it."""
    raw = RawItem(encode_item(before))
    rewrite = Transform(lambda _item, _ctx: {**after, "pk": before["pk"]}, CTX).rewrite(raw)
    return None if rewrite is None else change_of(rewrite)


@examples(70)
@given(items, items)
def test_a_change_leads_there_and_its_inverse_back(before: dict[str, Any], after: dict[str, Any]) -> None:
    change = changed(before, after)
    if change is None:
        assert item_hash(encode_item(before)) == item_hash(encode_item(after))
        return
    assert item_hash(change.after) == item_hash(encode_item(after))
    assert still_expected(change, change.before)
    assert stands(change, change.after)
    assert not stands(change, change.before)
    back = change.inverse()
    assert msgspec.json.decode(back.after) == msgspec.json.decode(change.before)
    assert still_expected(back, change.after)
    assert not still_expected(back, change.before)
    assert stands(back, change.before)


@examples(35)
@given(st.lists(st.tuples(items, items), min_size=1, max_size=5))
def test_a_frame_gives_back_what_went_in_and_no_damage_passes(pairs: list[tuple[Any, Any]]) -> None:
    found = [change for change in (changed(*pair) for pair in pairs) if change is not None]
    wires = [encode_change(change) for change in found]
    frame = entries_frame(wires)
    entries = read_entries(frame)
    assert entries is not None
    assert [decode_change(entry) for entry in entries] == found
    for place in range(0, len(frame), max(1, len(frame) // 40)):
        spoilt = bytearray(frame)
        spoilt[place] ^= 0x20
        assert read_entries(bytes(spoilt)) is None
        assert read_entries(frame[:place]) is None


@examples(70)
@given(items, items)
def test_what_is_said_to_the_service_has_every_value_once_and_no_name_bare(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    change = changed(before, after)
    if change is None:
        return
    request = json.loads(update_of(change, "users", ("pk",)))
    expressions = request["UpdateExpression"] + request["ConditionExpression"]
    assert set(request["ExpressionAttributeNames"].values()) == {"pk", *change.names, *change.expected}
    assert all(f"{name}" in expressions for name in request.get("ExpressionAttributeValues", {}))
    assert request["Key"] == {"pk": {"S": "key"}}
    said = statement_of(change, "users", ("pk",))
    if said is None:
        parts = json.loads(bytes(change.before))
        null = any('"NULL"' in json.dumps(parts[name]) for name in change.expected if name in parts)
        odd = any(ord(character) < 32 or character in '"\x7f' for name in change.expected for character in name)
        assert null or odd
        return
    statement = json.loads(said)
    assert len(statement["Statement"]) <= STATEMENT_CHARACTERS_MAX
    present = [name for name in change.expected if name in json.loads(bytes(change.before))]
    assert len(statement["Parameters"]) == len(change.assigned) + 1 + len(present)
    assert statement["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
