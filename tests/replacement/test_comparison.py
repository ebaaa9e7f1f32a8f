"""The comparison of a replacement: paced, in segments side by side, shown, and without what TTL deletes."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.story import client_of
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.table_access import TableAccess
from dynasmith.engine.replacement.comparison import ExpiryCheck, SourceComparison, TargetComparison
from dynasmith.engine.replacement.follower import Follower
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.marks import Mark
from dynasmith.engine.replacement.table_comparison import TableComparison
from dynasmith.engine.transfer.events import FlowEnded, FlowProgress, FlowStarted
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.items.expiry import Expiry
from dynasmith.items.key import KeySchema
from dynasmith.items.wire import RawItem
from dynasmith.jobs.options import TransferOptions
from dynasmith.ports.listener import Event
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Billing, Capacity, Key, KeyAttribute, Table
from item_stories.kit import ItemStory
from replacement.kit import by_id, user, with_users

ID = KeySchema.of("id")
SAME = ItemMapping(ID, ID)


class Killed(BaseException):
    """The process is gone."""


def followed(story: ItemStory, count: int, *words: str) -> str:
    """A replacement that follows."""
    with_users(story, count, key="mail")
    answer = story(
        "replace", "users", "--yes", "--json", "--transform", "moves:by_mail", "--until", "following", *words
    )
    assert answer.code == 0, answer.err
    return str(answer.json["id"])


def end(story: ItemStory, name: str, size: int = 0, **table: Any) -> TableEnd:
    """A table of users as it may be described."""
    wanted = Table(name=name, key=Key(partition=(KeyAttribute(name="id", type="S"),)), **table)
    described = TableDescription(table=wanted, status="ACTIVE", item_count_estimate=60, size_bytes_estimate=size)
    return TableEnd(described, TableAccess(client_of(story.endpoint, story.account)))


def compared(story: ItemStory, *, limit: float | None = None, **table: Any) -> tuple[list[Mark], list[Event]]:
    """What differs between users and copies, and what was said meanwhile."""
    marks: list[Mark] = []
    events: list[Event] = []
    context = RunContext(listener=events.append, loop_factory=new_event_loop)
    ends = (end(story, "users", 10_000_000, **table), end(story, "copies", **table))
    comparison = TableComparison(*ends, SAME, TransferOptions(consistent=True), context, lambda: limit)
    comparison.run(marks.extend, lambda: 0)
    return marks, events


def two_tables(story: ItemStory, count: int = 60) -> None:
    """Users and copies of them, of which one is missing, one another one and one too many."""
    for name in ("users", "copies"):
        story.make(name, key="id")
        story.put(name, *(user(number) for number in range(count)))
    story.direct.delete_item(TableName="copies", Key={"id": {"S": "1"}})
    story.put("copies", user(2, count=9), user(1_000))


def test_segments_are_read_side_by_side_and_what_differs_is_found(story: ItemStory) -> None:
    two_tables(story)
    marks, events = compared(story)
    assert {json.loads(mark.key)["id"]["S"] for mark in marks} == {"1", "2", "1000"}
    calls = story.served.journal.of("Scan", table="users")
    assert {call.request["TotalSegments"] for call in calls} == {6}
    assert all(call.request["ConsistentRead"] for call in story.served.journal.of("Scan"))
    began, over = events[0], events[-1]
    assert isinstance(began, FlowStarted)
    assert (began.verb, began.total_items) == ("compare", 120)
    assert isinstance(over, FlowEnded)
    assert over.counts.read == 120


def test_half_of_provisioned_capacity_is_read_unless_a_job_is_told_another_pace(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_tables(story)
    monkeypatch.setattr("dynasmith.engine.replacement.table_comparison.PROGRESS_SECONDS", 0.0)
    provisioned: dict[str, Any] = {"billing": Billing.PROVISIONED, "capacity": Capacity(read=400, write=400)}
    rates = [event.read_rate for event in compared(story, **provisioned)[1] if isinstance(event, FlowProgress)]
    assert set(rates) <= {200.0, float("inf")}  # infinite before the first request
    assert 200.0 in rates
    rates = [
        event.read_rate for event in compared(story, limit=300, **provisioned)[1] if isinstance(event, FlowProgress)
    ]
    assert set(rates) <= {300.0, float("inf")}
    assert 300.0 in rates


def test_pages_of_a_low_pace_are_small(story: ItemStory) -> None:
    two_tables(story)
    small: dict[str, Any] = {"billing": Billing.PROVISIONED, "capacity": Capacity(read=2_000, write=400)}
    compared(story, **small)  # 10,000,000 bytes in 60 items: 40 units each, and 1,000 units a second for 6 segments
    assert {call.request["Limit"] for call in story.served.journal.of("Scan", table="users")} == {10}
    assert {call.request["Limit"] for call in story.served.journal.of("Scan", table="copies")} == {333}


def test_a_throttle_lowers_the_pace_and_nothing_is_missed(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    two_tables(story)
    monkeypatch.setattr("dynasmith.engine.replacement.table_comparison.PROGRESS_SECONDS", 0.0)
    limit = story.served.throttle("copies", read_units=40, cause="provisioned")
    provisioned: dict[str, Any] = {"billing": Billing.PROVISIONED, "capacity": Capacity(read=400, write=400)}
    marks, events = compared(story, **provisioned)
    limit.remove()
    assert {json.loads(mark.key)["id"]["S"] for mark in marks} == {"1", "2", "1000"}
    over = events[-1]
    assert isinstance(over, FlowEnded)
    assert over.counts.throttled > 0


def test_a_limit_is_kept_by_every_comparison(story: ItemStory) -> None:
    job = followed(story, 30, "--max-read-units", "5000")
    Path("table.txt").write_text("users\n")
    story.served.journal.clear()
    story.served.throttle(read_units=150)

    def limit() -> float:
        return float(story("jobs", "show", job, "--json").json["parameters"]["flow"]["max_read_units"])

    assert limit() == 5_000
    answer = story("replace", "verify", job, "--json", "--max-read-units", "70")
    assert (answer.json["replacement"]["state"], limit()) == ("verified", 70)
    words = ("replace", "cutover", job, "--json", "--yes", "--pointer", "file:table.txt", "--no-fence")
    answer = story(*words, "--max-read-units", "75")
    assert (answer.json["replacement"]["state"], limit()) == ("following back", 75)
    assert [call for call in story.served.journal if call.status != 200] == []


def test_one_that_was_killed_begins_again_and_leaves_no_thread(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = followed(story, 30)
    story.put("users", user(4, "mail-4", count=3))  # past the strict endpoint: no record tells of it
    real = Follower.step

    def step(follower: Follower) -> int:
        raise Killed

    monkeypatch.setattr(Follower, "step", step)
    with pytest.raises(Killed):
        story("replace", "verify", job)
    assert not [each for each in threading.enumerate() if each.name.startswith("dynasmith-comparison")]
    monkeypatch.setattr(Follower, "step", real)
    answer = story("jobs", "resume", job, "--json")
    assert (answer.code, answer.json["replacement"]["state"]) == (0, "verified")
    assert by_id(story.items("users-v2")) == by_id(story.items("users"))


def wire(id_: str, **more: Any) -> RawItem:
    return RawItem(msgspec.json.encode({"id": {"S": id_}, **more}))


def key(id_: str) -> bytes:
    return bytes(wire(id_))


def test_items_whose_time_has_passed_are_left_out_from_both_sides() -> None:
    late, later = {"ttl": {"N": "1000"}}, {"ttl": {"N": "9000"}}
    expiry = Expiry("ttl", 5_000)
    items = [wire("1", **late), wire("2", **later), wire("3", **late)]
    for expired in (ExpiryCheck(source=expiry), ExpiryCheck(target=expiry)):
        begun = SourceComparison(SAME, expired).begin(items)
        assert begun.keys == (key("2"),)
        assert [mark.key for mark in begun.marks({})] == [key("2")]
        begun = TargetComparison(SAME, expired).begin(items)
        assert begun.keys == (key("1"), key("2"), key("3"))
        found = {key("1"): wire("1", **late, v={"S": "x"}), key("2"): wire("2", **later, v={"S": "x"})}
        # What its source has no more is taken away; what both have, though not equal, is left to TTL.
        assert [mark.key for mark in begun.marks(found)] == [key("2"), key("3")]


def test_what_ttl_will_delete_is_no_difference(story: ItemStory) -> None:
    with_users(story, 10, key="mail")
    story.direct.update_time_to_live(
        TableName="users", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}
    )
    answer = story("replace", "users", "--yes", "--json", "--transform", "moves:by_mail", "--until", "following")
    assert answer.code == 0, answer.err
    past, future = int(time.time()) - 100, int(time.time()) + 10_000
    story.put("users", {**user(3), "until": {"N": str(past)}}, {**user(4), "until": {"N": str(future)}})
    verified = story("replace", "verify", "last", "--json")
    assert verified.json["replacement"]["state"] == "verified"
    made = by_id(story.items("users-v2"))
    assert "until" not in made.get("3", {})  # the engine may have deleted it by now
    assert made["4"]["until"] == {"N": str(future)}
