"""Undo: the way back from the journal's two images gives the item that was, and holds only while nobody came after."""

from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.errors import ItemInvalid
from dynasmith.items.ctx import Context
from dynasmith.items.digest import item_hash
from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Rewrite, Transform
from dynasmith.items.undo import undo_of
from dynasmith.items.value import decode_value
from dynasmith.items.wire import RawItem, attributes, encode_item
from wire_items import few, items, names, respelt, values

KEY = KeySchema.of("pk")
CTX = Context(now=datetime(2026, 11, 20, tzinfo=UTC), job="backfill-1", key=KEY)


def applied(raw: RawItem | bytes, rewrite: Rewrite) -> bytes:
    """The item after the service did what a rewrite says; its condition must hold."""
    parts = {name: bytes(part) for name, part in attributes(raw).items()}
    for name, wire in rewrite.expected.items():
        assert parts.get(name) == wire
    parts = {name: part for name, part in parts.items() if name not in rewrite.removed} | dict(rewrite.assigned)
    return encode_item({name: decode_value(part) for name, part in parts.items()})


@few
@given(items, st.dictionaries(names, st.none() | values, max_size=4), st.data())
def test_undo_gives_back_what_was(item: dict[str, Any], changes: dict[str, Any], data: st.DataObject) -> None:
    item["pk"] = "a"
    changes.pop("pk", None)

    def change(found: MutableMapping[str, Any], _: Context) -> None:
        for name, value in changes.items():
            if value is None:
                found.pop(name, None)
            else:
                found[name] = value

    raw = RawItem(data.draw(respelt(item)))
    rewrite = Transform(change, CTX).rewrite(raw)
    if rewrite is None:
        assert undo_of(raw, encode_item(item), KEY) is None
        return
    undo = undo_of(rewrite.before, rewrite.after, KEY)
    assert undo is not None
    assert item_hash(applied(rewrite.after, undo)) == item_hash(raw)
    assert set(undo.expected) == {*rewrite.assigned, *rewrite.removed}


def test_what_others_wrote_elsewhere_survives() -> None:
    undo = undo_of(b'{"pk":{"S":"a"},"x":{"N":"1"}}', b'{"pk":{"S":"a"},"y":{"N":"1"}}', KEY)
    assert undo is not None
    assert (undo.assigned, undo.removed, undo.expected) == ({"x": b'{"N":"1"}'}, ("y",), {"x": None, "y": b'{"N":"1"}'})
    meanwhile = b'{"pk":{"S":"a"},"y":{"N":"1"},"theirs":{"S":"new"}}'
    assert item_hash(applied(meanwhile, undo)) == item_hash(b'{"pk":{"S":"a"},"x":{"N":"1"},"theirs":{"S":"new"}}')


def test_another_spelling_is_nothing_to_undo() -> None:
    assert undo_of(b'{"pk":{"S":"a"},"n":{"N":"1.50"}}', b'{"n":{"N":"1.5"},"pk":{"S":"\\u0061"}}', KEY) is None


def test_images_that_cannot_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="key attribute pk"):
        undo_of(b'{"pk":{"S":"a"}}', b'{"pk":{"S":"b"}}', KEY)
    with pytest.raises(ValueError, match="key attribute pk"):
        undo_of(b"{}", b"{}", KEY)
    with pytest.raises(ItemInvalid):
        undo_of(b'{"pk":{"S":"a"}}', b'{"pk":{"S":', KEY)
