"""The follower of a replacement: what it waits for, and which calls its drain spares."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from types import SimpleNamespace
from typing import Any, cast

from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.drain import Drain
from dynasmith.engine.replacement.follower import Follower
from dynasmith.engine.replacement.marks import Mark
from dynasmith.items.wire import RawItem
from replacement.model import IDS, FakeItems, Tables, key_of_id, mapping_of


def mark(dirty: DirtySet, *ids: str, places: frozenset[bytes] = frozenset()) -> None:
    """These keys changed."""
    dirty.add(dirty.numbered([Mark(key=key_of_id(id_), candidates=places) for id_ in ids], 0.0))


@contextmanager
def followed(items: FakeItems, dirty: DirtySet) -> Iterator[Follower]:
    """A follower of a stream that was read to its end."""
    mapping = items.tables.mapping
    read: Any = SimpleNamespace(
        await_quiet=lambda: None, check=lambda: None, near=True, quiet=True, capture=SimpleNamespace(records=0)
    )
    follower = Follower(
        read,
        Drain(dirty, mapping, items, now=lambda: 0.0),
        dirty,
        mapping,
        check=lambda: None,
        kept=lambda _: None,
        now=lambda: 0.0,
        rest=lambda _: None,
    )
    try:
        yield follower
    finally:
        follower.close()


def test_somebody_who_writes_as_fast_as_it_follows_is_not_waited_for() -> None:
    tables, dirty = Tables(mapping_of("new key")), DirtySet()
    ids, count = cycle(IDS), 0

    def write() -> None:
        nonlocal count
        count += 1
        assert count < 1_000, "it waits for what is written meanwhile"
        mark(dirty, next(ids))

    for id_ in IDS:
        tables.write(id_, {"id": {"S": id_}, "mail": {"S": f"mail-{id_}"}})
    mark(dirty, *IDS)
    with followed(FakeItems(tables, write), dirty) as follower:
        follower.catch_up()
    assert dirty.pending > 0
    assert all(tables.owned(key_of_id(id_)) == tables.wanted(key_of_id(id_)) for id_ in IDS)


class CountedItems(FakeItems):
    """Counts deletions."""

    deleted: tuple[bytes, ...] = ()

    def delete(self, key: bytes, owner: bytes) -> bool:
        self.deleted += (key,)
        return super().delete(key, owner)


def test_only_what_stands_is_deleted_of_the_places_where_a_key_was() -> None:
    tables, dirty = Tables(mapping_of("new key")), DirtySet()
    for id_, mail in (("1", "a"), ("2", "b"), ("1", "c")):
        tables.write(id_, {"id": {"S": id_}, "mail": {"S": mail}})
    versions = cast("list[RawItem]", [record.new for record in tables.records["s0"]])
    first, other, last = (next(iter(tables.mapping.items(version).items())) for version in versions)
    tables.target = dict((first, other))
    nothing = first[0].replace(b'"a"', b'"z"')
    mark(dirty, "1", places=frozenset((first[0], other[0], nothing)))
    items = CountedItems(tables, lambda: None)
    with followed(items, dirty) as follower:
        follower.catch_up(quiet=True)
    assert items.deleted == (first[0],)
    assert tables.target == dict((other, last))
