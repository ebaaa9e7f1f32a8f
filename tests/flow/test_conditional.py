"""Conditional puts: 25 INSERT statements a call where engine and role keep their promise, else one PutItem each."""

from pathlib import Path
from typing import Any

import pytest

from dynasmith.aws.data.calls import Patience
from dynasmith.aws.data.client_details import name_engine
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import ConditionFailed
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.jobs.options import Mode, TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.strict import StrictServer
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Key, KeyAttribute, Table
from flow.engine_runs import copy
from flow.kit import MakeTable, client_of, fill, items_of

FAST = Patience(first_seconds=0.005, longest_seconds=0.2)
SKIP = Mode("skip-existing")


def end(client: Any, table: str) -> TableEnd:
    described = Table(name=table, key=Key(partition=(KeyAttribute(name="pk", type="S"),)))
    return TableEnd(TableDescription(table=described, status="ACTIVE"), TableAccess(client, patience=FAST))


def copied(client: Any, source: str, target: str, folder: Path, mode: Mode = SKIP, **more: Any) -> Report:
    around = RunContext(loop_factory=new_event_loop)
    asked = TransferOptions(segments=1, lanes=2, mode=mode)
    return copy(end(client, source), end(client, target), FolderLedger(folder), asked, around=around, **more)


def calls(strict: StrictServer, table: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for call in strict.journal.of("BatchExecuteStatement", "PutItem", "GetItem", "BatchGetItem", table=table):
        found[call.operation] = found.get(call.operation, 0) + 1
    return found


def test_existing_items_stay_and_a_call_writes_25(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 200)
    fill(client, target, 30)
    others = fill(client, target, 20, first=100, number=-1)
    counts = copied(there, source, target, tmp_path).counts
    assert (counts.written, counts.already, counts.skipped, counts.read) == (150, 30, 20, 200)
    standing = {bytes(item) for item in items_of(client, target)}
    assert len(standing) == 200
    assert digest_items([item for item in standing if b'"-1"' in item]) == digest_items(others)
    # One PutItem and one statement find the road out; then 8 calls insert, and the keys that were taken are read.
    assert calls(strict, target)["PutItem"] == 1
    assert calls(strict, target)["BatchExecuteStatement"] == 1 + 8
    assert calls(strict, target)["BatchGetItem"] <= 8


def test_without_the_right_for_statements_single_puts_do_it(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 80)
    fill(client, target, 10, number=-1)
    strict.fault("BatchExecuteStatement", kind="access-denied", times=None)
    counts = copied(there, source, target, tmp_path).counts
    assert (counts.written, counts.skipped) == (70, 10)
    assert calls(strict, target) == {"PutItem": 80, "BatchExecuteStatement": 1, "GetItem": 1}


def test_a_role_that_may_not_read_keys_is_shown_them_by_puts(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 100)
    fill(client, target, 5, number=-1)
    fill(client, target, 10, first=50)
    strict.fault("BatchGetItem", kind="access-denied", table=target, times=None)
    counts = copied(there, source, target, tmp_path).counts
    assert (counts.written, counts.already, counts.skipped) == (85, 10, 5)
    assert len(items_of(client, target)) == 100


def test_an_engine_without_these_statements_gets_single_puts(
    moto_endpoint: str, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    moto = client_of(moto_endpoint)
    name_engine(moto, "moto")
    for table in ("inserts-source", "inserts-target"):
        moto.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    try:
        fill(moto, "inserts-source", 60)
        others = fill(moto, "inserts-target", 20, number=-1)
        counts = copied(moto, "inserts-source", "inserts-target", tmp_path).counts
        assert (counts.written, counts.skipped) == (40, 20)
        standing = items_of(moto, "inserts-target")
        assert digest_items([item for item in standing if b'"-1"' in item]) == digest_items(others)
    finally:
        for table in ("inserts-source", "inserts-target"):
            moto.delete_table(TableName=table)
        moto.close()


def test_what_a_statement_cannot_say_goes_alone(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 24)
    wide = {f"attribute-{number:04d}": {"N": str(number)} for number in range(700)}
    for key, more in (("z1", {"it's": {"S": "x"}}), ("z2", {'a "quote"': {"NULL": True}}), ("z3", wide)):
        client.put_item(TableName=source, Item={"pk": {"S": key}, **more})
    counts = copied(there, source, target, tmp_path).counts
    assert (counts.written, counts.dead) == (27, 0)
    assert digest_items(items_of(client, target)) == digest_items(items_of(client, source))
    assert 3 <= calls(strict, target)["PutItem"] <= 4


def test_an_item_that_is_there_ends_a_copy_that_must_find_none(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 60)
    fill(client, target, 1, first=59, number=-1)
    with pytest.raises(ConditionFailed, match="has another item with the key"):
        copied(there, source, target, tmp_path, Mode("fail-existing"))
    (standing,) = [item for item in items_of(client, target) if b'item-00059"' in item]
    assert b'"-1"' in standing
    assert calls(strict, target)["PutItem"] == 1


def test_a_newer_item_is_no_matter_of_absence(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 30)
    fill(client, target, 10, number=-1)
    counts = copied(there, source, target, tmp_path, Mode("newer", "number")).counts
    assert counts.written == 30
    assert calls(strict, target) == {"PutItem": 30}


def test_two_items_never_become_one_where_a_transform_changes_keys(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 100)

    def fold(item: Any, _ctx: Any) -> Any:
        item["pk"] = f"folded-{int(item['number']) % 60:02d}"
        return item

    report = copied(there, source, target, tmp_path, Mode(), transform=fold)
    assert (report.counts.written, report.counts.dead) == (60, 40)
    assert {dead.code for dead in FolderLedger(tmp_path).dead_letters(report.job.id)} <= {"collision", "duplicate"}
    assert len(items_of(client, target)) == 60
    assert calls(strict, target).get("PutItem", 0) <= 1


@pytest.mark.parametrize("kind", ["reset-after", "500-after", "cut-body", "unprocessed", "throttle"])
def test_a_lost_reply_loses_and_doubles_nothing(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path, kind: str
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 120)
    others = fill(client, target, 10, number=-1)
    fault = strict.fault("BatchExecuteStatement", kind=kind, times=None, probability=0.4, seed=3)
    counts = copied(there, source, target, tmp_path).counts
    assert fault.hits > 0
    assert counts.written + counts.already == 110
    assert counts.skipped == 10
    assert counts.dead == 0
    standing = items_of(client, target)
    assert len(standing) == 120
    assert digest_items([item for item in standing if b'"-1"' in item]) == digest_items(others)


def test_statements_that_the_table_throttles_are_sent_again(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 150)
    strict.throttle(target, write_units=60)
    report = copied(there, source, target, tmp_path)
    assert report.counts.written == 150
    assert report.counts.throttled > 0
    assert report.counts.retried > 0
    assert digest_items(items_of(client, target)) == digest_items(items_of(client, source))
