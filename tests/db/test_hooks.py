"""Hooks run where a call asks for them: in order, with what changes, and never half."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from dynasmith import Db, Model, connect
from dynasmith.errors import (
    DefinitionError,
    HookFailed,
    ItemExists,
    ItemNotFound,
    TransactionFailed,
    UsageError,
    VersionConflict,
)
from dynasmith.models import (
    Attr,
    Partition,
    after_create,
    after_delete,
    after_update,
    attr,
    before_create,
    before_delete,
    before_update,
    deleted_at,
    gsi,
    key,
    tables_of,
    template,
    ttl,
    version,
)
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
CALLS: list[Any] = []
"""What hooks of these tests were called with."""


class Audited:
    """A mixin that is no model."""

    @before_create
    def first(self) -> None:
        """Runs before those of the classes."""
        CALLS.append("audited")


class Base(Audited, Model):
    """A base with hooks, of which one is overridden."""

    @before_create
    def overridden(self) -> None:
        CALLS.append("of the base")

    @before_create
    def last_of_base(self) -> None:
        CALLS.append("base")


class Member(Base, table="hooked_members"):
    """A class with every hook."""

    id: Partition[str]
    email: Attr[str] = attr(default="")
    name: Attr[str] = attr(default="", min_length=0, max_length=20)
    slug: Attr[str | None] = attr(default=None)
    visits: Attr[int] = attr(default=0)
    tags: Attr[set[str]] = attr(default_factory=set)
    rev: Attr[int] = version()
    by_slug = gsi("slug_key")
    slug_key = template("slug:{slug}")
    fails: ClassVar[str] = ""

    def overridden(self) -> None:
        CALLS.append("of the class")

    @before_create
    def lower(self) -> None:
        CALLS.append("lower")
        self.email = self.email.lower()
        self._fail("lower")

    @after_create
    def created(self) -> None:
        CALLS.append(("created", self.rev))
        self._fail("created")

    @before_update
    def make_slug(self, changes: Mapping[str, Any]) -> None:
        CALLS.append(("make_slug", dict(changes)))
        if "name" in changes:
            self.slug = self.name.lower()
        self._fail("make_slug")

    @before_update
    def see(self, changes: Mapping[str, Any]) -> None:
        CALLS.append(("see", dict(changes)))

    @after_update
    def updated(self, changes: Mapping[str, Any]) -> None:
        CALLS.append(("updated", dict(changes), self.rev))
        self._fail("updated")

    @before_delete
    def deleting(self) -> None:
        CALLS.append("deleting")
        self.email = "gone"
        self._fail("deleting")

    @after_delete
    def deleted(self) -> None:
        CALLS.append("deleted")
        self._fail("deleted")

    def _fail(self, name: str) -> None:
        if type(self).fails == name:
            raise RuntimeError(f"{name} failed")


class Letter(Model, table="hooked_letters"):
    """A class whose deleted items stay, for a while."""

    id: Partition[str]
    text: Attr[str] = attr(default="")
    state: Attr[str] = attr(default="new")
    deleted: Attr[datetime | None] = deleted_at()
    expires: Attr[datetime | None] = ttl()

    @before_delete
    def expire(self) -> None:
        self.expires = datetime(2030, 1, 1, tzinfo=UTC)

    @before_update
    def keep(self, changes: Mapping[str, Any]) -> None:
        CALLS.append(dict(changes))
        if changes.get("deleted", "") is None:
            self.expires = None


@pytest.fixture(scope="module")
def made(endpoint: StrictServer) -> Iterator[Db]:
    """The tables of these classes."""
    tables = tables_of(Member, Letter)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as project:
        project.ensure()
        yield project.db()


@pytest.fixture
def db(made: Db) -> Iterator[Db]:
    """What is tested."""
    CALLS.clear()
    yield made
    Member.fails = ""


def stored(client: Any, name: str, table: str = "hooked_members") -> dict[str, Any]:
    """The item as another program finds it."""
    item: dict[str, Any] = client.get_item(TableName=table, Key={"id": {"S": name}}, ConsistentRead=True).get(
        "Item", {}
    )
    return item


def sent(endpoint: StrictServer) -> int:
    return len(endpoint.journal.writes)


def test_hooks_run_in_the_order_of_their_classes_and_what_they_set_is_written(
    db: Db, client: Any, name: str, endpoint: StrictServer
) -> None:
    member = db.create(Member(id=name, email="Ann@Example.com"), hooks=True)
    assert CALLS == ["audited", "of the class", "base", "lower", ("created", 1)]
    assert member.email == "ann@example.com"
    assert stored(client, name)["email"] == {"S": "ann@example.com"}


def test_no_hook_runs_unless_the_call_asks(db: Db, name: str) -> None:
    member = db.create(Member(id=name, email="A"))
    member.name = "Ann"
    db.save(member)
    db.update(member, Member.visits.add(1))
    db.delete(member)
    db.put(Member(id=name))
    assert CALLS == []


def test_hooks_before_an_update_get_what_changes_and_add_to_it(db: Db, client: Any, name: str) -> None:
    member = db.create(Member(id=name, name="Bob", email="b"))
    member.name = "Ann"
    member.tags.add("x")
    db.save(member, hooks=True)
    assert [
        ("make_slug", {"name": "Ann", "tags": {"x"}}),
        ("see", {"name": "Ann", "slug": "ann", "tags": {"x"}}),
        ("updated", {"name": "Ann", "slug": "ann", "tags": {"x"}}, 2),
    ] == CALLS
    item = stored(client, name)
    assert item["slug"] == {"S": "ann"}
    assert item["slug_key"] == {"S": "slug:ann"}
    CALLS.clear()
    db.save(member, hooks=True)  # nothing changed: nothing is sent, and no hook runs
    assert CALLS == []


def test_an_update_by_actions_too(db: Db, client: Any, name: str) -> None:
    member = db.create(Member(id=name, name="Bob", email="b", visits=3))
    member.email = "unsaved"
    add = Member.visits.add(2)
    db.update(member, Member.name.set("Ann"), add, Member.tags.remove(), hooks=True)
    change = {"name": "Ann", "visits": add, "tags": None}
    assert CALLS[0] == ("make_slug", change)
    # The instance has its new values after the write: the hook saw the old name.
    assert CALLS[2] == ("updated", {"name": "Ann", "visits": 5, "tags": set(), "slug": "bob"}, 2)
    item = stored(client, name)
    assert item["slug"] == {"S": "bob"}
    assert item["email"] == {"S": "b"}
    assert member.email == "unsaved"
    assert (member.visits, member.slug) == (5, "bob")
    with pytest.raises(UsageError, match="Two actions change slug"):
        db.update(member, Member.name.set("Eve"), Member.slug.set("x"), hooks=True)
    assert member.slug == "bob"


def test_a_changed_key_is_an_update(db: Db, client: Any, name: str) -> None:
    member = db.create(Member(id=name))
    member.id = f"{name}b"
    db.save(member, hooks=True)
    assert CALLS[0] == ("make_slug", {"id": f"{name}b"})
    assert CALLS[-1] == ("updated", {"id": f"{name}b"}, 2)
    assert stored(client, name) == {}


def test_deletes(db: Db, client: Any, name: str) -> None:
    member = db.create(Member(id=name))
    assert db.delete(member, hooks=True) is True
    assert CALLS == ["deleting", "deleted"]
    CALLS.clear()
    fresh = Member(id=name, email="here")
    assert db.delete(fresh, hooks=True) is False
    assert CALLS == ["deleting"]  # nothing was deleted, so nothing comes after
    assert fresh.email == "here"


def test_a_delete_that_keeps_the_item_writes_what_its_hook_sets(db: Db, client: Any, name: str) -> None:
    letter = db.create(Letter(id=name, text="a"))
    letter.text = "unsaved"
    db.delete(letter, hooks=True)
    item = stored(client, name, "hooked_letters")
    assert item["expires"] == {"N": "1893456000"}
    assert item["text"] == {"S": "a"}
    assert letter.text == "unsaved"
    db.restore(letter, hooks=True)
    assert CALLS[-1] == {"deleted": None}
    assert set(stored(client, name, "hooked_letters")) == {"id", "text", "state"}
    db.delete(letter)
    before = stored(client, name, "hooked_letters")
    letter.expires = None
    assert db.delete(letter, hooks=True) is False
    assert letter.expires is None
    assert stored(client, name, "hooked_letters") == before


@pytest.mark.parametrize("hook", ["lower", "make_slug", "deleting"])
def test_where_a_hook_before_a_write_raises_nothing_is_sent(
    db: Db, client: Any, name: str, hook: str, endpoint: StrictServer
) -> None:
    new = Member(id=f"{name}-new", email="ANN")
    member = db.create(Member(id=name, email="a"))
    member.name = "Ann"
    Member.fails = hook
    before = sent(endpoint)
    writes: dict[str, Callable[[], object]] = {
        "lower": lambda: db.create(new, hooks=True),
        "make_slug": lambda: db.save(member, hooks=True),
        "deleting": lambda: db.delete(member, hooks=True),
    }
    with pytest.raises(RuntimeError, match=f"{hook} failed") as raised:
        writes[hook]()
    assert raised.value.__notes__[0].startswith("A hook before the ")
    assert sent(endpoint) == before
    assert new.email == "ANN"  # the instance is as it was
    assert (member.email, member.name, member.slug) == ("a", "Ann", None)


def test_a_value_that_the_class_refuses_is_not_written(db: Db, name: str, endpoint: StrictServer) -> None:
    class Strict(Member, table="hooked_members"):
        @before_create
        def too_long(self) -> None:
            self.name = "x" * 21

    before = sent(endpoint)
    item = Strict(id=name, name="ok", email="A")
    with pytest.raises(ValidationError):
        db.create(item, hooks=True)
    assert sent(endpoint) == before
    assert (item.name, item.email) == ("ok", "A")


def test_where_a_hook_after_a_write_raises_the_write_stands(db: Db, client: Any, name: str) -> None:
    Member.fails = "created"
    member = Member(id=name, email="a")
    with pytest.raises(HookFailed, match="was created; then its hook created raised RuntimeError") as raised:
        db.create(member, hooks=True)
    assert raised.value.hook == "created"
    assert raised.value.item is member
    assert isinstance(raised.value.__cause__, RuntimeError)
    assert stored(client, name)["rev"] == {"N": "1"}
    assert member.rev == 1
    Member.fails = "updated"
    member.name = "Ann"
    with pytest.raises(HookFailed, match="was updated; then its hook updated raised RuntimeError"):
        db.save(member, hooks=True)
    assert stored(client, name)["name"] == {"S": "Ann"}
    Member.fails = "deleted"
    with pytest.raises(HookFailed, match="was deleted; then its hook deleted raised RuntimeError"):
        db.delete(member, hooks=True)
    assert stored(client, name) == {}


def test_a_write_that_is_refused_takes_back_what_hooks_set(db: Db, name: str) -> None:
    db.create(Member(id=name))
    second = Member(id=name, email="ANN")
    with pytest.raises(ItemExists):
        db.create(second, hooks=True)
    assert second.email == "ANN"
    stale = db.require(Member, name)
    db.update(key(Member, name), Member.visits.add(1))
    stale.name = "Ann"
    with pytest.raises(VersionConflict):
        db.save(stale, hooks=True)
    assert (stale.name, stale.slug) == ("Ann", None)
    with pytest.raises(VersionConflict):
        db.update(stale, Member.visits.add(1), hooks=True)
    with pytest.raises(VersionConflict):
        db.delete(stale, hooks=True)
    assert stale.email == ""
    gone = db.create(Letter(id=name))
    db.delete(key(Letter, name), hard=True)
    with pytest.raises(ItemNotFound):
        db.restore(gone, hooks=True)


def test_a_key_has_no_hooks(db: Db, name: str, endpoint: StrictServer) -> None:
    db.create(Member(id=name))
    before = sent(endpoint)
    for write in (
        lambda: db.update(key(Member, name), Member.visits.add(1), hooks=True),
        lambda: db.delete(key(Member, name), hooks=True),
        lambda: db.restore(key(Letter, name), hooks=True),
    ):
        with pytest.raises(UsageError, match="Hooks are methods of an instance, and this is a key of"):
            write()
    assert sent(endpoint) == before


def test_a_transaction_runs_hooks_before_when_an_action_is_added_and_after_when_all_is_written(
    db: Db, client: Any, name: str
) -> None:
    ann, eve = Member(id=name, email="ANN"), db.create(Member(id=f"{name}e", name="Eve"))
    eve.name = "Eva"
    letter = db.create(Letter(id=name))
    with db.transaction() as tx:
        tx.create(ann, hooks=True)
        tx.save(eve, hooks=True)
        tx.delete(letter, hooks=True)
        assert ("created", 1) not in CALLS
        assert ann.email == "ann"
        assert stored(client, name) == {}
    assert CALLS[-2:] == [("created", 1), ("updated", {"name": "Eva", "slug": "eva"}, 2)]
    assert stored(client, name)["email"] == {"S": "ann"}
    assert stored(client, f"{name}e")["slug"] == {"S": "eva"}
    assert "expires" in stored(client, name, "hooked_letters")


def test_a_transaction_that_is_not_written_takes_back_what_hooks_set(db: Db, client: Any, name: str) -> None:
    db.create(Member(id=name))
    new, again = Member(id=f"{name}n", email="NEW"), Member(id=name, email="AGAIN")
    CALLS.clear()

    def create(*items: Member, then: Exception | None = None) -> None:
        with db.transaction() as tx:
            for each in items:
                tx.create(each, hooks=True)
            if then:
                raise then

    with pytest.raises(TransactionFailed):
        create(new, again)
    assert (new.email, again.email) == ("NEW", "AGAIN")
    with pytest.raises(KeyError):
        create(new, then=KeyError())
    assert new.email == "NEW"
    with db.transaction() as tx:
        tx.create(new)
        with pytest.raises(UsageError, match="Two actions of the transaction"):
            tx.create(new, hooks=True)
        assert new.email == "NEW"
    assert not any(call[0] == "created" for call in CALLS)
    with pytest.raises(UsageError, match="The transaction is not open"):
        tx.create(again, hooks=True)


def test_a_hook_that_fails_after_a_transaction(db: Db, client: Any, name: str) -> None:
    Member.fails = "created"

    def create() -> None:
        with db.transaction() as tx:
            tx.create(Member(id=name), hooks=True)
            tx.create(Member(id=f"{name}b"))

    with pytest.raises(HookFailed, match="was created; then its hook created raised"):
        create()
    assert stored(client, name)
    assert stored(client, f"{name}b")


def test_a_db_that_only_reads_runs_no_hooks(endpoint: StrictServer, db: Db, name: str) -> None:
    tables = tables_of(Member)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables) as project:
        dry = project.db(dry=True)
        with pytest.raises(UsageError, match="sends nothing but reads"):
            dry.create(Member(id=name), hooks=True)
    assert CALLS == []


def test_what_cannot_be_a_hook() -> None:
    decorate: Any = before_create
    update: Any = before_update

    async def later(self: Any) -> None:
        """A hook that nobody would await."""

    with pytest.raises(DefinitionError, match="later is async, and @before_create takes a plain method"):
        decorate(later)

    def two(self: Any, changes: Any) -> None:
        """Takes what changes."""

    def one(self: Any) -> None:
        """Takes nothing."""

    with pytest.raises(DefinitionError, match="two takes other arguments than @before_create gives: self only"):
        decorate(two)
    with pytest.raises(DefinitionError, match="one takes other arguments than @before_update gives: self and what"):
        update(one)
    with pytest.raises(DefinitionError, match="is not a method, and @before_create takes one"):
        decorate(staticmethod(one))


def test_a_plain_method_that_gives_something_to_await_is_refused(db: Db, client: Any, name: str) -> None:
    async def notify() -> None:
        """Never awaited."""

    class Hidden(Model, table="hooked_members"):
        id: Partition[str]

        @before_create
        def begin(self) -> Any:
            return notify()

    with pytest.raises(UsageError, match=r"The hook Hidden\.begin is async"):
        db.create(Hidden(id=name), hooks=True)
    assert stored(client, name) == {}


def test_one_method_may_be_several_hooks_and_a_subclass_takes_one_away(db: Db, name: str) -> None:
    class Both(Model, table="hooked_members"):
        id: Partition[str]
        name: Attr[str] = attr(default="")

        @before_create
        @before_update
        def stamp(self, changes: Mapping[str, Any] | None = None) -> None:
            CALLS.append(changes)

    class Neither(Both, table="hooked_members"):
        stamp: ClassVar[None] = None  # type: ignore[assignment]  # no hook any more

    both = db.create(Both(id=name), hooks=True)
    both.name = "x"
    db.save(both, hooks=True)
    assert [each and dict(each) for each in CALLS] == [None, {"name": "x"}]
    CALLS.clear()
    db.create(Neither(id=f"{name}n"), hooks=True)
    assert CALLS == []


def test_what_changes_cannot_be_changed(db: Db, name: str) -> None:
    class Eager(Model, table="hooked_members"):
        id: Partition[str]
        name: Attr[str] = attr(default="")

        @before_update
        def change(self, changes: Any) -> None:
            changes["name"] = "y"

    item = db.create(Eager(id=name))
    item.name = "x"
    with pytest.raises(TypeError):
        db.save(item, hooks=True)
    assert db.require(Eager, name).name == ""
