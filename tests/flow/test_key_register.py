"""The register of a job's keys, asked over a line: turns that are waited for, and those of workers that are gone."""

import asyncio
from collections.abc import Sequence

import pytest

from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.key_register import JobKeys, KeyService, KeyState, RemoteKeys
from dynasmith.engine.transfer.transform_stage import StagedPage
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.items.key import KeySchema, key_of
from dynasmith.ports.items import Item, Outcome, Page

KEY = KeySchema.of("pk")
ITEM, OTHER = b'{"pk":{"S":"a"},"n":{"N":"1"}}', b'{"pk":{"S":"a"},"n":{"N":"2"}}'


class Table:
    """A target that says what stands in it, and that keeps a write under way for as long as it is told."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.writes = asyncio.Event()
        self.goes_on = asyncio.Event()

    async def get(self, keys: Sequence[bytes]) -> Sequence[Item]:
        return [self.items[str(key_of(key, KEY)[0])] for key in keys if str(key_of(key, KEY)[0]) in self.items]

    async def page(self, keys: Sequence[bytes]) -> Page:
        return Page(items=await self.get(keys), next=None, read=len(keys))

    async def close(self) -> None:
        """Nothing is open."""

    async def opened(self) -> "Table":
        return self

    async def write(self, items: Sequence[Item]) -> Outcome:
        for item in items:
            self.items[str(key_of(item, KEY)[0])] = item
        return Outcome(written=len(items))

    async def hanging(self, _items: Sequence[Item]) -> Outcome:
        self.writes.set()
        await self.goes_on.wait()
        return Outcome(dead=(), skipped=1, others=(ITEM,))


def worker(keys: JobKeys, table: Table) -> Deduplication:
    return Deduplication(
        KEY, RemoteKeys(KeyService(keys)), lambda segment, place: f"{segment}:{place}", lookup=table.opened
    )


def page(item: Item) -> Page:
    return Page(items=[item], next=None, read=1, places=[1])


async def begun(keys: JobKeys, table: Table) -> "asyncio.Task[tuple[StagedPage, Outcome]]":
    """Another worker that has the key, and writes."""
    task = asyncio.create_task(worker(keys, table)(0, None, page(ITEM), StagedPage([ITEM]), table.hanging))
    await table.writes.wait()
    return task


async def waiting(keys: JobKeys, table: Table, item: Item) -> "asyncio.Task[tuple[StagedPage, Outcome]]":
    task = asyncio.create_task(worker(keys, table)(1, None, page(item), StagedPage([item]), table.write))
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize(
    ("stands", "item", "end"),
    [
        (None, OTHER, "written"),  # what the worker that is gone had was never written
        (ITEM, ITEM, "already"),
        (ITEM, OTHER, "duplicate"),
        (OTHER, OTHER, "written"),  # this one's own, of a run before
    ],
)
def test_where_a_worker_is_gone_in_its_turn_the_target_decides(stands: Item | None, item: Item, end: str) -> None:
    async def main() -> None:
        keys, table = JobKeys(SeenKeys()), Table()
        gone = await begun(keys, table)
        other = await waiting(keys, table, item)
        gone.cancel()
        if stands is not None:
            table.items["a"] = stands
        while not keys._turn_of.get(0):
            await asyncio.sleep(0)
        keys.lose(0)
        staged, outcome = await other
        found = {"written": outcome.written, "already": staged.already, "duplicate": len(staged.dead)}
        assert {name for name, count in found.items() if count} == {end}, found
        keys.close(over=True)

    asyncio.run(main())


def test_a_turn_is_waited_for_and_a_key_that_is_not_written_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the question of a worker ends before the turn does."""
    monkeypatch.setattr("dynasmith.engine.transfer.key_register.ANSWER_SECONDS", 0.0)
    asked, state = list[Sequence[int]](), KeyService._state

    async def counted(self: KeyService, turns: Sequence[int]) -> KeyState:
        asked.append(turns)
        return await state(self, turns)

    monkeypatch.setattr(KeyService, "_state", counted)

    async def main() -> None:
        keys, table = JobKeys(SeenKeys()), Table()
        first = await begun(keys, table)
        other = await waiting(keys, table, OTHER)
        while len(asked) < 5:
            await asyncio.sleep(0)
        assert not other.done()
        table.goes_on.set()
        staged, outcome = await other
        assert (outcome.written, staged.dead, staged.already) == (1, (), 0)
        await first
        keys.close(over=True)

    asyncio.run(main())
