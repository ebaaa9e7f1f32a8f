"""Items over time as users write them: deleted items that stay, and older shapes."""

from datetime import datetime
from typing import Any, assert_type

from dynasmith import Db, Model, Query
from dynasmith.models import Attr, Partition, deleted_at, key, upgrade_transform


class Note(Model, table="notes"):
    """A class whose deleted items stay."""

    id: Partition[str]
    deleted: Attr[datetime | None] = deleted_at()


def deletes(db: Db, note: Note) -> None:
    """Deletes give whether there was one, restore the item."""
    assert_type(db.delete(note, hard=True), bool)
    assert_type(db.restore(note), Note)
    assert_type(db.restore(key(Note, "1")), Note)
    assert_type(db.get(Note, "1", deleted=True), Note | None)
    assert_type(db.require(Note, "1", deleted=True), Note)
    assert_type(db.get_many(Note, ["1"], deleted=True), list[Note | None])
    assert_type(db.query(Note, Note.deleted.exists(), deleted=True), Query[Note])
    assert_type(db.scan(Note, deleted=True), Query[Note])
    assert_type(note.deleted, datetime | None)


def refused(db: Db, note: Note) -> None:
    """What checkers refuse."""
    db.restore("1")  # type: ignore[arg-type]
    db.delete(note, hard="yes")  # type: ignore[arg-type]


def split(item: dict[str, Any]) -> dict[str, Any]:
    """An upgrade."""
    return item


class User(Model, table="users", shape=2, upgrades={1: split}):
    """A class with an older shape."""

    id: Partition[str]


upgrade = upgrade_transform(User)
