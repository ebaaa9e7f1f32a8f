"""Backfills on a real engine: only changed attributes are written, no-ops cost nothing, undo is exact."""

from pathlib import Path
from typing import Any

import pytest

from backfill.kit import Bench, canonical
from dynasmith.jobs.options import TransferOptions
from dynasmith.operations import parse_operations
from dynasmith.strict import StrictServer
from flow.kit import MakeTable, fill

WRITES = {"BatchWriteItem", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchExecuteStatement"}

OPERATIONS = parse_operations(
    {
        "version": 1,
        "operations": [
            {"add": "country", "value": "CH"},
            {"rename": "name", "to": "full_name"},
            {"cast": "number", "to": "S"},
            {"set_to_list": "tags"},
        ],
    }
)


@pytest.mark.parametrize("statements", [None, False], ids=["statements", "single updates"])
def test_every_item_is_changed_once_and_undone_to_the_byte(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path, statements: bool | None
) -> None:
    table = make_table()
    fill(client, table, 330)
    before = canonical(client, table)
    bench = Bench(there, table, tmp_path, statements=statements)
    report = bench.run(OPERATIONS, TransferOptions(segments=3, batch_size=60))
    assert (report.counts.read, report.counts.written, report.counts.unchanged) == (330, 330, 0)
    assert report.adds_up
    after = canonical(client, table)
    assert all(b'"country": {"S": "CH"}' in item and b'"full_name"' in item for item in after.values())
    assert not any(b'"name"' in item for item in after.values())
    used = {call.operation for call in strict.journal if call.operation in WRITES}
    assert used == ({"BatchExecuteStatement"} if statements is None else {"UpdateItem"})

    again = bench.run(OPERATIONS, TransferOptions(segments=2))
    assert (again.counts.written, again.counts.unchanged, again.counts.write_units) == (0, 330, 0.0)

    undone = bench.undo(report.job.id)
    assert (undone.counts.read, undone.counts.written, undone.counts.dead) == (330, 330, 0)
    assert undone.adds_up
    assert canonical(client, table) == before

    twice = bench.undo(report.job.id)
    assert (twice.counts.already, twice.counts.written) == (330, 0)
