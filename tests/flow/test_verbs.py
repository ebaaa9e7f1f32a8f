"""The verbs on a real engine behind the strict endpoint: throttled, broken, changed while they run; nothing is lost."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from dynasmith.aws.data.calls import Patience
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.service_endpoint import Transport
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.engine.transfer.dry_run import rehearse_copy
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowProgress
from dynasmith.engine.transfer.iterables import IterableSource, from_iterable
from dynasmith.engine.transfer.jobs import cancel, pace, pause, proceed
from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd, key_schema
from dynasmith.engine.transfer.verify import VerifySide, verify
from dynasmith.errors import (
    AccessDenied,
    ConditionFailed,
    CredentialsExpired,
    Interrupted,
    RunError,
    TableNotFound,
    UsageError,
)
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.items.transform import ItemRefused
from dynasmith.items.wire import encode_item
from dynasmith.jobs.options import Mode, TransferOptions
from dynasmith.ports.items import Page, Source, ThrottleListener
from dynasmith.ports.listener import Event
from dynasmith.strict import StrictServer
from dynasmith.strict.state.capacity import Limit
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Key, KeyAttribute, Table
from flow.engine_runs import copy, populate, resumed
from flow.kit import MakeTable, fill, in_memory, items_of
from flow.transforms import takes_nine

Asking = Callable[..., TransferOptions]
WRITES = {"BatchWriteItem", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchExecuteStatement"}
FAST = Patience(first_seconds=0.005, longest_seconds=0.2)


def end(
    client: Any,
    table: str,
    partition: str = "pk",
    *,
    items: int = 0,
    size: int = 0,
    transport: Transport = "direct",
) -> TableEnd:
    described = TableDescription(
        table=Table(name=table, key=Key(partition=(KeyAttribute(name=partition, type="S"),))),
        status="ACTIVE",
        item_count_estimate=items,
        size_bytes_estimate=size,
    )
    return TableEnd(described, TableAccess(client, transport=transport, patience=FAST))


def around(*listeners: Any) -> RunContext:
    def listen(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return RunContext(listener=listen, loop_factory=new_event_loop)


def open_when_refused(strict: StrictServer, closed: Limit) -> None:
    """End a limit once a whole batch was refused, however slowly this machine sends them."""
    while not any(call.operation == "BatchWriteItem" and call.status == 400 for call in list(strict.journal)):
        threading.Event().wait(0.02)
    closed.remove()


@pytest.fixture(params=[0, 2], ids=["here", "in-processes"])
def asking(request: pytest.FixtureRequest) -> Asking:
    """Options of a copy: the same promises in this process and in two of its own."""
    return partial(TransferOptions, processes=request.param)


@pytest.mark.parametrize("transport", get_args(Transport))
def test_a_copy_that_is_throttled_and_broken_loses_nothing(
    client: Any,
    there: Any,
    strict: StrictServer,
    make_table: MakeTable,
    tmp_path: Path,
    transport: Transport,
    asking: Asking,
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 600)
    strict.throttle(target, write_units=400)
    closed = strict.throttle(target, write_units=1)
    threading.Thread(target=open_when_refused, args=(strict, closed), daemon=True).start()
    for number, kind in enumerate(["500", "reset-before", "reset-after", "500-after", "cut-body", "wrong-crc"]):
        strict.fault("BatchWriteItem", kind=kind, times=None, probability=0.08, seed=number, table=target)
        strict.fault("Scan", kind=kind, times=None, probability=0.08, seed=number + 50, table=source)
    strict.fault("BatchWriteItem", nth=3, kind="unprocessed", times=5, table=target)
    report = copy(
        end(there, source, transport=transport),
        end(there, target, transport=transport),
        FolderLedger(tmp_path),
        asking(segments=3, batch_size=60),
        around=around(),
    )
    assert report.adds_up
    assert report.counts.written == 600
    assert report.counts.retried > 0
    assert report.counts.throttled > 0
    # Of a batch of which a part was left unprocessed the service does not say why.
    assert set(report.counts.throttles) == {"TableWrite", "TableWriteMaxOnDemandThroughputExceeded"}
    assert sum(report.counts.throttles.values()) == report.counts.throttled
    assert report.target == digest_items(items) == digest_items(items_of(client, target))


def test_a_pace_is_kept_so_that_nothing_is_throttled(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 500)
    strict.throttle(target, write_units=400)
    asked = asking(segments=2, batch_size=100, max_write_units=200)
    report = copy(end(there, source), end(there, target), FolderLedger(tmp_path), asked, around=around())
    assert report.counts.written == 500
    assert [call.status for call in strict.journal if call.operation == "BatchWriteItem" and call.status != 200] == []
    assert report.counts.throttled == 0


def test_a_rehearsal_writes_nothing_and_shows_samples(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 30)

    def change(item: Any, _ctx: Any) -> Any:
        item["country"] = "CH"
        return item

    rehearsal = rehearse_copy(
        end(there, source, items=1_000_000, size=200_000_000),
        end(there, target),
        TransferOptions(max_write_units=1000.0),
        transform=change,
        prices={"million_read_units": 0.125, "million_write_units": 0.625},
        around=around(),
    )
    assert len(rehearsal.samples) == 3
    assert "country" not in rehearsal.samples[0].before
    assert '"country":"CH"' in rehearsal.samples[0].after[0]
    assert rehearsal.estimate.write_units == 1_000_000
    assert rehearsal.estimate.seconds == 1000
    assert rehearsal.estimate.dollars == pytest.approx(0.625 + 200_000_000 / 4096 / 2 * 0.125 / 1e6, rel=0.01)
    assert not WRITES & {call.operation for call in strict.journal}


def test_one_table_on_both_sides_and_another_key_are_refused(there: Any, make_table: MakeTable, tmp_path: Path) -> None:
    one, other = make_table(), make_table("id")
    with pytest.raises(UsageError) as caught:
        copy(end(there, one), end(there, one), FolderLedger(tmp_path))
    assert "backfill" in caught.value.hint
    with pytest.raises(UsageError, match="has the key id"):
        copy(end(there, one), end(there, other, "id"), FolderLedger(tmp_path))


def test_two_items_never_become_one(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    """Item 8 takes the key of item 9: whichever comes first stays, the other one is a dead letter."""
    source, target = make_table(), make_table()
    fill(client, source, 40)

    ledger = FolderLedger(tmp_path)
    asked = asking(segments=2, batch_size=5)
    report = copy(end(there, source), end(there, target), ledger, asked, transform=takes_nine, around=around())
    assert report.adds_up
    assert report.counts.dead == 1
    assert ledger.dead_letters(report.job.id)[0].code in ("collision", "duplicate")
    assert len(items_of(client, target)) == 39
    assert report.target == digest_items(items_of(client, target))


def test_fail_existing_stops_and_names_the_key(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 5)
    fill(client, target, 1, first=3, number=77)
    ledger = FolderLedger(tmp_path)
    with pytest.raises(ConditionFailed, match="item-00003"):
        copy(end(there, source), end(there, target), ledger, asking(mode=Mode("fail-existing")), around=around())
    (job,) = ledger.jobs()
    assert job.state == "failed"
    assert job.resumable


def test_a_transform_that_raises_stops_the_job_unless_told_otherwise(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 5)

    def change(_item: Any, _ctx: Any) -> Any:
        raise KeyError("oops")

    with pytest.raises(ItemRefused, match="oops"):
        copy(end(there, source), end(there, target), FolderLedger(tmp_path), transform=change, around=around())


def test_a_table_that_goes_away_is_said_and_the_job_stays_resumable(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    source, target = make_table(), make_table()
    items = fill(client, source, 60)
    ledger = FolderLedger(tmp_path)
    with pytest.raises(TableNotFound):
        copy(end(there, source), end(there, target + "x"), ledger, asking(batch_size=10), around=around())
    (job,) = ledger.jobs()
    assert job.state == "failed"
    report = resumed(ledger.claim(job.id), end(there, source), end(there, target), around=around())
    assert report.target == digest_items(items)
    assert report.job.id == job.id


# --- while it runs ----------------------------------------------------------------------------------------------------


class Once:
    """Calls ``act`` with the job's id at the first progress of a job."""

    def __init__(self, act: Any) -> None:
        self.act: Any = act

    def __call__(self, event: Event) -> None:
        if isinstance(event, FlowProgress) and self.act is not None:
            act, self.act = self.act, None
            act(event.job)


