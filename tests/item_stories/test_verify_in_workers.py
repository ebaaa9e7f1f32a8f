"""verify by several processes, here and elsewhere: the same document as by one."""

import signal
from collections.abc import Sequence
from typing import Any

import pytest

from item_stories.kit import ODD, ItemStory, person
from item_stories.test_clusters import SECRET, free_port, workers

MOVES = """
import os, signal

def joined(item):
    return {"pk": item["pk"][:-1], "name": "x"}

def tagged(item):
    if item["pk"] == "user-00003":
        raise ValueError("three")
    item["tag"] = 1
    return item

def dying(item):  # ends its process once
    if item["pk"] == "user-00020":
        try:
            os.close(os.open("FLAG", os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)
        except FileExistsError:
            pass
    return item
"""


def compared(story: ItemStory, words: Sequence[str], *moved: str) -> dict[str, Any]:
    """What verify says by one process, and that it says the same moved."""
    alone = story("verify", *words, "--json")
    assert alone.code in (0, 3), alone.err
    there = story("verify", *words, "--json", *moved)
    assert (there.code, there.json) == (alone.code, alone.json), there.err
    return dict(alone.json)


def test_processes_find_what_one_finds(story: ItemStory) -> None:
    story.write("moves.py", MOVES)
    story.make("users", "other", "joined")
    people = [person(number) for number in range(60)]
    story.put("users", *ODD, *people)
    story.put("other", *ODD[1:], *people[:-2], person(2_000), {**people[-1], "name": {"S": "Eve"}})
    story.put("joined", *({"pk": {"S": f"user-{n:04d}"}, "name": {"S": "x"}} for n in range(6)))
    story.put("joined", *({"pk": {"S": str(one["pk"]["S"])[:-1]}, "name": {"S": "x"}} for one in ODD))
    moved = ("--processes", "2")
    found = compared(story, ("users", "other"), *moved)["differences"]
    assert sorted(each["kind"] for each in found) == ["differs", "extra", "missing", "missing"]
    assert compared(story, ("users", "joined", "--transform", "moves:joined"), *moved)["equal"]
    assert story("export", "users", "out").code == 0
    assert compared(story, ("users", "out"), *moved)["equal"]
    refused = story("verify", "users", "other", "--transform", "moves:tagged", *moved)
    assert (refused.code, "three" in refused.error, "Traceback" in refused.err) == (1, True, False)


def test_what_a_worker_that_is_killed_had_read_counts_once(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DYNASMITH_WORKER_SECRET", SECRET)
    monkeypatch.setattr("dynasmith.engine.transfer.movers.deaths.GRANT_SECONDS", 1.0)
    story.write("moves.py", MOVES.replace("FLAG", str(story.folder / "flag")))
    story.people("users", 40)
    story.people("same", 40)
    port = free_port()
    words = ("users", "same", "--transform", "moves:dying", "--json", "--on", f"listen://127.0.0.1:{port}")
    with workers(story, port) as first, workers(story, port) as second:
        done = story("verify", *words, "--workers", "2")
        assert sorted(each.wait(60) for each in (*first, *second)) == [-signal.SIGKILL, 0]
    assert (done.code, done.json["equal"], done.json["source"]["count"]) == (0, True, 40), done.err
    assert (story.folder / "flag").exists()
