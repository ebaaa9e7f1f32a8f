"""Exports into one place: each has its own parts, none overwrites what another one finished."""

import json
import time
from pathlib import Path

import pytest

from item_stories.killing import job_of, kill, running, until_written
from item_stories.kit import ItemStory, person

# A page in ten seconds: whatever the machine does meanwhile, the export is not over before the test lets it go on.
SLOWLY = ("--batch-size", "5", "--max-read-units", "0.05", "--segments", "2")
QUICKLY = ("--max-read-units", "10000")
SECONDS_MAX = 300.0


def go_on(story: ItemStory, job: str) -> None:
    """Let a slow export end: as fast as it can, in this run or in the next one."""
    assert story("jobs", "pace", job, *QUICKLY).code == 0


def until_paused(story: ItemStory, job: str) -> None:
    """Pause a job, and wait until it says so: then the world stands still while another one runs."""
    assert story("jobs", "pause", job).code == 0
    deadline = time.monotonic() + SECONDS_MAX
    while story("jobs", "show", job, "--json").json["state"] != "paused":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def holds(story: ItemStory, dest: str) -> bool:
    return story("verify", "users", dest).code == 0


@pytest.mark.parametrize("dest", ["out.jsonl", "out.csv.gz", "out"])
def test_an_export_that_goes_on_never_takes_the_place_of_another(story: ItemStory, dest: str) -> None:
    story.people("users", 60)
    with running(story.folder, "export", "users", dest, *SLOWLY) as process:
        first = job_of(process)
        until_written(story.folder, first, 5, process)
        kill(process)
    go_on(story, first)
    second = story("export", "users", dest)
    if dest == "out":  # a folder shows at once that somebody is at it
        assert (second.code, "exists already" in second.error) == (2, True), second.err
        assert story("jobs", "resume", first).code == 0
        assert holds(story, dest)
        return
    assert second.code == 0, second.err
    manifest = Path(f"{dest}.manifest.json").read_bytes()
    refused = story("jobs", "resume", first)
    assert (refused.code, "belongs to another export: an export never overwrites" in refused.error) == (1, True), (
        refused.err
    )
    assert Path(f"{dest}.manifest.json").read_bytes() == manifest
    assert holds(story, dest)
    Path(dest).rename(f"second.{dest}")
    Path(f"{dest}.manifest.json").rename(f"second.{dest}.manifest.json")
    resumed = story("jobs", "resume", first, "--json")
    assert (resumed.code, resumed.json["id"], resumed.json["written"]) == (0, first, 60), resumed.err
    assert holds(story, dest)
    assert [each.name for each in story.folder.glob("*.parts")] == []


@pytest.mark.parametrize("dest", ["out.jsonl.gz", "out"])
def test_two_at_once_of_which_one_has_the_place(story: ItemStory, dest: str) -> None:
    story.people("users", 60)
    with running(story.folder, "export", "users", dest, *SLOWLY) as slow:
        job = job_of(slow)
        until_written(story.folder, job, 5, slow)
        until_paused(story, job)
        if dest == "out":
            Path(dest, ".export-another").touch()  # one that began in the same moment
        else:
            story.put("users", person(100))
            quick = story("export", "users", dest)
            assert quick.code == 0, quick.err
        go_on(story, job)
        assert story("jobs", "proceed", job).code == 0
        _, said = slow.communicate(timeout=SECONDS_MAX)
    if dest == "out":
        assert (slow.returncode, Path(dest, "manifest.json").exists()) == (0, True), said
        return
    assert (slow.returncode, "an export never overwrites" in said) == (1, True), said
    assert holds(story, dest)


def test_of_two_that_begin_in_one_folder_none_takes_the_other_for_its_own(story: ItemStory) -> None:
    story.people("users", 60)
    with running(story.folder, "export", "users", "out", *SLOWLY) as process:
        first = job_of(process)
        until_written(story.folder, first, 5, process)
        kill(process)
    go_on(story, first)
    another = story.folder / "out" / ".export-another"
    another.touch()
    refused = story("jobs", "resume", first)
    assert (refused.code, "belongs to another export" in refused.error) == (1, True), refused.err
    another.unlink()
    assert story("jobs", "resume", first).code == 0
    assert holds(story, "out")
    assert [each.name for each in (story.folder / "out").glob(".export-*")] == []


@pytest.mark.parametrize("dest", ["notes.txt/out.jsonl", "notes.txt/deep/out", "full/", "notes.txt"])
def test_a_place_where_nothing_can_be_made_is_refused_before_a_job_begins(story: ItemStory, dest: str) -> None:
    story.people("users", 3)
    story.write("notes.txt", "a file\n")
    story.write("full/x", "a file\n")
    answer = story("export", "users", dest)
    assert answer.code == 2, answer.err
    assert json.loads(story("jobs", "list", "--json").out) == []
