"""A real process, throttled to a tenth, reset at random, interrupted, killed twice: it goes on and ends equal."""

import json
import signal

import pytest

from item_stories.killing import SECONDS_MAX, job_of, kill, running, until_written, written
from item_stories.kit import ODD, ItemStory, person

PEOPLE = 600
MOVES = """
def split_name(item):
    if "name" in item:
        first, _, last = item.pop("name").partition(" ")
        item["first"], item["last"] = first, last
    return item
"""


@pytest.fixture
def moving(story: ItemStory) -> ItemStory:
    """600 people and odd items, an empty target, the transform, and what each process is asked for."""
    story.write("moves.py", MOVES)
    story.make("users", "users_v2")
    story.put("users", *ODD, *(person(number) for number in range(PEOPLE)))
    return story


def test_throttled_reset_interrupted_and_killed_twice_it_ends_equal(moving: ItemStory) -> None:
    count = PEOPLE + len(ODD)
    moving.served.throttle("users_v2", write_units=count / 10, burst_seconds=0.2)
    moving.served.fault("BatchWriteItem", kind="reset-after", times=None, probability=0.05, seed=7)
    moving.served.fault("BatchWriteItem", kind="unprocessed", times=None, probability=0.05, seed=8)
    moving.served.fault("Scan", kind="reset-before", times=None, probability=0.05, seed=9)
    copy = ("copy", "users", "users_v2", "--transform", "moves:split_name", "--segments", "3", "--batch-size", "20")
    with running(moving.folder, *copy, "--yes") as process:
        job = job_of(process)
        until_written(moving.folder, job, 20, process)
        locked = moving("jobs", "resume", job)
        assert (locked.code, locked.error) == (5, f"Job {job} runs in another process.")
        shown = moving("jobs", "show", job, "--json").json
        assert (shown["state"], shown["id"]) == ("running", job)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert (process.returncode, out) == (130, "")
        assert f"Hint: dynasmith jobs resume {job}" in err
    assert moving("jobs", "show", job, "--json").json["state"] == "interrupted"
    for _ in range(2):
        before = written(moving.folder, job)
        with running(moving.folder, "jobs", "resume", job) as process:
            until_written(moving.folder, job, before + 20, process)
            kill(process)
        [listed] = moving("jobs", "list", "--json").json
        assert (listed["id"], listed["state"], listed["written"] >= before + 20) == (job, "interrupted", True)
    moving.served.calm()
    report = moving("jobs", "resume", job, "--json").json
    assert (report["id"], report["state"], report["read"], report["adds_up"]) == (job, "done", count, True)
    assert report["written"] + report["already"] == count
    assert report["retried"] > 0
    verified = moving("verify", "users", "users_v2", "--transform", "moves:split_name", "--json").json
    assert verified["equal"]
    assert verified["target"]["digest"] == report["digest"] == moving.digest("users_v2")
    assert verified["target"]["count"] == count


def test_the_pace_of_a_process_that_runs_is_changed_and_it_is_cancelled(moving: ItemStory) -> None:
    slow = ("--max-write-units", "2", "--segments", "3", "--batch-size", "5")
    with running(moving.folder, "copy", "users", "users_v2", *slow, "--yes", "--json") as process:
        job = job_of(process)
        until_written(moving.folder, job, 5, process)
        assert moving("jobs", "pace", job, "--max-write-units", "100000").code == 0
        # At 2 units a second it would go on for five minutes.
        out, err = process.communicate(timeout=SECONDS_MAX)
        assert process.returncode == 0, err
        report = json.loads(out)
    assert (report["id"], report["written"]) == (job, PEOPLE + len(ODD))
    with running(moving.folder, "copy", "users", "users_v2", *slow, "--yes", "--json") as process:
        job = job_of(process)
        until_written(moving.folder, job, 5, process)
        assert moving("jobs", "pause", job).code == 0
        assert moving("jobs", "proceed", job).code == 0
        assert moving("jobs", "cancel", job).code == 0
        out, _ = process.communicate()
    assert json.loads(out)["state"] == "cancelled"
    assert moving("jobs", "show", job, "--json").json["state"] == "cancelled"


def test_an_export_killed_has_each_item_once(moving: ItemStory) -> None:
    moving.served.throttle("users", read_units=2, burst_seconds=0.5)
    words = ("export", "users", "out", "--segments", "3", "--batch-size", "10", "--compress", "none")
    with running(moving.folder, *words) as process:
        job = job_of(process)
        until_written(moving.folder, job, 30, process)
        kill(process)
    assert not (moving.folder / "out" / "manifest.json").exists()
    assert moving("populate", "users_v2", "out", "--yes").code == 1
    moving.served.calm()
    report = moving("jobs", "resume", job, "--json").json
    assert (report["id"], report["written"]) == (job, PEOPLE + len(ODD))
    lines = [line for part in (moving.folder / "out").glob("part-*") for line in part.read_bytes().splitlines()]
    assert len(lines) == len(set(lines)) == PEOPLE + len(ODD)
    assert moving("verify", "users", "out").code == 0


def test_a_populate_killed_goes_on_in_its_file(moving: ItemStory) -> None:
    text = "".join(json.dumps({"pk": f"p{number}", "n": number}) + "\n" for number in range(500))
    moving.write("people.jsonl", text)
    moving.served.throttle("users_v2", write_units=60, burst_seconds=0.2)
    words = ("populate", "users_v2", "people.jsonl", "--batch-size", "20", "--yes")
    with running(moving.folder, *words) as process:
        job = job_of(process)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
        assert (process.returncode, f"dynasmith jobs resume {job}" in err) == (130, True), err
    moving.served.calm()
    report = moving("jobs", "resume", job, "--json").json
    assert (report["id"], report["state"], report["read"]) == (job, "done", 500)
    assert len(moving.items("users_v2")) == 500