def test_the_pace_of_a_running_job_can_be_changed(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    """At two writes a second 300 items would take minutes: that the test ends at all shows the change."""
    source, target = make_table(), make_table()
    fill(client, source, 300)
    ledger = FolderLedger(tmp_path)
    rates: list[float] = []

    def note(event: Event) -> None:
        if isinstance(event, FlowProgress):
            rates.append(event.write_rate)

    hurry = Once(lambda job: pace(ledger, job, write_units=100_000))
    asked = asking(batch_size=50, max_write_units=2)
    report = copy(end(there, source), end(there, target), ledger, asked, around=around(hurry, note))
    assert report.counts.written == 300
    assert rates[0] == 2
    assert rates[-1] == 100_000


def test_a_running_job_can_be_cancelled(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 300)
    ledger = FolderLedger(tmp_path)
    stop = Once(lambda job: cancel(ledger, job, RunContext().now))
    asked = asking(segments=1, batch_size=10, max_write_units=40)
    report = copy(end(there, source), end(there, target), ledger, asked, around=around(stop))
    assert report.job.state == "cancelled"
    assert report.counts.written < 300
    with pytest.raises(RunError, match="cancelled"):
        resumed(ledger.claim(report.job.id), end(there, source), end(there, target))


def test_a_cancel_and_a_pause_reach_a_page_that_takes_long(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    """One page of 300 items at 25 units a second: what was written of it is counted, and nothing more is written."""
    source, target = make_table(), make_table()
    fill(client, source, 300)
    ledger = FolderLedger(tmp_path)
    held: list[int] = []

    def on_progress(event: Event) -> None:
        if isinstance(event, FlowProgress) and event.paused:
            held.append(client.scan(TableName=target, Select="COUNT")["Count"])
            if len(held) == 4:
                cancel(ledger, event.job, RunContext().now)

    asked = asking(segments=1, max_write_units=25)
    hold = Once(lambda job: pause(ledger, job))
    report = copy(end(there, source), end(there, target), ledger, asked, around=around(hold, on_progress))
    assert report.job.state == "cancelled"
    assert report.adds_up
    assert len(items_of(client, target)) == report.counts.written < 300
    assert held[-1] <= report.counts.written


def test_a_paused_job_waits_and_goes_on(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 120)
    ledger = FolderLedger(tmp_path)
    states: list[str] = []

    def on_progress(event: Event) -> None:
        if isinstance(event, FlowProgress):
            states.append(ledger.show(event.job).state)
            if event.paused:
                proceed(ledger, event.job)
                pace(ledger, event.job, write_units=100_000)

    asked = asking(segments=1, batch_size=10, max_write_units=40)
    hold = Once(lambda job: pause(ledger, job))
    report = copy(end(there, source), end(there, target), ledger, asked, around=around(hold, on_progress))
    assert report.counts.written == 120
    assert "paused" in states


# --- populate from anything -------------------------------------------------------------------------------------------


def test_any_iterable_is_a_source(there: Any, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table()
    target = end(there, table)
    people = [{"pk": f"p{number}", "age": number, "tags": {"a"}} for number in range(70)]
    source = from_iterable(lambda: [*people, {"pk": "x", "bad": 1.5}], key_schema(target.description.table.key))
    ledger = FolderLedger(tmp_path)
    report = populate(PopulateSource(source, in_memory), target, ledger, around=around())
    assert (report.counts.written, report.counts.dead) == (70, 1)
    (dead,) = ledger.dead_letters(report.job.id)
    assert dead.place == "item 71"
    assert "float" in dead.reason


# --- verify -----------------------------------------------------------------------------------------------------------


def side(client: Any, table: str, **more: Any) -> VerifySide:
    access = TableAccess(client, patience=FAST)
    return VerifySide(access.source(table, segments=3, page_items=50), lookup=access.lookup(table), **more)


def test_verify_says_equal_or_which_keys_differ(client: Any, there: Any, make_table: MakeTable) -> None:
    one, other = make_table(), make_table()
    fill(client, one, 200)
    fill(client, other, 200)
    key = end(there, one).key
    same = verify(side(there, one), side(there, other), key)
    assert same.equal
    assert same.source.count == 200

    fill(client, other, 1, first=5, number=-1)
    client.delete_item(TableName=other, Key={"pk": {"S": "item-00007"}})
    fill(client, other, 1, first=900)
    found = verify(side(there, one), side(there, other), key)
    assert not found.equal
    assert {(one.kind, one.key, one.changing) for one in found.differences} == {
        ("differs", "pk=item-00005", False),
        ("missing", "pk=item-00007", False),
        ("extra", "pk=item-00900", False),
    }
    assert not found.more
    few = verify(side(there, one), side(there, other), key, limit=1)
    assert len(few.differences) == 1
    assert few.more


def test_verify_tells_live_writes_from_differences(client: Any, there: Any, make_table: MakeTable) -> None:
    one, other = make_table(), make_table()
    fill(client, one, 20)
    fill(client, other, 20)
    fill(client, other, 1, first=5, number=-1)
    access = TableAccess(there)

    async def fixed() -> Any:
        fill(client, other, 1, first=5)
        return await access.lookup(one)()

    first = VerifySide(access.source(one), lookup=fixed)
    found = verify(first, VerifySide(access.source(other), lookup=access.lookup(other)), end(there, one).key)
    assert [(one.kind, one.changing) for one in found.differences] == [("differs", True)]


def test_verify_without_the_right_to_get_shows_what_differs(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable
) -> None:
    one, other = make_table(), make_table()
    fill(client, one, 20)
    fill(client, other, 19)
    strict.fault("BatchGetItem", kind="access-denied", table=one, times=None)
    found = verify(side(there, one), side(there, other), end(there, one).key)
    assert [(one.kind, one.key, one.changing) for one in found.differences] == [("missing", "pk=item-00019", False)]
    assert "BatchGetItem" in {call.operation for call in strict.journal if call.table == one}


def test_a_filter_is_the_services_and_empty_pages_go_on(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 50)
    asked = asking(condition="number >= 40", batch_size=2)
    report = copy(end(there, source), end(there, target), FolderLedger(tmp_path), asked, around=around())
    assert (report.counts.read, report.counts.written) == (10, 10)


@pytest.mark.parametrize("transport", get_args(Transport))
def test_large_items_and_long_numbers_arrive_as_they_are(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, transport: Transport
) -> None:
    source, target = make_table(), make_table()
    for number in range(9):
        item = {"pk": {"S": f"big-{number}"}, "n": {"N": "9" * 38}, "text": {"S": 'ü\\"' * 97_000}}
        client.put_item(TableName=source, Item=item)
    ends = end(there, source, transport=transport), end(there, target, transport=transport)
    report = copy(*ends, FolderLedger(tmp_path), around=around())
    assert report.counts.written == 9
    assert report.target == digest_items(items_of(client, target)) == digest_items(items_of(client, source))


def test_credentials_that_run_out_are_asked_for_again(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 60)
    strict.fault("BatchWriteItem", kind="expired-credentials", times=1, table=target)
    report = copy(end(there, source), end(there, target), FolderLedger(tmp_path / "one"), asking(), around=around())
    assert report.counts.written == 60
    strict.fault("BatchWriteItem", kind="expired-credentials", times=None, table=target)
    with pytest.raises(CredentialsExpired) as caught:
        copy(end(there, source), end(there, target), FolderLedger(tmp_path / "two"), asking(), around=around())
    assert "resume" in caught.value.hint


def test_a_right_that_is_missing_is_named(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    source, target = make_table(), make_table()
    fill(client, source, 5)
    strict.fault("BatchWriteItem", kind="access-denied", times=None, table=target)
    ledger = FolderLedger(tmp_path)
    with pytest.raises(AccessDenied) as caught:
        copy(end(there, source), end(there, target), ledger, asking(), around=around())
    assert caught.value.action == "dynamodb:BatchWriteItem"
    assert ledger.jobs()[0].state == "failed"


def test_what_the_service_refuses_of_a_batch_is_one_dead_letter(
    client: Any, there: Any, strict: StrictServer, make_table: MakeTable, tmp_path: Path
) -> None:
    """A batch is refused whole for one item: the others are written, the one is told with the service's reason."""
    table = make_table()
    target = end(there, table)
    items: list[Any] = [{"pk": f"p{number}"} for number in range(30)]
    wire = [encode_item(item) for item in items]
    wire.insert(11, b'{"pk":{"S":"odd"},"n":{"N":"not a number"}}')

    async def opened(_heard: ThrottleListener) -> Source:
        return IterableSource(wire, target.key, page_items=100)

    class Unchecked(IterableSource):
        """Gives what it has, as a transform of another program might have written it."""

        async def read(self, segment: int, start: bytes | None) -> Page:
            del segment, start
            return Page(items=wire, next=None, read=len(wire), places=range(len(wire)))

    async def unchecked(_heard: ThrottleListener) -> Source:
        return Unchecked(wire, target.key)

    ledger = FolderLedger(tmp_path)
    asked = TransferOptions(digest=False)
    report = populate(PopulateSource(unchecked, in_memory), target, ledger, asked, around=around())
    assert (report.counts.written, report.counts.dead) == (30, 1)
    (dead,) = ledger.dead_letters(report.job.id)
    assert dead.code == "refused"
    assert "ValidationException" in dead.reason
    assert strict.journal
    again = populate(
        PopulateSource(opened, in_memory), target, FolderLedger(tmp_path / "again"), asked, around=around()
    )
    assert again.counts.dead == 1


def test_a_second_wish_to_stop_ends_it_at_once_and_nothing_is_lost(
    client: Any, there: Any, make_table: MakeTable, tmp_path: Path, asking: Asking
) -> None:
    """At two writes a second a page takes minutes: that the test ends shows that it was not waited for."""
    source, target = make_table(), make_table()
    items = fill(client, source, 300)
    ledger, stop = FolderLedger(tmp_path), StopRequest()

    def twice(_job: str) -> None:
        stop.ask()
        stop.ask()

    slow = RunContext(listener=Once(twice), loop_factory=new_event_loop, stop=stop)
    asked = asking(segments=2, batch_size=150, max_write_units=2)
    with pytest.raises(Interrupted):
        copy(end(there, source), end(there, target), ledger, asked, around=slow)
    (job,) = ledger.jobs()
    pace(ledger, job.id, write_units=100_000)
    report = resumed(ledger.claim(job.id), end(there, source), end(there, target), around=around())
    assert report.target == digest_items(items) == digest_items(items_of(client, target))


def test_a_job_of_which_nothing_arrives_stops(there: Any, make_table: MakeTable, tmp_path: Path) -> None:
    target = end(there, make_table())
    wrong = from_iterable(lambda: ({"sku": number} for number in range(5000)), target.key, page_items=100)
    ledger = FolderLedger(tmp_path)
    with pytest.raises(RunError, match="Nothing was written"):
        populate(PopulateSource(wrong, in_memory), target, ledger, around=around())
    (job,) = ledger.jobs()
    assert (job.state, job.counts.dead) == ("failed", 1000)
