"""Items that a backfill would make larger than the service holds: measured before anything is sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from backfill.kit import Bench, canonical
from dynasmith.items.transform import ItemRefused
from dynasmith.jobs.options import TransferOptions
from dynasmith.strict import StrictServer
from flow.kit import MakeTable, fill

LARGE = "item-00007"
ONE = TransferOptions(segments=1)


def grow(item: Any, _ctx: Any) -> None:
    item["copy"] = item.get("blob", "small")


def with_a_large_one(client: Any, table: str, characters: int) -> None:
    fill(client, table, 30)
    client.put_item(TableName=table, Item={"pk": {"S": LARGE}, "blob": {"S": "x" * characters}})


def test_an_item_that_would_grow_too_large_stops_the_job_before_it_writes(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    with_a_large_one(client, table, 210_000)
    with pytest.raises(ItemRefused) as caught:
        Bench(there, table, tmp_path).run(grow, ONE)
    assert caught.value.message.startswith(f"What the transform makes of item pk={LARGE}: ")
    assert "409,600" in caught.value.message
    assert strict.journal.writes == []


def test_the_others_are_written_where_such_items_go_to_the_dead_letters(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    with_a_large_one(client, table, 210_000)
    before = canonical(client, table)
    bench = Bench(there, table, tmp_path)
    report = bench.run(grow, TransferOptions(segments=1, on_error="dead"))
    assert (report.counts.written, report.counts.dead) == (29, 1)
    (dead,) = bench.ledger.dead_letters(report.job.id)
    assert (dead.code, LARGE in dead.reason) == ("transform", True)
    assert canonical(client, table)[f"{LARGE}|"] == before[f"{LARGE}|"]
    statements = [one for call in strict.journal.of("BatchExecuteStatement") for one in call.request["Statements"]]
    probe = 1
    assert len(statements) == 29 + probe
    assert strict.journal.of("UpdateItem") == []


def test_what_just_fits_is_written(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    with_a_large_one(client, table, 204_000)
    assert Bench(client, table, tmp_path).run(grow, ONE).counts.written == 30


def test_an_item_that_another_writer_grew_meanwhile_is_a_dead_letter_with_the_service_s_reason(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    with_a_large_one(client, table, 10)
    runs: list[int] = []

    def change(item: Any, _ctx: Any) -> None:
        if item["pk"] == LARGE:
            runs.append(1)
            if len(runs) == 4:  # in the run, after the look: an attribute that the transform does not read
                client.update_item(
                    TableName=table,
                    Key={"pk": {"S": LARGE}},
                    UpdateExpression="SET weight = :v",
                    ExpressionAttributeValues={":v": {"S": "y" * 390_000}},
                )
        item["copy"] = "z" * 30_000

    bench = Bench(there, table, tmp_path)
    report = bench.run(change, ONE)
    assert (report.counts.written, report.counts.dead) == (29, 1)
    (dead,) = bench.ledger.dead_letters(report.job.id)
    assert dead.code == "refused"
    assert "size" in dead.reason
    assert "copy" not in json.loads(canonical(client, table)[f"{LARGE}|"])
