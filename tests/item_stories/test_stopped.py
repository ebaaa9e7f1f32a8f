"""What stops a job from outside: the table goes, rights are missing, the disk is full, a checkpoint is damaged."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from dynasmith import Consent
from dynasmith.engine.transfer.events import FlowStarted
from dynasmith.ports.listener import Event
from dynasmith.project.project import Project
from item_stories.kit import ItemStory


def interrupted(story: ItemStory, *, segments: int = 1) -> str:
    """A copy of 40 users that stopped halfway; its id."""
    story.people("users", 40)
    story.make("users_v2")
    story.served.fault("BatchWriteItem", nth=4, kind="access-denied", times=None)
    words = ("copy", "users", "users_v2", "--segments", str(segments), "--batch-size", "4", "--yes", "--json")
    answer = story(*words)
    assert answer.code == 1, answer.out
    assert answer.json["error"]["code"] == "access-denied"
    story.served.calm()
    [job] = story("jobs", "list", "--json").json
    assert (job["state"], 0 < job["written"] < 40) == ("failed", True)
    return str(job["id"])


def segment_of(story: ItemStory, job: str) -> Path:
    return sorted((story.folder / ".dynasmith" / "jobs" / job / "segments").iterdir())[0]


def test_a_right_that_is_missing_is_named_and_the_job_goes_on(story: ItemStory) -> None:
    job = interrupted(story)
    answer = story("jobs", "resume", job, "--json")
    assert answer.code == 0, answer.out
    assert (answer.json["id"], answer.json["state"], answer.json["adds_up"]) == (job, "done", True)
    assert story.digest("users_v2") == story.digest("users") == answer.json["digest"]
    over = story("jobs", "resume", job)
    assert (over.code, f"Job {job} is done" in over.error) == (1, True)


def test_a_checkpoint_that_is_damaged_is_refused(story: ItemStory) -> None:
    job = interrupted(story)
    path = segment_of(story, job)
    path.write_bytes(path.read_bytes()[:-20])
    answer = story("jobs", "resume", job)
    assert (answer.code, "damaged" in answer.error, bool(answer.hint)) == (1, True, True), answer.err
    assert story("copy", "users", "users_v2", "--yes", "--mode", "skip-existing", "--json").json["skipped"] == 0


def test_a_checkpoint_of_another_job_is_refused(story: ItemStory) -> None:
    job = interrupted(story)
    other = story("copy", "users", "users_v2", "--segments", "1", "--yes", "--json").json["id"]
    shutil.copy(segment_of(story, other), segment_of(story, job))
    answer = story("jobs", "resume", job)
    assert (answer.code, other in answer.error) == (1, True), answer.err


def test_a_job_of_a_newer_version_is_refused(story: ItemStory) -> None:
    job = interrupted(story)
    path = story.folder / ".dynasmith" / "jobs" / job / "job.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    answer = story("jobs", "resume", job)
    assert (answer.code, "version 99" in answer.error) == (1, True), answer.err


def test_a_table_that_goes_while_it_is_copied(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    story.people("users", 40)
    story.make("users_v2")
    before = story.digest("users")

    def gone(event: Event) -> None:
        if isinstance(event, FlowStarted):
            story.direct.delete_table(TableName="users_v2")

    with Project.load(directory=story.folder) as project, pytest.raises(Exception, match="users_v2") as caught:
        project.copy("users", "users_v2", listener=gone, consent=Consent(yes=True))
    # Gone, or still described as being deleted, which the comparison of its id says.
    assert type(caught.value).__name__ in ("TableNotFound", "CheckpointError")
    [job] = story("jobs", "list", "--json").json
    assert job["state"] == "failed"
    missing = story("jobs", "resume", job["id"])
    assert (missing.code, missing.error) == (1, "Table users_v2 does not exist.")
    story.make("users_v2")
    anew = story("jobs", "resume", job["id"])
    assert (anew.code, "users_v2 was deleted and recreated" in anew.error) == (1, True), anew.err
    assert story("jobs", "cancel", job["id"]).code == 0
    assert story("copy", "users", "users_v2", "--yes").code == 0
    assert story.digest("users_v2") == before


def test_a_ledger_that_cannot_be_written_is_said_before_the_first_write(story: ItemStory) -> None:
    story.people("users", 3)
    story.make("users_v2")
    story.write(".dynasmith", "a file where the folder of the jobs should be\n")
    answer = story("copy", "users", "users_v2", "--yes")
    assert (answer.code, "could not be written" in answer.error) == (1, True), answer.err
    assert story.wrote() == []


class FullDisk:
    """Stands in for ``os.write``: the disk is full after so many bytes, which no test can have for itself."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.real = os.write

    def __call__(self, file: int, content: Any) -> int:
        self.room -= len(content)
        if self.room < 0:
            raise OSError(28, os.strerror(28))
        return self.real(file, content)


@pytest.mark.parametrize("verb", ["copy", "export"])
def test_a_disk_that_is_full_stops_a_job_that_goes_on_later(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    story.people("users", 40)
    story.make("users_v2")
    to = ("users_v2", "--yes") if verb == "copy" else ("out", "--compress", "none")
    with monkeypatch.context() as full:
        full.setattr("os.write", FullDisk(3_000))
        answer = story(verb, "users", *to, "--segments", "4", "--batch-size", "4")
    assert (answer.code, "No space left on device" in answer.error) == (1, True), answer.err
    assert "nothing is lost" in answer.hint
    [job] = story("jobs", "list", "--json").json
    assert job["state"] in ("failed", "interrupted")
    resumed = story("jobs", "resume", job["id"], "--json")
    assert (resumed.code, resumed.json["digest"]) == (0, story.digest("users"))
    other = "users_v2" if verb == "copy" else "out"
    assert story("verify", "users", other).code == 0


def test_jobs_in_words_and_their_end(story: ItemStory) -> None:
    assert story("jobs", "list").err == "No jobs.\n"
    job = interrupted(story)
    [line] = [line for line in story("jobs", "list").out.splitlines() if line.startswith(job)]
    assert line.split()[1:3] == ["copy", "failed"]
    reason = story("jobs", "show", job, "--json").json["reason"]
    assert " ".join(reason.split()) in " ".join(story("jobs", "show", job).out.split())
    assert "BatchWriteItem" in reason
    assert story("jobs", "prune", job).error == f"Job {job} is not over: it could be resumed."
    assert story("jobs", "pause", job).error == f"Job {job} is failed, not running."
    assert story("jobs", "show", "last", "--json").json["id"] == job
    assert story("jobs", "pause", job[:-1]).error == f"Job {job} is failed, not running."
    assert story("jobs", "pace", job).code == 2
    assert story("jobs", "pace", job, "--max-write-units", "0").code == 2
    assert story("jobs", "pace", job, "--max-write-units", "500", "--json").json["id"] == job
    assert story("jobs", "cancel", job, "--json").json["state"] == "cancelled"
    refused = story("jobs", "resume", job)
    assert (refused.code, "cancelled" in refused.error) == (1, True)
    assert story("jobs", "prune").code == 2
    assert story("jobs", "prune", "--older-than", "1d", "--json").json == []
    assert story("jobs", "prune", "last", "--json").json == [job]
    assert story("jobs", "list", "--json").json == []
    assert story("jobs", "resume", "../../etc").code == 1
