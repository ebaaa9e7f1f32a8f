"""populate by several processes, here and elsewhere: the same items, dead letters and counts as by one."""

import io
import json
import os
import signal
from collections.abc import Sequence
from typing import Any

import pytest

from item_stories.killing import job_of, kill, running, until_written
from item_stories.kit import ItemStory, person
from item_stories.test_clusters import SECRET, free_port, workers

FILES, EACH = 6, 40
MOVES = """
import os

def tagged(item):
    if item["pk"] == "user-00007":
        raise ValueError("seven")
    if item["pk"] != "user-09999":  # that one is to be equal wherever it was made
        item["process"] = os.getpid()
    return item
"""
ASKED = ("--transform", "moves:tagged", "--on-error", "dead", "--batch-size", "5", "--yes", "--json")


def line(item: dict[str, Any]) -> str:
    return json.dumps(item)


def files(story: ItemStory) -> list[str]:
    """Of each file one line is no item, one has the key of another in it and other attributes, and one is in every
    file."""
    story.write("moves.py", MOVES)
    names = []
    for number in range(FILES):
        own = [person(EACH * number + each) for each in range(EACH)]
        other = {**own[3], "n": {"N": "-1"}}
        lines = [*map(line, own[:20]), "{broken", line(other), *map(line, own[20:]), line(person(9999))]
        story.write(f"part{number}.jsonl", "\n".join(lines) + "\n")
        names.append(f"part{number}.jsonl")
    return names


def letters(story: ItemStory, job: str) -> list[tuple[str, str]]:
    kept = (story.folder / ".dynasmith" / "jobs" / job / "dead.jsonl").read_text("utf-8")
    found: list[dict[str, Any]] = list(map(json.loads, kept.splitlines()))
    return sorted((each["code"], each["place"].rpartition("/")[2]) for each in found if "place" in each)


READ = FILES * (EACH + 3)
DEAD = [("duplicate", f"part{n}.jsonl:22") for n in range(FILES)]
DEAD += [("rejected", f"part{n}.jsonl:21") for n in range(FILES)]
EXPECTED = sorted([*DEAD, ("transform", "part0.jsonl:8")])


def check(story: ItemStory, report: dict[str, Any]) -> None:
    assert (report["read"], report["dead"], report["adds_up"]) == (READ, len(EXPECTED), True), report
    assert letters(story, report["id"]) == EXPECTED
    found = story.items("users")
    assert len(found) == FILES * EACH - 1 + 1
    assert report["digest"] == story.digest("users")


@pytest.mark.parametrize("moved", [(), ("--processes", "2")], ids=["here", "in processes"])
def test_every_line_has_the_same_end(story: ItemStory, moved: Sequence[str]) -> None:
    story.make("users")
    done = story("populate", "users", *files(story), *ASKED, *moved)
    assert done.code == 3, done.err
    check(story, done.json)
    assert done.json["already"] == FILES - 1
    processes = {int(item["process"]["N"]) for item in story.items("users") if "process" in item}
    assert (processes == {os.getpid()}) == (not moved)


def test_a_worker_and_then_the_job_are_killed_and_nothing_is_lost(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNASMITH_WORKER_SECRET", SECRET)
    story.make("users")
    names, port = files(story), free_port()
    asked = (*ASKED, "--max-write-units", "60", "--on", f"listen://127.0.0.1:{port}", "--workers", "2")
    with (
        running(story.folder, "populate", "users", *names, *asked) as process,
        workers(story, port) as first,
        workers(story, port) as second,
    ):
        job = job_of(process)
        until_written(story.folder, job, 40, process)
        first[0].send_signal(signal.SIGKILL)
        until_written(story.folder, job, 80, process)
        kill(process)
        assert [each.wait(60) for each in second] == [1]
    port = free_port()
    assert story("jobs", "pace", job, "--max-write-units", "100000").code == 0
    with workers(story, port):
        done = story("jobs", "resume", job, "--json", "--on", f"listen://127.0.0.1:{port}", "--workers", "1")
    assert done.code == 3, done.err
    check(story, done.json)


def test_what_only_the_job_can_read_goes_page_by_page_to_its_workers(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNASMITH_WORKER_SECRET", SECRET)
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n".join(line(person(n)).encode() for n in range(40))))
    )
    story.make("users")
    port = free_port()
    with workers(story, port) as made:
        done = story(
            "populate", "users", "-", "--batch-size", "7", "--yes", "--json", "--on", f"listen://127.0.0.1:{port}"
        )
        assert [each.wait(60) for each in made] == [0]
    assert (done.code, done.json["written"]) == (0, 40), done.err
    assert len(story.items("users")) == 40
