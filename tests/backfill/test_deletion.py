"""Deletions of items on a real engine: only what meets the condition goes, a kill loses no count, undo is exact."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from backfill.killed import KillJournal, KillLedger, kill_updates, killed_end
from backfill.kit import Bench, canonical
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.deletion.dry_run import rehearse_deletion
from dynasmith.engine.transfer.key_files import KeyFiles
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import UsageError
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.source import FileSource
from dynasmith.items.key import KeySchema
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.ports.items import ThrottleListener
from dynasmith.ports.updates import ItemChange, SentChanges, Updates, deletion_of
from dynasmith.strict import StrictServer
from flow.engine_runs import delete_items, resumed_deletion
from flow.killing import KilledError, Killer
from flow.kit import MakeTable, fill
from kill_points import STEP, first_call

ITEMS = 30
WHERE = "number >= 10"
AROUND = RunContext(loop_factory=new_event_loop)


def delete(bench: Bench, asked: TransferOptions, updates: Any = None) -> Report:
    return delete_items(bench.end, updates or bench.updates, bench.ledger, bench.open_journal, asked, around=AROUND)


def numbers(client: Any, table: str) -> list[int]:
    return sorted(int(json.loads(item)["number"]["N"]) for item in canonical(client, table).values())


@pytest.mark.parametrize("where", [WHERE, ""], ids=["some", "all"])
def test_what_meets_the_condition_goes_and_comes_back_to_the_byte(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path, where: str
) -> None:
    table = make_table()
    fill(client, table, 130)
    before = canonical(client, table)
    bench = Bench(there, table, tmp_path)
    report = delete(bench, TransferOptions(segments=3, batch_size=20, condition=where))
    left = 10 if where else 0
    assert (report.counts.read, report.counts.written) == (130 - left, 130 - left)
    assert report.adds_up
    assert numbers(client, table) == list(range(left))
    sent = [call for call in strict.journal if call.operation == "DeleteItem"]
    assert all("ConditionExpression" in call.request for call in sent)
    undone = bench.undo(report.job.id)
    assert (undone.counts.written, undone.counts.dead) == (130 - left, 0)
    assert canonical(client, table) == before
    assert bench.undo(report.job.id).counts.already == 130 - left


def keys_of(folder: Path, key: KeySchema) -> Callable[[], KeyFiles]:
    """The keys of what meets WHERE, one of them twice, and one that is nowhere."""
    file = folder / "keys.jsonl"
    file.write_text("".join(f'{{"pk": "item-{n:05d}"}}\n' for n in (*range(10, ITEMS), 12, 77)), "utf-8")

    async def opened(_heard: ThrottleListener) -> FileSource:
        return FileSource(layout_of([str(file)]), key, page_items=8)

    return lambda: KeyFiles(opened, SeenKeys())


@pytest.mark.parametrize("by_keys", [False, True], ids=["where", "keys"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_call_it_ends_the_same_and_is_undone(
    client: Any, make_table: MakeTable, tmp_path: Path, after: bool, by_keys: bool
) -> None:
    table = make_table()
    at, resumed = first_call(), 0
    keys = keys_of(tmp_path, Bench(client, table, tmp_path).end.key) if by_keys else None
    asked = TransferOptions(segments=2, batch_size=12, condition="" if by_keys else WHERE)
    while True:
        fill(client, table, ITEMS)
        before = canonical(client, table)
        bench = Bench(client, table, tmp_path / str(at))
        killer = Killer(at, after)
        bench.wrap = lambda journal, killer=killer: KillJournal(journal, killer)
        ledger: Any = KillLedger(bench.ledger, killer)
        end, updates = killed_end(bench.end, killer), kill_updates(bench.updates, killer)
        try:
            delete_items(end, updates, ledger, bench.open_journal, asked, around=AROUND, keys=keys)
            break
        except KilledError:
            bench.wrap = None
        if bench.ledger.jobs():
            job = bench.last()
            claim = bench.ledger.claim(job.id)
            report = resumed_deletion(claim, bench.end, bench.updates, bench.open_journal, AROUND, keys)
            resumed += 1
            assert report.adds_up, at
            counts = report.counts
            assert (counts.read, counts.dead, counts.skipped) == (ITEMS - 10 + 2 * by_keys, 0, 0), at
            assert (counts.dropped, counts.unchanged) == (by_keys, by_keys), at
            assert report.counts.written + report.counts.already == ITEMS - 10, at
            assert numbers(client, table) == list(range(10)), at
            assert bench.undo(job.id).adds_up, at
            assert canonical(client, table) == before, at
        at += STEP
    assert resumed * STEP > 10 - STEP


@pytest.mark.parametrize("by_keys", [False, True], ids=["where", "keys"])
def test_a_limit_holds_over_all_runs_of_a_job_that_is_killed_twice(
    client: Any, make_table: MakeTable, tmp_path: Path, by_keys: bool
) -> None:
    table, limit = make_table(), 15
    keys = keys_of(tmp_path, Bench(client, table, tmp_path).end.key) if by_keys else None
    asked = TransferOptions(segments=2, batch_size=5, condition="" if by_keys else WHERE)
    fill(client, table, ITEMS)
    before, resumed = canonical(client, table), 0
    for first, second in ((1, 2), (2, 2)) if by_keys else ((3, 4), (3, 6), (4, 3), (4, 7), (5, 7)):
        bench = Bench(client, table, tmp_path / f"{first}-{second}")
        killer, again = Killer(first, after=True), Killer(second, after=True)
        end, updates = killed_end(bench.end, killer), kill_updates(bench.updates, killer)
        with pytest.raises(KilledError):
            delete_items(end, updates, bench.ledger, bench.open_journal, asked, around=AROUND, keys=keys, limit=limit)
        job = bench.last()
        end, updates = killed_end(bench.end, again), kill_updates(bench.updates, again)
        with suppress(KilledError):
            resumed_deletion(bench.ledger.claim(job.id), end, updates, bench.open_journal, AROUND, keys)
        if bench.last().state != "done":
            claim = bench.ledger.claim(job.id)
            resumed_deletion(claim, bench.end, bench.updates, bench.open_journal, AROUND, keys)
            resumed += 1
        counts = bench.last().counts
        assert counts.written + counts.already == limit, (first, second)
        assert len(numbers(client, table)) == ITEMS - limit, (first, second)
        assert bench.undo(job.id).adds_up
        assert canonical(client, table) == before, (first, second)
    assert resumed


class Meddler:
    """Somebody who changes items between the look at them and their deletion."""

    def __init__(self, real: Updates, meddle: Any) -> None:
        self._real, self._meddle = real, meddle
        self.batch_items = real.batch_items

    async def send(self, changes: list[ItemChange]) -> SentChanges:
        self._meddle(changes)
        self._meddle = lambda _: None
        return await self._real.send(changes)

    async def close(self) -> None:
        await self._real.close()


def meddled(bench: Bench, meddle: Any) -> Any:
    async def opened(heard: ThrottleListener) -> Any:
        return Meddler(await bench.updates(heard), meddle)

    return opened


def test_what_others_changed_meanwhile_is_looked_at_again(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    fill(client, table, ITEMS)
    bench = Bench(client, table, tmp_path)

    def key(change: ItemChange) -> Any:
        return {"pk": json.loads(bytes(change.before))["pk"]}

    def meddle(changes: list[ItemChange]) -> None:
        first, second, third = changes[:3]
        set_number = {"UpdateExpression": "SET #n = :n", "ExpressionAttributeNames": {"#n": "number"}}
        client.update_item(TableName=table, Key=key(first), **set_number, ExpressionAttributeValues={":n": {"N": "1"}})
        client.update_item(
            TableName=table, Key=key(second), **set_number, ExpressionAttributeValues={":n": {"N": "99"}}
        )
        client.delete_item(TableName=table, Key=key(third))

    report = delete(bench, TransferOptions(segments=1, condition=WHERE), meddled(bench, meddle))
    assert report.adds_up
    # One does not meet the condition any more, one is gone; the other is deleted as it is now.
    assert (report.counts.skipped, report.counts.written) == (2, ITEMS - 12)
    assert len(numbers(client, table)) == 11
    bench.undo(report.job.id)
    found = numbers(client, table)
    assert len(found) == ITEMS - 1
    assert 99 in found


def test_an_item_of_very_many_attributes_comes_back_as_it_was_when_it_was_deleted(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    wide = {"pk": {"S": "wide"}, "number": {"N": "10"}, **{f"a{n}": {"N": str(n)} for n in range(120)}}
    client.put_item(TableName=table, Item=wide)
    bench = Bench(client, table, tmp_path)
    assert deletion_of(json.dumps(wide).encode(), ("number",)).expected == ("number",)

    def meddle(_: list[ItemChange]) -> None:
        client.update_item(TableName=table, Key={"pk": {"S": "wide"}}, UpdateExpression="SET a7 = :v",
                           ExpressionAttributeValues={":v": {"S": "new"}})  # fmt: skip

    report = delete(bench, TransferOptions(segments=1, condition=WHERE), meddled(bench, meddle))
    assert (report.counts.written, canonical(client, table)) == (1, {})
    bench.undo(report.job.id)
    [item] = canonical(client, table).values()
    assert json.loads(item) == wide | {"a7": {"S": "new"}}


def test_an_undo_leaves_an_item_that_others_put_there_since(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    fill(client, table, 3)
    bench = Bench(client, table, tmp_path)
    report = delete(bench, TransferOptions(segments=1))
    client.put_item(TableName=table, Item={"pk": {"S": "item-00001"}, "fresh": {"BOOL": True}})
    before = canonical(client, table)
    undone = bench.undo(report.job.id)
    assert (undone.counts.written, undone.counts.dead) == (2, 1)
    assert before.items() <= canonical(client, table).items()


def test_a_dry_run_counts_and_writes_nothing(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 40)
    bench = Bench(there, table, tmp_path, items=40)
    found = rehearse_deletion(bench.end, TransferOptions(condition=WHERE), sample=None)
    assert (found.deleted, found.error, found.counted) == (30, 0, True)
    assert found.estimate.write_units == 30
    assert len(found.keys) == 3
    assert rehearse_deletion(bench.end, TransferOptions()).deleted == 40
    assert {call.operation for call in strict.journal} == {"Scan"}
    with pytest.raises(UsageError):
        rehearse_deletion(bench.end, TransferOptions(condition="number >="))
