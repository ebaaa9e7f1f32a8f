"""Items over time as users write them: deleted items that stay, older shapes and hooks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_type

from dynasmith import Db, ItemFinding, ItemTotals, Model, Project, Query
from dynasmith.models import (
    Attr,
    Partition,
    after_create,
    after_update,
    before_create,
    before_delete,
    before_update,
    deleted_at,
    key,
    upgrade_transform,
)


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
    db.create(note, hooks="yes")  # type: ignore[arg-type]
    db.put(note, hooks=True)  # type: ignore[call-arg]
    db.restore("1")  # type: ignore[arg-type]
    db.delete(note, hard="yes")  # type: ignore[arg-type]


def split(item: dict[str, Any]) -> dict[str, Any]:
    """An upgrade."""
    return item


class User(Model, table="users", shape=2, upgrades={1: split}):
    """A class with an older shape."""

    id: Partition[str]


upgrade = upgrade_transform(User)


class Hooked(Model, table="hooked"):
    """A class with hooks."""

    id: Partition[str]

    @before_create
    @before_delete
    def begin(self) -> None:
        """A decorated method is what it was."""

    @before_update
    def change(self, changes: Mapping[str, Any]) -> None:
        """What changes, by field."""

    @after_create  # type: ignore[type-var]
    async def later(self) -> None:
        """Checkers refuse an async hook."""

    @after_update  # type: ignore[type-var]
    def narrow(self, changes: dict[str, int]) -> None:
        """A mapping is given."""

    @before_create  # type: ignore[type-var]
    def wide(self, changes: Mapping[str, Any]) -> None:
        """Nothing is given."""


def hooked(db: Db, item: Hooked) -> None:
    """Every verb of an instance takes hooks."""
    assert_type(db.create(item, hooks=True), Hooked)
    assert_type(db.save(item, hooks=True), Hooked)
    assert_type(db.delete(item, hooks=True), bool)
    assert_type(item.begin(), None)
    with db.transaction() as tx:
        tx.create(item, hooks=True)
        tx.save(item, hooks=True)
        tx.delete(item, hooks=True)


def validated(project: Project) -> None:
    """Findings about items have the item's key."""
    for finding in project.validate(User, items=True, limit=3).findings:
        if isinstance(finding, ItemFinding):
            assert_type(finding.key, dict[str, str])
        elif isinstance(finding, ItemTotals):
            assert_type(finding.invalid, int)
