"""A careful run: looked at first, limited, as a canary, counted; and everything that stops it before it writes."""

import json
from pathlib import Path
from typing import Any

import pytest

from backfill.kit import Bench, FirstRunLimits, canonical
from backfill.test_killed import killed_backfill
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.engine.backfill.dry_run import check_backfill, rehearse_backfill
from dynasmith.engine.transfer.events import FlowStarted
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import DynasmithError, TransformError, UsageError
from dynasmith.items.transform import ItemRefused
from dynasmith.jobs.options import TransferOptions
from dynasmith.operations import parse_operations
from dynasmith.strict import StrictServer
from flow.killing import KilledError, Killer
from flow.kit import MakeTable, fill

WRITES = {"BatchWriteItem", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchExecuteStatement"}


def add_country(item: Any, _ctx: Any) -> None:
    if item["number"] % 4:
        item.setdefault("country", "CH")


def wrote(strict: StrictServer) -> list[str]:
    return [call.operation for call in strict.journal if call.operation in WRITES]


def raises(item: Any, _ctx: Any) -> None:
    if item["pk"] == "item-00007":
        raise ValueError("seven")


def changes_key(item: Any, _ctx: Any) -> None:
    item["pk"] += "!"


def grows(item: Any, _ctx: Any) -> None:
    if item["pk"] == "item-00007":
        item["big"] = "x" * 410_000


def spoils_index(item: Any, _ctx: Any) -> None:
    if item["pk"] == "item-00007":
        item["email"] = ""


def counts_up(item: Any, _ctx: Any) -> None:
    item["visits"] = item.get("visits", 0) + 1


def returns_number(_item: Any, _ctx: Any) -> Any:
    return 7


SPLITS_NUMBER = parse_operations(
    {"version": 1, "operations": [{"split": "number", "into": ["first", "last"], "on": " "}]}
)


@pytest.mark.parametrize(
    ("function", "said", "error"),
    [
        (counts_up, "changes visits of item pk=item-", TransformError),
        (raises, "ValueError on item pk=item-00007: seven", ItemRefused),
        (changes_key, "the key of an item cannot change", ItemRefused),
        (grows, "at most 409,600", ItemRefused),
        (spoils_index, "email is empty of index by_email", ItemRefused),
        (returns_number, "returned int, which is not an item", ItemRefused),
        (SPLITS_NUMBER, "number is not a string and cannot be split", ItemRefused),
    ],
)
def test_what_a_look_finds_stops_it_before_anything_is_written(
    there: Any,
    client: Any,
    strict: StrictServer,
    make_table: MakeTable,
    tmp_path: Path,
    function: Any,
    said: str,
    error: type[DynasmithError],
) -> None:
    table = make_table()
    fill(client, table, 30)
    bench = Bench(there, table, tmp_path, indexes=[("by_email", "email")])
    with pytest.raises(error) as caught:
        bench.run(function)
    assert said in caught.value.message
    assert caught.value.hint or "operations[0]" in caught.value.message
    assert wrote(strict) == []
    assert bench.ledger.jobs() == []


@pytest.mark.parametrize("function", [raises, grows, spoils_index])
def test_or_goes_to_the_dead_letters_and_the_rest_goes_on(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path, function: Any
) -> None:
    table = make_table()
    fill(client, table, 30)

    def change(item: Any, ctx: Any) -> None:
        function(item, ctx)
        item["seen"] = True

    bench = Bench(there, table, tmp_path, indexes=[("by_email", "email")])
    report = bench.run(change, TransferOptions(segments=1, on_error="dead"))
    assert (report.counts.written, report.counts.dead) == (29, 1)
    (dead,) = bench.ledger.dead_letters(report.job.id)
    assert "item-00007" in dead.reason


def test_what_only_the_service_finds_is_a_dead_letter_of_that_item(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    """Another writer made the item so large that the new attribute does not fit; the scan saw it smaller."""
    table = make_table()
    fill(client, table, 30)
    begun: list[bool] = []

    def change(item: Any, _ctx: Any) -> None:
        if begun and item["pk"] == "item-00007":
            client.update_item(
                TableName=table,
                Key={"pk": {"S": "item-00007"}},
                UpdateExpression="SET heavy = :v",
                ExpressionAttributeValues={":v": {"S": "y" * 405_000}},
            )
        item["extra"] = "z" * 6_000

    listener = RunContext(
        listener=lambda event: begun.append(True) if isinstance(event, FlowStarted) else None,
        loop_factory=new_event_loop,
    )
    bench = Bench(there, table, tmp_path)
    report = bench.run(change, TransferOptions(segments=1, on_error="dead"), around=listener)
    assert (report.counts.written, report.counts.dead) == (29, 1)
    (dead,) = bench.ledger.dead_letters(report.job.id)
    assert (dead.code, "size" in dead.reason) == ("refused", True)
    undone = bench.undo(report.job.id)
    assert (undone.counts.written, undone.counts.dead) == (29, 0)


def test_where_holds_when_it_is_written_too(there: Any, client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    fill(client, table, 40)
    report = Bench(there, table, tmp_path).run(
        lambda item, _ctx: item.__setitem__("seen", True), TransferOptions(segments=1, condition="number < 10")
    )
    assert report.counts.written == 10
    assert sum(b'"seen"' in item for item in canonical(client, table).values()) == 10


def test_a_limit_is_never_passed_also_when_it_was_killed(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 200)
    bench = Bench(there, table, tmp_path)
    report = bench.run(add_country, TransferOptions(segments=2), careful=FirstRunLimits(limit=33))
    assert report.job.state == "done"
    assert report.adds_up
    assert report.counts.written == 33
    assert sum(b'"country"' in item for item in canonical(client, table).values()) == 33
    assert bench.undo(report.job.id).counts.written == 33
    with pytest.raises(UsageError):
        bench.run(add_country, careful=FirstRunLimits(limit=0))


def test_a_canary_stops_near_its_share_and_goes_on_to_the_end(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 400)
    bench = Bench(there, table, tmp_path, items=400)
    report = bench.run(add_country, TransferOptions(segments=2), careful=FirstRunLimits(canary=0.1))
    assert report.job.state == "interrupted"
    assert 20 <= report.counts.read < 100
    assert report.adds_up
    assert sum(b'"country"' in item for item in canonical(client, table).values()) == report.counts.written
    ended = bench.again(report.job.id, add_country)
    assert (ended.job.state, ended.counts.read, ended.counts.written) == ("done", 400, 300)
    assert bench.undo(report.job.id).counts.written == 300


@pytest.mark.parametrize(("share", "items"), [(0.0, 400), (1.0, 400), (0.1, 0)])
def test_a_canary_of_nothing_or_of_an_unknown_number_is_refused(
    there: Any, make_table: MakeTable, tmp_path: Path, share: float, items: int
) -> None:
    bench = Bench(there, make_table(), tmp_path, items=items)
    with pytest.raises(UsageError) as caught:
        bench.run(add_country, careful=FirstRunLimits(canary=share))
    assert "--" in caught.value.hint


def test_a_dry_run_counts_or_estimates_and_writes_nothing(
    there: Any, client: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 600)
    bench = Bench(there, table, tmp_path, items=600, indexes=[("by_country", "country")])
    prices = {"million_read_units": 0.125, "million_write_units": 0.625}
    counted = rehearse_backfill(bench.end, add_country, sample=None, prices=prices)
    assert (counted.counted, counted.changed, counted.error) == (True, 450, 0)
    assert counted.attributes == {"country": 450}
    assert counted.estimate.write_units == 450 * (1 + 2)  # the key of an index changes: an old entry and a new one
    assert counted.estimate.dollars is not None
    assert len(counted.samples) == 3
    assert all(sample.lines == ['+ country = "CH"'] for sample in counted.samples)
    guessed = rehearse_backfill(bench.end, add_country, sample=160)
    assert not guessed.counted
    assert guessed.error > 0
    assert abs(guessed.changed - 450) <= 2 * guessed.error
    assert json.loads(json.dumps(guessed.to_json()))["changed_error"] == guessed.error
    assert wrote(strict) == []


def test_a_dry_run_with_a_condition_estimates_of_the_whole_table(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 600)
    bench = Bench(there, table, tmp_path, items=600)
    asked = TransferOptions(condition="contains(pk, '7')")
    concerned = sum("7" in f"{number:05d}" and number % 4 != 0 for number in range(600))
    counted = rehearse_backfill(bench.end, add_country, asked, sample=None)
    assert (counted.changed, counted.estimate.items) == (concerned, 600)
    guessed = rehearse_backfill(bench.end, add_country, asked, sample=200)
    assert abs(guessed.changed - concerned) <= 2 * guessed.error


def test_check_says_which_items_are_not_in_the_new_shape(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 60)
    bench = Bench(there, table, tmp_path)
    found = check_backfill(bench.end, add_country, limit=5)
    assert (found.clean, found.changed, found.unchanged, len(found.differing)) == (False, 45, 15, 5)
    bench.run(add_country)
    assert check_backfill(bench.end, add_country).clean


def test_without_a_journal_there_is_nothing_on_the_disk_and_it_resumes(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 36)
    bench = Bench(there, table, tmp_path, journal=False)
    report = bench.run(add_country)
    assert report.counts.written == 27
    assert not (tmp_path / "journal").exists()
    with pytest.raises(DynasmithError, match="no undo journal"):
        bench.undo(report.job.id)


def test_damage_in_the_middle_is_told_and_the_rest_is_put_back(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 200)
    bench = Bench(there, table, tmp_path)
    report = bench.run(add_country, TransferOptions(segments=1, lanes=1))
    (path,) = bench.home(report.job.id).glob("*.journal")
    content = bytearray(path.read_bytes())
    second = content.index(b"dsj1", 4)
    content[second + 30] ^= 1
    path.write_bytes(content)
    undone = bench.undo(report.job.id)
    assert (undone.counts.written, undone.counts.dead) == (125, 1)
    (dead,) = bench.ledger.dead_letters(undone.job.id)
    assert (dead.code, "damaged" in dead.reason) == ("journal", True)
    content[second] ^= 1  # the head too: the next frame is found by its first bytes
    path.write_bytes(content)
    again = bench.undo(report.job.id)
    assert (again.counts.already, again.counts.dead) == (125, 1)


def test_a_killed_run_does_not_pass_its_limit(client: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    fill(client, table, 36)
    bench = Bench(client, table, tmp_path)
    with pytest.raises(KilledError):
        killed_backfill(bench, Killer(19, True), careful=FirstRunLimits(limit=12))
    report = bench.again(bench.last().id, add_country)
    assert report.job.state == "done"
    changed = sum(b'"seen_by"' in item or b'"country"' in item for item in canonical(client, table).values())
    assert changed <= 12


def test_a_dry_run_says_of_an_operation_that_buries_that_it_does(
    there: Any, client: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    table = make_table()
    fill(client, table, 10)
    casts = {"cast": "name", "to": "N", "on_error": "dead"}
    bench = Bench(there, table, tmp_path)
    found = rehearse_backfill(bench.end, parse_operations({"version": 1, "operations": [casts]}))
    assert any("go to the dead letters" in note for note in found.notes)
    stops = parse_operations({"version": 1, "operations": [casts | {"on_error": "stop"}]})
    assert any("would stop the job" in note for note in rehearse_backfill(bench.end, stops).notes)
