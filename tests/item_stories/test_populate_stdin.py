"""Standard input is read once: a job that read it cannot go on, and says how to."""

import io
import signal
import subprocess
import sys

import pytest

from item_stories.killing import SECONDS_MAX, job_of, until_written
from item_stories.kit import ItemStory

SAYS = "populate the same data again with --mode skip-existing"
PEOPLE = "".join(f'{{"pk": "p{number}"}}\n' for number in range(400))


def test_a_populate_from_standard_input_is_not_resumed(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    story.make("users")
    words = [sys.executable, "-m", "dynasmith", "populate", "users", "-", "--yes", "--batch-size", "5"]
    story.write("people.jsonl", PEOPLE)
    with (story.folder / "people.jsonl").open("rb") as people:
        process = subprocess.Popen(
            [*words, "--max-write-units", "5"],
            stdin=people,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=story.folder,
        )
    try:
        job = job_of(process)
        until_written(story.folder, job, 5, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=SECONDS_MAX)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert (process.returncode, SAYS in said, f"jobs resume {job}" in said) == (130, True, False), said
    before = story.items("users")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"pk": "another"}\n')))
    refused = story("jobs", "resume", job)
    assert (refused.code, refused.error) == (1, "A job that reads standard input cannot be resumed."), refused.err
    assert SAYS in refused.hint
    assert story.items("users") == before
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PEOPLE.encode())))
    again = story("populate", "users", "-", "--yes", "--mode", "skip-existing", "--json")
    assert (again.code, again.json["skipped"] + again.json["already"] + again.json["written"]) == (0, 400), again.err
    assert len(story.items("users")) == 400


def test_a_populate_from_standard_input_that_fails_is_not_told_to_be_resumed(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.make("users")
    story.served.fault("BatchWriteItem", nth=3, kind="access-denied", times=None)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PEOPLE.encode())))
    failed = story("populate", "users", "-", "--yes", "--batch-size", "25")
    assert (failed.code, SAYS in failed.err, "jobs resume" in failed.err) == (1, True, False), failed.err


@pytest.mark.parametrize(("count", "said"), [(400, "At least 200 items"), (12, "About 12 items")])
def test_a_dry_run_says_whether_more_may_follow(
    story: ItemStory, monkeypatch: pytest.MonkeyPatch, count: int, said: str
) -> None:
    story.make("users")
    people = "".join(f'{{"pk": "p{number}"}}\n' for number in range(count))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(people.encode())))
    dry = story("populate", "users", "-", "--dry-run")
    assert (dry.code, dry.out.startswith(said)) == (0, True), dry.out + dry.err
    assert ("how many follow is unknown" in dry.out) == (count > 200)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(people.encode())))
    assert story("populate", "users", "-", "--dry-run", "--json").json["at_least"] == (count > 200)
