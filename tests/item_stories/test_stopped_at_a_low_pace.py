"""Ctrl-C and `jobs cancel` reach a job that waits for its pace: nothing more is sent.

At 2 write units a second each batch of 25 waits for 12 seconds: a job that first sent what is in its queues would send
five batches and more, and take a minute for it. What is counted are requests, so a slow machine changes nothing.
"""

import signal
import subprocess

import pytest

from flow.holding import HoldingProxy
from item_stories.killing import job_of, running
from item_stories.kit import ItemStory

SLOWLY = ("--max-write-units", "2", "--yes")
WORDS = {
    "copy": ("copy", "users", "users_v2"),
    "copy in processes": ("copy", "users", "users_v2", "--processes", "2"),
    "copy what is new": ("copy", "users", "users_v2", "--mode", "skip-existing"),
    "populate": ("populate", "users_v2", "people.jsonl"),
    "backfill": ("backfill", "users", "--transform", "operations.yaml"),
    "undo": (),
}
BATCHES = 3
"""A burst of the pace, one batch that had its leave, and one that a slow machine lets through before it hears."""


def until_it_writes(story: ItemStory, process: "subprocess.Popen[str]", before: int) -> None:
    """Wait until the job sent something that writes."""
    while len(story.wrote()) == before:
        assert process.poll() is None, process.communicate()


@pytest.mark.parametrize(
    ("verb", "stopped"),
    [*((verb, "interrupted") for verb in WORDS), ("copy", "cancelled"), ("copy in processes", "cancelled")],
)
def test_a_job_that_waits_for_its_pace_stops(story: ItemStory, verb: str, stopped: str) -> None:
    story.people("users", 300)
    story.make("users_v2")
    story.write("people.jsonl", "".join(f'{{"pk": "p{number}"}}\n' for number in range(300)))
    story.write("operations.yaml", "version: 1\noperations:\n  - {add: country, value: CH}\n")
    words = WORDS[verb]
    if verb == "undo":
        done = story("backfill", "users", "--transform", "operations.yaml", "--yes", "--json")
        words = ("jobs", "undo", done.json["id"])
    before = len(story.wrote())
    with running(story.folder, *words, *SLOWLY) as process:
        job = job_of(process)
        until_it_writes(story, process, before)
        if stopped == "interrupted":
            process.send_signal(signal.SIGINT)
        else:
            assert story("jobs", "cancel", job).code == 0
        out, err = process.communicate(timeout=300)
    assert process.returncode == (130 if stopped == "interrupted" else 1), out + err
    # 25 items a request, but for what a conditional copy tries out first.
    assert len(story.wrote()) - before <= BATCHES * (3 if verb == "copy what is new" else 1), err
    if stopped == "interrupted":
        assert f"dynasmith jobs resume {job}" in err
    if verb != "copy" or stopped == "cancelled":
        return
    assert story("jobs", "pace", job, "--max-write-units", "100000").code == 0
    resumed = story("jobs", "resume", job, "--json")
    assert (resumed.code, resumed.json["state"], resumed.json["written"]) == (0, "done", 300), resumed.err
    assert story.digest("users_v2") == story.digest("users")


def test_the_first_ctrl_c_says_what_it_waits_for_and_waits_for_no_more(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five batches of a page are under way, and seven wait behind them."""
    story.people("users", 300)
    story.make("users_v2")
    with HoldingProxy(story.served.endpoint) as proxy:
        proxy.hold("BatchWriteItem")
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", proxy.endpoint)
        with running(story.folder, "copy", "users", "users_v2", "--segments", "1", "--yes") as process:
            job = job_of(process)
            proxy.wait_held(5)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            said = process.stderr.readline()
            assert said == "Stopping: waiting for 5 requests under way; press Ctrl-C again to stop at once.\n"
            assert process.poll() is None
            assert story.wrote() == []
            proxy.release()
            _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert f"dynasmith jobs resume {job}" in err
    assert story.wrote() == ["BatchWriteItem"] * 5
    assert len(story.items("users_v2")) == 125
