"""The inverse of a transform: whose an item of the old table is, what is left as it is, and what a lost reply hides."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.json import encode

from dynasmith import Project
from dynasmith.aws.control.model_items import AwsModelItems
from dynasmith.engine.replacement.inverse_mapping import InverseMapping
from dynasmith.engine.replacement.inverse_tables import InverseTables
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.own_writes import OwnWrites, write_digest
from dynasmith.engine.replacement.owned_tables import OwnedTables
from dynasmith.items.ctx import Context
from dynasmith.items.key import KeySchema, canonical_key
from dynasmith.items.transform import ItemRefused, Transform
from dynasmith.items.wire import RawItem
from dynasmith.ports.owned_items import OwnedPut
from dynasmith.ports.streams import ChangeRecord
from dynasmith.project.project import world_of
from item_stories.kit import ItemStory

OLD = KeySchema.of("id")
NEW = KeySchema.of("number", types={"number": "N"})
Function = Callable[[Any, Any], Any]


def numbered(item: Any, ctx: Any) -> Any:
    """Drops the note."""
    return {**{name: item[name] for name in item if name != "note"}, "number": int(item["id"]), "old_id": item["id"]}


def named(item: Any, ctx: Any) -> Any:
    return {**{name: item[name] for name in item if name not in ("number", "old_id")}, "id": str(item["number"])}


def back_by(function: Function) -> InverseMapping:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    there = Transform(numbered, Context(began, "copy-1", OLD), target=NEW)
    back = Transform(function, Context(began, "copy-1", NEW), target=OLD)
    return InverseMapping(ItemMapping(OLD, NEW, there, {"id": "old_id"}), back)


def old(id_: str, **more: str) -> RawItem:
    return RawItem(encode({"id": {"S": id_}, **{name: {"S": value} for name, value in more.items()}}))


def new(number: int, **more: str) -> RawItem:
    return RawItem(encode({"number": {"N": str(number)}, **{name: {"S": value} for name, value in more.items()}}))


def test_what_an_application_writes_is_not_taken_for_what_the_transform_drops() -> None:
    back = back_by(named)
    (untouched,) = back.items(new(7, old_id="7", mail="a")).values()
    assert back.same(old("7", mail="a", note="kept"), untouched)
    (noted,) = back.items(new(7, old_id="7", mail="a", note="of the application")).values()
    assert not back.same(old("7", mail="a", note="kept"), noted)
    assert not back.same(old("7", mail="a"), noted)
    assert back.same(noted, noted)


@pytest.mark.parametrize(
    "inverse", [named, lambda *_: None, lambda item, _: [named(item, _), {**named(item, _), "id": "007"}]]
)
def test_an_item_leads_back_to_the_one_that_it_was_made_of(inverse: Function) -> None:
    """Not to another one of the same number, to none or to several: items of the old table would be deleted."""
    with pytest.raises(ItemRefused, match=r"id=007|does not lead back"):
        back_by(inverse).items(new(7, old_id="007"))


def test_a_lost_reply_is_a_write_of_our_own(story: ItemStory) -> None:
    """A put and a deletion that were sent twice have a record each; the second call finds nothing to do."""
    story.make("users", key="id")
    story.make("users-v2", key="id")
    story.put("users", {"id": {"S": "1"}})
    items = AwsModelItems(world_of(Project.load()).session)
    same = ItemMapping(OLD, OLD)
    item = old("2", mail="a")
    key = canonical_key(item, OLD)
    back = InverseTables(items, "users-v2", "users", InverseMapping(same, None))
    for tables in (back, OwnedTables(items, "users-v2", "users", same)):
        for operation in ("PutItem", "DeleteItem"):
            story.served.fault(operation, kind="500-after", table="users")
        assert tables.put(item, key) == OwnedPut(changed=True)
        assert tables.put(item, key) == OwnedPut()
        assert tables.delete(key, key)
        assert not tables.delete(key, key)


def test_a_stream_of_old_images_shows_own_puts_and_deletions_apart() -> None:
    item, own = old("1", mail="a"), OwnWrites()
    place = canonical_key(item, OLD)
    put, deleted = write_digest(place, item), write_digest(place, None)
    modified = ChangeRecord(keys=RawItem(place), old=item, sequence="1", kind="modify")
    removed = ChangeRecord(keys=RawItem(place), old=item, sequence="2", kind="remove")
    own.announce([deleted])
    assert (own.match(modified, place), own.match(removed, place)) == (None, deleted)
    own.announce([put])
    assert (own.match(modified, place), modified.whole, removed.whole) == (put, False, True)
