"""Exports into one place: each has its own parts, none overwrites what another one finished."""

import json
from pathlib import Path

import pytest

from item_stories.killing import job_of, kill, running, until_written
from item_stories.kit import ItemStory, person

SLOWLY = ("--batch-size", "5", "--max-read-units", "5", "--segments", "2")


def holds(story: ItemStory, dest: str) -> bool:
    return story("verify", "users", dest).code == 0


@pytest.mark.parametrize("dest", ["out.jsonl", "out.csv.gz", "out"])
def test_an_export_that_goes_on_never_takes_the_place_of_another(story: ItemStory, dest: str) -> None:
    story.people("users", 60)
    with running(story.folder, "export", "users", dest, *SLOWLY) as process:
        first = job_of(process)
        until_written(story.folder, first, 5, process)
        kill(process)
    second = story("export", "users", dest)
    if dest == "out":  # a folder shows at once that somebody is at it
        assert (second.code, "exists already" in second.error) == (2, True), second.err
        assert story("jobs", "resume", first).code == 0
        assert holds(story, dest)
        return
    assert second.code == 0, second.err
    manifest = Path(f"{dest}.manifest.json").read_bytes()
    refused = story("jobs", "resume", first)
    assert (refused.code, "another export's: an export never overwrites" in refused.error) == (1, True), refused.err
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
        until_written(story.folder, job_of(slow), 5, slow)
        if dest == "out":
            Path(dest, ".export-another").touch()  # one that began in the same moment
            assert slow.wait(60) == 0
            assert Path(dest, "manifest.json").exists()
            return
        story.put("users", person(100))
        quick = story("export", "users", dest)
        assert quick.code == 0, quick.err
        _, said = slow.communicate(timeout=60)
    assert (slow.returncode, "an export never overwrites" in said) == (1, True), said
    assert holds(story, dest)


def test_of_two_that_begin_in_one_folder_none_takes_the_other_for_its_own(story: ItemStory) -> None:
    story.people("users", 60)
    with running(story.folder, "export", "users", "out", *SLOWLY) as process:
        first = job_of(process)
        until_written(story.folder, first, 5, process)
        kill(process)
    another = story.folder / "out" / ".export-another"
    another.touch()
    refused = story("jobs", "resume", first)
    assert (refused.code, "another export's" in refused.error) == (1, True), refused.err
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
