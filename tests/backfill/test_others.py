"""An undo says what others changed since: counts and keys, exact also where it was killed on its way."""

import json
from pathlib import Path
from typing import Any

import pytest

from backfill.killed import KillLedger, kill_updates
from backfill.kit import Bench, canonical
from dynasmith.engine.backfill.concurrent_edits import KEYS_KEPT, ConcurrentEdits, UndoReport
from dynasmith.jobs.options import TransferOptions
from dynasmith.strict import StrictServer
from flow.engine_runs import undo
from flow.killing import KilledError, Killer
from flow.kit import MakeTable, fill

ASKED = TransferOptions(segments=2, batch_size=20)


def shape(item: Any, _ctx: Any) -> None:
    item["country"] = "CH"


def set_value(client: Any, table: str, number: int, name: str, value: str) -> None:
    client.update_item(
        TableName=table,
        Key={"pk": {"S": f"item-{number:05d}"}},
        UpdateExpression="SET #n = :v",
        ExpressionAttributeNames={"#n": name},
        ExpressionAttributeValues={":v": {"S": value}},
    )


def disturbed(client: Any, table: str) -> None:
    """12 items beside what the backfill wrote, 3 in it, one of them in both, one gone, one only spelt anew."""
    for number in range(12):
        set_value(client, table, number, "town", "Bern")
    for number in (11, 12, 13):
        set_value(client, table, number, "country", "FR")
    client.delete_item(TableName=table, Key={"pk": {"S": "item-00014"}})
    client.update_item(
        TableName=table,
        Key={"pk": {"S": "item-00015"}},
        UpdateExpression="SET #n = :v",
        ExpressionAttributeNames={"#n": "number"},
        ExpressionAttributeValues={":v": {"N": "15.0"}},
    )


def test_counts_and_keys_of_what_others_changed(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    fill(client, table, 60)
    before = canonical(client, table)
    bench = Bench(client, table, tmp_path)
    job = bench.run(shape, ASKED).job.id
    disturbed(client, table)
    report = bench.undo(job)
    assert isinstance(report, UndoReport)
    assert (report.others.beside, report.others.left, report.others.unseen) == (11, 3, False)
    assert len(report.others.beside_keys) == KEYS_KEPT
    assert all(key.endswith(": town") for key in report.others.beside_keys)
    assert sorted(report.others.left_keys) == [f"pk=item-{number:05d}: country" for number in (11, 12, 13)]
    assert (report.counts.written, report.counts.dead, report.counts.skipped) == (56, 3, 1)
    # 59 items were read strongly, each is under 4 KB
    assert report.counts.read_units == 59
    said = json.loads(json.dumps(report.to_json()))["changed_since"]
    assert (said["beside"], said["left"]) == (11, 3)
    after = canonical(client, table)
    for number in range(11):
        item = json.loads(after[f"item-{number:05d}|"])
        assert (item.pop("town"), "country" in item) == ({"S": "Bern"}, False)
        assert item == json.loads(before[f"item-{number:05d}|"])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_killed_undo_counts_what_it_acknowledged_once(
    client: Any, make_table: MakeTable, tmp_path: Path, after: bool
) -> None:
    table = make_table()
    at = resumed = 0
    while True:
        at += 3
        fill(client, table, 60)
        bench = Bench(client, table, tmp_path / str(at))
        job = bench.run(shape, ASKED).job
        disturbed(client, table)
        killer = Killer(at, after)
        ledger: Any = KillLedger(bench.ledger, killer)
        updates = kill_updates(bench.updates, killer)
        try:
            undo(bench.end, updates, ledger, lambda: bench.kept(job.id))  # noqa: B023  # used at once
            break
        except KilledError:
            report = bench.undo_again(bench.last().id, job.id)
            resumed += 1
        assert isinstance(report, UndoReport)
        assert report.others.beside == 11, at
        assert report.others.left == 3 == report.counts.dead, at
    assert resumed > 1


def test_a_role_that_may_not_read_items_gets_its_undo(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 30)
    before = canonical(client, table)
    bench = Bench(there, table, tmp_path)
    job = bench.run(shape, ASKED).job.id
    strict.fault("BatchGetItem", kind="access-denied", times=None)
    report = bench.undo(job)
    assert isinstance(report, UndoReport)
    assert report.others == ConcurrentEdits(unseen=True)
    assert report.counts.written == 30
    assert canonical(client, table) == before
