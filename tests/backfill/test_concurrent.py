"""A writer changes items while they are backfilled, throttled, broken: nothing of it is lost, and undo spares it."""

import json
from pathlib import Path
from typing import Any

import pytest

from backfill.kit import Bench, canonical
from backfill.writer import Writer, check
from dynasmith.jobs.options import TransferOptions
from dynasmith.operations import parse_operations
from dynasmith.strict import StrictServer
from flow.kit import MakeTable, client_of, fill

SHAPE = parse_operations(
    {"version": 1, "operations": [{"add": "country", "value": "CH"}, {"rename": "name", "to": "full_name"}]}
)
FAULTS = ("500", "503", "reset-before", "reset-after", "500-after", "cut-body", "wrong-crc", "throttle")


@pytest.mark.parametrize("statements", [None, False], ids=["statements", "single updates"])
def test_no_write_of_another_is_lost_and_every_item_has_the_new_shape(
    there: Any,
    client: Any,
    strict: StrictServer,
    make_table: MakeTable,
    ministack_endpoint: str,
    tmp_path: Path,
    statements: bool | None,
) -> None:
    table = make_table()
    count = 800 if statements is None else 250
    fill(client, table, count)
    before = canonical(client, table)
    operation = "BatchExecuteStatement" if statements is None else "UpdateItem"
    strict.throttle(table, write_units=150)  # of single updates; statements meet the fault "throttle"
    faults = []
    for number, kind in enumerate(FAULTS):
        # A statement's table is not told to faults, so they are for the operation.
        faults.append(strict.fault(operation, kind=kind, times=None, probability=0.04, seed=number))
        strict.fault("Scan", kind=kind, times=None, probability=0.03, seed=number + 50, table=table)
    bench = Bench(there, table, tmp_path, statements=statements)
    asked = TransferOptions(segments=3, batch_size=120, max_write_units=1200)
    other = client_of(ministack_endpoint)
    keys = [key.removesuffix("|") for key in before]
    with Writer(other, table, keys) as writer:
        report = bench.run(SHAPE, asked)
    assert sum(fault.hits for fault in faults) > 0
    strict.calm()
    other.close()
    assert report.adds_up, report.counts.arithmetic
    assert report.counts.read == count
    assert report.counts.dead == 0
    assert report.counts.retried > 0
    assert report.counts.throttled > 0
    after = canonical(client, table)
    check(after, writer)
    for item in after.values():
        found = json.loads(item)
        assert "country" in found
        assert "name" not in found
        assert "full_name" in found

    undone = bench.undo(report.job.id)
    assert undone.adds_up
    back = canonical(client, table)
    check(back, writer)
    untouched = [key for key in before if key.removesuffix("|") not in writer.wrote]
    assert untouched
    assert [key for key in untouched if back[key] != before[key]] == []
    changed = [dead for dead in bench.ledger.dead_letters(undone.job.id) if dead.code == "changed"]
    assert len(changed) == undone.counts.dead


def test_an_item_that_changes_at_every_try_is_a_dead_letter(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 30)
    tries: list[int] = []

    def change(item: Any, _ctx: Any) -> None:
        if item["pk"] == "item-00007":
            # Another writer is always quicker with this one.
            tries.append(1)
            client.update_item(
                TableName=table,
                Key={"pk": {"S": "item-00007"}},
                UpdateExpression="SET #n = :n",
                ExpressionAttributeNames={"#n": "number"},
                ExpressionAttributeValues={":n": {"N": str(1000 + len(tries))}},
            )
        item["twice"] = item["number"] * 2

    bench = Bench(there, table, tmp_path)
    report = bench.run(change, TransferOptions(segments=1))
    assert (report.counts.written, report.counts.dead) == (29, 1)
    (dead,) = bench.ledger.dead_letters(report.job.id)
    assert dead.code == "contended"
    assert "item-00007" in dead.reason
    assert len(tries) > 5


def test_a_deleted_item_is_skipped_and_not_made_again(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 40)
    deleted: list[str] = []

    def change(item: Any, ctx: Any) -> None:
        if item["pk"] == "item-00011" and ctx.job != "" and "seen" not in item:
            client.delete_item(TableName=table, Key={"pk": {"S": "item-00011"}})
            deleted.append(item["pk"])
        item["seen"] = True

    bench = Bench(there, table, tmp_path)

    # The look before the job would delete it already, so the item comes back for the run itself.
    def around(*_: Any) -> None:
        fill(client, table, 1, first=11)

    from dynasmith.aws.data.event_loop import new_event_loop
    from dynasmith.engine.transfer.events import FlowStarted
    from dynasmith.engine.transfer.runner import RunContext

    listener = RunContext(
        listener=lambda event: around() if isinstance(event, FlowStarted) else None, loop_factory=new_event_loop
    )
    report = bench.run(change, TransferOptions(segments=1), around=listener)
    assert (report.counts.written, report.counts.skipped, report.counts.dead) == (39, 1, 0)
    assert "item-00011|" not in canonical(client, table)
    assert bench.undo(report.job.id).counts.written == 39
    assert "item-00011|" not in canonical(client, table)
