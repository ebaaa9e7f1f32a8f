"""A job that somebody cancels from another terminal is no success, whichever verb it is."""

import json

import pytest

from item_stories.killing import job_of, running, until_written
from item_stories.kit import ItemStory

WORDS = {
    "copy": ("copy", "users", "users_v2", "--yes"),
    "export": ("export", "users", "out.jsonl", "--max-read-units", "5"),
    "populate": ("populate", "users_v2", "people.jsonl", "--yes"),
}
SLOWLY = ("--batch-size", "5", "--max-write-units", "5")
PACES = {"copy": SLOWLY, "export": SLOWLY[:2], "populate": SLOWLY}  # an export writes to no table


@pytest.mark.parametrize("verb", WORDS)
def test_a_cancelled_job_exits_with_1_and_says_what_stays(story: ItemStory, verb: str) -> None:
    story.people("users", 400)
    story.make("users_v2")
    (story.folder / "people.jsonl").write_text("".join(f'{{"pk": "p{number}"}}\n' for number in range(400)))
    with running(story.folder, *WORDS[verb], *PACES[verb]) as process:
        job = job_of(process)
        until_written(story.folder, job, 5, process)
        assert story("jobs", "cancel", job).code == 0
        out, err = process.communicate(timeout=300)
    assert process.returncode == 1, out + err
    assert f"Job {job} was cancelled. Items that it wrote stay" in err
    assert "To load it" not in err
    [kept] = json.loads(story("jobs", "list", "--json").out)
    assert (kept["state"], 0 < kept["written"] < 400) == ("cancelled", True)
    refused = story("jobs", "resume", job)
    assert (refused.code, "cancelled" in refused.error) == (1, True)


def test_a_job_that_is_cancelled_after_its_resume(story: ItemStory) -> None:
    story.people("users", 400)
    story.make("users_v2")
    with running(story.folder, *WORDS["copy"], *SLOWLY) as process:
        job = job_of(process)
        until_written(story.folder, job, 5, process)
        process.kill()
    with running(story.folder, "jobs", "resume", job, "--json") as process:
        before = until_written(story.folder, job, 6, process)
        assert story("jobs", "cancel", job).code == 0
        out, err = process.communicate(timeout=300)
    assert process.returncode == 1, out + err
    found = json.loads(out)
    assert (found["state"], before <= found["written"] < 400) == ("cancelled", True)
