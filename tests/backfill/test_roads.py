"""How changes are written: statements where engine and role allow them, else single updates; always conditional."""

import json
from pathlib import Path
from typing import Any

import pytest

from backfill.kit import FAST, Bench, canonical, end
from dynasmith.aws.data.partiql_batch import STATEMENT_CHARACTERS_MAX
from dynasmith.aws.data.statements import statement_of
from dynasmith.aws.data.table_factory import table_updates
from dynasmith.engine.transfer.event_thread import run
from dynasmith.errors import AccessDenied
from dynasmith.items.wire import RawItem
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.updates import ItemChange, SentChanges, UpdateAnswer
from dynasmith.strict import StrictServer
from flow.kit import MakeTable, Said, client_of, fill, scripted

DENIED = "AccessDeniedException"


def add_country(item: Any, _ctx: Any) -> None:
    item.setdefault("country", "CH")


def test_without_the_right_for_partiql_single_updates_do_it(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 60)
    strict.fault("BatchExecuteStatement", kind="access-denied", times=None)
    report = Bench(there, table, tmp_path).run(add_country, TransferOptions(segments=1))
    assert report.counts.written == 60
    assert len(strict.journal.of("BatchExecuteStatement")) == 1
    assert len(strict.journal.of("UpdateItem")) == 60


def test_the_right_that_is_taken_away_in_the_middle_changes_the_road(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 120)
    strict.fault("BatchExecuteStatement", kind="access-denied", nth=3, times=None)
    report = Bench(there, table, tmp_path).run(add_country, TransferOptions(segments=1, lanes=1))
    assert report.counts.written == 120
    assert len(strict.journal.of("UpdateItem")) == 95


def test_without_either_right_the_job_says_which_one_it_needs(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 30)
    before = canonical(client, table)
    strict.fault("BatchExecuteStatement", kind="access-denied", times=None)
    denied = strict.fault("UpdateItem", kind="access-denied", times=None)
    bench = Bench(there, table, tmp_path)
    with pytest.raises(AccessDenied) as caught:
        bench.run(add_country)
    assert caught.value.action == "dynamodb:UpdateItem"
    assert canonical(client, table) == before
    denied.remove()
    assert bench.again(bench.last().id, add_country).counts.written == 30


