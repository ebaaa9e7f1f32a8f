"""A change that was written without an answer keeps its journal entry, whatever others do to its item meanwhile."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from backfill.killed import kill_updates
from backfill.kit import Bench, FirstRunLimits, canonical
from backfill.test_voids import put
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.jobs.options import TransferOptions
from dynasmith.strict import StrictServer
from flow.engine_runs import backfill
from flow.killing import KilledError, Killer
from flow.kit import MakeTable, fill

ITEMS = 20
TOUCHED = [f"item-{number:05d}" for number in range(10)]
ASKED = TransferOptions(segments=1)


def change(item: Any, _ctx: Any) -> None:
    if "name" in item:
        item["full_name"] = item.pop("name")
    item.setdefault("country", "CH")


def disturb(client: Any, table: str, name: str) -> None:
    for key in TOUCHED:
        put(client, table, key, name, "another's")


def lost_reply(client: Any, strict: StrictServer, table: str, others: Callable[[], None]) -> Thread:
    """The first batch is written, its replies are lost until the others have come."""

    def meanwhile() -> None:
        while "full_name" not in client.get_item(TableName=table, Key={"pk": {"S": TOUCHED[0]}})["Item"]:
            pass
        others()
        strict.calm()

    strict.fault("BatchExecuteStatement", kind="500-after", nth=2, times=None)
    thread = Thread(target=meanwhile)
    thread.start()
    return thread


def killed_after_the_write(bench: Bench) -> str:
    killed = kill_updates(bench.updates, Killer(1, True))
    around = RunContext(loop_factory=new_event_loop)
    with pytest.raises(KilledError):
        backfill(bench.end, killed, bench.ledger, bench.open_journal, change, ASKED, around=around)
    return bench.last().id


def names_of(wire: bytes) -> dict[str, Any]:
    return dict(json.loads(wire))


@pytest.mark.parametrize("lost", ["reply", "run"])
@pytest.mark.parametrize("name", ["country", "name", "town"])
def test_what_was_written_is_put_back_or_listed(
    there: Any,
    client: Any,
    strict: StrictServer,
    make_table: MakeTable,
    tmp_path: Path,
    name: str,
    lost: str,
) -> None:
    table = make_table()
    fill(client, table, ITEMS)
    before = canonical(client, table)
    bench = Bench(there, table, tmp_path)
    if lost == "reply":
        thread = lost_reply(client, strict, table, lambda: disturb(client, table, name))
        report = bench.run(change, ASKED)
        thread.join()
        job = report.job.id
    else:
        job = killed_after_the_write(bench)
        disturb(client, table, name)
        report = bench.again(job, change)
    assert report.counts.written + report.counts.already == ITEMS
    assert report.adds_up
    undone = bench.undo(job)
    assert undone.counts.read == ITEMS
    after = canonical(client, table)
    if name == "country":  # theirs is in the way of ours: left, and listed
        assert (undone.counts.written, undone.counts.dead) == (10, 10)
        dead = bench.ledger.dead_letters(undone.job.id)
        assert all("country" in one.reason for one in dead)
        assert all(names_of(after[f"{key}|"])["country"] == {"S": "another's"} for key in TOUCHED)
    else:
        assert (undone.counts.written, undone.counts.dead) == (ITEMS, 0)
        for key in TOUCHED:
            expected = names_of(before[f"{key}|"]) | {name: {"S": "another's"}}
            assert names_of(after[f"{key}|"]) == expected
    for key in before.keys() - {f"{key}|" for key in TOUCHED}:
        assert after[key] == before[key]


@pytest.mark.parametrize("written", [False, True], ids=["nothing-written", "written"])
def test_a_limit_counts_what_the_killed_run_wrote_and_nothing_else(
    client: Any, make_table: MakeTable, tmp_path: Path, written: bool
) -> None:
    table = make_table()
    fill(client, table, 200)
    before = canonical(client, table)
    bench = Bench(client, table, tmp_path)
    asked, around = TransferOptions(segments=3), RunContext(loop_factory=new_event_loop)
    killed = kill_updates(bench.updates, Killer(1, written))
    with pytest.raises(KilledError):
        backfill(
            bench.end,
            killed,
            bench.ledger,
            bench.open_journal,
            change,
            asked,
            careful=FirstRunLimits(limit=10),
            around=around,
        )
    job = bench.last().id
    report = bench.again(job, change)
    assert report.job.state == "done"
    assert report.adds_up
    assert report.counts.written + report.counts.already == 10
    assert sum(b'"full_name"' in item for item in canonical(client, table).values()) == 10
    undone = bench.undo(job)
    assert (undone.counts.written, undone.counts.dead) == (10, 0)
    assert canonical(client, table) == before
