"""An entry of the journal whose change was surely not written is passed over by an undo."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backfill.killed import kill_updates
from backfill.kit import Bench, canonical
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.transfer.events import FlowStarted
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.jobs.options import TransferOptions
from flow.engine_runs import backfill, resumed_backfill
from flow.killing import KilledError, Killer
from flow.kit import MakeTable, fill


def put(client: Any, table: str, key: str, name: str, value: str) -> None:
    client.update_item(
        TableName=table,
        Key={"pk": {"S": key}},
        UpdateExpression="SET #n = :v",
        ExpressionAttributeNames={"#n": name},
        ExpressionAttributeValues={":v": {"S": value}},
    )


def test_what_another_wrote_first_with_the_same_value_is_theirs(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 20)
    begun: list[bool] = []

    def change(item: Any, _ctx: Any) -> None:
        if begun and item["pk"] == "item-00003" and "country" not in item:
            put(client, table, "item-00003", "country", "CH")
        if "country" not in item:
            item["country"] = "CH"

    listener = RunContext(
        listener=lambda event: begun.append(True) if isinstance(event, FlowStarted) else None,
        loop_factory=new_event_loop,
    )
    bench = Bench(there, table, tmp_path)
    report = bench.run(change, TransferOptions(segments=1), around=listener)
    assert (report.counts.written, report.counts.unchanged) == (19, 1)
    undone = bench.undo(report.job.id)
    assert (undone.counts.read, undone.counts.written, undone.counts.dead) == (19, 19, 0)
    having = [key for key, item in canonical(client, table).items() if b'"country"' in item]
    assert having == ["item-00003|"]


def test_an_entry_that_was_never_sent_is_passed_over_when_its_item_comes_again(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 20)
    before = canonical(client, table)

    def change(item: Any, _ctx: Any) -> None:
        if "name" in item:
            item["full_name"] = item.pop("name")

    bench = Bench(client, table, tmp_path)
    with pytest.raises(KilledError):
        backfill(
            bench.end,
            kill_updates(bench.updates, Killer(1, False)),
            bench.ledger,
            bench.open_journal,
            change,
            TransferOptions(segments=1),
            around=RunContext(loop_factory=new_event_loop),
        )
    assert canonical(client, table) == before
    put(client, table, "item-00005", "name", "another's")
    job = bench.last().id
    assert bench.again(job, change).counts.written == 20
    undone = bench.undo(job)
    assert (undone.counts.read, undone.counts.written, undone.counts.dead) == (20, 20, 0)
    back = canonical(client, table)
    assert json.loads(back.pop("item-00005|"))["name"] == {"S": "another's"}
    before.pop("item-00005|")
    assert back == before


class StaleAccess:
    """A table whose scans are late, as an eventually consistent read may be: they still show the items as they were."""

    def __init__(self, real: Any, old: dict[str, bytes]) -> None:
        self.real, self.old = real, old
        self.where, self.look, self.portable = real.where, real.look, real.portable

    def source(self, *arguments: Any, **more: Any) -> Any:
        opened = self.real.source(*arguments, **more)

        async def stale(heard: Any) -> Any:
            source = await opened(heard)
            read = source.read

            async def late(segment: int, start: bytes | None) -> Any:
                page = await read(segment, start)
                return replace(page, items=[self.old[json.loads(bytes(item))["pk"]["S"] + "|"] for item in page.items])

            source.read = late
            return source

        return stale


def test_a_late_read_after_a_kill_does_not_lose_what_was_kept(
    client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 20)
    before = canonical(client, table)

    def change(item: Any, _ctx: Any) -> None:
        if "name" in item:
            item["full_name"] = item.pop("name")

    bench = Bench(client, table, tmp_path)
    around = RunContext(loop_factory=new_event_loop)
    killed = kill_updates(bench.updates, Killer(1, True))
    asked = TransferOptions(segments=1)
    with pytest.raises(KilledError):
        backfill(bench.end, killed, bench.ledger, bench.open_journal, change, asked, around=around)
    assert all(b'"full_name"' in item for item in canonical(client, table).values())
    job = bench.last().id
    late = TableEnd(bench.end.description, StaleAccess(bench.end.access, before))  # type: ignore[arg-type]
    report = resumed_backfill(bench.ledger.claim(job), late, bench.updates, bench.open_journal, change, around=around)
    assert (report.counts.already, report.counts.written, report.counts.unchanged) == (20, 0, 0)
    assert bench.undo(job).counts.written == 20
    assert canonical(client, table) == before