def test_an_engine_that_ignores_conditions_is_not_trusted_with_statements(moto_endpoint: str, tmp_path: Path) -> None:
    client = client_of(moto_endpoint)
    client.create_table(
        TableName="backfill-moto",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    try:
        fill(client, "backfill-moto", 60)
        before = canonical(client, "backfill-moto")
        begun: list[int] = []

        def change(item: Any, _ctx: Any) -> None:
            begun.append(1)
            if len(begun) == 150:  # in the run, after the look: another writer is quicker with this one
                client.update_item(
                    TableName="backfill-moto",
                    Key={"pk": {"S": item["pk"]}},
                    UpdateExpression="SET country = :c",
                    ExpressionAttributeValues={":c": {"S": "FR"}},
                )
            item.setdefault("country", "CH")

        bench = Bench(client, "backfill-moto", tmp_path)
        report = bench.run(change, TransferOptions(segments=1))
        assert report.counts.read == 60
        countries = [json.loads(item)["country"]["S"] for item in canonical(client, "backfill-moto").values()]
        assert sorted(set(countries)) == ["CH", "FR"]
        bench.undo(report.job.id)
        back = canonical(client, "backfill-moto")
        differing = [key for key in before if back[key] != before[key]]
        assert [json.loads(back[key])["country"] for key in differing] == [{"S": "FR"}]
    finally:
        client.delete_table(TableName="backfill-moto")
        client.close()


def test_names_and_values_of_every_kind_and_a_sort_key(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table("pk", "sk")
    kinds: dict[str, Any] = {
        "status": {"S": "a reserved word"},
        "a.b": {"S": "a dot"},
        "a[0]": {"S": "brackets"},
        "with space": {"N": "12345678901234567890123456789012345678"},
        "Zürich": {"SS": ["b", "a"]},
        'a "quote"': {"S": "x"},
        "nothing": {"NULL": True},
        "deep": {"M": {"x": {"L": [{"NULL": True}, {"B": b"\x00\xff"}, {"BS": [b"1", b"2"]}]}}},
        "empty": {"S": ""},
        "yes": {"BOOL": True},
        "it's": {"S": "it''s"},
    }
    for number, (name, value) in enumerate(kinds.items()):
        client.put_item(TableName=table, Item={"pk": {"S": "k"}, "sk": {"S": f"{number:02d}"}, name: value})
    before = canonical(client, table)

    def move(item: Any, _ctx: Any) -> None:
        for name in [name for name in item if name in kinds]:
            item[f"{name} moved"] = item.pop(name)

    bench = Bench(there, table, tmp_path, sort="sk")
    report = bench.run(move, TransferOptions(segments=1))
    assert (report.counts.written, report.counts.dead) == (len(kinds), 0)
    assert len(strict.journal.of("UpdateItem")) == 3  # a quote in a name, and two conditions on NULL
    after = canonical(client, table)
    assert [key for key in before if b" moved" not in after[key]] == []
    assert bench.undo(report.job.id).counts.dead == 0
    assert canonical(client, table) == before


def test_what_a_statement_cannot_say() -> None:
    wide = {"pk": {"S": "a"}} | {f"attribute-{number:04d}": {"S": "x"} for number in range(500)}
    names = tuple(sorted(wide.keys() - {"pk"}))
    plain = ItemChange(RawItem(b'{"pk":{"S":"a"},"x":{"N":"1"}}'), {"x": RawItem(b'{"N":"2"}')}, (), ("x", "gone"))
    said = statement_of(plain, "users", ("pk",))
    assert said is not None
    assert json.loads(said)["Statement"] == 'UPDATE "users" SET "x"=? WHERE "pk"=? AND "x"=? AND "gone" IS MISSING'
    assert json.loads(said)["Parameters"] == [{"N": "2"}, {"S": "a"}, {"N": "1"}]
    long = ItemChange(RawItem(json.dumps(wide).encode()), {"x": RawItem(b'{"N":"2"}')}, (), names)
    assert statement_of(long, "users", ("pk",)) is None
    assert len('"attribute-0000"=? AND ') * 500 > STATEMENT_CHARACTERS_MAX


def test_a_table_that_throttles_single_statements_is_changed_whole(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 150)
    strict.throttle(table, write_units=60)
    report = Bench(there, table, tmp_path).run(add_country, TransferOptions(segments=1, max_write_units=500))
    assert (report.counts.written, report.counts.dead) == (150, 0)
    assert report.counts.throttled > 0
    assert report.counts.retried > 0
    assert strict.journal.of("BatchExecuteStatement", error="ThrottlingException") == []
    assert len(strict.journal.of("UpdateItem")) == 0


def test_an_update_is_charged_on_the_larger_item_and_its_index(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    for number in range(10):
        client.put_item(TableName=table, Item={"pk": {"S": str(number)}, "blob": {"S": "x" * 2500}})

    def shrink(item: Any, _ctx: Any) -> None:
        item["blob"] = ""

    report = Bench(there, table, tmp_path).run(shrink, TransferOptions(segments=1))
    probe = 3  # a condition that fails is charged on the item that stands there
    assert report.counts.write_units == 10 * 3 + probe


def test_statements_that_fail_alone_are_sent_again_alone() -> None:
    """Every code in one answer, which no engine gives: a server says what the service would."""

    def reply(*outcomes: str) -> Said:
        responses = [
            {"Error": {"Code": code, "Message": code}} if code else {"TableName": "users"} for code in outcomes
        ]
        consumed = [{"TableName": "users", "CapacityUnits": 1.0}]
        return Said(body=json.dumps({"Responses": responses, "ConsumedCapacity": consumed}).encode())

    async def main(_stop: Any) -> tuple[SentChanges, list[Any]]:
        async with scripted(
            reply("ConditionalCheckFailed"),
            reply("", "ThrottlingError", "InternalServerError", "TransactionConflict"),
            reply("ProvisionedThroughputExceeded", "", "RequestLimitExceeded"),
            reply("", ""),
        ) as server:
            client = client_of(server.endpoint)
            updates = await table_updates(client, "users", end(client, "users").key, patience=FAST)(lambda _: None)
            sent = await updates.send(
                [
                    ItemChange(RawItem(b'{"pk":{"S":"%d"}}' % number), {"x": RawItem(b'{"N":"1"}')}, (), ("x",))
                    for number in range(4)
                ]
            )
            await updates.close()
            return sent, [len(json.loads(one.body)["Statements"]) for one in server.heard]

    sent, sizes = run(main)
    assert [answer.kind for answer in sent.answers] == ["done"] * 4
    assert sizes == [1, 4, 3, 2]
    assert sent.retried == 3 + 2


def test_a_right_that_only_one_statement_lacks_takes_the_other_road() -> None:
    async def main(_stop: Any) -> tuple[SentChanges, list[str]]:
        denied = {"Error": {"Code": "AccessDenied", "Message": "no PartiQLUpdate"}}
        async with scripted(
            Said(body=b'{"Responses":[{"Error":{"Code":"ConditionalCheckFailed"}}]}'),
            Said(
                body=json.dumps(
                    {"Responses": [{"TableName": "users"}, denied], "ConsumedCapacity": [{"CapacityUnits": 1.0}]}
                ).encode()
            ),
            Said(),
        ) as server:
            client = client_of(server.endpoint)
            updates = await table_updates(client, "users", end(client, "users").key, patience=FAST)(lambda _: None)
            changes = [
                ItemChange(RawItem(b'{"pk":{"S":"%d"}}' % number), {"x": RawItem(b'{"N":"1"}')}, (), ("x",))
                for number in range(2)
            ]
            sent = await updates.send(changes)
            await updates.send(changes[:1])
            await updates.close()
            return sent, [one.headers["x-amz-target"].split(".")[1] for one in server.heard]

    sent, operations = run(main)
    assert [answer.kind for answer in sent.answers] == ["done", "done"]
    assert operations == ["BatchExecuteStatement"] * 2 + ["UpdateItem"] * 2


def test_an_engine_that_understands_no_statement_of_ours_is_not_asked_twice() -> None:
    async def main(_stop: Any) -> tuple[SentChanges, list[str]]:
        invalid = {"Error": {"Code": "ValidationError", "Message": "no REMOVE here"}}
        async with scripted(
            Said(body=b'{"Responses":[{"Error":{"Code":"ConditionalCheckFailed"}}]}'),
            Said(body=json.dumps({"Responses": [invalid, invalid]}).encode()),
            Said(),
        ) as server:
            client = client_of(server.endpoint)
            updates = await table_updates(client, "users", end(client, "users").key, patience=FAST)(lambda _: None)
            changes = [
                ItemChange(RawItem(b'{"pk":{"S":"%d"}}' % number), {"x": RawItem(b'{"N":"1"}')}, (), ("x",))
                for number in range(2)
            ]
            sent = await updates.send(changes)
            await updates.send(changes)
            await updates.close()
            return sent, [one.headers["x-amz-target"].split(".")[1] for one in server.heard]

    sent, operations = run(main)
    assert [answer.kind for answer in sent.answers] == ["done", "done"]
    assert operations == ["BatchExecuteStatement"] * 2 + ["UpdateItem"] * 4


def test_a_condition_that_a_statement_judges_otherwise_is_judged_by_an_update() -> None:
    """Should PartiQL hold two equal values for unequal, the item is not lost in a circle."""
    standing = b'{"pk":{"S":"a"},"tags":{"SS":["b","a"]}}'

    async def main(_stop: Any) -> tuple[UpdateAnswer, list[str]]:
        failed = {"Error": {"Code": "ConditionalCheckFailed", "Item": json.loads(standing)}}
        async with scripted(
            Said(body=b'{"Responses":[{"Error":{"Code":"ConditionalCheckFailed"}}]}'),
            Said(body=json.dumps({"Responses": [failed]}).encode()),
            Said(),
        ) as server:
            client = client_of(server.endpoint)
            updates = await table_updates(client, "users", end(client, "users").key, patience=FAST)(lambda _: None)
            change = ItemChange(
                RawItem(b'{"pk":{"S":"a"},"tags":{"SS":["a","b"]}}'), {"x": RawItem(b'{"N":"1"}')}, (), ("tags", "x")
            )
            sent = await updates.send([change])
            await updates.close()
            return sent.answers[0], [one.headers["x-amz-target"].split(".")[1] for one in server.heard]

    answer, operations = run(main)
    assert answer.kind == "done"
    assert operations == ["BatchExecuteStatement", "BatchExecuteStatement", "UpdateItem"]
